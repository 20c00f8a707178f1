//! Multimodal learning with alternating uni-modal adaptation: modalities take turns within
//! every batch, each with one step of its encoder and of one head that all share; the head's
//! gradient is projected so that it moves little along the mean embedding of the modality
//! before. Predictions weigh modalities by sample, the surer the more.
//!
//! The shared head is the same weights in every branch, started from the first branch's and
//! moved together; embeddings must have the same width. The projection is that of recursive least squares,
//! P <- P - P r (P r)^T / (alpha + r^T P r); the released code divides by a matrix element by
//! element and rescales P to length one (`variant = reference`). In a sub-step of modality m,
//! r is the batch mean of the embedding of the modality before it; the first of a run has none.

use crate::model::{Branch, Workspace};
use crate::num::{Matrix, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{entropy, softmax};
use super::{Epoch, Fusing, Needs, Objective, On, Plan, Settle, Step, Strategy, SubStep, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mla",
        summary: "modalities take turns with a shared head whose gradient is projected",
        cites: &[Citation {
            key: "zhang2024mla",
            text: "X. Zhang, J. Yoon, M. Bansal, H. Yao. Multimodal Representation Learning by Alternating \
                   Unimodal Adaptation. CVPR 2024",
            url: "https://arxiv.org/abs/2311.10707",
        }],
        knobs: &[
            Knob {
                name: "alpha",
                default: Default::Number(0.1),
                range: Range::Between(1e-6, 1e3),
                meaning: "how little the projection forgets; in the reference form alpha^(1 + batches / batches per \
                          epoch)",
            },
            Knob {
                name: "variant",
                default: Default::Word("paper"),
                range: Range::OneOf(&["paper", "reference", "none"]),
                meaning: "projection of the head's gradient: recursive least squares, as released, or none",
            },
            Knob {
                name: "fusion",
                default: Default::Word("entropy"),
                range: Range::OneOf(&["entropy", "equal"]),
                meaning: "weights of modalities in a prediction: by each sample's entropies, or equal",
            },
        ],
        build: |settings| {
            Box::new(Mla {
                alpha: settings.number("alpha"),
                variant: match settings.word("variant") {
                    "paper" => Variant::Paper,
                    "reference" => Variant::Reference,
                    _ => Variant::None,
                },
                by_entropy: settings.word("fusion") == "entropy",
                projection: Vec::new(),
                before: Vec::new(),
                mean: Vec::new(),
            })
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variant {
    Paper,
    Reference,
    None,
}

struct Mla<T> {
    alpha: f64,
    variant: Variant,
    by_entropy: bool,
    /// P, width x width.
    projection: Vec<T>,
    /// Mean embedding of the modality that trained last; empty before the first.
    before: Vec<T>,
    /// Of the present sub-step: the mean embedding of its own modality.
    mean: Vec<f64>,
}

/// The projection after one more mean embedding.
fn project(p: &Matrix<f64>, r: &[f64], alpha: f64, variant: Variant) -> Matrix<f64> {
    let width = r.len();
    let k: Vec<f64> = (0..width).map(|i| sums::sum_by(width, |j| p.row(i)[j] * r[j])).collect();
    let along = alpha + sums::sum_by(width, |i| r[i] * k[i]);
    if variant == Variant::Paper {
        return Matrix::from_fn(width, width, |i, j| p.row(i)[j] - k[i] * k[j] / along);
    }
    // As released, divided by alpha + k r^T element by element, and rescaled to length one.
    let next = Matrix::from_fn(width, width, |i, j| p.row(i)[j] - k[i] * k[j] / (alpha + k[i] * r[j]));
    let length = sums::sum_by(next.as_slice().len(), |i| next.as_slice()[i] * next.as_slice()[i]).sqrt();
    next.map(|v| if length > 0.0 { v / length } else { v })
}

/// Weights of modalities by the entropies of their predictions, summing to one.
fn trust(entropies: &[f64]) -> Vec<f64> {
    let top = entropies.iter().copied().fold(0.0, f64::max);
    // exp(top - H_m), each over the sum: shifted by the least entropy it cannot overflow.
    let raw: Vec<f64> = entropies.iter().map(|h| special::exp(top - h)).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|w| w / total).collect()
}

impl<T: Scalar> Strategy<T> for Mla<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, equal_widths: true, fuses: true, ..Needs::default() }
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        let heads: Vec<_> = at.model.branches().iter().filter_map(Branch::head_params).collect();
        if let Some((first, rest)) = heads.split_first().filter(|_| at.index == 0) {
            for head in rest.iter().filter(|head| head.len() == first.len()) {
                params.copy_within(first.clone(), head.start);
            }
        }
        Settle::Go
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n_branches = at.model.branches().len();
        let turn = |turn: usize| SubStep {
            encoder_rates: (0..n_branches).map(|b| f64::from(u8::from(b == turn))).collect(),
            head_rates: Vec::new(),
        };
        Plan { steps: (0..n_branches).map(turn).collect(), ..Plan::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Branch(at.sub_step), 1.0));
        let embedding = outputs.embedding(at.sub_step);
        let n = embedding.rows() as f64;
        let mean = |c: usize| sums::sum_by(embedding.rows(), |i| embedding.row(i)[c].to_f64()) / n;
        self.mean = (0..embedding.cols()).map(mean).collect();
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let branches = at.epoch.model.branches();
        let direction = &mut groups[0];
        let Some(own) = branches[at.sub_step].head_params() else { return };
        let (n_classes, width) = (at.epoch.model.n_classes(), branches[at.sub_step].n_outputs());
        if self.variant != Variant::None && self.before.len() == width {
            let p = if self.projection.is_empty() {
                Matrix::from_fn(width, width, |i, j| f64::from(u8::from(i == j)))
            } else {
                Matrix::from_vec(width, width, self.projection.iter().map(|v| v.to_f64()).collect())
            };
            let r: Vec<f64> = self.before.iter().map(|v| v.to_f64()).collect();
            let progress = at.position as f64 / at.epoch.train.len() as f64;
            let power = if self.variant == Variant::Reference { 1.0 + progress } else { 1.0 };
            let p = project(&p, &r, special::powf(self.alpha, power), self.variant);
            for k in 0..n_classes {
                let row = &mut direction[own.start + k * width..own.start + (k + 1) * width];
                let g: Vec<f64> = row.iter().map(|g| g.to_f64()).collect();
                let along = |c: usize| sums::sum_by(width, |j| g[j] * p.row(c)[j]);
                row.iter_mut().enumerate().for_each(|(c, g)| *g = T::from_f64(along(c)));
            }
            self.projection = p.as_slice().iter().map(|v| T::from_f64(*v)).collect();
        }
        // The head is one: what it learns from this modality, it learns in every branch.
        for head in branches.iter().filter_map(Branch::head_params) {
            if head != own && head.len() == own.len() {
                direction.copy_within(own.clone(), head.start);
            }
        }
        self.before = self.mean.iter().map(|v| T::from_f64(*v)).collect();
    }

    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let logits = &at.outputs.logits;
        let p: Vec<_> = logits.iter().map(|z| softmax(z.view())).collect();
        let weights: Vec<Vec<f64>> = (0..at.outputs.fused.rows())
            .map(|i| {
                if self.by_entropy {
                    trust(&p.iter().map(|p| entropy(p.row(i))).collect::<Vec<_>>())
                } else {
                    vec![1.0 / p.len() as f64; p.len()]
                }
            })
            .collect();
        Some(Matrix::from_fn(at.outputs.fused.rows(), at.model.n_classes(), |i, k| {
            let of = |(z, weight): (&Matrix<T>, &f64)| weight * z.row(i)[k].to_f64();
            T::from_f64(logits.iter().zip(&weights[i]).map(of).sum())
        }))
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("projection", &mut self.projection), ("before", &mut self.before)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mla.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projections_are_the_published_and_the_released_one() {
        let identity = Matrix::from_vec(2, 2, vec![1.0, 0.0, 0.0, 1.0]);
        let close = |found: Matrix<f64>, expected: [f64; 4]| {
            let pairs = found.as_slice().iter().zip(expected);
            pairs.for_each(|(f, e)| assert!((f - e).abs() < 1e-6, "{f} {e}"));
        };
        let r = [1.0, 2.0];
        close(project(&identity, &r, 0.1, Variant::Paper), [0.803_922, -0.392_157, -0.392_157, 0.215_686]);
        close(
            project(&identity, &r, 0.1, Variant::Reference),
            [0.067_332, -0.705_386, -0.705_386, 0.018_065],
        );
    }

    #[test]
    fn the_surer_modality_weighs_more() {
        let w = trust(&[0.2, 1.0]);
        assert!((w[0] - 0.689_974).abs() < 1e-6 && (w[1] - 0.310_026).abs() < 1e-6);
    }
}
