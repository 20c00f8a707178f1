//! What the joint network itself costs, and where not.

use super::settings::{REFERENCE, reference, with};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::outcome::{ClassOutcome, Winner};
use crate::lab::race::{LEVEL, summarise};
use crate::registry::Entry;
use crate::stats::student_mean;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "corollary",
    summary: "jointly, the test error is between the best mu_r and sum_r p_r mu_r; where winners are not decided, joint training gains",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(Corollary),
};

struct Corollary;

impl Claim for Corollary {
    fn source(&self) -> Source {
        Source { place: "our reconstruction (paper.md 3.3): on the slides only in words", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "in the reference regime the joint test error minus the best uni-modal one has its interval above 0, and that of joint error minus sum_r (share won by r) mu_r reaches down to 0.002; with sigma_0 = 0.02 (nothing is frozen out) joint minus best has its interval below 0"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        let mixed = with(&[("sigma0", "0.02"), ("off_label_count", "1"), ("gamma", "0.1")]);
        vec![
            reference(size),
            Experiment { name: LARGE.to_owned(), setting: mixed, trials: size.trials(3, 12) },
        ]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let gap = summarise(setting, outcomes).and_then(|summary| summary.joint_minus_best);
        let mut lines = vec![Judgement {
            what: "joint test error minus the best uni-modal one, reference regime".to_owned(),
            prediction: "above 0: naive joint training is worse".to_owned(),
            predicted: None,
            passed: gap.as_ref().is_some_and(|gap| gap.above(0.0)),
            measurement: gap,
            note: note.clone(),
        }];
        let excess: Vec<f64> = complete
            .iter()
            .map(|outcome| {
                let share = |r: usize| {
                    let mine = |class: &&ClassOutcome| class.winner(setting.beta) == Winner::Modality(r);
                    outcome.classes.iter().filter(mine).count() as f64 / setting.n_classes() as f64
                };
                let mixed: f64 =
                    setting.data.modalities.iter().enumerate().map(|(r, m)| share(r) * m.mu).sum();
                outcome.joint.test_error - mixed
            })
            .collect();
        let excess = student_mean(&excess, LEVEL);
        lines.push(Judgement {
            what: "joint test error minus sum_r (share won by r) mu_r, reference regime".to_owned(),
            prediction: "0 in the limit, below it at finite size".to_owned(),
            predicted: Some(0.0),
            passed: meets(excess.as_ref(), f64::NEG_INFINITY, 0.002),
            measurement: excess,
            note,
        });
        let (setting, outcomes) = found.of(LARGE);
        let gap = summarise(setting, outcomes).and_then(|summary| summary.joint_minus_best);
        lines.push(Judgement {
            what: "joint test error minus the best uni-modal one, sigma_0 = 0.02".to_owned(),
            prediction: "below 0: where the loser is not frozen out, joint training gains".to_owned(),
            predicted: None,
            passed: gap.as_ref().is_some_and(|gap| gap.below(0.0)),
            measurement: gap,
            note: Some("outside the theorem's regime, where sigma_0 = 1/poly(K)".to_owned()),
        });
        lines
    }
}

const LARGE: &str = "large initial weights";
