//! The values of an array that lie one after the other, decoded as they stream
//! by.
//!
//! Memory is asked for by what a header says, so whoever fills in a [`Raw`] has
//! compared it with the bytes that are there; and never for more than 4 bytes
//! per byte.

use std::io::{self, Read};

use crate::data::{DataError, NpyError};

use super::array::{Kind as Narrow, Values};
use super::limits::{Limits, within};
use super::source::io_error;
use super::texts::Texts;
use RawKind as Kind;

/// Bytes decoded at a time; a multiple of every size of number.
const CHUNK: usize = 1 << 16;

/// How values lie in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Raw {
    pub dtype: Dtype,
    pub fortran_order: bool,
    pub rows: usize,
    /// `None` for a list.
    pub cols: Option<usize>,
    /// Where the values begin.
    pub at: u64,
}

/// A type of value, and whether its bytes come highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Dtype {
    pub kind: RawKind,
    pub big_endian: bool,
    /// Bytes per value.
    pub size: usize,
}

/// Types of values that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum RawKind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// The upper half of single precision.
    BrainFloat,
    /// `size` bytes of ASCII or UTF-8.
    Bytes,
    /// `size / 4` Unicode code points.
    Unicode,
}

impl Raw {
    /// Reads the values, which are the next bytes of `input`.
    pub(in crate::formats) fn read_values(
        &self,
        input: &mut dyn Read,
        limits: &Limits,
    ) -> Result<Values, DataError> {
        let Dtype { kind, big_endian, size } = self.dtype;
        match (kind, size) {
            (Kind::Bool, _) => {
                let mut bad = None;
                let values = self.numbers(input, |index, bytes: [u8; 1]| {
                    if bytes[0] > 1 && bad.is_none() {
                        bad = Some(NpyError::NotBool { index, byte: bytes[0] });
                    }
                    f32::from(bytes[0])
                })?;
                bad.map_or(Ok(Values::F32(values, Narrow::Bool)), |bad| Err(bad.into()))
            }
            (Kind::Signed, 1) => self.narrow(input, |[b]: [u8; 1]| f32::from(b as i8)),
            (Kind::Unsigned, 1) => self.narrow(input, |[b]: [u8; 1]| f32::from(b)),
            (Kind::Signed, 2) => self.narrow(input, |b| f32::from(i16::from_le_bytes(b))),
            (Kind::Unsigned, 2) => self.narrow(input, |b| f32::from(u16::from_le_bytes(b))),
            (Kind::Signed, 4) => self.integers(input, |_, b| i64::from(i32::from_le_bytes(b))),
            (Kind::Unsigned, 4) => self.integers(input, |_, b| i64::from(u32::from_le_bytes(b))),
            (Kind::Signed, _) => self.integers(input, |_, b| i64::from_le_bytes(b)),
            (Kind::Unsigned, _) => {
                let mut bad = None;
                let values = self.integers(input, |index, b| {
                    let value = u64::from_le_bytes(b);
                    i64::try_from(value).unwrap_or_else(|_| {
                        bad = bad.or(Some((index, value)));
                        0
                    })
                })?;
                bad.map_or(Ok(values), |(index, value)| Err(NpyError::Unsigned { index, value }.into()))
            }
            (Kind::BrainFloat, _) => {
                let values =
                    self.numbers(input, |_, b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))?;
                Ok(Values::F32(values, Narrow::Float))
            }
            (Kind::Float, 2) => {
                let values = self.numbers(input, |_, b| half(u16::from_le_bytes(b)))?;
                Ok(Values::F32(values, Narrow::Float))
            }
            (Kind::Float, 4) => {
                Ok(Values::F32(self.numbers(input, |_, b| f32::from_le_bytes(b))?, Narrow::Float))
            }
            (Kind::Float, _) => Ok(Values::F64(self.numbers(input, |_, b| f64::from_le_bytes(b))?)),
            (Kind::Bytes, _) => self.texts(input, limits, |index, bytes| {
                let bytes = trimmed(bytes);
                let text = std::str::from_utf8(bytes).map(str::to_owned);
                text.map_err(|_| NpyError::NotText { index, encoding: "UTF-8" })
            }),
            (Kind::Unicode, _) => self.texts(input, limits, |index, bytes| {
                let (points, _) = bytes.as_chunks::<4>();
                let point =
                    |b: &[u8; 4]| if big_endian { u32::from_be_bytes(*b) } else { u32::from_le_bytes(*b) };
                let used = points.iter().rposition(|b| *b != [0; 4]).map_or(0, |last| last + 1);
                let text: Option<String> =
                    points.iter().take(used).map(|b| char::from_u32(point(b))).collect();
                text.ok_or(NpyError::NotText { index, encoding: "UCS-4" })
            }),
        }
    }

    fn n_values(&self) -> usize {
        self.rows * self.cols.unwrap_or(1)
    }

    fn narrow<const N: usize>(
        &self,
        input: &mut dyn Read,
        decode: impl Fn([u8; N]) -> f32,
    ) -> Result<Values, DataError> {
        Ok(Values::F32(self.numbers(input, |_, bytes| decode(bytes))?, Narrow::Integer))
    }

    fn integers<const N: usize>(
        &self,
        input: &mut dyn Read,
        decode: impl FnMut(usize, [u8; N]) -> i64,
    ) -> Result<Values, DataError> {
        Ok(Values::Int(self.numbers(input, decode)?))
    }

    /// Decodes numbers from little-endian bytes into row-major order.
    fn numbers<const N: usize, T: Copy + Default>(
        &self,
        input: &mut dyn Read,
        mut decode: impl FnMut(usize, [u8; N]) -> T,
    ) -> Result<Vec<T>, DataError> {
        let n = self.n_values();
        let transposed = self.fortran_order && self.cols.is_some();
        let (rows, cols) = (self.rows, self.cols.unwrap_or(1));
        let mut values = if transposed { vec![T::default(); n] } else { Vec::with_capacity(n) };
        let mut index = 0;
        self.chunks(input, CHUNK, |chunk| {
            let (numbers, _) = chunk.as_chunks::<N>();
            for bytes in numbers {
                let mut bytes = *bytes;
                if self.dtype.big_endian {
                    bytes.reverse();
                }
                let value = decode(index, bytes);
                if transposed {
                    if let Some(place) = values.get_mut((index % rows) * cols + index / rows) {
                        *place = value;
                    }
                } else {
                    values.push(value);
                }
                index += 1;
            }
            Ok(())
        })?;
        Ok(values)
    }

    /// Decodes texts into positions in a list of distinct ones.
    fn texts(
        &self,
        input: &mut dyn Read,
        limits: &Limits,
        decode: impl Fn(usize, &[u8]) -> Result<String, NpyError>,
    ) -> Result<Values, DataError> {
        let size = self.dtype.size;
        let chars = if self.dtype.kind == Kind::Unicode { size / 4 } else { size };
        within("characters in a text", chars as u64, limits.max_text_chars as u64)?;
        let mut texts = Texts::with_capacity(self.n_values());
        self.chunks(input, (CHUNK / size).max(1) * size, |chunk| {
            for bytes in chunk.chunks_exact(size) {
                texts.push(&decode(texts.len(), bytes)?, limits)?;
            }
            Ok(())
        })?;
        Ok(texts.into_values(false))
    }

    /// Reads all values' bytes, at most `most` at a time.
    fn chunks(
        &self,
        input: &mut dyn Read,
        most: usize,
        mut take: impl FnMut(&[u8]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let expected = self.n_values() * self.dtype.size;
        let mut buffer = vec![0; most.min(expected)];
        let mut done = 0;
        while done < expected {
            let count = most.min(expected - done);
            let chunk = buffer.get_mut(..count).unwrap_or_default();
            input.read_exact(chunk).map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    let (found, expected) = (self.at + done as u64, self.at + expected as u64);
                    NpyError::Cut { found, expected }.into()
                }
                _ => io_error("read", &error),
            })?;
            take(chunk)?;
            done += count;
        }
        Ok(())
    }
}

/// Without the NUL bytes that fill up a fixed length.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    bytes.get(..used).unwrap_or_default()
}

/// An IEEE 754 half-precision number; exact.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let (exponent, fraction) = (u32::from(bits >> 10 & 0x1F), u32::from(bits & 0x3FF));
    let magnitude = match (exponent, fraction) {
        // Subnormal: a multiple of 2^-24.
        (0, _) => (fraction as f32 * (1.0 / 16_777_216.0)).to_bits(),
        (0x1F, _) => 0x7F80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn half_precision_is_exact() {
        // IEEE 754-2019, binary16.
        for (bits, value) in [
            (0x0000, 0.0),
            (0x0001, 5.9604644775390625e-8),
            (0x03FF, 0.000060975551605224609375),
            (0x0400, 0.00006103515625),
            (0x3555, 0.333251953125),
            (0x3C00, 1.0),
            (0x7BFF, 65504.0),
            (0x7C00, f32::INFINITY),
            (0xC000, -2.0),
        ] {
            assert_eq!(half(bits), value);
        }
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
        assert!(half(0x7E00).is_nan());
    }
}
