//! On-the-fly gradient modulation: at every step the encoder of a modality that is ahead
//! learns slower, and OGM-GE adds noise of the gradient's own size to every encoder.
//!
//! A modality is ahead where its discrepancy ratio, the mean probability of the right class
//! from its part of the joint logits over that of the others, is above one; its factor is then
//! k = 1 - tanh(alpha rho), which falls to 1 - tanh(alpha) at once: the published rule jumps at
//! rho = 1. Scaled are weight matrices, not biases, and not the head; the noise is added to the
//! matrices of every encoder, its deviation that of the gradient before the scaling.

use crate::model::{Workspace, meters};
use crate::num::{Matrix, Purpose, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range, Settings};
use crate::works;

use super::parts::{CUT, Cut, deviation, matrices};
use super::{Needs, Objective, On, Step, Strategy, Term};

const NOISE: Purpose = Purpose::new("ogm-ge noise");

const CITES: &[Citation] = &[works::PENG2022];

const KNOBS: &[Knob] = &[
    Knob {
        name: "alpha",
        default: Default::Number(0.8),
        range: Range::Between(0.0, 10.0),
        meaning: "how hard a modality that is ahead is slowed (paper: 0.8 on CREMA-D, 0.1 on VGGSound)",
    },
    Knob {
        name: "epochs",
        default: Default::Whole(50),
        range: Range::Between(0.0, 1e6),
        meaning: "epochs of modulation, from the first; plain joint training after them",
    },
    CUT,
];

/// Registration of the scaling alone.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "ogm",
        summary: "at every step, slow the encoder of a modality that is ahead",
        cites: CITES,
        knobs: KNOBS,
        build: |settings| Box::new(Ogm::new(settings, false)),
    }
}

/// Registration of the scaling with noise.
pub(super) const fn with_noise<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "ogm_ge",
        summary: "slow the encoder of a modality that is ahead, and add noise to every encoder's gradient",
        cites: CITES,
        knobs: KNOBS,
        build: |settings| Box::new(Ogm::new(settings, true)),
    }
}

struct Ogm {
    alpha: f64,
    epochs: usize,
    noise: bool,
    cut: Cut,
    /// One per branch, of the present step.
    factors: Vec<f64>,
}

impl Ogm {
    fn new(settings: &Settings, noise: bool) -> Self {
        let (alpha, epochs) = (settings.number("alpha"), settings.whole("epochs"));
        Self { alpha, epochs, noise, cut: Cut::of(settings), factors: Vec::new() }
    }
}

/// The factor on a modality's gradient given its discrepancy ratio.
fn factor(ratio: f64, alpha: f64) -> f64 {
    if ratio > 1.0 { 1.0 - special::tanh(alpha * ratio) } else { 1.0 }
}

impl<T: Scalar> Strategy<T> for Ogm {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        self.factors.clear();
        if (at.epoch.index as usize) < self.epochs {
            let logits = self.cut.logits(at.epoch.model, outputs);
            let views: Vec<_> = logits.iter().map(Matrix::view).collect();
            let ratios = meters::discrepancy_ratios(&views, at.labels);
            self.factors.extend(ratios.into_iter().map(|ratio| factor(ratio.unwrap_or(1.0), self.alpha)));
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let model = at.epoch.model;
        let mut draws = at.draws(NOISE, model.n_params());
        for (branch, factor) in self.factors.iter().enumerate() {
            for range in matrices(model, branch) {
                let gradient = &mut groups[0][range];
                let noise =
                    if self.noise { deviation(gradient.len(), |i| gradient[i].to_f64()) + 1e-8 } else { 0.0 };
                for g in gradient {
                    let shake = if self.noise { noise * draws.normal() } else { 0.0 };
                    *g = T::from_f64(factor * g.to_f64() + shake);
                }
            }
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/ogm.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by hand from the formula: tanh(2.4), tanh(0.8).
    #[test]
    fn factors_are_the_published_ones() {
        assert!((factor(3.0, 0.8) - 0.016_325).abs() < 1e-6 && factor(1.0 / 3.0, 0.8) == 1.0);
        assert!((factor(1.0 + 1e-12, 0.8) - 0.335_963).abs() < 1e-6);
    }

    #[test]
    fn noise_has_the_deviation_of_the_gradient_before_the_scaling() {
        let values = [1.0_f64, 3.0, -1.0, 5.0, 2.0];
        assert!((deviation(values.len(), |i| values[i]) - 5.0_f64.sqrt()).abs() < 1e-12);
    }
}
