//! Predictions of models that were trained elsewhere, with their labels and
//! groups: one array or some columns of a file of any kind.
//!
//! Every file is read by itself. Whether the files speak of the same samples
//! is the caller's to check: [`Ids::rows_of`] puts them in one order, and
//! [`Scores::classes`] says which column is which class.

mod choose;
mod ids;
mod scores;

use std::path::Path;

use crate::data::{DataError, Groups, Labels, LayoutError, PredictionError};

use super::kind;
use super::reading::{Array, Limits, PickOptions, Source, Values};

pub use ids::Ids;
pub use scores::Scores;

use choose::{Chosen, What, choose};
pub(super) use choose::{GROUPS, LABELS, PREDICTED, is_one_of};

/// Values of rows, and the identifiers of the rows if the file has any.
#[derive(Clone, Debug, PartialEq)]
pub struct Identified<T> {
    /// One per row.
    pub ids: Option<Ids>,
    /// The values.
    pub values: T,
}

/// What a model predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicted {
    /// A class per row. Their names are those that the model gives, not
    /// necessarily all that there are.
    Classes(Labels),
    /// A score per row and class: logits or probabilities.
    Scores(Scores),
}

impl Predicted {
    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Classes(labels) => labels.codes().len(),
            Self::Scores(scores) => scores.n_rows(),
        }
    }
}

/// Reads predictions: a class per row (integers, truth values, whole
/// floating-point numbers, texts), or a matrix of scores, rows x classes.
///
/// Of `.npy` the array; of other arrays (`.npz`) the only one beside those
/// with a reserved name, or the one that is named; of a table (`.csv`, `.tsv`,
/// `.jsonl`) its only column is the class and several are scores, apart from
/// columns `id`, labels, groups and the split. Identifiers are an array or
/// column `id` or `ids`.
///
/// # Errors
/// Whatever is wrong with the file, with its place and a hint; scores that are
/// NaN or infinite; identifiers that are there twice.
pub fn predictions(
    path: &Path,
    options: &PickOptions,
    limits: &Limits,
) -> Result<Identified<Predicted>, DataError> {
    predictions_from(&Source::file(path), options, limits)
}

/// [`predictions`] from any source.
pub fn predictions_from(
    source: &Source<'_>,
    options: &PickOptions,
    limits: &Limits,
) -> Result<Identified<Predicted>, DataError> {
    read(source, options, limits, What::Predictions, |array, names| match array.cols {
        Some(cols) if cols != 1 => Scores::new(array, names).map(Predicted::Scores),
        _ => classes(array, What::Predictions, limits).map(Predicted::Classes),
    })
}

/// Reads labels: a class per row, from a file of any kind that
/// [`predictions`] reads, or one per line of a text file. Of several arrays or
/// columns the one with a usual name of labels is taken (`y`, `label`, ...).
///
/// # Errors
/// As [`predictions`].
pub fn labels(path: &Path, options: &PickOptions, limits: &Limits) -> Result<Identified<Labels>, DataError> {
    labels_from(&Source::file(path), options, limits)
}

/// [`labels`] from any source.
pub fn labels_from(
    source: &Source<'_>,
    options: &PickOptions,
    limits: &Limits,
) -> Result<Identified<Labels>, DataError> {
    read(source, options, limits, What::Labels, |array, _| classes(array, What::Labels, limits))
}

/// Reads groups (patients, speakers, videos) as [`labels`] reads labels; their
/// usual names are `group` and `groups`.
///
/// # Errors
/// As [`predictions`].
pub fn groups(path: &Path, options: &PickOptions, limits: &Limits) -> Result<Identified<Groups>, DataError> {
    groups_from(&Source::file(path), options, limits)
}

/// [`groups`] from any source.
pub fn groups_from(
    source: &Source<'_>,
    options: &PickOptions,
    limits: &Limits,
) -> Result<Identified<Groups>, DataError> {
    read(source, options, limits, What::Groups, |array, _| array.into_groups(limits))
}

fn read<T>(
    source: &Source<'_>,
    options: &PickOptions,
    limits: &Limits,
    what: What,
    convert: impl FnOnce(Array, Option<Vec<String>>) -> Result<T, DataError>,
) -> Result<Identified<T>, DataError> {
    let read = || {
        let (_, format) = kind(source, options.format.as_deref())?;
        let mut chosen = None;
        let mut choose = |names: &[&str]| {
            let found = choose(names, what, options, format.is_table())?;
            let picks = found.picks();
            chosen = Some(found);
            Ok(picks)
        };
        let mut arrays = format.pick(source, &options.for_readers(), limits, &mut choose)?.into_iter();
        let (Some(array), ids) = (arrays.next(), arrays.next()) else {
            return Err(PredictionError::NoRows { what: what.name() }.into());
        };
        if array.rows == 0 {
            return Err(PredictionError::NoRows { what: what.name() }.into());
        }
        let ids = ids.map(|ids| Ids::new(ids, array.rows, limits)).transpose()?;
        let names = chosen.and_then(Chosen::into_column_names);
        Ok(Identified { ids, values: convert(array, names)? })
    };
    read().map_err(|e: DataError| e.at(source.name()))
}

/// A class per row. Texts of a file without types that are numbers but not
/// whole are scores in the wrong form, not classes.
fn classes(array: Array, what: What, limits: &Limits) -> Result<Labels, DataError> {
    if let Values::Text { codes, distinct, untyped: true } = &array.values
        && let Some(numbers) = distinct.iter().map(|t| t.parse().ok()).collect::<Option<Vec<f64>>>()
        && let Some((at, value)) = numbers.iter().enumerate().find(|(_, v)| v.fract() != 0.0)
    {
        let entry = codes.iter().position(|c| *c as usize == at).unwrap_or_default();
        return Err(LayoutError::NotWhole { what: what.name(), entry, value: *value }.into());
    }
    if !matches!(array.cols, None | Some(1)) {
        return Err(LayoutError::NotAList { what: what.name(), shape: array.shape() }.into());
    }
    let labels = match array.values {
        Values::Text { .. } => array.into_labels(limits)?,
        _ => array.into_integer_labels(what.name(), limits)?,
    };
    Ok(labels)
}
