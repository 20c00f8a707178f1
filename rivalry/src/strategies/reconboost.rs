//! Modality-alternating boosting: the encoders and heads of one modality train at a time, on
//! what the others, held fixed, have not explained yet; then all train together for a while.
//!
//! In a modality's stage the loss of a sample is -(w1 - w2 p_rest(y)) ln p_m(y): the surer the
//! others are of the right class, the less it counts. The published agreement term between
//! p_m and its predecessor has no gradient in the released code, both sides being detached,
//! and is left out here.

use crate::model::Workspace;
use crate::num::{Matrix, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range, Settings};

use super::parts::{cross_entropy, given, of_labels, shares, softmax};
use super::{Epoch, Needs, Objective, On, Plan, Step, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "reconboost",
        summary: "modalities take turns in training on what the others have not explained",
        cites: &[Citation {
            key: "hua2024reconboost",
            text: "C. Hua, Q. Xu, S. Bao, Z. Yang, Q. Huang. ReconBoost: Boosting Can Achieve Modality \
                   Reconcilement. ICML 2024",
            url: "https://arxiv.org/abs/2405.09321",
        }],
        knobs: &[
            Knob {
                name: "stage",
                default: Default::Whole(4),
                range: Range::Between(1.0, 1e6),
                meaning: "epochs that one modality trains before it is the next one's turn",
            },
            Knob {
                name: "together",
                default: Default::Whole(4),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs that all train on the joint loss after each stage",
            },
            Knob {
                name: "own",
                default: Default::Number(5.0),
                range: Range::Between(0.0, 100.0),
                meaning: "w1: weight of the modality's own loss",
            },
            Knob {
                name: "explained",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 100.0),
                meaning: "w2: how much less a sample counts that the others explain; at most w1",
            },
            Knob {
                name: "rate",
                default: Default::Number(1.0),
                range: Range::Between(1e-3, 1e3),
                meaning: "factor on the summed logits of the joint loss",
            },
        ],
        build: |settings| Box::new(ReconBoost::new(settings)),
    }
}

struct ReconBoost {
    stage: u32,
    together: u32,
    own: f64,
    explained: f64,
    rate: f64,
}

impl ReconBoost {
    fn new(settings: &Settings) -> Self {
        Self {
            stage: settings.whole("stage") as u32,
            together: settings.whole("together") as u32,
            own: settings.number("own"),
            explained: settings.number("explained").min(settings.number("own")),
            rate: settings.number("rate"),
        }
    }

    /// The modality that trains in an epoch; `None` when all do.
    fn turn(&self, index: u32, n_branches: usize) -> Option<usize> {
        let (round, place) = (index / (self.stage + self.together), index % (self.stage + self.together));
        (place < self.stage).then_some(round as usize % n_branches)
    }
}

impl<T: Scalar> Strategy<T> for ReconBoost {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n_branches = at.model.branches().len();
        let Some(turn) = self.turn(at.index, n_branches) else { return Plan::default() };
        let rates: Vec<f64> = (0..n_branches).map(|b| f64::from(u8::from(b == turn))).collect();
        Plan::branches(rates)
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let n_branches = at.epoch.model.branches().len();
        let shares = shares(at);
        let fused = outputs.fused().to_matrix().map(Scalar::to_f64);
        let Some(turn) = self.turn(at.epoch.index, n_branches) else {
            let (value, gradient) = cross_entropy(&fused.map(|z| self.rate * z), at.labels, &shares);
            objective.add(given(On::Fused, value, &gradient.map(|g| self.rate * g)));
            return;
        };
        let own = outputs.logits(turn).to_matrix().map(Scalar::to_f64);
        let rest = Matrix::from_fn(own.rows(), own.cols(), |i, k| fused.row(i)[k] - own.row(i)[k]);
        // Of one modality there is no rest: nothing is explained.
        let explained = if n_branches > 1 { self.explained } else { 0.0 };
        let p_rest = of_labels(&softmax(rest.view()), at.labels);
        let p = softmax(own.view());
        let mut gradient = Matrix::zeros(own.rows(), own.cols());
        let mut value = 0.0;
        for (i, (label, share)) in at.labels.iter().zip(&shares).enumerate() {
            let weight = share * (self.own - explained * p_rest[i]);
            value -= weight * special::ln(p.row(i)[*label as usize].max(1e-300));
            for (k, g) in gradient.row_mut(i).iter_mut().enumerate() {
                *g = weight * (p.row(i)[k] - f64::from(u8::from(k == *label as usize)));
            }
        }
        objective.add(given(On::Branch(turn), value, &gradient));
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/reconboost.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modalities_take_turns() {
        let boost = ReconBoost { stage: 2, together: 1, own: 5.0, explained: 1.0, rate: 1.0 };
        let turns: Vec<_> = (0..8).map(|i| boost.turn(i, 2)).collect();
        assert_eq!(turns, [Some(0), Some(0), None, Some(1), Some(1), None, Some(0), Some(0)]);
    }
}
