//! p_1 + p_2 = 1 - o(1): the undecided mass shrinks.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, meets};
use crate::lab::race::summarise;
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "decided_mass",
    summary: "p_1 + p_2 = 1 - o(1)",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(DecidedMass),
};

struct DecidedMass;

impl Claim for DecidedMass {
    fn source(&self) -> Source {
        Source { place: "the talk's joint-training theorem, third line", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "the share of classes that nobody or more than one modality learned falls from each sigma_0 = 1e-2, 1e-3, 1e-5 to the next, and its interval reaches down to 0.10 at the end"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        SIGMA0
            .iter()
            .map(|sigma0| Experiment {
                name: format!("undecided at sigma_0 = {sigma0}"),
                setting: with(&[("sigma0", sigma0), ("mu", "0.005")]),
                trials: size.trials(3, 16),
            })
            .collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let mut lines: Vec<Judgement> = Vec::new();
        for sigma0 in SIGMA0 {
            let (setting, outcomes) = found.of(&format!("undecided at sigma_0 = {sigma0}"));
            let undecided = summarise(setting, outcomes).map(|summary| summary.undecided);
            let before = lines.last().and_then(|line| line.measurement.as_ref().map(|m| m.value));
            let is_last = sigma0 == SIGMA0[SIGMA0.len() - 1];
            let passed = undecided.as_ref().is_some_and(|now| {
                before.is_none_or(|before| now.value < before) && (!is_last || meets(Some(now), 0.0, 0.10))
            });
            lines.push(Judgement {
                what: format!("share of undecided classes at sigma_0 = {sigma0}"),
                prediction: "towards 0 as sigma_0 = 1/poly(K) falls".to_owned(),
                predicted: Some(0.0),
                passed,
                measurement: undecided,
                note: None,
            });
        }
        lines
    }
}

const SIGMA0: [&str; 3] = ["1e-2", "1e-3", "1e-5"];
