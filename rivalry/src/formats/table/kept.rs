//! Single columns of a table: predictions, labels, groups, identifiers.

use crate::data::DataError;
use crate::formats::reading::{Array, Limits, Pick, Texts, Values};

use super::Cell;

/// A column, or a matrix of several, as it fills.
pub(in crate::formats) enum Kept {
    Texts(Texts),
    Numbers { cols: usize, values: Vec<f64> },
}

impl Kept {
    /// With room for so many rows, all of which are there.
    pub(in crate::formats) fn new(pick: &Pick, n_rows: usize) -> Self {
        match pick {
            Pick::One(_) => Self::Texts(Texts::with_capacity(n_rows)),
            Pick::Numbers(positions) => {
                Self::Numbers { cols: positions.len(), values: Vec::with_capacity(n_rows * positions.len()) }
            }
        }
    }

    /// Takes the next cell; rows come one after the other.
    pub(in crate::formats) fn push(&mut self, cell: Cell<'_>, limits: &Limits) -> Result<(), DataError> {
        match self {
            Self::Texts(texts) => texts.push(&cell.text("value")?, limits),
            Self::Numbers { values, .. } => {
                values.push(cell.number()?);
                Ok(())
            }
        }
    }

    /// All of it.
    pub(in crate::formats) fn into_array(self, rows: usize) -> Array {
        let (cols, values) = match self {
            Self::Texts(texts) => (None, texts.into_values(true)),
            Self::Numbers { cols, values } => (Some(cols), Values::F64(values)),
        };
        Array { name: String::new(), rows, cols, values }
    }
}
