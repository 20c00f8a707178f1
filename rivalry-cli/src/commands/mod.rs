//! One file per verb: from what was typed to a report.

pub(crate) mod data;
pub(crate) mod list;
pub(crate) mod store;

use crate::args::{Cli, Verb};
use crate::exit::{Failure, Status};
use crate::output;

/// What `rivalry` alone prints.
const ORIENTATION: &str = "\
rivalry: why training modalities together loses to training them apart,
which modality lost, and what fixes it.

Three commands to start with:

  rivalry list                   what there is: formats, encoders, strategies, ...

`rivalry --help` lists all commands, `rivalry COMMAND --help` explains one.
";

/// Does what was asked.
pub(crate) fn run(cli: Cli) -> Result<Status, Failure> {
    match cli.verb {
        None => output::print_text(ORIENTATION).map(|()| Status::Done),
        Some(Verb::Data(command)) => data::run(&command),
        Some(Verb::List(args)) => list::run(&args),
        Some(Verb::Store(command)) => store::run(&command),
    }
}
