//! What the command `rivalry` does: arguments in, one report out.
//!
//! Results go to stdout, everything else to stderr. The command reads files,
//! the clock, the environment and the terminal so that the library need not;
//! it computes nothing itself.

mod args;
mod clock;
mod commands;
mod exit;
mod home;
mod options;
mod output;
mod progress;
mod signals;
mod terminal;
mod usage;
mod values;

use std::ffi::OsString;

use clap::Parser;

/// Does what a command line asks, the name of the program first, and prints
/// what there is to say. Returns the exit status of the process.
pub fn run(words: impl IntoIterator<Item = OsString>) -> u8 {
    exit::settle(match args::Cli::try_parse_from(words.into_iter()) {
        Ok(cli) => commands::run(cli),
        Err(error) => usage::answer(&error),
    })
}
