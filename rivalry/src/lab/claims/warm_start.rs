//! A uni-modal warm start turns the error's order in 1/K from one to two.

use super::settings::with;
use super::{Claim, Experiment, Found, HUANG, Judgement, Size, Source, TANG, meets};
use crate::lab::fit::slope;
use crate::lab::race::LEVEL;
use crate::num::special;
use crate::registry::Entry;

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "warm_start",
    summary: "shaping initial strengths by uni-modal training tightens the joint error from O(1/K) to O(1/K^2)",
    cites: &[TANG, HUANG],
    knobs: &[],
    build: |_| Box::new(WarmStart),
};

struct WarmStart;

impl Claim for WarmStart {
    fn source(&self) -> Source {
        Source {
            place: "Tang et al. 2025, abstract; the model (mu_r = 0.4/K) and the reading as two insufficient modalities are ours",
            quoted: false,
        }
    }

    fn rule(&self) -> &'static str {
        "with mu_r = 0.4/K for K = 5, 10, 20, the interval of the slope of log mean joint error in log K meets -1 +- 0.2 from random weights and -2 +- 0.4 after a warm start"
    }

    fn experiments(&self, size: Size) -> Vec<Experiment> {
        let mut all = Vec::new();
        for (k, n, mu) in SIZES {
            for strategy in STRATEGIES {
                let setting = with(&[
                    ("classes", k),
                    ("n", n),
                    ("mu", mu),
                    ("strategy", strategy),
                    ("n_test", "10000"),
                    ("m", "10"),
                ]);
                all.push(Experiment {
                    name: format!("{strategy} at K = {k}"),
                    setting,
                    trials: size.trials(1, 4),
                });
            }
        }
        all
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        STRATEGIES
            .iter()
            .zip([(-1.0, 0.2), (-2.0, 0.4)])
            .map(|(strategy, (predicted, tolerance))| {
                let (mut x, mut y, mut errors) = (Vec::new(), Vec::new(), Vec::new());
                for (k, _, _) in SIZES {
                    let (setting, outcomes) = found.of(&format!("{strategy} at K = {k}"));
                    let joint: Vec<f64> =
                        outcomes.iter().filter(|o| o.is_complete()).map(|o| o.joint.test_error).collect();
                    let n = joint.len() as f64 * setting.n_test as f64;
                    let wrong: f64 = joint.iter().sum::<f64>() * setting.n_test as f64;
                    if wrong > 0.0 {
                        x.push(special::ln(setting.n_classes() as f64));
                        y.push(special::ln(wrong / n));
                        // Counting errors alone: the deviation of the log of a count.
                        errors.push(1.0 / wrong.sqrt());
                    }
                }
                let fit = slope(&x, &y, Some(&errors), LEVEL);
                Judgement {
                    what: format!("slope of log joint error in log K, strategy `{strategy}`"),
                    prediction: format!("{predicted}"),
                    predicted: Some(predicted),
                    passed: meets(fit.as_ref(), predicted - tolerance, predicted + tolerance),
                    measurement: fit,
                    note: None,
                }
            })
            .collect()
    }
}

const STRATEGIES: [&str; 2] = ["naive", "warm_start"];
/// K, n and mu_r = 0.4 / K.
const SIZES: [(&str, &str, &str); 3] = [("5", "200", "0.08"), ("10", "400", "0.04"), ("20", "800", "0.02")];
