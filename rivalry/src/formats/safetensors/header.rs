//! The header: which tensor is where, every number compared with the bytes that
//! are there.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::data::{DataError, NpyError, SafetensorsError, shown};
use crate::formats::reading::{Dtype, Input, Limits, RawKind, within};

/// Bytes of the length before the header.
const LEN: u64 = 8;
/// Bytes of one entry beside its name; a shape of two needs about 100.
const MOST_ENTRY_BYTES: u64 = 1024;
/// Name of an entry that is no tensor.
const METADATA: &str = "__metadata__";

/// One tensor, known to lie inside the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tensor {
    pub name: String,
    dtype_name: String,
    pub shape: Vec<usize>,
    /// Where its values begin in the file.
    pub at: u64,
    len: u64,
}

/// Types with the number of their bytes.
const DTYPES: [(&str, RawKind, usize); 13] = [
    ("BOOL", RawKind::Bool, 1),
    ("I8", RawKind::Signed, 1),
    ("I16", RawKind::Signed, 2),
    ("I32", RawKind::Signed, 4),
    ("I64", RawKind::Signed, 8),
    ("U8", RawKind::Unsigned, 1),
    ("U16", RawKind::Unsigned, 2),
    ("U32", RawKind::Unsigned, 4),
    ("U64", RawKind::Unsigned, 8),
    ("F16", RawKind::Float, 2),
    ("BF16", RawKind::BrainFloat, 2),
    ("F32", RawKind::Float, 4),
    ("F64", RawKind::Float, 8),
];

impl Tensor {
    /// Its type, if it is one that is read and fits the bytes.
    pub(super) fn dtype(&self) -> Result<Dtype, DataError> {
        let known = DTYPES.iter().find(|(name, ..)| *name == self.dtype_name);
        let Some((_, kind, size)) = known else {
            return Err(SafetensorsError::Dtype { dtype: shown(&self.dtype_name) }.into());
        };
        let bytes = self.shape.iter().try_fold(*size as u64, |product, n| product.checked_mul(*n as u64));
        let Some(expected) = bytes else {
            return Err(NpyError::ShapeOverflow { shape: shown(&self.python_shape()) }.into());
        };
        if expected != self.len {
            return Err(SafetensorsError::Size { expected, found: self.len }.into());
        }
        Ok(Dtype { kind: *kind, big_endian: false, size: *size })
    }

    /// The shape as Python writes it.
    pub(super) fn python_shape(&self) -> String {
        let sizes: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        shown(&format!("({}{})", sizes.join(", "), if sizes.len() == 1 { "," } else { "" }))
    }
}

/// All tensors in the order of the header.
pub(super) fn tensors(input: &mut Input<'_>, limits: &Limits) -> Result<Vec<Tensor>, DataError> {
    let end = input.len();
    let cut = SafetensorsError::HeaderCut { found: end };
    let len = input.bytes_at(0, LEN)?.ok_or(cut.clone())?;
    let len = len.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let most = limits.max_members as u64 * (limits.max_name_bytes as u64 + MOST_ENTRY_BYTES);
    within("bytes in the header", len, most)?;
    let text = input.bytes_at(LEN, len)?.ok_or(cut)?;
    let Entries(entries) = serde_json::from_slice(&text).map_err(|error| {
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        // Headers are one line.
        SafetensorsError::Header { at: LEN + error.column() as u64, reason: shown(reason) }
    })?;
    within("tensors", entries.len() as u64, limits.max_members as u64)?;
    let start = LEN + len;
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        within("bytes in a tensor's name", name.len() as u64, limits.max_name_bytes as u64)?;
        let [from, to] = entry.data_offsets;
        let (at, len) = (start.checked_add(from), to.checked_sub(from));
        let (Some(at), Some(len)) = (at, len) else {
            let reason = format!("offsets [{from}, {to}] of tensor `{}`", shown(&name));
            return Err(SafetensorsError::Header { at: LEN, reason }.into());
        };
        tensors.push(Tensor { name, dtype_name: entry.dtype, shape: entry.shape, at, len });
    }
    no_gaps(&tensors, start, end)?;
    Ok(tensors)
}

/// The tensors fill the file from `start` to `end`, each byte once.
fn no_gaps(tensors: &[Tensor], start: u64, end: u64) -> Result<(), DataError> {
    let mut spans: Vec<(u64, u64, &str)> = tensors.iter().map(|t| (t.at, t.len, t.name.as_str())).collect();
    spans.sort_unstable();
    let mut expected = start;
    for (at, len, name) in spans {
        if at != expected {
            let place = format!("tensor `{}`", shown(name));
            return Err(DataError::from(SafetensorsError::Gap { at, expected }).at(&place));
        }
        expected = expected.saturating_add(len);
    }
    if expected > end {
        return Err(SafetensorsError::Cut { found: end, expected }.into());
    }
    if expected < end {
        return Err(SafetensorsError::Trailing { expected, extra: end - expected }.into());
    }
    Ok(())
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// The tensors by name, without the metadata; a name twice is an error.
struct Entries(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries: Vec<(String, Entry)> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if !known.insert(key.to_string()) {
                return Err(A::Error::custom(format!("tensor `{key}` is there twice")));
            }
            if key == METADATA {
                map.next_value::<IgnoredAny>()?;
            } else {
                entries.push((key.into_owned(), map.next_value()?));
            }
        }
        Ok(Entries(entries))
    }
}
