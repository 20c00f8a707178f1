//! How much a file may make us read.

use crate::data::{DataError, FileError};

/// Ceilings for untrusted files. The defaults hold any data set that trains in
/// memory; whoever trusts a file may raise them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Rows of a matrix, a list or a table.
    pub max_rows: usize,
    /// Columns of a matrix or a table.
    pub max_cols: usize,
    /// Arrays in an archive, files in a folder.
    pub max_members: usize,
    /// Bytes of an array's name.
    pub max_name_bytes: usize,
    /// Bytes of an array's header.
    pub max_header_bytes: usize,
    /// Bytes of a line of text.
    pub max_line_bytes: usize,
    /// Characters of a text value (a label, a group).
    pub max_text_chars: usize,
    /// Distinct labels or groups.
    pub max_distinct: usize,
    /// Bytes that the members of an archive may inflate to: this many, ...
    pub max_inflated_bytes: u64,
    /// ... or this many times the size of the archive, whichever is more.
    pub max_inflation: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: 10_000_000,
            max_cols: 1 << 20,
            max_members: 1024,
            max_name_bytes: 1024,
            max_header_bytes: 1 << 16,
            max_line_bytes: 1 << 25,
            max_text_chars: 1024,
            max_distinct: 1 << 18,
            max_inflated_bytes: 1 << 30,
            max_inflation: 20,
        }
    }
}

/// An error when there is more of something than its limit.
pub(in crate::formats) fn within(what: &'static str, found: u64, limit: u64) -> Result<(), DataError> {
    if found <= limit { Ok(()) } else { Err(FileError::OverLimit { what, found, limit }.into()) }
}
