//! `rivalry lab verify`: every claim of the theory, pass or fail.

use clap::Args;
use rivalry::lab::claims::{self, Claim, Experiment, Found, Size};
use rivalry::lab::verify_results;
use rivalry::registry::{Choice, Citation, find};
use rivalry::sweep::{TrialSet, run_trials};
use serde_json::json;

use super::{TrialsArgs, document, tell};
use crate::clock::Stopwatch;
use crate::commands::sweep::Workload;
use crate::exit::{Failure, Status};
use crate::output::OutputArgs;
use crate::usage;

/// Every claim of the theory: prediction, measurement, pass or fail
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status 1 when a claim fails by the rule that was written down for it.

Examples:
  rivalry lab verify
  rivalry lab verify --quick
  rivalry lab verify winner_rule branch_error
  rivalry lab verify --json")]
pub(super) struct VerifyArgs {
    /// Claims to verify, by name; see `rivalry list claims` [default: all]
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// Fewer trials: for continuous integration, under a minute
    #[arg(long, help_heading = "Running")]
    quick: bool,
    #[command(flatten)]
    pub(super) running: TrialsArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

impl VerifyArgs {
    fn size(&self) -> Size {
        if self.quick { Size::Quick } else { Size::Full }
    }

    fn sets(&self, wanted: &[Experiment]) -> Vec<TrialSet> {
        let set = |experiment: &Experiment| TrialSet {
            setting: experiment.setting.clone(),
            first_seed: self.running.seed,
            trials: experiment.trials,
        };
        wanted.iter().map(set).collect()
    }

    /// Its trials.
    pub(super) fn workload(&self) -> Result<Workload, Failure> {
        let chosen = chosen(&self.claims)?;
        let wanted = claims::experiments(chosen.iter().map(|(_, claim)| &**claim), self.size());
        let names = wanted.iter().map(|experiment| experiment.name.clone()).collect();
        Ok(Workload::trials(self.sets(&wanted), names))
    }
}

/// Does what was asked.
pub(super) fn run(args: &VerifyArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let size = args.size();
    let chosen = chosen(&args.claims)?;
    let wanted = claims::experiments(chosen.iter().map(|(_, claim)| &**claim), size);
    let sets = args.sets(&wanted);
    let total: u64 = sets.iter().map(|set| set.trials).sum();
    let about = format!("{} claims, {} settings, {total} trials", chosen.len(), sets.len());
    let outcomes = args.running.engage(total, &about, |engine, watch| run_trials(&sets, engine, watch))?;
    let experiments: Vec<_> = wanted.into_iter().zip(outcomes).collect();
    let found = Found { experiments: &experiments, size, threads: args.running.threads() };
    let results = verify_results(&chosen, &found);
    let passed = results.claims.iter().all(|claim| claim.passed);
    let cites: Vec<Citation> = chosen.iter().flat_map(|(entry, _)| entry.cites).copied().collect();
    let settings = json!({
        "quick": args.quick,
        "experiments": experiments
            .iter()
            .map(|(experiment, _)| json!({ "name": experiment.name, "trials": experiment.trials, "setting": experiment.setting }))
            .collect::<Vec<_>>(),
    });
    let document = document(
        "lab verify",
        settings,
        json!(results),
        &cites,
        args.running.seed,
        args.running.threads(),
        since,
    );
    tell(&document, args.running.out.as_deref(), &args.output)?;
    Ok(if passed { Status::Done } else { Status::Failed })
}

/// The claims of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<claims::Chosen>, Failure> {
    let all = claims::table();
    let build = |entry: &'static rivalry::registry::Entry<dyn Claim>| {
        let settings = entry.settle(&Choice::new(entry.name)).expect("claims have no knobs");
        (entry, (entry.build)(&settings))
    };
    if names.is_empty() {
        return Ok(all.iter().map(build).collect());
    }
    names
        .iter()
        .map(|name| find("claim", all, name).map(build).map_err(|error| usage::choices(&[error])))
        .collect()
}
