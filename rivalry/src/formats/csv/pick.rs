//! Single columns of a text table: predictions, labels, groups, identifiers.

use crate::data::{DataError, FileError};
use crate::formats::reading::{Array, Choose, Limits, OpenOptions, Pick, Source};
use crate::formats::table::{Cell, Kept};

use super::rows::{Rows, at_cell, at_line};
use super::{check_names, count, names, read_list};

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
                kept.push(Cell::Text(cell), limits).map_err(|e| e.at(&at_cell(line, *i)))?;
            }
        }
    }
    if n_kept != n_rows {
        return Err(FileError::Changed.into());
    }
    Ok(columns.into_iter().map(|kept| kept.into_array(n_rows)).collect())
}
