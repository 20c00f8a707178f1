//! The diagnosis of a data set from beginning to end: plan, train, measure,
//! conclude.

use std::sync::Arc;

use crate::data::{Dataset, Scaler};
use crate::metrics::{
    Design, Evidence, Measurements, Metrics, Study, Trial, TrialMeasures, aggregate, measure_trial,
};
use crate::num::Matrix;
use crate::record::Record;
use crate::registry::Choice;
use crate::spec::{Job, Spec};
use crate::stats::Bootstrap;

use super::replay::{feature_facts, replay};
use super::{Engine, Plan, PlanError, Subsets, SweepError, SweepWatch, TrialPlan, run};

/// Share of a budget that training may plan to use; the rest is for intervals
/// and for being wrong about the rest.
const BUDGET_SHARE: f64 = 0.85;
/// Above this share of the budget for one repeat, combinations beyond the
/// joint network are left out.
const REPEAT_SHARE: f64 = 0.4;

/// What a diagnosis is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Encoder, solver, epochs and all else that the runs share; its seed is
    /// the first of the seeds.
    pub base: Spec,
    /// Number of seeds (repeats, where the data are split in folds).
    pub seeds: u32,
    /// Which combinations are trained jointly.
    pub subsets: Subsets,
    /// Strategies on all modalities that run beside naive joint training.
    pub controls: Vec<Choice>,
    /// Replicates and threads of the intervals.
    pub bootstrap: Bootstrap,
}

/// A limit on time, with the clock to keep it by.
pub struct Budget<'a> {
    /// Seconds for everything.
    pub seconds: f64,
    /// Seconds since the diagnosis began.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
}

/// All that a diagnosis measured, before a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosed {
    /// Names, labels and design.
    pub study: Study,
    /// The numbers.
    pub measurements: Measurements,
    /// The trials that were run.
    pub trials: Vec<TrialPlan>,
    /// Number of runs, teachers included.
    pub n_runs: usize,
    /// What a budget left out, in sentences.
    pub left_out: Vec<String>,
}

/// Why there is no diagnosis.
#[derive(Debug, thiserror::Error)]
pub enum DiagnoseError {
    /// The plan cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The runs cannot be made.
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// Trains everything that is asked for and measures it.
pub fn diagnose(
    data: &Dataset,
    asked: &Asked,
    metrics: &Metrics,
    engine: Engine<'_>,
    budget: Option<&Budget<'_>>,
    watch: &dyn SweepWatch,
) -> Result<Diagnosed, DiagnoseError> {
    let plan = |subsets, controls: &[Choice]| Plan::new(data, &asked.base, asked.seeds, subsets, controls);
    let mut whole = plan(asked.subsets, &asked.controls)?;
    let mut left_out = Vec::new();
    let bench = Bench::new(data, asked, whole.design, metrics);
    let mut measures = Vec::new();
    let mut repeats = whole.repeats();
    let mut first = 0;
    if let Some(budget) = budget {
        let available = BUDGET_SHARE * budget.seconds;
        let predicted = pilot(&whole, data, engine, budget, watch)?;
        if predicted > REPEAT_SHARE * available && asked.subsets != Subsets::Joint {
            whole = plan(Subsets::Joint, &[])?;
            left_out.push(
                "every combination of modalities but all together, and the auxiliary losses".to_owned(),
            );
        }
        let one = whole.slice(0..1);
        watch.begin(one.units.len());
        let before = (budget.clock)();
        measures = bench.run(&one, engine, watch)?;
        let per_repeat = ((budget.clock)() - before).max(1e-3);
        let fit = ((available - (budget.clock)()) / per_repeat).max(0.0) as usize;
        first = 1;
        if 1 + fit < repeats {
            left_out.push(format!("{} of {repeats} seeds", repeats - 1 - fit));
            repeats = 1 + fit;
        }
    }
    let rest = whole.slice(first..repeats);
    watch.begin(whole.slice(0..repeats).units.len());
    measures.extend(bench.run(&rest, engine, watch)?);
    let n_runs = whole.slice(0..repeats).units.len();
    let bootstrap = Bootstrap { threads: engine.threads, ..asked.bootstrap };
    let measurements = aggregate(&bench.study, measures, metrics, bootstrap);
    whole.trials.truncate(repeats * whole.trials_per_repeat);
    Ok(Diagnosed { study: bench.study, measurements, trials: whole.trials, n_runs, left_out })
}

/// Trains everything that is asked for and hands over what the networks say,
/// unmeasured: for measurements that this crate does not know, or for networks that
/// something is done to before they are measured. All of it is in memory at once.
pub fn evidence(
    data: &Dataset,
    asked: &Asked,
    engine: Engine<'_>,
    watch: &dyn SweepWatch,
) -> Result<Evidence, DiagnoseError> {
    let plan = Plan::new(data, &asked.base, asked.seeds, asked.subsets, &asked.controls)?;
    watch.begin(plan.units.len());
    let trials = run(&plan.units, plan.trials.len(), data, engine, watch, |at, records| {
        trial(data, plan.trials[at], &records)
    })?;
    Ok(Evidence { study: study(data, asked, plan.design), trials })
}

/// Predicts the seconds of one repeat from the time of its costliest run.
fn pilot(
    plan: &Plan,
    data: &Dataset,
    engine: Engine<'_>,
    budget: &Budget<'_>,
    watch: &dyn SweepWatch,
) -> Result<f64, SweepError> {
    let cost =
        |job: &Job| crate::train::flops_per_epoch(job, data) * f64::from(job.spec().epochs.unwrap_or(1));
    let Some(first) = plan.units.iter().find(|unit| unit.needs.is_empty()) else { return Ok(0.0) };
    let before = (budget.clock)();
    watch.begin(1);
    run(std::slice::from_ref(first), 1, data, engine, watch, |_, _| ())?;
    let seconds = ((budget.clock)() - before).max(1e-4);
    let total: f64 = plan.slice(0..1).units.iter().map(|unit| cost(&unit.job)).sum();
    Ok(seconds * total / cost(&first.job) / engine.threads.max(1) as f64)
}

/// What every trial is measured with.
struct Bench<'a> {
    data: &'a Dataset,
    metrics: &'a Metrics,
    study: Study,
    features: Vec<Matrix<f32>>,
}

impl<'a> Bench<'a> {
    fn new(data: &'a Dataset, asked: &Asked, design: Design, metrics: &'a Metrics) -> Self {
        let rows: Vec<u32> = (0..data.n_samples() as u32).collect();
        let study = study(data, asked, design);
        // Any affine map will do here: the probes standardise on the training
        // rows of each trial. This one keeps huge values within `f32`.
        let scaled = |features| Scaler::fit(features, &rows).apply(features, &rows);
        let features = data.modalities().iter().map(|m| scaled(&m.features)).collect();
        Self { data, metrics, study, features }
    }

    fn run(
        &self,
        plan: &Plan,
        engine: Engine<'_>,
        watch: &dyn SweepWatch,
    ) -> Result<Vec<TrialMeasures>, SweepError> {
        run(&plan.units, plan.trials.len(), self.data, engine, watch, |trial, records| {
            self.measure(plan.trials[trial], &records)
        })
    }

    fn measure(&self, at: TrialPlan, records: &[(&Job, Arc<Record>)]) -> TrialMeasures {
        let features: Vec<_> = self.features.iter().map(Matrix::view).collect();
        measure_trial(&self.study, &trial(self.data, at, records), &features, self.metrics)
    }
}

fn study(data: &Dataset, asked: &Asked, design: Design) -> Study {
    Study {
        modality_names: data.modalities().iter().map(|m| m.name.clone()).collect(),
        class_names: data.class_names().to_vec(),
        labels: data.labels().to_vec(),
        groups: data.groups().map(<[u32]>::to_vec),
        design,
        features: feature_facts(data, asked.base.standardise),
    }
}

/// What the networks of one trial say about every part of its data.
fn trial(data: &Dataset, at: TrialPlan, records: &[(&Job, Arc<Record>)]) -> Trial {
    let (job, _) = records.first().expect("a trial has runs");
    let spec = job.spec();
    let partition = data.partition(spec.repeat, spec.fold as usize, spec.seed, spec.valid_share);
    let n_modalities = data.modalities().len();
    let models = records
        .iter()
        .map(|(job, record)| {
            // Probes compare each encoder alone with the same encoder in the
            // joint network; no other network's embeddings are read.
            let spec = job.spec();
            let alone = spec.modalities.len() == 1;
            let joint = spec.modalities.len() == n_modalities && spec.strategy.name == "naive";
            replay(job, data, record, alone || joint)
        })
        .collect();
    Trial {
        seed: at.seed,
        repeat: at.repeat,
        fold: at.fold,
        train: partition.train,
        valid: partition.valid,
        test: partition.test,
        models,
    }
}
