//! Text tables: one row per sample, one column per feature, with a header.
//!
//! Read twice, once to count and once to keep, so that memory is asked for by
//! rows that are there. Never guesses a missing value. A table cut exactly
//! after a line break cannot be told from a shorter table: that is the one
//! damage this format hides, and binary formats do not.

mod pick;
mod rows;
mod write;

use std::path::Path;

use csv::StringRecord;

use crate::data::{DataError, Dataset, FileError, LayoutError, TableError};
use crate::registry::{Citation, Entry};

use super::Format;
use super::predictions::{GROUPS, LABELS, PREDICTED};
use super::reading::{Array, Choose, Limits, OpenOptions, Role, Source, Texts, Values, within};
use super::table::{Cell, Column, Columns, Table, number, refuse_duplicates};
use rows::{Rows, at_cell, at_line};

/// What everybody who reads or writes such files goes by.
pub(crate) const RFC_4180: Citation = Citation {
    key: "rfc4180",
    text: "Y. Shafranovich. RFC 4180: Common format and MIME type for comma-separated values (CSV) files. 2005",
    url: "https://www.rfc-editor.org/rfc/rfc4180",
};

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "csv",
    summary: "text table with a header: comma, semicolon, tab or blanks between cells",
    cites: &[RFC_4180],
    knobs: &[],
    build: |_| Box::new(Csv),
};

struct Csv;

impl Format for Csv {
    fn suffixes(&self) -> &'static [&'static str] {
        &["csv", "tsv", "tab", "txt"]
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let columns = header(source, options, limits)?;
        let n_rows = count(source, options, limits, 1, |i| {
            matches!(columns.columns.get(i), Some(Column::Feature(_)))
        })?;
        let mut table = Table::new(&columns, n_rows);
        let mut rows = Rows::open(source, options, limits)?;
        rows.next()?;
        let mut n_kept = 0;
        while let Some((line, row)) = rows.next()? {
            n_kept += 1;
            if n_kept > n_rows {
                return Err(FileError::Changed.into());
            }
            for (i, (cell, column)) in row.iter().zip(&columns.columns).enumerate() {
                table.push(*column, Cell::Text(cell), limits).map_err(|e| e.at(&at_cell(line, i)))?;
            }
        }
        table.arrays(columns, n_rows, limits)
    }

    fn is_table(&self) -> bool {
        true
    }

    fn pick(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        pick::pick(source, options, limits, choose)
    }

    fn write(&self, data: &Dataset, path: &Path) -> Result<(), DataError> {
        write::write(data, path)
    }
}

fn header(source: &Source<'_>, options: &OpenOptions, limits: &Limits) -> Result<Columns, DataError> {
    let (line, names) = names(source, options, limits)?;
    let found = check_names(&names).and_then(|names| Columns::new(&names, options));
    found.map_err(|e| match e.root() {
        DataError::Table(TableError::NoMatch { .. }) => e,
        _ => e.at(&at_line(line)),
    })
}

/// The names, unless they are no header.
fn check_names(names: &StringRecord) -> Result<Vec<&str>, DataError> {
    let names: Vec<&str> = names.iter().collect();
    refuse_duplicates(&names)?;
    if !names.is_empty() && names.iter().all(|n| n.parse::<f64>().is_ok()) {
        return Err(TableError::NoHeader.into());
    }
    Ok(names)
}

/// The cells of the first row, and its line.
fn names(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
) -> Result<(u64, StringRecord), DataError> {
    let mut rows = Rows::open(source, options, limits)?;
    let Some((line, names)) = rows.next()? else { return Err(TableError::NoRows.into()) };
    within("columns", names.len() as u64, limits.max_cols as u64)?;
    let mut names = names.clone();
    // numpy and R mark the header as a comment.
    if let Some(first) = names.get(0).and_then(|n| n.strip_prefix('#')) {
        names = std::iter::once(first.trim()).chain(names.iter().skip(1)).collect();
    }
    Ok((line, names))
}

/// Rows after the first `skip`. Stops at an empty cell where a number must be:
/// there the second reading stops too, and cells before it have two bytes each.
fn count(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
    skip: usize,
    is_feature: impl Fn(usize) -> bool,
) -> Result<usize, DataError> {
    let mut rows = Rows::open(source, options, limits)?;
    let mut n_rows = 0_usize;
    while let Some((_, row)) = rows.next()? {
        n_rows += 1;
        within("rows", n_rows.saturating_sub(skip) as u64, limits.max_rows as u64)?;
        if n_rows > skip && row.iter().enumerate().any(|(i, cell)| cell.is_empty() && is_feature(i)) {
            break;
        }
    }
    match n_rows.checked_sub(skip) {
        None | Some(0) => Err(TableError::NoRows.into()),
        Some(n_rows) => Ok(n_rows),
    }
}

/// A matrix of numbers alone; a first line that holds anything else is a
/// header.
pub(super) fn read_matrix(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
) -> Result<Array, DataError> {
    let mut rows = Rows::open(source, options, limits)?;
    let Some((_, first)) = rows.next()? else { return Err(TableError::NoRows.into()) };
    let cols = first.len();
    within("columns", cols as u64, limits.max_cols as u64)?;
    let has_header = first.iter().any(|cell| matches!(number(cell), Err(TableError::NotANumber { .. })));
    let skip = usize::from(has_header);
    let n_rows = count(source, options, limits, skip, |_| true)?;
    let mut values = Vec::with_capacity(n_rows * cols);
    let mut rows = Rows::open(source, options, limits)?;
    let mut row_idx = 0;
    while let Some((line, row)) = rows.next()? {
        row_idx += 1;
        if row_idx <= skip {
            continue;
        }
        if row_idx > n_rows + skip {
            return Err(FileError::Changed.into());
        }
        for (i, cell) in row.iter().enumerate() {
            values.push(number(cell).map_err(|e| DataError::from(e).at(&at_cell(line, i)))?);
        }
    }
    if values.len() != n_rows * cols {
        return Err(FileError::Changed.into());
    }
    Ok(Array { name: source.stem().to_owned(), rows: n_rows, cols: Some(cols), values: Values::F64(values) })
}

/// A list of texts, one per line. The first line is a header when it is a
/// usual name of such a list or the label that is asked for, or not an integer
/// where all others are.
pub(super) fn read_list(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
    what: &'static str,
) -> Result<Array, DataError> {
    let n_rows = count(source, options, limits, 0, |_| false)?;
    let mut texts = Texts::with_capacity(n_rows);
    let mut rows = Rows::open(source, options, limits)?;
    let mut first = None;
    let mut rest_are_integers = n_rows > 1;
    while let Some((line, row)) = rows.next()? {
        let (Some(cell), 1) = (row.get(0), row.len()) else {
            let shape = format!("({n_rows}, {})", row.len());
            return Err(LayoutError::NotAList { what, shape }.into());
        };
        if cell.is_empty() {
            return Err(DataError::from(TableError::Missing { expected: "value", found: String::new() })
                .at(&at_cell(line, 0)));
        }
        if first.is_none() {
            first = Some(cell.to_owned());
        } else {
            rest_are_integers &= cell.parse::<i64>().is_ok();
            texts.push(cell, limits).map_err(|e| e.at(&at_line(line)))?;
        }
    }
    let first = first.unwrap_or_default();
    let usual = LABELS.iter().chain(&PREDICTED).chain(&GROUPS);
    let is_header = usual.chain(&[what, source.stem()]).any(|name| name.eq_ignore_ascii_case(&first))
        || options.label.as_ref() == Some(&first)
        || (rest_are_integers && first.parse::<i64>().is_err());
    if !is_header {
        texts = texts.led_by(&first, limits)?;
    }
    let rows = texts.len();
    if rows == 0 {
        return Err(TableError::NoRows.into());
    }
    Ok(Array { name: source.stem().to_owned(), rows, cols: None, values: texts.into_values(true) })
}
