//! The report on somebody's training, from its log.

use serde_json::json;

use super::{
    Axis, Better, Block, Card, Cell, Chart, ChartMark, Column, Document, Evidence, Lines, Point, Report,
    Role, Row, Scale, Series, Side, Step, Table, Tone, Unit,
};
use crate::formats::training_log::TrainingLog;
use crate::metrics::{EpochReading, ModalityStory, Watched};

use super::diagnosis::reading::part;
use super::diagnosis::{NotADiagnosis, is_of};

/// Epochs listed before the middle is thinned.
const SHOWN: usize = 20;

/// The document of a watched log.
pub fn monitor_document(name: &str, log: &TrainingLog, split: Option<&str>, watched: &Watched) -> Document {
    let settings = json!({ "log": name, "split": split, "splits": log.splits });
    let mut document = Document::plain("monitor", settings, json!(watched));
    document.data = json!({
        "name": name,
        "n": log.epochs.iter().map(|e| e.labels.len()).max(),
        "n_classes": log.n_classes,
        "modalities": log.modalities.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
    });
    document
}

/// Draws up the report on a log: a pure function of its document.
///
/// # Errors
/// When the document is not one of `monitor`.
pub fn monitor(document: Document) -> Result<Report, NotADiagnosis> {
    is_of(&document, &["monitor"])?;
    let watched: Watched = part("results", &document, |d| &d.results)?;
    let watched = &watched;
    let n_modalities = watched.modalities.len();
    if watched.epochs.iter().any(|e| e.modalities.len() != n_modalities) {
        let why = "an epoch has another number of modalities".to_owned();
        return Err(NotADiagnosis::Part { part: "results", why });
    }
    let name = document.data["name"].as_str().unwrap_or_default().to_owned();
    let mut blocks = vec![
        Block::Table(epochs(watched)),
        Block::Chart(Chart::Lines(curves(
            watched,
            "Residual ratio of each modality",
            Unit::Ratio,
            &|e, r| e.modalities[r].residual_ratio.as_ref(),
        ))),
        Block::Chart(Chart::Lines(curves(
            watched,
            "Accuracy of each modality's branch",
            Unit::Percent,
            &|e, r| e.modalities[r].accuracy.as_ref(),
        ))),
    ];
    blocks.retain(|block| !matches!(block, Block::Chart(Chart::Lines(lines)) if lines.series.is_empty()));
    blocks.push(Block::Verdict(card(watched)));
    Ok(Report { title: format!("Training watched: {name}"), blocks, document })
}

fn epochs(watched: &Watched) -> Table {
    let mut columns = vec![Column::plain("epoch"), Column::of("joint", Unit::Percent, Better::Higher)];
    for ModalityStory { name, .. } in &watched.modalities {
        columns.push(Column::of(name, Unit::Percent, Better::Higher));
        columns.push(Column::of(&format!("{name} residual"), Unit::Ratio, Better::Neither));
        columns.push(Column::of(&format!("{name} discrepancy"), Unit::Ratio, Better::Neither));
    }
    columns.push(Column::plain(""));
    let n = watched.epochs.len();
    let kept = |i: &usize| n <= SHOWN || *i == 0 || *i == n - 1 || *i * SHOWN / n != (*i - 1) * SHOWN / n;
    let events = |e: &EpochReading| {
        let of = |s: &ModalityStory| s.starved_epoch == Some(e.epoch);
        watched.modalities.iter().filter(|s| of(s)).map(|s| format!("{} starved", s.name)).collect::<Vec<_>>()
    };
    let row = |i: usize| {
        let e = &watched.epochs[i];
        let estimate = |e: &Option<crate::stats::Estimate>| {
            e.clone().map_or_else(|| Cell::Missing("not logged".to_owned()), Cell::Estimate)
        };
        let mut cells = vec![Cell::Number(e.epoch as f64), estimate(&e.accuracy)];
        for m in &e.modalities {
            cells.push(estimate(&m.accuracy));
            cells.push(estimate(&m.residual_ratio));
            cells.push(m.discrepancy_ratio.map_or(Cell::Empty, Cell::Number));
        }
        cells.push(Cell::text(events(e).join(", ")));
        Row::plain(cells)
    };
    let listed = (0..n).filter(|i| kept(i) || !events(&watched.epochs[*i]).is_empty());
    Table {
        title: "Epoch by epoch".to_owned(),
        caption: vec![
            "joint and modalities: accuracy on the logged rows, the modalities' of their branch alone (centred cut)".to_owned(),
            "residual: mean |p - e_y| of the joint network over that of the branch: 1 = the modality learns as if alone, 0 = starved"
                .to_owned(),
            "discrepancy: its mean probability of the right class over that of the others".to_owned(),
            "starved: residual below 0.5 while the branch's accuracy is below nine tenths of the joint network's".to_owned(),
        ],
        columns,
        rows: listed.map(row).collect(),
    }
}

fn curves<'a>(
    watched: &'a Watched,
    title: &str,
    unit: Unit,
    of: &dyn Fn(&'a EpochReading, usize) -> Option<&'a crate::stats::Estimate>,
) -> Lines {
    let series = watched.modalities.iter().enumerate().filter_map(|(r, ModalityStory { name, .. })| {
        let points: Vec<Point> = watched
            .epochs
            .iter()
            .filter_map(|e| {
                let found = of(e, r)?;
                Some(Point { x: e.epoch as f64, y: found.value, low: found.low, high: found.high })
            })
            .collect();
        (!points.is_empty()).then(|| Series {
            name: name.clone(),
            role: Role::Measured,
            group: Some(r),
            points,
        })
    });
    let marks = watched.modalities.iter().filter_map(|story| {
        Some(ChartMark {
            on: Side::X,
            at: story.starved_epoch? as f64,
            label: format!("{} starved", story.name),
        })
    });
    Lines {
        title: title.to_owned(),
        caption: Vec::new(),
        x: Axis { label: "epoch".to_owned(), unit: Unit::None, scale: Scale::Linear, categories: None },
        y: Axis { label: title.to_lowercase(), unit, scale: Scale::Linear, categories: None },
        series: series.collect(),
        marks: marks.collect(),
    }
}

fn card(watched: &Watched) -> Card {
    let starved: Vec<_> =
        watched.modalities.iter().filter_map(|story| Some((story, story.starved_epoch?))).collect();
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    let mut evidence: Vec<Evidence> = Vec::new();
    for story in &watched.modalities {
        let mut said = Vec::new();
        if let Some(accuracy) = story.final_accuracy {
            said.push(format!("its branch ends at {}", percent(accuracy)));
        }
        if let Some(ratio) = story.final_residual_ratio {
            said.push(format!("residual ratio at the end {ratio:.2}"));
        }
        match story.half_way_epoch {
            Some(epoch) => said.push(format!("half way there in epoch {epoch}")),
            None if story.final_accuracy.is_some() => said.push("never leaves chance".to_owned()),
            None => {}
        }
        if !said.is_empty() {
            evidence.push(Evidence { subject: story.name.clone(), text: said.join("; ") });
        }
    }
    let ranked = |s: &str| Step { text: s.to_owned(), command: None };
    let (tone, name, statement, next) = if let Some((story, epoch)) = starved.first() {
        let accuracy = watched.epochs.iter().find(|e| e.epoch == *epoch).and_then(|e| {
            let r = watched.modalities.iter().position(|other| other.name == story.name)?;
            e.modalities[r].accuracy.as_ref().map(|a| a.value)
        });
        let how = accuracy.map_or_else(String::new, |a| format!(" with {} of its rows right", percent(a)));
        let leader =
            watched.leader.as_ref().map_or_else(String::new, |l| format!(" `{l}` wins most classes."));
        (
            Tone::Bad,
            "A modality starved",
            format!(
                "`{}` stopped receiving its own training signal in epoch {epoch}{how}.{leader}",
                story.name
            ),
            vec![
                ranked("compare with the modality trained alone: what it reaches there is what was lost"),
                ranked("auxiliary uni-modal losses, or slow the winner down (gradient modulation)"),
            ],
        )
    } else {
        let known = watched.modalities.iter().any(|story| story.final_residual_ratio.is_some());
        let statement = if known {
            "Every modality kept half of its training signal until it had learned, as far as this log shows."
        } else {
            "The log holds no residual ratios and no logits per modality: nobody can say who starved."
        };
        let tone = if known { Tone::Good } else { Tone::Uncertain };
        let next = if known { Vec::new() } else { vec![ranked("log logits per modality")] };
        (tone, if known { "Nobody starved" } else { "Not measured" }, statement.to_owned(), next)
    };
    Card {
        code: "monitor".to_owned(),
        name: name.to_owned(),
        tone,
        statement,
        evidence,
        ruled_out: Vec::new(),
        open: Vec::new(),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_log_both_ends_and_what_lies_between_evenly_are_listed() {
        let reading = |epoch| EpochReading { epoch, n: 0, accuracy: None, modalities: Vec::new() };
        let epochs_of =
            |n: u64| Watched { epochs: (1..=n).map(reading).collect(), modalities: Vec::new(), leader: None };
        let shown = SHOWN as u64;
        assert_eq!(epochs(&epochs_of(shown)).rows.len(), SHOWN);
        assert_eq!(epochs(&epochs_of(10 * shown)).rows.len(), SHOWN + 1);
    }
}
