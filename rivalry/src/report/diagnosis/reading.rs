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
pub(in crate::report) struct Number {
    pub(in crate::report) value: Option<f64>,
    pub(in crate::report) low: Option<f64>,
    pub(in crate::report) high: Option<f64>,
    pub(in crate::report) level: Option<f64>,
    pub(in crate::report) n: usize,
    pub(in crate::report) method: String,
}

#[derive(Deserialize)]
pub(in crate::report) struct Results {
    pub(in crate::report) best_unimodal: Option<String>,
    pub(in crate::report) gap: Number,
    pub(in crate::report) encoder_effect: Number,
    pub(in crate::report) fusion_effect: Number,
    pub(in crate::report) headroom: Number,
    pub(in crate::report) models: Vec<Model>,
    pub(in crate::report) modalities: Vec<Modality>,
    pub(in crate::report) classes: Vec<Class>,
    #[serde(default)]
    pub(in crate::report) curves: Vec<Curves>,
    #[serde(default)]
    pub(in crate::report) null_band: Vec<Number>,
    pub(in crate::report) change_follows_added: Option<Number>,
    pub(in crate::report) definitions: BTreeMap<String, Quantity>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Model {
    pub(in crate::report) name: String,
    pub(in crate::report) kind: String,
    pub(in crate::report) strategy: String,
    pub(in crate::report) modalities: Vec<String>,
    pub(in crate::report) accuracy: Number,
    pub(in crate::report) drop_vs_best_unimodal: Number,
    #[serde(default)]
    pub(in crate::report) trainings: Vec<OneTraining>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Modality {
    pub(in crate::report) name: String,
    #[serde(default)]
    pub(in crate::report) trainings: Vec<OneTraining>,
    /// Every quantity by name; not all need be there.
    #[serde(flatten)]
    quantities: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Class {
    pub(in crate::report) name: String,
    pub(in crate::report) n: usize,
    pub(in crate::report) joint: Number,
    pub(in crate::report) best_unimodal: Number,
    pub(in crate::report) change: Number,
    pub(in crate::report) shrunken_change: Number,
    pub(in crate::report) q_value: Option<f64>,
    pub(in crate::report) winner: Option<String>,
    /// What belongs to a class and a modality.
    #[serde(default)]
    pub(in crate::report) by_modality: Vec<Modality>,
}

/// The seed and whatever was kept of a training.
#[derive(Deserialize)]
pub(in crate::report) struct OneTraining(BTreeMap<String, Value>);

#[derive(Deserialize)]
pub(in crate::report) struct Curves {
    pub(in crate::report) model: String,
    pub(in crate::report) epochs: Vec<u64>,
    pub(in crate::report) quantities: BTreeMap<String, Course>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Course {
    pub(in crate::report) mean: Vec<f64>,
    pub(in crate::report) low: Vec<f64>,
    pub(in crate::report) high: Vec<f64>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Quantity {
    #[serde(default)]
    pub(in crate::report) unit: String,
    pub(in crate::report) definition: String,
    #[serde(default)]
    pub(in crate::report) cites: Vec<String>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Verdict {
    pub(in crate::report) code: String,
    pub(in crate::report) variant: Option<String>,
    pub(in crate::report) name: String,
    pub(in crate::report) settled: bool,
    pub(in crate::report) sentence: String,
    pub(in crate::report) evidence: Vec<String>,
    pub(in crate::report) ruled_out: Vec<Alternative>,
    pub(in crate::report) runner_up: Option<Alternative>,
    pub(in crate::report) next: Vec<String>,
    pub(in crate::report) notes: Vec<String>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Alternative {
    pub(in crate::report) code: String,
    pub(in crate::report) name: String,
    pub(in crate::report) because: String,
}

#[derive(Deserialize)]
pub(in crate::report) struct Data {
    pub(in crate::report) name: String,
    pub(in crate::report) n: usize,
    pub(in crate::report) classes: Vec<String>,
    pub(in crate::report) modalities: Vec<Dimension>,
    pub(in crate::report) split: Split,
    pub(in crate::report) groups: Option<usize>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Dimension {
    pub(in crate::report) name: String,
    pub(in crate::report) dim: usize,
}

#[derive(Deserialize)]
pub(in crate::report) struct Split {
    pub(in crate::report) kind: String,
    pub(in crate::report) n_folds: usize,
    pub(in crate::report) n_train: usize,
    pub(in crate::report) n_valid: Option<usize>,
    pub(in crate::report) n_test: usize,
}

#[derive(Deserialize)]
pub(in crate::report) struct Settings {
    pub(in crate::report) seeds: u32,
    pub(in crate::report) n_runs: usize,
    pub(in crate::report) budget_seconds: Option<f64>,
    pub(in crate::report) left_out: Vec<String>,
    pub(in crate::report) thresholds: Thresholds,
    pub(in crate::report) training: Training,
}

#[derive(Deserialize)]
pub(in crate::report) struct Thresholds {
    pub(in crate::report) rope: f64,
    pub(in crate::report) few_samples: f64,
}

/// What all runs share, as it was asked.
#[derive(Deserialize)]
pub(in crate::report) struct Training {
    pub(in crate::report) encoder: Kind,
    pub(in crate::report) solver: Kind,
    pub(in crate::report) schedule: Kind,
    pub(in crate::report) epochs: Option<u32>,
    pub(in crate::report) batch: u32,
    pub(in crate::report) patience: Option<u32>,
}

#[derive(Deserialize)]
pub(in crate::report) struct Kind {
    pub(in crate::report) name: String,
    #[serde(default)]
    pub(in crate::report) set: BTreeMap<String, Value>,
}

/// A part of a document in its shape.
pub(in crate::report) fn part<T: DeserializeOwned>(
    name: &'static str,
    of: &Document,
    pick: fn(&Document) -> &Value,
) -> Result<T, NotADiagnosis> {
    T::deserialize(pick(of)).map_err(|error| NotADiagnosis::Part { part: name, why: error.to_string() })
}

impl Data {
    /// Samples that are tested at least once, as far as the design says.
    pub(in crate::report) fn n_tested(&self) -> usize {
        match self.split.kind.as_str() {
            "given" | "hold-out" => self.split.n_test,
            _ => self.n,
        }
    }
}

impl Number {
    pub(in crate::report) fn cell(&self) -> Cell {
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
    pub(in crate::report) fn defined(&self, column: Column, quantity: &str) -> Column {
        match self.definitions.get(quantity) {
            Some(found) => column.defined(found.definition.clone(), found.cites.clone()),
            None => column,
        }
    }
}

impl OneTraining {
    /// A quantity in this training.
    pub(in crate::report) fn value(&self, quantity: &str) -> Option<f64> {
        self.0.get(quantity)?.as_f64()
    }
}

impl Modality {
    /// A quantity of this modality; missing where the document lacks it.
    pub(in crate::report) fn cell(&self, quantity: &str) -> Cell {
        match self.quantities.get(quantity).map(Number::deserialize) {
            Some(Ok(number)) => number.cell(),
            _ => Cell::Missing("not measured".to_owned()),
        }
    }
}
