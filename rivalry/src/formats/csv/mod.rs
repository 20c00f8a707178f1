//! Text tables: one row per sample, one column per feature, with a header.
//!
//! Read twice, once to count and once to keep, so that memory is asked for by
//! rows that are there. Never guesses a missing value. A table cut exactly
//! after a line break cannot be told from a shorter table: that is the one
//! damage this format hides, and binary formats do not.

mod cells;
mod columns;
mod pick;
mod rows;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use csv::StringRecord;

use crate::data::{DataError, Dataset, FileError, LayoutError, Part, TableError, shown};
use crate::registry::{Citation, Entry};

use super::Format;
use super::predictions::{GROUPS, LABELS, PREDICTED};
use super::reading::{Array, Choose, Limits, OpenOptions, Role, Source, Texts, Values, within};
use cells::number;
use columns::{Column, Columns};
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
                table.push(*column, cell, limits).map_err(|e| e.at(&at_cell(line, i)))?;
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
    Columns::new(&names, options).map_err(|e| match e.root() {
        DataError::Table(TableError::NoMatch { .. }) => e,
        _ => e.at(&at_line(line)),
    })
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

/// A table as it fills.
struct Table {
    features: Vec<Vec<f64>>,
    labels: Texts,
    class_names: Option<Texts>,
    groups: Option<Texts>,
    folds: Option<Texts>,
    /// Rows of train, valid and test.
    split: Option<[Vec<i64>; 3]>,
    n_split: i64,
}

impl Table {
    fn new(columns: &Columns, n_rows: usize) -> Self {
        let texts = |column: Column| columns.columns.contains(&column).then(|| Texts::with_capacity(n_rows));
        Self {
            features: columns.modalities.iter().map(|(_, cols)| Vec::with_capacity(n_rows * cols)).collect(),
            labels: Texts::with_capacity(n_rows),
            class_names: texts(Column::ClassName),
            groups: texts(Column::Groups),
            folds: texts(Column::Fold),
            split: columns.columns.contains(&Column::Split).then(Default::default),
            n_split: 0,
        }
    }

    fn push(&mut self, column: Column, cell: &str, limits: &Limits) -> Result<(), DataError> {
        let text = |texts: &mut Texts, what: &'static str| {
            if cell.is_empty() {
                return Err(TableError::Missing { expected: what, found: String::new() }.into());
            }
            texts.push(cell, limits)
        };
        match column {
            Column::Feature(modality) => {
                let value = number(cell)?;
                if let Some(values) = self.features.get_mut(modality) {
                    values.push(value);
                }
                Ok(())
            }
            Column::Label => text(&mut self.labels, "label"),
            Column::ClassName => self.class_names.as_mut().map_or(Ok(()), |t| text(t, "class name")),
            Column::Groups => self.groups.as_mut().map_or(Ok(()), |t| text(t, "group")),
            Column::Fold => self.folds.as_mut().map_or(Ok(()), |t| text(t, "fold")),
            Column::Split => self.push_part(cell),
            Column::Ignored => Ok(()),
        }
    }

    fn push_part(&mut self, cell: &str) -> Result<(), DataError> {
        let Some([train, valid, test]) = &mut self.split else { return Ok(()) };
        let row = self.n_split;
        self.n_split += 1;
        match cell {
            "train" => train.push(row),
            "valid" | "validation" | "val" => valid.push(row),
            "test" => test.push(row),
            "" => {}
            _ => return Err(TableError::SplitWord { found: shown(cell) }.into()),
        }
        Ok(())
    }

    fn arrays(
        self,
        columns: Columns,
        n_rows: usize,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let mut arrays = Vec::new();
        for ((name, cols), values) in columns.modalities.into_iter().zip(self.features) {
            if values.len() != n_rows * cols {
                return Err(FileError::Changed.into());
            }
            arrays.push((
                Role::Modality,
                Array { name, rows: n_rows, cols: Some(cols), values: Values::F64(values) },
            ));
        }
        let list = |values: Values| Array { name: String::new(), rows: n_rows, cols: None, values };
        let labels = self.labels.into_values(true);
        if let Some(names) = self.class_names {
            let names = class_names(&labels, &names.into_values(true))?;
            let rows = names.len();
            let mut texts = Texts::with_capacity(rows);
            names.iter().try_for_each(|name| texts.push(name, limits))?;
            arrays.push((Role::ClassNames, Array { rows, ..list(texts.into_values(true)) }));
        }
        arrays.push((Role::Label, list(labels)));
        if let Some(groups) = self.groups {
            arrays.push((Role::Groups, list(groups.into_values(true))));
        }
        if let Some(folds) = self.folds {
            arrays.push((Role::Fold, list(folds.into_values(true))));
        }
        if let Some([train, valid, test]) = self.split {
            for (part, rows) in [(Part::Train, train), (Part::Valid, valid), (Part::Test, test)] {
                // Nobody was asked to validate: not the same as an empty part.
                if part != Part::Valid || !rows.is_empty() {
                    let rows_in_part = rows.len();
                    arrays.push((Role::Part(part), Array { rows: rows_in_part, ..list(Values::Int(rows)) }));
                }
            }
        }
        Ok(arrays)
    }
}

/// The names of classes 0 to K - 1, each said once by every row that has it.
fn class_names(labels: &Values, names: &Values) -> Result<Vec<String>, DataError> {
    let (
        Values::Text { codes: label_codes, distinct: labels, .. },
        Values::Text { codes: name_codes, distinct: names, .. },
    ) = (labels, names)
    else {
        return Ok(Vec::new());
    };
    let mut name_of: BTreeMap<u32, u32> = BTreeMap::new();
    for (label, name) in label_codes.iter().zip(name_codes) {
        let first = *name_of.entry(*label).or_insert(*name);
        if first != *name {
            let text = |texts: &[String], i: u32| texts.get(i as usize).map(|t| shown(t)).unwrap_or_default();
            return Err(TableError::TwoClassNames {
                label: text(labels, *label),
                first: text(names, first),
                second: text(names, *name),
            }
            .into());
        }
    }
    let n_classes = labels.len();
    let mut ordered: Vec<Option<&String>> = vec![None; n_classes];
    for (label, name) in name_of {
        let number = labels.get(label as usize).and_then(|text| text.parse::<usize>().ok());
        if let Some(place) = number.and_then(|n| ordered.get_mut(n)) {
            *place = names.get(name as usize);
        }
    }
    let ordered: Option<Vec<String>> = ordered.into_iter().map(Option::<&String>::cloned).collect();
    ordered.ok_or_else(|| TableError::ClassNumbers { n_classes }.into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_shrinks_between_two_readings_is_an_error() {
        let names = ["a.1", "y"].into_iter().collect();
        let columns = Columns::new(&names, &OpenOptions::default()).unwrap();
        let mut table = Table::new(&columns, 2);
        table.push(Column::Feature(0), "1", &Limits::default()).unwrap();
        table.push(Column::Label, "0", &Limits::default()).unwrap();
        assert_eq!(table.arrays(columns, 2, &Limits::default()).unwrap_err(), FileError::Changed.into());
    }
}
