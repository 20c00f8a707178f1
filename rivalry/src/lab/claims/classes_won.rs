//! The number of classes that a modality wins is binomial.

use super::settings::{EVEN, even};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::outcome::{ClassOutcome, Winner};
use crate::num::sums;
use crate::registry::Entry;
use crate::stats::{Bootstrap, bootstrap};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "classes_won",
    summary: "classes are won independently: the number won is Binomial(K, p)",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(ClassesWon),
};

struct ClassesWon;

impl Claim for ClassesWon {
    fn source(&self) -> Source {
        Source { place: "our derivation: independent initial weights, one race per class", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "the variance of the number of classes that modality 1 wins, over that of Binomial(K, p), has an interval that meets [0.8, 1.25]"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![even(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(EVEN);
        let (complete, note) = complete(outcomes);
        let won: Vec<f64> = complete
            .iter()
            .map(|outcome| {
                let mine = |class: &&ClassOutcome| class.winner(setting.beta) == Winner::Modality(0);
                outcome.classes.iter().filter(mine).count() as f64
            })
            .collect();
        let n_classes = setting.n_classes() as f64;
        let how = Bootstrap { threads: found.threads, ..Bootstrap::bca() };
        let dispersion = bootstrap(won.len(), None, None, &how, |rows| {
            let sample: Vec<f64> = rows.iter().map(|i| won[*i as usize]).collect();
            let p = sums::mean(&sample) / n_classes;
            sums::variance(&sample) / (n_classes * p * (1.0 - p))
        });
        vec![Judgement {
            what: "variance of the number of classes won over that of the binomial law".to_owned(),
            prediction: "1".to_owned(),
            predicted: Some(1.0),
            passed: meets(dispersion.as_ref(), 0.8, 1.25),
            measurement: dispersion,
            note,
        }]
    }
}
