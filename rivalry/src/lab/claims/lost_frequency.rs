//! Modality r loses a class with the probability that another one wins it.

use super::settings::{REFERENCE, reference};
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::race::{LEVEL, MARGIN, expected_odds};
use crate::registry::Entry;
use crate::stats::wilson;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "lost_frequency",
    summary: "branch r loses a class with probability p_{3-r}",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(LostFrequency),
};

struct LostFrequency;

impl Claim for LostFrequency {
    fn source(&self) -> Source {
        Source {
            place: "the talk's joint-training theorem, second line; the value of p_r is our reconstruction",
            quoted: true,
        }
    }

    fn rule(&self) -> &'static str {
        "the interval of the share of classes that modality r did not learn meets the closed form of the winner rule, from the probability that another wins beyond the dead zone (factor 1.1) to the probability that it does not win, +- 0.05"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![reference(size)]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(REFERENCE);
        let (complete, note) = complete(outcomes);
        let (p, beyond) = (expected_odds(setting, 0.0).win, expected_odds(setting, MARGIN - 1.0).win);
        (0..setting.n_modalities())
            .map(|r| {
                let lost: usize = complete.iter().map(|outcome| outcome.lost(r, setting.beta)).sum();
                let share = wilson(lost as u64, (complete.len() * setting.n_classes()) as u64, LEVEL);
                let predicted = 1.0 - p[r];
                let others: f64 = beyond.iter().enumerate().filter(|(s, _)| *s != r).map(|(_, p)| p).sum();
                Judgement {
                    what: format!("share of classes that modality {} lost", r + 1),
                    prediction: format!(
                        "{others:.3} to {predicted:.3}: another wins beyond the dead zone, or it does not win"
                    ),
                    predicted: Some(predicted),
                    passed: meets(share.as_ref(), others - 0.05, predicted + 0.05),
                    measurement: share,
                    note: note.clone(),
                }
            })
            .collect()
    }
}
