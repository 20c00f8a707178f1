//! How settings were found: what each candidate reached on validation rows, and the curve of every number.

use super::reading::{Candidate, Knob, Rated, Results, Searched};
use super::tables::written;
use crate::report::{
    Axis, Better, Block, Cell, Chart, ChartMark, Column, DataCell, DataTable, Lines, Point, Role, Row,
    Series, Table, Unit,
};

/// Everything about the search; nothing where there was none.
pub(super) fn blocks(results: &Results) -> Vec<Block> {
    let search = &results.search;
    if search.methods.is_empty() {
        return Vec::new();
    }
    let mut blocks =
        vec![Block::Heading("How the settings were found".to_owned()), Block::Table(found(results))];
    let charts =
        search.methods.iter().flat_map(|method| method.knobs.iter().filter_map(|knob| curve(method, knob)));
    blocks.extend(charts.map(Block::Chart));
    blocks.push(Block::Data(candidates(results)));
    blocks
}

/// One row per method: how many candidates, what was kept, what that won on validation rows.
fn found(results: &Results) -> Table {
    let search = &results.search;
    let trials: Vec<String> =
        search.trials.iter().map(|t| format!("seed {} fold {}", t.seed, t.fold)).collect();
    let rungs: Vec<String> =
        search.rungs.iter().map(|r| format!("{} for {} epochs", r.candidates, r.epochs)).collect();
    let row = |method: &Searched| {
        let last = |candidate: &Candidate| candidate.rungs.last().and_then(|r| r.valid_accuracy);
        let (default, kept) = (method.candidates.first(), method.candidates.get(method.chosen));
        let set = |c: &Candidate| {
            c.settings
                .iter()
                .map(|(knob, value)| format!("{knob}={}", written(value)))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let kept_text = match kept {
            _ if method.chosen == 0 => "the defaults".to_owned(),
            Some(kept) => set(kept),
            None => String::new(),
        };
        // Of the same rung: the last that both reached.
        let gain = kept.zip(default).and_then(|(kept, default)| {
            let (kept, default) = kept.rungs.iter().zip(&default.rungs).next_back()?;
            Some(kept.valid_accuracy? - default.valid_accuracy?)
        });
        Row::plain(vec![
            Cell::text(&method.name),
            Cell::count(method.candidates.len()),
            Cell::Number(method.spent_epochs.round()),
            Cell::text(kept_text),
            kept.and_then(last).map_or(Cell::Empty, Cell::Number),
            gain.filter(|_| method.chosen != 0).map_or(Cell::Empty, Cell::Number),
        ])
    };
    Table {
        title: "Settings kept by successive halving".to_owned(),
        caption: vec![
            format!(
                "At most {} candidates per method, the defaults among them: {}; one in three goes on. Every method may spend the \
                 passes that naive joint training would: fewer candidates where its epochs cost more.",
                search.configurations,
                rungs.join(", then ")
            ),
            format!(
                "valid: accuracy on validation rows of {}; gain: over the defaults on the last rung that both reached",
                trials.join(" and ")
            ),
            "epochs: passes spent, networks built on included, in epochs of naive joint training".to_owned(),
        ],
        columns: vec![
            Column::plain("method"),
            Column::plain("candidates"),
            Column::of("epochs", Unit::None, Better::Lower),
            Column::plain("kept"),
            Column::of("valid", Unit::Percent, Better::Higher),
            Column::of("gain", Unit::Points, Better::Higher),
        ],
        rows: search.methods.iter().map(row).collect(),
    }
}

/// Validation accuracy against the values of a knob that is a number, a series per rung.
fn curve(method: &Searched, knob: &Knob) -> Option<Chart> {
    let default = knob.default.as_f64()?;
    let n_rungs = method.candidates.iter().map(|c| c.rungs.len()).max().unwrap_or(0);
    let series = (0..n_rungs).filter_map(|rung| {
        let at = |c: &Candidate| {
            let rated: &Rated = c.rungs.get(rung)?;
            Some(Point::at(c.settings.get(&knob.name)?.as_f64()?, rated.valid_accuracy?))
        };
        let mut points: Vec<Point> = method.candidates.iter().filter_map(at).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let epochs = method.candidates.iter().find_map(|c| c.rungs.get(rung))?.epochs;
        (!points.is_empty()).then(|| Series::new(format!("after {epochs} epochs"), Role::Measured, points))
    });
    let series: Vec<Series> = series.collect();
    if series.first().is_none_or(|first| first.points.len() < 2) {
        return None;
    }
    let x = if knob.log {
        Axis::log10(&knob.name, Unit::Scientific)
    } else {
        Axis::linear(&knob.name, Unit::Scientific)
    };
    Some(Chart::Lines(Lines {
        title: format!("{}: {}", method.name, knob.name),
        caption: vec!["Validation accuracy of every candidate; other knobs differ too.".to_owned()],
        x,
        y: Axis::linear("validation accuracy", Unit::Percent),
        series,
        marks: vec![ChartMark::at_x(default, "default")],
    }))
}

fn candidates(results: &Results) -> DataTable {
    let mut rows = Vec::new();
    for method in &results.search.methods {
        for (i, candidate) in method.candidates.iter().enumerate() {
            let settings: Vec<String> =
                candidate.settings.iter().map(|(knob, value)| format!("{knob}={}", written(value))).collect();
            for rated in &candidate.rungs {
                rows.push(vec![
                    method.name.as_str().into(),
                    i.into(),
                    settings.join(" ").into(),
                    u64::from(rated.epochs).into(),
                    rated.valid_accuracy.map_or(DataCell::Empty, DataCell::Number),
                    u64::from(i == method.chosen).into(),
                ]);
            }
        }
    }
    let columns = ["method", "candidate", "settings", "epochs", "valid_accuracy", "kept"];
    DataTable { name: "candidates".to_owned(), columns: columns.map(str::to_owned).to_vec(), rows }
}
