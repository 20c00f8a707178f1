//! A branch that lost a class errs on at least a share 1/K.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::race::LEVEL;
use crate::registry::Entry;
use crate::stats::{student_mean, wilson};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "branch_error",
    summary: "jointly, a branch that lost a class alone errs at least 1/K",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(BranchError),
};

struct BranchError;

impl Claim for BranchError {
    fn source(&self) -> Source {
        Source { place: "the talk's joint-training theorem, second line", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "among trials and modalities with a lost class, the test error of the branch is at least 1/K (up to two standard errors of counting) in at least 95 %; the interval of the mean branch error minus (lost classes + mu_r x others) / K meets [-0.03, 0.03]"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let bound = 1.0 / setting.n_classes() as f64;
        let slack = 2.0 * (bound * (1.0 - bound) / setting.n_test as f64).sqrt();
        let (mut hits, mut all) = (0, 0);
        for outcome in &complete {
            for (r, error) in outcome.branch_test_errors.iter().enumerate() {
                if outcome.lost(r, setting.beta) > 0 {
                    all += 1;
                    hits += u64::from(*error >= bound - slack);
                }
            }
        }
        let share = wilson(hits, all, LEVEL);
        let mut lines = vec![Judgement {
            what: "share of branches with a lost class whose test error is at least 1/K".to_owned(),
            prediction: format!("1 (1/K = {bound})"),
            predicted: Some(1.0),
            passed: share.as_ref().is_some_and(|share| share.value >= 0.95),
            measurement: share,
            note: note.clone(),
        }];
        for (r, modality) in setting.data.modalities.iter().enumerate() {
            let mut differences = Vec::new();
            for outcome in &complete {
                let lost = outcome.lost(r, setting.beta) as f64 * bound;
                differences.push(outcome.branch_test_errors[r] - (lost + (1.0 - lost) * modality.mu));
            }
            let mean = student_mean(&differences, LEVEL);
            lines.push(Judgement {
                what: format!(
                    "branch error of modality {} minus what its lost classes and mu_{0} imply",
                    r + 1
                ),
                prediction: "0 (ours: lost classes are all wrong, the others as alone)".to_owned(),
                predicted: Some(0.0),
                passed: meets(mean.as_ref(), -0.03, 0.03),
                measurement: mean,
                note: note.clone(),
            });
        }
        lines
    }
}
