//! DRAWER: statements of the theory as executable claims. Each says which
//! trials it needs, what is predicted, and by which rule, written before
//! anything was measured, it passes; then it judges what was measured.
//!
//! A claim trains nothing: it asks for experiments and is handed their
//! outcomes. One that fails at finite size is a finding, and says so.

mod branch_error;
mod classes_won;
mod comparison_lemma;
mod corollary;
mod decided_mass;
mod ensemble_recovers;
mod joint_training;
mod laziness;
mod lost_frequency;
mod more_modalities;
mod paired_features;
pub(super) mod remedies;
mod settings;
mod simulated_race;
mod starvation;
mod time_to_win;
mod unimodal_phase;
mod unimodal_test;
mod unimodal_training;
mod warm_start;
mod win_floor;
mod winner_rule;

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::setting::Setting;
use crate::registry::{Citation, Entry, Table};
use crate::stats::Estimate;
use crate::works::{DU2023 as DU, HUANG2022 as HUANG, TANG2025 as TANG, ZHANG2024 as ZHANG};

const ALLENZHU: Citation = Citation {
    key: "allenzhu2020ensemble",
    text: "Z. Allen-Zhu, Y. Li. Towards Understanding Ensemble, Knowledge Distillation and \
           Self-Distillation in Deep Learning. 2020",
    url: "https://arxiv.org/abs/2012.09816",
};
const DGL: Citation = Citation {
    key: "dgl2025",
    text: "Disentangled gradient learning for multimodal learning (DGL). ICCV 2025",
    url: "https://arxiv.org/abs/2507.10213",
};

/// A statement of the theory.
pub trait Claim: Send + Sync {
    /// Where it stands: on the talk's slides (quoted), in a cited work, or in
    /// our reconstruction.
    fn source(&self) -> Source;

    /// The rule by which it passes.
    fn rule(&self) -> &'static str;

    /// The trials it needs.
    fn experiments(&self, size: Size) -> Vec<Experiment>;

    /// What was measured against what was predicted.
    fn judge(&self, found: &Found<'_>) -> Vec<Judgement>;
}

/// Where a statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Work and place.
    pub place: &'static str,
    /// Whether the statement is quoted; otherwise it is our reconstruction or
    /// our derivation.
    pub quoted: bool,
}

/// How much is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For continuous integration: under a minute.
    Quick,
    /// A few minutes.
    Full,
}

impl Size {
    /// So many trials.
    pub(super) fn trials(self, quick: u64, full: u64) -> u64 {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// Trials that a claim needs. Claims that ask for the same name share them.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name; equal names mean equal settings.
    pub name: String,
    /// What is tried.
    pub setting: Setting,
    /// How often.
    pub trials: u64,
}

/// What the experiments gave.
pub struct Found<'a> {
    /// Experiments with their outcomes.
    pub experiments: &'a [(Experiment, Vec<Outcome>)],
    /// How much was spent.
    pub size: Size,
    /// Threads for computations of a claim's own.
    pub threads: usize,
}

impl Found<'_> {
    /// The experiment of that name.
    ///
    /// # Panics
    /// When the claim did not ask for it.
    pub(super) fn of(&self, name: &str) -> (&Setting, &[Outcome]) {
        let (experiment, outcomes) = self
            .experiments
            .iter()
            .find(|(experiment, _)| experiment.name == name)
            .expect("a claim judges the experiments that it asked for");
        (&experiment.setting, outcomes)
    }
}

/// One line of the verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What exactly was compared.
    pub what: String,
    /// What the theory says, in words.
    pub prediction: String,
    /// The number that it predicts, where it is one.
    pub predicted: Option<f64>,
    /// What was measured; nothing where no trial allowed it.
    pub measurement: Option<Estimate>,
    /// Whether the rule holds.
    pub passed: bool,
    /// Where it holds and where not, and what was left out.
    pub note: Option<String>,
}

impl Entry<dyn Claim> {
    const ALL: &'static [Self] = &[
        unimodal_training::ENTRY,
        unimodal_test::ENTRY,
        joint_training::ENTRY,
        branch_error::ENTRY,
        lost_frequency::ENTRY,
        decided_mass::ENTRY,
        win_floor::ENTRY,
        winner_rule::ENTRY,
        classes_won::ENTRY,
        time_to_win::ENTRY,
        comparison_lemma::ENTRY,
        simulated_race::ENTRY,
        corollary::ENTRY,
        more_modalities::ENTRY,
        warm_start::ENTRY,
        laziness::ENTRY,
        ensemble_recovers::ENTRY,
        paired_features::ENTRY,
        remedies::ENTRY,
        starvation::ENTRY,
        unimodal_phase::ENTRY,
    ];
}

/// A claim with its entry.
pub type Chosen = (&'static Entry<dyn Claim>, Box<dyn Claim>);

/// All claims, in the order of the talk.
pub fn table() -> Table<dyn Claim> {
    Entry::<dyn Claim>::ALL
}

/// The experiments that some claims need, each once, with the most trials that
/// any of them asks for.
pub fn experiments<'a>(claims: impl IntoIterator<Item = &'a dyn Claim>, size: Size) -> Vec<Experiment> {
    let mut all: Vec<Experiment> = Vec::new();
    for wanted in claims.into_iter().flat_map(|claim| claim.experiments(size)) {
        match all.iter_mut().find(|known| known.name == wanted.name) {
            None => all.push(wanted),
            Some(known) => {
                assert_eq!(known.setting, wanted.setting, "`{}` means two settings", known.name);
                known.trials = known.trials.max(wanted.trials);
            }
        }
    }
    all
}

/// An interval at 95 % times this, to each side, holds for all of the about fifty
/// lines of a verification at once: z(1 - 0.05 / 100) / z(1 - 0.05 / 2), Bonferroni
/// for normal estimates.
const FAMILY: f64 = 3.290_526_731 / 1.959_963_985;

/// Whether a measurement agrees with a prediction from `low` to `high`: its
/// interval, widened for the whole family of lines, meets the band; without an
/// interval, its value lies inside. A rule of this form fails only what is
/// measured to be off.
fn meets(measured: Option<&Estimate>, low: f64, high: f64) -> bool {
    measured.is_some_and(|measured| {
        let value = measured.value;
        let (from, to) = measured.interval().map_or((value, value), |i| {
            (value - FAMILY * (value - i.low), value + FAMILY * (i.high - value))
        });
        from <= high && to >= low
    })
}

/// Trials whose networks all converged, and a note on the others.
fn complete(outcomes: &[Outcome]) -> (Vec<&Outcome>, Option<String>) {
    let complete: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.is_complete()).collect();
    let missing = outcomes.len() - complete.len();
    let note = (missing > 0)
        .then(|| format!("{missing} of {} trials did not converge and are not counted", outcomes.len()));
    (complete, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_state_source_and_rule_and_agree_on_their_experiments() {
        for size in [Size::Quick, Size::Full] {
            let built: Vec<Box<dyn Claim>> = table()
                .iter()
                .map(|entry| (entry.build)(&entry.settle(&crate::registry::Choice::new(entry.name)).unwrap()))
                .collect();
            for (claim, entry) in built.iter().zip(table()) {
                assert!(!claim.rule().is_empty() && !claim.source().place.is_empty(), "{}", entry.name);
            }
            for experiment in experiments(built.iter().map(|claim| &**claim), size) {
                experiment.setting.check().unwrap();
                assert!(experiment.trials > 0, "{}", experiment.name);
            }
        }
    }
}
