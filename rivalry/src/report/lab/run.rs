//! One trial in full.

use super::{in_words, or_missing, provenance, reconstruction, results, setting, strong};
use crate::lab::{NetworkResult, RunResults, Setting, TrialEnd};
use crate::report::diagnosis::NotADiagnosis;
use crate::report::{
    Axis, Better, Block, Cell, Chart, ChartMark, Column, Document, Lines, Point, Report, Role, Row, Series,
    Table, Unit,
};

/// The report of `lab run`.
pub(super) fn report(document: &Document) -> Result<Report, NotADiagnosis> {
    let (setting, results): (Setting, RunResults) = (setting(document)?, results(document)?);
    let seed = document.provenance.seed.unwrap_or_default();
    let mut blocks = vec![
        Block::Paragraph(in_words(&setting)),
        Block::Table(networks(&setting, &results)),
        Block::Table(classes(&setting, &results)),
    ];
    blocks.extend(gammas(&setting, &results).map(Block::Chart));
    blocks.push(Block::KeyValues(vec![
        ("solver".to_owned(), Cell::text(&results.solver.name), Unit::None),
        ("ended".to_owned(), Cell::text(ended(results.solver.ended)), Unit::None),
        ("flow time".to_owned(), Cell::Number(results.solver.time), Unit::Scientific),
        ("steps".to_owned(), Cell::Number(results.solver.updates as f64), Unit::None),
        (
            "gradient evaluations".to_owned(),
            Cell::Number(results.solver.gradient_evaluations as f64),
            Unit::None,
        ),
    ]));
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(reconstruction());
    blocks.push(provenance(document));
    Ok(Report { title: format!("One trial of the theory, seed {seed}"), blocks, document: document.clone() })
}

pub(super) fn ended(end: TrialEnd) -> &'static str {
    match end {
        TrialEnd::Converged => "converged: training error 0 and the loss below its bound",
        TrialEnd::Decided => "stopped when every class had a winner",
        TrialEnd::NotConverged => "NOT converged: updates or time were used up",
        TrialEnd::Diverged => "diverged",
    }
}

fn networks(setting: &Setting, results: &RunResults) -> Table {
    let row = |name: String, network: &NetworkResult| {
        vec![
            Cell::Text(name),
            Cell::Number(network.train_error.value),
            network.test_error.clone().into(),
            network.mu.map_or(Cell::Empty, Cell::Number),
            Cell::Text(match network.ended {
                TrialEnd::Converged => String::new(),
                other => ended(other).to_owned(),
            }),
        ]
    };
    let mut rows: Vec<Row> = results
        .unimodal
        .iter()
        .map(|network| Row::plain(row(format!("{} alone", network.name), network)))
        .collect();
    rows.push(Row { apart: true, ..strong(row(format!("{} jointly", results.joint.name), &results.joint)) });
    for branch in &results.branches {
        rows.push(Row::plain(vec![
            Cell::Text(format!("branch {} by itself", branch.name)),
            Cell::Empty,
            branch.test_error.clone().into(),
            Cell::Empty,
            Cell::Text(format!("{} of {} classes lost", branch.classes_lost, setting.n_classes())),
        ]));
    }
    rows.push(Row {
        apart: true,
        ..Row::plain(vec![
            Cell::text("ensemble of those alone"),
            Cell::Empty,
            or_missing(results.ensemble.as_ref(), "not trained"),
            Cell::Empty,
            Cell::Empty,
        ])
    });
    Table {
        title: "Errors: a tie is an error".to_owned(),
        caption: vec![
            format!(
                "Test errors on {} fresh samples, Wilson intervals at 95 %. A branch is taken out of the joint \
                 network with its own logits, without retraining.",
                setting.n_test
            ),
            "In theory: alone, test error mu; jointly, a branch that lost a class errs at least 1/K."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("network"),
            Column::of("training error", Unit::Percent, Better::Lower),
            Column::of("test error", Unit::Percent, Better::Lower),
            Column::of("mu", Unit::Percent, Better::Neither),
            Column::plain(""),
        ],
        rows,
    }
}

fn classes(setting: &Setting, results: &RunResults) -> Table {
    let mut columns = vec![
        Column::plain("class"),
        Column::plain("predicted"),
        Column::of("by a factor", Unit::Ratio, Better::Neither),
        Column::plain("winner"),
        Column::of("decided at", Unit::Scientific, Better::Neither),
    ];
    for r in 0..setting.n_modalities() {
        columns.push(Column::of(&format!("Gamma {} start", r + 1), Unit::Scientific, Better::Neither));
        columns.push(Column::of(&format!("Gamma {} end", r + 1), Unit::Scientific, Better::Neither));
    }
    let rows = results
        .classes
        .iter()
        .map(|class| {
            let mut cells = vec![
                Cell::text(&class.name),
                class.predicted_winner.as_ref().map_or(Cell::Empty, Cell::text),
                class.margin.map_or(Cell::Empty, Cell::Number),
                Cell::text(&class.winner),
                class.decided_at.map_or(Cell::Empty, Cell::Number),
            ];
            for r in 0..setting.n_modalities() {
                cells.push(Cell::Number(class.gamma_initial[r]));
                cells.push(Cell::Number(class.gamma_final[r]));
            }
            Row::plain(cells)
        })
        .collect();
    Table {
        title: "Who won which class".to_owned(),
        caption: vec![
            "Gamma = the best neuron's alignment with the class's feature. A modality has learned a class when \
             Gamma reached beta; decided at: flow time of the first to do so."
                .to_owned(),
            "Predicted from the initial weights: the largest Gamma d^(1/(q-2)).".to_owned(),
        ],
        columns,
        rows,
    }
}

/// Gamma over log time: one chart for the joint network.
fn gammas(setting: &Setting, results: &RunResults) -> Option<Chart> {
    if results.curve.is_empty() {
        return None;
    }
    let mut series = Vec::new();
    for r in 0..setting.n_modalities() {
        for j in 0..setting.n_classes() {
            let points = results
                .curve
                .iter()
                .filter(|at| at.time > 0.0 && at.gamma[r][j] > 0.0)
                .map(|at| Point::at(at.time, at.gamma[r][j]))
                .collect();
            series.push(Series::new(format!("m{}, class {j}", r + 1), Role::Measured, points).in_group(r));
        }
    }
    Some(Chart::Lines(Lines {
        title: "Gamma of every class and modality in the joint network".to_owned(),
        caption: vec![
            "One line per class, one colour per modality; above beta a class is learned.".to_owned(),
        ],
        x: Axis::log10("flow time", Unit::Scientific),
        y: Axis::log10("Gamma", Unit::Scientific),
        series,
        marks: vec![ChartMark::at_y(setting.beta, "beta")],
    }))
}
