//! One matrix of a MATLAB file: class, shape, name, values.

use crate::data::{DataError, MatError, NpyError, shown};
use crate::formats::reading::{Array, Dtype, Kind, Limits, Raw, RawKind, Texts, Values, within};

use super::stream::{MATRIX, Stream, number};

/// What a matrix holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Cell,
    Text,
    Number,
    Truth,
    /// Something that is not read, by its name.
    Other(&'static str),
}

/// What comes before the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub class: Class,
    pub shape: Vec<usize>,
    pub name: String,
}

/// How a matrix becomes an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One row per row.
    Rows,
    /// One row per column.
    Columns,
    /// A matrix of one row or column is a list.
    List,
}

impl Header {
    /// Reads a header; what is left of the stream are the values.
    pub(super) fn read(stream: &mut Stream<'_, '_>, limits: &Limits) -> Result<Self, DataError> {
        /// Bytes of sizes of at most 64 dimensions.
        const MOST_SHAPE_BYTES: u64 = 256;
        const COMPLEX: u32 = 0x0800;
        const LOGICAL: u32 = 0x0200;
        let tag = stream.tag()?;
        let flags = stream.bytes(&tag, "bytes of flags", 8)?;
        if flags.len() != 8 {
            return Err(MatError::Expected { expected: "the flags of a matrix" }.into());
        }
        let flags = number(&flags, stream.big_endian);
        let class = match flags & 0xFF {
            1 => Class::Cell,
            2 => Class::Other("struct"),
            3 => Class::Other("object"),
            4 => Class::Text,
            5 => Class::Other("sparse matrix"),
            6..=15 if flags & COMPLEX != 0 => Class::Other("complex matrix"),
            9 if flags & LOGICAL != 0 => Class::Truth,
            6..=15 => Class::Number,
            16 => Class::Other("function"),
            _ => Class::Other("value of an unknown class (a string array, a table or an object)"),
        };
        // Objects of newer kinds have parts of their own.
        if flags & 0xFF > 16 {
            return Ok(Self { class, shape: Vec::new(), name: stream_name(stream, limits)? });
        }
        let tag = stream.tag()?;
        let sizes = stream.bytes(&tag, "bytes of sizes", MOST_SHAPE_BYTES)?;
        let (sizes, rest) = sizes.as_chunks::<4>();
        if !rest.is_empty() || sizes.len() < 2 {
            return Err(MatError::Expected { expected: "the sizes of a matrix" }.into());
        }
        let shape: Vec<usize> = sizes.iter().map(|b| number(b, stream.big_endian) as usize).collect();
        Ok(Self { class, shape, name: stream_name(stream, limits)? })
    }

    /// The shape as MATLAB writes it.
    pub(super) fn shown_shape(&self) -> String {
        shown(&self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"))
    }

    /// Number of values.
    pub(super) fn n_values(&self) -> Result<u64, DataError> {
        let count = self.shape.iter().try_fold(1_u64, |product, n| product.checked_mul(*n as u64));
        count.ok_or_else(|| NpyError::ShapeOverflow { shape: self.shown_shape() }.into())
    }

    /// Rows and columns.
    pub(super) fn two(&self) -> Result<(usize, usize), DataError> {
        match self.shape[..] {
            [rows, cols] => Ok((rows, cols)),
            _ => Err(NpyError::Dimensions { shape: self.shown_shape() }.into()),
        }
    }

    /// Reads the values after this header.
    pub(super) fn values(
        &self,
        stream: &mut Stream<'_, '_>,
        form: Form,
        limits: &Limits,
    ) -> Result<Array, DataError> {
        match self.class {
            Class::Number | Class::Truth => self.numbers(stream, form, limits),
            Class::Text => {
                let texts = self.texts(stream, limits)?;
                list(&texts, limits)
            }
            Class::Cell => Err(MatError::Class { class: "cell in a cell" }.into()),
            Class::Other(class) => Err(MatError::Class { class }.into()),
        }
    }

    fn numbers(&self, stream: &mut Stream<'_, '_>, form: Form, limits: &Limits) -> Result<Array, DataError> {
        let (rows, cols) = self.two()?;
        let tag = stream.tag()?;
        let dtype = dtype(tag.kind, stream.big_endian)?;
        let (expected, found) = (self.n_values()?, tag.len / dtype.size as u64);
        if expected != found || tag.len % dtype.size as u64 != 0 {
            return Err(MatError::Count { shape: self.shown_shape(), expected, found }.into());
        }
        // Columns come one after the other.
        let (rows, cols, fortran_order) = match form {
            Form::Columns => (cols, Some(rows), false),
            Form::List if rows == 1 || cols == 1 => (rows * cols, None, false),
            Form::Rows | Form::List => (rows, Some(cols), true),
        };
        within("rows", rows as u64, limits.max_rows as u64)?;
        within("columns", cols.unwrap_or(1) as u64, limits.max_cols as u64)?;
        let raw = Raw { dtype, fortran_order, rows, cols, at: 0 };
        let mut values = stream.element(&tag, |input| raw.read_values(input, limits))?;
        if let (Class::Truth, Values::F32(_, kind)) = (self.class, &mut values) {
            *kind = Kind::Bool;
        }
        Ok(Array { name: self.name.clone(), rows, cols, values })
    }

    /// The rows of a matrix of characters, without the blanks that fill them up.
    pub(super) fn texts(
        &self,
        stream: &mut Stream<'_, '_>,
        limits: &Limits,
    ) -> Result<Vec<String>, DataError> {
        let (rows, cols) = self.two()?;
        within("characters in a text", cols as u64, limits.max_text_chars as u64)?;
        within("texts", rows as u64, limits.max_rows as u64)?;
        let tag = stream.tag()?;
        // At most four bytes a character, in any of the encodings.
        let most = self.n_values()?.saturating_mul(4);
        let bytes = stream.bytes(&tag, "bytes of a text", most)?;
        let units = |bytes: &[u8]| -> Vec<u16> {
            let (pairs, _) = bytes.as_chunks::<2>();
            let unit =
                |b: &[u8; 2]| if stream.big_endian { u16::from_be_bytes(*b) } else { u16::from_le_bytes(*b) };
            pairs.iter().map(unit).collect()
        };
        let text = match tag.kind {
            // INT8, UINT8, UTF8; UINT16, UTF16; UTF32.
            1 | 2 | 16 => String::from_utf8(bytes).ok(),
            3 | 4 | 17 => String::from_utf16(&units(&bytes)).ok(),
            18 => {
                let (points, _) = bytes.as_chunks::<4>();
                points.iter().map(|b| char::from_u32(number(b, stream.big_endian))).collect()
            }
            _ => None,
        };
        let chars: Vec<char> = text.ok_or(MatError::NotText)?.chars().collect();
        // One text may have characters that take two units of its length.
        if rows == 1 {
            return Ok(vec![chars.into_iter().collect::<String>().trim_end().to_owned()]);
        }
        if chars.len() as u64 != self.n_values()? {
            let (expected, found) = (self.n_values()?, chars.len() as u64);
            return Err(MatError::Count { shape: self.shown_shape(), expected, found }.into());
        }
        let row = |r: usize| chars.iter().skip(r).step_by(rows).collect::<String>().trim_end().to_owned();
        Ok((0..rows).map(row).collect())
    }
}

/// Texts as a list.
pub(super) fn list(texts: &[String], limits: &Limits) -> Result<Array, DataError> {
    let mut numbered = Texts::with_capacity(texts.len());
    texts.iter().try_for_each(|text| numbered.push(text, limits))?;
    Ok(Array { name: String::new(), rows: texts.len(), cols: None, values: numbered.into_values(false) })
}

fn stream_name(stream: &mut Stream<'_, '_>, limits: &Limits) -> Result<String, DataError> {
    let tag = stream.tag()?;
    let name = stream.bytes(&tag, "bytes in a variable's name", limits.max_name_bytes as u64)?;
    String::from_utf8(name).map_err(|_| MatError::NotText.into())
}

/// How numbers are stored: not always as wide as their class.
fn dtype(kind: u32, big_endian: bool) -> Result<Dtype, DataError> {
    let (kind, size) = match kind {
        1 => (RawKind::Signed, 1),
        2 => (RawKind::Unsigned, 1),
        3 => (RawKind::Signed, 2),
        4 => (RawKind::Unsigned, 2),
        5 => (RawKind::Signed, 4),
        6 => (RawKind::Unsigned, 4),
        7 => (RawKind::Float, 4),
        9 => (RawKind::Float, 8),
        12 => (RawKind::Signed, 8),
        13 => (RawKind::Unsigned, 8),
        _ => return Err(MatError::Expected { expected: "numbers" }.into()),
    };
    Ok(Dtype { kind, big_endian, size })
}

/// Begins the next matrix of a cell: the stream stands before its header. The
/// bytes of the matrix are returned.
pub(super) fn next_of_cell(stream: &mut Stream<'_, '_>) -> Result<u64, DataError> {
    let tag = stream.tag()?;
    if tag.kind == MATRIX {
        Ok(tag.len)
    } else {
        Err(MatError::Expected { expected: "a matrix in the cell" }.into())
    }
}
