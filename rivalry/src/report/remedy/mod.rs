//! The report on remedies, composed from its document alone.

mod knobs;
mod reading;
mod tables;

use self::reading::{Answer, Results, Settings};
use super::diagnosis::reading::{Data, part};
use super::diagnosis::{NotADiagnosis, about_data, is_of};
use super::{Block, Card, Document, Evidence, Report, Step, Tone};

/// Draws up the report of `remedy`: a pure function of its document.
///
/// # Errors
/// When the document is not one of `remedy`.
pub fn remedy(document: Document) -> Result<Report, NotADiagnosis> {
    is_of(&document, &["remedy"])?;
    let data: Data = part("data", &document, |d| &d.data)?;
    let settings: Settings = part("settings", &document, |d| &d.settings)?;
    let results: Results = part("results", &document, |d| &d.results)?;
    let answer: Answer = part("verdict", &document, |d| &d.verdict)?;

    let mut blocks = vec![
        Block::Paragraph(format!(
            "{} {} seed{}, {} training{} of each method.",
            about_data(&data),
            settings.seeds,
            plural(settings.seeds as usize),
            settings.n_trials,
            plural(settings.n_trials)
        )),
        Block::Table(tables::gains(&results, &settings)),
        Block::Table(tables::effects(&results, &document.provenance.run_seconds)),
    ];
    blocks.extend(tables::chart(&results).map(Block::Chart));
    blocks.extend(tables::refused(&results).map(Block::Table));
    blocks.extend(knobs::blocks(&results));
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(Block::Verdict(card(&results, &answer)));
    let notes = notes(&results, &settings, &answer, document.provenance.wall_seconds);
    if !notes.is_empty() {
        blocks.push(Block::Notes(notes));
    }
    blocks.push(Block::Provenance(provenance(&document, &settings)));
    Ok(Report { title: format!("Remedies on {}", data.name), blocks, document })
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn card(results: &Results, answer: &Answer) -> Card {
    let (name, tone) = match answer.code.as_str() {
        "gain" => ("a remedy helps", Tone::Good),
        "gain_not_chosen" => ("a remedy helps, validation prefers another row", Tone::Good),
        _ => ("the gain is within noise", Tone::Uncertain),
    };
    let plain = |text: String| Evidence { subject: String::new(), text };
    let mut evidence = Vec::new();
    if let Some(chosen) = &results.chosen {
        let near = results.remedies.iter().filter(|row| row.within_one_standard_error && !row.chosen).count();
        evidence.push(plain(format!(
            "validation chooses {chosen}; {} within one standard error of it",
            match near {
                0 => "no other row is".to_owned(),
                1 => "1 other row is".to_owned(),
                near => format!("{near} other rows are"),
            }
        )));
    }
    for name in &answer.proven {
        let Some(row) = results.remedies.iter().find(|row| row.name == *name) else { continue };
        let over = row.hardest_control.clone().unwrap_or_default();
        let gain = 100.0 * row.gain_over_controls.value.unwrap_or(0.0);
        let p = row.adjusted_p.unwrap_or(1.0);
        evidence.push(plain(format!(
            "{name}: at least {gain:.1} points over every control (closest: {over}), adjusted p {p:.3}"
        )));
    }
    let next = answer.advice.iter().filter_map(|advice| {
        let row = results.remedies.iter().find(|row| row.name == *advice && row.kind == "remedy")?;
        Some(Step {
            text: format!("train with {advice} and these settings: {}", tables::settings(row)),
            command: Some("rivalry list strategies".to_owned()),
        })
    });
    Card {
        code: answer.code.clone(),
        name: name.to_owned(),
        tone,
        statement: answer.sentence.clone(),
        evidence,
        ruled_out: Vec::new(),
        open: Vec::new(),
        next: next.collect(),
    }
}

fn notes(results: &Results, settings: &Settings, answer: &Answer, seconds: Option<f64>) -> Vec<String> {
    let mut notes = answer.notes.clone();
    // Methods that have the same thing said of them are named together.
    let mut said: Vec<(&String, Vec<&str>)> = Vec::new();
    for row in &results.remedies {
        for warning in &row.warnings {
            match said.iter_mut().find(|(text, _)| *text == warning) {
                Some((_, names)) => names.push(&row.name),
                None => said.push((warning, vec![&row.name])),
            }
        }
    }
    notes.extend(said.into_iter().map(|(text, names)| format!("{}: {text}", names.join(", "))));
    for row in results.remedies.iter().filter(|row| !row.excluded.is_empty()) {
        notes.push(format!("{}: left out of every number: {}", row.name, row.excluded.join("; ")));
    }
    if !settings.left_out.is_empty() {
        let budget = settings.budget_seconds.map_or_else(String::new, |s| format!(" of {s:.0} s"));
        let all_the_same = match (seconds, settings.budget_seconds) {
            (Some(took), Some(budget)) if took > budget => {
                format!(". It took {took:.0} s all the same; `--try a,b` tries fewer methods")
            }
            _ => String::new(),
        };
        let left_out = settings.left_out.join("; ");
        notes.push(format!("left out to keep to the budget{budget}: {left_out}{all_the_same}"));
    }
    notes
}

fn provenance(document: &Document, settings: &Settings) -> Vec<(String, String)> {
    let from = &document.provenance;
    let mut pairs =
        vec![("rivalry", from.version.clone()), ("rope", format!("{:.1} points", 100.0 * settings.rope))];
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
