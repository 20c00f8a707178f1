//! Identifiers of samples, by which files are put in one order.

use std::collections::BTreeMap;

use crate::data::{DataError, PredictionError, shown};
use crate::formats::reading::{Array, Limits};

/// An identifier per row, no two the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids(Vec<String>);

impl Ids {
    pub(super) fn new(array: Array, n_rows: usize, limits: &Limits) -> Result<Self, DataError> {
        let ids = array.into_texts("ids", limits)?;
        if ids.len() != n_rows {
            return Err(PredictionError::IdCount { found: ids.len(), expected: n_rows }.into());
        }
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for (second, id) in ids.iter().enumerate() {
            if let Some(first) = rows.insert(id, second) {
                return Err(PredictionError::IdTwice { id: shown(id), first, second }.into());
            }
        }
        Ok(Self(ids))
    }

    /// The identifiers in the order of the rows.
    pub fn texts(&self) -> &[String] {
        &self.0
    }

    /// For every identifier of another file the row here that has it. Rows
    /// here that the other file does not name are passed over.
    ///
    /// # Errors
    /// [`PredictionError::NoId`] names the first one that is not here.
    pub fn rows_of(&self, other: &Self) -> Result<Vec<u32>, DataError> {
        let rows: BTreeMap<&str, u32> = self.0.iter().map(String::as_str).zip(0..).collect();
        let row = |id: &String| {
            rows.get(id.as_str()).copied().ok_or_else(|| PredictionError::NoId { id: shown(id) }.into())
        };
        other.0.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_other_file() {
        let ids = |texts: &[&str]| Ids(texts.iter().map(|t| (*t).to_owned()).collect());
        assert_eq!(ids(&["a", "b", "c"]).rows_of(&ids(&["c", "a"])), Ok(vec![2, 0]));
        let error = ids(&["a"]).rows_of(&ids(&["a", "\u{1b}x"])).unwrap_err();
        assert_eq!(error, PredictionError::NoId { id: "\\u{1b}x".to_owned() }.into());
    }
}
