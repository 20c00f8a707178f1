//! What strategies share: the cut of the joint logits, weighted means over a batch, losses in
//! double precision.

use crate::model::{LateFusion, Role, Workspace, loss, meters};
use crate::num::{Matrix, MatrixView, Scalar, special, sums};
use crate::registry::{Default, Knob, Range, Settings};

use super::{On, Step, Term};

/// Which per-modality logits a method scores modalities by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Each branch's part of the joint head, with its bias: what is published. A constant
    /// moved between the branches changes it and changes no prediction.
    Raw,
    /// Each branch centred over the batch, the rest shared equally.
    Centred,
}

/// The knob of methods that score modalities by their part of the joint logits.
pub(super) const CUT: Knob = Knob {
    name: "cut",
    default: Default::Word("raw"),
    range: Range::OneOf(&["raw", "centred"]),
    meaning: "logits that a modality is scored by: its part of the joint head as published, or centred",
};

impl Cut {
    pub(super) fn of(settings: &Settings) -> Self {
        if settings.word("cut") == "raw" { Self::Raw } else { Self::Centred }
    }

    /// Each branch's logits, samples x classes.
    pub(super) fn logits<T: Scalar>(self, model: &LateFusion<T>, outputs: &Workspace<T>) -> Vec<Matrix<f64>> {
        let raw = (0..model.branches().len()).map(|b| outputs.logits(b));
        match self {
            Self::Raw => raw.map(|z| z.to_matrix().map(Scalar::to_f64)).collect(),
            Self::Centred => meters::centred(&raw.collect::<Vec<_>>()),
        }
    }
}

/// Each sample's share of a mean over the batch: sums to one, or to zero where all weights are.
pub(super) fn shares<T: Scalar>(at: &Step<'_, T>) -> Vec<f64> {
    let n = at.labels.len();
    let Some(weights) = at.weights else { return vec![1.0 / n as f64; n] };
    let total: f64 = weights.iter().map(|w| w.to_f64()).sum();
    weights.iter().map(|w| if total > 0.0 { w.to_f64() / total } else { 0.0 }).collect()
}

/// The softmax of every row.
pub(super) fn softmax<T: Scalar>(logits: MatrixView<'_, T>) -> Matrix<f64> {
    let double = logits.to_matrix().map(Scalar::to_f64);
    let mut p = Matrix::zeros(double.rows(), double.cols());
    loss::softmax(double.view(), &mut p.view_mut(), &mut vec![0.0; double.rows()]);
    p
}

/// Probability of the right class in every row of probabilities.
pub(super) fn of_labels(probabilities: &Matrix<f64>, labels: &[u32]) -> Vec<f64> {
    labels.iter().enumerate().map(|(i, y)| probabilities.row(i)[*y as usize]).collect()
}

/// The mean cross-entropy under `shares` and its gradient at the logits.
pub(super) fn cross_entropy(logits: &Matrix<f64>, labels: &[u32], shares: &[f64]) -> (f64, Matrix<f64>) {
    let mut gradient = Matrix::zeros(logits.rows(), logits.cols());
    let mut log_norm = vec![0.0; logits.rows()];
    loss::softmax(logits.view(), &mut gradient.view_mut(), &mut log_norm);
    let mut value = 0.0;
    for (i, (label, share)) in labels.iter().zip(shares).enumerate() {
        value += share * (log_norm[i] - logits.row(i)[*label as usize]);
        let row = gradient.row_mut(i);
        row[*label as usize] -= 1.0;
        for g in row {
            *g *= share;
        }
    }
    (value, gradient)
}

/// Entropy of a distribution, nats.
pub(super) fn entropy(p: &[f64]) -> f64 {
    p.iter().filter(|p| **p > 0.0).map(|p| -p * special::ln(*p)).sum()
}

/// 1 / (1 + e^-z) without overflow.
pub(super) fn sigmoid(z: f64) -> f64 {
    let small = special::exp(-z.abs());
    if z >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// The standard deviation of n values, with n - 1 below the sum of squares.
pub(super) fn deviation(n: usize, value: impl Fn(usize) -> f64) -> f64 {
    let mean = sums::sum_by(n, &value) / n as f64;
    let square = |i: usize| (value(i) - mean) * (value(i) - mean);
    (sums::sum_by(n, square) / (n as f64 - 1.0).max(1.0)).sqrt()
}

/// A term whose gradient was computed in double precision.
pub(super) fn given<T: Scalar>(on: On, value: f64, gradient: &Matrix<f64>) -> Term<T> {
    Term::given(on, value, gradient.map(T::from_f64))
}

/// The stretches of a branch's encoder that are weight matrices, not biases.
pub(super) fn matrices<T: Scalar>(
    model: &LateFusion<T>,
    branch: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let of_branch = move |t: &crate::model::NamedTensor| {
        t.branch == branch && t.role == Role::Encoder && t.name.ends_with("weight")
    };
    model.tensors().into_iter().filter(of_branch).map(|t| t.range)
}
