//! The words around a chart: units, cells, and what a reader must be told about
//! how it is drawn. Strings of the report pass through as they are: whoever
//! writes them makes them inert.

use super::ticks::{exponent, factor};
use super::{Domain, x_domain, y_domain};
use crate::report::{Axis, Chart, Colours, HeatMap, Lines, Point, Role, Scale, Unit};

/// An axis's label with its unit.
pub(in crate::render) fn axis_title(axis: &Axis) -> String {
    let unit = match axis.unit {
        _ if axis.categories.is_some() => "",
        Unit::Percent => "%",
        Unit::Points => "points",
        Unit::Seconds => "s",
        Unit::Bytes => "bytes",
        Unit::None | Unit::Ratio | Unit::Probability | Unit::Scientific => "",
    };
    match (axis.label.is_empty(), unit.is_empty()) {
        (_, true) => axis.label.clone(),
        (true, false) => unit.to_owned(),
        (false, false) => format!("{} ({unit})", axis.label),
    }
}

/// The name of a category.
pub(in crate::render) fn category(names: &[String], value: f64) -> Option<&str> {
    let is_index = value >= 0.0 && value.fract() == 0.0;
    is_index.then(|| names.get(value as usize).map(String::as_str)).flatten()
}

/// A setting beside a row or column, or a value with few digits.
pub(in crate::render) fn point_text(axis: &Axis, value: f64) -> String {
    if let Some(name) = axis.categories.as_deref().and_then(|names| category(names, value)) {
        return name.to_owned();
    }
    short(value * factor(axis.unit))
}

/// Settings beside rows or below columns, with equally many decimals.
pub(in crate::render) fn setting_texts(axis: &Axis, values: &[f64]) -> Vec<String> {
    let texts: Vec<String> = values.iter().map(|value| point_text(axis, *value)).collect();
    let is_plain = |text: &String| text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    if axis.categories.is_some() || axis.scale == Scale::Log10 || !texts.iter().all(is_plain) {
        return texts;
    }
    let decimals = |text: &String| text.split_once('.').map_or(0, |(_, digits)| digits.len());
    let most = texts.iter().map(decimals).max().unwrap_or(0);
    values.iter().map(|value| format!("{:.most$}", value * factor(axis.unit))).collect()
}

/// How many decimals tell the cells of a map apart: none where a unit of the
/// last digit is less than a twentieth of their range.
pub(in crate::render) fn cell_decimals(map: &HeatMap) -> usize {
    let values = map.cells.iter().flatten().map(|cell| cell.value * factor(map.value.unit));
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    match high - low {
        range if range > 20.0 => 0,
        range if range > 2.0 => 1,
        range if range > 0.2 => 2,
        range if range > 0.0 => usize::try_from(1 - exponent(range)).unwrap_or(0).min(6),
        _ => 1,
    }
}

/// A cell of a map in its unit, short.
pub(in crate::render) fn cell_text(value: f64, unit: Unit, decimals: usize) -> String {
    let shown = value * factor(unit);
    if shown != 0.0 && !(1e-4..1e5).contains(&shown.abs()) {
        return format!("{shown:.0e}");
    }
    let text = format!("{shown:.decimals$}");
    let is_zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if is_zero {
        text.trim_start_matches('-').to_owned()
    } else if unit == Unit::Points && shown > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// At most four significant digits.
pub(in crate::render) fn short(value: f64) -> String {
    digits(value, 4)
}

/// At most so many significant digits, no zeros at the end.
fn digits(value: f64, most: usize) -> String {
    if !value.is_finite() {
        return "n/a".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let short = |text: String| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    let power = exponent(value.abs());
    if !(-4..6).contains(&power) {
        let text = format!("{value:.*e}", most - 1);
        return match text.split_once('e') {
            Some((mantissa, power)) => format!("{}e{power}", short(mantissa.to_owned())),
            None => text,
        };
    }
    let decimals = (most as i32 - 1 - power).max(0) as usize;
    short(format!("{value:.decimals$}"))
}

/// What a reader of these lines must know beyond the caption; `looks` names what
/// measured and predicted values look like on an axis and over categories,
/// where the legend does not.
pub(in crate::render) fn lines_notes(chart: &Lines, looks: Option<[[&str; 2]; 2]>) -> Vec<String> {
    let mut notes = Vec::new();
    let has = |role: Role| chart.series.iter().any(|series| series.role == role);
    let has_intervals = chart
        .series
        .iter()
        .any(|series| series.role == Role::Measured && series.points.iter().any(|p| p.interval().is_some()));
    let with = if has_intervals { ", with intervals" } else { "" };
    // Over categories nothing is joined.
    let look = looks.map(|[joined, apart]| if chart.x.categories.is_some() { apart } else { joined });
    match (has(Role::Measured), has(Role::Predicted), look) {
        (true, true, Some([measured, predicted])) => {
            notes.push(format!("{measured}: measured{with}; {predicted}: predicted."));
        }
        (false, true, Some(_)) => notes.push("All values are predicted.".to_owned()),
        (true, false, Some(_)) if has_intervals => {
            notes.push("All values are measured, with intervals.".to_owned());
        }
        _ => {}
    }
    let points = || {
        chart.series.iter().flat_map(|series| &series.points).filter(|p| p.x.is_finite() && p.y.is_finite())
    };
    let (x, y) = (x_domain(chart), y_domain(chart));
    let is_hidden = |point: &&Point| x.place(point.x).is_none() || y.place(point.y).is_none();
    let n_hidden = points().filter(is_hidden).count();
    if n_hidden > 0 {
        let (have, are) = if n_hidden == 1 { ("point has", "is") } else { ("points have", "are") };
        notes.push(format!("{n_hidden} {have} no place on the axes and {are} not shown."));
    }
    if points().next().is_none() {
        notes.push("There are no points to show.".to_owned());
    }
    notes
}

/// What a reader of this map must know beyond the caption; `missing` and
/// `certain` say what the drawing does with such cells.
pub(in crate::render) fn map_notes(map: &HeatMap, missing: &str, certain: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let n_cells = map.x_values.len() * map.y_values.len();
    let cells = || map.cells.iter().take(n_cells).flatten();
    if n_cells == 0 {
        return vec!["There are no cells to show.".to_owned()];
    }
    let n_missing = n_cells - cells().count();
    if n_missing > 0 {
        notes.push(format!("{missing}: not measured ({n_missing} of {n_cells})."));
    }
    if let Colours::Diverging { centre } = map.colours {
        let n_certain = cells().filter(|cell| map.colours.certain(cell)).count();
        let centre = format!(
            "{}{}",
            short(centre * factor(map.value.unit)),
            crate::render::terminal::unit_suffix(map.value.unit)
        );
        notes.push(format!("{certain}: the interval leaves out {centre} ({n_certain} of {n_cells})."));
    }
    let n_hidden = cells().filter(|cell| !Domain::shows(cell.value, map.value.scale)).count();
    if n_hidden > 0 && map.value.scale == Scale::Log10 {
        notes.push(format!("{n_hidden} not positive, without a colour on a logarithmic scale."));
    }
    notes
}

/// The chart in a sentence or two, for those who do not see it.
pub(in crate::render) fn description(chart: &Chart) -> String {
    match chart {
        Chart::Lines(lines) => {
            let series: Vec<String> = lines
                .series
                .iter()
                .map(|series| {
                    let role = match series.role {
                        Role::Measured => "measured",
                        Role::Predicted => "predicted",
                        Role::Context => "for comparison",
                    };
                    format!("{} ({role}, {} points)", series.name, series.points.len())
                })
                .collect();
            let (y, x) = (axis_title(&lines.y), axis_title(&lines.x));
            format!("{y} against {x}. Series: {}.", series.join("; "))
        }
        Chart::Dots(dots) => super::dots::description(dots),
        Chart::HeatMap(map) => {
            let (value, y, x) = (axis_title(&map.value), axis_title(&map.y), axis_title(&map.x));
            let values = map.cells.iter().flatten().map(|cell| cell.value);
            let domain = Domain::around(values, Scale::Linear);
            format!(
                "{value} over {x} ({} columns) and {y} ({} rows), from {} to {}.",
                map.x_values.len(),
                map.y_values.len(),
                point_text(&Axis { categories: None, ..map.value.clone() }, domain.low()),
                point_text(&Axis { categories: None, ..map.value.clone() }, domain.high())
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_cells_are_short() {
        let ratio = Axis::linear("", Unit::Scientific);
        for (value, expected) in [
            (0.1, "0.1"),
            (1.0, "1"),
            (0.333_333, "0.3333"),
            (1e-7, "1e-7"),
            (20_000.0, "20000"),
            (2.5e9, "2.5e9"),
            (-0.5, "-0.5"),
            (0.0, "0"),
        ] {
            assert_eq!(point_text(&ratio, value), expected);
        }
        assert_eq!(point_text(&Axis::categories("", vec!["a".to_owned()]), 0.0), "a");
        assert_eq!(point_text(&Axis::categories("", vec!["a".to_owned()]), 1.0), "1");
        assert_eq!(cell_text(0.971, Unit::Percent, 0), "97");
        assert_eq!(cell_text(0.0341, Unit::Points, 1), "+3.4");
        assert_eq!(cell_text(-0.0001, Unit::Points, 0), "0");
        assert_eq!(cell_text(3e8, Unit::Scientific, 0), "3e8");
    }
}
