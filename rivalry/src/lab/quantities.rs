//! What a map can show: the numbers of a race's summary by name.

use super::race::RaceSummary;
use crate::stats::Estimate;

/// A quantity of a race that has a name.
pub struct Quantity {
    /// As typed in `--show` and written in tables.
    pub name: &'static str,
    /// A few words.
    pub label: &'static str,
    /// How to read it, in a sentence.
    pub meaning: &'static str,
    /// Whether there is one for each modality.
    pub per_modality: bool,
    /// What its numbers count.
    pub counts: Counts,
    /// Whether zero is its natural centre.
    pub diverging: bool,
    /// Its value, for a modality where it has one for each.
    pub of: fn(&RaceSummary, usize) -> Option<Estimate>,
    /// What the theory says, where it does.
    pub predicted: Option<fn(&RaceSummary, usize) -> Option<f64>>,
}

/// What a quantity's numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// A fraction.
    Share,
    /// A difference of fractions.
    Difference,
    /// A positive number of any size.
    Size,
}

/// All of them; the first ones are shown by default.
pub const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "p_win",
        label: "p won by modality",
        meaning: "share of classes that the modality alone learned; dashed: the winner rule in closed form",
        per_modality: true,
        counts: Counts::Share,
        diverging: false,
        of: |s, r| s.p_win.get(r).cloned(),
        predicted: Some(|s, r| s.closed_form.get(r).copied()),
    },
    Quantity {
        name: "joint_minus_best",
        label: "joint minus best alone",
        meaning: "test error of the joint network minus that of the best network alone: above zero, naive joint \
                  training is worse",
        per_modality: false,
        counts: Counts::Difference,
        diverging: true,
        of: |s, _| s.joint_minus_best.clone(),
        predicted: None,
    },
    Quantity {
        name: "undecided",
        label: "undecided classes",
        meaning: "share of classes that nobody, or more than one modality, learned",
        per_modality: false,
        counts: Counts::Share,
        diverging: false,
        of: |s, _| Some(s.undecided.clone()),
        predicted: None,
    },
    Quantity {
        name: "predicted_right",
        label: "winners predicted right",
        meaning: "share of winners that the initial weights foretold, outside the dead zone",
        per_modality: false,
        counts: Counts::Share,
        diverging: false,
        of: |s, _| s.predicted_right.clone(),
        predicted: None,
    },
    Quantity {
        name: "unimodal_error",
        label: "test error alone, modality",
        meaning: "mean test error of each modality's network alone",
        per_modality: true,
        counts: Counts::Share,
        diverging: false,
        of: |s, r| s.unimodal_test_error.get(r).cloned(),
        predicted: None,
    },
    Quantity {
        name: "joint_error",
        label: "joint test error",
        meaning: "mean test error of the joint network",
        per_modality: false,
        counts: Counts::Share,
        diverging: false,
        of: |s, _| s.joint_test_error.clone(),
        predicted: None,
    },
    Quantity {
        name: "branch_error",
        label: "branch test error, modality",
        meaning: "mean test error of each branch of the joint network by itself",
        per_modality: true,
        counts: Counts::Share,
        diverging: false,
        of: |s, r| s.branch_test_error.get(r).cloned(),
        predicted: None,
    },
    Quantity {
        name: "ensemble_error",
        label: "ensemble test error",
        meaning: "mean test error of the averaged probabilities of the networks alone",
        per_modality: false,
        counts: Counts::Share,
        diverging: false,
        of: |s, _| s.ensemble_test_error.clone(),
        predicted: None,
    },
    Quantity {
        name: "time_to_win",
        label: "time to win a class",
        meaning: "mean flow time at which a class's first modality reached beta",
        per_modality: false,
        counts: Counts::Size,
        diverging: false,
        of: |s, _| s.time_to_win.clone(),
        predicted: None,
    },
    Quantity {
        name: "gradient_evaluations",
        label: "gradient evaluations",
        meaning: "mean evaluations of the gradient of a joint training",
        per_modality: false,
        counts: Counts::Size,
        diverging: false,
        of: |s, _| s.gradient_evaluations.clone(),
        predicted: None,
    },
];
