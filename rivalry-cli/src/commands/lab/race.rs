//! `rivalry lab race`: who wins, over many trials.

use clap::Args;
use rivalry::lab::summarise;
use rivalry::sweep::{TrialSet, run_trials};
use serde_json::json;

use super::setting::{SettingArgs, citations};
use super::{TrialsArgs, document, tell};
use crate::clock::Stopwatch;
use crate::commands::sweep::Workload;
use crate::exit::{Failure, Status};
use crate::output::OutputArgs;
use crate::values;

/// Many trials of one setting: who wins, beside the closed form
#[derive(Args, Debug)]
#[command(after_help = "\
Every trial draws data and initial weights anew, trains every modality alone and all of
them jointly, and counts. A killed race goes on where it was with the same --out.

Examples:
  rivalry lab race
  rivalry lab race --trials 1000 --set until=decided --out race
  rivalry lab race --strategy auxiliary
  rivalry lab race --strategy agm --set dim=200 --set n=200 --set sigma0=3e-4
  rivalry lab race --set strength.2=1.2 --set m=16 --json")]
pub(super) struct RaceArgs {
    #[command(flatten)]
    setting: SettingArgs,
    /// Number of trials
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true, value_parser = values::whole::<u64, 1, 100_000_000>, help_heading = "Running")]
    trials: u64,
    #[command(flatten)]
    pub(super) running: TrialsArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

impl RaceArgs {
    fn set(&self) -> Result<TrialSet, Failure> {
        let setting = self.setting.setting(&self.setting.config()?)?;
        Ok(TrialSet { setting, first_seed: self.running.seed, trials: self.trials })
    }

    /// Its trials.
    pub(super) fn workload(&self) -> Result<Workload, Failure> {
        Ok(Workload::trials(vec![self.set()?], vec!["race".to_owned()]))
    }
}

/// Does what was asked.
pub(super) fn run(args: &RaceArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let sets = [args.set()?];
    let outcomes =
        args.running.engage(args.trials, &format!("{} trials", args.trials), |engine, watch| {
            run_trials(&sets, engine, watch)
        })?;
    let setting = &sets[0].setting;
    let summary = summarise(setting, &outcomes[0]).ok_or_else(|| {
        Failure::one(
            Status::Failed,
            format!("none of {} trials converged", args.trials),
            Some("allow more updates (`--set max_updates=...`), or begin from larger weights (`--set sigma0=...`)".to_owned()),
        )
    })?;
    let settings = json!({ "setting": setting, "trials": args.trials });
    let document = document(
        "lab race",
        settings,
        json!(summary),
        &citations(setting),
        args.running.seed,
        args.running.threads(),
        since,
    );
    tell(&document, args.running.out.as_deref(), &args.output)?;
    Ok(Status::Done)
}
