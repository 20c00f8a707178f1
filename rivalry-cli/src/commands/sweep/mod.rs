//! `rivalry sweep`: the runs of a command, spread over processes and machines.
//!
//! A plan is a command whose runs are known beforehand, written down with the list of them. Workers compute shares of the
//! list into one store, or into several; merging is running the command on the full store, so there is no second way
//! to a result.

mod merge;
mod plan;
mod plan_file;
mod run;
mod status;
mod workload;

use std::path::Path;

use clap::{Args, Subcommand};
use rivalry::report::{Block, Cell, Unit};
use rivalry::store::Store;

use crate::args::{Cli, Verb};
use crate::commands::{diagnose, lab, store};
use crate::exit::{Failure, Status};
use crate::output::OutputArgs;

pub(crate) use workload::Workload;

/// Spread the runs of a command over processes and machines: a cluster, or a few computers
#[derive(Args, Debug)]
#[command(after_help = "\
A run is named by what it computes and leaves one file, so whoever computes it, the result
is the same to the bit. `plan` lists the runs of a command, `run` computes a share of them
(or submits all to Slurm or HyperQueue), `merge` prints what the command would have printed.

Processes that share a folder need no plan: the same `rivalry diagnose`, `remedy` or `lab`
command started on several machines with one --out folder shares the work.")]
pub(crate) struct SweepCommand {
    #[command(subcommand)]
    verb: SweepVerb,
}

#[derive(Subcommand, Debug)]
enum SweepVerb {
    Plan(plan::PlanArgs),
    Run(Box<run::RunArgs>),
    Status(status::StatusArgs),
    Merge(merge::MergeArgs),
}

/// Does what was asked.
pub(crate) fn run(command: &SweepCommand) -> Result<Status, Failure> {
    match &command.verb {
        SweepVerb::Plan(args) => plan::run(args),
        SweepVerb::Run(args) => run::run(args),
        SweepVerb::Status(args) => status::run(args),
        SweepVerb::Merge(args) => merge::run(args),
    }
}

/// Where a planned command finds its runs, and how it tells its result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The store.
    pub(crate) store: &'a Path,
    /// Threads, or one per core.
    pub(crate) threads: Option<usize>,
    /// No progress.
    pub(crate) quiet: bool,
    /// The form of the result.
    pub(crate) output: &'a OutputArgs,
}

/// Runs the planned command on a store; what is there is read, the rest computed.
fn conclude(command: Cli, place: Place<'_>) -> Result<Status, Failure> {
    match command.verb {
        Some(Verb::Diagnose(mut args)) => {
            args.settle_in(place);
            diagnose::run(&args)
        }
        Some(Verb::Lab(mut command)) => {
            command.settle_in(place);
            lab::run(&command)
        }
        _ => unreachable!("no other command has been planned"),
    }
}

/// A store that must be there.
fn open(path: &Path) -> Result<Store, Failure> {
    Store::open_existing(path).map_err(|error| store::failed(&error))
}

/// Commands that may follow.
fn next_steps(steps: &[(&str, String)]) -> Block {
    let row = |(key, command): &(&str, String)| ((*key).to_owned(), Cell::Text(command.clone()), Unit::None);
    Block::KeyValues(steps.iter().map(row).collect())
}

/// Plural of what a number counts.
fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
