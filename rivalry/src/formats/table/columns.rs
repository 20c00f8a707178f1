//! Which column is what.

use crate::data::{DataError, TableError, listed, shown};
use crate::formats::predictions::{GROUPS, LABELS, is_one_of};
use crate::formats::reading::{ModalityChoice, OpenOptions};
use crate::registry::nearest;

const CLASS_NAME: &str = "class_name";
const SPLIT: &str = "split";
const FOLD: &str = "fold";

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) enum Column {
    /// A feature of the modality at this position.
    Feature(usize),
    Label,
    ClassName,
    Groups,
    Split,
    Fold,
    /// Nothing.
    Ignored,
}

/// All columns, and the modalities that they make.
pub(in crate::formats) struct Columns {
    pub columns: Vec<Column>,
    /// Name and number of columns.
    pub modalities: Vec<(String, usize)>,
}

impl Columns {
    /// Finds every column's role by its name.
    pub(in crate::formats) fn new(names: &[&str], options: &OpenOptions) -> Result<Self, DataError> {
        refuse_duplicates(names)?;
        let label = match &options.label {
            Some(name) => find(names, name)?,
            None => usual(names, &LABELS, "label")?
                .ok_or_else(|| TableError::NoLabel { expected: listed(LABELS.into_iter()) })?,
        };
        let groups = match &options.groups {
            Some(name) => Some(find(names, name)?),
            None => usual(names, &GROUPS, "groups")?,
        };
        let mut found = Self {
            columns: vec![Column::Ignored; names.len()],
            modalities: options.modalities.iter().map(|choice| (choice.name.clone(), 0)).collect(),
        };
        for (i, name) in names.iter().copied().enumerate() {
            let column = if i == label {
                Column::Label
            } else if Some(i) == groups {
                Column::Groups
            } else {
                match name {
                    CLASS_NAME => Column::ClassName,
                    SPLIT => Column::Split,
                    FOLD => Column::Fold,
                    _ if options.modalities.is_empty() => found.by_prefix(i, name)?,
                    _ => by_pattern(name, &options.modalities)?,
                }
            };
            if let Column::Feature(modality) = column
                && let Some((_, n_cols)) = found.modalities.get_mut(modality)
            {
                *n_cols += 1;
            }
            if let Some(place) = found.columns.get_mut(i) {
                *place = column;
            }
        }
        for (choice, (_, n_cols)) in options.modalities.iter().zip(&found.modalities) {
            if *n_cols == 0 {
                let (modality, pattern) = (shown(&choice.name), shown(&choice.pattern));
                return Err(TableError::NoMatch { modality, pattern }.into());
            }
        }
        Ok(found)
    }

    /// `audio.3` belongs to `audio`; modalities come in order of appearance.
    fn by_prefix(&mut self, i: usize, name: &str) -> Result<Column, DataError> {
        let Some((modality, _)) = name.split_once('.').filter(|(modality, _)| !modality.is_empty()) else {
            return Err(TableError::NoModality { column: i + 1, name: shown(name) }.into());
        };
        let position = self.modalities.iter().position(|(known, _)| known == modality);
        Ok(Column::Feature(position.unwrap_or_else(|| {
            self.modalities.push((modality.to_owned(), 0));
            self.modalities.len() - 1
        })))
    }
}

fn by_pattern(name: &str, choices: &[ModalityChoice]) -> Result<Column, DataError> {
    // A second label is a feature only when it is named in full.
    let is_label = is_one_of(name, &LABELS);
    let fits = |choice: &ModalityChoice| {
        if is_label { choice.pattern.split(',').any(|one| one.trim() == name) } else { choice.fits(name) }
    };
    let mut fitting = choices.iter().enumerate().filter(|(_, choice)| fits(choice));
    match (fitting.next(), fitting.next()) {
        (None, _) => Ok(Column::Ignored),
        (Some((modality, _)), None) => Ok(Column::Feature(modality)),
        (Some((_, first)), Some((_, second))) => Err(TableError::TwoModalities {
            name: shown(name),
            first: shown(&first.name),
            second: shown(&second.name),
        }
        .into()),
    }
}

fn usual(names: &[&str], usual: &[&str], role: &'static str) -> Result<Option<usize>, DataError> {
    let found: Vec<usize> =
        names.iter().enumerate().filter(|(_, n)| is_one_of(n, usual)).map(|(i, _)| i).collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let names = listed(found.iter().filter_map(|i| names.get(*i).copied()));
            Err(TableError::Ambiguous { names, role }.into())
        }
    }
}

fn find(names: &[&str], name: &str) -> Result<usize, DataError> {
    let nearest = || nearest(name, names.iter().copied()).iter().map(|n| shown(n)).collect();
    let found = names.iter().position(|n| *n == name);
    found.ok_or_else(|| {
        TableError::NoColumn { name: shown(name), nearest: nearest(), found: listed(names.iter().copied()) }
            .into()
    })
}

/// Refuses two columns of one name.
pub(in crate::formats) fn refuse_duplicates(names: &[&str]) -> Result<(), DataError> {
    let mut sorted: Vec<(&str, usize)> =
        names.iter().enumerate().filter(|(_, n)| !n.is_empty()).map(|(i, n)| (*n, i)).collect();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find_map(|pair| match pair {
        [(a, first), (b, second)] if a == b => Some((*a, *first, *second)),
        _ => None,
    });
    match twice {
        None => Ok(()),
        Some((name, first, second)) => {
            Err(TableError::DuplicateColumn { name: shown(name), first: first + 1, second: second + 1 }
                .into())
        }
    }
}
