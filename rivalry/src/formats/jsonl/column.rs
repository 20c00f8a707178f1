//! A column of values as it fills, line by line; all of one kind.

use crate::data::{DataError, PredictionError, shown};
use crate::formats::reading::{Array, Kind, Limits, Pick, Texts, Values};

use super::cell::Cell;

/// Values of one key, or numbers of several.
pub(super) enum Column {
    /// Nothing so far.
    Empty,
    Bools(Vec<f32>),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Texts),
    /// Lists of one length.
    Lists {
        cols: usize,
        values: Vec<f64>,
    },
    /// Several keys, one number each.
    Numbers {
        cols: usize,
        values: Vec<f64>,
    },
}

impl Column {
    pub(super) fn new(pick: &Pick) -> Self {
        match pick {
            Pick::One(_) => Self::Empty,
            Pick::Numbers(positions) => Self::Numbers { cols: positions.len(), values: Vec::new() },
        }
    }

    pub(super) fn push(&mut self, key: &str, cell: Cell, limits: &Limits) -> Result<(), DataError> {
        if matches!(cell, Cell::Null) {
            return Err(PredictionError::NoValue { key: shown(key) }.into());
        }
        if let Self::Empty = self {
            *self = match cell {
                Cell::Bool(_) => Self::Bools(Vec::new()),
                Cell::Int(_) => Self::Ints(Vec::new()),
                Cell::Text(_) => Self::Texts(Texts::default()),
                Cell::List(ref list) => Self::Lists { cols: list.len(), values: Vec::new() },
                _ => Self::Floats(Vec::new()),
            };
        }
        // 1 and 1.5 are of one kind.
        if let (Self::Ints(values), Cell::Float(_)) = (&*self, &cell) {
            *self = Self::Floats(values.iter().map(|v| *v as f64).collect());
        }
        let other = |expected: &str, found: &Cell| PredictionError::OtherValue {
            key: shown(key),
            expected: expected.to_owned(),
            found: found.kind(),
        };
        match (self, cell) {
            (Self::Bools(values), Cell::Bool(value)) => values.push(f32::from(u8::from(value))),
            (Self::Ints(values), Cell::Int(value)) => values.push(value),
            (Self::Floats(values) | Self::Numbers { values, .. }, Cell::Int(value)) => {
                values.push(value as f64);
            }
            (Self::Floats(values) | Self::Numbers { values, .. }, Cell::Float(value)) => values.push(value),
            (Self::Texts(texts), Cell::Text(text)) => texts.push(&text, limits)?,
            (Self::Lists { cols, values }, Cell::List(list)) if list.len() == *cols => values.extend(list),
            (Self::Bools(_), cell) => return Err(other("a truth value", &cell).into()),
            (Self::Texts(_), cell) => return Err(other("a text", &cell).into()),
            (Self::Lists { cols, .. }, cell) => return Err(other(&format!("a list of {cols}"), &cell).into()),
            (_, cell) => return Err(other("a number", &cell).into()),
        }
        Ok(())
    }

    pub(super) fn into_array(self, rows: usize) -> Array {
        let (cols, values) = match self {
            Self::Empty => (None, Values::Int(Vec::new())),
            Self::Bools(values) => (None, Values::F32(values, Kind::Bool)),
            Self::Ints(values) => (None, Values::Int(values)),
            Self::Floats(values) => (None, Values::F64(values)),
            Self::Texts(texts) => (None, texts.into_values(false)),
            Self::Lists { cols, values } | Self::Numbers { cols, values } => {
                (Some(cols), Values::F64(values))
            }
        };
        Array { name: String::new(), rows, cols, values }
    }
}
