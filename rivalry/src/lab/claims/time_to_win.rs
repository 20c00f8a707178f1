//! The time to win grows as Gamma_0^{-(q-2)}.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, meets};
use crate::lab::fit::slope;
use crate::lab::race::{LEVEL, code_law};
use crate::lab::theory::early::EarlyGrowth;
use crate::lab::theory::strength::blow_up_time;
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

/// q, nu, active off-label features, sigma_0: data almost without noise.
pub(super) const CLEAN: (&str, &str, &str, &str) = ("3", "0.05", "0", "1e-5");
/// The reference's data.
const NOISY: (&str, &str, &str, &str) = ("3", "1.5", "2", "1e-5");
/// Clean data for two powers, and the reference's data.
const RACES: [(&str, &str, &str, &str); 3] = [CLEAN, ("4", "0.05", "0", "1e-3"), NOISY];

pub(super) fn name((q, noise, _, _): (&str, &str, &str, &str)) -> String {
    format!("time to win at q = {q}, nu = {noise}")
}

/// A race of modalities of equal strength until every class has a winner.
pub(super) fn experiment(race: (&str, &str, &str, &str), size: Size) -> Experiment {
    let (q, noise, off_label, sigma0) = race;
    let setting = with(&[
        ("q", q),
        ("noise", noise),
        ("off_label_count", off_label),
        ("sigma0", sigma0),
        ("mu", "0.005"),
        ("until", "decided"),
        // Times are seen to 2 %.
        ("solver.stride", "0.02"),
    ]);
    Experiment { name: name(race), setting, trials: size.trials(2, 6) }
}

impl Claim for TimeToWin {
    fn source(&self) -> Source {
        Source { place: "our derivation: blow-up time of dGamma/dt = d Gamma^{q-1}", quoted: false }
    }

    fn rule(&self) -> &'static str {
        "the interval of the slope of log time against the log of the predicted time meets [0.9, 1.1]: on clean data (noise \
         0.05, no off-label features) with the law Gamma_0^{-(q-2)} / d, on the reference data with the law that knows \
         of noise (docs/theory.md)"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        RACES.into_iter().map(|race| experiment(race, size)).collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        RACES
            .into_iter()
            .map(|race| {
                let (setting, outcomes) = found.of(&name(race));
                let (q, clean) = (setting.q as i32, race.2 == "0");
                let (mut x, mut y) = (Vec::new(), Vec::new());
                for class in outcomes.iter().flat_map(|outcome| &outcome.classes) {
                    let Some(decided) = class.decided else { continue };
                    let r = decided.modality;
                    let (gamma, d) = (class.gamma_initial[r], class.strength[r]);
                    let predicted = if clean {
                        blow_up_time(gamma, d, q)
                    } else {
                        let law = code_law(setting, r);
                        let spread = EarlyGrowth::spread_at_start(
                            &law,
                            setting.data.modalities[r].noise,
                            setting.sigma0(r),
                        );
                        EarlyGrowth { law, q, beta: setting.beta, spread }.blow_up_time(gamma)
                    };
                    if predicted.is_finite() && decided.time > 0.0 {
                        x.push(special::ln(predicted));
                        y.push(special::ln(decided.time));
                    }
                }
                let fit = slope(&x, &y, None, LEVEL);
                Judgement {
                    what: format!(
                        "slope of log time to win, q = {q}, {}",
                        if clean { "clean data" } else { "reference data, law with noise" }
                    ),
                    prediction: "1".to_owned(),
                    predicted: Some(1.0),
                    passed: meets(fit.as_ref(), 0.9, 1.1),
                    measurement: fit,
                    note: None,
                }
            })
            .collect()
    }
}
