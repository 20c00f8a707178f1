//! The command `rivalry`: arguments in, one report out.
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
mod signals;
mod terminal;
mod usage;
mod values;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let status = match args::Cli::try_parse() {
        Ok(cli) => commands::run(cli),
        Err(error) => usage::answer(&error),
    };
    exit::settle(status)
}
