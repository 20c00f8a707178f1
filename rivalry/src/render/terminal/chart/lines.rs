//! Series along an axis, in dots of Braille; a letter on each says which it is,
//! and the legend below gives its last value.

use super::super::numbers::unit_suffix;
use super::super::style::{Paint, Style};
use super::super::text::{clip, inert, pad_left, width, wrap};
use super::canvas::Canvas;
use super::{letter, names};
use crate::render::plot::{Domain, Tick, TickLabel, axis_title, fitting, point_text, x_domain, y_domain};
use crate::report::{Lines, Point, Role, Series, Side};

/// Rows of the field.
const ROWS: usize = 14;
/// Most columns of the field.
const COLUMNS: usize = 84;
/// Fewer points than this are all lettered and have whiskers.
const FEW: usize = 12;

/// The chart's lines.
pub(super) fn draw(chart: &Lines, limit: usize, paint: Paint) -> Vec<String> {
    let (x, y) = (x_domain(chart), y_domain(chart));
    let y_ticks =
        fitting(&y, chart.y.unit, 6, |ticks| rows_of(ticks).windows(2).all(|pair| pair[0].0 > pair[1].0 + 1));
    let y_labels = rows_of(&y_ticks);
    let gutter = y_labels.iter().map(|(_, text)| width(text)).max().unwrap_or(0);
    let n_columns = limit.saturating_sub(gutter + 3).clamp(8, COLUMNS);
    let mut canvas = Canvas::new(n_columns, ROWS);
    let canvas_points: Vec<Vec<Placed>> =
        chart.series.iter().map(|series| series.points.iter().map(|p| placed(p, &x, &y)).collect()).collect();
    // What is measured lies on top.
    for role in [Role::Context, Role::Predicted, Role::Measured] {
        for (idx, series) in chart.series.iter().enumerate().filter(|(_, series)| series.role == role) {
            trace(&mut canvas, series, &canvas_points[idx], style(chart, idx));
        }
    }
    for idx in 0..chart.series.len() {
        sign(&mut canvas, &canvas_points[idx], idx, style(chart, idx));
    }
    marks(&mut canvas, chart, &x, &y);

    let mut lines = vec![clip(&inert(&axis_title(&chart.y)), limit)];
    for (row, field) in canvas.lines(paint).into_iter().enumerate() {
        let label = y_labels.iter().find(|(at, _)| *at == row).map(|(_, text)| text.as_str());
        let edge = if label.is_some() { '┤' } else { '│' };
        lines.push(format!("{} {edge}{field}", pad_left(label.unwrap_or(""), gutter)));
    }
    lines.extend(floor(&x, chart, gutter, n_columns));
    lines.push(String::new());
    lines.extend(legend(chart, limit, paint));
    lines
}

/// A point's place as shares of the field, and those of its interval's ends.
#[derive(Clone, Copy, Debug)]
struct Placed {
    at: Option<(f64, f64)>,
    ends: Option<(f64, f64)>,
}

fn placed(point: &Point, x: &Domain, y: &Domain) -> Placed {
    let at = x.place(point.x).zip(y.place(point.y));
    let ends = point.interval().and_then(|(low, high)| {
        Some((y.place(low).unwrap_or(0.0).clamp(0.0, 1.0), y.place(high)?.clamp(0.0, 1.0)))
    });
    Placed { at, ends }
}

/// Rows of the labelled ticks with what stands there.
fn rows_of(ticks: &[Tick]) -> Vec<(usize, String)> {
    ticks
        .iter()
        .filter_map(|tick| {
            let row = ((1.0 - tick.place) * (ROWS * 4 - 1) as f64).round().max(0.0) as usize / 4;
            Some((row.min(ROWS - 1), tick.label.as_ref()?.plain()))
        })
        .collect()
}

fn style(chart: &Lines, idx: usize) -> Style {
    match chart.series[idx] {
        Series { role: Role::Context, .. } => Style::Faint,
        Series { group, .. } => Style::Series(group.unwrap_or(idx)),
    }
}

fn trace(canvas: &mut Canvas, series: &Series, points: &[Placed], style: Style) {
    let dashes = match series.role {
        Role::Measured => (1, 1),
        Role::Predicted => (2, 4),
        Role::Context => (1, 3),
    };
    if series.role == Role::Measured && points.len() <= FEW {
        for point in points {
            if let (Some((x, _)), Some((low, high))) = (point.at, point.ends) {
                canvas.line((x, low), (x, high), (1, 2), 0, style);
            }
        }
    }
    let mut count = 0;
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        if let Some(at) = point.at {
            count = canvas.line(before.unwrap_or(at), at, dashes, count, style);
        }
        before = point.at;
    }
}

/// Letters: on every point of a few, else on three, where there is room.
fn sign(canvas: &mut Canvas, points: &[Placed], idx: usize, style: Style) {
    let shown: Vec<(f64, f64)> = points.iter().filter_map(|point| point.at).collect();
    let wanted: Vec<usize> = if shown.len() <= FEW {
        (0..shown.len()).collect()
    } else {
        // Other series have theirs elsewhere.
        let shift = 0.06 * (idx % 5) as f64;
        [0.1, 0.42, 0.74].iter().map(|share| ((share + shift) * (shown.len() - 1) as f64) as usize).collect()
    };
    let reach = if shown.len() <= FEW { 1 } else { shown.len() / 8 };
    for at in wanted {
        for (x, y) in shown.iter().skip(at).take(reach) {
            if canvas.at(*x, *y).is_some_and(|place| canvas.letter(place, letter(idx), style)) {
                break;
            }
        }
    }
}

fn marks(canvas: &mut Canvas, chart: &Lines, x: &Domain, y: &Domain) {
    for mark in &chart.marks {
        match mark.on {
            Side::X => {
                if let Some((column, _)) = x.place(mark.at).and_then(|at| canvas.at(at, 0.0)) {
                    (0..canvas.n_rows()).for_each(|row| canvas.behind((column, row), '┊'));
                }
            }
            Side::Y => {
                if let Some((_, row)) = y.place(mark.at).and_then(|at| canvas.at(0.0, at)) {
                    (0..canvas.n_columns()).for_each(|column| canvas.behind((column, row), '┈'));
                }
            }
        }
    }
}

/// The lower edge, its labels, and what they are.
fn floor(x: &Domain, chart: &Lines, gutter: usize, n_columns: usize) -> Vec<String> {
    let column = |tick: &Tick| (tick.place.clamp(0.0, 1.0) * (n_columns - 1) as f64).round() as usize;
    let text = |tick: &Tick| tick.label.as_ref().map(TickLabel::plain);
    // Where a label begins so that it stands under its tick.
    let begin = |tick: &Tick, text: &str| {
        let centred = (column(tick) + 1).saturating_sub(width(text).div_ceil(2));
        centred.min(n_columns.saturating_sub(width(text)))
    };
    let ticks = fitting(x, chart.x.unit, 8, |ticks| {
        let labelled: Vec<(usize, usize)> = ticks
            .iter()
            .filter_map(|tick| {
                let text = text(tick)?;
                Some((begin(tick, &text), begin(tick, &text) + width(&text)))
            })
            .collect();
        labelled.windows(2).all(|pair| pair[0].1 + 2 <= pair[1].0)
    });
    let mut edge = vec!['─'; n_columns];
    let mut labels = String::new();
    for tick in &ticks {
        let Some(text) = text(tick) else { continue };
        edge[column(tick)] = '┬';
        let begin = begin(tick, &text);
        labels.push_str(&" ".repeat(begin.saturating_sub(width(&labels))));
        labels.push_str(&text);
    }
    let indent = " ".repeat(gutter + 1);
    let title = clip(&inert(&axis_title(&chart.x)), n_columns);
    let middle = (n_columns - width(&title)) / 2;
    let mut lines =
        vec![format!("{indent}└{}", edge.iter().collect::<String>()), format!("{indent} {labels}")];
    if !title.is_empty() {
        lines.push(format!("{indent} {}{title}", " ".repeat(middle)));
    }
    lines
}

/// Which letter is which series, and where it ends.
fn legend(chart: &Lines, limit: usize, paint: Paint) -> Vec<String> {
    let names = names(chart.series.iter().map(|series| series.name.as_str()), (limit / 3).min(32));
    let mut lines = Vec::new();
    for (idx, series) in chart.series.iter().enumerate() {
        let role = match series.role {
            Role::Measured => "measured ",
            Role::Predicted => "predicted",
            Role::Context => "compare  ",
        };
        let lead = format!("{}  {}", letter(idx), names[idx]);
        let painted = paint.paint(style(chart, idx), &lead);
        let room = limit.saturating_sub(width(&lead) + 2).max(12);
        for (nth, rest) in wrap(&format!("{role}  {}", end(chart, series)), room).into_iter().enumerate() {
            let lead = if nth == 0 { painted.clone() } else { " ".repeat(width(&lead)) };
            lines.push(format!("{lead}  {rest}"));
        }
    }
    for mark in &chart.marks {
        let (sign, axis) = match mark.on {
            Side::X => ('┊', &chart.x),
            Side::Y => ('┈', &chart.y),
        };
        let at = format!("{}{}", point_text(axis, mark.at), unit_suffix(axis.unit));
        for (nth, line) in wrap(&format!("{} at {at}", inert(&mark.label)), limit - 3).iter().enumerate() {
            lines.push(format!("{}  {line}", if nth == 0 { sign } else { ' ' }));
        }
    }
    lines
}

/// The last value of a series and where it stands.
fn end(chart: &Lines, series: &Series) -> String {
    let value = |value: f64| super::value(value, chart.y.unit);
    let Some(point) = series.points.iter().rev().find(|point| point.x.is_finite() && point.y.is_finite())
    else {
        return "no points".to_owned();
    };
    let interval = point
        .interval()
        .map_or_else(String::new, |(low, high)| format!(" [{}, {}]", value(low), value(high)));
    let at = point_text(&chart.x, point.x);
    format!("{}{interval}{} at {at}", value(point.y), unit_suffix(chart.y.unit))
}
