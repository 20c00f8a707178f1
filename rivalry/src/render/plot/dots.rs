//! What drawings of rows of dots share: their range, their words, and the same
//! values as series over categories for media that cannot place dots.

use super::notes::axis_title;
use super::{Domain, y_domain};
use crate::report::{Axis, ChartMark, Dots, Lines, Point, Role, Series, Side, Ties};

/// The rows as categories with a series per quantity.
pub(in crate::render) fn as_lines(dots: &Dots) -> Lines {
    let series = dots.series.iter().enumerate().map(|(idx, name)| {
        let points = dots.rows.iter().enumerate().filter_map(|(row, of)| {
            let dot = of.dots.get(idx)?.as_ref()?;
            Some(Point::of(row as f64, &dot.estimate))
        });
        Series::new(name.clone(), Role::Measured, points.collect())
    });
    Lines {
        title: dots.title.clone(),
        caption: dots.caption.clone(),
        x: Axis::categories(dots.rows_are.clone(), dots.rows.iter().map(|row| row.name.clone()).collect()),
        y: dots.x.clone(),
        series: series.collect(),
        marks: dots.marks.iter().map(|mark| ChartMark { on: Side::Y, ..mark.clone() }).collect(),
    }
}

/// What the axis shows: dots, intervals, trainings, bands, marks, and where bars
/// begin.
pub(in crate::render) fn dots_domain(dots: &Dots) -> Domain {
    let mut lines = as_lines(dots);
    let mut more: Vec<f64> = dots.rows.iter().filter_map(|row| row.band).flat_map(|(a, b)| [a, b]).collect();
    for dot in dots.rows.iter().flat_map(|row| &row.dots).flatten() {
        more.extend(&dot.trainings);
    }
    if let Ties::From(base) = dots.ties {
        more.push(base);
    }
    let points = more.into_iter().map(|y| Point::at(0.0, y)).collect();
    lines.series.push(Series::new("", Role::Context, points));
    y_domain(&lines)
}

/// What a reader must know beyond the caption; `small` says what a training
/// looks like, nothing where neither trainings nor bands are drawn.
pub(in crate::render) fn dots_notes(dots: &Dots, small: Option<&str>) -> Vec<String> {
    let shown = || dots.rows.iter().flat_map(|row| &row.dots).flatten();
    if shown().next().is_none() {
        return vec!["There are no values to show.".to_owned()];
    }
    let mut notes = Vec::new();
    if shown().any(|dot| dot.estimate.interval().is_some()) {
        notes.push("All values are measured, with intervals.".to_owned());
    }
    if let Some(small) = small {
        if shown().any(|dot| !dot.trainings.is_empty()) {
            notes.push(format!("{small}: single trainings."));
        }
        if let Some(band) = dots.band.as_ref().filter(|_| dots.rows.iter().any(|row| row.band.is_some())) {
            notes.push(format!("Shaded: {band}."));
        }
    }
    let domain = dots_domain(dots);
    let n_hidden = shown().filter(|dot| domain.place(dot.estimate.value).is_none()).count();
    if n_hidden > 0 {
        notes.push(format!("{n_hidden} without a place on the axis, not shown."));
    }
    notes
}

/// The chart in a sentence or two, for those who do not see it.
pub(super) fn description(dots: &Dots) -> String {
    let series: Vec<&str> = dots.series.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let of = if series.is_empty() { String::new() } else { format!(" ({})", series.join(", ")) };
    let by = if dots.rows_are.is_empty() { "row".to_owned() } else { dots.rows_are.clone() };
    format!("{}{of}, one row per {by}, {} rows.", axis_title(&dots.x), dots.rows.len())
}
