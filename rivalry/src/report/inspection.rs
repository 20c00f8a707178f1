//! The report on a data set before anything is trained on it.

use serde_json::{Value, json};

use super::{Better, Block, Cell, Column, Document, Provenance, Report, Row, Schema, Table, Unit};
use crate::data::Description;

/// Classes beyond this many are summed up in one row.
const CLASSES_SHOWN: usize = 30;

/// What is known of a data set before training.
pub fn inspection(of: &Description) -> Report {
    let mut blocks =
        vec![Block::KeyValues(overview(of)), Block::Table(modalities(of)), Block::Table(classes(of))];
    if !of.notes.is_empty() {
        blocks.push(Block::Notes(of.notes.clone()));
    }
    let document = Document {
        schema: Schema::current(),
        command: "data inspect".to_owned(),
        data: data_summary(of),
        settings: json!({}),
        results: json!(of),
        verdict: Value::Null,
        citations: Vec::new(),
        provenance: Provenance::plain(),
    };
    Report { title: format!("{}: {} samples", of.name, of.n_samples), blocks, document }
}

/// The `data` part of every document.
pub fn data_summary(of: &Description) -> Value {
    json!({
        "name": of.name,
        "fingerprint": of.fingerprint,
        "n": of.n_samples,
        "classes": of.classes.iter().map(|class| &class.name).collect::<Vec<_>>(),
        "modalities": of
            .modalities
            .iter()
            .map(|modality| json!({ "name": modality.name, "dim": modality.dim }))
            .collect::<Vec<_>>(),
        "groups": of.groups.as_ref().map(|groups| groups.n),
        "split": of.split,
    })
}

/// How the samples are divided, in words.
pub(super) fn split_in_words(of: &Description) -> String {
    let split = &of.split;
    let by = if of.groups.is_some() { "whole groups, stratified by class" } else { "stratified by class" };
    match split.kind {
        "given" => {
            let valid = split.n_valid.map_or_else(String::new, |n| format!(", {n} to select on"));
            format!("given: {} to train{valid}, {} to test", split.n_train, split.n_test)
        }
        "hold-out" => {
            format!(
                "hold-out, {by}: {} to train, {} to test, drawn anew per seed",
                split.n_train, split.n_test
            )
        }
        "given folds" => format!("{} given folds; every sample is tested once per seed", split.n_folds),
        _ => format!("{} folds, {by}, dealt anew per seed", split.n_folds),
    }
}

fn overview(of: &Description) -> Vec<(String, Cell, Unit)> {
    let mut pairs = vec![
        ("samples".to_owned(), Cell::count(of.n_samples), Unit::None),
        ("classes".to_owned(), Cell::count(of.classes.len()), Unit::None),
        ("modalities".to_owned(), Cell::count(of.modalities.len()), Unit::None),
    ];
    if let Some(groups) = &of.groups {
        let text = format!("{}, of {} to {} samples", groups.n, groups.smallest, groups.largest);
        pairs.push(("groups".to_owned(), Cell::Text(text), Unit::None));
    }
    pairs.push(("split".to_owned(), Cell::Text(split_in_words(of)), Unit::None));
    pairs.push(("fingerprint".to_owned(), Cell::Text(of.fingerprint.to_string()), Unit::None));
    pairs
}

fn modalities(of: &Description) -> Table {
    Table {
        title: "Modalities".to_owned(),
        caption: Vec::new(),
        columns: vec![
            Column::plain("modality"),
            Column::plain("features"),
            Column::plain("constant"),
            Column::of("zeros", Unit::Percent, Better::Neither),
            Column::of("lowest", Unit::Scientific, Better::Neither),
            Column::of("highest", Unit::Scientific, Better::Neither),
            Column::plain("type"),
        ],
        rows: of
            .modalities
            .iter()
            .map(|modality| {
                Row::plain(vec![
                    Cell::text(&modality.name),
                    Cell::count(modality.dim),
                    Cell::count(modality.constant.len()),
                    Cell::Number(modality.zeros),
                    Cell::Number(modality.low),
                    Cell::Number(modality.high),
                    Cell::text(modality.dtype),
                ])
            })
            .collect(),
    }
}

fn classes(of: &Description) -> Table {
    let mut rows: Vec<Row> = of
        .classes
        .iter()
        .take(CLASSES_SHOWN)
        .map(|class| {
            Row::plain(vec![
                Cell::text(&class.name),
                Cell::count(class.n),
                Cell::Number(class.n as f64 / of.n_samples as f64),
                Cell::count(class.n_train),
                Cell::count(class.n_test),
            ])
        })
        .collect();
    if let Some(rest) = of.classes.get(CLASSES_SHOWN..).filter(|rest| !rest.is_empty()) {
        let sum = |count: fn(&crate::data::ClassDescription) -> usize| rest.iter().map(count).sum::<usize>();
        let n = sum(|class| class.n);
        rows.push(Row {
            apart: true,
            ..Row::plain(vec![
                Cell::Text(format!("{} more", rest.len())),
                Cell::count(n),
                Cell::Number(n as f64 / of.n_samples as f64),
                Cell::count(sum(|class| class.n_train)),
                Cell::count(sum(|class| class.n_test)),
            ])
        });
    }
    Table {
        title: "Classes".to_owned(),
        caption: vec!["Train and test samples of the first seed (and fold).".to_owned()],
        columns: vec![
            Column::plain("class"),
            Column::plain("samples"),
            Column::of("share", Unit::Percent, Better::Neither),
            Column::plain("train"),
            Column::plain("test"),
        ],
        rows,
    }
}
