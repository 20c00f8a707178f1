//! Engines: what computes the shards of a plan on other machines.
//!
//! An engine is a queue that knows two things: which shards it has in hand, and how to take more. What is done is not
//! asked of it: the store says so. So a driver has no state of its own, and starting it again is going on.

mod follow;
mod hyperqueue;
mod slurm;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use rivalry::spec::RunId;
use rivalry::store::Store;

use crate::exit::{Failure, Status};
use crate::home::quoted;
use crate::values;

pub(crate) use follow::drive;

/// Shards unless said otherwise: enough for a few dozen processors to be busy until the end.
const SHARDS: u32 = 32;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineKind {
    /// This machine.
    Local,
    /// A job array of Slurm.
    Slurm,
    /// An array of HyperQueue's tasks.
    Hyperqueue,
}

/// What computes, and how it is asked.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine")]
pub(crate) struct EngineArgs {
    /// What computes: this machine, a job array of Slurm, or tasks of HyperQueue
    #[arg(long, value_name = "NAME", value_enum, default_value_t = EngineKind::Local, conflicts_with = "shard")]
    engine: EngineKind,
    /// Number of shards that are submitted [default: 32, or one per run]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { values::MOST_SHARDS }>)]
    shards: Option<u32>,
    /// An option for `sbatch` or `hq submit`, without its dashes; repeatable
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = option)]
    engine_option: Vec<String>,
    /// How often in a row a shard may end without having finished a run before this is given up
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 3, value_parser = values::whole::<u32, 0, 1_000>)]
    retries: u32,
    /// The program on the nodes [default: this one, by its path]
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Folder for what the shards print; made if missing [default: PLAN with the suffix .logs]
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
}

impl EngineArgs {
    /// Whether this process computes.
    pub(crate) fn is_local(&self) -> bool {
        self.engine == EngineKind::Local
    }

    /// Nothing is submitted from here: what says how means something else.
    pub(crate) fn check_local(&self) -> Result<(), Failure> {
        let given = [
            ("--shards", self.shards.is_some()),
            ("--engine-option", !self.engine_option.is_empty()),
            ("--program", self.program.is_some()),
            ("--logs", self.logs.is_some()),
        ];
        match given.iter().find(|(_, is_given)| *is_given) {
            None => Ok(()),
            Some((option, _)) => Err(Failure::usage(
                format!("`{option}` is for what a batch system is asked, and this machine computes"),
                "add `--engine slurm` or `--engine hyperqueue`; `--shard I/N` computes a share here",
            )),
        }
    }

    /// How many shards for so many runs.
    pub(crate) fn shards(&self, n_runs: usize) -> u32 {
        let most = u32::try_from(n_runs).unwrap_or(u32::MAX).max(1);
        self.shards.unwrap_or(SHARDS).min(most)
    }
}

/// `partition=short`, `exclusive`.
fn option(text: &str) -> Result<String, String> {
    let key = text.split('=').next().unwrap_or_default();
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if is_key && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("expected an option without its dashes, such as `partition=short`".to_owned())
    }
}

/// What is to be computed, and for whom.
pub(crate) struct Order<'a> {
    pub(crate) args: &'a EngineArgs,
    pub(crate) plan: &'a Path,
    pub(crate) id: RunId,
    pub(crate) store: &'a Store,
    /// Of each worker.
    pub(crate) threads: usize,
    pub(crate) quiet: bool,
    /// The command line that goes on.
    pub(crate) continuation: String,
}

/// Shards that a batch system has in hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Queued {
    /// Into how many shards the plan was cut when they were submitted; nothing when there are none.
    of: Option<u32>,
    /// Those that wait or run.
    shards: BTreeSet<u32>,
}

/// A batch system.
trait Queue {
    /// The shards of this sweep that wait or run.
    fn queued(&self) -> Result<Queued, String>;

    /// Submits shards of a plan that is cut into `of`.
    fn submit(&self, shards: &[u32], of: u32) -> Result<(), String>;

    /// What takes back what is queued, with the command between backticks.
    fn cancel(&self, of: u32) -> String;
}

/// What both batch systems are told.
struct Worker {
    /// Begins the names of all jobs of this plan on this store.
    key: String,
    plan: PathBuf,
    store: PathBuf,
    program: PathBuf,
    logs: PathBuf,
    threads: usize,
    options: Vec<String>,
}

impl Worker {
    fn new(order: &Order<'_>) -> Result<Self, Failure> {
        let failed = |path: &Path, error: std::io::Error| {
            Failure::one(Status::Usage, format!("{}: {error}", path.display()), None)
        };
        let whole = |path: &Path| path.canonicalize().map_err(|error| failed(path, error));
        let logs = order.args.logs.clone().unwrap_or_else(|| order.plan.with_extension("logs"));
        std::fs::create_dir_all(&logs).map_err(|error| failed(&logs, error))?;
        let program = match &order.args.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(|error| failed(Path::new("this program"), error))?,
        };
        let store = whole(order.store.root())?;
        Ok(Self {
            key: key(order.id, &store),
            plan: whole(order.plan)?,
            store,
            program,
            logs: whole(&logs)?,
            threads: order.threads,
            options: order.args.engine_option.iter().map(|option| format!("--{option}")).collect(),
        })
    }

    /// The jobs' name: the plan, the store and the cut, so that a driver that is started again knows its own.
    fn name(&self, of: u32) -> String {
        format!("{}-{of}", self.key)
    }

    /// The cut that a job's name tells, if the job is one of this sweep.
    fn cut(&self, name: &str) -> Option<u32> {
        name.strip_prefix(&self.key)?.strip_prefix('-')?.parse().ok()
    }

    /// What a shell on a node runs; `shard` is the variable that holds the number of the shard.
    fn line(&self, shard: &str, of: u32) -> String {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        format!(
            "exec {} sweep run {} --shard \"${shard}/{of}\" --store {} --threads {}",
            path(&self.program),
            path(&self.plan),
            path(&self.store),
            self.threads,
        )
    }

    /// The last line that a shard printed.
    fn last_words(&self, shard: u32) -> Option<String> {
        let text = std::fs::read_to_string(self.log(&shard.to_string())).ok()?;
        text.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
    }

    /// Where a shard prints.
    fn log(&self, shard: &str) -> PathBuf {
        self.logs.join(format!("shard-{shard}.log"))
    }
}

/// `rivalry-` and twelve digits of a hash of plan and store.
fn key(id: RunId, store: &Path) -> String {
    let question = serde_json::json!({ "plan": id.to_string(), "store": store.to_string_lossy() });
    let name = RunId::of_question(&question).to_string();
    format!("rivalry-{}", &name[..12])
}

/// Runs a command of a batch system; what it printed, or what was wrong in one line.
fn ask(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no command `{name}` here"),
        _ => format!("`{name}` cannot be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
    Err(format!("`{name}` failed: {line}"))
}

/// Numbers as both systems write them: `1-3,7`.
fn ranges(numbers: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, end)) if *end + 1 == *number => *end = *number,
            _ => spans.push((*number, *number)),
        }
    }
    let span = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    spans.iter().map(span).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_written_as_a_range() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1-3,7,9-10");
        assert_eq!(ranges(&[5]), "5");
    }

    #[test]
    fn options_are_no_commands() {
        for good in ["partition=short", "exclusive", "mem-per-cpu=2G", "time=1:00:00"] {
            assert_eq!(option(good), Ok(good.to_owned()));
        }
        for bad in ["--wrap", "", "=1", "Partition=x", "a b", "wrap\n=1", "a=\n"] {
            assert!(option(bad).is_err(), "{bad:?}");
        }
    }
}
