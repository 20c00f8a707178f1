//! What a data set holds beside its features, as named lists for writers.

use crate::data::{DataError, Dataset, FileError, Split, shown};

use super::reading::RESERVED;

/// A list to write.
pub(super) enum List<'a> {
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Texts.
    Texts(Vec<&'a str>),
}

/// Labels as codes, class names, groups and the split, each under its reserved
/// name. Hold-outs and folds that are drawn have no rows to write: they are
/// the reader's default or the user's choice again.
pub(super) fn side_lists(data: &Dataset) -> Vec<(&'static str, List<'_>)> {
    let mut lists = vec![
        ("y", integers(data.labels())),
        ("class_names", List::Texts(data.class_names().iter().map(String::as_str).collect())),
    ];
    if data.groups().is_some() {
        lists.push(("groups", groups(data)));
    }
    match data.split() {
        Split::Given { train, valid, test } => {
            lists.push(("train", integers(train)));
            if let Some(valid) = valid {
                lists.push(("valid", integers(valid)));
            }
            lists.push(("test", integers(test)));
        }
        Split::GivenFolds { fold } => lists.push(("fold", integers(fold))),
        Split::HoldOut { .. } | Split::Folds { .. } => {}
    }
    lists
}

fn integers(values: &[u32]) -> List<'static> {
    List::Integers(values.iter().map(|v| i64::from(*v)).collect())
}

/// The group of each row: integers where the names are such, so that they look
/// as they did when they were read.
fn groups(data: &Dataset) -> List<'_> {
    let ids = data.groups().unwrap_or_default();
    let names = data.group_names();
    let parsed: Option<Vec<i64>> =
        names.iter().map(|n| n.parse().ok().filter(|i: &i64| i.to_string() == *n)).collect();
    match parsed {
        Some(parsed) => List::Integers(ids.iter().filter_map(|g| parsed.get(*g as usize).copied()).collect()),
        None => List::Texts(ids.iter().filter_map(|g| names.get(*g as usize).map(String::as_str)).collect()),
    }
}

/// An error when a modality has a name that a reader would take for something
/// else.
pub(super) fn refuse_reserved(data: &Dataset) -> Result<(), DataError> {
    match data.modalities().iter().find(|m| RESERVED.iter().any(|(reserved, _)| *reserved == m.name)) {
        None => Ok(()),
        Some(modality) => {
            Err(FileError::UnfitName { name: shown(&modality.name), what: "an array: the name is reserved" }
                .into())
        }
    }
}
