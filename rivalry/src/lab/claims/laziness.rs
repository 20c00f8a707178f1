//! Joint training stops when the data are fitted: about one feature per class is learned, where training apart learns all.

use super::settings::{REFERENCE, reference};
use super::{Claim, DU, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::outcome::ClassOutcome;
use crate::lab::race::{LEVEL, MARGIN, expected_odds};
use crate::registry::Entry;
use crate::stats::student_mean;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "laziness",
    summary: "joint training learns one feature per class, training apart learns all",
    cites: &[DU, HUANG],
    knobs: &[],
    build: |_| Box::new(Laziness),
};

struct Laziness;

impl Claim for Laziness {
    fn source(&self) -> Source {
        Source { place: "Du et al. 2021/2023 (laziness), in the talk's model: our derivation", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "the interval of the mean number of modalities that learned a class reaches down to 1 + the dead zone's mass (factor 1.1, closed form) jointly, and up to R - 0.05 apart"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let per_class = |gammas: &dyn Fn(&ClassOutcome) -> usize| {
            let means: Vec<f64> = complete
                .iter()
                .map(|outcome| {
                    let learned: usize = outcome.classes.iter().map(gammas).sum();
                    learned as f64 / outcome.classes.len() as f64
                })
                .collect();
            student_mean(&means, LEVEL)
        };
        let learned = |gamma: &[f64]| gamma.iter().filter(|gamma| **gamma >= setting.beta).count();
        let jointly = per_class(&|class| learned(&class.gamma_final));
        let apart = per_class(&|class| learned(&class.gamma_alone));
        let n_modalities = setting.n_modalities() as f64;
        let dead_zone = expected_odds(setting, MARGIN - 1.0).close;
        vec![
            Judgement {
                what: "modalities that learned a class, joint training".to_owned(),
                prediction: format!("1, at most {:.3} with the dead zone", 1.0 + dead_zone),
                predicted: Some(1.0),
                passed: meets(jointly.as_ref(), 1.0, 1.0 + dead_zone),
                measurement: jointly,
                note: note.clone(),
            },
            Judgement {
                what: "modalities that learned a class, trained apart".to_owned(),
                prediction: format!("{n_modalities}"),
                predicted: Some(n_modalities),
                passed: meets(apart.as_ref(), n_modalities - 0.05, n_modalities),
                measurement: apart,
                note,
            },
        ]
    }
}
