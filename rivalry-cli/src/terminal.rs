//! What the terminal is like: the only place that asks for its width, for
//! colour, and that reads the environment.
//!
//! Variables: `NO_COLOR` (any value: no colour, see no-color.org) and
//! `COLUMNS` (the width where there is no terminal to ask).

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU8, Ordering};

use clap::ValueEnum;

/// When to colour: on a terminal unless `NO_COLOR` is set, also in pipes and
/// files, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// What the user asked for, kept for messages that are printed when the
/// arguments are long gone.
static COLOR_WHEN: AtomicU8 = AtomicU8::new(ColorWhen::Auto as u8);

/// Remembers what the user asked for.
pub(crate) fn set_color(when: ColorWhen) {
    COLOR_WHEN.store(when as u8, Ordering::Relaxed);
}

fn color_on(is_terminal: bool) -> bool {
    let when = COLOR_WHEN.load(Ordering::Relaxed);
    if when == ColorWhen::Always as u8 {
        true
    } else if when == ColorWhen::Never as u8 {
        false
    } else {
        is_terminal && variable("NO_COLOR").is_none_or(|value| value.is_empty())
    }
}

/// Whether results get colour.
pub(crate) fn stdout_color() -> bool {
    color_on(io::stdout().is_terminal())
}

/// Whether results go to a terminal.
pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether messages go to a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Colours for messages.
pub(crate) fn stderr_paint() -> Paint {
    Paint { color: color_on(io::stderr().is_terminal()) }
}

/// Colours for the few words that messages start with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    color: bool,
}

impl Paint {
    /// For errors.
    pub(crate) fn alarm(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// For hints.
    pub(crate) fn advice(self, text: &str) -> String {
        self.with("1;36", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Columns for results: the terminal's, else `COLUMNS`, else 100; within what
/// the renderer accepts.
pub(crate) fn stdout_width() -> i64 {
    let of_terminal = if io::stdout().is_terminal() {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| i64::from(width.0))
    } else {
        None
    };
    let of_environment = || variable("COLUMNS").and_then(|columns| columns.parse().ok());
    of_terminal.or_else(of_environment).unwrap_or(100).clamp(40, 400)
}

#[expect(clippy::disallowed_methods, reason = "the environment belongs to the command")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A message without anything that a terminal would obey: file names and cells
/// of data stand in messages.
pub(crate) fn inert(text: &str) -> String {
    rivalry::render::inert(text)
}
