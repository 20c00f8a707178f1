//! Runs the real binary and holds what it left.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// How the process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            // A signal has no exit status; -1 stands for it.
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit status: {}", self.status)?;
        if !self.stdout.is_empty() {
            write!(f, "---- stdout\n{}", self.stdout)?;
        }
        if !self.stderr.is_empty() {
            write!(f, "---- stderr\n{}", self.stderr)?;
        }
        Ok(())
    }
}

impl Ended {
    /// The document on stdout, which must be alone there.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }
}

/// The binary, in an environment where only what a test sets has an influence.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rivalry"));
    command.env_remove("NO_COLOR").env_remove("COLUMNS").env_remove("CLICOLOR_FORCE");
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Runs the binary with arguments that hold no spaces.
pub(crate) fn rivalry(line: &str) -> Ended {
    rivalry_with(line.split_whitespace())
}

/// Runs the binary.
pub(crate) fn rivalry_with<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    command().args(arguments).output().expect("the binary runs").into()
}

/// An empty folder of the test's own.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).expect("an old folder can be removed");
    }
    std::fs::create_dir_all(&path).expect("a folder can be made");
    path
}
