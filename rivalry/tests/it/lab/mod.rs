//! The theory lab: identities of its model, its trials, what is read off them,
//! and the judgement of claims.

mod agreement;
mod claims;
mod fusion;
mod identities;
mod reports;
mod settings;
mod summary;
mod trials;

use std::sync::atomic::AtomicBool;

use rivalry::lab::{Outcome, Setting, run_trial};
use rivalry::registry::Value;
use rivalry::sweep::{Engine, Quiet, TrialSet, run_trials};

/// The reference regime with some knobs changed.
fn with(changes: &[(&str, &str)]) -> Setting {
    let mut setting = Setting::default();
    for (key, value) in changes {
        setting.set(key, &Value::parse(value)).unwrap();
    }
    setting.check().unwrap();
    setting
}

const SMALL: &[(&str, &str)] = &[
    ("classes", "3"),
    ("n", "60"),
    ("n_test", "500"),
    ("dim", "100"),
    ("m", "6"),
    ("noise", "1"),
    ("sigma0", "1e-3"),
    ("mu", "0.1"),
];

/// A setting that trains in a blink, with some knobs changed.
fn small(changes: &[(&str, &str)]) -> Setting {
    with(&[SMALL, changes].concat())
}

fn trial(setting: &Setting, seed: u64) -> Outcome {
    run_trial(setting, seed, false, &AtomicBool::new(false)).unwrap().outcome
}

/// Trials with the seeds from `first` on.
fn trials(setting: &Setting, first: u64, trials: u64) -> Vec<Outcome> {
    let set = TrialSet { setting: setting.clone(), first_seed: first, trials };
    let engine = Engine { store: None, threads: 2, stop: &AtomicBool::new(false) };
    run_trials(&[set], engine, &Quiet).unwrap().remove(0)
}
