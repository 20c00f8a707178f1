//! Which remedy fixes it: every method of the drawer beside the controls, on the same data and seeds.
//!
//! Baselines first, because they name the modality that lost; then settings, found on validation rows; then all
//! methods with their settings on all seeds, and only there the test part is read. `docs/remedy.md` states the rules.

mod answer;
mod arms;
mod choice;
mod compare;
mod knobs;
mod measure;
mod results;
mod search;
#[cfg(test)]
mod tests;

use crate::data::Dataset;
use crate::metrics::{Series, Study};
use crate::registry::{ChoiceError, Citation};
use crate::spec::Spec;
use crate::stats::Bootstrap;
use crate::works;

use super::{Budget, Engine, Plan, PlanError, SweepError, SweepWatch, TrialPlan, run};
use arms::Arm;
use compare::Facts;
use measure::{Read, TrialOutcome, read_trial};

pub use arms::CONTROLS;
pub use results::{
    Answer, Candidate, Rated, Refused, RelativeCost, Remedies, RemedyRow, Rung, Search, SearchTrial,
    SearchedKnob, SearchedMethod,
};

/// The works that the comparison itself comes from.
pub const CITES: &[Citation] = &[works::HOLM1979, works::JAMIESON2016, works::BREIMAN1984];

/// Share of a budget that training may plan to use; the rest is for measuring and for being wrong.
const BUDGET_SHARE: f64 = 0.8;
/// Share of the rest that the search of settings may plan to use; else it is left out.
const SEARCH_SHARE: f64 = 0.5;
/// What an average method costs, naive joint training being 1.
const USUAL_COST: f64 = 2.5;

/// What is compared, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct RemedyAsked {
    /// Encoder, solver, epochs and all else that the runs share; its seed is the first of the seeds.
    pub base: Spec,
    /// Number of seeds (repeats, where the data are split in folds).
    pub seeds: u32,
    /// Names of strategies to try; empty for all. Controls are always there.
    pub methods: Vec<String>,
    /// Candidates per method, the defaults included; below 2 the defaults are taken.
    pub configurations: usize,
    /// Half the width of the region of practical equivalence, a fraction.
    pub rope: f64,
    /// Replicates and threads of the intervals.
    pub bootstrap: Bootstrap,
}

/// The comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedied {
    /// The numbers.
    pub results: Remedies,
    /// What follows.
    pub answer: Answer,
    /// The trials that were run.
    pub trials: Vec<TrialPlan>,
    /// Number of runs of the comparison, those built on included; the search's are not counted.
    pub n_runs: usize,
    /// What a budget left out, in sentences.
    pub left_out: Vec<String>,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum RemedyError {
    /// The plan cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The runs cannot be made.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A method that nobody knows.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Methods(Vec<ChoiceError>),
}

/// Trains the controls and the methods, finds settings, measures and chooses. Without a store, networks that others
/// build on are trained once for each stage.
pub fn remedy(
    data: &Dataset,
    asked: &RemedyAsked,
    engine: Engine<'_>,
    budget: Option<&Budget<'_>>,
    watch: &dyn SweepWatch,
) -> Result<Remedied, RemedyError> {
    let base = Spec { meters: false, ..asked.base.clone() };
    let comparison = Comparison { data, base: &base, engine, watch };
    let baselines = arms::baselines(data);
    let (_, whole) = comparison.plan(asked.seeds, &baselines)?;
    let (mut methods, refused) = arms::methods(data, &base, &asked.methods).map_err(RemedyError::Methods)?;
    let mut controls = arms::further_controls(data);
    let (mut configurations, mut seeds, mut left_out) = (asked.configurations, asked.seeds, Vec::new());
    if let Some(budget) = budget {
        let rows = baselines.len() + controls.len() + methods.len();
        let fit = comparison.fit(budget, asked, &baselines, rows)?;
        (configurations, seeds) = (fit.configurations, fit.seeds);
        left_out = fit.left_out;
    }

    let full = whole.units[0].job.spec().epochs.unwrap_or(1);
    let bench = search::Bench { data, base: &base, seeds, engine, watch };
    // The plainest remedy is searched like the others, so that no method wins by its search alone.
    let auxiliary = controls.iter().position(|arm| arm.name == "auxiliary").expect("it is a control");
    methods.push(controls[auxiliary].clone());
    let (mut methods, search) = search::search(&bench, methods, configurations, full)?;
    let tuned = methods.pop().expect("it was pushed");
    if tuned.choice != controls[auxiliary].choice && controls.iter().all(|arm| arm.choice != tuned.choice) {
        controls.push(Arm { name: "auxiliary, tuned".to_owned(), ..tuned });
    }

    let all: Vec<usize> = (0..data.modalities().len()).collect();
    let (_, mut trials) = comparison.run(seeds, &baselines, Read::All(&all))?;
    let loser = compare::loser(&trials, data.modalities().len());
    let probed: Vec<usize> = loser.into_iter().collect();
    let rest: Vec<Arm> = controls.into_iter().chain(methods).collect();
    let (plan, more) = comparison.run(seeds, &rest, Read::All(&probed))?;
    for (trial, more) in trials.iter_mut().zip(more) {
        trial.arms.extend(more.arms);
    }
    let arms: Vec<Arm> = baselines.into_iter().chain(rest).collect();
    let (everything, _) = comparison.plan(seeds, &arms)?;

    let study = Study {
        modality_names: data.modalities().iter().map(|m| m.name.clone()).collect(),
        class_names: data.class_names().to_vec(),
        labels: data.labels().to_vec(),
        groups: data.groups().map(<[u32]>::to_vec),
        design: plan.design,
        features: Vec::new(),
    };
    let sizes: Vec<_> = trials.iter().map(TrialOutcome::sizes).collect();
    let series = Series::new(&study, &sizes, Bootstrap { threads: engine.threads, ..asked.bootstrap });
    let facts = Facts { data, study: &study, series, arms: &arms, trials: &trials, loser, rope: asked.rope };
    let (results, answer) = facts.compare(refused, search);
    Ok(Remedied { results, answer, trials: plan.trials, n_runs: everything, left_out })
}

/// What every stage works with.
struct Comparison<'a> {
    data: &'a Dataset,
    base: &'a Spec,
    engine: Engine<'a>,
    watch: &'a dyn SweepWatch,
}

/// What a budget leaves room for.
struct Fit {
    configurations: usize,
    seeds: u32,
    left_out: Vec<String>,
}

impl Comparison<'_> {
    /// The plan of some arms, and its number of runs.
    fn plan(&self, seeds: u32, arms: &[Arm]) -> Result<(usize, Plan), PlanError> {
        let networks: Vec<_> = arms.iter().map(Arm::network).collect();
        let plan = Plan::of_networks(self.data, self.base, seeds, &networks)?;
        Ok((plan.units.len(), plan))
    }

    fn run(
        &self,
        seeds: u32,
        arms: &[Arm],
        read: Read<'_>,
    ) -> Result<(Plan, Vec<TrialOutcome>), RemedyError> {
        let (n_runs, plan) = self.plan(seeds, arms)?;
        self.watch.begin(n_runs);
        let trials =
            run(&plan.units, plan.trials.len(), self.data, self.engine, self.watch, |trial, records| {
                read_trial(self.data, self.base, &plan, trial, &records, arms, read)
            })?;
        Ok((plan, trials))
    }

    /// Trains the baselines of the first repeat against the clock, and plans the rest by it.
    fn fit(
        &self,
        budget: &Budget<'_>,
        asked: &RemedyAsked,
        baselines: &[Arm],
        rows: usize,
    ) -> Result<Fit, RemedyError> {
        let before = (budget.clock)();
        let (plan, _) = self.run(1, baselines, Read::Validation)?;
        // Every modality alone and the joint network: two trainings with the passes of the joint one.
        let joint = (((budget.clock)() - before) / 2.0).max(1e-3);
        let available = (BUDGET_SHARE * budget.seconds - (budget.clock)()).max(0.0);
        let search =
            search::trainings(asked.configurations, plan.trials_per_repeat.max(asked.seeds as usize))
                * rows as f64
                * USUAL_COST
                * joint
                / plan.trials_per_repeat as f64;
        let per_repeat = rows as f64 * USUAL_COST * joint;
        let mut fit = Fit { configurations: asked.configurations, seeds: asked.seeds, left_out: Vec::new() };
        let mut left = available;
        if search > SEARCH_SHARE * available {
            if fit.configurations > 1 {
                fit.configurations = 1;
                fit.left_out.push("the search of settings: every method has its defaults".to_owned());
            }
        } else {
            left -= search;
        }
        let possible = ((left / per_repeat) as u32).max(1);
        if possible < asked.seeds {
            fit.left_out.push(format!("{} of {} seeds", asked.seeds - possible, asked.seeds));
            fit.seeds = possible;
        }
        Ok(fit)
    }
}
