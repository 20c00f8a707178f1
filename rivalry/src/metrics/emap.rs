//! The empirical multimodally-additive projection (Hessel, Lee, EMNLP 2020): the
//! additive function nearest to a model's scores on all combinations of its inputs.
//!
//! It is in no report on our networks: late fusion is additive, so its
//! projection is the model itself and the gap is exactly 0. It is for models that are
//! called from outside, on every combination of the modalities of some samples.

use crate::model::loss;
use crate::num::sums;

/// Scores of a model on every combination of its modalities' inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Inputs per modality.
    sizes: Vec<usize>,
    n_classes: usize,
    /// sizes[0] x sizes[1] x ... x `n_classes`, the last index fastest.
    values: Vec<f64>,
}

/// Why scores are no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoresError {
    /// The sizes and the number of values do not belong together.
    #[error("{found} scores are no table of {expected}")]
    Size {
        /// Number of scores given.
        found: usize,
        /// The sizes that were given.
        expected: String,
    },
    /// A score is infinite or no number.
    #[error("score {0} is not finite")]
    NotFinite(usize),
    /// Paired samples need as many inputs of every modality as labels.
    #[error("{labels} labels do not fit {sizes:?} inputs per modality")]
    Labels {
        /// Labels given.
        labels: usize,
        /// Inputs per modality.
        sizes: Vec<usize>,
    },
}

impl Scores {
    /// A table; `values` with the class as the fastest index, then the last modality.
    pub fn new(sizes: Vec<usize>, n_classes: usize, values: Vec<f64>) -> Result<Self, ScoresError> {
        let cells = sizes.iter().try_fold(n_classes, |all, size| all.checked_mul(*size));
        if sizes.is_empty() || cells != Some(values.len()) || values.is_empty() {
            let shape: Vec<String> = sizes.iter().chain([&n_classes]).map(ToString::to_string).collect();
            return Err(ScoresError::Size { found: values.len(), expected: shape.join(" x ") });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(ScoresError::NotFinite(at)),
            None => Ok(Self { sizes, n_classes, values }),
        }
    }

    /// The scores, in the order of [`Scores::new`].
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The projection: sum over modalities r of the mean over all others, minus
    /// (M - 1) times the mean over everything. It does not change an additive table.
    pub fn additive(&self) -> Self {
        let mut values = vec![0.0; self.values.len()];
        let combinations = self.values.len() / self.n_classes;
        let m = self.sizes.len();
        for class in 0..self.n_classes {
            let score = |i: usize| self.values[i * self.n_classes + class];
            let grand = sums::sum_by(combinations, score) / combinations as f64;
            let effects: Vec<Vec<f64>> = (0..m)
                .map(|modality| {
                    let mut totals = vec![0.0; self.sizes[modality]];
                    for i in 0..combinations {
                        totals[self.input(i, modality)] += score(i);
                    }
                    let n = (combinations / self.sizes[modality]) as f64;
                    totals.into_iter().map(|total| total / n).collect()
                })
                .collect();
            for i in 0..combinations {
                let main: f64 = (0..m).map(|modality| effects[modality][self.input(i, modality)]).sum();
                values[i * self.n_classes + class] = main - (m - 1) as f64 * grand;
            }
        }
        Self { sizes: self.sizes.clone(), n_classes: self.n_classes, values }
    }

    /// Whether it is right about paired samples, each 0 or 1: the scores, and
    /// their projection.
    ///
    /// # Errors
    /// As [`Scores::accuracies`].
    pub fn right(&self, labels: &[u32]) -> Result<(Vec<f32>, Vec<f32>), ScoresError> {
        let n = labels.len();
        let known = labels.iter().all(|label| (*label as usize) < self.n_classes);
        if !known || self.sizes.iter().any(|size| *size != n) {
            return Err(ScoresError::Labels { labels: n, sizes: self.sizes.clone() });
        }
        let right = |of: &Self| {
            (0..n).map(|i| f32::from(u8::from(loss::is_right(of.paired(i), labels[i])))).collect()
        };
        Ok((right(self), right(&self.additive())))
    }

    /// Accuracy on paired samples (input i of every modality is sample i): of the scores,
    /// and of their projection. The difference is the EMAP gap: what the model
    /// owes to interactions.
    pub fn accuracies(&self, labels: &[u32]) -> Result<(f64, f64), ScoresError> {
        let (own, additive) = self.right(labels)?;
        let share = |right: Vec<f32>| sums::sum_by(right.len(), |i| f64::from(right[i])) / right.len() as f64;
        Ok((share(own), share(additive)))
    }

    /// Which input of a modality combination `i` holds.
    fn input(&self, i: usize, modality: usize) -> usize {
        let behind: usize = self.sizes[modality + 1..].iter().product();
        i / behind % self.sizes[modality]
    }

    /// The scores of input `i` of every modality.
    fn paired(&self, i: usize) -> &[f64] {
        let at = self.sizes.iter().fold(0, |at, size| at * size + i);
        &self.values[at * self.n_classes..(at + 1) * self.n_classes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusive_or_is_all_interaction() {
        let scores = Scores::new(vec![2, 2], 1, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
        assert_eq!(scores.additive().values(), [0.5; 4]);
    }

    #[test]
    fn additive_tables_stay_as_they_are() {
        let sizes = [3, 2, 4];
        let mut values = Vec::new();
        for a in 0..3 {
            for b in 0..2 {
                for c in 0..4 {
                    values.extend([f64::from(a * a) - f64::from(b) + 0.5 * f64::from(c), f64::from(b + c)]);
                }
            }
        }
        let scores = Scores::new(sizes.to_vec(), 2, values).unwrap();
        let projected = scores.additive();
        assert!(projected.values().iter().zip(scores.values()).all(|(p, v)| (p - v).abs() < 1e-12));
        let twice = projected.additive();
        assert!(twice.values().iter().zip(projected.values()).all(|(t, p)| (t - p).abs() < 1e-12));
    }

    #[test]
    fn the_gap_is_what_interactions_earn() {
        // Class 1 where the signs differ: two scores, the second the product.
        let signs = [1.0, -1.0, 1.0, -1.0];
        let other = [1.0, 1.0, -1.0, -1.0];
        let mut values = Vec::new();
        for a in signs {
            for b in other {
                values.extend([0.0, -a * b]);
            }
        }
        let scores = Scores::new(vec![4, 4], 2, values).unwrap();
        assert_eq!(scores.accuracies(&[0, 1, 1, 0]).unwrap(), (1.0, 0.0));
        assert!(scores.accuracies(&[0, 1]).is_err() && scores.accuracies(&[0, 1, 1, 2]).is_err());
    }

    #[test]
    fn what_is_no_table_is_named() {
        let message = Scores::new(vec![2, 2], 2, vec![0.0; 7]).unwrap_err().to_string();
        assert_eq!(message, "7 scores are no table of 2 x 2 x 2");
        assert!(Scores::new(vec![], 2, vec![]).is_err() && Scores::new(vec![0], 2, vec![]).is_err());
        assert_eq!(Scores::new(vec![1], 1, vec![f64::NAN]), Err(ScoresError::NotFinite(0)));
    }
}
