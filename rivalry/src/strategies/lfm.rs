//! Learning to fill the modality gap (LFM): the joint loss and a term that draws the
//! modalities' distributions together, twice their weighted sum, with weights that follow what
//! helps the validation loss.
//!
//! The term is the generalised Jensen-Shannon divergence of the distributions of each
//! modality's part of the joint logits. The paper learns the weights by a hyper-gradient
//! through one training step; here that step is the whole training part, once per epoch: a
//! weight grows with how far the gradient of its loss points along that of the validation loss
//! (exponentiated gradient, so that weights stay positive and sum to one). `schedule = fixed`
//! keeps the first weights; without a validation part they stay as well.

use crate::model::{Inputs, Slice, Upstream, Workspace, loss};
use crate::num::{Matrix, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, given, shares, softmax};
use super::{Epoch, Needs, Objective, On, Plan, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "lfm",
        summary: "joint loss and agreement of modalities, weighed by what helps validation",
        cites: &[Citation {
            key: "yang2024lfm",
            text: "Y. Yang, F. Wan, Q.-Y. Jiang, Y. Xu. Facilitating Multimodal Classification via Dynamically \
                   Learning Modality Gap. NeurIPS 2024",
            url: "https://openreview.net/forum?id=QbsPz0SnyV",
        }],
        knobs: &[
            Knob {
                name: "agreement",
                default: Default::Number(0.1),
                range: Range::Between(0.0, 0.99),
                meaning: "first weight of the agreement, the joint loss having the rest; 0 is naive joint training",
            },
            Knob {
                name: "schedule",
                default: Default::Word("learned"),
                range: Range::OneOf(&["learned", "fixed"]),
                meaning: "whether the weights follow the validation loss",
            },
            Knob {
                name: "rate",
                default: Default::Number(0.1),
                range: Range::Between(0.0, 10.0),
                meaning: "how fast they do",
            },
        ],
        build: |settings| {
            Box::new(Lfm {
                agreement: settings.number("agreement"),
                learned: settings.word("schedule") == "learned",
                rate: settings.number("rate"),
                weights: Vec::new(),
            })
        },
    }
}

struct Lfm<T> {
    agreement: f64,
    learned: bool,
    rate: f64,
    /// Of the joint loss and of the agreement.
    weights: Vec<T>,
}

/// The generalised Jensen-Shannon divergence of the branches' distributions, averaged under
/// `shares`, and its gradient at every branch's logits.
fn divergence(logits: &[Matrix<f64>], shares: &[f64]) -> (f64, Vec<Matrix<f64>>) {
    let p: Vec<_> = logits.iter().map(|z| softmax(z.view())).collect();
    let (n, n_classes, m) = (p[0].rows(), p[0].cols(), p.len() as f64);
    let mut gradients = vec![Matrix::zeros(n, n_classes); p.len()];
    let mut value = 0.0;
    for (i, share) in shares.iter().enumerate() {
        let mixture: Vec<f64> =
            (0..n_classes).map(|k| p.iter().map(|p| p.row(i)[k]).sum::<f64>() / m).collect();
        for (p, gradient) in p.iter().zip(&mut gradients) {
            let ratio = |k: usize| special::ln(p.row(i)[k].max(1e-300)) - special::ln(mixture[k].max(1e-300));
            // The slope at p_k is ln(p_k / mixture_k) / M: what moves the mixture cancels.
            let mean: f64 = (0..n_classes).map(|k| p.row(i)[k] * ratio(k)).sum();
            value += share * mean / m;
            for k in 0..n_classes {
                gradient.row_mut(i)[k] = share * p.row(i)[k] * (ratio(k) - mean) / m;
            }
        }
    }
    (value, gradients)
}

/// Gradients of the joint loss and of the divergence at the start of an epoch.
fn gradients<T: Scalar>(at: &Epoch<'_, T>, part: &Inputs<T>) -> [Vec<T>; 2] {
    let (model, source) = (at.model, Slice::all(part));
    let mut work = Workspace::new(model, part.len());
    model.forward(at.params, &source, None, &mut work);
    let mut upstream = Upstream::new(model, part.len());
    let mut log_norm = vec![T::ZERO; part.len()];
    let mut at_fused = Matrix::zeros(part.len(), model.n_classes());
    loss::cross_entropy(work.fused(), &part.y, None, T::ONE, &mut at_fused.view_mut(), &mut log_norm);
    upstream.fused.add(at_fused.view());
    let mut joint = vec![T::ZERO; model.n_params()];
    model.backward(at.params, &source, &upstream, &[], &mut work, &mut joint);
    upstream.clear();
    let n_branches = model.branches().len();
    let logits: Vec<_> = (0..n_branches).map(|b| work.logits(b).to_matrix().map(Scalar::to_f64)).collect();
    let (_, at_branches) = divergence(&logits, &vec![1.0 / part.len() as f64; part.len()]);
    for (slot, gradient) in upstream.branch.iter_mut().zip(&at_branches) {
        slot.add(gradient.map(T::from_f64).view());
    }
    let mut agreement = vec![T::ZERO; model.n_params()];
    model.backward(at.params, &source, &upstream, &[], &mut work, &mut agreement);
    [joint, agreement]
}

/// Weights after one epoch, given how far each loss's gradient points along the validation
/// loss's, as a share of the latter's squared length.
fn follow(weights: &[f64], along: [f64; 2], rate: f64) -> Vec<f64> {
    let raw: Vec<f64> =
        weights.iter().zip(along).map(|(w, a)| w * special::exp(rate * a.clamp(-10.0, 10.0))).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|w| w / total).collect()
}

impl<T: Scalar> Strategy<T> for Lfm<T> {
    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if self.weights.is_empty() {
            self.weights = [1.0 - self.agreement, self.agreement].map(T::from_f64).to_vec();
        } else if self.learned && self.agreement > 0.0 && !at.valid.is_empty() {
            let [valid, _] = gradients(at, at.valid);
            let dot = |g: &[T]| sums::sum_by(g.len(), |i| g[i].to_f64() * valid[i].to_f64());
            let length = dot(&valid).max(1e-30);
            let along = gradients(at, at.train).map(|g| dot(&g) / length);
            let weights: Vec<f64> = self.weights.iter().map(|w| w.to_f64()).collect();
            self.weights = follow(&weights, along, self.rate).into_iter().map(T::from_f64).collect();
        }
        Plan::default()
    }

    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        if self.agreement == 0.0 {
            objective.add(Term::cross_entropy(On::Fused, 1.0));
            return;
        }
        let weight = |i: usize| 2.0 * self.weights[i].to_f64();
        objective.add(Term::cross_entropy(On::Fused, weight(0)));
        let logits: Vec<_> = Cut::Raw.logits(at.epoch.model, outputs);
        let (value, gradients) = divergence(&logits, &shares(at));
        for (b, gradient) in gradients.iter().enumerate() {
            let value = if b == 0 { weight(1) * value } else { 0.0 };
            objective.add(given(On::Branch(b), value, &gradient.map(|g| weight(1) * g)));
        }
    }

    fn readings(&self) -> Vec<(&'static str, Vec<f64>)> {
        vec![("lfm_weight", self.weights.iter().map(|w| w.to_f64()).collect())]
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("weights", &mut self.weights)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/lfm.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_that_points_along_the_validation_loss_gains_weight() {
        let w = follow(&[0.5, 0.5], [1.0, 0.0], special::ln(3.0));
        assert!((w[0] - 0.75).abs() < 1e-12 && (w[1] - 0.25).abs() < 1e-12);
        assert_eq!(follow(&[0.9, 0.1], [0.3, 0.3], 1.0), [0.9, 0.1]);
    }

    #[test]
    fn equal_distributions_do_not_diverge_and_disjoint_ones_do_by_ln_2() {
        let z = |row: [f64; 2]| Matrix::from_vec(1, 2, row.to_vec());
        assert!(divergence(&[z([1.0, 2.0]), z([3.0, 4.0])], &[1.0]).0.abs() < 1e-12);
        let (apart, _) = divergence(&[z([50.0, 0.0]), z([0.0, 50.0])], &[1.0]);
        assert!((apart - std::f64::consts::LN_2).abs() < 1e-12);
    }
}
