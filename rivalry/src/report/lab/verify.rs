//! Every claim of the theory with its prediction, measurement and outcome.

use super::{provenance, reconstruction, results};
use crate::lab::{ClaimResult, VerifyResults};
use crate::report::diagnosis::NotADiagnosis;
use crate::report::{
    Better, Block, Card, Cell, Column, DataCell, DataTable, Document, Emphasis, Evidence, Mark, Report, Row,
    Table, Tone, Unit,
};
use crate::stats::Estimate;

/// The report of `lab verify`.
pub(super) fn report(document: &Document) -> Result<Report, NotADiagnosis> {
    let results: VerifyResults = results(document)?;
    let failed: Vec<&ClaimResult> = results.claims.iter().filter(|claim| !claim.passed).collect();
    let n_passed = results.claims.len() - failed.len();
    let mut blocks = vec![
        Block::Paragraph(format!(
            "{} lines, {} trials. Every rule was written down before anything was measured.",
            results.claims.len(),
            results.n_trials
        )),
        Block::Table(table(&results)),
    ];
    blocks.extend(remedies(&results).map(Block::Table));
    blocks.extend([
        Block::Data(data(&results)),
        Block::Bibliography(document.citations.clone()),
        reconstruction(),
    ]);
    blocks.push(Block::Verdict(Card {
        code: format!("{n_passed}/{}", results.claims.len()),
        name: "claims hold".to_owned(),
        tone: if failed.is_empty() { Tone::Good } else { Tone::Bad },
        statement: if failed.is_empty() {
            "Every claim holds by its rule.".to_owned()
        } else {
            format!("{} of {} lines fail by their rule.", failed.len(), results.claims.len())
        },
        evidence: Vec::new(),
        ruled_out: failed
            .iter()
            .map(|claim| Evidence {
                subject: claim.id.clone(),
                text: format!("{}; the rule: {}", claim.what, claim.rule),
            })
            .collect(),
        open: Vec::new(),
        next: Vec::new(),
    }));
    blocks.push(provenance(document));
    Ok(Report { title: "The theory, claim by claim".to_owned(), blocks, document: document.clone() })
}

fn table(results: &VerifyResults) -> Table {
    let mut rows = Vec::new();
    let mut last = "";
    for claim in &results.claims {
        let stem = claim.id.split('.').next().unwrap_or(&claim.id);
        if stem != last {
            let by = if claim.quoted { "quoted" } else { "ours" };
            rows.push(Row {
                cells: vec![
                    Cell::Text(format!("{stem}: {} [{by}]", claim.statement)),
                    Cell::Empty,
                    Cell::Empty,
                    Cell::Empty,
                ],
                emphasis: Emphasis::Strong,
                apart: !last.is_empty(),
            });
        }
        rows.push(Row::plain(vec![
            Cell::Text(format!("  {}", claim.what)),
            Cell::text(&claim.prediction),
            claim
                .measurement
                .clone()
                .map_or_else(|| Cell::Missing("no trial allowed it".to_owned()), Cell::Estimate),
            Cell::Mark(if claim.passed { Mark::Good } else { Mark::Bad }),
        ]));
        last = stem;
    }
    Table {
        title: "Claims".to_owned(),
        caption: vec![
            "Measured with 95 % intervals. The rules are in the JSON and in docs/lab.md. A claim that fails at \
             finite size is a finding, and the exit status says so."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("claim"),
            Column::plain("prediction"),
            Column::of("measured", Unit::Scientific, Better::Neither),
            Column::plain(""),
        ],
        rows,
    }
}

/// Which remedy restores the losing modality; none where it was not tried.
fn remedies(results: &VerifyResults) -> Option<Table> {
    let n_modalities = results.remedies.first()?.p_win.len();
    let percent = |name: String, better| Column::of(&name, Unit::Percent, better);
    let mut columns = vec![Column::plain("strategy")];
    columns.extend((1..=n_modalities).map(|r| percent(format!("{r} alone"), Better::Lower)));
    columns.push(percent("shared".to_owned(), Better::Higher));
    columns.extend((1..=n_modalities).map(|r| percent(format!("branch {r}"), Better::Lower)));
    columns.push(percent("joint".to_owned(), Better::Lower));
    let rows = results.remedies.iter().map(|remedy| {
        let estimate = |estimate: &Estimate| Cell::Estimate(estimate.clone());
        let mut cells = vec![Cell::text(&remedy.name)];
        cells.extend(remedy.p_win.iter().map(estimate));
        cells.push(estimate(&remedy.shared));
        cells.extend(remedy.branch_test_error.iter().map(estimate));
        cells.push(remedy.joint_test_error.as_ref().map_or(Cell::Empty, estimate));
        Row::plain(cells)
    });
    Some(Table {
        title: "Which remedy restores the losing modality".to_owned(),
        caption: vec![
            "Shares of classes that one modality alone learned, and that all share; test errors of each branch of \
             the joint network and of the whole."
                .to_owned(),
        ],
        columns,
        rows: rows.collect(),
    })
}

fn data(results: &VerifyResults) -> DataTable {
    let mut columns = vec!["id".to_owned(), "what".to_owned(), "predicted".to_owned()];
    columns.extend(DataTable::OF_ESTIMATE.map(str::to_owned));
    columns.push("passed".to_owned());
    let rows = results
        .claims
        .iter()
        .map(|claim| {
            let mut row = vec![
                claim.id.as_str().into(),
                claim.what.as_str().into(),
                claim.predicted.map_or(DataCell::Empty, DataCell::Number),
            ];
            match &claim.measurement {
                Some(estimate) => row.extend(DataCell::of_estimate(estimate)),
                None => row.extend((0..DataTable::OF_ESTIMATE.len()).map(|_| DataCell::Empty)),
            }
            row.push(if claim.passed { "yes" } else { "no" }.into());
            row
        })
        .collect();
    DataTable { name: "claims".to_owned(), columns, rows }
}
