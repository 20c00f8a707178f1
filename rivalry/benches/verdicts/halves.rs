//! What is planted to set rules on, and what to score them on: other seeds,
//! other sizes, other doses. Sizes were chosen on the first half so that causes act.

use rivalry::data::planted::{CASES, Knobs};

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
    /// Classes, modalities, factor on the numbers of rows, factor on the dims.
    sizes: &'static [(usize, usize, f64, f64)],
}

/// Rules and thresholds may be set on this half ...
pub(crate) const SETTING: Half = Half {
    name: "setting",
    cases: &[],
    repetitions: 1,
    first_seed: 1_000,
    strengths: &[0.5, 1.0],
    sizes: &[(5, 2, 1.0, 1.0), (3, 3, 1.5, 1.25)],
};

/// ... and are scored on this one.
pub(crate) const SCORING: Half = Half {
    name: "scoring",
    cases: &[],
    repetitions: 2,
    first_seed: 900_000,
    strengths: &[0.45, 0.85],
    sizes: &[(4, 2, 1.2, 0.8), (6, 2, 0.85, 1.1), (7, 3, 1.3, 1.4)],
};

/// Where nothing is planted, for the rate of false alarms: it takes many data sets to
/// show a small share. Added after the scoring half; no rule was changed for it.
pub(crate) const CALM: Half = Half {
    name: "calm",
    cases: &["no_effect", "redundancy"],
    repetitions: 12,
    first_seed: 5_000_000,
    strengths: &[0.3, 0.9],
    sizes: &[(4, 2, 1.0, 1.0), (8, 2, 1.0, 1.0)],
};

/// One data set to diagnose.
#[derive(Clone)]
pub(crate) struct Cell {
    /// Position in [`CASES`].
    pub(crate) case: usize,
    pub(crate) knobs: Knobs,
    /// Seeds of the networks: their number, and the first.
    pub(crate) seeds: u32,
    pub(crate) first_seed: u64,
}

impl Half {
    /// All data sets of the half; with `quick` one repetition of the strongest.
    pub(crate) fn cells(&self, quick: bool) -> Vec<Cell> {
        let mut cells = Vec::new();
        let is_asked = |name| self.cases.is_empty() || self.cases.contains(&name);
        for (case, of) in CASES.iter().enumerate().filter(|(_, of)| is_asked(of.name)) {
            for (size, (n_classes, n_modalities, rows, dims)) in self.sizes.iter().enumerate() {
                for (dose, strength) in self.strengths.iter().enumerate() {
                    for repetition in 0..self.repetitions {
                        let is_quick = size == 0 && dose + 1 == self.strengths.len() && repetition == 0;
                        if quick && !is_quick {
                            continue;
                        }
                        // Seeds of networks and data never meet those of another cell.
                        let number = ((case * 8 + size) * 8 + dose) as u64 * 16 + repetition;
                        let seed = self.first_seed + number * 16;
                        let (n_train, n_test, dim, seeds) = frame(of.name);
                        let scaled = |n: usize, factor: f64| (n as f64 * factor).round() as usize;
                        cells.push(Cell {
                            case,
                            knobs: Knobs {
                                n_train: scaled(n_train, *rows),
                                n_test: scaled(n_test, *rows),
                                n_classes: *n_classes,
                                n_modalities: *n_modalities,
                                dim: scaled(dim, *dims),
                                strength: *strength,
                                seed,
                            },
                            seeds,
                            first_seed: seed,
                        });
                    }
                }
            }
        }
        cells
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
        "overfitting" | "noise" => (300, 1000, 100, 8),
        _ => (800, 1000, 40, 6),
    }
}
