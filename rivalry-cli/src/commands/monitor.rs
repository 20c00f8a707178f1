//! `rivalry monitor`: somebody's training, watched through its log.

use std::path::PathBuf;

use clap::Args;
use rivalry::formats::training_log::{training_log, training_log_from};
use rivalry::metrics::watch;
use rivalry::report::{monitor, monitor_document};

use crate::exit::{Failure, Status};
use crate::output::{OutputArgs, keep};
use crate::session::{self, Held};

/// Who is winning in my training, and when did the loser lose? From a log
#[derive(Args, Debug)]
#[command(after_help = "\
A log is JSON lines; the logits of a modality are its part of the joint logits (late
fusion: they sum to them; of a linear head over joined features W = [W_1 W_2], those of
modality r are W_r h_r + b/2):

  {\"epoch\": 1, \"label\": 0, \"logits\": {\"audio\": [0.2, -0.1], \"image\": [1.5, 0.3]}}
  {\"epoch\": 1, \"labels\": [0, 1], \"logits\": {\"audio\": [[..], [..]], \"image\": [[..], [..]]}}

or scores, one per line or in a table (.csv) with the columns epoch, modality, metric,
value: accuracy, residual_ratio (kappa), discrepancy_ratio (rho).

Exit status 1 with --fail-on-starvation when a modality starved.

Examples:
  rivalry monitor run.jsonl
  rivalry monitor run.jsonl --split valid --json
  rivalry monitor scores.csv --out watched")]
pub(crate) struct MonitorArgs {
    /// The log
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// Which split of the log [default: train, or the first]
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Exit with status 1 when a modality starved
    #[arg(long)]
    fail_on_starvation: bool,
    /// Folder that keeps the report; made if missing
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(crate) fn run(args: &MonitorArgs) -> Result<Status, Failure> {
    args.output.settle();
    let (typed, split) = (args.log.display().to_string(), args.split.as_deref());
    let of_memory = session::held(&typed, |held| match held {
        Held::Bytes(text) => Some(training_log_from(&typed, text, split)),
        Held::Arrays { .. } => None,
    });
    let log = of_memory
        .flatten()
        .unwrap_or_else(|| training_log(&args.log, split))
        .map_err(|error| Failure::one(Status::Data, &error, Some(error.hint.to_owned())))?;
    let watched = watch(&log);
    let report = monitor(monitor_document(&typed, &log, split, &watched))
        .map_err(|error| Failure::one(Status::Usage, error.to_string(), Some(error.hint().to_owned())))?;
    if let Some(out) = &args.out {
        keep(&report, out)?;
    }
    args.output.print(&report)?;
    let starved = watched.modalities.iter().any(|modality| modality.starved_epoch.is_some());
    Ok(if args.fail_on_starvation && starved { Status::Failed } else { Status::Done })
}
