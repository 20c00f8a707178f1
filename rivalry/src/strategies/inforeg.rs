//! Information acquisition regulation: while a modality is inside its prime learning window, in
//! which its Fisher trace still grows, and ahead of the others, its encoder is pulled back to
//! where it stood at the start of the epoch.
//!
//! The released code measures the window on the audio encoder alone, gives audio and image
//! constants of their own and compares sums over the batch; here every modality has its own
//! window, the constant is the same for all, and means are compared.

use crate::model::Workspace;
use crate::num::{Matrix, Scalar, special, sums};
use crate::registry::{Default, Entry, Knob, Range, Settings};
use crate::works;

use super::parts::{CUT, Cut, matrices, of_labels, softmax};
use super::{Epoch, Needs, Objective, On, Plan, Step, Strategy, Term};

/// Epochs over which the Fisher trace is averaged.
const WINDOW: usize = 10;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "inforeg",
        summary: "hold back the encoder that is ahead while it is in its prime learning window",
        cites: &[works::HUANG2025],
        knobs: &[
            Knob {
                name: "beta",
                default: Default::Number(0.95),
                range: Range::Between(0.0, 10.0),
                meaning: "pull towards the epoch's first weights (released code: 0.95 audio, 0.1 image)",
            },
            Knob {
                name: "threshold",
                default: Default::Number(0.05),
                range: Range::Between(0.0, 1.0),
                meaning: "relative growth of the Fisher trace above which the window is open",
            },
            Knob {
                name: "auxiliary",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the loss of each modality's part of the joint logits, always on in the released \
                          code; 0 together with beta 0 is naive joint training",
            },
            CUT,
        ],
        build: |settings| Box::new(InfoReg::new(settings)),
    }
}

struct InfoReg<T> {
    beta: f64,
    threshold: f64,
    auxiliary: f64,
    cut: Cut,
    /// Per epoch, the Fisher trace of every encoder.
    traces: Vec<T>,
    /// Of the present epoch: their sums over batches, and the number of batches.
    running: Vec<T>,
    /// Of the present step: mean probability of the right class by branch.
    scores: Vec<f64>,
}

impl<T: Scalar> InfoReg<T> {
    fn new(settings: &Settings) -> Self {
        Self {
            beta: settings.number("beta"),
            threshold: settings.number("threshold"),
            auxiliary: settings.number("auxiliary"),
            cut: Cut::of(settings),
            traces: Vec::new(),
            running: Vec::new(),
            scores: Vec::new(),
        }
    }

    /// Whether a modality's Fisher trace still grows, given those of all epochs so far.
    fn open(&self, branch: usize, n_branches: usize) -> bool {
        let of_branch: Vec<f64> =
            self.traces.chunks_exact(n_branches).map(|epoch| epoch[branch].to_f64()).collect();
        growth(&of_branch) > self.threshold
    }
}

/// (T_now - T_before) / T_now of the moving averages; 1 while there is nothing to compare.
fn growth(traces: &[f64]) -> f64 {
    let mean = |values: &[f64]| {
        let last = &values[values.len().saturating_sub(WINDOW)..];
        last.iter().sum::<f64>() / last.len() as f64
    };
    if traces.len() < 2 {
        return 1.0;
    }
    let (now, before) = (mean(traces), mean(&traces[..traces.len() - 1]));
    if now > 0.0 { (now - before) / now } else { 0.0 }
}

impl<T: Scalar> Strategy<T> for InfoReg<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n_branches = at.model.branches().len();
        if let Some((n, sums)) = self.running.split_last().filter(|(n, _)| **n > T::ZERO) {
            self.traces.extend(sums.iter().map(|sum| *sum / *n));
        }
        self.running = vec![T::ZERO; n_branches + 1];
        Plan::default()
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        let model = at.epoch.model;
        if self.auxiliary > 0.0 {
            for branch in 0..model.branches().len() {
                objective.add(Term::cross_entropy(On::Branch(branch), self.auxiliary));
            }
        }
        let score = |z: &Matrix<f64>| of_labels(&softmax(z.view()), at.labels).iter().sum::<f64>();
        let n = at.labels.len() as f64;
        self.scores = self.cut.logits(model, outputs).iter().map(|z| score(z) / n).collect();
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let (model, direction) = (at.epoch.model, &mut groups[0]);
        let n_branches = model.branches().len();
        self.running.resize(n_branches + 1, T::ZERO);
        for (b, branch) in model.branches().iter().enumerate() {
            let square = |range: std::ops::Range<usize>| {
                sums::sum_by(range.len(), |i| direction[range.start + i].to_f64().powi(2))
            };
            self.running[b] += T::from_f64(matrices(model, b).map(square).sum());
            let others =
                (self.scores.iter().sum::<f64>() - self.scores[b]) / (n_branches as f64 - 1.0).max(1.0);
            let lead = self.scores[b] - others;
            if self.beta > 0.0 && n_branches > 1 && lead > 0.0 && self.open(b, n_branches) {
                let pull = T::from_f64(self.beta * special::exp(special::tanh(lead)));
                for i in branch.encoder_params() {
                    direction[i] += pull * (at.params[i] - at.epoch.params[i]);
                }
            }
        }
        self.running[n_branches] += T::ONE;
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("traces", &mut self.traces), ("running", &mut self.running)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/inforeg.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_open_at_first_and_closes_when_the_trace_stops_growing() {
        assert_eq!((growth(&[]), growth(&[3.0])), (1.0, 1.0));
        // Means of (1, 3) and (1): (2 - 1) / 2.
        assert!((growth(&[1.0, 3.0]) - 0.5).abs() < 1e-12);
        assert!(growth(&[5.0; 30]).abs() < 1e-12 && growth(&[3.0, 2.0, 1.0]) < 0.0);
        // Twelve epochs: means over epochs 3 to 12 and 2 to 11.
        let ramp: Vec<f64> = (1..=12).map(f64::from).collect();
        assert!((growth(&ramp) - 1.0 / 7.5).abs() < 1e-12);
    }
}
