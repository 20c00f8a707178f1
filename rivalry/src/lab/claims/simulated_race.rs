//! The race of one class in the smallest system that has one.

use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source};
use crate::encoders::SmoothedRelu;
use crate::lab::race::LEVEL;
use crate::lab::theory::simulated_race::SimulatedRace;
use crate::registry::Entry;
use crate::stats::wilson;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "simulated_race",
    summary: "one class against softmax: the stronger modality wins with the closed form's probability",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(SmallRace),
};

struct SmallRace;

/// q, z_1/z_2.
const RACES: [(i32, f64); 6] = [(3, 1.0), (3, 1.1), (3, 1.25), (4, 1.0), (4, 1.1), (4, 1.25)];

impl Claim for SmallRace {
    fn source(&self) -> Source {
        Source {
            place: "our reconstruction: the winner rule as a closed form, simulated as scalar equations",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "K = 10, m = 10, 400 trials (100 in the quick form): the share of modality 1 is within 3 standard errors of the \
         closed form, and the winner was predicted in at least 95 %"
    }

    fn experiments(&self, _size: Size) -> Vec<Experiment> {
        Vec::new()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let n_trials = found.size.trials(100, 400) as u32;
        RACES
            .into_iter()
            .map(|(q, ratio)| {
                let neurons = SmoothedRelu { n_neurons: 10, power: q, beta: 0.2, sigma0: 1e-4 };
                let race =
                    SimulatedRace { neurons, sizes: vec![ratio, 1.0], n_classes: 10, final_loss: 0.05 };
                let summary = race.summary(&race.trials(n_trials, 0, found.threads));
                let exact = summary.closed_form[0];
                let share = wilson(summary.wins[0] as u64, u64::from(n_trials), LEVEL);
                let error = (exact * (1.0 - exact) / f64::from(n_trials)).sqrt();
                let right = summary.predicted_right as f64 / f64::from(n_trials);
                Judgement {
                    what: format!("share of races won by modality 1, q = {q}, z_1/z_2 = {ratio}"),
                    prediction: format!("{exact:.3}"),
                    predicted: Some(exact),
                    passed: right >= 0.95
                        && share.as_ref().is_some_and(|share| (share.value - exact).abs() <= 3.0 * error),
                    measurement: share,
                    note: Some(format!(
                        "predicted right in {:.1} %; median share of the winner in the final logit {:.3}",
                        100.0 * right,
                        summary.median_share
                    )),
                }
            })
            .collect()
    }
}
