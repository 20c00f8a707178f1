//! The reports on models trained elsewhere: `compare` and `classes`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::diagnosis::reading::{Model, Number, Quantity, Results, Verdict, part};
use super::diagnosis::{ClassesShown, NotADiagnosis, card, is_of, tables};
use super::{Better, Block, Cell, Column, Document, Emphasis, Report, Row, Table, Unit};

#[derive(Deserialize)]
struct Data {
    name: String,
    n: usize,
    classes: Vec<String>,
    groups: Option<usize>,
}

#[derive(Deserialize)]
struct Settings {
    trainings: usize,
    rope: f64,
    /// What each model was read from and taken as, in sentences.
    inputs: Vec<String>,
    /// The files of `--a` and `--b` of `classes`.
    #[serde(default)]
    a: Vec<String>,
    #[serde(default)]
    b: Vec<String>,
}

/// What `classes` calls the model whose changes it shows: its option.
const FIRST: &str = "a";

/// What `compare` and `classes` add to the results of a diagnosis.
#[derive(Deserialize)]
struct Selection {
    worst_classes: Option<Number>,
    worst_classes_null: Option<Number>,
    worst_classes_p: Option<Number>,
    best_classes: Option<Number>,
    best_classes_null: Option<Number>,
    best_classes_p: Option<Number>,
    #[serde(default)]
    tests: BTreeMap<String, Number>,
}

/// Draws up the report of a comparison: a pure function of its document.
///
/// # Errors
/// When the document is not one of `compare` or `classes`.
pub fn comparison(document: Document, shown: ClassesShown) -> Result<Report, NotADiagnosis> {
    is_of(&document, &["compare", "classes"])?;
    let by_class = document.command == "classes";
    let data: Data = part("data", &document, |d| &d.data)?;
    let settings: Settings = part("settings", &document, |d| &d.settings)?;
    let results: Results = part("results", &document, |d| &d.results)?;
    let selection: Selection = part("results", &document, |d| &d.results)?;
    let mut blocks = vec![Block::Paragraph(about(&data, &settings))];
    if by_class {
        let (a, b) = (settings.a.join(", "), settings.b.join(", "));
        blocks.push(Block::Paragraph(format!("a: {a}; b: {b}.")));
        blocks.push(Block::Table(totals(&results)));
    } else {
        blocks.push(Block::Table(models(&results, &document)?));
        blocks.push(Block::KeyValues(differences(&results, &selection)));
    }
    let bands = selected(&selection, results.classes.len());
    let table = tables::classes(&results, shown, by_class.then_some(FIRST));
    if by_class || bands.iter().any(|(_, p)| *p) || data.classes.len() > 2 {
        if !bands.is_empty() {
            blocks.push(Block::Table(selection_table(bands, &selection, results.classes.len())));
        }
        blocks.extend(table.map(Block::Table));
        blocks.extend(tables::association(&results));
    }
    blocks.push(Block::Bibliography(document.citations.clone()));
    let title = if by_class {
        format!("Classes of {}", data.name)
    } else {
        let verdict: Verdict = part("verdict", &document, |d| &d.verdict)?;
        blocks.push(Block::Verdict(card(&verdict)));
        if !verdict.notes.is_empty() {
            blocks.push(Block::Notes(verdict.notes.clone()));
        }
        format!("Comparison on {}", data.name)
    };
    let mut small: Vec<(String, String)> = vec![
        ("rivalry".to_owned(), document.provenance.version.clone()),
        ("rope".to_owned(), format!("{} points", 100.0 * settings.rope)),
    ];
    if let Some(seconds) = document.provenance.wall_seconds {
        small.push(("wall time".to_owned(), format!("{seconds:.2} s")));
    }
    blocks.push(Block::Notes(settings.inputs));
    blocks.push(Block::Provenance(small));
    Ok(Report { title, blocks, document })
}

fn about(data: &Data, settings: &Settings) -> String {
    let groups = data.groups.map_or_else(String::new, |n| format!(" in {n} groups, resampled as wholes"));
    let trainings = match settings.trainings {
        1 => "one training of each model: the spread between trainings is in no interval".to_owned(),
        n => format!("{n} trainings of each model, paired in the order given"),
    };
    format!("{} samples{groups}, {} classes; {trainings}.", data.n, data.classes.len())
}

/// What to call a model: the joint network, or the first of two, by its option.
fn name(model: &Model, joint: &str) -> String {
    if model.kind == "joint" && model.strategy == "naive" { joint.to_owned() } else { model.name.clone() }
}

fn models(results: &Results, document: &Document) -> Result<Table, NotADiagnosis> {
    let more: More = part("results", document, |d| &d.results)?;
    let possible = [
        ("balanced_accuracy", "balanced accuracy", Unit::Percent),
        ("macro_f1", "macro-F1", Unit::Percent),
        ("auc", "AUC", Unit::Percent),
    ];
    let optional: Vec<_> = possible
        .into_iter()
        .filter(|(quantity, ..)| more.models.iter().any(|of| of.0.get(*quantity).and_then(number).is_some()))
        .collect();
    let mut columns = vec![
        Column::plain("model"),
        Column::of("accuracy", Unit::Percent, Better::Higher),
        Column::of("vs best alone", Unit::Points, Better::Higher),
        Column::of("P(worse)", Unit::Probability, Better::Neither),
        Column::of("P(same)", Unit::Probability, Better::Neither),
        Column::of("P(better)", Unit::Probability, Better::Neither),
    ];
    columns.extend(optional.iter().map(|(_, head, unit)| Column::of(head, *unit, Better::Higher)));
    let shown = |model: &Model| model.strategy != "ensemble-tempered" || model.accuracy.value.is_some();
    let rows = results.models.iter().zip(&more.models).filter(|(model, _)| shown(model));
    let rows = rows.map(|(model, more)| {
        let is_best = model.kind == "unimodal" && results.best_unimodal.as_ref() == Some(&model.name);
        let is_joint = model.kind == "joint";
        let mut cells = vec![
            Cell::text(name(model, "joint")),
            model.accuracy.cell(),
            if is_best { Cell::text("best alone") } else { model.drop_vs_best_unimodal.cell() },
        ];
        let probability =
            |quantity: &str| more.0.get(quantity).and_then(number).map_or(Cell::Empty, Cell::Number);
        cells.extend(["p_worse", "p_same", "p_better"].map(probability));
        cells.extend(optional.iter().map(|(quantity, ..)| more.cell(quantity)));
        let emphasis = if is_best || is_joint { Emphasis::Strong } else { Emphasis::Plain };
        Row { cells, emphasis, apart: false }
    });
    let rows = rows.collect();
    let defined = |quantity: &str| results.definitions.get(quantity).map(|d: &Quantity| d.definition.clone());
    let mut caption = Vec::new();
    if let Some(first) = results.models.first() {
        let level = first.accuracy.level.unwrap_or(0.95);
        caption.push(format!("Intervals at level {level}: {}.", first.accuracy.method));
    }
    caption.push(
        "P(worse), P(same), P(better): where the difference to the best model alone lies against the region of \
         practical equivalence."
            .to_owned(),
    );
    caption.extend(optional.iter().filter_map(|(q, head, _)| Some(format!("{head}: {}", defined(q)?))));
    Ok(Table { title: "Models on the same samples".to_owned(), caption, columns, rows })
}

/// The models' further quantities.
#[derive(Deserialize)]
struct More {
    models: Vec<Quantities>,
}

#[derive(Deserialize)]
struct Quantities(BTreeMap<String, serde_json::Value>);

impl Quantities {
    fn cell(&self, quantity: &str) -> Cell {
        match self.0.get(quantity).map(Number::deserialize) {
            Some(Ok(number)) => number.cell(),
            _ => Cell::Missing("scores of every class are needed".to_owned()),
        }
    }
}

fn number(value: &serde_json::Value) -> Option<f64> {
    value.get("value").and_then(serde_json::Value::as_f64)
}

/// The two models of `classes`.
fn totals(results: &Results) -> Table {
    let rows = results.models.iter().filter(|model| model.accuracy.value.is_some());
    let rows = rows.map(|model| Row::plain(vec![Cell::text(name(model, FIRST)), model.accuracy.cell()]));
    let rows = rows.collect();
    Table {
        title: "Accuracy on all classes".to_owned(),
        caption: Vec::new(),
        columns: vec![Column::plain("model"), Column::of("accuracy", Unit::Percent, Better::Higher)],
        rows,
    }
}

fn differences(results: &Results, selection: &Selection) -> Vec<(String, Cell, Unit)> {
    let best = results.best_unimodal.as_deref().unwrap_or("best alone");
    let mut lines = vec![
        (format!("gap: joint minus {best} alone"), results.gap.cell(), Unit::Points),
        ("headroom: ensemble minus joint".to_owned(), results.headroom.cell(), Unit::Points),
    ];
    let asked = [
        ("mcnemar_exact_p", "McNemar, exact p of the gap", Unit::Probability),
        ("mcnemar_midp", "McNemar, mid-p of the gap", Unit::Probability),
        ("sign_flip_p", "sign flips over trainings, p of the gap", Unit::Probability),
        ("discordance", "rows on which exactly one of the two is right", Unit::Percent),
        ("detectable_difference", "smallest difference these data show (80 % power)", Unit::Points),
        ("samples_needed", "samples that would show the region of equivalence", Unit::None),
    ];
    for (quantity, words, unit) in asked {
        let found = selection.tests.get(quantity);
        if let Some(value) = found.and_then(|number| number.value) {
            lines.push((words.to_owned(), Cell::Number(value), unit));
        }
    }
    lines
}

/// The two ends of the ranking with the reader's question about them.
fn selected(selection: &Selection, n_classes: usize) -> Vec<(&'static str, bool)> {
    let significant = |p: &Option<Number>| p.as_ref().and_then(|p| p.value).is_some_and(|p| p < 0.05);
    if n_classes < 4 || selection.worst_classes.is_none() {
        return Vec::new();
    }
    vec![("worst", significant(&selection.worst_classes_p)), ("best", significant(&selection.best_classes_p))]
}

fn selection_table(bands: Vec<(&'static str, bool)>, selection: &Selection, n_classes: usize) -> Table {
    let cell = |number: &Option<Number>| number.as_ref().map_or(Cell::Empty, Number::cell);
    let rows = bands.into_iter().map(|(end, beyond)| {
        let (observed, expected, p) = if end == "worst" {
            (&selection.worst_classes, &selection.worst_classes_null, &selection.worst_classes_p)
        } else {
            (&selection.best_classes, &selection.best_classes_null, &selection.best_classes_p)
        };
        let said = if beyond { "more than selection" } else { "no more than selection" };
        Row::plain(vec![
            Cell::text(format!("{end} classes, mean")),
            observed.as_ref().and_then(|n| n.value).map_or(Cell::Empty, Cell::Number),
            cell(expected),
            p.as_ref().and_then(|n| n.value).map_or(Cell::Empty, Cell::Number),
            Cell::text(said),
        ])
    });
    let rows = rows.collect();
    Table {
        title: "The largest changes against selection alone".to_owned(),
        caption: vec![format!(
            "Of {n_classes} classes the ones that changed most each way, up to ten but at most half; \"selection alone\": \
             the same with the two models swapped at random within samples, mean and 95 % range."
        )],
        columns: vec![
            Column::plain(""),
            Column::of("change", Unit::Points, Better::Higher),
            Column::of("selection alone", Unit::Points, Better::Neither),
            Column::of("p", Unit::Probability, Better::Neither),
            Column::plain(""),
        ],
        rows,
    }
}
