//! Scores of classes, and which column is which class.

use crate::data::{DataError, PredictionError, shown};
use crate::formats::reading::{Array, Values};
use crate::num::{Matrix, Scalar};

/// A finite score per row and class: logits or probabilities, in the precision
/// of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    values: Numbers,
    names: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Numbers {
    Single(Matrix<f32>),
    Double(Matrix<f64>),
}

impl Scores {
    pub(super) fn new(array: Array, names: Option<Vec<String>>) -> Result<Self, DataError> {
        let (rows, cols) = (array.rows, array.cols.unwrap_or(1));
        let values = match array.values {
            Values::F32(values, _) => {
                finite(&values, cols)?;
                Numbers::Single(Matrix::from_vec(rows, cols, values))
            }
            Values::F64(values) => {
                finite(&values, cols)?;
                Numbers::Double(Matrix::from_vec(rows, cols, values))
            }
            Values::Int(values) => {
                Numbers::Double(Matrix::from_vec(rows, cols, values.into_iter().map(|v| v as f64).collect()))
            }
            Values::Text { .. } => return Err(PredictionError::TextScores.into()),
        };
        if cols == 0 {
            return Err(PredictionError::ScoreColumns { n_columns: 0, n_classes: 2 }.into());
        }
        Ok(Self { values, names })
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        match &self.values {
            Numbers::Single(values) => values.rows(),
            Numbers::Double(values) => values.rows(),
        }
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        match &self.values {
            Numbers::Single(values) => values.cols(),
            Numbers::Double(values) => values.cols(),
        }
    }

    /// One score.
    ///
    /// # Panics
    /// When there is no such row or column.
    #[expect(clippy::indexing_slicing, reason = "no byte of a file decides it: a place outside is a bug")]
    pub fn at(&self, row: usize, column: usize) -> f64 {
        match &self.values {
            Numbers::Single(values) => f64::from(values.row(row)[column]),
            Numbers::Double(values) => values.row(row)[column],
        }
    }

    /// The scores, rows x classes, where the file holds single precision.
    ///
    /// # Errors
    /// These scores, where it holds more.
    pub fn into_single(self) -> Result<Matrix<f32>, Self> {
        match self.values {
            Numbers::Single(values) => Ok(values),
            Numbers::Double(_) => Err(self),
        }
    }

    /// The names of the columns, where the file has any.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The class of each column, given the names of the classes that the
    /// labels have, in their order.
    ///
    /// Columns that are named after the classes, also behind a beginning that
    /// all columns share (`p_cat`, `p_dog`), follow their names. Otherwise
    /// integer labels from 0 to K - 1 count columns, and K classes stand in
    /// their order, which is how scikit-learn and PyTorch arrange scores.
    ///
    /// # Errors
    /// [`PredictionError::NoScores`] when columns are named after some classes
    /// only, [`PredictionError::ScoreColumns`] when their numbers do not fit.
    pub fn classes(&self, known: &[String]) -> Result<Vec<String>, DataError> {
        let n_columns = self.n_columns();
        if let Some(names) = &self.names {
            for names in [names.clone(), without_shared_beginning(names)] {
                let lost: Vec<&String> = known.iter().filter(|class| !names.contains(class)).collect();
                match lost.first() {
                    None => return Ok(names),
                    Some(class) if lost.len() < known.len() => {
                        return Err(PredictionError::NoScores { class: shown(class) }.into());
                    }
                    Some(_) => {}
                }
            }
        }
        let position = |class: &String| class.parse::<usize>().ok().filter(|i| i.to_string() == *class);
        if known.iter().all(|class| position(class).is_some_and(|i| i < n_columns)) {
            return Ok((0..n_columns).map(|i| i.to_string()).collect());
        }
        if known.len() == n_columns {
            return Ok(known.to_vec());
        }
        Err(PredictionError::ScoreColumns { n_columns, n_classes: known.len() }.into())
    }
}

/// Fails on the first value that is NaN or infinite.
fn finite<T: Scalar>(values: &[T], cols: usize) -> Result<(), DataError> {
    match values.iter().position(|v| !v.to_f64().is_finite()) {
        None => Ok(()),
        Some(at) => {
            let value = values.get(at).map_or(f64::NAN, |v| v.to_f64());
            Err(PredictionError::NotFinite { row: at / cols, column: at % cols, value }.into())
        }
    }
}

/// The names without the beginning that all share, up to its last separator.
fn without_shared_beginning(names: &[String]) -> Vec<String> {
    let Some(first) = names.first() else { return Vec::new() };
    let end = first
        .char_indices()
        .map(|(at, c)| (at + c.len_utf8(), c))
        .filter(|(_, c)| matches!(c, '_' | '.' | ':' | '-' | ' ' | '='))
        .map(|(end, _)| end)
        .take_while(|end| first.get(..*end).is_some_and(|start| names.iter().all(|n| n.starts_with(start))))
        .last()
        .unwrap_or_default();
    names.iter().map(|name| name.get(end..).unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: Option<&[&str]>, n_columns: usize, known: &[&str]) -> Result<Vec<String>, DataError> {
        let names = names.map(|names| names.iter().map(|n| (*n).to_owned()).collect());
        let known: Vec<String> = known.iter().map(|n| (*n).to_owned()).collect();
        Scores { values: Numbers::Single(Matrix::zeros(1, n_columns)), names }.classes(&known)
    }

    #[test]
    fn columns_follow_their_names_or_their_order() {
        for (names, n_columns, known, expected) in [
            (Some(&["dog", "cat"][..]), 2, &["cat", "dog"][..], &["dog", "cat"][..]),
            (Some(&["dog", "cat", "fish"]), 3, &["cat", "dog"], &["dog", "cat", "fish"]),
            (Some(&["p_x_dog", "p_x_cat"]), 2, &["cat", "dog"], &["dog", "cat"]),
            (Some(&["a_x", "a_y"]), 2, &["a_x", "a_y"], &["a_x", "a_y"]),
            (Some(&["p1", "p0"]), 2, &["0", "1"], &["0", "1"]),
            (Some(&["1", "0"]), 2, &["0", "1"], &["1", "0"]),
            (None, 2, &["cat", "dog"], &["cat", "dog"]),
            (None, 4, &["0", "3"], &["0", "1", "2", "3"]),
            (None, 3, &["1", "2", "3"], &["1", "2", "3"]),
        ] {
            assert_eq!(classes(names, n_columns, known).unwrap(), expected, "{names:?} {known:?}");
        }
    }

    #[test]
    fn columns_that_fit_no_classes_are_errors() {
        let error = classes(Some(&["p_cat", "p_dog"]), 2, &["cat", "fish"]).unwrap_err();
        assert_eq!(error, PredictionError::NoScores { class: "fish".to_owned() }.into());
        for (n_columns, known) in [(3, &["cat", "dog"][..]), (2, &["0", "2", "5"]), (2, &["00", "1", "2"])] {
            let error = classes(None, n_columns, known).unwrap_err();
            assert_eq!(error, PredictionError::ScoreColumns { n_columns, n_classes: known.len() }.into());
        }
    }
}
