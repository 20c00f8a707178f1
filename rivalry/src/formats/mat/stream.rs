//! The elements of a MATLAB file: a tag that says type and length, then bytes,
//! padded to eight (MAT-file format, version 5, chapter 1). Reads in one
//! direction and never recurses.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Take};

use flate2::read::ZlibDecoder;

use crate::data::{DataError, MatError};
use crate::formats::reading::{Input, Limits, io_error, within};

/// Types of elements that hold others.
pub(super) const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// Bytes of the header of a file.
const HEADER: u64 = 128;
const TAG: u64 = 8;

/// A variable of the file as it lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    at: u64,
    len: u64,
    is_compressed: bool,
    /// Bytes after inflating.
    pub(super) inflated: u64,
}

/// An opened file.
pub(super) struct File<'a> {
    input: Input<'a>,
    big_endian: bool,
    /// Bytes that the variables which are read may inflate to.
    pub(super) most_inflated: u64,
}

impl<'a> File<'a> {
    pub(super) fn open(mut input: Input<'a>, limits: &Limits) -> Result<Self, DataError> {
        let header = input.bytes_at(0, HEADER)?.ok_or(MatError::Header)?;
        // Version 1.0, and the letters MI as a number of two bytes.
        let big_endian = match header.get(124..) {
            Some([0, 1, b'I', b'M']) => false,
            Some([1, 0, b'M', b'I']) => true,
            _ => return Err(MatError::Header.into()),
        };
        let most_inflated = limits.max_inflated_bytes.max(input.len().saturating_mul(limits.max_inflation));
        Ok(Self { input, big_endian, most_inflated })
    }

    /// All variables in their order. What a compressed one inflates to is
    /// counted, without keeping anything, so that every later promise can be
    /// compared with bytes that are there.
    pub(super) fn elements(&mut self, limits: &Limits) -> Result<Vec<Element>, DataError> {
        let end = self.input.len();
        let mut elements = Vec::new();
        let mut at = HEADER;
        while at < end {
            let cut = |len| MatError::Cut { found: end, at, len };
            let tag = self.input.bytes_at(at, TAG)?.ok_or(cut(TAG))?;
            let (kind, len) =
                (number(&tag, self.big_endian), number(tag.get(4..).unwrap_or_default(), self.big_endian));
            let len = u64::from(len);
            if kind != MATRIX && kind != COMPRESSED {
                let error = MatError::Expected { expected: "a variable" };
                return Err(DataError::from(error).at(&format!("byte {at}")));
            }
            if len > end - at - TAG {
                return Err(cut(len).into());
            }
            let is_compressed = kind == COMPRESSED;
            let element = Element { at: at + TAG, len, is_compressed, inflated: len };
            let inflated = if is_compressed { self.inflated(element) } else { Ok(len) };
            let inflated = inflated.map_err(|e| e.at(&format!("byte {at}")))?;
            elements.push(Element { inflated, ..element });
            within("variables", elements.len() as u64, limits.max_members as u64)?;
            at += TAG + len;
        }
        Ok(elements)
    }

    /// What a compressed variable inflates to.
    fn inflated(&mut self, element: Element) -> Result<u64, DataError> {
        let most = self.most_inflated;
        let mut counted = ZlibDecoder::new(self.take(element)?).take(most + 1);
        let inflated = io::copy(&mut counted, &mut io::sink()).map_err(|e| deflate_error(&e))?;
        within("bytes after inflating", inflated, most)?;
        if counted.into_inner().total_in() == element.len {
            Ok(inflated)
        } else {
            Err(MatError::Deflate.into())
        }
    }

    /// The inside of a variable from its start.
    pub(super) fn stream(&mut self, element: Element) -> Result<Stream<'_, 'a>, DataError> {
        let big_endian = self.big_endian;
        if !element.is_compressed {
            let bytes = Bytes::Plain(self.take(element)?);
            return Ok(Stream { bytes, big_endian, left: element.len });
        }
        let bytes = Bytes::Inflated(Box::new(ZlibDecoder::new(self.take(element)?)));
        let mut stream = Stream { bytes, big_endian, left: element.inflated };
        let tag = stream.tag()?;
        if tag.kind != MATRIX || tag.small.is_some() || tag.len != stream.left {
            return Err(MatError::Expected { expected: "one matrix in the compressed bytes" }.into());
        }
        Ok(stream)
    }

    fn take(&mut self, element: Element) -> Result<Take<&mut Input<'a>>, DataError> {
        self.input.seek(SeekFrom::Start(element.at)).map_err(|e| io_error("read", &e))?;
        Ok((&mut self.input).take(element.len))
    }
}

enum Bytes<'f, 'a> {
    Plain(Take<&'f mut Input<'a>>),
    Inflated(Box<ZlibDecoder<Take<&'f mut Input<'a>>>>),
}

/// The inside of a variable, front to back.
pub(super) struct Stream<'f, 'a> {
    bytes: Bytes<'f, 'a>,
    pub(super) big_endian: bool,
    /// Bytes that are left of the variable.
    pub(super) left: u64,
}

/// What begins an element.
pub(super) struct Tag {
    pub(super) kind: u32,
    pub(super) len: u64,
    /// The bytes of an element of at most four, which lie in its tag.
    small: Option<[u8; 4]>,
}

impl Stream<'_, '_> {
    /// The next tag; its element lies inside the variable.
    pub(super) fn tag(&mut self) -> Result<Tag, DataError> {
        let mut tag = [0; TAG as usize];
        self.exactly(&mut tag)?;
        let [first, second] = [tag.get(..4), tag.get(4..)].map(Option::unwrap_or_default);
        let word = number(first, self.big_endian);
        if word >> 16 != 0 {
            let small = second.try_into().unwrap_or_default();
            let len = u64::from(word >> 16);
            if len > 4 {
                return Err(MatError::Part { len, left: 4 }.into());
            }
            return Ok(Tag { kind: word & 0xFFFF, len, small: Some(small) });
        }
        let len = u64::from(number(second, self.big_endian));
        if len > self.left {
            return Err(MatError::Part { len, left: self.left }.into());
        }
        Ok(Tag { kind: word, len, small: None })
    }

    /// Lets `read` take an element's bytes, of which it takes all; passes over
    /// the padding.
    pub(super) fn element<R>(
        &mut self,
        tag: &Tag,
        read: impl FnOnce(&mut dyn Read) -> Result<R, DataError>,
    ) -> Result<R, DataError> {
        if let Some(small) = tag.small {
            return read(&mut Cursor::new(small).take(tag.len));
        }
        let result = read(&mut self.by_ref().take(tag.len))?;
        let padding = (tag.len.next_multiple_of(TAG) - tag.len).min(self.left);
        self.skip(padding)?;
        Ok(result)
    }

    /// The bytes of an element of which at most `most` are expected.
    pub(super) fn bytes(&mut self, tag: &Tag, what: &'static str, most: u64) -> Result<Vec<u8>, DataError> {
        within(what, tag.len, most)?;
        self.element(tag, |input| {
            let mut bytes = Vec::new();
            input.read_to_end(&mut bytes).map_err(|e| read_error(&e))?;
            if bytes.len() as u64 == tag.len {
                Ok(bytes)
            } else {
                Err(MatError::Part { len: tag.len, left: bytes.len() as u64 }.into())
            }
        })
    }

    /// Passes over bytes.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), DataError> {
        let passed = io::copy(&mut self.by_ref().take(count), &mut io::sink()).map_err(|e| read_error(&e))?;
        if passed == count { Ok(()) } else { Err(MatError::Part { len: count, left: passed }.into()) }
    }

    fn exactly(&mut self, buffer: &mut [u8]) -> Result<(), DataError> {
        let (len, left) = (buffer.len() as u64, self.left);
        if len > left {
            return Err(MatError::Part { len, left }.into());
        }
        self.read_exact(buffer).map_err(|e| read_error(&e))
    }
}

impl Read for Stream<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        let count = match &mut self.bytes {
            Bytes::Plain(bytes) => bytes.read(buffer)?,
            Bytes::Inflated(bytes) => bytes.read(buffer).map_err(|e| io::Error::other(deflate_error(&e)))?,
        };
        self.left -= count as u64;
        Ok(count)
    }
}

/// A number of four bytes.
pub(super) fn number(bytes: &[u8], big_endian: bool) -> u32 {
    let four: [u8; 4] = bytes.get(..4).and_then(|b| b.try_into().ok()).unwrap_or_default();
    if big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

fn read_error(error: &io::Error) -> DataError {
    io_error("read", error)
}

fn deflate_error(error: &io::Error) -> DataError {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            MatError::Deflate.into()
        }
        _ => io_error("read", error),
    }
}
