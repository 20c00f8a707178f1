//! The report on a model that was only asked.

use serde::Deserialize;
use serde_json::{Value, json};

use super::diagnosis::reading::{Number, part};
use super::diagnosis::{NotADiagnosis, is_of};
use super::{Better, Block, Cell, Column, Document, Report, Row, Table, Unit, Work};
use crate::diagnose::Cell as Quantity;
use crate::metrics::Measured;
use crate::metrics::audit::{Audit, AuditedModality, CITES};

/// The document of an audit. `data` has `name`, `n`, `classes`; `settings` has
/// `baseline`, `calls`, `rounds`, `rope` (a fraction) and whatever else was asked.
pub fn audit_document(data: Value, settings: Value, audit: &Audit) -> Document {
    let number = |measured: &Measured| json!(Quantity(measured.clone()));
    let modality = |m: &AuditedModality| {
        json!({
            "name": m.name,
            "permute_drop": number(&m.drop),
            "within_class_drop": number(&m.within_class_drop),
            "shapley": number(&m.shapley),
            "accuracy_without": number(&m.accuracy_without),
            "accuracy_alone": number(&m.accuracy_alone),
        })
    };
    let missing = |why: &String| Err(why.clone());
    let (own, additive, gap) = match &audit.interaction {
        Ok(found) => (found.accuracy.clone(), found.additive_accuracy.clone(), found.gap.clone()),
        Err(why) => (missing(why), missing(why), missing(why)),
    };
    let results = json!({
        "accuracy": number(&audit.accuracy),
        "modalities": audit.modalities.iter().map(modality).collect::<Vec<_>>(),
        "emap": {
            "accuracy": number(&own),
            "additive_accuracy": number(&additive),
            "gap": number(&gap),
        },
    });
    Document { data, citations: Work::of(CITES), ..Document::plain("blackbox", settings, results) }
}

#[derive(Deserialize)]
struct Data {
    name: String,
    n: usize,
    classes: Vec<String>,
}

#[derive(Deserialize)]
struct Settings {
    baseline: String,
    calls: u64,
    rounds: u64,
    rope: f64,
}

#[derive(Deserialize)]
struct Results {
    accuracy: Number,
    modalities: Vec<Modality>,
    emap: Emap,
}

#[derive(Deserialize)]
struct Emap {
    accuracy: Number,
    additive_accuracy: Number,
    gap: Number,
}

#[derive(Deserialize)]
struct Modality {
    name: String,
    permute_drop: Number,
    within_class_drop: Number,
    shapley: Number,
    accuracy_without: Number,
    accuracy_alone: Number,
}

/// Draws up the report of an audit: a pure function of its document.
///
/// # Errors
/// When the document is not one of an audit.
pub fn audit(document: Document) -> Result<Report, NotADiagnosis> {
    is_of(&document, &["blackbox"])?;
    let data: Data = part("data", &document, |d| &d.data)?;
    let settings: Settings = part("settings", &document, |d| &d.settings)?;
    let results: Results = part("results", &document, |d| &d.results)?;
    let about = format!(
        "{} samples, {} classes, {} modalities. The model was asked {} times.",
        data.n,
        data.classes.len(),
        results.modalities.len(),
        settings.calls
    );
    let mut blocks = vec![
        Block::Paragraph(about),
        Block::Table(table(&results, &settings)),
        Block::KeyValues(vec![
            ("accuracy".to_owned(), results.accuracy.cell(), Unit::Percent),
            ("accuracy, samples of the projection".to_owned(), results.emap.accuracy.cell(), Unit::Percent),
            (
                "their additive projection (EMAP)".to_owned(),
                results.emap.additive_accuracy.cell(),
                Unit::Percent,
            ),
            ("owed to modalities together".to_owned(), results.emap.gap.cell(), Unit::Points),
        ]),
    ];
    blocks.push(Block::Bibliography(document.citations.clone()));
    Ok(Report { title: format!("What {} makes of its modalities", data.name), blocks, document })
}

fn table(results: &Results, settings: &Settings) -> Table {
    let points = |head: &str| Column::of(head, Unit::Points, Better::Neither);
    let percent = |head: &str| Column::of(head, Unit::Percent, Better::Neither);
    let how = match settings.baseline.as_str() {
        "permute" => {
            format!("a replaced modality is that of another sample, mean over {} rounds", settings.rounds)
        }
        "mean" => "a replaced modality is its mean over all samples".to_owned(),
        _ => "a replaced modality is the value that was given for it".to_owned(),
    };
    let row = |m: &Modality| {
        Row::plain(vec![
            Cell::text(m.name.clone()),
            m.permute_drop.cell(),
            m.within_class_drop.cell(),
            m.shapley.cell(),
            m.accuracy_without.cell(),
            m.accuracy_alone.cell(),
            Cell::text(used(&m.permute_drop, settings.rope)),
        ])
    };
    Table {
        title: "What each modality is to the model".to_owned(),
        caption: vec![
            format!("drop: accuracy minus that with this one replaced; {how}"),
            "within class: the same, replaced by that of another sample of the same class: what lies in the pairing".to_owned(),
            "Shapley: mean over all orders of what it adds; all add up to accuracy minus that with everything replaced".to_owned(),
            format!(
                "barely used: the drop lies within {} points of zero; harmful: below zero. Intervals over samples",
                settings.rope * 100.0
            ),
        ],
        columns: vec![
            Column::plain("modality"),
            points("drop"),
            points("within class"),
            points("Shapley"),
            percent("without it"),
            percent("alone"),
            Column::plain(""),
        ],
        rows: results.modalities.iter().map(row).collect(),
    }
}

/// What a drop says in a word or two; nothing where its interval leaves it open.
fn used(drop: &Number, rope: f64) -> &'static str {
    match (drop.low, drop.high) {
        (_, Some(high)) if high < 0.0 => "harmful",
        (Some(low), Some(high)) if -rope <= low && high <= rope => "barely used",
        (Some(low), _) if low > rope => "used",
        _ => "",
    }
}
