//! What a network says, and the canonical cut of it.

use crate::num::{Matrix, Scalar};

/// What a network says about a set of samples.
#[derive(Clone, Debug)]
pub struct Outputs<T> {
    /// Per branch: n x K raw logits; they sum to the fused logits.
    pub logits: Vec<Matrix<T>>,
    /// Per branch: n x width embeddings.
    pub embeddings: Vec<Matrix<T>>,
    /// n x K: the sum over branches.
    pub fused: Matrix<T>,
}

impl<T: Scalar> Outputs<T> {
    /// The canonical cut of the fused logits into per-modality logits, given
    /// each branch's mean logits over the training set.
    ///
    /// A constant can be moved between the branches without changing the
    /// network, so the raw cut is arbitrary. Here every branch is centred on
    /// its training mean (features centred, their mean folded into the bias)
    /// and the total bias is shared equally; the branches still sum to the
    /// fused logits.
    pub fn centred(&self, train_means: &[Vec<f64>]) -> Vec<Matrix<T>> {
        let n_branches = self.logits.len() as f64;
        let n_classes = self.fused.cols();
        let total: Vec<f64> = (0..n_classes).map(|k| train_means.iter().map(|m| m[k]).sum()).collect();
        self.logits
            .iter()
            .zip(train_means)
            .map(|(z, mean)| {
                Matrix::from_fn(z.rows(), n_classes, |r, k| {
                    z.row(r)[k] + T::from_f64(total[k] / n_branches - mean[k])
                })
            })
            .collect()
    }

    /// Mean logits of each branch over these samples: what [`Outputs::centred`]
    /// needs from the training set.
    pub fn mean_logits(&self) -> Vec<Vec<f64>> {
        let mean = |z: &Matrix<T>, k: usize| {
            crate::num::sums::sum_by(z.rows(), |r| z.row(r)[k].to_f64()) / z.rows() as f64
        };
        self.logits.iter().map(|z| (0..z.cols()).map(|k| mean(z, k)).collect()).collect()
    }
}
