//! Alone, the test error is the share of insufficient data.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::race::LEVEL;
use crate::registry::Entry;
use crate::stats::{student_mean, wilson};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "unimodal_test",
    summary: "alone, the test error is (1 +- o(1)) mu_r",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(UnimodalTest),
};

struct UnimodalTest;

impl Claim for UnimodalTest {
    fn source(&self) -> Source {
        Source { place: "the talk's uni-modal theorem, second line", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "mu_r lies in the 99 % Wilson interval of the test error of network r in at least 95 % of trials and modalities, and the interval of the mean test error meets mu_r +- 15 %"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let n_test = setting.n_test as u64;
        let covers = |error: f64, mu: f64| {
            let errors = (error * n_test as f64).round() as u64;
            wilson(errors, n_test, 0.99).and_then(|e| e.interval()).is_some_and(|i| i.contains(mu))
        };
        let (mut hits, mut all) = (0, 0);
        for outcome in &complete {
            for (network, modality) in outcome.unimodal.iter().zip(&setting.data.modalities) {
                all += 1;
                hits += u64::from(covers(network.test_error, modality.mu));
            }
        }
        let share = wilson(hits, all, LEVEL);
        let mut lines = vec![Judgement {
            what: "share of trials and modalities whose interval covers mu_r".to_owned(),
            prediction: "at least 0.95".to_owned(),
            predicted: Some(0.99),
            passed: share.as_ref().is_some_and(|share| share.value >= 0.95),
            measurement: share,
            note: note.clone(),
        }];
        for (r, modality) in setting.data.modalities.iter().enumerate() {
            let errors: Vec<f64> = complete.iter().map(|outcome| outcome.unimodal[r].test_error).collect();
            let mean = student_mean(&errors, LEVEL);
            lines.push(Judgement {
                what: format!("mean test error of modality {} alone", r + 1),
                prediction: format!("mu_{} = {}", r + 1, modality.mu),
                predicted: Some(modality.mu),
                passed: meets(mean.as_ref(), 0.85 * modality.mu, 1.15 * modality.mu),
                measurement: mean,
                note: note.clone(),
            });
        }
        lines
    }
}
