//! What each method gains, and what it does to the modality that lost.

use std::collections::BTreeMap;

use super::reading::{Remedy, Results, Settings};
use crate::report::{
    Axis, Better, Cell, Chart, ChartMark, Column, Dot, DotRow, Dots, Emphasis, Row, Table, Ties, Unit,
};

/// Accuracy and gains.
pub(super) fn gains(results: &Results, settings: &Settings) -> Table {
    let percent = |head| Column::of(head, Unit::Percent, Better::Higher);
    let points = |head| Column::of(head, Unit::Points, Better::Higher);
    let mut caption = Vec::new();
    if let Some(first) = results.remedies.iter().find(|row| row.accuracy.value.is_some()) {
        caption.push(format!("Intervals at level {}: {}.", settings.level, first.accuracy.method));
    }
    caption.push(format!(
        "vs: accuracy minus that of naive joint training, of the best modality alone ({}, chosen on validation rows) and of \
         the ensemble of the networks trained alone; paired by sample and training",
        results.best_unimodal
    ));
    caption.push(
        "p: of \"it beats every control\", the largest over controls, adjusted over methods (Holm); valid: what the choice is \
         made by"
            .to_owned(),
    );
    caption.push("** chosen: the best on validation rows; * within one standard error of it".to_owned());
    Table {
        title: "What each method gains".to_owned(),
        caption,
        columns: vec![
            Column::plain("method"),
            percent("accuracy"),
            points("vs joint"),
            points("vs best alone"),
            points("vs ensemble"),
            Column::of("p", Unit::Probability, Better::Neither),
            percent("valid"),
            Column::plain(""),
        ],
        rows: rows(results, |row| {
            let own = |number: &crate::report::diagnosis::reading::Number| match number.value {
                None if number.method.contains("the control itself") => Cell::Empty,
                _ => number.cell(),
            };
            vec![
                row.accuracy.cell(),
                own(&row.gain_over_joint),
                own(&row.gain_over_best_unimodal),
                own(&row.gain_over_ensemble),
                row.adjusted_p.map_or(Cell::Empty, Cell::Number),
                row.valid_accuracy.map_or(Cell::Empty, Cell::Number),
                Cell::text(match (row.chosen, row.within_one_standard_error) {
                    (true, _) => "**",
                    (false, true) => "*",
                    _ => "",
                }),
            ]
        }),
    }
}

/// The weakest modality, and cost.
pub(super) fn effects(results: &Results, seconds: &BTreeMap<String, f64>) -> Table {
    let loser = results.weakest_modality.as_deref().unwrap_or("the weakest modality");
    let ratio = |head| Column::of(head, Unit::Ratio, Better::Lower);
    let joint = results.remedies.iter().find(|row| row.strategy == "naive");
    let base = joint.and_then(|row| seconds.get(&row.name)).copied().filter(|s| *s > 0.0);
    let mut columns = vec![
        Column::plain("method"),
        Column::of(&format!("probe of {loser}"), Unit::Points, Better::Higher),
        Column::of(&format!("classes of {loser}"), Unit::Points, Better::Higher),
        ratio("passes"),
        ratio("weights"),
    ];
    if base.is_some() {
        columns.push(ratio("seconds"));
    }
    columns.push(Column::plain("settings"));
    let classes = match results.weakest_classes.len() {
        0 => "none".to_owned(),
        n if n > 12 => format!("{n} classes"),
        _ => results.weakest_classes.join(", "),
    };
    Table {
        title: "What it does to the modality that lost, and what it costs".to_owned(),
        caption: vec![
            format!(
                "probe of {loser}: a linear probe on its encoder here minus the same in the naive joint network; {loser} is the \
                 modality whose encoder joint training damages most, on validation rows"
            ),
            format!(
                "classes of {loser}: accuracy minus that of naive joint training on the classes that {loser} tells relatively best (trained \
                 alone, against the mean of the others): {classes}"
            ),
            "passes (samples through an encoder in training), weights and seconds: naive joint training is 1; networks that a \
             method builds on are counted"
                .to_owned(),
        ],
        columns,
        rows: rows(results, |row| {
            let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Number);
            let mut cells = vec![
                row.weakest_modality_probe.cell(),
                row.weakest_modality_classes.cell(),
                number(row.relative_cost.passes),
                number(row.relative_cost.parameters),
            ];
            if let Some(base) = base {
                cells.push(number(seconds.get(&row.name).map(|s| s / base)));
            }
            cells.push(Cell::text(settings(row)));
            cells
        }),
    }
}

/// Gains over joint training, the controls marked.
pub(super) fn chart(results: &Results) -> Option<Chart> {
    let mut is_control = true;
    let rows: Vec<DotRow> = results
        .remedies
        .iter()
        .filter_map(|row| {
            let Cell::Estimate(estimate) = row.gain_over_joint.cell() else { return None };
            let apart = is_control && row.kind != "control";
            is_control = row.kind == "control";
            let dots = vec![Some(Dot { estimate, trainings: Vec::new() })];
            Some(DotRow { is_strong: row.chosen, apart, ..DotRow::plain(&row.name, dots) })
        })
        .collect();
    (!rows.is_empty()).then(|| {
        Chart::Dots(Dots {
            title: "Gain over naive joint training".to_owned(),
            caption: vec!["Controls first. Bold: the row that validation chooses.".to_owned()],
            x: Axis::linear("gain over joint", Unit::Points),
            rows_are: "method".to_owned(),
            series: vec![String::new()],
            rows,
            ties: Ties::None,
            band: None,
            marks: vec![ChartMark::at_x(0.0, "joint")],
        })
    })
}

/// Methods that do not apply.
pub(super) fn refused(results: &Results) -> Option<Table> {
    let rows =
        results.refused.iter().map(|one| Row::plain(vec![Cell::text(&one.name), Cell::text(&one.why)]));
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| Table {
        title: "Methods that do not apply here".to_owned(),
        caption: Vec::new(),
        columns: vec![Column::plain("method"), Column::plain("why")],
        rows,
    })
}

/// `knob=value, ...`.
pub(super) fn settings(row: &Remedy) -> String {
    let one = |(knob, value): (&String, &serde_json::Value)| format!("{knob}={}", written(value));
    row.settings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A value as people type it.
pub(super) fn written(value: &serde_json::Value) -> String {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(number) => crate::registry::Value::Number(number).to_string(),
        None => value.to_string().trim_matches('"').to_owned(),
    }
}

/// Controls, a line, methods; the joint network and the chosen one stand out.
fn rows(results: &Results, cells: impl Fn(&Remedy) -> Vec<Cell>) -> Vec<Row> {
    let mut was_control = true;
    results
        .remedies
        .iter()
        .map(|row| {
            let apart = was_control && row.kind != "control";
            was_control = row.kind == "control";
            let is_strong = row.chosen || row.strategy == "naive";
            Row {
                cells: std::iter::once(Cell::text(&row.name)).chain(cells(row)).collect(),
                emphasis: if is_strong { Emphasis::Strong } else { Emphasis::Plain },
                apart,
            }
        })
        .collect()
}
