//! `rivalry lab run`: one trial in full.

use clap::Args;
use rivalry::lab::{TrialError, run_results, run_trial};
use serde_json::json;

use super::setting::{SettingArgs, citations};
use super::{ProgressArgs, document, interrupted, setting, tell};
use crate::clock::Stopwatch;
use crate::exit::{Failure, Status};
use crate::output::OutputArgs;
use crate::{signals, values};

/// One trial in full: errors, winners, and how the alignments grew
#[derive(Args, Debug)]
#[command(after_help = "\
With --out the folder gets report.json, report.html, figures.svg and table.csv.

Examples:
  rivalry lab run
  rivalry lab run --seed 7 --set m=16 --set strength.2=1.2
  rivalry lab run --out trial
  rivalry lab run --solver gradient_descent --set solver.lr=2 --json")]
pub(super) struct RunArgs {
    #[command(flatten)]
    setting: SettingArgs,
    /// The seed of data and initial weights
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, value_parser = values::whole::<u64, 0, { u64::MAX }>, help_heading = "Running")]
    seed: u64,
    /// Folder that keeps the report and its figures; made if missing
    #[arg(long, value_name = "DIR", help_heading = "Running")]
    out: Option<std::path::PathBuf>,
    #[command(flatten)]
    shown: ProgressArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &RunArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let setting = args.setting.setting(&args.setting.config()?)?.for_curves();
    if let Some(out) = &args.out {
        crate::home::Home::named(out).map_err(|error| crate::commands::store::failed(&error))?;
    }
    let alone = if setting.until_decided { 0 } else { setting.n_modalities() };
    args.shown.progress().note(&format!("one trial: {alone} networks alone, one jointly, 1 thread"));
    let stop = signals::watch(|| interrupted("interrupted", None));
    let trial = run_trial(&setting, args.seed, true, stop).map_err(|error| match error {
        TrialError::Interrupted => Failure::one(
            Status::Interrupted,
            "interrupted",
            Some("a trial of its own is not kept; run it again".to_owned()),
        ),
        error => Failure::usage(error, setting::KNOBS_HINT),
    })?;
    let results = json!(run_results(&setting, &trial));
    let settings = json!({ "setting": setting });
    let document = document("lab run", settings, results, &citations(&setting), args.seed, 1, since);
    tell(&document, args.out.as_deref(), &args.output)?;
    Ok(Status::Done)
}
