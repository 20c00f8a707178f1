//! What tables of every kind share: which column is what, cells, and data sets
//! and picked columns as they fill.

mod cells;
mod columns;
mod kept;

use std::collections::BTreeMap;

use crate::data::{DataError, FileError, Part, TableError, shown};

use super::reading::{Array, Limits, Role, Texts, Values};

pub(super) use cells::{Cell, number};
pub(super) use columns::{Column, Columns, refuse_duplicates};
pub(super) use kept::Kept;

/// A table as it fills.
pub(super) struct Table {
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
    /// With room for so many rows, all of which are there.
    pub(super) fn new(columns: &Columns, n_rows: usize) -> Self {
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

    /// Takes the next cell of a column; rows come one after the other.
    pub(super) fn push(&mut self, column: Column, cell: Cell<'_>, limits: &Limits) -> Result<(), DataError> {
        let text = |texts: &mut Texts, what: &'static str| texts.push(&cell.text(what)?, limits);
        match column {
            Column::Feature(modality) => {
                let value = cell.number()?;
                if let Some(values) = self.features.get_mut(modality) {
                    values.push(value);
                }
                Ok(())
            }
            Column::Label => text(&mut self.labels, "label"),
            Column::ClassName => self.class_names.as_mut().map_or(Ok(()), |t| text(t, "class name")),
            Column::Groups => self.groups.as_mut().map_or(Ok(()), |t| text(t, "group")),
            Column::Fold => self.folds.as_mut().map_or(Ok(()), |t| text(t, "fold")),
            Column::Split => match cell {
                Cell::Null => self.push_part(""),
                _ => self.push_part(&cell.written()),
            },
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

    /// All arrays with their roles.
    pub(super) fn arrays(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::OpenOptions;

    #[test]
    fn a_table_that_shrinks_between_two_readings_is_an_error() {
        let columns = Columns::new(&["a.1", "y"], &OpenOptions::default()).unwrap();
        let mut table = Table::new(&columns, 2);
        table.push(Column::Feature(0), Cell::Text("1"), &Limits::default()).unwrap();
        table.push(Column::Label, Cell::Text("0"), &Limits::default()).unwrap();
        assert_eq!(table.arrays(columns, 2, &Limits::default()).unwrap_err(), FileError::Changed.into());
    }
}
