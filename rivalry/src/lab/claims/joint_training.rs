//! Jointly, training error is zero too.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source};
use crate::lab::race::LEVEL;
use crate::registry::Entry;
use crate::stats::wilson;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "joint_training",
    summary: "jointly, the network reaches training error zero",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(JointTraining),
};

struct JointTraining;

impl Claim for JointTraining {
    fn source(&self) -> Source {
        Source { place: "the talk's joint-training theorem, first line", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "the training error of the joint network is zero in at least 95 % of trials; trials that do not converge count against"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (_, outcomes) = found.of(REFERENCE);
        let hits = outcomes.iter().filter(|outcome| outcome.joint.train_error == 0.0).count();
        let share = wilson(hits as u64, outcomes.len() as u64, LEVEL);
        vec![Judgement {
            what: "share of trials with training error zero in the joint network".to_owned(),
            prediction: "1".to_owned(),
            predicted: Some(1.0),
            passed: share.as_ref().is_some_and(|share| share.value >= 0.95),
            measurement: share,
            note: None,
        }]
    }
}
