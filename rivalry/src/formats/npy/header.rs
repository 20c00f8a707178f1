//! The header of an array: a Python dictionary in ASCII, of which only the
//! form that numpy writes is understood.

use std::io::Read;

use crate::data::{DataError, FileError, NpyError};

use crate::formats::reading::{Dtype, Limits, Raw, RawKind as Kind, io_error, within};

/// The first bytes of every array.
pub(in crate::formats) const SIGNATURE: &[u8] = b"\x93NUMPY";

/// Reads a header from the start of an array's bytes, of which there are
/// `available`; the values must fill the rest exactly.
pub(super) fn read(input: &mut dyn Read, available: u64, limits: &Limits) -> Result<Raw, DataError> {
    if available == 0 {
        return Err(FileError::Empty.into());
    }
    let cut = NpyError::HeaderCut { found: available };
    let mut take = |count: usize| -> Result<Vec<u8>, DataError> {
        let mut bytes = vec![0; count];
        input.read_exact(&mut bytes).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => cut.clone().into(),
            _ => io_error("read", &e),
        })?;
        Ok(bytes)
    };
    let signature = take(SIGNATURE.len().min(usize::try_from(available).unwrap_or(usize::MAX)))?;
    if signature != SIGNATURE {
        let is_start = SIGNATURE.starts_with(&signature);
        return Err(if is_start { cut.into() } else { NpyError::Signature.into() });
    }
    let version = take(2)?;
    let (len, width) = match version[..] {
        [1, 0] => (take(2)?, 2),
        [2 | 3, 0] => (take(4)?, 4),
        [major, minor] => return Err(NpyError::Version { major, minor }.into()),
        _ => return Err(cut.into()),
    };
    let len = len.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    within("bytes in an array's header", len, limits.max_header_bytes as u64)?;
    let start = SIGNATURE.len() + 2 + width;
    let values_at = start as u64 + len;
    if values_at > available {
        return Err(NpyError::HeaderCut { found: available }.into());
    }
    let text = take(len as usize)?;
    let Parsed { descr, fortran_order, shape } = Parser { text: &text, at: 0, start }.dictionary()?;
    let header = Raw {
        dtype: dtype(&descr)?,
        fortran_order,
        rows: shape.first().copied().unwrap_or_default(),
        cols: shape.get(1).copied(),
        at: values_at,
    };
    check(&header, &shape, available, limits)?;
    Ok(header)
}

/// What a header would say of values in C order whose type and shape are known.
pub(super) fn given(descr: &str, shape: &[usize], limits: &Limits) -> Result<Raw, DataError> {
    let header = Raw {
        dtype: dtype(descr)?,
        fortran_order: false,
        rows: shape.first().copied().unwrap_or_default(),
        cols: shape.get(1).copied(),
        at: 0,
    };
    let values = shape.iter().try_fold(header.dtype.size, |product, n| product.checked_mul(*n));
    let Some(bytes) = values else {
        return Err(NpyError::ShapeOverflow { shape: crate::data::shown(&python_shape(shape)) }.into());
    };
    check(&header, shape, bytes as u64, limits)?;
    within("bytes", bytes as u64, limits.max_inflated_bytes.saturating_mul(limits.max_inflation))?;
    Ok(header)
}

fn check(header: &Raw, shape: &[usize], available: u64, limits: &Limits) -> Result<(), DataError> {
    let shown = || crate::data::shown(&python_shape(shape));
    let count = shape.iter().try_fold(1_usize, |product, n| product.checked_mul(*n));
    let bytes = count.and_then(|c| c.checked_mul(header.dtype.size)).map(|b| b as u64);
    let end = bytes.and_then(|b| b.checked_add(header.at));
    let Some(end) = end else { return Err(NpyError::ShapeOverflow { shape: shown() }.into()) };
    if end > available {
        return Err(NpyError::Cut { found: available, expected: end }.into());
    }
    if end < available {
        return Err(NpyError::Trailing { expected: end, extra: available - end }.into());
    }
    if !matches!(shape.len(), 1 | 2) {
        return Err(NpyError::Dimensions { shape: shown() }.into());
    }
    within("rows", header.rows as u64, limits.max_rows as u64)?;
    within("columns", header.cols.unwrap_or(1) as u64, limits.max_cols as u64)
}

fn dtype(descr: &str) -> Result<Dtype, DataError> {
    let unknown = || NpyError::Dtype { descr: crate::data::shown(descr) };
    let mut letters = descr.chars();
    let (order, kind, size) = (letters.next(), letters.next(), letters.as_str());
    if kind == Some('O') || descr == "O" {
        return Err(
            FileError::Pickled { what: format!("arrays of type `{}`", crate::data::shown(descr)) }.into()
        );
    }
    let big_endian = match order {
        Some('<' | '|') => false,
        Some('>') => true,
        _ => return Err(unknown().into()),
    };
    let number: usize = size.parse().map_err(|_| unknown())?;
    // Values without bytes would let a short file claim any number of rows.
    let (kind, size) = match (kind, number) {
        (Some('b'), 1) => (Kind::Bool, 1),
        (Some('i'), 1 | 2 | 4 | 8) => (Kind::Signed, number),
        (Some('u'), 1 | 2 | 4 | 8) => (Kind::Unsigned, number),
        (Some('f'), 2 | 4 | 8) => (Kind::Float, number),
        (Some('S'), 1..) => (Kind::Bytes, number),
        (Some('U'), 1..) => (Kind::Unicode, number.checked_mul(4).ok_or_else(unknown)?),
        _ => return Err(unknown().into()),
    };
    Ok(Dtype { kind, big_endian, size })
}

/// A shape as Python writes it.
fn python_shape(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

struct Parsed {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }` with
/// blanks around it.
struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the text begins in the file.
    start: usize,
}

impl Parser<'_> {
    fn dictionary(&mut self) -> Result<Parsed, DataError> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        self.expect(b'{', "`{`")?;
        while self.peek() != Some(b'}') {
            let key = self.string()?;
            self.expect(b':', "`:`")?;
            match key.as_str() {
                "descr" if descr.is_none() => descr = Some(self.descr()?),
                "fortran_order" if fortran_order.is_none() => fortran_order = Some(self.truth()?),
                "shape" if shape.is_none() => shape = Some(self.tuple()?),
                _ => return Err(NpyError::HeaderKey { key: crate::data::shown(&key) }.into()),
            }
            if self.peek() != Some(b'}') {
                self.expect(b',', "`,` or `}`")?;
            }
        }
        self.expect(b'}', "`}`")?;
        if self.peek().is_some() {
            return Err(self.wrong("nothing after the dictionary").into());
        }
        let lacks = |key| NpyError::HeaderLacks { key };
        Ok(Parsed {
            descr: descr.ok_or(lacks("descr"))?,
            fortran_order: fortran_order.ok_or(lacks("fortran_order"))?,
            shape: shape.ok_or(lacks("shape"))?,
        })
    }

    fn wrong(&self, expected: &'static str) -> NpyError {
        NpyError::HeaderSyntax { at: self.start + self.at, expected }
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, name: &'static str) -> Result<(), DataError> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(name).into());
        }
        self.at += 1;
        Ok(())
    }

    /// A text in single or double quotes; numpy writes no escapes.
    fn string(&mut self) -> Result<String, DataError> {
        let quote =
            self.peek().filter(|q| matches!(q, b'\'' | b'"')).ok_or_else(|| self.wrong("a quoted text"))?;
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        let len =
            rest.iter().position(|b| *b == quote).ok_or_else(|| self.wrong("a closing quotation mark"))?;
        let text = rest.get(..len).and_then(|t| std::str::from_utf8(t).ok());
        let text = text.ok_or_else(|| self.wrong("a text in UTF-8"))?.to_owned();
        self.at += len + 2;
        Ok(text)
    }

    /// The type of value: a text, or a list for records, which are not read.
    fn descr(&mut self) -> Result<String, DataError> {
        if self.peek() != Some(b'[') {
            return self.string();
        }
        let rest = String::from_utf8_lossy(self.text.get(self.at..).unwrap_or_default()).into_owned();
        // A record may hide objects; they are refused by their own name.
        if rest.contains("'|O'") || rest.contains("'O'") {
            return Err(FileError::Pickled { what: "records with fields of type `|O`".to_owned() }.into());
        }
        let record = rest.split(']').next().unwrap_or_default();
        Err(NpyError::Dtype { descr: crate::data::shown(&format!("{record}]")) }.into())
    }

    fn truth(&mut self) -> Result<bool, DataError> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [(&b"True"[..], true), (&b"False"[..], false)] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("`True` or `False`").into())
    }

    fn tuple(&mut self) -> Result<Vec<usize>, DataError> {
        /// numpy's own limit.
        const MOST_DIMENSIONS: usize = 64;
        let mut shape = Vec::new();
        self.expect(b'(', "`(`")?;
        while self.peek() != Some(b')') {
            shape.push(self.number()?);
            if shape.len() > MOST_DIMENSIONS {
                return Err(self.wrong("at most 64 dimensions").into());
            }
            if self.peek() != Some(b')') {
                self.expect(b',', "`,` or `)`")?;
            }
        }
        self.expect(b')', "`)`")?;
        Ok(shape)
    }

    fn number(&mut self) -> Result<usize, DataError> {
        self.peek();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let text = rest.get(..digits).and_then(|d| std::str::from_utf8(d).ok()).unwrap_or_default();
        let Ok(number) = text.parse() else {
            return Err(if text.is_empty() {
                self.wrong("a number").into()
            } else {
                NpyError::ShapeOverflow { shape: crate::data::shown(text) }.into()
            });
        };
        self.at += digits;
        // Python 2 wrote long integers with an L.
        if self.text.get(self.at) == Some(&b'L') {
            self.at += 1;
        }
        Ok(number)
    }
}
