//! Three modalities compete as two do.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, meets};
use crate::lab::race::{expected_odds, summarise};
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "more_modalities",
    summary: "of three modalities, one wins each class",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(MoreModalities),
};

struct MoreModalities;

impl Claim for MoreModalities {
    fn source(&self) -> Source {
        Source {
            place: "our extension: the talk treats two modalities, its abstract speaks of a subset",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "the interval of each modality's share of classes won meets the closed form for three +- 0.05, and that of the undecided share reaches down to 0.15"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        vec![Experiment {
            name: THREE.to_owned(),
            setting: with(&[("modalities", "3"), ("mu", "0.005")]),
            trials: size.trials(2, 12),
        }]
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let (setting, outcomes) = found.of(THREE);
        let p = expected_odds(setting, 0.0).win;
        let summary = summarise(setting, outcomes);
        let mut lines: Vec<Judgement> = (0..setting.n_modalities())
            .map(|r| {
                let share = summary.as_ref().map(|summary| summary.p_win[r].clone());
                Judgement {
                    what: format!("share of classes that modality {} of three won", r + 1),
                    prediction: format!("{:.3}", p[r]),
                    predicted: Some(p[r]),
                    passed: meets(share.as_ref(), p[r] - 0.05, p[r] + 0.05),
                    measurement: share,
                    note: None,
                }
            })
            .collect();
        let undecided = summary.map(|summary| summary.undecided);
        lines.push(Judgement {
            what: "share of undecided classes of three modalities".to_owned(),
            prediction: "towards 0".to_owned(),
            predicted: Some(0.0),
            passed: meets(undecided.as_ref(), 0.0, 0.15),
            measurement: undecided,
            note: None,
        });
        lines
    }
}

const THREE: &str = "three modalities";
