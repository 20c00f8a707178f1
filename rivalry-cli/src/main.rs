//! The command `rivalry`; all of it is in the library beside this file.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(rivalry_cli::run(std::env::args_os()))
}
