//! `rivalry remedy`: tries what the field proposes, beside the controls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use rivalry::data::Dataset;
use rivalry::registry::{ChoiceError, find};
use rivalry::report::{Document, Provenance, Schema, Work, data_summary};
use rivalry::spec::{Job, RunId, Spec};
use rivalry::stats::Bootstrap;
use rivalry::strategies;
use rivalry::sweep::remedy::{self, Remedied, RemedyAsked, RemedyError, RemedyRow};
use rivalry::sweep::{Budget, Engine, RunDone, SweepWatch};
use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::commands::diagnose::{interrupted, plan_failed, shared, sweep_failed};
use crate::commands::store;
use crate::exit::{Failure, Problem, Status};
use crate::home::Home;
use crate::options::{DataArgs, RunningArgs, SplitArgs, TrainingArgs};
use crate::output::{OutputArgs, keep};
use crate::progress::Progress;
use crate::{signals, usage, values};

/// Candidates per method unless said otherwise.
const CONFIGURATIONS: u32 = 8;

/// Which remedy fixes it? All that the field proposes, tuned alike, beside the controls
#[derive(Args, Debug)]
#[command(after_help = "\
Trains the controls (every modality alone, naive joint training, the ensemble, auxiliary
losses plain, with faster encoders, and tuned) and the methods on the same data and seeds.
Settings are found on validation rows, with the same number of passes for every method; one
method is chosen on validation rows; test rows are read once, for the table.

With --out the folder gets the runs, report.json, and report.html to open in a browser.

Exit status 130 when interrupted: the message says which command continues.

Examples:
  rivalry remedy demo:nutrimouse --try ogm_ge,modality_dropout --seeds 3
  rivalry remedy demo --quick
  rivalry remedy features.npz --out tried
  rivalry remedy features.npz --budget 10m
  rivalry remedy features.npz --solver sgd --configurations 20 --json")]
pub(crate) struct RemedyArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    split: SplitArgs,
    /// Methods to try, separated by commas; see `rivalry list strategies` [default: all]
    #[arg(long = "try", value_name = "NAMES", value_delimiter = ',', help_heading = "Comparison")]
    methods: Vec<String>,
    /// Settings tried per method, the defaults included; 1 takes the defaults [default: 8, 1
    /// with --quick]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 0, 1_000>, help_heading = "Comparison")]
    configurations: Option<u32>,
    /// Accuracy difference in points that nobody would act on
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, default_value_t = 1.0, value_parser = values::points, help_heading = "Comparison")]
    rope: f64,
    #[command(flatten)]
    training: TrainingArgs,
    #[command(flatten)]
    running: RunningArgs,
    /// Show no progress on stderr; errors are still told
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(crate) fn run(args: &RemedyArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let mut base = args.training.spec(args.running.seed)?;
    check_names(&args.methods)?;
    let data = args.split.apply(args.data.open()?)?;
    args.training.hurry(&mut base, &data);
    let home = match &args.running.out {
        Some(path) => Some(Home::named(path).map_err(|error| store::failed(&error))?),
        None => Home::temporary(),
    };
    let few = if args.training.quick { 1 } else { CONFIGURATIONS };
    let asked = RemedyAsked {
        base,
        seeds: args.running.seeds(args.training.quick),
        methods: args.methods.clone(),
        configurations: args.configurations.unwrap_or(few) as usize,
        rope: args.rope / 100.0,
        bootstrap: Bootstrap { seed: args.running.seed, ..Bootstrap::default() },
    };
    let watch = Timed::new(args.quiet);
    let found = compare(args, &data, &asked, home.as_ref(), &watch, since)?;
    let document = document(args, &data, &asked, &found, &watch, since);
    let report = rivalry::report::remedy(document)
        .map_err(|error| Failure::one(Status::Usage, error.to_string(), Some(error.hint().to_owned())))?;
    if let Some(out) = &args.running.out {
        keep(&report, out)?;
    }
    args.output.print(&report)?;
    if let Some(home) = home {
        home.close();
    }
    Ok(Status::Done)
}

/// Names that nobody knows, and controls, which run anyway.
fn check_names(names: &[String]) -> Result<(), Failure> {
    let table = strategies::table::<f32>();
    let mut problems = Vec::new();
    for name in names {
        let message = match find("strategy", table, name) {
            Err(ChoiceError::UnknownName { .. }) if name.is_empty() => "`--try` names nothing".to_owned(),
            Err(error) => format!("`--try {name}`: {error}"),
            Ok(_) if remedy::CONTROLS.contains(&name.as_str()) => {
                format!("`--try {name}`: it is a control, which is always there")
            }
            Ok(_) => continue,
        };
        problems.push(Problem { message, hint: None });
    }
    if let Some(last) = problems.last_mut() {
        last.hint = Some("`rivalry list strategies` shows every method".to_owned());
        return Err(Failure { status: Status::Usage, problems });
    }
    Ok(())
}

fn compare(
    args: &RemedyArgs,
    data: &Dataset,
    asked: &RemedyAsked,
    home: Option<&Home>,
    watch: &Timed,
    since: Stopwatch,
) -> Result<Remedied, Failure> {
    let continuation = home.map(Home::continuation);
    let last_words = {
        let continuation = continuation.clone();
        move || interrupted("interrupted", continuation.as_deref())
    };
    let stop = signals::watch(last_words);
    let threads = args.running.threads();
    let engine = Engine { store: home.map(Home::store), threads, stop };
    let clock = || since.elapsed().as_secs_f64();
    let budget = args.running.budget.map(|budget| Budget { seconds: budget.as_secs_f64(), clock: &clock });
    watch.progress.note(&args.running.opening(data, asked.seeds));
    let done = remedy::remedy(data, asked, engine, budget.as_ref(), watch);
    watch.progress.end();
    done.map_err(|error| match &error {
        RemedyError::Plan(error) => plan_failed(error, "remedy"),
        RemedyError::Sweep(error) => sweep_failed(error, continuation.as_deref()),
        RemedyError::Methods(errors) => usage::choices(errors),
    })
}

/// Shows what runs, and times it.
struct Timed {
    progress: Progress,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    begun: BTreeMap<RunId, Stopwatch>,
    /// Of every run that was computed here.
    seconds: BTreeMap<RunId, (Job, f64)>,
}

impl Timed {
    fn new(quiet: bool) -> Self {
        Self { progress: Progress::new(quiet), times: Mutex::default() }
    }

    /// Mean seconds of the trainings of each row; a row of which some run was not computed here has none.
    fn of_rows(&self, rows: &[RemedyRow], n_trials: usize, training: &Spec) -> BTreeMap<String, f64> {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |job: &Job, row: &RemedyRow| {
            let spec = job.spec();
            spec.modalities == row.modalities
                && spec.strategy.name == row.strategy
                && spec.strategy.set == row.settings
                && spec.epochs == training.epochs
        };
        let mut found = BTreeMap::new();
        for row in rows {
            let runs: Vec<&(Job, f64)> = times.seconds.values().filter(|(job, _)| same(job, row)).collect();
            // The runs that it builds on are runs of other rows, or its own.
            let built_on = |job: &Job| -> Option<f64> {
                let of = |spec: &Spec| {
                    let is = |(other, _): &&(Job, f64)| {
                        let other = other.spec();
                        other.modalities == spec.modalities
                            && other.strategy.name == spec.strategy.name
                            && (other.seed, other.repeat, other.fold) == (spec.seed, spec.repeat, spec.fold)
                            && other.epochs == spec.epochs
                    };
                    times.seconds.values().find(is).map(|(_, seconds)| *seconds)
                };
                job.needed_specs().iter().map(of).sum()
            };
            let each: Option<Vec<f64>> =
                runs.iter().map(|(job, seconds)| Some(seconds + built_on(job)?)).collect();
            if let Some(each) = each.filter(|each| each.len() == n_trials) {
                found.insert(row.name.clone(), each.iter().sum::<f64>() / each.len() as f64);
            }
        }
        found
    }
}

impl SweepWatch for Timed {
    fn begin(&self, n_runs: usize) {
        self.progress.begin("training", n_runs);
    }

    fn run_begins(&self, job: &Job) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        times.begun.insert(job.id(), Stopwatch::start());
    }

    fn run_done(&self, run: &RunDone<'_>) {
        let spec = run.job.spec();
        if !run.reused {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(begun) = times.begun.remove(&run.job.id()) {
                times.seconds.insert(run.job.id(), (run.job.clone(), begun.elapsed().as_secs_f64()));
            }
        }
        let how = if run.reused { " (kept)" } else { "" };
        let modalities = spec.modalities.join("+");
        self.progress.step(&format!("{modalities} {}, seed {}{how}", spec.strategy.name, spec.seed));
    }
}

fn document(
    args: &RemedyArgs,
    data: &Dataset,
    asked: &RemedyAsked,
    found: &Remedied,
    watch: &Timed,
    since: Stopwatch,
) -> Document {
    let training = asked.base.check(data).map_or_else(|_| asked.base.clone(), |job| job.spec().clone());
    Document {
        schema: Schema::current(),
        command: "remedy".to_owned(),
        data: data_summary(&data.describe()),
        settings: settings(args, asked, found, &training),
        results: json!(found.results),
        verdict: json!(found.answer),
        citations: works(found),
        provenance: Provenance {
            seed: Some(args.running.seed),
            threads: Some(args.running.threads()),
            wall_seconds: Some(since.elapsed().as_secs_f64()),
            run_seconds: watch.of_rows(&found.results.remedies, found.trials.len(), &training),
            ..Provenance::plain()
        },
    }
}

fn settings(args: &RemedyArgs, asked: &RemedyAsked, found: &Remedied, training: &Spec) -> Value {
    json!({
        "seeds": asked.seeds,
        "methods": asked.methods,
        "configurations": asked.configurations,
        "rope": asked.rope,
        "training": shared(training),
        "level": asked.bootstrap.level,
        "replicates": asked.bootstrap.replicates,
        "budget_seconds": args.running.budget.map(|budget| budget.as_secs_f64()),
        "left_out": found.left_out,
        "n_trials": found.trials.len(),
        "n_runs": found.n_runs,
    })
}

/// The works that the methods, and their comparison, come from.
fn works(found: &Remedied) -> Vec<Work> {
    let used = found.results.remedies.iter().map(|row| row.strategy.as_str());
    let of_methods = used
        .filter_map(|name| find("strategy", strategies::table::<f32>(), name).ok())
        .flat_map(|entry| entry.cites);
    Work::of(of_methods.chain(remedy::CITES))
}
