//! `rivalry sweep run`: computes the runs of a plan, here or on a cluster.

use std::path::PathBuf;

use clap::Args;
use rivalry::report::{Block, Cell, Document, Report, Unit};
use rivalry::spec::RunId;
use rivalry::sweep::Engine;
use serde_json::json;

use super::plan_file::Planning;
use super::workload::Standings;
use super::{Place, conclude, counted, merge, next_steps};
use crate::commands::diagnose::interrupted;
use crate::commands::store;
use crate::engines::{self, EngineArgs, Order};
use crate::exit::{Failure, Status};
use crate::home::{Home, quoted};
use crate::options::threads;
use crate::output::OutputArgs;
use crate::progress::Progress;
use crate::signals;
use crate::values::{self, Shard};

/// Compute the runs of a plan, or a share of them; what is there is left alone
#[derive(Args, Debug)]
#[command(after_help = "\
Without --shard all runs are made, and the result of the planned command is printed. With
--shard I/N a share of about 1/N of the work is made, and counted. Shares do not need each
other, may run in any order, at the same time, again, and on any machine.

With --engine the shards are submitted to a batch system and followed. A shard that ends
before its runs are done is submitted again. Whoever starts the same command again, after
an interruption or a crash, goes on with what is queued; nothing is submitted twice.

On a cluster:
  rivalry sweep run plan.json --store runs --engine slurm --shards 32 \\
      --engine-option partition=short --engine-option time=30
  rivalry sweep run plan.json --store runs --engine hyperqueue --shards 100

Examples:
  rivalry sweep run plan.json --shard 1/2 --store runs
  rivalry sweep run plan.json --store runs")]
pub(super) struct RunArgs {
    /// A file that `rivalry sweep plan` wrote
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Folder that keeps the runs, shared by all workers; made if missing
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// The share to compute, counted from 1, such as 3/8 [default: everything]
    #[arg(long, value_name = "I/N", allow_negative_numbers = true, value_parser = values::shard)]
    shard: Option<Shard>,
    /// Threads; of every worker, where a batch system computes [default: all cores; 1 there]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<usize, 1, 65_535>)]
    threads: Option<usize>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Show no progress on stderr; errors are still told
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &RunArgs) -> Result<Status, Failure> {
    args.output.settle();
    let planning = Planning::read(&args.plan)?;
    let place = |threads| Place { store: &args.store, threads, quiet: args.quiet, output: &args.output };
    if let Some(shard) = args.shard {
        args.engine.check_local()?;
        return share(args, &planning, shard);
    }
    if args.engine.is_local() {
        args.engine.check_local()?;
        return conclude(planning.command, place(args.threads));
    }
    let home = Home::named(&args.store).map_err(|error| store::failed(&error))?;
    let n = args.engine.shards(planning.runs.len());
    let order = Order {
        args: &args.engine,
        plan: &args.plan,
        id: planning.id,
        store: home.store(),
        threads: args.threads.unwrap_or(1),
        quiet: args.quiet,
        continuation: home.continuation(),
    };
    let shares = |n: u32| -> Vec<Vec<RunId>> {
        let ids = |share: &Vec<usize>| share.iter().map(|at| planning.runs[*at].run).collect();
        planning.workload.shares(n as usize).iter().map(ids).collect()
    };
    engines::drive(&order, n, &shares)?;
    merge::complete(&args.plan, &args.store, &planning.ids().copied().collect())?;
    conclude(planning.command, Place { quiet: true, ..place(None) })
}

/// Computes one share and says what it came to.
fn share(args: &RunArgs, planning: &Planning, shard: Shard) -> Result<Status, Failure> {
    let home = Home::named(&args.store).map_err(|error| store::failed(&error))?;
    let chosen = &planning.workload.shares(shard.of as usize)[shard.index as usize - 1];
    let ids: Vec<RunId> = chosen.iter().map(|at| planning.runs[*at].run).collect();
    let found = Standings::of(home.store(), &ids)?.done;
    let continuation = home.continuation();
    let stop = signals::watch({
        let continuation = continuation.clone();
        move || interrupted("interrupted", Some(&continuation))
    });
    let n_threads = threads(args.threads);
    let progress = Progress::new(args.quiet);
    let all = counted(planning.runs.len(), "run");
    progress.note(&format!(
        "shard {shard}: {} of {all}, {found} of them kept, {}",
        chosen.len(),
        counted(n_threads, "thread")
    ));
    let engine = Engine { store: Some(home.store()), threads: n_threads, stop };
    let done = planning.workload.compute(chosen, engine, &progress, Some(&continuation));
    progress.end();
    done?;
    let computed = chosen.len() - found;
    let (plan, folder) = (quoted(&args.plan.to_string_lossy()), quoted(&args.store.to_string_lossy()));
    let blocks = vec![
        Block::KeyValues(vec![
            ("computed".to_owned(), Cell::count(computed), Unit::None),
            ("kept from before".to_owned(), Cell::count(found), Unit::None),
        ]),
        next_steps(&[
            ("how far", format!("rivalry sweep status {plan} --store {folder}")),
            ("result", format!("rivalry sweep merge {plan} --store {folder}")),
        ]),
    ];
    let settings = json!({
        "plan": planning.path.display().to_string(),
        "store": args.store.display().to_string(),
    });
    let results = json!({
        "plan": planning.id.to_string(),
        "shard": shard.index,
        "of": shard.of,
        "n_runs": chosen.len(),
        "computed": computed,
        "kept": found,
    });
    let document = Document::plain("sweep run", settings, results);
    let title = format!("Shard {shard}: {} of {all}", chosen.len());
    args.output.print(&Report { title, blocks, document })?;
    Ok(Status::Done)
}
