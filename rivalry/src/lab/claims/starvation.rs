//! The winner takes the gradient: a losing encoder is starved of it.

use super::settings::{EVEN, REFERENCE, even, reference};
use super::time_to_win::{CLEAN, experiment, name};
use super::{Claim, DGL, Experiment, Found, HUANG, Judgement, Size, Source, complete};
use crate::lab::race::{LEVEL, MARGIN, predicted_winner};
use crate::registry::Entry;
use crate::stats::{Estimate, student_mean, wilson};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "starvation",
    summary: "once a class is won, the residual that trains the loser is gone",
    cites: &[DGL, HUANG],
    knobs: &[],
    build: |_| Box::new(Starvation),
};

struct Starvation;

impl Claim for Starvation {
    fn source(&self) -> Source {
        Source {
            place: "DGL 2025 (fusion decreases the gradient returned to each encoder), in the talk's model: our derivation",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "in classes that modality r lost jointly: the residual mean(1 - p_y) over the class, relative to its value at initialisation, is at most 0.2; trained alone it reached beta in at least 95 % of the same classes; on clean data (noise 0.05, no off-label features), when every class is decided, the Gamma of losers outside the dead zone (factor 1.1) has grown by less than a factor 11, the lemma's bound, in at least 90 %; the same share on the reference data is told beside it"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size), even(size), experiment(CLEAN, size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let at_start = 1.0 - 1.0 / setting.n_classes() as f64;
        let (mut ratios, mut alone, mut all) = (Vec::new(), 0, 0);
        for class in complete.iter().flat_map(|outcome| &outcome.classes) {
            for r in 0..setting.n_modalities() {
                // A modality without a neuron towards the feature could not learn it alone either.
                if class.gamma_final[r] >= setting.beta || class.gamma_initial[r] <= 0.0 {
                    continue;
                }
                all += 1;
                ratios.push(class.residual / at_start);
                alone += u64::from(class.gamma_alone[r] >= setting.beta);
            }
        }
        let line = |what: &str, prediction: &str, measurement: Option<Estimate>, passed: bool| Judgement {
            what: what.to_owned(),
            prediction: prediction.to_owned(),
            predicted: None,
            measurement,
            passed,
            note: note.clone(),
        };
        let kappa = student_mean(&ratios, LEVEL);
        let (clean, noisy) = (frozen(found, &name(CLEAN)), frozen(found, EVEN));
        let alone = wilson(alone, all, LEVEL);
        let kappa_passed = kappa.as_ref().is_some_and(|kappa| kappa.value <= 0.2);
        let frozen_passed = clean.as_ref().is_some_and(|share| share.value >= 0.9);
        let alone_passed = alone.as_ref().is_some_and(|share| share.value >= 0.95);
        vec![
            line("residual left for the losers, relative to initialisation", "towards 0", kappa, kappa_passed),
            Judgement {
                what: "share of losers whose Gamma grew by less than a factor 11, clean data".to_owned(),
                prediction: "towards 1 (comparison lemma)".to_owned(),
                predicted: None,
                measurement: clean,
                passed: frozen_passed,
                note: noisy.map(|share| {
                    format!(
                        "on the reference data, where noise of length 1.5 lifts small alignments too, {}: outside the \
                         lemma's setting, a finding",
                        share.percent(0)
                    )
                }),
            },
            line("share of the same that learn the class when trained alone", "towards 1", alone, alone_passed),
        ]
    }
}

/// Of the losers outside the dead zone, the share that is still near its start
/// when every class has its winner.
fn frozen(found: &Found<'_>, experiment: &str) -> Option<Estimate> {
    let (setting, outcomes) = found.of(experiment);
    // In a trial that did not converge some class has no winner yet.
    let (complete, _) = complete(outcomes);
    let (mut frozen, mut all) = (0, 0);
    for class in complete.iter().flat_map(|outcome| &outcome.classes) {
        let Some((winner, margin)) = predicted_winner(class, setting.q) else { continue };
        if margin < MARGIN {
            continue;
        }
        for r in (0..setting.n_modalities()).filter(|r| *r != winner && class.gamma_initial[*r] > 0.0) {
            all += 1;
            frozen += u64::from(class.gamma_final[r] < 11.0 * class.gamma_initial[r]);
        }
    }
    wilson(frozen, all, LEVEL)
}
