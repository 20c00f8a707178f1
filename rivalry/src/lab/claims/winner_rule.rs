//! The better correlated modality wins.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source};
use crate::lab::race::{MARGIN, summarise};
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "winner_rule",
    summary: "the modality better correlated with its encoder's initial weights wins",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(WinnerRule),
};

struct WinnerRule;

impl Claim for WinnerRule {
    fn source(&self) -> Source {
        Source {
            place: "the talk, 'which modality wins'; the rule with data strength is our reconstruction",
            quoted: true,
        }
    }

    fn rule(&self) -> &'static str {
        "outside the dead zone (scores within a factor 1.1) at least 90 % of the winners are predicted from initialisation"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let right = summarise(setting, outcomes).and_then(|summary| summary.predicted_right);
        vec![Judgement {
            what: format!("share of winners predicted right, scores more than a factor {MARGIN} apart"),
            prediction: "1 in the limit; at least 0.90 here".to_owned(),
            predicted: Some(1.0),
            passed: right.as_ref().is_some_and(|right| right.value >= 0.90),
            measurement: right,
            note: None,
        }]
    }
}
