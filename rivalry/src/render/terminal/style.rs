//! Colour, which only ever repeats what words and signs already say.

use crate::report::{Emphasis, Tone};

/// How a piece of text looks where colour is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Uncertain,
    /// Of a series or a side of a map: one of a few colours, by number.
    Series(usize),
}

/// Applies styles, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) color: bool,
}

impl Paint {
    /// The text in its style. The text must be inert already.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Plain => "",
            Style::Strong => "1",
            Style::Faint => "2",
            Style::Good => "32",
            Style::Bad => "31",
            Style::Uncertain => "33",
            // Blue, yellow, cyan, magenta, green, red.
            Style::Series(idx) => ["34", "33", "36", "35", "32", "31"][idx % 6],
        };
        if !self.color || code.is_empty() || text.trim().is_empty() {
            text.to_owned()
        } else {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        }
    }
}

impl From<Tone> for Style {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Good => Self::Good,
            Tone::Bad => Self::Bad,
            Tone::Uncertain => Self::Uncertain,
        }
    }
}

impl From<Emphasis> for Style {
    fn from(emphasis: Emphasis) -> Self {
        match emphasis {
            Emphasis::Plain => Self::Plain,
            Emphasis::Strong => Self::Strong,
            Emphasis::Faint => Self::Faint,
        }
    }
}
