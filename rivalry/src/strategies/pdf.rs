//! Predictive dynamic fusion: a predictor beside each encoder says how likely the modality is to
//! be right about a sample; fusion weights come from these predictions, relative to each other
//! and calibrated by how far the modality's distribution is from uniform.
//!
//! The predictor of modality m is a sigmoid on its embedding (the first output of its own head)
//! trained on the probability p_m(y) of the right class. With c_m its value, the weight of a
//! modality is the softmax of r_m (c_m + h_m): h_m = sum over the others of ln c over that over
//! all, and r_m = min(1, u_m / mean of the others' u), u_m the mean distance of p_m from 1/K.
//! Weights are held constant in the gradient of the joint loss.

use crate::model::Workspace;
use crate::num::{Matrix, MatrixView, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, cross_entropy, given, of_labels, shares, sigmoid, softmax};
use super::{Fusing, Needs, Objective, On, Step, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "pdf",
        summary: "weigh modalities by sample, by predicted chances of being right",
        cites: &[Citation {
            key: "cao2024pdf",
            text: "B. Cao, Y. Xia, Y. Ding, C. Zhang, Q. Hu. Predictive Dynamic Fusion. ICML 2024",
            url: "https://arxiv.org/abs/2406.04802",
        }],
        knobs: &[
            Knob {
                name: "auxiliary",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the loss of each modality's logits",
            },
            Knob {
                name: "predict",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the squared error of the predictors",
            },
        ],
        build: |settings| {
            Box::new(Pdf { auxiliary: settings.number("auxiliary"), predict: settings.number("predict") })
        },
    }
}

struct Pdf {
    auxiliary: f64,
    predict: f64,
}

/// Fusion weights of one sample from the predicted chances and the distances from uniform.
fn weigh(chances: &[f64], uniformity: &[f64]) -> Vec<f64> {
    let n = chances.len();
    let logs: Vec<f64> = chances.iter().map(|c| special::ln(c.clamp(1e-8, 1.0 - 1e-8))).collect();
    let all: f64 = logs.iter().sum();
    let scores: Vec<f64> = (0..n)
        .map(|m| {
            let others = uniformity.iter().sum::<f64>() - uniformity[m];
            let relative = if others > 0.0 { uniformity[m] * (n - 1) as f64 / others } else { 1.0 };
            relative.min(1.0) * (chances[m] + (all - logs[m]) / all)
        })
        .collect();
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = scores.iter().map(|s| special::exp(s - top)).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|w| w / total).collect()
}

/// Mean distance of a distribution from the uniform one.
fn from_uniform(p: &[f64]) -> f64 {
    let n = p.len() as f64;
    p.iter().map(|p| (p - 1.0 / n).abs()).sum::<f64>() / n
}

/// Weights of every sample, given each modality's distribution and predicted chances.
fn weights(p: &[Matrix<f64>], chances: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of = |i: usize| {
        let c: Vec<f64> = chances.iter().map(|c| c[i]).collect();
        let u: Vec<f64> = p.iter().map(|p| from_uniform(p.row(i))).collect();
        weigh(&c, &u)
    };
    (0..p[0].rows()).map(of).collect()
}

impl<T: Scalar> Strategy<T> for Pdf {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, modulates: true, fuses: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let n_branches = at.epoch.model.branches().len();
        let shares = shares(at);
        let logits: Vec<Matrix<f64>> = Cut::Raw.logits(at.epoch.model, outputs);
        let p: Vec<_> = logits.iter().map(|z| softmax(z.view())).collect();
        let first = |z: MatrixView<'_, T>| (0..z.rows()).map(|i| sigmoid(z.row(i)[0].to_f64())).collect();
        let chances: Vec<Vec<f64>> = (0..n_branches).map(|b| first(outputs.own_logits(b))).collect();
        let weights = weights(&p, &chances);
        let fused = Matrix::from_fn(at.labels.len(), at.epoch.model.n_classes(), |i, k| {
            (0..n_branches).map(|b| weights[i][b] * logits[b].row(i)[k]).sum()
        });
        let (joint, at_fused) = cross_entropy(&fused, at.labels, &shares);
        for (b, z) in logits.iter().enumerate() {
            let (own, mut gradient) = cross_entropy(z, at.labels, &shares);
            for (i, weights) in weights.iter().enumerate() {
                for (g, of_fused) in gradient.row_mut(i).iter_mut().zip(at_fused.row(i)) {
                    *g = self.auxiliary * *g + weights[b] * of_fused;
                }
            }
            let value = self.auxiliary * own + if b == 0 { joint } else { 0.0 };
            objective.add(given(On::Branch(b), value, &gradient));
            let mut at_predictor = Matrix::zeros(z.rows(), z.cols());
            let mut error = 0.0;
            for (i, right) in of_labels(&p[b], at.labels).into_iter().enumerate() {
                let (c, unit) = (chances[b][i], self.predict * shares[i]);
                error += unit * (c - right) * (c - right);
                at_predictor.row_mut(i)[0] = 2.0 * unit * (c - right) * c * (1.0 - c);
            }
            objective.add(given(On::Own(b), error, &at_predictor).stopped());
        }
    }

    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let logits = &at.outputs.logits;
        let p: Vec<_> = logits.iter().map(|z| softmax(z.view())).collect();
        let chance = |b: usize, i: usize| {
            let (f, branch) = (at.outputs.embeddings[b].row(i), &at.model.branches()[b]);
            // Without a head of its own the encoder's first logit stands for it, as in training.
            let Some(own) = branch.own_head_params() else { return sigmoid(f[0].to_f64()) };
            let (weights, bias) =
                (&at.params[own.start..own.start + f.len()], at.params[own.end - p[b].cols()]);
            let z: f64 = f.iter().zip(weights).map(|(f, w)| f.to_f64() * w.to_f64()).sum();
            sigmoid(z + bias.to_f64())
        };
        let chances: Vec<Vec<f64>> =
            (0..logits.len()).map(|b| (0..p[b].rows()).map(|i| chance(b, i)).collect()).collect();
        let weights = weights(&p, &chances);
        Some(Matrix::from_fn(p[0].rows(), at.model.n_classes(), |i, k| {
            let of = |(z, weight): (&Matrix<T>, &f64)| weight * z.row(i)[k].to_f64();
            T::from_f64(logits.iter().zip(&weights[i]).map(of).sum())
        }))
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/pdf.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_follow_chances_and_distance_from_uniform() {
        let sure = [0.97, 0.01, 0.01, 0.01];
        let w = weigh(&[0.9, 0.5], &[from_uniform(&sure), from_uniform(&sure)]);
        // h = (ln 0.5, ln 0.9) / ln 0.45.
        let all = special::ln(0.45);
        let s = [0.9 + special::ln(0.5) / all, 0.5 + special::ln(0.9) / all];
        assert!((w[0] - 1.0 / (1.0 + special::exp(s[1] - s[0]))).abs() < 1e-12);
        assert!((from_uniform(&sure) - 0.36).abs() < 1e-12 && from_uniform(&[0.25; 4]) == 0.0);
        let vague = weigh(&[0.9, 0.5], &[0.1, 0.36]);
        assert!(vague[0] < w[0], "a modality whose distribution is flat weighs less");
    }
}
