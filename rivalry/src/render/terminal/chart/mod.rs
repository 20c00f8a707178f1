//! Charts in characters: lines as dots of Braille with a letter per series,
//! maps as shaded values. What colour adds, letters and numbers say already.

mod canvas;
mod heat_map;
mod lines;
mod rows;

use super::numbers::number;
use super::style::Paint;
use super::text::{inert, pad_right, width};
use crate::render::plot::{as_lines, dots_notes, lines_notes, map_notes, short};
use crate::report::{Chart, Lines, Unit};

/// The chart's lines, each at most `limit` columns wide, and the sentences that
/// stand below them.
pub(super) fn draw(chart: &Chart, limit: usize, paint: Paint) -> (Vec<String>, Vec<String>) {
    let (drawn, notes) = match chart {
        Chart::Lines(chart) if chart.x.categories.is_some() => {
            (rows::draw(chart, limit, paint), notes(chart))
        }
        Chart::Lines(chart) => (lines::draw(chart, limit, paint), notes(chart)),
        Chart::Dots(dots) => (rows::draw(&as_lines(dots), limit, paint), dots_notes(dots, None)),
        Chart::HeatMap(map) => (heat_map::draw(map, limit, paint), map_notes(map, "–", "*")),
    };
    (drawn, chart.caption().iter().cloned().chain(notes).collect())
}

/// The notes of the figure, without those on how it looks there.
fn notes(chart: &Lines) -> Vec<String> {
    lines_notes(chart, None)
}

/// A value of a series, never long.
fn value(value: f64, unit: Unit) -> String {
    let is_huge = |limit: f64| value.is_finite() && value.abs() >= limit;
    match unit {
        Unit::None => short(value),
        Unit::Bytes if is_huge(1e15) => short(value),
        Unit::Percent | Unit::Points if is_huge(1e4) => short(100.0 * value),
        Unit::Bytes => number(value, unit),
        _ if is_huge(1e6) => short(value),
        _ => number(value, unit),
    }
}

/// The letter of a series.
fn letter(idx: usize) -> char {
    let letters = ('a'..='z').chain('A'..='Z');
    letters.clone().nth(idx % 52).unwrap_or('a')
}

/// Names, inert, cut at `limit` columns, and filled to one width.
fn names<'a>(of: impl Iterator<Item = &'a str>, limit: usize) -> Vec<String> {
    let names: Vec<String> = of.map(|name| super::text::clip(&inert(name), limit)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    names.iter().map(|name| pad_right(name, widest)).collect()
}
