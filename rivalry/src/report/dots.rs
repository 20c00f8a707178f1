//! Named things in rows with their measured quantities as dots along one axis:
//! intervals around them, single trainings beside them.

use super::{Axis, ChartMark};
use crate::stats::Estimate;

/// A chart of rows of dots, from the top down.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// What the chart shows.
    pub title: String,
    /// How to read it: definitions, intervals, numbers of trainings.
    pub caption: Vec<String>,
    /// The axis that all dots lie on.
    pub x: Axis,
    /// What the rows are, in a word or two; may be empty.
    pub rows_are: String,
    /// The names of the quantities, in the order of a row's dots. One without
    /// a name needs no legend.
    pub series: Vec<String>,
    /// From the top down.
    pub rows: Vec<DotRow>,
    /// How the dots of a row are tied together.
    pub ties: Ties,
    /// What the rows' shaded ranges mean, where they have any.
    pub band: Option<String>,
    /// Vertical lines that the dots are held against; all on `Side::X`.
    pub marks: Vec<ChartMark>,
}

/// How the dots of a row are tied together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ties {
    /// Each stands for itself.
    None,
    /// The first and the last are joined: what lies between them is meant.
    Joined,
    /// Each is the end of a bar that begins here.
    From(f64),
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct DotRow {
    /// What it is about.
    pub name: String,
    /// One per series; nothing where it was not measured.
    pub dots: Vec<Option<Dot>>,
    /// A range behind the dots, such as what chance alone would give.
    pub band: Option<(f64, f64)>,
    /// Whether it is one of the rows that the reader came for.
    pub is_strong: bool,
    /// Whether a gap sets it apart from the row above.
    pub apart: bool,
}

/// One measured quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// The quantity with its interval.
    pub estimate: Estimate,
    /// The same quantity in every training; may be empty.
    pub trainings: Vec<f64>,
}

impl DotRow {
    /// A row like most.
    pub fn plain(name: impl Into<String>, dots: Vec<Option<Dot>>) -> Self {
        Self { name: name.into(), dots, band: None, is_strong: false, apart: false }
    }
}
