//! Arrays as numpy writes them, to the byte (format version 1.0).

use std::io::{self, Write};

use crate::data::Features;
use crate::formats::reading::{Array, Kind, Values};
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

/// Writes an array of any type that is read.
pub(in crate::formats) fn write_array(array: &Array, out: &mut dyn Write) -> io::Result<()> {
    let n_values = array.rows * array.cols.unwrap_or(1);
    assert_eq!(array.values.count(), n_values, "values of `{}`, {}", array.name, array.shape());
    let header = |descr: &str| header(descr, array.rows, array.cols);
    match &array.values {
        Values::F32(values, Kind::Bool) => {
            out.write_all(&header("|b1"))?;
            out.write_all(&values.iter().map(|v| u8::from(*v != 0.0)).collect::<Vec<u8>>())
        }
        Values::F32(values, _) => {
            out.write_all(&header("<f4"))?;
            out.write_all(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        }
        Values::F64(values) => {
            out.write_all(&header("<f8"))?;
            out.write_all(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        }
        Values::Int(values) => {
            out.write_all(&header("<i8"))?;
            out.write_all(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
        }
        Values::Text { codes, distinct, .. } => {
            let width = distinct.iter().map(|t| t.chars().count()).max().unwrap_or_default().max(1);
            out.write_all(&header(&format!("<U{width}")))?;
            let text = |code: &u32| distinct.get(*code as usize).map_or("", String::as_str);
            codes.iter().try_for_each(|code| out.write_all(&padded(text(code), width)))
        }
    }
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
    texts.for_each(|text| bytes.extend(padded(text, longest)));
    bytes
}

/// A text as numpy keeps it: four bytes per character, zeros to the width.
fn padded(text: &str, width: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    bytes.resize(4 * width, 0);
    bytes
}
