//! A map over settings: a tidy table, and charts of what was asked for.

use super::{in_words, provenance, reconstruction, results, setting};
use crate::lab::{Counts, GridPoint, QUANTITIES, Quantity, Setting, SweepResults, Varied};
use crate::registry::Value;
use crate::report::diagnosis::NotADiagnosis;
use crate::report::{
    Axis, Better, Block, Cell, Chart, Colours, Column, DataCell, DataTable, Document, HeatMap, Lines, Point,
    Report, Role, Row, Scale, Series, Table, Unit,
};
use crate::stats::Estimate;

/// Rows of the table that people see; all of them are in the data.
const ROWS_SHOWN: usize = 60;
/// Heat maps of one quantity, one for each value of the third knob that varies.
const MOST_PANELS: usize = 20;

/// The report of `lab sweep`.
pub(super) fn report(document: &Document) -> Result<Report, NotADiagnosis> {
    let (setting, results): (Setting, SweepResults) = (setting(document)?, results(document)?);
    let shown: Vec<&Quantity> = document.settings["show"]
        .as_array()
        .map(|names| {
            names
                .iter()
                .filter_map(|name| QUANTITIES.iter().find(|q| Some(q.name) == name.as_str()))
                .collect()
        })
        .unwrap_or_default();
    let keys: Vec<String> = results.vary.iter().map(|varied| varied.key.clone()).collect();
    let mut blocks = vec![
        Block::Paragraph(format!("Varied: {}. The rest: {}", keys.join(", "), in_words(&setting))),
        Block::Table(table(&results, &shown, setting.n_modalities())),
    ];
    let missing: usize =
        results.points.iter().map(|at| at.summary.as_ref().map_or(at.n_trials, |s| s.n_not_converged)).sum();
    if missing > 0 {
        blocks.push(Block::Notes(vec![format!(
            "{missing} trials did not converge and are in none of the numbers; the data say where"
        )]));
    }
    if let Some(note) = not_drawn(&results.vary) {
        blocks.push(Block::Notes(vec![note]));
    }
    for quantity in &shown {
        blocks.extend(charts(&results, quantity, setting.n_modalities()).into_iter().map(Block::Chart));
    }
    blocks.push(Block::Data(data(&results, setting.n_modalities())));
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(reconstruction());
    blocks.push(provenance(document));
    Ok(Report { title: format!("A map over {}", keys.join(" and ")), blocks, document: document.clone() })
}

/// A quantity's name where it has one value per modality.
fn named(quantity: &Quantity, idx: usize) -> String {
    if quantity.per_modality { format!("{} {}", quantity.label, idx + 1) } else { quantity.label.to_owned() }
}

fn value(at: &GridPoint, quantity: &Quantity, idx: usize) -> Option<Estimate> {
    at.summary.as_ref().and_then(|summary| (quantity.of)(summary, idx))
}

fn count(quantity: &Quantity, n_modalities: usize) -> usize {
    if quantity.per_modality { n_modalities } else { 1 }
}

fn table(results: &SweepResults, shown: &[&Quantity], n_modalities: usize) -> Table {
    let mut columns: Vec<Column> = results.vary.iter().map(|varied| Column::plain(&varied.key)).collect();
    for quantity in shown {
        for idx in 0..count(quantity, n_modalities) {
            columns.push(Column::of(&named(quantity, idx), unit(quantity), Better::Neither));
        }
    }
    let rows = results
        .points
        .iter()
        .take(ROWS_SHOWN)
        .map(|at| {
            let mut cells: Vec<Cell> =
                results.vary.iter().map(|varied| Cell::Text(at.at[&varied.key].to_string())).collect();
            for quantity in shown {
                for idx in 0..count(quantity, n_modalities) {
                    cells.push(
                        value(at, quantity, idx)
                            .map_or_else(|| Cell::Missing("no trial converged".to_owned()), Cell::Estimate),
                    );
                }
            }
            Row::plain(cells)
        })
        .collect();
    let mut caption = vec!["Intervals at 95 %.".to_owned()];
    if results.points.len() > ROWS_SHOWN {
        caption.push(format!(
            "The first {ROWS_SHOWN} of {} points; all of them with `--as csv` or `--json`.",
            results.points.len()
        ));
    }
    Table { title: "Grid".to_owned(), caption, columns, rows }
}

/// One varied knob gives lines, two a heat map, three a heat map for every
/// value of the third. Of more, the first value of the others is drawn.
fn charts(results: &SweepResults, quantity: &Quantity, n_modalities: usize) -> Vec<Chart> {
    match results.vary.as_slice() {
        [] => Vec::new(),
        [one] => vec![lines(results, one, quantity, n_modalities)],
        [first, second, others @ ..] => {
            let panels = panels(others);
            let each =
                (0..count(quantity, n_modalities)).flat_map(|idx| panels.iter().map(move |p| (idx, p)));
            each.map(|(idx, fixed)| map(results, (first, second), fixed, quantity, idx)).collect()
        }
    }
}

/// What is held in each heat map: a value of the third knob, and the first of
/// all further ones.
fn panels(others: &[Varied]) -> Vec<Vec<(&Varied, &Value)>> {
    let [third, rest @ ..] = others else { return vec![Vec::new()] };
    let firsts: Vec<(&Varied, &Value)> =
        rest.iter().filter_map(|varied| Some((varied, varied.values.first()?))).collect();
    let panel = |value| std::iter::once((third, value)).chain(firsts.iter().copied()).collect();
    third.values.iter().take(MOST_PANELS).map(panel).collect()
}

/// What the heat maps do not show.
fn not_drawn(vary: &[Varied]) -> Option<String> {
    let [_, _, third, rest @ ..] = vary else { return None };
    let mut words = Vec::new();
    if third.values.len() > MOST_PANELS {
        words.push(format!("the first {MOST_PANELS} of {} values of `{}`", third.values.len(), third.key));
    }
    if !rest.is_empty() {
        let keys: Vec<String> = rest.iter().map(|varied| format!("`{}`", varied.key)).collect();
        words.push(format!("the first value of {}", keys.join(", ")));
    }
    if words.is_empty() {
        return None;
    }
    Some(format!("the figures show {} alone; every point is in the data", words.join(" and ")))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(x) => Some(*x),
        Value::Whole(i) => Some(*i as f64),
        Value::Flag(_) | Value::Word(_) => None,
    }
}

/// An axis for a knob and the place of each of its values on it: logarithmic
/// where the values span more than a factor ten, a list where they are words.
fn axis(varied: &Varied) -> (Axis, Vec<f64>) {
    let numbers: Option<Vec<f64>> = varied.values.iter().map(number).collect();
    let Some(numbers) = numbers else {
        let names: Vec<String> = varied.values.iter().map(ToString::to_string).collect();
        let places = (0..names.len()).map(|i| i as f64).collect();
        return (Axis::categories(&varied.key, names), places);
    };
    let (low, high) =
        numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let scale = if low > 0.0 && high / low > 10.0 { Scale::Log10 } else { Scale::Linear };
    (Axis { scale, ..Axis::linear(&varied.key, Unit::Scientific) }, numbers)
}

fn unit(quantity: &Quantity) -> Unit {
    match quantity.counts {
        Counts::Share => Unit::Percent,
        Counts::Difference => Unit::Points,
        Counts::Size => Unit::Scientific,
    }
}

fn value_axis(quantity: &Quantity) -> Axis {
    match quantity.counts {
        Counts::Size => Axis::log10(quantity.label, unit(quantity)),
        _ => Axis::linear(quantity.label, unit(quantity)),
    }
}

fn lines(results: &SweepResults, varied: &Varied, quantity: &Quantity, n_modalities: usize) -> Chart {
    let (x, places) = axis(varied);
    let mut series = Vec::new();
    for idx in 0..count(quantity, n_modalities) {
        let measured = results
            .points
            .iter()
            .zip(&places)
            .filter_map(|(at, place)| Some(Point::of(*place, &value(at, quantity, idx)?)))
            .collect();
        series.push(Series::new(named(quantity, idx), Role::Measured, measured).in_group(idx));
        let predicted: Vec<Point> = results
            .points
            .iter()
            .zip(&places)
            .filter_map(|(at, place)| {
                Some(Point::at(*place, quantity.predicted?(at.summary.as_ref()?, idx)?))
            })
            .collect();
        if !predicted.is_empty() {
            let name = format!("{}, closed form", named(quantity, idx));
            series.push(Series::new(name, Role::Predicted, predicted).in_group(idx));
        }
    }
    Chart::Lines(Lines {
        title: format!("{} against {}", quantity.label, varied.key),
        caption: vec![quantity.meaning.to_owned()],
        x,
        y: value_axis(quantity),
        series,
        marks: Vec::new(),
    })
}

fn map(
    results: &SweepResults,
    (first, second): (&Varied, &Varied),
    fixed: &[(&Varied, &Value)],
    quantity: &Quantity,
    idx: usize,
) -> Chart {
    let ((y, y_values), (x, x_values)) = (axis(first), axis(second));
    let is_here = |at: &&GridPoint| fixed.iter().all(|(knob, value)| at.at.get(&knob.key) == Some(*value));
    let cells = results.points.iter().filter(is_here).map(|at| value(at, quantity, idx)).collect();
    let fixed: Vec<String> = fixed.iter().map(|(knob, value)| format!("{} = {value}", knob.key)).collect();
    let at = if fixed.is_empty() { String::new() } else { format!(" at {}", fixed.join(", ")) };
    let title = format!("{} over {} and {}{at}", named(quantity, idx), first.key, second.key);
    Chart::HeatMap(HeatMap {
        title,
        caption: vec![quantity.meaning.to_owned()],
        x,
        y,
        x_values,
        y_values,
        cells,
        value: value_axis(quantity),
        colours: if quantity.diverging { Colours::Diverging { centre: 0.0 } } else { Colours::Sequential },
    })
}

/// Every quantity of every point, one row each.
fn data(results: &SweepResults, n_modalities: usize) -> DataTable {
    let mut columns: Vec<String> = results.vary.iter().map(|varied| varied.key.clone()).collect();
    columns.extend(["quantity", "modality", "predicted"].map(str::to_owned));
    columns.extend(DataTable::OF_ESTIMATE.map(str::to_owned));
    columns.extend(["trials", "not_converged"].map(str::to_owned));
    let mut rows = Vec::new();
    for at in &results.points {
        let not_converged = at.summary.as_ref().map_or(at.n_trials, |summary| summary.n_not_converged);
        for quantity in QUANTITIES {
            for idx in 0..count(quantity, n_modalities) {
                let mut row: Vec<DataCell> = results
                    .vary
                    .iter()
                    .map(|varied| match &at.at[&varied.key] {
                        Value::Whole(i) if *i >= 0 => DataCell::Whole(*i as u64),
                        Value::Whole(i) => DataCell::Number(*i as f64),
                        Value::Number(x) => DataCell::Number(*x),
                        other => DataCell::Text(other.to_string()),
                    })
                    .collect();
                row.push(quantity.name.into());
                row.push(if quantity.per_modality { DataCell::from(idx + 1) } else { DataCell::Empty });
                let predicted = at
                    .summary
                    .as_ref()
                    .and_then(|s| quantity.predicted.and_then(|predicted| predicted(s, idx)));
                row.push(predicted.map_or(DataCell::Empty, DataCell::Number));
                match value(at, quantity, idx) {
                    Some(estimate) => row.extend(DataCell::of_estimate(&estimate)),
                    None => row.extend((0..DataTable::OF_ESTIMATE.len()).map(|_| DataCell::Empty)),
                }
                row.push(at.n_trials.into());
                row.push(not_converged.into());
                rows.push(row);
            }
        }
    }
    DataTable { name: "sweep".to_owned(), columns, rows }
}
