//! `rivalry sweep merge`: from the runs of a plan to the result of its command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::spec::RunId;
use rivalry::store::{Store, StoreError};

use super::plan_file::Planning;
use super::{Place, conclude, counted, open};
use crate::commands::store;
use crate::exit::{Failure, Status};
use crate::home::{Home, quoted};
use crate::output::OutputArgs;
use crate::progress::Progress;
use crate::values;

/// Print what the planned command prints, once all of its runs are there
#[derive(Args, Debug)]
#[command(after_help = "\
The result is that of the command on one machine, to the bit; the folder also gets the
report, as with --out. Nothing is trained: exit status 1 when runs are missing.

Examples:
  rivalry sweep merge plan.json --store runs
  rivalry sweep merge plan.json --store runs --into merged --json")]
pub(super) struct MergeArgs {
    /// A file that `rivalry sweep plan` wrote
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The folder that the workers filled; repeatable, with --into
    #[arg(long, value_name = "DIR", required = true)]
    store: Vec<PathBuf>,
    /// Copy the runs of the plan from all stores into this one first; made if missing
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Threads for intervals; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<usize, 1, 65_535>)]
    threads: Option<usize>,
    /// Show no progress on stderr; errors are still told
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &MergeArgs) -> Result<Status, Failure> {
    args.output.settle();
    let planning = Planning::read(&args.plan)?;
    let wanted: BTreeSet<RunId> = planning.ids().copied().collect();
    let folder = match (&args.into, args.store.as_slice()) {
        (Some(into), _) => into,
        (None, [only]) => only,
        (None, _) => {
            return Err(Failure::usage(
                "several stores become one, and `--into` does not say which",
                "name a folder for all of the runs: `--into DIR`",
            ));
        }
    };
    let progress = Progress::new(args.quiet);
    if let Some(into) = &args.into {
        join(&args.store, into, &wanted, &progress)?;
    }
    complete(&args.plan, folder, &wanted)?;
    let place = Place { store: folder, threads: args.threads, quiet: true, output: &args.output };
    conclude(planning.command, place)
}

/// Copies the wanted runs of all stores into one.
fn join(
    stores: &[PathBuf],
    into: &Path,
    wanted: &BTreeSet<RunId>,
    progress: &Progress,
) -> Result<(), Failure> {
    // All of them first: a mistyped one should not leave half of a folder.
    let from: Vec<Store> = stores.iter().map(|path| open(path)).collect::<Result<_, _>>()?;
    let to = Home::named(into).map_err(|error| store::failed(&error))?;
    for store in &from {
        let copied = store
            .copy_to(to.store(), |run, _| wanted.contains(&run))
            .map_err(|error| store::failed(&error))?;
        let n = copied.copied;
        progress.note(&format!("{}: {} copied", store.root().display(), counted(n, "run")));
        for damaged in &copied.damaged {
            progress.note(&damaged.to_string());
        }
    }
    Ok(())
}

/// Reads every run of the plan; says how many are missing, and what makes them.
pub(super) fn complete(plan: &Path, folder: &Path, wanted: &BTreeSet<RunId>) -> Result<(), Failure> {
    let store = open(folder)?;
    let (mut missing, mut damaged) = (0, 0);
    for run in wanted {
        match store.read(*run) {
            Ok(Some(_)) => {}
            Ok(None) => missing += 1,
            Err(StoreError::Damaged(_)) => damaged += 1,
            Err(error) => return Err(store::failed(&error)),
        }
    }
    if missing + damaged == 0 {
        return Ok(());
    }
    let (of, folder) = (counted(wanted.len(), "run"), folder.display().to_string());
    let what = match (missing, damaged) {
        (_, 0) => format!("{missing} of {of} are missing from {folder}"),
        (0, _) => format!("{damaged} of {of} in {folder} are damaged"),
        _ => format!("{missing} of {of} are missing from {folder}, {damaged} in it are damaged"),
    };
    let (plan, folder) = (quoted(&plan.to_string_lossy()), quoted(&folder));
    let hint = format!("`rivalry sweep run {plan} --store {folder}` makes them and leaves the others");
    Err(Failure::one(Status::Failed, what, Some(hint)))
}
