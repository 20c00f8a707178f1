//! A small advantage becomes a total one.

use super::{ALLENZHU, Claim, Experiment, Found, Judgement, Size, Source};
use crate::lab::race::LEVEL;
use crate::lab::theory::comparison::{Comparison, Step};
use crate::registry::Entry;
use crate::stats::Estimate;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "comparison_lemma",
    summary: "the slower of two power-law growths stays within a polylog factor of its start",
    cites: &[ALLENZHU],
    knobs: &[],
    build: |_| Box::new(ComparisonLemma),
};

struct ComparisonLemma;

/// Where both start, up to the advantage.
const START: f64 = 1e-4;
/// The recursion's growth per step.
const GROWTH: f64 = 1e-4;
const MOST_STEPS: u64 = 10_000_000;

impl Claim for ComparisonLemma {
    fn source(&self) -> Source {
        Source {
            place: "Allen-Zhu and Li 2020, Lemma D.19, on which the talk's theorem rests; the numbers are ours",
            quoted: true,
        }
    }

    fn rule(&self) -> &'static str {
        "from 1e-4 until the winner reaches 1, q = 3: with an advantage of 1.1 over the threshold the recursion's \
         loser grows by less than a factor 12 and within 5 % of the closed form, for S = 1 and 2; without an \
         advantage by more than 1000"
    }

    fn experiments(&self, _size: Size) -> Vec<Experiment> {
        Vec::new()
    }

    fn judge(&self, _found: &Found<'_>) -> Vec<Judgement> {
        [(1.1, 1.0), (1.1, 2.0), (1.0, 1.0)]
            .into_iter()
            .map(|(advantage, strength)| {
                let start = Comparison::with_advantage(3, advantage, START, strength, 1.0);
                let exact = start.loser() / START;
                let grown = start.recursion(Step::Growth(GROWTH), MOST_STEPS).map(|(y, _)| y / START);
                let bounded = advantage > 1.0;
                Judgement {
                    what: format!("growth of the loser, advantage {advantage}, S = {strength}"),
                    prediction: if bounded {
                        format!("{exact:.2} in continuous time: bounded")
                    } else {
                        format!("{exact:.0} in continuous time: as the winner")
                    },
                    predicted: Some(exact),
                    passed: grown.is_some_and(|grown| {
                        if bounded {
                            grown < 12.0 && (grown / exact - 1.0).abs() <= 0.05
                        } else {
                            grown > 1000.0
                        }
                    }),
                    measurement: grown
                        .map(|grown| Estimate::without_interval(grown, LEVEL, 1, "nothing is drawn")),
                    note: None,
                }
            })
            .collect()
    }
}
