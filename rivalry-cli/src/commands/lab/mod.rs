//! `rivalry lab`: the talk's theory as an instrument.

mod phase;
mod race;
mod run;
mod setting;
mod sweep;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rivalry::registry::{Choice, Citation, Entry};
use rivalry::report::{self, Document, Provenance, Report, Schema, Work};
use rivalry::sweep::{Engine, TrialWatch, TrialsError};
use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::commands::diagnose::interrupted;
use crate::commands::store;
use crate::commands::sweep::{Place, Workload};
use crate::exit::{Failure, Status};
use crate::home::Home;
use crate::options::threads;
use crate::output::{OutputArgs, save_as};
use crate::progress::Progress;
use crate::{signals, values};

/// Run the theory of modality competition: races, maps, and every claim
#[derive(Args, Debug)]
#[command(after_help = "\
The model is the talk's: sparse coding data, late fusion of one-layer encoders with
smoothed ReLU, gradient flow or descent. Constants are our reconstruction; docs/lab.md
says which and why.

Examples:
  rivalry lab run
  rivalry lab race --trials 100
  rivalry lab sweep --vary m=2,4,8,16 --set strength.2=1.1 --set until=decided
  rivalry lab verify
  rivalry lab phase --ratio 2 --correlation 0.5")]
pub(crate) struct LabCommand {
    #[command(subcommand)]
    verb: LabVerb,
}

#[derive(Subcommand, Debug)]
enum LabVerb {
    Run(run::RunArgs),
    Race(race::RaceArgs),
    Sweep(sweep::SweepArgs),
    Verify(verify::VerifyArgs),
    Phase(phase::PhaseArgs),
}

/// Does what was asked.
pub(crate) fn run(command: &LabCommand) -> Result<Status, Failure> {
    match &command.verb {
        LabVerb::Run(args) => run::run(args),
        LabVerb::Race(args) => race::run(args),
        LabVerb::Sweep(args) => sweep::run(args),
        LabVerb::Verify(args) => verify::run(args),
        LabVerb::Phase(args) => phase::run(args),
    }
}

impl LabCommand {
    /// The trials of a command that knows them beforehand.
    pub(crate) fn workload(&self) -> Option<Result<Workload, Failure>> {
        match &self.verb {
            LabVerb::Race(args) => Some(args.workload()),
            LabVerb::Sweep(args) => Some(args.workload()),
            LabVerb::Verify(args) => Some(args.workload()),
            LabVerb::Run(_) | LabVerb::Phase(_) => None,
        }
    }

    /// Runs in a place that a plan was given.
    pub(crate) fn settle_in(&mut self, place: Place<'_>) {
        let (running, output) = match &mut self.verb {
            LabVerb::Race(args) => (&mut args.running, &mut args.output),
            LabVerb::Sweep(args) => (&mut args.running, &mut args.output),
            LabVerb::Verify(args) => (&mut args.running, &mut args.output),
            LabVerb::Run(_) | LabVerb::Phase(_) => return,
        };
        running.out = Some(place.store.to_owned());
        running.threads = place.threads;
        running.shown.quiet = place.quiet;
        *output = place.output.clone();
    }
}

/// Options of commands that run many trials.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Running")]
struct TrialsArgs {
    /// The first seed; the others follow it
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, value_parser = values::whole::<u64, 0, { u64::MAX }>)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<usize, 1, 65_535>)]
    threads: Option<usize>,
    /// Folder that keeps the trials and the report, so that the same command resumes and
    /// a larger one goes on; made if missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: ProgressArgs,
}

/// Whether stderr says what runs.
#[derive(Args, Clone, Debug)]
struct ProgressArgs {
    /// Show no progress on stderr; errors are still told
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

impl ProgressArgs {
    fn progress(&self) -> Progress {
        Progress::new(self.quiet)
    }
}

impl TrialsArgs {
    fn threads(&self) -> usize {
        threads(self.threads)
    }

    /// Runs work that fills a store, with progress and Ctrl-C.
    fn engage<T>(
        &self,
        total: u64,
        about: &str,
        work: impl FnOnce(Engine<'_>, &dyn TrialWatch) -> Result<T, TrialsError>,
    ) -> Result<T, Failure> {
        let home = match &self.out {
            Some(path) => Some(Home::named(path).map_err(|error| store::failed(&error))?),
            None => Home::temporary(),
        };
        let continuation = home.as_ref().map(Home::continuation);
        let last_words = {
            let continuation = continuation.clone();
            move || interrupted("interrupted", continuation.as_deref())
        };
        let stop = signals::watch(last_words);
        let threads = self.threads();
        let shown = Shown { progress: self.shown.progress() };
        shown.progress.note(&format!("{about}, {threads} thread{}", if threads == 1 { "" } else { "s" }));
        shown.progress.begin("trials", total as usize);
        let engine = Engine { store: home.as_ref().map(Home::store), threads, stop };
        let done = work(engine, &shown);
        shown.progress.end();
        let done = done.map_err(|error| failed(&error, continuation.as_deref()))?;
        if let Some(home) = home {
            home.close();
        }
        Ok(done)
    }
}

/// Passes on how many trials are done.
struct Shown {
    progress: Progress,
}

impl TrialWatch for Shown {
    fn trials_done(&self, _set: usize, n: u64) {
        for _ in 0..n {
            self.progress.step("");
        }
    }
}

pub(crate) fn failed(error: &TrialsError, continuation: Option<&str>) -> Failure {
    match error {
        TrialsError::Interrupted { .. } => interrupted(&error.to_string(), continuation),
        TrialsError::Store(error) => store::failed(error),
        TrialsError::Unreadable { .. } => Failure::one(
            Status::Data,
            error,
            Some("`rivalry store doctor DIR` explains what is wrong with the store".to_owned()),
        ),
        TrialsError::Trial(_) => Failure::usage(error, setting::KNOBS_HINT),
    }
}

/// The document of a command of the lab.
fn document(
    command: &str,
    settings: Value,
    results: Value,
    citations: &[Citation],
    seed: u64,
    threads: usize,
    since: Stopwatch,
) -> Document {
    Document {
        schema: Schema::current(),
        command: command.to_owned(),
        data: match command {
            "lab phase" => Value::Null,
            _ => json!({ "generator": "sparse coding", "constants": "our reconstruction" }),
        },
        settings,
        results,
        verdict: Value::Null,
        citations: Work::of(citations),
        provenance: Provenance {
            seed: Some(seed),
            threads: Some(threads),
            wall_seconds: Some(since.elapsed().as_secs_f64()),
            ..Provenance::plain()
        },
    }
}

/// Keeps the document where that was asked for, and prints the report.
fn tell(document: &Document, out: Option<&Path>, output: &OutputArgs) -> Result<(), Failure> {
    let report = report::lab(document)
        .expect("the command is one of the lab")
        .map_err(|error| Failure::one(Status::Usage, error.to_string(), None))?;
    if let Some(out) = out {
        keep(&report, out)?;
    }
    output.print(&report)
}

fn keep(report: &Report, out: &Path) -> Result<(), Failure> {
    let files =
        [("json", "report.json"), ("html", "report.html"), ("svg", "figures.svg"), ("csv", "table.csv")];
    files.into_iter().try_for_each(|(name, file)| save_as(&Choice::new(name), report, &out.join(file)))
}

/// The works that an encoder, a strategy or a solver comes from.
fn cited<T: ?Sized>(table: &'static [Entry<T>], name: &str) -> &'static [Citation] {
    table.iter().find(|entry| entry.name == name).map_or(&[], |entry| entry.cites)
}
