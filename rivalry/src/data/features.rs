//! Features of one modality, kept exactly as they were read.

use crate::num::{Matrix, Scalar};

/// A samples x features matrix in the precision it came in. Never rounded:
/// what fits `f32` without loss (bool, 8- and 16-bit integers, `f16`, `f32`) is
/// kept as `f32`, everything else as `f64`.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Single precision.
    F32(Matrix<f32>),
    /// Double precision.
    F64(Matrix<f64>),
}

impl Features {
    /// Number of samples.
    pub fn rows(&self) -> usize {
        match self {
            Self::F32(m) => m.rows(),
            Self::F64(m) => m.rows(),
        }
    }

    /// Number of features.
    pub fn cols(&self) -> usize {
        match self {
            Self::F32(m) => m.cols(),
            Self::F64(m) => m.cols(),
        }
    }

    /// One value, widened.
    pub fn get(&self, r: usize, c: usize) -> f64 {
        match self {
            Self::F32(m) => f64::from(m.row(r)[c]),
            Self::F64(m) => m.row(r)[c],
        }
    }

    /// `f32` or `f64`.
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::NAME,
            Self::F64(_) => f64::NAME,
        }
    }

    /// Calls `visit(column, value)` over one row, in order.
    pub(crate) fn for_row(&self, r: usize, mut visit: impl FnMut(usize, f64)) {
        match self {
            Self::F32(m) => m.row(r).iter().enumerate().for_each(|(c, v)| visit(c, f64::from(*v))),
            Self::F64(m) => m.row(r).iter().enumerate().for_each(|(c, v)| visit(c, *v)),
        }
    }

    /// How many values are not finite, and the first of them as (row, column,
    /// value).
    pub(crate) fn not_finite(&self) -> Option<(usize, usize, f64, usize)> {
        fn scan<T: Scalar>(m: &Matrix<T>) -> Option<(usize, usize, f64, usize)> {
            let first = m.as_slice().iter().position(|v| !v.is_finite())?;
            let count = m.as_slice()[first..].iter().filter(|v| !v.is_finite()).count();
            Some((first / m.cols(), first % m.cols(), m.as_slice()[first].to_f64(), count))
        }
        match self {
            Self::F32(m) => scan(m),
            Self::F64(m) => scan(m),
        }
    }
}

impl From<Matrix<f32>> for Features {
    fn from(matrix: Matrix<f32>) -> Self {
        Self::F32(matrix)
    }
}

impl From<Matrix<f64>> for Features {
    fn from(matrix: Matrix<f64>) -> Self {
        Self::F64(matrix)
    }
}

/// One way of looking at the samples: a name and its features.
#[derive(Clone, Debug, PartialEq)]
pub struct Modality {
    /// Unique within a data set; see [`super::Dataset::new`] for what is allowed.
    pub name: String,
    /// One row per sample.
    pub features: Features,
}

impl Modality {
    /// A modality from its name and features.
    pub fn new(name: &str, features: impl Into<Features>) -> Self {
        Self { name: name.to_owned(), features: features.into() }
    }
}
