//! Many trials of one setting.

use super::{in_words, or_missing, provenance, reconstruction, results, setting, strong};
use crate::lab::{RaceSummary, Setting};
use crate::report::diagnosis::NotADiagnosis;
use crate::report::{
    Axis, Better, Block, Cell, Chart, Column, Document, Lines, Point, Report, Role, Row, Series, Table, Unit,
};
use crate::stats::Estimate;

/// The report of `lab race`.
pub(super) fn report(document: &Document) -> Result<Report, NotADiagnosis> {
    let (setting, summary): (Setting, RaceSummary) = (setting(document)?, results(document)?);
    let mut blocks = vec![Block::Paragraph(in_words(&setting))];
    let missing = summary.n_not_converged;
    if missing > 0 {
        blocks.push(Block::Notes(vec![format!(
            "{missing} of {} trials did not converge and are in none of the numbers",
            summary.n_trials
        )]));
    }
    blocks.push(Block::Table(winners(&setting, &summary)));
    blocks.push(Block::Table(errors(&setting, &summary)));
    blocks.push(Block::Table(predictions(&summary)));
    blocks.push(Block::Chart(classes_won(&summary)));
    let numbers = [
        ("time to win a class", &summary.time_to_win),
        ("gradient evaluations of a joint training", &summary.gradient_evaluations),
    ];
    blocks.push(Block::KeyValues(
        numbers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), or_missing(value.as_ref(), "none"), Unit::Scientific))
            .collect(),
    ));
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(reconstruction());
    blocks.push(provenance(document));
    let title = format!("A race of {} modalities, {} trials", setting.n_modalities(), summary.n_trials);
    Ok(Report { title, blocks, document: document.clone() })
}

fn winners(setting: &Setting, summary: &RaceSummary) -> Table {
    let mut rows: Vec<Row> = (0..setting.n_modalities())
        .map(|r| {
            strong(vec![
                Cell::Text(format!("modality {} alone wins", r + 1)),
                summary.p_win[r].clone().into(),
                Cell::Number(summary.closed_form[r]),
                Cell::Number(summary.closed_form_with_margin[r]),
            ])
        })
        .collect();
    let sum: f64 = summary.closed_form.iter().sum();
    let sum_with_margin: f64 = summary.closed_form_with_margin.iter().sum();
    let rest = [
        ("undecided", &summary.undecided, Some((1.0 - sum, 1.0 - sum_with_margin))),
        ("  learned by more than one", &summary.shared, None),
        ("  learned by nobody", &summary.nobody, None),
    ];
    for (name, share, closed) in rest {
        let number = |value: Option<f64>| value.map_or(Cell::Empty, |value| Cell::Number(value.max(0.0)));
        rows.push(Row::plain(vec![
            Cell::text(name),
            share.clone().into(),
            number(closed.map(|closed| closed.0)),
            number(closed.map(|closed| closed.1)),
        ]));
    }
    Table {
        title: "Who wins a class".to_owned(),
        caption: vec![
            "Share of classes over all trials, Wilson intervals at 95 %. A modality wins a class that it alone \
             learned (Gamma >= beta)."
                .to_owned(),
            "Closed form: the winner rule at initialisation with the strengths that the data have on average; \
             with a dead zone of a factor 1.1 beside it."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("class"),
            Column::of("measured", Unit::Percent, Better::Neither),
            Column::of("closed form", Unit::Percent, Better::Neither),
            Column::of("with dead zone", Unit::Percent, Better::Neither),
        ],
        rows,
    }
}

fn errors(setting: &Setting, summary: &RaceSummary) -> Table {
    let mut rows = Vec::new();
    for (r, modality) in setting.data.modalities.iter().enumerate() {
        rows.push(Row::plain(vec![
            Cell::Text(format!("modality {} alone", r + 1)),
            or_missing(summary.unimodal_test_error.get(r), "not trained"),
            Cell::Number(modality.mu),
        ]));
    }
    let mixed: f64 =
        summary.p_win.iter().zip(&setting.data.modalities).map(|(p, modality)| p.value * modality.mu).sum();
    rows.push(Row {
        apart: true,
        ..strong(vec![
            Cell::text("joint network"),
            or_missing(summary.joint_test_error.as_ref(), "none"),
            Cell::Number(mixed),
        ])
    });
    for (r, modality) in setting.data.modalities.iter().enumerate() {
        let lost = 1.0 - summary.p_win[r].value - summary.shared.value;
        rows.push(Row::plain(vec![
            Cell::Text(format!("branch {} by itself", r + 1)),
            or_missing(summary.branch_test_error.get(r), "none"),
            Cell::Number(lost + (1.0 - lost) * modality.mu),
        ]));
    }
    rows.push(Row {
        apart: true,
        ..Row::plain(vec![
            Cell::text("ensemble of those alone"),
            or_missing(summary.ensemble_test_error.as_ref(), "not trained"),
            Cell::Empty,
        ])
    });
    rows.push(Row::plain(vec![
        Cell::text("joint minus best alone"),
        or_missing(summary.joint_minus_best.as_ref(), "not trained"),
        Cell::Empty,
    ]));
    Table {
        title: "Test errors".to_owned(),
        caption: vec![
            "Means over trials, Student intervals at 95 %. In theory: mu alone; jointly the share won by each \
             modality times its mu (a limit; our reconstruction); a branch errs on all of its lost classes and \
             on mu of the others."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("network"),
            Column::of("test error", Unit::Percent, Better::Lower),
            Column::of("in theory", Unit::Percent, Better::Neither),
        ],
        rows,
    }
}

fn predictions(summary: &RaceSummary) -> Table {
    let mut rows: Vec<Row> = summary
        .predicted_right_by_margin
        .iter()
        .map(|by| {
            let range = match by.to {
                Some(to) => format!("{} to {to}", by.from),
                None => format!("{} or more", by.from),
            };
            Row::plain(vec![Cell::Text(range), or_missing(by.right.as_ref(), "no class")])
        })
        .collect();
    rows.push(Row {
        apart: true,
        ..strong(vec![
            Cell::text("outside the dead zone, 1.1 or more"),
            or_missing(summary.predicted_right.as_ref(), "no class"),
        ])
    });
    Table {
        title: "Winners predicted from the initial weights".to_owned(),
        caption: vec![
            "By the ratio of the two best scores Gamma d^(1/(q-2)); classes with one winner.".to_owned(),
        ],
        columns: vec![Column::plain("ratio"), Column::of("right", Unit::Percent, Better::Higher)],
        rows,
    }
}

fn classes_won(summary: &RaceSummary) -> Chart {
    let measured = |at: &(usize, Estimate)| Point::of(at.0 as f64, &at.1);
    let shares: Vec<(usize, Estimate)> =
        summary.classes_won.iter().map(|won| (won.count, won.share.clone())).collect();
    let law = summary.classes_won.iter().map(|won| Point::at(won.count as f64, won.binomial)).collect();
    Chart::Lines(Lines {
        title: "Classes that modality 1 won".to_owned(),
        caption: vec!["Share of trials, beside Binomial(K, p) with the measured p.".to_owned()],
        x: Axis::linear("classes won", Unit::None),
        y: Axis::linear("share of trials", Unit::Percent),
        series: vec![
            Series::new("measured", Role::Measured, shares.iter().map(measured).collect()),
            Series::new("binomial", Role::Predicted, law),
        ],
        marks: Vec::new(),
    })
}
