//! The file that keeps a run: a JSON header and named arrays between a head
//! and a trailer that give away every damage. It does not know what is inside.
//!
//! ```text
//! bytes 0..8        the magic "\x89RIVALRY"
//! bytes 8..16       format version, u64 little-endian
//! bytes 16..24      H, the length of the header, u64 little-endian
//! bytes 24..32      T, the length of the table, u64 little-endian
//! bytes 32..64      BLAKE3 of bytes 0..32, the header and the table
//! next H bytes      the header: any JSON
//! next T bytes      the table: JSON [{name, dtype, shape, offset}, ...]
//! then the body     each array little-endian, row-major, at its offset
//! last 32 bytes     BLAKE3 of everything before
//! ```
//!
//! Header, table and each array are padded to multiples of eight bytes, with
//! spaces or zeros, so that every number in a mapped file is aligned. Offsets
//! count from the start of the body; each array begins where the one before
//! ends. Magic, version and trailer stay as they are in every version to come,
//! so an old program can tell a newer file from a damaged one.
//!
//! Reading allocates for bytes that are there, never for bytes that are
//! promised, and never panics. Writing gives the same bytes for the same
//! container.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod container;
mod error;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use container::{
    Array, Container, Dtype, Element, MAX_ARRAYS, MAX_HEADER_BYTES, MAX_HEADER_DEPTH, MAX_NAME_BYTES,
    MAX_RANK, Values,
};
pub use error::FileError;

/// The first bytes of every file. The first of them is no text in any common
/// encoding.
pub const MAGIC: [u8; 8] = *b"\x89RIVALRY";
/// The version that this program writes, and the newest that it reads.
pub const VERSION: u64 = 1;
/// Where the header begins: the number of bytes that [`head_bytes`] needs.
pub const FIXED_BYTES: usize = 64;

const TRAILER_BYTES: usize = 32;
/// What the longest table takes: an array's line is a name, of which each byte
/// may need six, up to eight lengths of up to twenty digits, and less than a
/// hundred bytes around them.
const MAX_TABLE_BYTES: usize = MAX_ARRAYS * (6 * MAX_NAME_BYTES + 21 * MAX_RANK + 100) + 16;

/// Everything in a file but its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The container's header.
    pub header: Value,
    /// The arrays in order.
    pub arrays: Vec<ArrayHead>,
    /// Where the body begins.
    body: usize,
}

/// Everything of an array but its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayHead {
    /// Its name.
    pub name: String,
    /// What its numbers are.
    pub dtype: Dtype,
    /// Its length along each dimension.
    pub shape: Vec<usize>,
}

/// An array's line in the table.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<Text> {
    name: Text,
    dtype: Text,
    shape: Vec<usize>,
    offset: u64,
}

/// The file for a container: a pure function of it.
pub fn encode(container: &Container) -> Vec<u8> {
    let mut n_body = 0;
    let mut table = Vec::new();
    for array in container.arrays() {
        table.push(Line {
            name: array.name(),
            dtype: array.values().dtype().name(),
            shape: array.shape().to_vec(),
            offset: n_body as u64,
        });
        n_body += padded(array.values().len() * array.values().dtype().size());
    }
    let header = padded_json(container.header());
    let table = padded_json(&table);

    let mut out = Vec::with_capacity(FIXED_BYTES + header.len() + table.len() + n_body + TRAILER_BYTES);
    out.extend_from_slice(&MAGIC);
    for word in [VERSION, header.len() as u64, table.len() as u64] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(head_checksum(&out, &header, &table).as_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(&table);
    for array in container.arrays() {
        array.values().write_to(&mut out);
        out.resize(padded(out.len()), 0);
    }
    let trailer = blake3::hash(&out);
    out.extend_from_slice(trailer.as_bytes());
    out
}

/// Reads a whole file. Every cut, every changed byte and everything appended
/// is an error.
pub fn decode(bytes: &[u8]) -> Result<Container, FileError> {
    let head = decode_head(bytes, bytes.len() as u64).map_err(|error| match error {
        // The trailer, which no version moves, tells a newer file from a
        // damaged one.
        FileError::NewerFormat { .. } if !trailer_fits(bytes) => FileError::Checksum,
        error => error,
    })?;
    if !trailer_fits(bytes) {
        return Err(FileError::Checksum);
    }
    let mut body = bytes.get(head.body..).unwrap_or_default();
    let mut container = Container::new(head.header)?;
    for ArrayHead { name, dtype, shape } in head.arrays {
        let n_bytes = container::check_array(&name, &shape, dtype)?;
        // The lengths were compared with the file's, so the splits succeed.
        let (chunk, rest) = body.split_at_checked(padded(n_bytes)).ok_or(FileError::Checksum)?;
        let (numbers, padding) = chunk.split_at_checked(n_bytes).ok_or(FileError::Checksum)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(FileError::Padding { name });
        }
        container.push(&name, &shape, Values::read_from(numbers, dtype))?;
        body = rest;
    }
    Ok(container)
}

/// How many of a file's first bytes [`decode_head`] needs, by the first
/// [`FIXED_BYTES`] of them and the length of the whole file.
pub fn head_bytes(fixed: &[u8], file_bytes: u64) -> Result<usize, FileError> {
    let [header, table] = json_lengths(fixed, file_bytes)?;
    Ok(FIXED_BYTES + header + table)
}

/// Reads all but the numbers from a file's first bytes. What it returns is
/// covered by the first checksum and fits the length of the file; the numbers
/// are not looked at.
pub fn decode_head(bytes: &[u8], file_bytes: u64) -> Result<Head, FileError> {
    let [n_header, n_table] = json_lengths(bytes, file_bytes)?;
    let body = FIXED_BYTES + n_header + n_table;
    let parts = || {
        let (fixed, rest) = bytes.split_at_checked(FIXED_BYTES)?;
        let (fixed, checksum) = fixed.split_at_checked(32)?;
        let (header, rest) = rest.split_at_checked(n_header)?;
        Some((fixed, checksum, header, rest.get(..n_table)?))
    };
    let (fixed, checksum, header, table) =
        parts().ok_or(FileError::TooShort { bytes: bytes.len() as u64 })?;
    if head_checksum(fixed, header, table).as_bytes() != checksum {
        return Err(FileError::HeaderChecksum);
    }
    let bad = |error: serde_json::Error| FileError::BadHeader { reason: error.to_string() };
    let header: Value = serde_json::from_slice(header).map_err(bad)?;
    let table: Vec<Line<String>> = serde_json::from_slice(table).map_err(bad)?;
    if table.len() > MAX_ARRAYS {
        return Err(FileError::TooManyArrays { count: table.len() });
    }
    let mut end = 0;
    let mut arrays = Vec::new();
    for Line { name, dtype, shape, offset } in table {
        let Some(dtype) = Dtype::ALL.into_iter().find(|it| it.name() == dtype) else {
            return Err(FileError::UnknownDtype { name, dtype });
        };
        let n_bytes = container::check_array(&name, &shape, dtype)?;
        if offset != end as u64 {
            return Err(FileError::BadOffset { name, expected: end as u64, found: offset });
        }
        end = match padded(n_bytes).checked_add(end).filter(|end| *end < usize::MAX / 2) {
            Some(end) => end,
            None => return Err(FileError::TooLarge { name, shape }),
        };
        arrays.push(ArrayHead { name, dtype, shape });
    }
    check_length((body + end + TRAILER_BYTES) as u64, file_bytes)?;
    Ok(Head { header, arrays, body })
}

/// The lengths of header and table, within the limits and within the file.
fn json_lengths(bytes: &[u8], file_bytes: u64) -> Result<[usize; 2], FileError> {
    let words = bytes.as_chunks::<8>().0;
    let [magic, version, n_header, n_table, ..] = words else {
        return Err(FileError::TooShort { bytes: file_bytes });
    };
    if *magic != MAGIC {
        return Err(FileError::NotARunFile);
    }
    let [version, n_header, n_table] = [version, n_header, n_table].map(|word| u64::from_le_bytes(*word));
    if version != VERSION {
        return Err(FileError::NewerFormat { found: version });
    }
    for (n_bytes, limit) in [(n_header, MAX_HEADER_BYTES), (n_table, MAX_TABLE_BYTES)] {
        let limit = padded(limit) as u64;
        if n_bytes > limit {
            return Err(FileError::HeaderTooLong { bytes: n_bytes, limit });
        }
        if n_bytes % 8 != 0 {
            return Err(FileError::BadHeader { reason: format!("{n_bytes} bytes are no multiple of 8") });
        }
    }
    let least = FIXED_BYTES as u64 + n_header + n_table + TRAILER_BYTES as u64;
    if file_bytes < least {
        return Err(FileError::Cut { expected: least, found: file_bytes });
    }
    Ok([n_header as usize, n_table as usize])
}

fn check_length(expected: u64, found: u64) -> Result<(), FileError> {
    match found.cmp(&expected) {
        Ordering::Less => Err(FileError::Cut { expected, found }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(FileError::Trailing { expected, found }),
    }
}

fn head_checksum(fixed: &[u8], header: &[u8], table: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(fixed).update(header).update(table).finalize()
}

fn trailer_fits(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<TRAILER_BYTES>()
        .is_some_and(|(before, trailer)| blake3::hash(before).as_bytes() == trailer)
}

/// JSON, filled up with spaces to a multiple of eight bytes.
fn padded_json(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec(value).expect("values, names and numbers always have a JSON form");
    json.resize(padded(json.len()), b' ');
    json
}

/// The next multiple of eight; all lengths are far below the end of `usize`.
fn padded(n_bytes: usize) -> usize {
    n_bytes.next_multiple_of(8)
}
