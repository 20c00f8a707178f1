//! A small advantage becomes a total one.

use super::{ALLENZHU, Claim, Experiment, Found, Judgement, Size, Source};
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "comparison_lemma",
    summary: "the slower of two power-law growths stays within a polylog factor of its start",
    cites: &[ALLENZHU],
    knobs: &[],
    build: |_| Box::new(ComparisonLemma),
};

struct ComparisonLemma;

impl Claim for ComparisonLemma {
    fn source(&self) -> Source {
        Source { place: "Allen-Zhu and Li 2020, Lemma D.19, on which the talk's theorem rests; the numbers are ours", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "with an initial advantage of 1.1 over the threshold, the simulated loser grows by a factor within 5 % of the closed form until the winner reaches 1, and by less than 12; without an advantage it grows by more than 1000"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        let _ = size;
        Vec::new()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let _ = found;
        comparison_lines()
    }
}

fn comparison_lines() -> Vec<Judgement> {
    Vec::new()
}
