//! On-the-fly prediction modulation: while training, the embedding of a modality that is ahead
//! is left out for single samples, the more often the further it is ahead.
//!
//! Late fusion is linear behind the embeddings, so a sample is left out after the pass that
//! shows which modality is ahead: the embedding f becomes s f with s zero or 1 / (1 - theta),
//! theta the share of all embedding units that is expected to be dropped. A sample that loses
//! every modality leaves the loss.

use crate::model::{Branch, Workspace, meters};
use crate::num::{Matrix, Purpose, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range, Settings};

use super::parts::{CUT, Cut, cross_entropy, given, shares};
use super::{Needs, Objective, On, Step, Strategy, Term};

const DROP: Purpose = Purpose::new("opm drop");

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "opm",
        summary: "leave out the embedding of a modality that is ahead, sample by sample",
        cites: &[Citation {
            key: "wei2024opm",
            text: "Y. Wei, D. Hu, H. Du, J.-R. Wen. On-the-fly Modulation for Balanced Multimodal Learning. \
                   IEEE TPAMI 2024",
            url: "https://arxiv.org/abs/2410.11582",
        }],
        knobs: &[
            Knob {
                name: "base",
                default: Default::Number(0.5),
                range: Range::Between(0.0, 1.0),
                meaning: "probability of leaving out a modality that is barely ahead (released code: 0.4 to 0.5)",
            },
            Knob {
                name: "lambda",
                default: Default::Number(0.5),
                range: Range::Between(0.0, 10.0),
                meaning: "how much more often when it is far ahead",
            },
            Knob {
                name: "batches",
                default: Default::Number(0.7),
                range: Range::Between(0.0, 1.0),
                meaning: "probability that a batch is modulated at all; 0 is naive joint training",
            },
            Knob {
                name: "warm_up",
                default: Default::Whole(5),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs of plain joint training before",
            },
            CUT,
        ],
        build: |settings| Box::new(Opm::new(settings)),
    }
}

struct Opm {
    base: f64,
    lambda: f64,
    batches: f64,
    warm_up: usize,
    cut: Cut,
    /// Of the present step and per branch: what the heads' biases lose because left-out
    /// samples still meet them.
    at_bias: Vec<Vec<f64>>,
}

impl Opm {
    fn new(settings: &Settings) -> Self {
        Self {
            base: settings.number("base"),
            lambda: settings.number("lambda"),
            batches: settings.number("batches"),
            warm_up: settings.whole("warm_up"),
            cut: Cut::of(settings),
            at_bias: Vec::new(),
        }
    }
}

/// Probability of leaving out a modality with a discrepancy ratio.
fn probability(ratio: f64, base: f64, lambda: f64) -> f64 {
    if ratio > 1.0 { (base * (1.0 + lambda * special::tanh(ratio - 1.0))).clamp(0.0, 1.0) } else { 0.0 }
}

/// What remains of the embeddings is multiplied by this.
fn rescale(drops: &[f64], widths: &[usize]) -> f64 {
    let total: usize = widths.iter().sum();
    let theta = drops.iter().zip(widths).map(|(q, d)| q * *d as f64).sum::<f64>() / total as f64;
    if theta < 1.0 { 1.0 / (1.0 - theta) } else { 0.0 }
}

impl<T: Scalar> Strategy<T> for Opm {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        self.at_bias.clear();
        let model = at.epoch.model;
        let n_branches = model.branches().len();
        let mut draws = at.draws(DROP, n_branches + 1);
        let idle = (at.epoch.index as usize) < self.warm_up || !draws.bernoulli(self.batches);
        let logits = self.cut.logits(model, outputs);
        let views: Vec<_> = logits.iter().map(Matrix::view).collect();
        let drops: Vec<f64> = meters::discrepancy_ratios(&views, at.labels)
            .into_iter()
            .map(|ratio| probability(ratio.unwrap_or(1.0), self.base, self.lambda))
            .collect();
        if idle || drops.iter().all(|q| *q == 0.0) {
            objective.add(Term::cross_entropy(On::Fused, 1.0));
            return;
        }
        let widths: Vec<usize> = model.branches().iter().map(Branch::n_outputs).collect();
        let stays = rescale(&drops, &widths);
        let factor = |dropped: bool| if dropped { 0.0 } else { stays };
        let scales: Vec<Vec<f64>> =
            at.rows.iter().map(|_| drops.iter().map(|q| factor(draws.bernoulli(*q))).collect()).collect();
        let bias = |b: usize, k: usize| {
            let head = model.branches()[b].head_params();
            head.map_or(0.0, |head| at.params[head.end - model.n_classes() + k].to_f64())
        };
        let z = |b: usize, i: usize, k: usize| outputs.logits(b).row(i)[k].to_f64();
        let fused = Matrix::from_fn(at.rows.len(), model.n_classes(), |i, k| {
            (0..n_branches).map(|b| (z(b, i, k) - bias(b, k)) * scales[i][b] + bias(b, k)).sum()
        });
        let mut shares = shares(at);
        shares.iter_mut().zip(&scales).for_each(|(share, s)| *share *= f64::from(s.iter().any(|s| *s > 0.0)));
        let left: f64 = shares.iter().sum();
        if left > 0.0 {
            for share in &mut shares {
                *share /= left;
            }
        }
        let (value, gradient) = cross_entropy(&fused, at.labels, &shares);
        for b in 0..n_branches {
            let scaled =
                Matrix::from_fn(gradient.rows(), gradient.cols(), |i, k| scales[i][b] * gradient.row(i)[k]);
            let of_class =
                |k: usize| sums::sum_by(gradient.rows(), |i| (1.0 - scales[i][b]) * gradient.row(i)[k]);
            self.at_bias.push((0..model.n_classes()).map(of_class).collect());
            objective.add(given(On::Branch(b), if b == 0 { value } else { 0.0 }, &scaled));
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        for (branch, more) in at.epoch.model.branches().iter().zip(&self.at_bias) {
            if let Some(head) = branch.head_params() {
                let biases = &mut groups[0][head.end - more.len()..head.end];
                biases.iter_mut().zip(more).for_each(|(g, more)| *g += T::from_f64(*more));
            }
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/opm.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_and_the_rescaling_are_the_published_ones() {
        let q = probability(3.0, 0.5, 0.5);
        assert!((q - 0.741_007).abs() < 1e-6 && probability(1.0, 0.5, 0.5) == 0.0);
        assert!((rescale(&[q, 0.0], &[8, 8]) - 1.588_571).abs() < 1e-6);
    }
}
