//! One file per verb: from what was typed to a report.

pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod diagnose;
pub(crate) mod lab;
pub(crate) mod list;
pub(crate) mod monitor;
pub(crate) mod remedy;
pub(crate) mod report;
pub(crate) mod snippet;
pub(crate) mod store;
pub(crate) mod sweep;

use crate::args::{Cli, Verb};
use crate::exit::{Failure, Status};
use crate::output;

/// What `rivalry` alone prints.
const ORIENTATION: &str = "\
rivalry: is training modalities together losing to training them apart?
Which modality lost, and why?

Commands to start with:

  rivalry diagnose demo          on built-in data: six views of handwritten digits
  rivalry data inspect FILE      what would be trained on, and what looks odd
  rivalry diagnose FILE          on your own features (.npz, .csv, a folder)
  rivalry remedy FILE            which remedy helps, tried beside the controls
  rivalry compare --help         from predictions of models you have trained
  rivalry lab verify             the theory behind it, claim by claim

`rivalry --help` lists all commands, `rivalry COMMAND --help` explains one.
";

/// Does what was asked.
pub(crate) fn run(cli: Cli) -> Result<Status, Failure> {
    match cli.verb {
        None => output::print_text(ORIENTATION).map(|()| Status::Done),
        Some(Verb::Diagnose(args)) => diagnose::run(&args),
        Some(Verb::Remedy(args)) => remedy::run(&args),
        Some(Verb::Compare(args)) => compare::compare(&args),
        Some(Verb::Classes(args)) => compare::classes(&args),
        Some(Verb::Monitor(args)) => monitor::run(&args),
        Some(Verb::Check(args)) => check::run(&args),
        Some(Verb::Lab(command)) => lab::run(&command),
        Some(Verb::Report(args)) => report::run(&args),
        Some(Verb::Data(command)) => data::run(&command),
        Some(Verb::List(args)) => list::run(&args),
        Some(Verb::Snippet(args)) => snippet::run(&args),
        Some(Verb::Store(command)) => store::run(&command),
        Some(Verb::Sweep(command)) => sweep::run(&command),
    }
}
