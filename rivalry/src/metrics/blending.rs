//! Weights of Gradient-Blending (Wang, Tran, Feiszli, CVPR 2020) that the learning
//! curves ask for: much weight for a network that generalises fast, little for
//! one that over-fits.
//!
//! Between the first and the last epoch: gain G = fall of the validation loss,
//! overfitting O = growth of (validation - training loss); weight ~ G / O^2, over the
//! networks alone and the joint one, summing to 1. The over-fitting-to-generalisation ratio of
//! each network, |O / G|, stands with the learning curves. A gain below 0 counts as 0,
//! and |O| is at least [`FLOOR`] of the first validation loss, because weights explode where
//! nothing over-fits; `blend_floored` says how often that was needed.

use crate::metrics::{
    Curves, Direction, Ending, Metric, ModelKey, NAIVE, Need, Quantity, Reading, Scale, Sheet, Subject,
    UNIMODAL, cites,
};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "blending",
    summary: "loss weights of each modality and of the fused head by Gradient-Blending, from learning curves",
    cites: &[cites::WANG2020],
    knobs: &[Knob {
        name: "delta",
        default: Default::Flag(true),
        range: Range::Switch,
        meaning: "gain and overfitting between the first and last epoch; false: the last validation loss and the last \
                  difference of the losses, as in MultiBench",
    }],
    build: |settings| Box::new(Blending { delta: settings.flag("delta") }),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "blend_weight",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "weight of this network's loss by Gradient-Blending, over the networks alone and the joint one",
    },
    Quantity {
        name: "overfitting_growth",
        unit: "nats",
        scale: Scale::Free,
        direction: Direction::Lower,
        definition: "growth of (validation loss - training loss) from the first to the last epoch",
    },
    Quantity {
        name: "blend_floored",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "share of trainings in which the overfitting was below its floor, so that the weight says little",
    },
];

/// Overfitting counts as at least this share of the first validation loss.
pub const FLOOR: f64 = 1e-3;
/// The floor where no differences are taken (that of `MultiBench`).
const LAST_FLOOR: f64 = 1e-4;

/// What a network gained and how much it over-fitted, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Fall of the validation loss.
    pub gain: f64,
    /// Growth of (validation - training loss).
    pub overfitting: f64,
    /// The least |overfitting| that a weight is computed with.
    pub floor: f64,
}

impl Window {
    /// From the first to the last value of both curves; `None` without epochs.
    pub fn of(train_loss: &[f64], valid_loss: &[f64]) -> Option<Self> {
        let ends = |curve: &[f64]| Some((*curve.first()?, *curve.last()?));
        let (train, valid) = (ends(train_loss)?, ends(valid_loss)?);
        let overfitting = (valid.1 - train.1) - (valid.0 - train.0);
        Some(Self {
            gain: valid.0 - valid.1,
            overfitting,
            floor: (FLOOR * valid.0.abs()).max(f64::MIN_POSITIVE),
        })
    }

    /// The variant without differences: the last validation loss in place of the gain, the
    /// last (validation - training loss), at least 1e-4, in place of its growth.
    pub fn last(train_loss: &[f64], valid_loss: &[f64]) -> Option<Self> {
        let (train, valid) = (*train_loss.last()?, *valid_loss.last()?);
        Some(Self { gain: valid, overfitting: (valid - train).max(0.0), floor: LAST_FLOOR })
    }

    /// Over-fitting-to-generalisation ratio |O / G|; `None` where nothing was gained or lost.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = (self.overfitting / self.gain).abs();
        ratio.is_finite().then_some(ratio)
    }

    /// Whether the floor stands in for the overfitting.
    pub fn is_floored(&self) -> bool {
        self.overfitting.abs() < self.floor
    }
}

/// Weights ~ max(G, 0) / max(|O|, floor)^2 that sum to 1; `None` where no
/// network gained anything.
pub fn weights(windows: &[Window]) -> Option<Vec<f64>> {
    // Relative to the smallest overfitting: its square may be below all numbers.
    let overfitting = |w: &Window| w.overfitting.abs().max(w.floor);
    let least = windows.iter().map(overfitting).fold(f64::INFINITY, f64::min);
    let raw = |w: &Window| w.gain.max(0.0) * (least / overfitting(w)) * (least / overfitting(w));
    let raw: Vec<f64> = windows.iter().map(raw).collect();
    let total: f64 = raw.iter().sum();
    (total > 0.0 && total.is_finite()).then(|| raw.iter().map(|w| w / total).collect())
}

struct Blending {
    delta: bool,
}

impl Metric for Blending {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Curves]
    }

    fn cost(&self) -> &'static str {
        "nothing: a few numbers per network"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let n = trial.n_modalities();
        let counts = |key: &ModelKey| {
            (key.modalities.len() == 1 && key.strategy == UNIMODAL)
                || (key.modalities.len() == n && n > 1 && key.strategy == NAIVE)
        };
        let mut found: Vec<(Subject, Result<Window, String>)> = Vec::new();
        for model in trial.trial.models.iter().filter(|model| model.ended == Ending::Completed) {
            let key = ModelKey::new(&model.modalities, &model.strategy);
            if counts(&key) {
                let window = self.window(&model.curves).ok_or_else(|| "no curve was kept".to_owned());
                found.push((Subject::Model(key), window));
            }
        }
        let windows: Result<Vec<Window>, String> = found.iter().map(|(_, w)| w.clone()).collect();
        let weights = windows.and_then(|windows| {
            let all = windows.len() == n + 1;
            let weights = if all { weights(&windows) } else { None };
            weights.ok_or_else(|| {
                let why = if all { "no network's validation loss fell" } else { "a network is missing" };
                why.to_owned()
            })
        });
        for (i, (subject, window)) in found.into_iter().enumerate() {
            let weight = weights.as_ref().map(|w| w[i]).map_err(Clone::clone);
            sheet.number_or("blend_weight", subject.clone(), weight);
            let floored = window.clone().map(|w| f64::from(u8::from(w.is_floored())));
            sheet.number_or("overfitting_growth", subject.clone(), window.map(|w| w.overfitting));
            sheet.number_or("blend_floored", subject, floored);
        }
    }
}

impl Blending {
    fn window(&self, curves: &Curves) -> Option<Window> {
        let make = if self.delta { Window::of } else { Window::last };
        make(&curves.train_loss, &curves.valid_loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn published_vector() {
        let window = |train: f64, valid: f64| Window::of(&[2.3, train], &[2.3, valid]).unwrap();
        let windows = [window(1.5, 1.8), window(0.9, 1.5), window(0.5, 1.4)];
        for (window, ratio) in windows.iter().zip([0.6, 0.75, 1.0]) {
            assert!((window.ratio().unwrap() - ratio).abs() < 1e-12);
        }
        for (found, expected) in weights(&windows).unwrap().iter().zip([0.625, 0.25, 0.125]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn floors_and_losses_that_rise() {
        let risen = Window::of(&[1.0, 0.5], &[1.0, 1.2]).unwrap();
        let fine = Window::of(&[1.0, 0.5], &[1.0, 0.5]).unwrap();
        assert!(fine.is_floored() && !risen.is_floored());
        assert_eq!(weights(&[risen, fine]).unwrap(), [0.0, 1.0]);
        assert_eq!(weights(&[risen]), None);
        assert_eq!(Window::of(&[], &[1.0]), None);
        let last = Window::last(&[0.5], &[0.4]).unwrap();
        assert!(last.is_floored() && last.gain == 0.4);
        assert_eq!(Window { gain: 0.0, overfitting: 1.0, floor: 1.0 }.ratio(), None);
    }

    #[test]
    fn weights_are_measured_on_the_networks_alone_and_the_joint_one() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        plan.losses = Some([(1.0, 1.4), (0.2, 1.3)]);
        let found = measured(&plan.evidence());
        let weight = |key| found.table.get("blend_weight", &Subject::Model(key)).unwrap().value;
        let (alone, joint) = (weight(ModelKey::alone(0)), weight(ModelKey::new(&[0, 1], NAIVE)));
        // G 0.7 and 0.8, O 0.3 and 1.0, twice alone.
        let (a, j) = (0.7 / 0.09, 0.8);
        assert!(
            (alone - a / (2.0 * a + j)).abs() < 0.01 && (2.0 * alone + joint - 1.0).abs() < 1e-9,
            "{alone}"
        );
    }
}
