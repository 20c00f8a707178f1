//! Which remedies bring the losing modality back. A modality loses a class because the joint
//! residual p - e_y vanishes before its neurons have grown; a loss of its own keeps a residual
//! of its own, and a head start needs none, while a factor on the joint gradient scales what
//! has vanished.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, complete, meets};
use crate::lab::outcome::{Outcome, Winner};
use crate::lab::race::LEVEL;
use crate::lab::setting::Setting;
use crate::registry::Entry;
use crate::stats::{Estimate, wilson};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "remedies",
    summary: "a loss of its own or a head start brings a losing modality back; scaling the joint gradient does not",
    cites: &[HUANG],
    knobs: &[],
    build: |_| Box::new(Remedies),
};

struct Remedies;

/// Every encoder has a loss of its own, or starts where its network alone ended.
const RESTORE: [&str; 5] = ["auxiliary", "gradient_blending", "mmpareto", "dgl", "warm_start"];
/// Each encoder's joint gradient is scaled, and nothing else.
const SCALE: [&str; 2] = ["ogm", "agm"];
/// What both are compared with.
const NAIVE: &str = "naive";

/// What the experiment of a strategy is called.
const PREFIX: &str = "remedy: ";

fn name(strategy: &str) -> String {
    format!("{PREFIX}{strategy}")
}

/// The experiments of this claim among others, each with its strategy.
pub(in crate::lab) fn experiments<'a>(
    found: &'a Found<'_>,
) -> impl Iterator<Item = (&'a str, &'a Setting, &'a [Outcome])> {
    found.experiments.iter().filter_map(|(experiment, outcomes)| {
        let strategy = experiment.name.strip_prefix(PREFIX)?;
        Some((strategy, &experiment.setting, &outcomes[..]))
    })
}

/// Share of classes that every modality learned in joint training.
fn kept(outcomes: &[&Outcome], beta: f64) -> Option<Estimate> {
    let classes = outcomes.iter().flat_map(|outcome| &outcome.classes);
    let shared = classes.clone().filter(|class| class.winner(beta) == Winner::Shared).count();
    wilson(shared as u64, classes.count() as u64, LEVEL)
}

impl Claim for Remedies {
    fn source(&self) -> Source {
        Source {
            place: "our reading of Huang et al. 2022: why a modality loses, applied to published remedies",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "gradient descent from sigma_0 = 3e-4: with a loss of its own per encoder or a head start, the share of classes that all modalities learned lies at least half way from naive training's to 1; with a scaled joint gradient, within naive training's interval"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        let quick = size == Size::Quick;
        let all = [NAIVE].into_iter().chain(RESTORE).chain(SCALE);
        let some = |strategy: &&str| !quick || [NAIVE, "dgl", "ogm"].contains(strategy);
        all.filter(some)
            .map(|strategy| Experiment {
                name: name(strategy),
                setting: with(&[
                    ("dim", "100"),
                    ("n", "200"),
                    ("classes", "5"),
                    ("m", "8"),
                    ("sigma0", "0.0003"),
                    ("mu", "0.02"),
                    ("noise", "1"),
                    ("solver", "gradient_descent"),
                    ("solver.lr", "3"),
                    ("strategy", strategy),
                ]),
                trials: size.trials(2, 6),
            })
            .collect()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let of = |strategy: &str| {
            let asked = found.experiments.iter().any(|(e, _)| e.name == name(strategy));
            asked.then(|| found.of(&name(strategy)))
        };
        let measured = |strategy: &str| {
            let (setting, outcomes) = of(strategy)?;
            let (complete, note) = complete(outcomes);
            Some((kept(&complete, setting.beta), note))
        };
        let naive = measured(NAIVE).and_then(|(kept, _)| kept);
        let (value, low, high) = naive.as_ref().map_or((0.0, 0.0, 0.0), |naive| {
            let interval = naive.interval();
            (naive.value, interval.map_or(naive.value, |i| i.low), interval.map_or(naive.value, |i| i.high))
        });
        let line = |strategy: &str, prediction: String, band: (f64, f64), predicted: Option<f64>| {
            let (kept, note) = measured(strategy)?;
            Some(Judgement {
                what: format!("`{strategy}`: share of classes that all modalities learned"),
                prediction,
                predicted,
                passed: naive.is_some() && meets(kept.as_ref(), band.0, band.1),
                measurement: kept,
                note,
            })
        };
        let half = 0.5 * (1.0 + value);
        let restored = RESTORE.iter().filter_map(|strategy| {
            line(strategy, format!("at least {half:.2}; naive training {value:.2}"), (half, 1.0), None)
        });
        let scaled = SCALE.iter().filter_map(|strategy| {
            line(strategy, format!("as naive training, {value:.2}"), (low, high), Some(value))
        });
        restored.chain(scaled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule that no outcome can break proves nothing.
    #[test]
    fn the_rule_can_fail() {
        let few = wilson(12, 30, LEVEL).unwrap();
        let interval = few.interval().unwrap();
        let restored = wilson(27, 30, LEVEL);
        assert!(meets(restored.as_ref(), 0.5 * (1.0 + few.value), 1.0));
        assert!(!meets(Some(&few), 0.5 * (1.0 + few.value), 1.0), "as many as naive training keeps");
        assert!(
            !meets(wilson(29, 30, LEVEL).as_ref(), interval.low, interval.high),
            "scaling brings them back"
        );
    }
}
