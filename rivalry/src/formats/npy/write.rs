//! Arrays as numpy writes them, to the byte (format version 1.0).

use std::io::{self, Write};

use crate::data::Features;
use crate::formats::side::List;

use super::SIGNATURE;

/// numpy aligns the values at multiples of this.
const ALIGNMENT: usize = 64;

/// numpy leaves room for a first dimension of so many digits.
const ROOM_TO_GROW: usize = 21;

/// The header of an array in C order.
fn header(descr: &str, rows: usize, cols: Option<usize>) -> Vec<u8> {
    let shape = cols.map_or(format!("({rows},)"), |cols| format!("({rows}, {cols})"));
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let room = ROOM_TO_GROW - rows.to_string().len();
    text.extend(std::iter::repeat_n(' ', room));
    let start = SIGNATURE.len() + 4;
    let total = (start + text.len() + 1).next_multiple_of(ALIGNMENT);
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(((total - start) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(total - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// Writes features as `<f4` or `<f8`.
pub(in crate::formats) fn write_features(features: &Features, out: &mut dyn Write) -> io::Result<()> {
    let (rows, cols) = (features.rows(), Some(features.cols()));
    let mut buffer = Vec::new();
    match features {
        Features::F32(matrix) => {
            out.write_all(&header("<f4", rows, cols))?;
            for r in 0..matrix.rows() {
                buffer.clear();
                buffer.extend(matrix.row(r).iter().flat_map(|v| v.to_le_bytes()));
                out.write_all(&buffer)?;
            }
        }
        Features::F64(matrix) => {
            out.write_all(&header("<f8", rows, cols))?;
            for r in 0..matrix.rows() {
                buffer.clear();
                buffer.extend(matrix.row(r).iter().flat_map(|v| v.to_le_bytes()));
                out.write_all(&buffer)?;
            }
        }
    }
    Ok(())
}

/// A list as an array.
pub(in crate::formats) fn list_bytes(list: List<'_>) -> Vec<u8> {
    match list {
        List::Integers(values) => integers_bytes(values.into_iter()),
        List::Texts(texts) => texts_bytes(texts.into_iter()),
    }
}

/// A list of integers as `<i8`.
fn integers_bytes(values: impl ExactSizeIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = header("<i8", values.len(), None);
    bytes.extend(values.flat_map(i64::to_le_bytes));
    bytes
}

/// A list of texts as `<U` of the longest.
fn texts_bytes<'a>(texts: impl ExactSizeIterator<Item = &'a str> + Clone) -> Vec<u8> {
    let longest = texts.clone().map(|t| t.chars().count()).max().unwrap_or_default().max(1);
    let mut bytes = header(&format!("<U{longest}"), texts.len(), None);
    for text in texts {
        let start = bytes.len();
        bytes.extend(text.chars().flat_map(|c| u32::from(c).to_le_bytes()));
        bytes.resize(start + 4 * longest, 0);
    }
    bytes
}
