//! `rivalry diagnose`: trains, measures, concludes.

use clap::{Args, ValueEnum};
use rivalry::data::Dataset;
use rivalry::diagnose::{Diagnosis, Thresholds, diagnose};
use rivalry::metrics::{METRICS, Metrics};
use rivalry::registry::{Choice, find};
use rivalry::report::{ClassesShown, Document, Provenance, Schema, Work, data_summary, diagnosis};
use rivalry::spec::Spec;
use rivalry::stats::Bootstrap;
use rivalry::strategies;
use rivalry::sweep::{
    self, Asked, Budget, DiagnoseError, Diagnosed, Engine, Plan, PlanError, RunDone, Subsets, SweepError,
    SweepWatch,
};
use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::commands::store;
use crate::commands::sweep::{Place, Workload};
use crate::exit::{Failure, Problem, Status};
use crate::home::Home;
use crate::options::{DataArgs, RunningArgs, SplitArgs, TrainingArgs};
use crate::output::{OutputArgs, keep};
use crate::progress::Progress;
use crate::{signals, usage, values};

/// Does joint training lose on my features, which modality lost, and why?
#[derive(Args, Debug)]
#[command(after_help = "\
Trains every modality alone, joint combinations and controls over seeds, and compares
them on the same test samples. Networks are late fusion: an encoder and a linear head
per modality, logits summed.

With --out the folder gets the runs, report.json, and report.html to open in a browser.

Exit status 4 with --fail-on-inconclusive when the verdict is V0; 130 when interrupted:
the message says which command continues.

Examples:
  rivalry diagnose demo
  rivalry diagnose demo:nutrimouse --seeds 20 --out kept
  rivalry diagnose features.npz --budget 60s
  rivalry diagnose table.csv --label y --modality img=i_* --modality tab=t_*
  rivalry diagnose demo --quick --set width=128 --set dropout=0.2 --json")]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    split: SplitArgs,
    /// Combinations trained jointly: all together; also each left out, and pairs up to 3
    /// modalities; or every one
    #[arg(
        long,
        value_name = "WHICH",
        value_enum,
        default_value_t = SubsetsArg::Default,
        help_heading = "Comparison"
    )]
    subsets: SubsetsArg,
    /// Accuracy difference in points that nobody would act on
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, default_value_t = 1.0, value_parser = values::points, help_heading = "Comparison")]
    rope: f64,
    /// Classes listed: so many of the largest changes each way, or `all`
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "10", value_parser = values::classes, help_heading = "Comparison")]
    classes: ClassesShown,
    /// Exit with status 4 when the verdict is inconclusive
    #[arg(long, help_heading = "Comparison")]
    fail_on_inconclusive: bool,
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

/// `Subsets` as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SubsetsArg {
    Joint,
    Default,
    All,
}

impl From<SubsetsArg> for Subsets {
    fn from(typed: SubsetsArg) -> Self {
        match typed {
            SubsetsArg::Joint => Self::Joint,
            SubsetsArg::Default => Self::Default,
            SubsetsArg::All => Self::All,
        }
    }
}

impl DiagnoseArgs {
    /// The data, and what is asked of them.
    fn asked(&self) -> Result<(Dataset, Asked), Failure> {
        let mut base = Spec { meters: true, ..self.training.spec(self.running.seed)? };
        let data = self.split.apply(self.data.open()?)?;
        self.training.hurry(&mut base, &data);
        let asked = Asked {
            base,
            seeds: self.running.seeds(self.training.quick),
            subsets: self.subsets.into(),
            controls: vec![Choice::new("auxiliary")],
            bootstrap: Bootstrap { seed: self.running.seed, ..Bootstrap::default() },
        };
        Ok((data, asked))
    }

    /// Its runs.
    pub(crate) fn workload(&self) -> Result<Workload, Failure> {
        let (data, asked) = self.asked()?;
        let plan = Plan::new(&data, &asked.base, asked.seeds, asked.subsets, &asked.controls)
            .map_err(|error| plan_failed(&error, "diagnose"))?;
        Ok(Workload::networks(data, plan))
    }

    /// Runs in a place that a plan was given.
    pub(crate) fn settle_in(&mut self, place: Place<'_>) {
        self.running.settle_in(place);
        self.quiet = place.quiet;
        self.output = place.output.clone();
    }
}

/// Does what was asked.
pub(crate) fn run(args: &DiagnoseArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let (data, asked) = args.asked()?;
    let home = match &args.running.out {
        Some(path) => Some(Home::named(path).map_err(|error| store::failed(&error))?),
        None => Home::temporary(),
    };
    let thresholds = Thresholds { rope: args.rope / 100.0, ..Thresholds::default() };
    let diagnosed = measure(args, &data, &asked, home.as_ref(), since)?;
    let found = diagnose(&diagnosed.study, &diagnosed.measurements, &Metrics::all(), thresholds);
    let document = document(args, &data, &asked, &diagnosed, &found, since);
    let report = diagnosis(document, args.classes)
        .map_err(|error| Failure::one(Status::Usage, error.to_string(), Some(error.hint().to_owned())))?;
    if let Some(out) = &args.running.out {
        keep(&report, out)?;
    }
    args.output.print(&report)?;
    if let Some(home) = home {
        home.close();
    }
    let is_open = found.verdict.code == "V0";
    Ok(if args.fail_on_inconclusive && is_open { Status::Inconclusive } else { Status::Done })
}

fn measure(
    args: &DiagnoseArgs,
    data: &Dataset,
    asked: &Asked,
    home: Option<&Home>,
    since: Stopwatch,
) -> Result<Diagnosed, Failure> {
    let continuation = home.map(Home::continuation);
    let last_words = {
        let continuation = continuation.clone();
        move || interrupted("interrupted", continuation.as_deref())
    };
    let stop = signals::watch(last_words);
    let threads = args.running.threads();
    let watch = Shown { progress: Progress::new(args.quiet) };
    let engine = Engine { store: home.map(Home::store), threads, stop };
    let clock = || since.elapsed().as_secs_f64();
    let budget = args.running.budget.map(|budget| Budget { seconds: budget.as_secs_f64(), clock: &clock });
    watch.progress.note(&args.running.opening(data, asked.seeds));
    let done = sweep::diagnose(data, asked, &Metrics::all(), engine, budget.as_ref(), &watch);
    watch.progress.end();
    done.map_err(|error| failed(&error, continuation.as_deref()))
}

/// Passes on what runs.
struct Shown {
    progress: Progress,
}

impl SweepWatch for Shown {
    fn begin(&self, n_runs: usize) {
        self.progress.begin("training", n_runs);
    }

    fn run_done(&self, run: &RunDone<'_>) {
        let spec = run.job.spec();
        let how = if run.reused { " (kept)" } else { "" };
        self.progress.step(&format!(
            "{} {}, seed {}{how}",
            spec.modalities.join("+"),
            spec.strategy.name,
            spec.seed
        ));
    }
}

/// Somebody stopped it: how to go on.
pub(crate) fn interrupted(message: &str, continuation: Option<&str>) -> Failure {
    let hint = continuation.map_or_else(
        || "nothing was kept; with `--out DIR` the same command continues".to_owned(),
        |how| format!("{how} continues"),
    );
    Failure::one(Status::Interrupted, message, Some(hint))
}

fn failed(error: &DiagnoseError, continuation: Option<&str>) -> Failure {
    match error {
        DiagnoseError::Plan(error) => plan_failed(error, "diagnose"),
        DiagnoseError::Sweep(error) => sweep_failed(error, continuation),
    }
}

/// Nothing can be trained as asked.
pub(crate) fn plan_failed(error: &PlanError, verb: &str) -> Failure {
    match error {
        PlanError::OneModality { .. } => Failure::one(
            Status::Data,
            error,
            Some("name the parts of the features as modalities: `--modality NAME=PATTERN`".to_owned()),
        ),
        PlanError::Spec(errors) => Failure {
            status: Status::Usage,
            problems: errors
                .iter()
                .enumerate()
                .map(|(idx, error)| Problem {
                    message: error.to_string(),
                    hint: (idx + 1 == errors.len()).then(|| usage::KINDS_HINT.to_owned()),
                })
                .collect(),
        },
        _ => Failure::usage(error, format!("`rivalry {verb} --help` shows what is possible")),
    }
}

/// Training ended before its end.
pub(crate) fn sweep_failed(error: &SweepError, continuation: Option<&str>) -> Failure {
    match error {
        SweepError::Interrupted { .. } => interrupted(&error.to_string(), continuation),
        SweepError::Store(error) => store::failed(error),
        SweepError::Unreadable { .. } => Failure::one(
            Status::Data,
            error,
            Some("`rivalry store doctor DIR` explains what is wrong with the store".to_owned()),
        ),
        SweepError::Train(_) => Failure::one(Status::Usage, error, None),
    }
}

fn document(
    args: &DiagnoseArgs,
    data: &Dataset,
    asked: &Asked,
    diagnosed: &Diagnosed,
    found: &Diagnosis,
    since: Stopwatch,
) -> Document {
    Document {
        schema: Schema::current(),
        command: "diagnose".to_owned(),
        data: data_summary(&data.describe()),
        settings: settings(args, data, asked, diagnosed, found),
        results: json!(found.results),
        verdict: json!(found.verdict),
        citations: works(asked),
        provenance: Provenance {
            seed: Some(args.running.seed),
            threads: Some(args.running.threads()),
            wall_seconds: Some(since.elapsed().as_secs_f64()),
            ..Provenance::plain()
        },
    }
}

fn settings(
    args: &DiagnoseArgs,
    data: &Dataset,
    asked: &Asked,
    diagnosed: &Diagnosed,
    found: &Diagnosis,
) -> Value {
    // The base spec as the joint network ran it: every knob with its value.
    let training = asked.base.check(data).map_or_else(|_| asked.base.clone(), |job| job.spec().clone());
    let subsets = args.subsets.to_possible_value();
    json!({
        "seeds": asked.seeds,
        "subsets": subsets.map(|value| value.get_name().to_owned()),
        "controls": asked.controls.iter().map(|control| &control.name).collect::<Vec<_>>(),
        "training": shared(&training),
        "thresholds": found.thresholds,
        "level": asked.bootstrap.level,
        "replicates": asked.bootstrap.replicates,
        "budget_seconds": args.running.budget.map(|budget| budget.as_secs_f64()),
        "left_out": diagnosed.left_out,
        "n_trials": diagnosed.trials.len(),
        "n_runs": diagnosed.n_runs,
    })
}

/// A spec without what the plan varies.
pub(crate) fn shared(spec: &Spec) -> Value {
    let mut value = json!(spec);
    if let Some(fields) = value.as_object_mut() {
        for varied in ["modalities", "strategy", "repeat", "fold", "seed"] {
            fields.shift_remove(varied);
        }
    }
    value
}

/// The works that the strategies and metrics of a diagnosis come from.
fn works(asked: &Asked) -> Vec<Work> {
    let fixed = ["naive", "unimodal", "ensemble"];
    let used = fixed.into_iter().chain(asked.controls.iter().map(|control| control.name.as_str()));
    let strategies = used
        .filter_map(|name| find("strategy", strategies::table::<f32>(), name).ok())
        .flat_map(|entry| entry.cites);
    Work::of(strategies.chain(METRICS.iter().flat_map(|entry| entry.cites)))
}
