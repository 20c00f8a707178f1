//! Alone, every network reaches training error zero.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source};
use crate::lab::outcome::Outcome;
use crate::lab::race::LEVEL;
use crate::registry::Entry;
use crate::stats::wilson;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "unimodal_training",
    summary: "alone, each network reaches training error zero",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(UnimodalTraining),
};

struct UnimodalTraining;

impl Claim for UnimodalTraining {
    fn source(&self) -> Source {
        Source { place: "the talk's uni-modal theorem, first line", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "the training error of every network alone is zero in at least 95 % of trials; trials that do not converge count against"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (_, outcomes) = found.of(REFERENCE);
        let zero = |outcome: &&Outcome| outcome.unimodal.iter().all(|network| network.train_error == 0.0);
        let hits = outcomes.iter().filter(zero).count();
        let share = wilson(hits as u64, outcomes.len() as u64, LEVEL);
        vec![Judgement {
            what: "share of trials with training error zero in every network alone".to_owned(),
            prediction: "1".to_owned(),
            predicted: Some(1.0),
            passed: share.as_ref().is_some_and(|share| share.value >= 0.95),
            measurement: share,
            note: None,
        }]
    }
}
