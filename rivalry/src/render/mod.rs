//! Renderers: report -> bytes. One file per kind and one table.
//!
//! A renderer is a pure function of the report and its own knobs: it reads no
//! clock, no terminal and no environment, and it trusts no string in the
//! report. Names come from files that strangers wrote, so every renderer makes
//! them inert for its medium.

mod json;
mod terminal;

use std::io;

use crate::registry::{Choice, ChoiceError, Table, find};
use crate::report::Report;

pub use terminal::inert;

/// Turns a report into bytes.
pub trait Render: Send + Sync {
    /// Writes the whole report; fails only when `out` does.
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()>;
}

/// All renderers.
pub const RENDERERS: Table<dyn Render> = &[terminal::ENTRY, json::ENTRY];

/// Builds the renderer that is asked for, or says all that is wrong with the
/// question.
pub fn renderer(choice: &Choice) -> Result<Box<dyn Render>, Vec<ChoiceError>> {
    let entry = find("renderer", RENDERERS, &choice.name).map_err(|error| vec![error])?;
    Ok((entry.build)(&entry.settle(choice)?))
}
