//! What the command `rivalry` does: arguments in, one report out.
//!
//! Results go to stdout, everything else to stderr. The command reads files,
//! the clock, the environment and the terminal so that the library need not;
//! it computes nothing itself.

mod args;
mod clock;
mod commands;
mod engines;
mod exit;
mod home;
mod options;
mod output;
mod progress;
mod session;
mod signals;
mod terminal;
mod usage;
mod values;

use std::ffi::OsString;

use clap::{CommandFactory, Parser};
use rivalry::report::Report;

pub use exit::{Failure, Problem, Status};
pub use session::{Caller, Happening, Held, Told};

/// Does what a command line asks, the name of the program first, and prints
/// what there is to say. Returns the exit status of the process.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    exit::settle(session::with(words.clone(), None, || obey(words)).0)
}

/// What a program gets that asked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The report that the command would have printed.
    pub report: Report,
    /// The exit status that it would have had.
    pub status: Status,
}

/// Does the same for a program: nothing is printed but a bar on a terminal, and
/// the arguments may name what the program holds in memory.
///
/// # Errors
/// What the command would say on stderr, with its exit status; verbs that print
/// something other than a report have no answer.
pub fn ask(words: impl IntoIterator<Item = OsString>, caller: Caller) -> Result<Answer, Failure> {
    let words: Vec<OsString> = words.into_iter().collect();
    let (done, report) = session::with(words.clone(), Some(caller), || obey(words));
    let status = done?;
    let missing = || Failure::usage("this command makes no report", "run it in a terminal");
    Ok(Answer { report: report.ok_or_else(missing)?, status })
}

/// The options of a verb (`["lab", "race"]`): their long names without dashes,
/// and the help of each; none where there is no such verb.
pub fn options(verb: &[&str]) -> Option<Vec<(String, String)>> {
    let mut command = args::Cli::command();
    for name in verb {
        command = command.find_subcommand(name)?.clone();
    }
    let told = |arg: &clap::Arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        Some((arg.get_long()?.to_owned(), help))
    };
    Some(command.get_arguments().filter_map(told).collect())
}

fn obey(words: Vec<OsString>) -> Result<Status, Failure> {
    match args::Cli::try_parse_from(words) {
        Ok(cli) => commands::run(cli),
        Err(error) => usage::answer(&error),
    }
}
