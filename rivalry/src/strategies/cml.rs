//! Calibrated multimodal learning: taking a modality away must not make the prediction more
//! confident; where it does, the excess is a loss.
//!
//! Taking away is subtracting the modality's part of the joint logits, raw or centred over the
//! batch: the paper leaves the convention open.

use crate::model::Workspace;
use crate::num::{Matrix, Scalar};
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::parts::{CUT, Cut, given, shares, softmax};
use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "cml",
        summary: "penalise predictions that grow more confident when a modality is taken away",
        cites: &[works::MA2023],
        knobs: &[
            Knob {
                name: "lambda",
                default: Default::Number(0.1),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the excess confidence, summed over modalities; 0 is naive joint training",
            },
            CUT,
        ],
        build: |settings| Box::new(Cml { lambda: settings.number("lambda"), cut: Cut::of(settings) }),
    }
}

struct Cml {
    lambda: f64,
    cut: Cut,
}

impl<T: Scalar> Strategy<T> for Cml {
    fn needs(&self, _modalities: &[String]) -> Needs {
        // A centred cut moves with the batch, and its mean is held constant.
        Needs { modulates: self.cut == Cut::Centred, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        let parts = self.cut.logits(at.epoch.model, outputs);
        if self.lambda == 0.0 || parts.len() < 2 {
            return;
        }
        let fused = outputs.fused().to_matrix().map(Scalar::to_f64);
        let full = softmax(fused.view());
        let (n, n_classes) = (fused.rows(), fused.cols());
        let shares = shares(at);
        let mut at_fused = Matrix::zeros(n, n_classes);
        let mut total = 0.0;
        for (b, part) in parts.iter().enumerate() {
            let rest = Matrix::from_fn(n, n_classes, |i, k| fused.row(i)[k] - part.row(i)[k]);
            let rest = softmax(rest.view());
            let mut at_branch = Matrix::zeros(n, n_classes);
            for i in 0..n {
                let (top, of_full) = most(full.row(i));
                let (top_rest, of_rest) = most(rest.row(i));
                if of_rest <= of_full {
                    continue;
                }
                let unit = self.lambda * shares[i];
                total += unit * (of_rest - of_full);
                for k in 0..n_classes {
                    let is = |top: usize| f64::from(u8::from(k == top));
                    let more = unit * of_rest * (is(top_rest) - rest.row(i)[k]);
                    let less = unit * of_full * (is(top) - full.row(i)[k]);
                    at_fused.row_mut(i)[k] += more - less;
                    at_branch.row_mut(i)[k] = -more;
                }
            }
            objective.add(given(On::Branch(b), 0.0, &at_branch));
        }
        objective.add(given(On::Fused, total, &at_fused));
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/cml.py")
    }
}

/// The largest probability and its class.
fn most(p: &[f64]) -> (usize, f64) {
    let first = p.iter().enumerate().fold((0, p[0]), |top, (k, p)| if *p > top.1 { (k, *p) } else { top });
    (first.0, first.1)
}
