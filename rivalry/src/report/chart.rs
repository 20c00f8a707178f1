//! Charts as values: what is shown against what, with which intervals. Nothing
//! here draws, rounds or picks a colour; every renderer that can draws them in
//! its own medium.
//!
//! Values are in the units of the document (fractions, not percent); an axis's
//! [`Unit`] says how they are written.

use super::{Dots, Unit};
use crate::stats::Estimate;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Chart {
    /// Quantities along an axis.
    Lines(Lines),
    /// One quantity over a grid.
    HeatMap(HeatMap),
    /// Quantities of named things, in rows.
    Dots(Dots),
}

/// What runs along one side of a chart, or along its scale of colours.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// A few words, without the unit.
    pub label: String,
    /// What its numbers count.
    pub unit: Unit,
    /// How values become places.
    pub scale: Scale,
    /// Names of the values 0, 1, 2, ... where the axis is a list of things
    /// rather than a quantity; unit and scale then have no meaning.
    pub categories: Option<Vec<String>>,
}

/// How values become places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart; values that are not positive cannot
    /// be shown, and renderers say how many there were.
    Log10,
}

/// Series of points along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// What the chart shows.
    pub title: String,
    /// How to read it: definitions, intervals, numbers of trials.
    pub caption: Vec<String>,
    /// From left to right.
    pub x: Axis,
    /// From the bottom up.
    pub y: Axis,
    /// In the order of the legend.
    pub series: Vec<Series>,
    /// Lines that the data are held against.
    pub marks: Vec<ChartMark>,
}

/// A named sequence of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// Where its numbers come from, and so how it is drawn.
    pub role: Role,
    /// Series of one group share a colour (all of one modality, say) and differ
    /// by their marks or dashes; without a group a series has its own colour.
    pub group: Option<usize>,
    /// In the order in which they are joined. A point whose `x` or `y` is not
    /// finite is not shown and interrupts the line.
    pub points: Vec<Point>,
}

/// Where the numbers of a series come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Measured or simulated: a solid line, with a band or whiskers.
    Measured,
    /// Computed from a formula: a dashed line.
    Predicted,
    /// Background to compare with: thin and grey.
    Context,
}

/// One point, with its interval where it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along the horizontal axis.
    pub x: f64,
    /// Along the vertical axis.
    pub y: f64,
    /// Lower end of the interval of `y`.
    pub low: Option<f64>,
    /// Upper end of the interval of `y`.
    pub high: Option<f64>,
}

/// A line across the whole chart with a label: a bound such as 1/K, a time at
/// which something was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartMark {
    /// The axis on which `at` is read: a mark on `X` is a vertical line.
    pub on: Side,
    /// Where on that axis.
    pub at: f64,
    /// A word or two.
    pub label: String,
}

/// One of the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The horizontal axis.
    X,
    /// The vertical axis.
    Y,
}

/// One quantity over a grid of settings. Cells are equally large whatever the
/// distances between the values: they are the settings that were run, and their
/// labels say which.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What the map shows.
    pub title: String,
    /// How to read it.
    pub caption: Vec<String>,
    /// From left to right.
    pub x: Axis,
    /// From the bottom up; where it lists categories, from the top down.
    pub y: Axis,
    /// The value of every column.
    pub x_values: Vec<f64>,
    /// The value of every row.
    pub y_values: Vec<f64>,
    /// Row after row: the cell of column `i` and row `j` is `j * n_columns + i`.
    /// `None` was not measured.
    pub cells: Vec<Option<Estimate>>,
    /// What the cells hold.
    pub value: Axis,
    /// How values become colours.
    pub colours: Colours,
}

/// How values become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colours {
    /// From least to most.
    Sequential,
    /// Two colours that meet at `centre` and reach equally far on both sides;
    /// cells whose interval leaves out the centre are marked.
    Diverging {
        /// Where neither side is meant, such as no difference.
        centre: f64,
    },
}

impl Chart {
    /// What the chart shows.
    pub fn title(&self) -> &str {
        match self {
            Self::Lines(lines) => &lines.title,
            Self::HeatMap(map) => &map.title,
            Self::Dots(dots) => &dots.title,
        }
    }

    /// How to read it.
    pub fn caption(&self) -> &[String] {
        match self {
            Self::Lines(lines) => &lines.caption,
            Self::HeatMap(map) => &map.caption,
            Self::Dots(dots) => &dots.caption,
        }
    }
}

impl Axis {
    /// A quantity on a linear scale.
    pub fn linear(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit, scale: Scale::Linear, categories: None }
    }

    /// A quantity on a logarithmic scale.
    pub fn log10(label: impl Into<String>, unit: Unit) -> Self {
        Self { scale: Scale::Log10, ..Self::linear(label, unit) }
    }

    /// A list of things; the values 0, 1, 2, ... stand for them.
    pub fn categories(label: impl Into<String>, names: Vec<String>) -> Self {
        Self { categories: Some(names), ..Self::linear(label, Unit::None) }
    }
}

impl Series {
    /// A series without a group.
    pub fn new(name: impl Into<String>, role: Role, points: Vec<Point>) -> Self {
        Self { name: name.into(), role, group: None, points }
    }

    /// The same series in a group.
    pub fn in_group(self, group: usize) -> Self {
        Self { group: Some(group), ..self }
    }
}

impl Point {
    /// A point without an interval.
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, low: None, high: None }
    }

    /// A measured point.
    pub fn of(x: f64, y: &Estimate) -> Self {
        Self { x, y: y.value, low: y.low, high: y.high }
    }

    /// The interval, if it has one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        Some((self.low?, self.high?))
    }
}

impl ChartMark {
    /// A vertical line.
    pub fn at_x(at: f64, label: impl Into<String>) -> Self {
        Self { on: Side::X, at, label: label.into() }
    }

    /// A horizontal line.
    pub fn at_y(at: f64, label: impl Into<String>) -> Self {
        Self { on: Side::Y, at, label: label.into() }
    }
}

impl HeatMap {
    /// The cell of a column and a row, where it was measured.
    pub fn cell(&self, x_idx: usize, y_idx: usize) -> Option<&Estimate> {
        self.cells.get(y_idx * self.x_values.len() + x_idx)?.as_ref()
    }
}

impl Colours {
    /// Whether the estimate's interval leaves out the centre: the cell is on its
    /// side for certain. Without a centre nothing is.
    pub fn certain(&self, estimate: &Estimate) -> bool {
        match self {
            Self::Sequential => false,
            Self::Diverging { centre } => estimate.above(*centre) || estimate.below(*centre),
        }
    }
}
