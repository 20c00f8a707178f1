//! What is planted to set rules on, and what to score them on: other seeds,
//! other sizes, other doses. Sizes were chosen on the first half so that causes act.

use rivalry::data::Split;
use rivalry::data::planted::{CASES, Knobs};
use serde::Serialize;

/// A part of the planted truth that is used for one purpose only.
pub(crate) struct Half {
    pub(crate) name: &'static str,
    /// Cases; none for all.
    cases: &'static [&'static str],
    /// Repetitions of every cell; each is another data set and other seeds.
    pub(crate) repetitions: u64,
    /// The first seed of the data; networks take seeds from the same range.
    first_seed: u64,
    /// Strengths.
    strengths: &'static [f64],
    sizes: &'static [Size],
}

/// Classes, modalities, factor on the numbers of rows, factor on the dims, and how it is evaluated.
struct Size(usize, usize, f64, f64, Evaluation);

/// How networks are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Evaluation {
    /// One given split; the number of seeds is the case's.
    Given,
    /// Five folds, dealt twice.
    Folds,
    /// A random 30 % of the rows, drawn anew for every seed.
    HoldOuts,
}

use Evaluation::{Folds, Given, HoldOuts};

const N_FOLDS: usize = 5;
const TEST_SHARE: f64 = 0.3;

/// Rules and thresholds may be set on this half ...
pub(crate) const SETTING: Half = Half {
    name: "setting",
    cases: &[],
    repetitions: 1,
    first_seed: 1_000,
    strengths: &[0.5, 0.75, 1.0],
    sizes: &[
        Size(5, 2, 1.0, 1.0, Given),
        Size(3, 2, 1.5, 1.25, Given),
        Size(6, 3, 1.2, 1.0, Given),
        Size(4, 2, 1.0, 1.1, Given),
        Size(4, 2, 1.2, 1.0, Folds),
        Size(5, 3, 1.4, 1.0, Folds),
        Size(4, 2, 1.2, 1.0, HoldOuts),
        Size(6, 2, 1.4, 1.0, HoldOuts),
    ],
};

/// ... and are scored on this one.
pub(crate) const SCORING: Half = Half {
    name: "scoring",
    cases: &[],
    repetitions: 1,
    first_seed: 31_000_000,
    strengths: &[0.55, 0.7, 0.9],
    sizes: &[
        Size(3, 2, 1.1, 0.9, Given),
        Size(6, 2, 0.9, 1.15, Given),
        Size(7, 3, 1.3, 1.2, Given),
        Size(8, 2, 1.2, 1.3, Given),
        Size(5, 2, 1.5, 1.1, Folds),
        Size(6, 3, 1.3, 1.1, Folds),
        Size(3, 2, 1.3, 0.9, HoldOuts),
        Size(7, 2, 1.5, 1.2, HoldOuts),
    ],
};

/// Where nothing is planted, for the rate of false alarms: it takes many data sets to
/// show a small share.
pub(crate) const CALM: Half = Half {
    name: "calm",
    cases: &["no_effect", "redundancy"],
    repetitions: 8,
    first_seed: 37_000_000,
    strengths: &[0.3, 0.9],
    sizes: &[Size(4, 2, 1.0, 1.0, Given), Size(8, 2, 1.0, 1.0, Given), Size(5, 3, 1.0, 1.0, Folds)],
};

/// One data set to diagnose.
#[derive(Clone)]
pub(crate) struct Cell {
    /// Position in [`CASES`].
    pub(crate) case: usize,
    pub(crate) knobs: Knobs,
    pub(crate) evaluation: Evaluation,
    /// Seeds of the networks (repeats of folds): their number, and the first.
    pub(crate) seeds: u32,
    pub(crate) first_seed: u64,
}

impl Half {
    /// All data sets of the half; with `quick` one repetition of the strongest, with `only` those of
    /// one case.
    pub(crate) fn cells(&self, quick: bool, only: Option<&str>) -> Vec<Cell> {
        let mut cells = Vec::new();
        let is_asked = |name| self.cases.is_empty() || self.cases.contains(&name);
        let is_asked = |name| is_asked(name) && only.is_none_or(|only| only == name);
        for (case, _) in CASES.iter().enumerate().filter(|(_, of)| is_asked(of.name)) {
            for (size, shape) in self.sizes.iter().enumerate() {
                for (dose, strength) in self.strengths.iter().enumerate() {
                    for repetition in 0..self.repetitions {
                        let is_quick = size == 0 && dose + 1 == self.strengths.len() && repetition == 0;
                        if quick && !is_quick {
                            continue;
                        }
                        // Seeds of networks and data never meet those of another cell.
                        let number = ((case * 8 + size) * 8 + dose) as u64 * 16 + repetition;
                        let seed = self.first_seed + number * 16;
                        cells.extend(shape.cell(case, *strength, dose + 1 == self.strengths.len(), seed));
                    }
                }
            }
        }
        cells
    }
}

impl Size {
    /// None where the case needs test rows from elsewhere and the evaluation draws them from one pool.
    fn cell(&self, case: usize, strength: f64, is_strongest: bool, seed: u64) -> Option<Cell> {
        let of = &CASES[case];
        let Self(n_classes, n_modalities, rows, dims, evaluation) = *self;
        let (n_train, n_test, dim, seeds) = frame(of.name);
        let scaled = |n: usize, factor: f64| (n as f64 * factor).round() as usize;
        let mut knobs = Knobs {
            n_train: scaled(n_train, rows),
            n_test: scaled(n_test, rows),
            n_classes,
            n_modalities,
            dim: scaled(dim, dims),
            strength,
            seed,
        };
        // The intervals of folds and hold-outs are wide: they get the strongest dose only.
        if evaluation != Given && !is_strongest {
            return None;
        }
        let is_elsewhere = of.recipe(&knobs).sources.iter().any(|s| s.is_shortcut || s.is_mispaired);
        if evaluation != Given && is_elsewhere {
            return None;
        }
        // A pool of which as many rows are trained on as under a given split.
        knobs.n_test = match evaluation {
            Given => knobs.n_test,
            Folds => (knobs.n_train as f64 / (N_FOLDS - 1) as f64).round() as usize,
            HoldOuts => (knobs.n_train as f64 * TEST_SHARE / (1.0 - TEST_SHARE)).round() as usize,
        };
        let seeds = if evaluation == Folds { 2 } else { seeds };
        Some(Cell { case, knobs, evaluation, seeds, first_seed: seed })
    }
}

impl Evaluation {
    /// The split of a pool; none where the planted one stays.
    pub(crate) fn split(self) -> Option<Split> {
        match self {
            Given => None,
            Folds => Some(Split::Folds { k: N_FOLDS }),
            HoldOuts => Some(Split::HoldOut { test_share: TEST_SHARE }),
        }
    }
}

/// Training rows, test rows, features and seeds of a case, which the sizes of a half scale. Luck
/// needs ten trainings, over-fitting few rows, a proof of "nothing to gain" many.
fn frame(case: &str) -> (usize, usize, usize, u32) {
    match case {
        "no_effect" => (1500, 150, 40, 6),
        "redundancy" => (1500, 3000, 40, 8),
        "competition" => (600, 1000, 80, 10),
        "lottery" => (700, 1000, 30, 10),
        "overfitting" | "noise" => (300, 1500, 140, 8),
        _ => (800, 1000, 40, 6),
    }
}
