//! The settings that claims are tried in. Chosen for the regime conditions of
//! `docs/lab.md`, before the claims were measured.

use super::{Experiment, Size};
use crate::lab::setting::Setting;
use crate::registry::Value;

/// The reference regime: everything on the slides is tried here.
pub(super) const REFERENCE: &str = "reference";

/// The reference regime with its trials.
pub(super) fn reference(size: Size) -> Experiment {
    Experiment { name: REFERENCE.to_owned(), setting: Setting::default(), trials: size.trials(8, 50) }
}

/// Modalities of equal strength, only until every class has a winner.
pub(super) const EVEN: &str = "even race";

/// The even race with its trials.
pub(super) fn even(size: Size) -> Experiment {
    Experiment {
        name: EVEN.to_owned(),
        setting: with(&[("mu", "0.005"), ("until", "decided")]),
        trials: size.trials(8, 60),
    }
}

/// A variation of the reference regime.
pub(super) fn with(changes: &[(&str, &str)]) -> Setting {
    let mut setting = Setting::default();
    for (key, value) in changes {
        setting.set(key, &Value::parse(value)).expect("the settings of claims hold");
    }
    setting
}
