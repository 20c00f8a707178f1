//! What a cell says.

use crate::data::{TableError, shown};

/// The number in a cell. Truth values, as pandas writes them, are 0 and 1.
pub(super) fn number(cell: &str) -> Result<f64, TableError> {
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
