//! Progress on stderr: a bar on a terminal, a plain line now and then
//! elsewhere, nothing with `--quiet`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::Stopwatch;
use crate::session::{self, Happening, Told};
use crate::terminal;

/// A plain line appears at most this often.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Shows what runs, how many of how many, and the time left. May be told from
/// several threads.
pub(crate) struct Progress(Kind);

enum Kind {
    Silent,
    Bar(ProgressBar),
    Told(Told),
    Lines(Mutex<Lines>),
}

/// Where a log without a terminal stands.
struct Lines {
    what: String,
    done: usize,
    total: usize,
    since: Stopwatch,
    last: Option<Stopwatch>,
}

impl Progress {
    /// For a piece of work that has not begun.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet {
            Self(Kind::Silent)
        } else if let Some(told) = session::told() {
            Self(Kind::Told(told))
        } else if terminal::stderr_is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            Self(Kind::Bar(bar))
        } else {
            Self(Kind::Lines(Mutex::new(Lines {
                what: String::new(),
                done: 0,
                total: 0,
                since: Stopwatch::start(),
                last: None,
            })))
        }
    }

    /// A line that stays, such as what is about to run.
    pub(crate) fn note(&self, text: &str) {
        let text = terminal::inert(text);
        match &self.0 {
            Kind::Silent => {}
            Kind::Bar(bar) => bar.suspend(|| eprintln!("{text}")),
            Kind::Told(told) => told(Happening::Note(text)),
            Kind::Lines(_) => eprintln!("{text}"),
        }
    }

    /// Starts counting `total` pieces of `what`.
    pub(crate) fn begin(&self, what: &str, total: usize) {
        match &self.0 {
            Kind::Silent => {}
            Kind::Bar(bar) => {
                let template = "{prefix} {bar:24} {pos} of {len}, {eta} left  {wide_msg}";
                bar.set_style(
                    ProgressStyle::with_template(template)
                        .unwrap_or_else(|_| ProgressStyle::default_bar())
                        .progress_chars("━━ "),
                );
                bar.set_prefix(what.to_owned());
                bar.set_length(total as u64);
                bar.reset();
                bar.enable_steady_tick(Duration::from_millis(250));
            }
            Kind::Told(told) => told(Happening::Begin(what.to_owned(), total)),
            Kind::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                *lines =
                    Lines { what: what.to_owned(), done: 0, total, since: Stopwatch::start(), last: None };
            }
        }
    }

    /// One more piece is done; `now` says what the last one was.
    pub(crate) fn step(&self, now: &str) {
        match &self.0 {
            Kind::Silent => {}
            Kind::Bar(bar) => {
                bar.set_message(terminal::inert(now));
                bar.inc(1);
            }
            Kind::Told(told) => told(Happening::Step(terminal::inert(now))),
            Kind::Lines(lines) => {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.done += 1;
                let due = lines.last.unwrap_or(lines.since).elapsed() >= BETWEEN_LINES;
                if due && lines.done < lines.total {
                    eprintln!("{}", lines.text());
                    lines.last = Some(Stopwatch::start());
                }
            }
        }
    }

    /// Takes the bar away; lines stay.
    pub(crate) fn end(&self) {
        match &self.0 {
            Kind::Bar(bar) => bar.finish_and_clear(),
            Kind::Told(told) => told(Happening::End),
            Kind::Silent | Kind::Lines(_) => {}
        }
    }
}

impl Lines {
    fn text(&self) -> String {
        let elapsed = self.since.elapsed().as_secs_f64();
        let left = elapsed / self.done.max(1) as f64 * (self.total - self.done) as f64;
        format!("{}: {} of {}, about {} left", self.what, self.done, self.total, in_words(left))
    }
}

/// Seconds as a person says them: `8 s`, `3 min 20 s`, `2 h 5 min`.
pub(crate) fn in_words(seconds: f64) -> String {
    let seconds = seconds.ceil().max(0.0) as u64;
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_words() {
        let cases =
            [(0.0, "0 s"), (7.2, "8 s"), (60.0, "1 min"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min")];
        for (seconds, words) in cases {
            assert_eq!(in_words(seconds), words);
        }
    }

    #[test]
    fn lines_say_how_many_of_how_many() {
        let lines =
            Lines { what: "training".to_owned(), done: 3, total: 12, since: Stopwatch::start(), last: None };
        assert!(lines.text().starts_with("training: 3 of 12, about "), "{}", lines.text());
    }
}
