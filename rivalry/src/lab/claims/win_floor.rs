//! Even the weaker modality wins with probability at least m^{-O(1)}.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, meets};
use crate::lab::fit::slope;
use crate::lab::race::{LEVEL, expected_odds, summarise};
use crate::num::special;
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "win_floor",
    summary: "p_r >= m^{-O(1)} for every modality",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(WinFloor),
};

struct WinFloor;

impl Claim for WinFloor {
    fn source(&self) -> Source {
        Source {
            place: "the talk's joint-training theorem, third line; the exponent is our reconstruction",
            quoted: true,
        }
    }

    fn rule(&self) -> &'static str {
        "the exponent fitted to the weaker modality's share of classes against m has an interval that meets that of the closed form at the same m +- 0.15, and every share is above 0"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        WIDTHS
            .iter()
            .map(|m| Experiment {
                name: format!("weaker modality at m = {m}"),
                setting: with(&[("m", m), ("strength.2", "1.1"), ("mu", "0.005"), ("until", "decided")]),
                trials: size.trials(3, 16),
            })
            .collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let mut lines = Vec::new();
        let (mut log_m, mut measured, mut predicted, mut errors) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for m in WIDTHS {
            let (setting, outcomes) = found.of(&format!("weaker modality at m = {m}"));
            let p = expected_odds(setting, 0.0).win[0];
            let share = summarise(setting, outcomes).map(|summary| summary.p_win[0].clone());
            if let Some(share) = share.as_ref().filter(|share| share.value > 0.0) {
                log_m.push(special::ln(setting.neurons(0) as f64));
                measured.push(special::ln(share.value));
                // The delta method: the deviation of ln p is that of p over p.
                errors.push(((1.0 - share.value) / (share.value * share.n as f64)).sqrt());
                predicted.push(special::ln(p));
            }
            lines.push(Judgement {
                what: format!("share of classes that the weaker modality won, m = {m}"),
                prediction: format!("{p:.3}"),
                predicted: Some(p),
                passed: share.as_ref().is_some_and(|share| share.value > 0.0),
                measurement: share,
                note: None,
            });
        }
        let fitted = slope(&log_m, &measured, Some(&errors), LEVEL);
        let exact = slope(&log_m, &predicted, None, LEVEL).map(|fit| fit.value);
        lines.push(Judgement {
            what: "exponent of the weaker modality's share in m".to_owned(),
            prediction: exact
                .map_or_else(String::new, |exact| format!("{exact:.2}, fitted to the closed form")),
            predicted: exact,
            passed: exact.is_some_and(|exact| meets(fitted.as_ref(), exact - 0.15, exact + 0.15)),
            measurement: fitted,
            note: None,
        });
        lines
    }
}

const WIDTHS: [&str; 4] = ["4", "8", "16", "32"];
