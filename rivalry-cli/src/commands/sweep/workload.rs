//! What a planned command computes: the list of its runs, how they are dealt into shares, and the computing of a share.

use rivalry::data::Dataset;
use rivalry::report::data_summary;
use rivalry::spec::{Job, RunId};
use rivalry::store::{Standing, Store};
use rivalry::sweep::{
    self, Engine, Plan, RunDone, SweepWatch, TrialFile, TrialSet, TrialWatch, Unit, deal, run_trial_files,
    trial_files,
};
use serde_json::{Value, json};

use crate::args::{Cli, Verb};
use crate::commands::{diagnose, lab, store};
use crate::exit::Failure;
use crate::progress::Progress;

/// A plan has at most so many runs: more are a typing error, and too many files for any folder.
pub(super) const MOST_RUNS: u64 = 200_000;

/// The runs of a command.
pub(crate) enum Workload {
    /// Networks trained on data.
    Networks {
        /// The data.
        data: Box<Dataset>,
        /// The runs.
        plan: Box<Plan>,
    },
    /// Trials of the lab.
    Trials {
        /// What is tried.
        sets: Vec<TrialSet>,
        /// How each set is told from the others.
        names: Vec<String>,
        /// The files that the trials lie in.
        files: Vec<TrialFile>,
    },
}

/// One run of a plan.
pub(super) struct Planned {
    /// Its name.
    pub(super) run: RunId,
    /// What it computes, in words.
    pub(super) what: String,
    /// The part of `what` that it shares with other runs: the network, the setting.
    pub(super) group: String,
}

impl Workload {
    /// The work of a command; commands that decide their runs as they go, or have none, are refused.
    pub(super) fn of(command: &Cli) -> Result<Self, Failure> {
        let workload = match &command.verb {
            Some(Verb::Diagnose(args)) => args.workload()?,
            Some(Verb::Lab(command)) => match command.workload() {
                Some(workload) => workload?,
                None => return Err(unplannable("this command of the lab has no list of runs")),
            },
            Some(Verb::Remedy(_)) => {
                return Err(Failure::usage(
                    "`remedy` decides its runs as it goes: which settings train on depends on how they did",
                    "start the same `rivalry remedy ... --out DIR` on several machines over one folder: they share the work",
                ));
            }
            _ => return Err(unplannable("this command has no list of runs")),
        };
        let n_runs = workload.n_runs();
        if n_runs == 0 {
            return Err(unplannable("what is asked needs no runs"));
        }
        if n_runs > MOST_RUNS {
            return Err(Failure::usage(
                format!("{n_runs} runs are more than the {MOST_RUNS} that a plan may have"),
                "ask for fewer seeds, trials or points, or make several plans with `--seed`",
            ));
        }
        Ok(workload)
    }

    /// Networks of a data set.
    pub(crate) fn networks(data: Dataset, plan: Plan) -> Self {
        Self::Networks { data: Box::new(data), plan: Box::new(plan) }
    }

    /// Trials of some settings, each with its name.
    pub(crate) fn trials(sets: Vec<TrialSet>, names: Vec<String>) -> Self {
        // Counted before they are listed: somebody may have asked for billions.
        let count: u64 = sets.iter().map(TrialSet::n_files).sum();
        let files = if count <= MOST_RUNS { trial_files(&sets) } else { Vec::new() };
        Self::Trials { sets, names, files }
    }

    fn n_runs(&self) -> u64 {
        match self {
            Self::Networks { plan, .. } => plan.units.len() as u64,
            Self::Trials { sets, .. } => sets.iter().map(TrialSet::n_files).sum(),
        }
    }

    /// The data, as reports describe them.
    pub(super) fn data(&self) -> Value {
        match self {
            Self::Networks { data, .. } => data_summary(&data.describe()),
            Self::Trials { .. } => json!({ "generator": "sparse coding" }),
        }
    }

    /// The runs in the order of the command.
    pub(super) fn runs(&self) -> Vec<Planned> {
        match self {
            Self::Networks { plan, .. } => {
                let has_folds = plan.trials_per_repeat > 1;
                let planned = |unit: &Unit| {
                    let (group, seed) = network(&unit.job);
                    let fold = unit.job.spec().fold;
                    let at = if has_folds { format!(", fold {fold}") } else { String::new() };
                    Planned { run: unit.job.id(), what: format!("{group}, {seed}{at}"), group }
                };
                plan.units.iter().map(planned).collect()
            }
            Self::Trials { sets, names, files } => files
                .iter()
                .map(|file| {
                    let group = names.get(file.set).cloned().unwrap_or_default();
                    let (first, last) = (file.seeds.start, file.seeds.end - 1);
                    Planned { run: file.run(sets), what: format!("{group}, seeds {first} to {last}"), group }
                })
                .collect(),
        }
    }

    /// The runs dealt into `n` shares of about equal cost, by position.
    pub(super) fn shares(&self, n: usize) -> Vec<Vec<usize>> {
        let costs = match self {
            Self::Networks { data, plan } => plan.costs(data),
            // What a trial costs is not known before it has run.
            Self::Trials { files, .. } => {
                files.iter().map(|file| (file.seeds.end - file.seeds.start) as f64).collect()
            }
        };
        deal(&costs, n)
    }

    /// Sees to it that some of the runs are in the store.
    pub(super) fn compute(
        &self,
        chosen: &[usize],
        engine: Engine<'_>,
        progress: &Progress,
        continuation: Option<&str>,
    ) -> Result<(), Failure> {
        let watch = Shown(progress);
        match self {
            Self::Networks { data, plan } => {
                let (units, n_trials) = plan.part(chosen);
                progress.begin("training", units.len());
                sweep::run(&units, n_trials, data, engine, &watch, |_, _| ())
                    .map(|_| ())
                    .map_err(|error| diagnose::sweep_failed(&error, continuation))
            }
            Self::Trials { sets, files, .. } => {
                let files: Vec<TrialFile> = chosen.iter().map(|idx| files[*idx].clone()).collect();
                let total: u64 = files.iter().map(|file| file.seeds.end - file.seeds.start).sum();
                progress.begin("trials", total as usize);
                run_trial_files(sets, &files, engine, &watch)
                    .map_err(|error| lab::failed(&error, continuation))
            }
        }
    }
}

/// A run's network and seed, in words.
fn network(job: &Job) -> (String, String) {
    let spec = job.spec();
    (format!("{} {}", spec.modalities.join("+"), spec.strategy.name), format!("seed {}", spec.seed))
}

/// How many of some runs stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standings {
    pub(super) done: usize,
    pub(super) running: usize,
    pub(super) begun: usize,
    pub(super) absent: usize,
}

impl Standings {
    /// Looks at every run.
    pub(super) fn of<'a>(at: &Store, runs: impl IntoIterator<Item = &'a RunId>) -> Result<Self, Failure> {
        let mut found = Self::default();
        for run in runs {
            match at.standing(*run).map_err(|error| store::failed(&error))? {
                Standing::Done => found.done += 1,
                Standing::Running => found.running += 1,
                Standing::Begun => found.begun += 1,
                Standing::Absent => found.absent += 1,
            }
        }
        Ok(found)
    }
}

fn unplannable(what: &str) -> Failure {
    Failure::usage(
        what,
        "`diagnose`, `lab race`, `lab sweep` and `lab verify` have one: `rivalry sweep plan diagnose DATA --out plan.json`",
    )
}

/// Passes on what is done.
struct Shown<'a>(&'a Progress);

impl SweepWatch for Shown<'_> {
    fn run_done(&self, run: &RunDone<'_>) {
        let how = if run.reused { " (kept)" } else { "" };
        let (network, seed) = network(run.job);
        self.0.step(&format!("{network}, {seed}{how}"));
    }
}

impl TrialWatch for Shown<'_> {
    fn trials_done(&self, _set: usize, n: u64) {
        for _ in 0..n {
            self.0.step("");
        }
    }
}
