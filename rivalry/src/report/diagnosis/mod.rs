//! The report of a diagnosis, composed from its document alone: whatever the
//! report shows is in the JSON, and a kept document is drawn like a fresh one.

mod charts;
pub(super) mod reading;
pub(super) mod tables;

use self::reading::{Alternative, Data, Results, Settings, Split, Training, Verdict, part};
use super::{Block, Card, Cell, Document, Equation, Evidence, Report, Schema, Step, Term, Tone, Unit};

/// Which classes the report lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassesShown {
    /// Every class.
    All,
    /// So many of the largest changes in either direction.
    Top(usize),
}

/// Why a document is not drawn as a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADiagnosis {
    /// The document is of another program or of a later version.
    #[error(
        "schema `{name}` version {version}; this program reads `rivalry` up to version {}",
        Schema::VERSION
    )]
    Schema {
        /// The schema's name.
        name: String,
        /// Its version.
        version: u32,
    },
    /// The document is of another command.
    #[error("a document of `{0}`, not of `diagnose`")]
    Command(String),
    /// A part of the document has another shape than it should.
    #[error("`{part}` has not the shape of a diagnosis: {why}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What does not fit.
        why: String,
    },
}

impl NotADiagnosis {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Schema { .. } => "use the program that wrote it, or a newer one",
            Self::Command(_) => {
                "name a folder that `rivalry diagnose` wrote with `--out`, or its `report.json`"
            }
            Self::Part { .. } => "the file was changed by hand or is not complete; run the diagnosis again",
        }
    }
}

/// Whether a document is of this program, of a version that it reads, and of one
/// of these commands.
pub(super) fn is_of(document: &Document, commands: &[&str]) -> Result<(), NotADiagnosis> {
    let schema = &document.schema;
    if !schema.is_readable() {
        return Err(NotADiagnosis::Schema { name: schema.name.clone(), version: schema.version });
    }
    if !commands.contains(&document.command.as_str()) {
        return Err(NotADiagnosis::Command(document.command.clone()));
    }
    Ok(())
}

/// Draws up the report of a diagnosis: a pure function of its document.
pub fn diagnosis(document: Document, classes: ClassesShown) -> Result<Report, NotADiagnosis> {
    is_of(&document, &["diagnose"])?;
    let data: Data = part("data", &document, |d| &d.data)?;
    let settings: Settings = part("settings", &document, |d| &d.settings)?;
    let results: Results = part("results", &document, |d| &d.results)?;
    let verdict: Verdict = part("verdict", &document, |d| &d.verdict)?;

    let mut blocks = vec![Block::Paragraph(about(&data, &settings))];
    let n_tested = data.n_tested();
    if (n_tested as f64) < settings.thresholds.few_samples {
        let points = 100.0 / n_tested as f64;
        blocks.push(Block::Notes(vec![format!(
            "n = {n_tested} tested samples, no more: one of them is {points:.1} points of accuracy"
        )]));
    }
    blocks.push(Block::Table(tables::models(&results, &data, &settings)));
    blocks.extend(charts::models(&results).map(Block::Chart));
    blocks.push(decomposition(&results));
    blocks.push(Block::KeyValues(vec![(
        "headroom: ensemble minus joint".to_owned(),
        results.headroom.cell(),
        Unit::Points,
    )]));
    blocks.push(Block::Table(tables::modalities(&results)));
    blocks.extend(charts::deficits(&results).into_iter().chain(charts::usage(&results)).map(Block::Chart));
    blocks.extend(tables::classes(&results, classes, None).map(Block::Table));
    blocks.extend(tables::association(&results));
    let of_classes = charts::class_changes(&results).into_iter().chain(charts::winners(&results));
    blocks.extend(of_classes.map(Block::Chart));
    let over_epochs: Vec<_> =
        charts::learning(&results).into_iter().chain(charts::meters(&results)).collect();
    if !over_epochs.is_empty() {
        blocks.push(Block::Heading("How the networks learned".to_owned()));
        blocks.extend(over_epochs.into_iter().map(Block::Chart));
    }
    // The verdict comes last but for small print: on a terminal it is what stays
    // in sight.
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(Block::Verdict(card(&verdict)));
    let notes = notes(&verdict, &settings);
    if !notes.is_empty() {
        blocks.push(Block::Notes(notes));
    }
    blocks.push(Block::Provenance(provenance(&document, &settings)));
    Ok(Report { title: format!("Diagnosis of {}", data.name), blocks, document })
}

fn about(data: &Data, settings: &Settings) -> String {
    format!("{} {} seeds, {} trainings.", about_data(data), settings.seeds, settings.n_runs)
}

/// What the data are and how they are divided.
pub(super) fn about_data(data: &Data) -> String {
    let modalities: Vec<String> =
        data.modalities.iter().map(|modality| format!("{} {}", modality.name, modality.dim)).collect();
    format!(
        "{} samples, {} classes, {} modalities ({}). Split: {}.",
        data.n,
        data.classes.len(),
        data.modalities.len(),
        modalities.join(", "),
        split_in_words(&data.split, data.groups.is_some()),
    )
}

/// How the samples are divided.
fn split_in_words(split: &Split, grouped: bool) -> String {
    let by = if grouped { "whole groups, stratified by class" } else { "stratified by class" };
    match split.kind.as_str() {
        "given" => {
            let valid = split.n_valid.map_or_else(String::new, |n| format!(", {n} to select on"));
            format!("given, {} to train{valid}, {} to test", split.n_train, split.n_test)
        }
        "hold-out" => format!("hold-out, {by}, {} to test, drawn anew per seed", split.n_test),
        "given folds" => format!("{} given folds, every sample is tested once per seed", split.n_folds),
        _ => format!(
            "{} folds, {by}, dealt anew per seed, every sample is tested once each time",
            split.n_folds
        ),
    }
}

fn decomposition(results: &Results) -> Block {
    let term = |name: &str, number: &reading::Number| Term { name: name.to_owned(), cell: number.cell() };
    let define = |name: &str, quantity: &str| {
        let found = results.definitions.get(quantity)?;
        Some(format!("{name}: {}", found.definition))
    };
    let meaning = [
        define("gap", "gap"),
        define("encoder effect", "encoder_effect"),
        define("fusion effect", "fusion_effect"),
    ];
    Block::Equation(Equation {
        left: term("gap", &results.gap),
        right: vec![
            term("encoder effect", &results.encoder_effect),
            term("fusion effect", &results.fusion_effect),
        ],
        unit: Unit::Points,
        meaning: meaning.into_iter().flatten().collect(),
    })
}

pub(super) fn card(verdict: &Verdict) -> Card {
    let code = verdict.variant.clone().unwrap_or_else(|| verdict.code.clone());
    let tone = match code.as_str() {
        _ if verdict.code == "V1" || verdict.code == "V4" => Tone::Good,
        "V0b" => Tone::Bad,
        _ if verdict.code == "V0" || !verdict.settled => Tone::Uncertain,
        _ => Tone::Bad,
    };
    let reason = |other: &Alternative| Evidence {
        subject: format!("{} {}", other.code, other.name),
        text: other.because.clone(),
    };
    let plain = |text: &String| Evidence { subject: String::new(), text: text.clone() };
    Card {
        code,
        name: verdict.name.clone(),
        tone,
        statement: verdict.sentence.clone(),
        evidence: verdict.evidence.iter().map(plain).collect(),
        ruled_out: verdict.ruled_out.iter().map(reason).collect(),
        open: verdict.runner_up.iter().map(reason).collect(),
        next: verdict.next.iter().map(|text| Step { text: text.clone(), command: None }).collect(),
    }
}

fn notes(verdict: &Verdict, settings: &Settings) -> Vec<String> {
    let mut notes = verdict.notes.clone();
    if !settings.left_out.is_empty() {
        let budget = settings.budget_seconds.map_or_else(String::new, |s| format!(" of {s:.0} s"));
        notes.push(format!("left out to keep to the budget{budget}: {}", settings.left_out.join("; ")));
    }
    notes
}

fn provenance(document: &Document, settings: &Settings) -> Vec<(String, String)> {
    let from = &document.provenance;
    let Training { encoder, solver, schedule, epochs, batch, patience } = &settings.training;
    let or_default = |value: &Option<u32>| value.map_or("by size".to_owned(), |value| value.to_string());
    let mut pairs: Vec<(&str, String)> = vec![
        ("rivalry", from.version.clone()),
        ("encoder", chosen(encoder)),
        ("solver", chosen(solver)),
        ("schedule", chosen(schedule)),
        ("epochs", or_default(epochs)),
        ("batch", batch.to_string()),
        ("patience", or_default(patience)),
        ("rope", format!("{:.1} points", 100.0 * settings.thresholds.rope)),
    ];
    if let Some(seed) = from.seed {
        pairs.push(("first seed", seed.to_string()));
    }
    if let Some(threads) = from.threads {
        pairs.push(("threads", threads.to_string()));
    }
    if let Some(seconds) = from.wall_seconds {
        pairs.push(("wall time", format!("{seconds:.1} s")));
    }
    if let Some(fingerprint) = document.data["fingerprint"].as_str() {
        pairs.push(("data", fingerprint.chars().take(12).collect()));
    }
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A kind with the knobs that were set.
fn chosen(kind: &reading::Kind) -> String {
    if kind.set.is_empty() {
        return kind.name.clone();
    }
    let set: Vec<String> = kind
        .set
        .iter()
        .map(|(knob, value)| format!("{knob}={}", value.to_string().trim_matches('"')))
        .collect();
    format!("{} ({})", kind.name, set.join(", "))
}

/// A cell of a quantity that is counted in classes.
fn classes_won(cell: Cell, n_classes: usize) -> Cell {
    match cell {
        Cell::Estimate(estimate) => Cell::Text(format!("{:.1} of {n_classes}", estimate.value)),
        other => other,
    }
}
