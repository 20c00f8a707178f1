//! Learning-rate schedules: a factor on the rate, per epoch, with the
//! conventions of PyTorch.

use crate::num::special;
use crate::registry::{Default, Entry, Knob, Range, Table};

/// A factor on the learning rate that depends on the epoch.
pub trait Schedule: Send {
    /// The factor in epoch `epoch` (from 0) of `n_epochs`.
    fn factor(&self, epoch: u32, n_epochs: u32) -> f64;
}

/// All schedules; the first is the default.
pub fn table() -> Table<dyn Schedule> {
    &[
        Entry {
            name: "constant",
            summary: "the same rate throughout",
            cites: &[],
            knobs: &[],
            build: |_| Box::new(Constant),
        },
        Entry {
            name: "step",
            summary: "the rate multiplied by `gamma` every `every` epochs",
            cites: &[],
            knobs: &[
                Knob {
                    name: "every",
                    default: Default::Whole(30),
                    range: Range::Between(1.0, 1e9),
                    meaning: "epochs between two drops",
                },
                Knob {
                    name: "gamma",
                    default: Default::Number(0.1),
                    range: Range::Between(0.0, 1.0),
                    meaning: "factor of each drop",
                },
            ],
            build: |s| Box::new(Step { every: s.whole("every") as u32, gamma: s.number("gamma") }),
        },
        Entry {
            name: "cosine",
            summary: "from the full rate to zero along half a cosine",
            cites: &[],
            knobs: &[],
            build: |_| Box::new(Cosine),
        },
    ]
}

struct Constant;

impl Schedule for Constant {
    fn factor(&self, _epoch: u32, _n_epochs: u32) -> f64 {
        1.0
    }
}

struct Step {
    every: u32,
    gamma: f64,
}

impl Schedule for Step {
    fn factor(&self, epoch: u32, _n_epochs: u32) -> f64 {
        (0..epoch / self.every).fold(1.0, |factor, _| factor * self.gamma)
    }
}

struct Cosine;

impl Schedule for Cosine {
    fn factor(&self, epoch: u32, n_epochs: u32) -> f64 {
        0.5 * (1.0 + special::cos(std::f64::consts::PI * f64::from(epoch) / f64::from(n_epochs.max(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Choice, find};

    #[test]
    fn factors_follow_their_formulas() {
        let build = |choice: &Choice| {
            let entry = find("schedule", table(), &choice.name).unwrap();
            (entry.build)(&entry.settle(choice).unwrap())
        };
        let step = build(&Choice::new("step").with("every", 2_i64).with("gamma", 0.5));
        let factors: Vec<f64> = (0..5).map(|e| step.factor(e, 5)).collect();
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.5, 0.25]);
        let cosine = build(&Choice::new("cosine"));
        assert_eq!(cosine.factor(0, 10), 1.0);
        assert!((cosine.factor(5, 10) - 0.5).abs() < 1e-15);
        assert_eq!(build(&Choice::new("constant")).factor(7, 10), 1.0);
    }
}
