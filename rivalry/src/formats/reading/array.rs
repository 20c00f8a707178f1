//! An array as read, before anybody knows what it is for.

use std::collections::BTreeSet;

use crate::data::{DataError, Features, Groups, Labels, LayoutError, shown};
use crate::num::Matrix;

use super::limits::{Limits, within};

/// Largest integer up to which every integer is exact in double precision.
const EXACT: i64 = 1 << 53;

/// A named list or matrix of numbers or texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The name that the file gives it.
    pub name: String,
    /// Number of rows.
    pub rows: usize,
    /// Number of columns of a matrix; `None` for a list.
    pub cols: Option<usize>,
    /// The values, row-major.
    pub values: Values,
}

/// Values of one type, as narrow as they can be kept without loss.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Single precision, and what fits it exactly.
    F32(Vec<f32>, Kind),
    /// Double precision.
    F64(Vec<f64>),
    /// Integers of 32 and 64 bits.
    Int(Vec<i64>),
    /// Texts: a position for each in a list of distinct ones.
    Text {
        /// Position in `distinct` of each value.
        codes: Vec<u32>,
        /// The distinct texts in order of first appearance.
        distinct: Vec<String>,
        /// Whether the file has no types, so that integers are texts too.
        untyped: bool,
    },
}

/// What single-precision values were before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Integers of 8 or 16 bits.
    Integer,
    /// Floating-point numbers.
    Float,
}

impl Array {
    /// The shape as Python writes it.
    pub fn shape(&self) -> String {
        match self.cols {
            None => format!("({},)", self.rows),
            Some(cols) => format!("({}, {cols})", self.rows),
        }
    }

    /// The values as features of a modality; a list is one column.
    pub fn into_features(self) -> Result<Features, DataError> {
        let (rows, cols) = (self.rows, self.cols.unwrap_or(1));
        match self.values {
            Values::F32(values, _) => Ok(Matrix::from_vec(rows, cols, values).into()),
            Values::F64(values) => Ok(Matrix::from_vec(rows, cols, values).into()),
            Values::Int(values) => {
                if let Some(at) = values.iter().position(|v| !(-EXACT..=EXACT).contains(v)) {
                    return Err(LayoutError::WouldRound {
                        modality: shown(&self.name),
                        row: at / cols,
                        column: at % cols,
                        value: values.get(at).copied().unwrap_or_default(),
                    }
                    .into());
                }
                let values: Vec<f64> = values.into_iter().map(|v| v as f64).collect();
                Ok(Matrix::from_vec(rows, cols, values).into())
            }
            Values::Text { .. } => Err(LayoutError::TextFeatures { modality: shown(&self.name) }.into()),
        }
    }

    /// The values as labels: integers, truth values, whole floating-point
    /// numbers, or texts.
    pub fn into_labels(self, limits: &Limits) -> Result<Labels, DataError> {
        let array = self.into_list("labels")?;
        match array.values {
            Values::Text { codes, distinct, untyped: true } => Ok(Labels::from_texts(codes, &distinct)),
            Values::Text { codes, distinct, untyped: false } => {
                Ok(Labels::from_distinct_strings(codes, &distinct))
            }
            values => Self { values, ..array }.into_integer_labels("labels", limits),
        }
    }

    /// The values as labels that are integers, truth values or whole
    /// floating-point numbers; `what` they are is for messages.
    pub(in crate::formats) fn into_integer_labels(
        self,
        what: &'static str,
        limits: &Limits,
    ) -> Result<Labels, DataError> {
        Ok(Labels::from_integer_iter(self.into_list(what)?.values.integers(what, limits)?))
    }

    /// The values as groups.
    pub fn into_groups(self, limits: &Limits) -> Result<Groups, DataError> {
        let array = self.into_list("groups")?;
        match array.values {
            Values::Text { codes, distinct, .. } => Ok(Groups::from_codes(codes, &distinct)),
            values => Ok(Groups::from_integer_iter(values.integers("groups", limits)?)),
        }
    }

    /// The values as texts, in order; numbers in decimal form.
    pub fn into_texts(self, what: &'static str, limits: &Limits) -> Result<Vec<String>, DataError> {
        let array = self.into_list(what)?;
        within("class names", array.rows as u64, limits.max_distinct as u64)?;
        match array.values {
            Values::Text { codes, distinct, .. } => {
                Ok(codes.iter().filter_map(|c| distinct.get(*c as usize).cloned()).collect())
            }
            values => Ok(values.integers(what, limits)?.map(|i| i.to_string()).collect()),
        }
    }

    /// The values as row numbers or folds, which count from 0.
    pub fn into_counts(self, what: &'static str) -> Result<Vec<u32>, DataError> {
        let array = self.into_list(what)?;
        let values = match array.values {
            Values::Text { codes, distinct, untyped: true } => Values::parsed(&codes, &distinct, what)?,
            Values::Text { untyped: false, .. } => return Err(LayoutError::TextNumbers { what }.into()),
            values => values,
        };
        let mut counts = Vec::with_capacity(array.rows);
        values.for_integers(what, |entry, value| match u32::try_from(value) {
            Ok(count) => {
                counts.push(count);
                Ok(())
            }
            Err(_) => Err(LayoutError::NotCountable { what, entry, value }),
        })?;
        Ok(counts)
    }

    /// The values as the row numbers of a part: such numbers, or a mask of
    /// truth values over all rows.
    pub fn into_part(self, what: &'static str, n_samples: usize) -> Result<Vec<u32>, DataError> {
        let Values::F32(mask, Kind::Bool) = &self.values else { return self.into_counts(what) };
        if self.rows != n_samples || self.cols.is_some_and(|c| c != 1) {
            return Err(LayoutError::MaskLength { what, found: mask.len(), expected: n_samples }.into());
        }
        let rows = || mask.iter().enumerate().filter(|(_, is_in)| **is_in == 1.0);
        let mut part = Vec::with_capacity(rows().count());
        part.extend(rows().map(|(i, _)| i as u32));
        Ok(part)
    }

    /// The same values as a list; a matrix of one column is one.
    fn into_list(self, what: &'static str) -> Result<Self, DataError> {
        match self.cols {
            None | Some(1) => Ok(Self { cols: None, ..self }),
            Some(_) => Err(LayoutError::NotAList { what, shape: self.shape() }.into()),
        }
    }
}

impl Values {
    /// How many there are.
    pub(in crate::formats) fn count(&self) -> usize {
        match self {
            Self::F32(values, _) => values.len(),
            Self::F64(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Text { codes, .. } => codes.len(),
        }
    }

    /// Texts that are all integers, as such.
    fn parsed(codes: &[u32], distinct: &[String], what: &'static str) -> Result<Self, DataError> {
        let integers: Option<Vec<i64>> = distinct.iter().map(|text| text.parse().ok()).collect();
        let integers = integers.ok_or(LayoutError::TextNumbers { what })?;
        Ok(Self::Int(codes.iter().filter_map(|c| integers.get(*c as usize).copied()).collect()))
    }

    /// The values as integers, if all are and not too many are distinct.
    fn integers(&self, what: &'static str, limits: &Limits) -> Result<Integers<'_>, DataError> {
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        self.for_integers(what, |_, value| {
            (low, high) = (low.min(value), high.max(value));
            Ok(())
        })?;
        // No more are distinct than lie between the least and the largest.
        if i128::from(high) - i128::from(low) < limits.max_distinct as i128 {
            return Ok(Integers { values: self, at: 0 });
        }
        let mut distinct = BTreeSet::new();
        self.for_integers(what, |_, value| {
            if distinct.len() <= limits.max_distinct {
                distinct.insert(value);
            }
            Ok(())
        })?;
        within("distinct labels or groups", distinct.len() as u64, limits.max_distinct as u64)?;
        Ok(Integers { values: self, at: 0 })
    }

    /// Calls `visit(entry, value)` on the values as integers.
    fn for_integers(
        &self,
        what: &'static str,
        mut visit: impl FnMut(usize, i64) -> Result<(), LayoutError>,
    ) -> Result<(), LayoutError> {
        let mut whole = |entry: usize, value: f64| {
            if value.fract() == 0.0 && value.abs() <= EXACT as f64 {
                visit(entry, value as i64)
            } else {
                Err(LayoutError::NotWhole { what, entry, value })
            }
        };
        match self {
            Self::F32(values, _) => values.iter().enumerate().try_for_each(|(i, v)| whole(i, f64::from(*v))),
            Self::F64(values) => values.iter().enumerate().try_for_each(|(i, v)| whole(i, *v)),
            Self::Int(values) => values.iter().enumerate().try_for_each(|(i, v)| visit(i, *v)),
            Self::Text { .. } => Err(LayoutError::TextNumbers { what }),
        }
    }
}

/// Numbers that are known to be whole, one by one.
#[derive(Clone)]
struct Integers<'a> {
    values: &'a Values,
    at: usize,
}

impl Iterator for Integers<'_> {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let next = match self.values {
            Values::F32(values, _) => values.get(self.at).map(|v| *v as i64),
            Values::F64(values) => values.get(self.at).map(|v| *v as i64),
            Values::Int(values) => values.get(self.at).copied(),
            Values::Text { .. } => None,
        };
        self.at += 1;
        next
    }
}
