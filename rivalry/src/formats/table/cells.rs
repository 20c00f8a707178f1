//! What a cell says.

use std::borrow::Cow;

use crate::data::{TableError, shown};

/// A cell as its reader found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::formats) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    /// In single precision, which texts of it keep.
    Single(f32),
    /// An integer of a type that goes beyond 2^53.
    Integer(i128),
    Bool(bool),
    /// No value.
    Null,
}

impl Cell<'_> {
    /// The number in it.
    pub(in crate::formats) fn number(self) -> Result<f64, TableError> {
        const EXACT: i128 = 1 << 53;
        match self {
            Self::Text(text) => number(text),
            Self::Number(value) if value.is_finite() => Ok(value),
            Self::Number(value) if value.is_nan() => number("NaN"),
            Self::Number(value) => Err(TableError::NotFinite { found: value.to_string() }),
            Self::Single(value) => Cell::Number(f64::from(value)).number(),
            Self::Integer(value) if (-EXACT..=EXACT).contains(&value) => Ok(value as f64),
            Self::Integer(value) => Err(TableError::WouldRound { value }),
            Self::Bool(value) => Ok(f64::from(value)),
            Self::Null => Err(TableError::Missing { expected: "number", found: NULL.to_owned() }),
        }
    }

    /// The text in it; `expected` is for messages.
    pub(in crate::formats) fn text(&self, expected: &'static str) -> Result<Cow<'_, str>, TableError> {
        let missing = |found: &str| Err(TableError::Missing { expected, found: found.to_owned() });
        match self {
            Self::Text("") => missing(""),
            Self::Null => missing(NULL),
            Self::Number(value) if value.is_nan() => missing("NaN"),
            Self::Single(value) if value.is_nan() => missing("NaN"),
            _ => Ok(self.written()),
        }
    }

    /// As a text table has it.
    pub(in crate::formats) fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(value) => Cow::Owned(value.to_string()),
            Self::Single(value) => Cow::Owned(value.to_string()),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Bool(true) => Cow::Borrowed("True"),
            Self::Bool(false) => Cow::Borrowed("False"),
            Self::Null => Cow::Borrowed(""),
        }
    }
}

/// What messages call a cell without a value.
const NULL: &str = "null";

/// The number in a cell. Truth values, as pandas writes them, are 0 and 1.
pub(in crate::formats) fn number(cell: &str) -> Result<f64, TableError> {
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ if is_missing(cell) => Err(TableError::Missing { expected: "number", found: shown(cell) }),
        Ok(_) => Err(TableError::NotFinite { found: shown(cell) }),
        Err(_) => match cell {
            "True" | "TRUE" | "true" => Ok(1.0),
            "False" | "FALSE" | "false" => Ok(0.0),
            _ => Err(TableError::NotANumber { found: shown(cell) }),
        },
    }
}

/// The usual ways to say that there is no value.
fn is_missing(cell: &str) -> bool {
    const WORDS: [&str; 7] = ["", "na", "n/a", "nan", "null", "none", "?"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(cell))
}
