//! Tables for programs: named columns, one row per observation, nothing
//! formatted. Renderers for people only say that they are there.

use crate::stats::Estimate;

/// A tidy table: every column one variable, every row one observation.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTable {
    /// What it holds, in a word or two.
    pub name: String,
    /// Names of the columns, each once.
    pub columns: Vec<String>,
    /// One cell per column each.
    pub rows: Vec<Vec<DataCell>>,
}

/// What stands in one place of a data table.
#[derive(Clone, Debug, PartialEq)]
pub enum DataCell {
    /// Nothing is known.
    Empty,
    /// A name or another word.
    Text(String),
    /// An exact whole number.
    Whole(u64),
    /// A real number; fractions, not percent.
    Number(f64),
}

impl DataTable {
    /// The columns that [`DataCell::of_estimate`] fills.
    pub const OF_ESTIMATE: [&str; 6] = ["value", "low", "high", "level", "n", "method"];
}

impl DataCell {
    /// The parts of an estimate, in the order of [`DataTable::OF_ESTIMATE`].
    pub fn of_estimate(estimate: &Estimate) -> [Self; 6] {
        let end = |end: Option<f64>| end.map_or(Self::Empty, Self::Number);
        [
            Self::Number(estimate.value),
            end(estimate.low),
            end(estimate.high),
            Self::Number(estimate.level),
            estimate.n.into(),
            estimate.method.as_str().into(),
        ]
    }
}

impl From<f64> for DataCell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<u64> for DataCell {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<usize> for DataCell {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl From<&str> for DataCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for DataCell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
