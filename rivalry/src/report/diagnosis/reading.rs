//! The document of a diagnosis, read back: the names that the report relies on.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::NotADiagnosis;
use crate::report::{Cell, Column, Document};
use crate::stats::Estimate;

/// An estimate, or nulls and the reason.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Number {
    pub(super) value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    pub(super) level: Option<f64>,
    pub(super) n: usize,
    pub(super) method: String,
}

#[derive(Deserialize)]
pub(super) struct Results {
    pub(super) best_unimodal: Option<String>,
    pub(super) gap: Number,
    pub(super) encoder_effect: Number,
    pub(super) fusion_effect: Number,
    pub(super) headroom: Number,
    pub(super) models: Vec<Model>,
    pub(super) modalities: Vec<Modality>,
    pub(super) classes: Vec<Class>,
    #[serde(default)]
    pub(super) curves: Vec<Curves>,
    #[serde(default)]
    pub(super) null_band: Option<NullBand>,
    pub(super) definitions: BTreeMap<String, Definition>,
}

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) strategy: String,
    pub(super) modalities: Vec<String>,
    pub(super) accuracy: Number,
    pub(super) drop_vs_best_unimodal: Number,
    #[serde(default)]
    pub(super) trainings: Vec<OneTraining>,
}

#[derive(Deserialize)]
pub(super) struct Modality {
    pub(super) name: String,
    #[serde(default)]
    pub(super) trainings: Vec<OneTraining>,
    /// Every quantity by name; not all need be there.
    #[serde(flatten)]
    quantities: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) n: usize,
    pub(super) joint: Number,
    pub(super) best_unimodal: Number,
    pub(super) change: Number,
    pub(super) shrunken_change: Number,
    pub(super) q_value: Option<f64>,
    pub(super) winner: Option<String>,
    /// What belongs to a class and a modality.
    #[serde(default)]
    pub(super) by_modality: Vec<Modality>,
}

/// The seed and whatever was kept of a training.
#[derive(Deserialize)]
pub(super) struct OneTraining(BTreeMap<String, Value>);

#[derive(Deserialize)]
pub(super) struct Curves {
    pub(super) model: String,
    pub(super) epochs: Vec<u64>,
    pub(super) quantities: BTreeMap<String, Course>,
}

#[derive(Deserialize)]
pub(super) struct Course {
    pub(super) mean: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) high: Vec<f64>,
}

/// What changes would show by selection alone, from the largest drop to the
/// largest gain.
#[derive(Deserialize)]
pub(super) struct NullBand {
    #[serde(default)]
    pub(super) ranks: Vec<Range>,
}

#[derive(Deserialize)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

#[derive(Deserialize)]
pub(super) struct Definition {
    #[serde(default)]
    pub(super) unit: String,
    pub(super) definition: String,
    #[serde(default)]
    pub(super) cites: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Verdict {
    pub(super) code: String,
    pub(super) variant: Option<String>,
    pub(super) name: String,
    pub(super) settled: bool,
    pub(super) sentence: String,
    pub(super) evidence: Vec<String>,
    pub(super) ruled_out: Vec<Alternative>,
    pub(super) runner_up: Option<Alternative>,
    pub(super) next: Vec<String>,
    pub(super) notes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Alternative {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) because: String,
}

#[derive(Deserialize)]
pub(super) struct Data {
    pub(super) name: String,
    pub(super) n: usize,
    pub(super) classes: Vec<String>,
    pub(super) modalities: Vec<Dimension>,
    pub(super) split: Split,
    pub(super) groups: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) dim: usize,
}

#[derive(Deserialize)]
pub(super) struct Split {
    pub(super) kind: String,
    pub(super) n_folds: usize,
    pub(super) n_train: usize,
    pub(super) n_valid: Option<usize>,
    pub(super) n_test: usize,
}

#[derive(Deserialize)]
pub(super) struct Settings {
    pub(super) seeds: u32,
    pub(super) n_runs: usize,
    pub(super) budget_seconds: Option<f64>,
    pub(super) left_out: Vec<String>,
    pub(super) thresholds: Thresholds,
    pub(super) training: Training,
}

#[derive(Deserialize)]
pub(super) struct Thresholds {
    pub(super) rope: f64,
    pub(super) few_samples: f64,
}

/// What all runs share, as it was asked.
#[derive(Deserialize)]
pub(super) struct Training {
    pub(super) encoder: Kind,
    pub(super) solver: Kind,
    pub(super) schedule: Kind,
    pub(super) epochs: Option<u32>,
    pub(super) batch: u32,
    pub(super) patience: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct Kind {
    pub(super) name: String,
    #[serde(default)]
    pub(super) set: BTreeMap<String, Value>,
}

/// A part of a document in its shape.
pub(super) fn part<T: DeserializeOwned>(
    name: &'static str,
    of: &Document,
    pick: fn(&Document) -> &Value,
) -> Result<T, NotADiagnosis> {
    T::deserialize(pick(of)).map_err(|error| NotADiagnosis::Part { part: name, why: error.to_string() })
}

impl Data {
    /// Samples that are tested at least once, as far as the design says.
    pub(super) fn n_tested(&self) -> usize {
        match self.split.kind.as_str() {
            "given" | "hold-out" => self.split.n_test,
            _ => self.n,
        }
    }
}

impl Number {
    pub(super) fn cell(&self) -> Cell {
        match (self.value, self.level) {
            (Some(value), Some(level)) => Cell::Estimate(Estimate {
                value,
                low: self.low,
                high: self.high,
                level,
                n: self.n,
                method: self.method.clone(),
            }),
            _ => Cell::Missing(self.method.clone()),
        }
    }
}

impl Results {
    /// The column with the definition of its quantity and its sources.
    pub(super) fn defined(&self, column: Column, quantity: &str) -> Column {
        match self.definitions.get(quantity) {
            Some(found) => column.defined(found.definition.clone(), found.cites.clone()),
            None => column,
        }
    }
}

impl OneTraining {
    /// A quantity in this training.
    pub(super) fn value(&self, quantity: &str) -> Option<f64> {
        self.0.get(quantity)?.as_f64()
    }
}

impl Modality {
    /// A quantity of this modality; missing where the document lacks it.
    pub(super) fn cell(&self, quantity: &str) -> Cell {
        match self.quantities.get(quantity).map(Number::deserialize) {
            Some(Ok(number)) => number.cell(),
            _ => Cell::Missing("not measured".to_owned()),
        }
    }
}
