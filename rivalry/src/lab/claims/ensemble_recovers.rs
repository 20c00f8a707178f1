//! Networks trained apart lose nothing: their ensemble beats the joint network.

use super::settings::{REFERENCE, reference};
use super::{Claim, DU, Experiment, Found, HUANG, Judgement, Size, Source, complete};
use crate::lab::race::LEVEL;
use crate::registry::Entry;
use crate::stats::student_mean;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "ensemble_recovers",
    summary: "the ensemble of the networks trained alone errs less than the joint network",
    cites: &[HUANG, DU],
    knobs: &[],
    build: |_| Box::new(EnsembleRecovers),
};

struct EnsembleRecovers;

impl Claim for EnsembleRecovers {
    fn source(&self) -> Source {
        Source { place: "Du et al. 2023 (UME), in the talk's model: our derivation", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "the ensemble's test error minus the joint network's has its interval below 0"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (_, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let differences: Vec<f64> = complete
            .iter()
            .filter_map(|outcome| Some(outcome.ensemble_test_error? - outcome.joint.test_error))
            .collect();
        let mean = student_mean(&differences, LEVEL);
        vec![Judgement {
            what: "ensemble test error minus joint test error".to_owned(),
            prediction: "below 0".to_owned(),
            predicted: None,
            passed: mean.as_ref().is_some_and(|mean| mean.below(0.0)),
            measurement: mean,
            note,
        }]
    }
}
