//! The time to win grows as Gamma_0^{-(q-2)}.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, meets};
use crate::lab::fit::slope;
use crate::lab::race::LEVEL;
use crate::num::special;
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "time_to_win",
    summary: "a class is won after a time proportional to Gamma_0^{-(q-2)} / d",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(TimeToWin),
};

struct TimeToWin;

impl Claim for TimeToWin {
    fn source(&self) -> Source {
        Source { place: "our derivation: blow-up time of dGamma/dt = d Gamma^{q-1}", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "the slope of log time against the log of Gamma_0^{-(q-2)} / d of the winner is between 0.9 and 1.1"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        ["3", "4"]
            .iter()
            .map(|q| Experiment {
                name: format!("time to win at q = {q}"),
                setting: with(&[("q", q), ("mu", "0.005"), ("until", "decided"), ("sigma0", if *q == "3" { "1e-5" } else { "1e-3" })]),
                trials: size.trials(2, 6),
            })
            .collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        ["3", "4"]
            .iter()
            .map(|q| {
                let (setting, outcomes) = found.of(&format!("time to win at q = {q}"));
                let (mut x, mut y) = (Vec::new(), Vec::new());
                for class in outcomes.iter().flat_map(|outcome| &outcome.classes) {
                    let Some(decided) = class.decided else { continue };
                    let (gamma, d) = (class.gamma_initial[decided.modality], class.strength[decided.modality]);
                    if gamma > 0.0 && d > 0.0 && decided.time > 0.0 {
                        x.push(-f64::from(setting.q - 2) * special::ln(gamma) - special::ln(d));
                        y.push(special::ln(decided.time));
                    }
                }
                let fit = slope(&x, &y, None, LEVEL);
                Judgement {
                    what: format!("slope of log time to win, q = {q}"),
                    prediction: "1".to_owned(),
                    predicted: Some(1.0),
                    passed: fit.as_ref().is_some_and(|fit| (0.9..=1.1).contains(&fit.value)),
                    measurement: fit,
                    note: None,
                }
            })
            .collect()
    }
}
