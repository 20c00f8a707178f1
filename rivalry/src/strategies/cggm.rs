//! Classifier-guided gradient modulation: a classifier per modality, trained beside the network
//! without touching the encoders, tells how fast each modality improves; encoders of modalities
//! that improve faster than the rest learn slower, and a term draws the joint head's gradient
//! towards that of each classifier.
//!
//! With D_m the change of classifier m's accuracy on the batch since the last step, the factor
//! is B_m = (sum D - D_m) / sum D; where the sum is almost zero there is no modulation, and
//! factors are kept within [0, 2]: the published form has neither guard. The direction term is
//! lambda / M sum_m (|B_m| - B_m cos(G_m, g_m)), G_m the gradient of the joint loss at branch
//! m's head, g_m that of its classifier, which is held constant.

use crate::model::{Workspace, loss};
use crate::num::{Matrix, Scalar, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{given, shares, softmax};
use super::{Needs, Objective, On, Step, Strategy, Term};

/// Sums of changes smaller than this say nothing.
const STILL: f64 = 1e-6;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "cggm",
        summary: "classifiers beside the network tell which encoder to slow and where to",
        cites: &[Citation {
            key: "guo2024cggm",
            text: "Z. Guo, T. Jin, J. Chen, Z. Zhao. Classifier-guided Gradient Modulation for Enhanced Multimodal \
                   Learning. NeurIPS 2024",
            url: "https://arxiv.org/abs/2411.01409",
        }],
        knobs: &[
            Knob {
                name: "rho",
                default: Default::Number(1.3),
                range: Range::Between(0.0, 10.0),
                meaning: "factor on every modulated gradient; 0 leaves lengths alone",
            },
            Knob {
                name: "lambda",
                default: Default::Number(0.2),
                range: Range::Between(0.0, 100.0),
                meaning: "factor on the direction term; 0 together with rho 0 is naive joint training",
            },
        ],
        build: |settings| {
            Box::new(Cggm {
                rho: settings.number("rho"),
                lambda: settings.number("lambda"),
                accuracies: Vec::new(),
                now: Vec::new(),
                factors: Vec::new(),
            })
        },
    }
}

struct Cggm<T> {
    rho: f64,
    lambda: f64,
    /// Accuracy of every classifier on the last step's batch.
    accuracies: Vec<T>,
    /// Of the present step: accuracies, and the factors B.
    now: Vec<f64>,
    factors: Vec<f64>,
}

/// B of every modality from the changes of accuracies.
fn balance(changes: &[f64]) -> Vec<f64> {
    let total: f64 = changes.iter().sum();
    let of =
        |change: &f64| if total.abs() < STILL { 1.0 } else { ((total - change) / total).clamp(0.0, 2.0) };
    changes.iter().map(of).collect()
}

/// The direction term on one branch: its value, and its gradient at the branch's embedding
/// and at the fused logits. G = R^T F with R the rows of the joint loss's gradient at the
/// logits and F the embeddings.
fn towards_classifier(
    embedding: &Matrix<f64>,
    residual: &Matrix<f64>,
    p: &Matrix<f64>,
    own: &Matrix<f64>,
    shares: &[f64],
    unit: (f64, f64),
) -> (f64, Matrix<f64>, Matrix<f64>) {
    let (n, width, n_classes) = (embedding.rows(), embedding.cols(), residual.cols());
    let at_head = |rows: &Matrix<f64>| {
        Matrix::from_fn(n_classes, width, |k, c| sums::sum_by(n, |i| rows.row(i)[k] * embedding.row(i)[c]))
    };
    let (joint, alone) = (at_head(residual), at_head(own));
    let square = |g: &Matrix<f64>| sums::sum_by(g.as_slice().len(), |i| g.as_slice()[i] * g.as_slice()[i]);
    let (of_joint, of_alone) = (square(&joint).sqrt(), square(&alone).sqrt());
    let (mut at_embedding, mut at_fused) = (Matrix::zeros(n, width), Matrix::zeros(n, n_classes));
    if of_joint == 0.0 || of_alone == 0.0 {
        return (0.0, at_embedding, at_fused);
    }
    let (weight, factor) = unit;
    let dot = sums::sum_by(joint.as_slice().len(), |i| joint.as_slice()[i] * alone.as_slice()[i]);
    let cosine = dot / (of_joint * of_alone);
    // Of -factor cos at the joint gradient.
    let slope = Matrix::from_fn(n_classes, width, |k, c| {
        let towards = alone.row(k)[c] / of_alone - cosine * joint.row(k)[c] / of_joint;
        -weight * factor * towards / of_joint
    });
    for i in 0..n {
        for c in 0..width {
            at_embedding.row_mut(i)[c] = sums::sum_by(n_classes, |k| residual.row(i)[k] * slope.row(k)[c]);
        }
        let at_residual: Vec<f64> =
            (0..n_classes).map(|k| sums::sum_by(width, |c| embedding.row(i)[c] * slope.row(k)[c])).collect();
        let mean = sums::sum_by(n_classes, |k| p.row(i)[k] * at_residual[k]);
        for k in 0..n_classes {
            at_fused.row_mut(i)[k] = shares[i] * p.row(i)[k] * (at_residual[k] - mean);
        }
    }
    (weight * (factor.abs() - factor * cosine), at_embedding, at_fused)
}

/// share (p - one-hot label), row by row.
fn residual(p: &Matrix<f64>, labels: &[u32], shares: &[f64]) -> Matrix<f64> {
    Matrix::from_fn(p.rows(), p.cols(), |i, k| {
        shares[i] * (p.row(i)[k] - f64::from(u8::from(k == labels[i] as usize)))
    })
}

impl<T: Scalar> Strategy<T> for Cggm<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, modulates: true, stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        let model = at.epoch.model;
        let n_branches = model.branches().len();
        self.factors.clear();
        if self.rho == 0.0 && self.lambda == 0.0 {
            return;
        }
        (0..n_branches).for_each(|b| objective.add(Term::cross_entropy(On::Own(b), 1.0).stopped()));
        self.now = (0..n_branches).map(|b| loss::accuracy(outputs.own_logits(b), at.labels)).collect();
        let before = |b: usize| self.accuracies.get(b).map_or(self.now[b], |a| a.to_f64());
        let changes: Vec<f64> = (0..n_branches).map(|b| self.now[b] - before(b)).collect();
        self.factors = balance(&changes);
        if self.lambda == 0.0 {
            return;
        }
        let shares = shares(at);
        let p = softmax(outputs.fused());
        let joint = residual(&p, at.labels, &shares);
        for b in 0..n_branches {
            if model.branches()[b].own_head_params().is_none() {
                continue;
            }
            let embedding = outputs.embedding(b).to_matrix().map(Scalar::to_f64);
            let own = residual(&softmax(outputs.own_logits(b)), at.labels, &shares);
            let unit = (self.lambda / n_branches as f64, self.factors[b]);
            let (value, at_embedding, at_fused) =
                towards_classifier(&embedding, &joint, &p, &own, &shares, unit);
            objective.add(given(On::Embedding(b), value, &at_embedding));
            objective.add(given(On::Fused, 0.0, &at_fused));
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        if self.rho > 0.0 {
            for (branch, factor) in at.epoch.model.branches().iter().zip(&self.factors) {
                let factor = T::from_f64(self.rho * factor);
                groups[0][branch.encoder_params()].iter_mut().for_each(|g| *g *= factor);
            }
        }
        self.accuracies = self.now.iter().map(|a| T::from_f64(*a)).collect();
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("accuracies", &mut self.accuracies)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/cggm.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_a_modality_improves_the_smaller_its_factor() {
        let b = balance(&[0.3, 0.1]);
        assert!((b[0] - 0.25).abs() < 1e-12 && (b[1] - 0.75).abs() < 1e-12);
        assert_eq!(balance(&[0.2, -0.2]), [1.0, 1.0]);
        assert_eq!(balance(&[0.3, -0.1]), [0.0, 1.5]);
        assert_eq!(balance(&[0.3, -0.29]), [0.0, 2.0]);
    }
}
