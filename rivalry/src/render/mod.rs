//! Renderers: report -> bytes. One file per kind and one table.
//!
//! A renderer is a pure function of the report and its own knobs: it reads no
//! clock, no terminal and no environment, and it trusts no string in the
//! report. Names come from files that strangers wrote, so every renderer makes
//! them inert for its medium.

mod csv;
mod html;
mod json;
mod junit;
mod latex;
mod markdown;
mod markup;
#[cfg(feature = "parquet")]
mod parquet;
mod plot;
mod prose;
mod svg;
mod terminal;

use std::io;

use crate::registry::{Choice, ChoiceError, Table, find};
use crate::report::Report;

pub use terminal::inert;

/// Turns a report into bytes.
pub trait Render: Send + Sync {
    /// Writes all of the report that the medium can hold. Fails when `out`
    /// does, and with [`io::ErrorKind::InvalidInput`] when a knob asks for one
    /// part that the report does not have.
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()>;

    /// Whether the bytes are no text, so that no terminal should get them.
    fn is_binary(&self) -> bool {
        false
    }
}

/// All renderers.
pub const RENDERERS: Table<dyn Render> = &[
    terminal::ENTRY,
    json::ENTRY,
    csv::ENTRY,
    #[cfg(feature = "parquet")]
    parquet::ENTRY,
    svg::ENTRY,
    html::ENTRY,
    markdown::ENTRY,
    latex::ENTRY,
    junit::ENTRY,
];

/// Builds the renderer that is asked for, or says all that is wrong with the
/// question.
pub fn renderer(choice: &Choice) -> Result<Box<dyn Render>, Vec<ChoiceError>> {
    let entry = find("renderer", RENDERERS, &choice.name).map_err(|error| vec![error])?;
    Ok((entry.build)(&entry.settle(choice)?))
}

/// The part that a knob asks for, counted from 1; all for 0.
fn part<'a, T>(what: &str, parts: &'a [T], asked: usize) -> io::Result<&'a [T]> {
    match asked.checked_sub(1) {
        None => Ok(parts),
        Some(idx) => parts.get(idx..=idx).ok_or_else(|| {
            let message = format!("there is no {what} {asked} in this report, which has {}", parts.len());
            io::Error::new(io::ErrorKind::InvalidInput, message)
        }),
    }
}
