//! Series over categories: one row per category and series, with a bar for the
//! interval and the value beside it.

use super::super::style::{Paint, Style};
use super::super::text::{clip, inert, width};
use super::names;
use crate::render::plot::{Domain, axis_title, y_domain};
use crate::report::{Lines, Point, Role, Side};

/// Most columns of a bar.
const COLUMNS: usize = 44;

/// The chart's lines.
pub(super) fn draw(chart: &Lines, limit: usize, paint: Paint) -> Vec<String> {
    let Some(categories) = &chart.x.categories else { return Vec::new() };
    let y = y_domain(chart);
    let names_limit = (limit / 4).min(28);
    let categories = names(categories.iter().map(String::as_str), names_limit);
    let series = names(chart.series.iter().map(|series| series.name.as_str()), names_limit);
    let value = |value: f64| super::value(value, chart.y.unit);
    let text = |point: &Point| {
        let interval = point
            .interval()
            .map_or_else(String::new, |(low, high)| format!(" [{}, {}]", value(low), value(high)));
        format!("{}{interval}", value(point.y))
    };
    let shown = || chart.series.iter().flat_map(|series| &series.points);
    let value_width = shown().map(|point| width(&text(point))).max().unwrap_or(0);
    let head_width = categories.first().map_or(0, |name| width(name))
        + 2
        + series.first().map_or(0, |name| width(name))
        + 2;
    let n_columns = limit.saturating_sub(head_width + value_width + 4).min(COLUMNS);
    // A bar of a few characters tells nothing.
    let n_columns = if n_columns < 8 { 0 } else { n_columns };
    let reference: Vec<usize> = chart
        .marks
        .iter()
        .filter(|mark| mark.on == Side::Y)
        .filter_map(|mark| column(&y, mark.at, n_columns))
        .collect();
    let title = match (axis_title(&chart.y), &chart.x.label) {
        (title, by) if by.is_empty() => title,
        (title, by) => format!("{title}, by {by}"),
    };
    let mut lines = vec![clip(&inert(&title), limit)];
    for (idx, category) in categories.iter().enumerate() {
        let is_here = |point: &&Point| point.x == idx as f64;
        if !shown().any(|point| is_here(&point)) {
            lines.push(format!("{category}  no value"));
        }
        for (series_idx, one) in chart.series.iter().enumerate() {
            for (nth, point) in one.points.iter().filter(is_here).enumerate() {
                let is_first = series_idx == 0 && nth == 0;
                let head = if is_first { category.clone() } else { " ".repeat(width(category)) };
                let style = match one.role {
                    Role::Context => Style::Faint,
                    _ => Style::Series(one.group.unwrap_or(series_idx)),
                };
                let bar = paint.paint(style, &bar(&y, point, one.role, n_columns, &reference));
                let room = limit.saturating_sub(head_width + n_columns + 2);
                let shown = clip(&text(point), room);
                lines.push(format!("{head}  {}  {bar}  {shown}", series[series_idx]));
            }
        }
    }
    let ends = (value(y.low()), value(y.high()));
    let both = width(&ends.0) + width(&ends.1);
    let indent = " ".repeat(head_width);
    if n_columns > 0 {
        lines.push(format!("{indent}{}", "─".repeat(n_columns)));
        let room = limit.saturating_sub(head_width);
        if both < room {
            let gap = n_columns.saturating_sub(both).max(1);
            lines.push(format!("{indent}{}{}{}", ends.0, " ".repeat(gap), ends.1));
        } else {
            // Ends too long to stand side by side.
            lines.extend([ends.0, ends.1].map(|end| format!("{indent}{}", clip(&end, room))));
        }
    }
    for mark in &chart.marks {
        let text = format!("┊  {} at {}", inert(&mark.label), value(mark.at));
        lines.push(clip(&text, limit));
    }
    lines
}

fn column(y: &Domain, value: f64, n_columns: usize) -> Option<usize> {
    let last = n_columns.checked_sub(1)?;
    let place = y.place(value)?.clamp(0.0, 1.0);
    Some((place * last as f64).round() as usize)
}

/// `├──●──┤`: the interval with the value in it.
fn bar(y: &Domain, point: &Point, role: Role, n_columns: usize, reference: &[usize]) -> String {
    let mut signs = vec![' '; n_columns];
    for at in reference {
        signs[*at] = '┊';
    }
    let end = |value: f64| column(y, value, n_columns);
    if let Some((low, high)) = point.interval().and_then(|(low, high)| Some((end(low)?, end(high)?))) {
        let (low, high) = (low.min(high), low.max(high));
        signs[low..=high].fill('─');
        signs[low] = '├';
        signs[high] = '┤';
    }
    if let Some(at) = end(point.y) {
        signs[at] = match role {
            Role::Measured => '●',
            Role::Predicted => '◇',
            Role::Context => '○',
        };
    }
    signs.iter().collect()
}
