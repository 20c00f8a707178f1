//! `rivalry sweep status`: how far a plan is.

use std::path::PathBuf;

use clap::Args;
use rivalry::report::{Block, Cell, Document, Report, Unit};
use rivalry::spec::RunId;
use serde_json::json;

use super::plan_file::Planning;
use super::workload::Standings;
use super::{counted, next_steps, open};
use crate::exit::{Failure, Status};
use crate::home::quoted;
use crate::output::OutputArgs;
use crate::values;

/// Say how many runs of a plan are done; looks at the store and changes nothing
#[derive(Args, Debug)]
#[command(after_help = "\
With --shards N the document says of every shard how many of its runs are done.

Examples:
  rivalry sweep status plan.json --store runs
  rivalry sweep status plan.json --store runs --shards 8 --json")]
pub(super) struct StatusArgs {
    /// A file that `rivalry sweep plan` wrote
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The folder that the workers share
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Count by shard too
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { values::MOST_SHARDS }>)]
    shards: Option<u32>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &StatusArgs) -> Result<Status, Failure> {
    args.output.settle();
    let planning = Planning::read(&args.plan)?;
    // A folder that is not there yet holds no run.
    let store = if args.store.exists() { Some(open(&args.store)?) } else { None };
    let standings = |ids: &[RunId]| match &store {
        Some(store) => Standings::of(store, ids),
        None => Ok(Standings { absent: ids.len(), ..Standings::default() }),
    };
    let all: Vec<RunId> = planning.ids().copied().collect();
    let found = standings(&all)?;
    let n_runs = planning.runs.len();
    let shards = match args.shards {
        None => None,
        Some(n) => {
            let mut counts = Vec::new();
            for (idx, share) in planning.workload.shares(n as usize).iter().enumerate() {
                let ids: Vec<RunId> = share.iter().map(|at| planning.runs[*at].run).collect();
                let of_share = standings(&ids)?;
                counts.push(json!({ "shard": idx + 1, "n_runs": ids.len(), "done": of_share.done }));
            }
            Some(counts)
        }
    };
    let mut blocks = vec![Block::KeyValues(vec![
        ("done".to_owned(), Cell::Of(found.done, n_runs), Unit::None),
        ("being computed".to_owned(), Cell::count(found.running), Unit::None),
        ("begun, to be resumed".to_owned(), Cell::count(found.begun), Unit::None),
        ("not begun".to_owned(), Cell::count(found.absent), Unit::None),
    ])];
    let (plan, folder) = (quoted(&args.plan.to_string_lossy()), quoted(&args.store.to_string_lossy()));
    blocks.push(next_steps(&[if found.done == n_runs {
        ("result", format!("rivalry sweep merge {plan} --store {folder}"))
    } else {
        ("the rest", format!("rivalry sweep run {plan} --store {folder}"))
    }]));
    let settings = json!({
        "plan": args.plan.display().to_string(),
        "store": args.store.display().to_string(),
    });
    let results = json!({
        "plan": planning.id.to_string(),
        "n_runs": n_runs,
        "done": found.done,
        "running": found.running,
        "begun": found.begun,
        "absent": found.absent,
        "shards": shards,
    });
    let document = Document::plain("sweep status", settings, results);
    let title = format!("{} of {} done", found.done, counted(n_runs, "run"));
    args.output.print(&Report { title, blocks, document })?;
    Ok(Status::Done)
}
