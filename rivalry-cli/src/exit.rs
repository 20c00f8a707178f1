//! How the command ends: one status per kind of ending, and messages that name
//! what is wrong and what to do.

use std::fmt;
use std::io::{self, Write};

use crate::terminal;

/// The exit statuses; other programs rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done = 0,
    /// A condition or a claim failed, or something in a store is damaged.
    Failed = 1,
    /// Wrong usage or specification.
    Usage = 2,
    /// Bad data.
    Data = 3,
    /// Inconclusive; only where the user asked to be told so.
    Inconclusive = 4,
    /// Interrupted; the message says how to continue.
    Interrupted = 130,
}

/// Something that ends the command early.
#[derive(Debug)]
pub struct Failure {
    /// The exit status.
    pub status: Status,
    /// All that is wrong, one sentence each; none when the reader of stdout
    /// has gone away, which is nobody's fault.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// What is wrong: lower case, no full stop, position first.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// Wrong usage.
    pub(crate) fn usage(message: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::one(Status::Usage, message, Some(hint.to_string()))
    }

    /// One problem.
    pub(crate) fn one(status: Status, message: impl fmt::Display, hint: Option<String>) -> Self {
        Self { status, problems: vec![Problem { message: message.to_string(), hint }] }
    }

    /// Results that cannot be written. A reader that stops reading (`| head`)
    /// has what it wanted; a renderer was asked for a part that is not there.
    pub(crate) fn output(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { status: Status::Done, problems: Vec::new() },
            io::ErrorKind::InvalidInput => {
                Self::usage(error, "`rivalry list renderers` says what the knobs of renderers choose")
            }
            _ => Self::one(Status::Usage, format!("the results cannot be written: {error}"), None),
        }
    }
}

/// Prints what is wrong, if anything is, and gives the exit status.
pub(crate) fn settle(outcome: Result<Status, Failure>) -> u8 {
    let status = match outcome {
        Ok(status) => status,
        Err(failure) => {
            print(&failure);
            failure.status
        }
    };
    status as u8
}

/// Tells what is wrong on stderr.
pub(crate) fn print(failure: &Failure) {
    // Nobody is left to tell when stderr itself fails.
    let _ = try_print(failure);
}

fn try_print(failure: &Failure) -> io::Result<()> {
    let paint = terminal::stderr_paint();
    let mut err = io::stderr().lock();
    for problem in &failure.problems {
        let message = terminal::inert(&problem.message);
        // To be interrupted is no error.
        match failure.status {
            Status::Interrupted => writeln!(err, "{message}")?,
            _ => writeln!(err, "{} {message}", paint.alarm("error:"))?,
        }
        if let Some(hint) = &problem.hint {
            writeln!(err, "\n{} {}", paint.advice("hint:"), terminal::inert(hint))?;
        }
    }
    err.flush()
}
