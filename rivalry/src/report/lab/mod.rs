//! Reports of the theory lab, each composed from its document alone, like the
//! diagnosis: what is shown is in the JSON, and a kept document is drawn like a
//! fresh one.

mod phase;
mod race;
mod run;
mod sweep;
mod verify;

use serde::de::DeserializeOwned;

use super::diagnosis::NotADiagnosis;
use super::{Block, Cell, Document, Emphasis, Report, Row};
use crate::lab::Setting;
use crate::stats::Estimate;

/// Draws up the report of a command of the lab: a pure function of its document.
/// Nothing when the document is of another command.
pub fn lab(document: &Document) -> Option<Result<Report, NotADiagnosis>> {
    let draw: fn(&Document) -> Result<Report, NotADiagnosis> = match document.command.as_str() {
        "lab run" => run::report,
        "lab race" => race::report,
        "lab sweep" => sweep::report,
        "lab verify" => verify::report,
        "lab phase" => phase::report,
        _ => return None,
    };
    Some(draw(document))
}

/// The results of a document as the command wrote them.
fn results<T: DeserializeOwned>(document: &Document) -> Result<T, NotADiagnosis> {
    T::deserialize(&document.results)
        .map_err(|error| NotADiagnosis::Part { part: "results", why: error.to_string() })
}

/// The setting of a document.
fn setting(document: &Document) -> Result<Setting, NotADiagnosis> {
    let part = "settings.setting";
    serde::Deserialize::deserialize(&document.settings["setting"])
        .map_err(|error: serde_json::Error| NotADiagnosis::Part { part, why: error.to_string() })
}

/// A setting in a line or two.
fn in_words(setting: &Setting) -> String {
    let data = &setting.data;
    let per = |value: &dyn Fn(usize) -> String| -> String {
        let values: Vec<String> = (0..setting.n_modalities()).map(value).collect();
        if values.windows(2).all(|pair| pair[0] == pair[1]) { values[0].clone() } else { values.join(", ") }
    };
    format!(
        "K = {} classes, R = {} modalities, n = {} training samples; d = {}, mu = {}, strength {}, nu = {}; \
         m = {} neurons per class, q = {}, beta = {}, sigma_0 = {}; {} strategy, {}, until {}.",
        data.n_classes,
        setting.n_modalities(),
        setting.n,
        per(&|r| data.modalities[r].dim.to_string()),
        per(&|r| data.modalities[r].mu.to_string()),
        per(&|r| data.modalities[r].strength.to_string()),
        per(&|r| data.modalities[r].noise.to_string()),
        per(&|r| setting.neurons(r).to_string()),
        setting.q,
        setting.beta,
        per(&|r| format!("{:e}", setting.sigma0(r))),
        setting.strategy.name,
        setting.solver.name,
        if setting.until_decided {
            "every class has a winner".to_owned()
        } else {
            format!("training error 0 and loss {}", setting.train_loss)
        },
    )
}

/// Said in every report of the lab.
fn reconstruction() -> Block {
    Block::Notes(vec![
        "the paper gives orders of magnitude only: every constant here, and the law of the data in detail, is \
         our reconstruction (docs/lab.md)"
            .to_owned(),
    ])
}

fn or_missing(estimate: Option<&Estimate>, why: &str) -> Cell {
    estimate.map_or_else(|| Cell::Missing(why.to_owned()), |estimate| estimate.clone().into())
}

fn strong(cells: Vec<Cell>) -> Row {
    Row { cells, emphasis: Emphasis::Strong, apart: false }
}

/// What produced the report, in small print.
fn provenance(document: &Document) -> Block {
    let from = &document.provenance;
    let mut pairs = vec![("rivalry".to_owned(), from.version.clone())];
    if let Some(seed) = from.seed {
        pairs.push(("first seed".to_owned(), seed.to_string()));
    }
    if let Some(threads) = from.threads {
        pairs.push(("threads".to_owned(), threads.to_string()));
    }
    if let Some(seconds) = from.wall_seconds {
        pairs.push(("wall time".to_owned(), format!("{seconds:.1} s")));
    }
    Block::Provenance(pairs)
}
