//! Single columns of a text table: predictions, labels, groups, identifiers.

use crate::data::{DataError, FileError, TableError};
use crate::formats::reading::{Array, Choose, Limits, OpenOptions, Pick, Source, Texts, Values};

use super::cells::number;
use super::columns::check_names;
use super::rows::{Rows, at_cell, at_line};
use super::{count, names, read_list};

/// The columns that are picked, each an array. A table of one column may do
/// without a header.
pub(super) fn pick(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
    choose: Choose<'_>,
) -> Result<Vec<Array>, DataError> {
    let (line, names) = names(source, options, limits)?;
    if let (Some(only), 1) = (names.get(0), names.len()) {
        let picks = choose(&[only])?;
        return picks.iter().map(|_| read_list(source, options, limits, "values")).collect();
    }
    let here = |e: DataError| e.at(&at_line(line));
    check_names(&names).map_err(here)?;
    let picks = choose(&names.iter().collect::<Vec<_>>()).map_err(here)?;
    let is_number = |i: usize| picks.iter().any(|p| matches!(p, Pick::Numbers(all) if all.contains(&i)));
    let n_rows = count(source, options, limits, 1, is_number)?;
    let mut columns: Vec<Kept> = picks.iter().map(|pick| Kept::new(pick, n_rows)).collect();
    let mut rows = Rows::open(source, options, limits)?;
    rows.next()?;
    let mut n_kept = 0;
    while let Some((line, row)) = rows.next()? {
        n_kept += 1;
        if n_kept > n_rows {
            return Err(FileError::Changed.into());
        }
        for (pick, kept) in picks.iter().zip(&mut columns) {
            for i in pick.positions() {
                let cell = row.get(*i).unwrap_or_default();
                kept.push(cell, limits).map_err(|e| e.at(&at_cell(line, *i)))?;
            }
        }
    }
    if n_kept != n_rows {
        return Err(FileError::Changed.into());
    }
    Ok(columns.into_iter().map(|kept| kept.into_array(n_rows)).collect())
}

/// A column, or a matrix of several, as it fills.
enum Kept {
    Texts(Texts),
    Numbers { cols: usize, values: Vec<f64> },
}

impl Kept {
    fn new(pick: &Pick, n_rows: usize) -> Self {
        match pick {
            Pick::One(_) => Self::Texts(Texts::with_capacity(n_rows)),
            Pick::Numbers(positions) => {
                Self::Numbers { cols: positions.len(), values: Vec::with_capacity(n_rows * positions.len()) }
            }
        }
    }

    fn push(&mut self, cell: &str, limits: &Limits) -> Result<(), DataError> {
        match self {
            Self::Texts(_) if cell.is_empty() => {
                Err(TableError::Missing { expected: "value", found: String::new() }.into())
            }
            Self::Texts(texts) => texts.push(cell, limits),
            Self::Numbers { values, .. } => {
                values.push(number(cell)?);
                Ok(())
            }
        }
    }

    fn into_array(self, rows: usize) -> Array {
        let (cols, values) = match self {
            Self::Texts(texts) => (None, texts.into_values(true)),
            Self::Numbers { cols, values } => (Some(cols), Values::F64(values)),
        };
        Array { name: String::new(), rows, cols, values }
    }
}
