//! Standardisation: each feature minus its mean, divided by its standard
//! deviation, both taken over training rows only.
//!
//! Never looks at a row that it was not given, and never produces NaN or
//! infinity from finite features.

use super::Features;
use crate::num::sums::CHUNK;
use crate::num::{Matrix, Scalar};

/// How many standard deviations from the mean a value may be: no fitted row is
/// ever that far, and a damaged value in a test row stays harmless instead of
/// overflowing every sum that it enters.
pub const FARTHEST: f64 = 1e12;

/// Means and standard deviations of the features of one modality.
///
/// The standard deviation divides by n, as scikit-learn's `StandardScaler`. A
/// feature with one value in all fitted rows is constant: it becomes 0 in
/// every row, fitted or not. Everything is computed in `f64` on values scaled
/// by a power of two, so features of 1e300 and subnormal ones are as accurate
/// as ordinary ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    columns: Vec<Column>,
    mean: Vec<f64>,
    scale: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    /// Powers of two whose product brings the largest value near 1; two,
    /// because 2^1074 is not a number.
    shrink: [f64; 2],
    /// Mean of the shrunken values, and what rounding took from it: features
    /// that vary in their last bits only have their mean between two numbers.
    mean: [f64; 2],
    /// Standard deviation of the shrunken values; 0 for a constant feature.
    sd: f64,
}

impl Column {
    fn shrunken(&self, value: f64) -> f64 {
        value * self.shrink[0] * self.shrink[1]
    }

    fn deviation(&self, value: f64) -> f64 {
        (self.shrunken(value) - self.mean[0]) - self.mean[1]
    }
}

impl Scaler {
    /// Fits on the given rows. Without rows every feature is constant at 0.
    pub fn fit(features: &Features, rows: &[u32]) -> Self {
        let n_cols = features.cols();
        let mut extremes = vec![(f64::INFINITY, f64::NEG_INFINITY); n_cols];
        for r in rows {
            features.for_row(*r as usize, |c, v| {
                extremes[c] = (extremes[c].0.min(v), extremes[c].1.max(v));
            });
        }
        let mut columns: Vec<Column> = extremes
            .iter()
            .map(|(low, high)| {
                let (_, exponent) =
                    libm::frexp(if rows.is_empty() { 0.0 } else { low.abs().max(high.abs()) });
                let half = -exponent / 2;
                Column {
                    shrink: [libm::ldexp(1.0, half), libm::ldexp(1.0, -exponent - half)],
                    mean: [0.0; 2],
                    sd: 0.0,
                }
            })
            .collect();

        let n = rows.len() as f64;
        for part in 0..2 {
            let totals = column_sums(features, rows, |c, v| columns[c].deviation(v));
            columns.iter_mut().zip(totals).for_each(|(column, total)| column.mean[part] = total / n);
        }
        let squares = column_sums(features, rows, |c, v| {
            let deviation = columns[c].deviation(v);
            deviation * deviation
        });
        for (c, column) in columns.iter_mut().enumerate() {
            if rows.is_empty() {
                column.mean = [0.0; 2];
            } else if extremes[c].0 == extremes[c].1 {
                column.mean = [column.shrunken(extremes[c].0), 0.0];
            } else {
                column.sd = (squares[c] / n).sqrt();
            }
        }
        let original = |column: &Column, value: f64| value / column.shrink[0] / column.shrink[1];
        Self {
            mean: columns.iter().map(|c| original(c, c.mean[0] + c.mean[1])).collect(),
            scale: columns.iter().map(|c| original(c, c.sd)).collect(),
            columns,
        }
    }

    /// The standardised rows, in the given order, as training wants them.
    /// Values beyond [`FARTHEST`] standard deviations stop there.
    pub fn apply<T: Scalar>(&self, features: &Features, rows: &[u32]) -> Matrix<T> {
        assert_eq!(features.cols(), self.columns.len(), "a scaler fitted on other features");
        let mut out = Vec::with_capacity(rows.len() * self.columns.len());
        for r in rows {
            features.for_row(*r as usize, |c, v| {
                let column = &self.columns[c];
                out.push(if column.sd == 0.0 {
                    T::ZERO
                } else {
                    let z = column.deviation(v) / column.sd;
                    T::from_f64(z.clamp(-FARTHEST, FARTHEST))
                });
            });
        }
        Matrix::from_vec(rows.len(), self.columns.len(), out)
    }

    /// The mean of each feature, in its own units.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The standard deviation of each feature, in its own units; 0 for a
    /// constant feature.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }
}

/// Sums of `value(column, x)` over rows, in the fixed order of `num::sums`.
fn column_sums(features: &Features, rows: &[u32], value: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut totals = vec![0.0; features.cols()];
    let mut partial = vec![0.0; features.cols()];
    for chunk in rows.chunks(CHUNK) {
        partial.fill(0.0);
        for r in chunk {
            features.for_row(*r as usize, |c, v| partial[c] += value(c, v));
        }
        totals.iter_mut().zip(&partial).for_each(|(total, p)| *total += p);
    }
    totals
}
