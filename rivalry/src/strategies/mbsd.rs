//! Multimodal bidirectional self-distillation: beside the joint loss and one of each modality's
//! own, the logits of two modalities are drawn together and the distribution of the weaker one
//! towards that of the stronger, by how much they disagree on the right class.
//!
//! Per sample and pair the weight is |p_a(y) - p_b(y)| where at least one of the two is right,
//! else 0; it and the stronger distribution are held constant. Of more than two modalities all
//! pairs count, averaged over a modality's partners.

use crate::model::{Workspace, loss};
use crate::num::{Matrix, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, given, of_labels, shares, softmax};
use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mbsd",
        summary: "auxiliary losses, and weaker modalities distilled from stronger ones sample by sample",
        cites: &[Citation {
            key: "liu2023mbsd",
            text: "S. Liu, L. Li, J. Song, Y. Yang, X. Zeng. Multimodal Pre-Training with Self-Distillation for \
                   Product Understanding in E-Commerce. WSDM 2023",
            url: "https://doi.org/10.1145/3539597.3570423",
        }],
        knobs: &[
            Knob {
                name: "auxiliary",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the loss of each modality's part of the joint logits",
            },
            Knob {
                name: "distil",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on what draws modalities together; 0 with auxiliary 0 is naive joint training",
            },
        ],
        build: |settings| {
            Box::new(Mbsd { auxiliary: settings.number("auxiliary"), distil: settings.number("distil") })
        },
    }
}

struct Mbsd {
    auxiliary: f64,
    distil: f64,
}

impl<T: Scalar> Strategy<T> for Mbsd {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        let n_branches = at.epoch.model.branches().len();
        if self.auxiliary > 0.0 {
            (0..n_branches).for_each(|b| objective.add(Term::cross_entropy(On::Branch(b), self.auxiliary)));
        }
        if self.distil == 0.0 || n_branches < 2 {
            return;
        }
        let logits: Vec<Matrix<f64>> = Cut::Raw.logits(at.epoch.model, outputs);
        let p: Vec<_> = logits.iter().map(|z| softmax(z.view())).collect();
        let right: Vec<_> = p.iter().map(|p| of_labels(p, at.labels)).collect();
        let shares = shares(at);
        let (n, n_classes) = (at.labels.len(), at.epoch.model.n_classes());
        let mut gradients = vec![Matrix::<f64>::zeros(n, n_classes); n_branches];
        let mut value = 0.0;
        let unit = self.distil / (n_branches - 1) as f64;
        for a in 0..n_branches {
            for b in a + 1..n_branches {
                for i in 0..n {
                    let label = at.labels[i];
                    let correct = |m: usize| loss::is_right(logits[m].row(i), label);
                    if !correct(a) && !correct(b) {
                        continue;
                    }
                    let weight = unit * shares[i] * (right[a][i] - right[b][i]).abs();
                    let (strong, weak) = if right[a][i] >= right[b][i] { (a, b) } else { (b, a) };
                    for k in 0..n_classes {
                        let apart = logits[a].row(i)[k] - logits[b].row(i)[k];
                        let pull = 2.0 * weight * apart / n_classes as f64;
                        value += weight * apart * apart / n_classes as f64;
                        gradients[a].row_mut(i)[k] += pull;
                        gradients[b].row_mut(i)[k] -= pull;
                        let (q, own) = (p[strong].row(i)[k], p[weak].row(i)[k]);
                        let log_ratio = special::ln(q.max(1e-300)) - special::ln(own.max(1e-300));
                        value += weight * q * log_ratio;
                        gradients[weak].row_mut(i)[k] += weight * (own - q);
                    }
                }
            }
        }
        for (b, gradient) in gradients.iter().enumerate() {
            objective.add(given(On::Branch(b), if b == 0 { value } else { 0.0 }, gradient));
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mbsd.py")
    }
}
