//! Which networks a diagnosis trains: combinations of modalities, controls,
//! seeds and folds.

use crate::data::{Dataset, Split};
use crate::metrics::{Design, NAIVE};
use crate::registry::Choice;
use crate::spec::{Job, RunId, Spec, SpecError};

/// Above this many modalities, every combination is out of reach.
const MAX_FOR_ALL_SUBSETS: usize = 12;

/// Which combinations of modalities are trained jointly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subsets {
    /// Only all together.
    Joint,
    /// All together, each left out, and all pairs up to three modalities.
    #[default]
    Default,
    /// Every combination.
    All,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What runs.
    pub job: Job,
    /// The trial it belongs to.
    pub trial: usize,
    /// Units of the same trial whose records it builds on.
    pub needs: Vec<usize>,
}

/// One split with one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialPlan {
    /// The seed of weights, batches and validation part.
    pub seed: u64,
    /// Which repeat of the split.
    pub repeat: u64,
    /// Which fold.
    pub fold: usize,
}

/// All runs of a diagnosis.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The trials, repeat after repeat.
    pub trials: Vec<TrialPlan>,
    /// The runs, trial after trial, in each the costliest first.
    pub units: Vec<Unit>,
    /// How the trials split the data.
    pub design: Design,
    /// Trials per repeat: what a number of seeds multiplies.
    pub trials_per_repeat: usize,
}

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Competition takes two.
    #[error("`{data}` has one modality, `{modality}`; competition needs at least two")]
    OneModality {
        /// The data set.
        data: String,
        /// Its only modality.
        modality: String,
    },
    /// 2^M networks are too many.
    #[error("every combination of {n} modalities is {count} networks per seed; at most {max} modalities")]
    TooManySubsets {
        /// Modalities.
        n: usize,
        /// Networks.
        count: u64,
        /// Most modalities for which this is offered.
        max: usize,
    },
    /// No seed, no result.
    #[error("the number of seeds must be at least 1")]
    NoSeeds,
    /// The specs of the runs do not hold.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Spec(Vec<SpecError>),
}

impl Plan {
    /// Plans the runs for `seeds` seeds from `base.seed` on. `base` gives
    /// everything but modalities, strategy, repeat, fold and seed; its meters
    /// are read on the naive joint network of all modalities alone.
    pub fn new(
        data: &Dataset,
        base: &Spec,
        seeds: u32,
        subsets: Subsets,
        controls: &[Choice],
    ) -> Result<Self, PlanError> {
        let models = models(data.modalities().len(), subsets, controls)?;
        Self::of_networks(data, base, seeds, &models)
    }

    /// The same for networks of these modalities and strategies.
    pub(super) fn of_networks(
        data: &Dataset,
        base: &Spec,
        seeds: u32,
        models: &[(Vec<usize>, Choice)],
    ) -> Result<Self, PlanError> {
        if data.modalities().len() < 2 {
            let modality = data.modalities().first().map(|m| m.name.clone()).unwrap_or_default();
            return Err(PlanError::OneModality { data: data.name().to_owned(), modality });
        }
        if seeds == 0 {
            return Err(PlanError::NoSeeds);
        }
        let (design, trials_per_repeat, repeats_differ) = match data.split() {
            Split::Given { .. } => (Design::GivenSplit, 1, false),
            Split::HoldOut { .. } => (Design::HoldOut, 1, true),
            Split::Folds { .. } => (Design::Folds { k: data.n_folds() }, data.n_folds(), true),
            Split::GivenFolds { .. } => (Design::Folds { k: data.n_folds() }, data.n_folds(), false),
        };
        let mut trials = Vec::new();
        let mut units = Vec::new();
        for s in 0..u64::from(seeds) {
            for fold in 0..trials_per_repeat {
                let repeat = if repeats_differ { s } else { 0 };
                let trial = TrialPlan { seed: base.seed.wrapping_add(s), repeat, fold };
                let at = Spec { seed: trial.seed, repeat, fold: fold as u32, ..base.clone() };
                units.extend(trial_units(data, &at, models, trials.len(), units.len())?);
                // Repeats of given folds share their partition but not their seed.
                trials.push(TrialPlan { repeat: s, ..trial });
            }
        }
        Ok(Self { trials, units, design, trials_per_repeat })
    }

    /// A range of the plan's repeats as a plan of its own.
    pub fn slice(&self, repeats: std::ops::Range<usize>) -> Self {
        let trials = repeats.start * self.trials_per_repeat..repeats.end * self.trials_per_repeat;
        let first_unit = self.units.iter().position(|unit| unit.trial >= trials.start);
        let first_unit = first_unit.unwrap_or(self.units.len());
        let moved = |unit: &Unit| Unit {
            job: unit.job.clone(),
            trial: unit.trial - trials.start,
            needs: unit.needs.iter().map(|i| i - first_unit).collect(),
        };
        Self {
            trials: self.trials[trials.clone()].to_vec(),
            units: self.units.iter().filter(|unit| trials.contains(&unit.trial)).map(moved).collect(),
            design: self.design,
            trials_per_repeat: self.trials_per_repeat,
        }
    }

    /// Operations of every run, as far as they can be told beforehand: those of an epoch times the epochs.
    pub fn costs(&self, data: &Dataset) -> Vec<f64> {
        let cost = |unit: &Unit| {
            let epochs = unit.job.spec().epochs.unwrap_or(1);
            crate::train::flops_per_epoch(&unit.job, data) * f64::from(epochs)
        };
        self.units.iter().map(cost).collect()
    }

    /// Some of the runs, by position, with the runs that they build on; and the number of trials that they belong to.
    /// For [`super::run`], by workers that do not wait for each other: a run that two of them need is in both lists,
    /// and the store sees to it that it is computed once.
    pub fn part(&self, chosen: &[usize]) -> (Vec<Unit>, usize) {
        let mut wanted = vec![false; self.units.len()];
        let mut open = chosen.to_vec();
        while let Some(idx) = open.pop() {
            if !std::mem::replace(&mut wanted[idx], true) {
                open.extend(&self.units[idx].needs);
            }
        }
        let kept: Vec<usize> = (0..self.units.len()).filter(|idx| wanted[*idx]).collect();
        let mut trials: Vec<usize> = kept.iter().map(|idx| self.units[*idx].trial).collect();
        trials.dedup();
        let position = |idx: &usize| kept.binary_search(idx).expect("what is built on was wanted");
        let moved = |idx: &usize| {
            let unit = &self.units[*idx];
            Unit {
                job: unit.job.clone(),
                trial: trials.binary_search(&unit.trial).expect("it is the trial of a wanted run"),
                needs: unit.needs.iter().map(position).collect(),
            }
        };
        (kept.iter().map(moved).collect(), trials.len())
    }

    /// The first trials alone.
    pub(super) fn first(mut self, n_trials: usize) -> Self {
        self.trials.truncate(n_trials);
        self.units.retain(|unit| unit.trial < n_trials);
        self
    }

    /// Number of repeats (seeds).
    pub fn repeats(&self) -> usize {
        self.trials.len() / self.trials_per_repeat
    }
}

/// Modalities and strategy of every network: each alone, joint combinations
/// from small to large, all together, and the controls.
fn models(n: usize, subsets: Subsets, controls: &[Choice]) -> Result<Vec<(Vec<usize>, Choice)>, PlanError> {
    if subsets == Subsets::All && n > MAX_FOR_ALL_SUBSETS {
        let count = 1_u64.checked_shl(n as u32).unwrap_or(u64::MAX);
        return Err(PlanError::TooManySubsets { n, count, max: MAX_FOR_ALL_SUBSETS });
    }
    let all: Vec<usize> = (0..n).collect();
    let mut joint: Vec<Vec<usize>> = match subsets {
        Subsets::Joint => Vec::new(),
        Subsets::Default => {
            let without = |m: &usize| all.iter().copied().filter(|i| i != m).collect();
            all.iter().rev().map(without).collect()
        }
        Subsets::All => {
            (1_u32..1 << n).map(|bits| all.iter().copied().filter(|m| bits >> m & 1 == 1).collect()).collect()
        }
    };
    joint.push(all.clone());
    joint.retain(|set| set.len() >= 2);
    joint.sort_by_key(|set| (set.len(), set.clone()));
    joint.dedup();
    let alone = all.iter().map(|m| (vec![*m], Choice::new("unimodal")));
    let naive = joint.into_iter().map(|set| (set, Choice::new("naive")));
    let controls = controls.iter().map(|choice| (all.clone(), choice.clone()));
    Ok(alone.chain(naive).chain(controls).collect())
}

/// The runs of one trial with the teachers they need, costliest first; `first`
/// is the index of the first of them in the whole plan.
fn trial_units(
    data: &Dataset,
    at: &Spec,
    models: &[(Vec<usize>, Choice)],
    trial: usize,
    first: usize,
) -> Result<Vec<Unit>, PlanError> {
    let mut jobs: Vec<Job> = Vec::new();
    for (modalities, strategy) in models {
        let names = modalities.iter().map(|m| data.modalities()[*m].name.clone()).collect();
        // Only the joint network is watched: it is the one whose branches may starve.
        let meters = at.meters && strategy.name == NAIVE && modalities.len() == data.modalities().len();
        let spec = Spec { modalities: names, strategy: strategy.clone(), meters, ..at.clone() };
        jobs.push(spec.check(data).map_err(PlanError::Spec)?);
    }
    let mut next = 0;
    while next < jobs.len() {
        for spec in jobs[next].needed_specs() {
            let teacher = spec.check(data).map_err(PlanError::Spec)?;
            if !jobs.iter().any(|job| job.id() == teacher.id()) {
                jobs.push(teacher);
            }
        }
        next += 1;
    }
    let mut costed: Vec<(f64, Job)> =
        jobs.into_iter().map(|job| (crate::train::flops_per_epoch(&job, data), job)).collect();
    costed.sort_by(|a, b| b.0.total_cmp(&a.0));
    let ids: Vec<RunId> = costed.iter().map(|(_, job)| job.id()).collect();
    let mut units = Vec::new();
    for (_, job) in costed {
        let mut needs = Vec::new();
        for spec in job.needed_specs() {
            let id = spec.check(data).map_err(PlanError::Spec)?.id();
            needs.extend(ids.iter().position(|i| *i == id).map(|i| first + i));
        }
        units.push(Unit { job, trial, needs });
    }
    Ok(units)
}
