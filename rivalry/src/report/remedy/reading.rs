//! The document of a comparison of remedies, read back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::report::diagnosis::reading::Number;

#[derive(Deserialize)]
pub(super) struct Settings {
    pub(super) seeds: u32,
    pub(super) n_trials: usize,
    pub(super) rope: f64,
    pub(super) level: f64,
    pub(super) budget_seconds: Option<f64>,
    pub(super) left_out: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Results {
    pub(super) best_unimodal: String,
    pub(super) weakest_modality: Option<String>,
    pub(super) weakest_classes: Vec<String>,
    pub(super) chosen: Option<String>,
    pub(super) remedies: Vec<Remedy>,
    pub(super) refused: Vec<Refused>,
    pub(super) search: Search,
}

#[derive(Deserialize)]
pub(super) struct Remedy {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) strategy: String,
    pub(super) settings: BTreeMap<String, Value>,
    pub(super) accuracy: Number,
    pub(super) valid_accuracy: Option<f64>,
    pub(super) gain_over_joint: Number,
    pub(super) gain_over_best_unimodal: Number,
    pub(super) gain_over_ensemble: Number,
    pub(super) gain_over_controls: Number,
    pub(super) hardest_control: Option<String>,
    pub(super) adjusted_p: Option<f64>,
    pub(super) weakest_modality_probe: Number,
    pub(super) weakest_modality_classes: Number,
    pub(super) relative_cost: Cost,
    pub(super) within_one_standard_error: bool,
    pub(super) chosen: bool,
    pub(super) excluded: Vec<String>,
    pub(super) warnings: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Cost {
    pub(super) passes: Option<f64>,
    pub(super) parameters: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct Refused {
    pub(super) name: String,
    pub(super) why: String,
}

#[derive(Deserialize)]
pub(super) struct Search {
    pub(super) configurations: usize,
    pub(super) trials: Vec<Trial>,
    pub(super) rungs: Vec<Rung>,
    pub(super) methods: Vec<Searched>,
}

#[derive(Deserialize)]
pub(super) struct Trial {
    pub(super) seed: u64,
    pub(super) fold: usize,
}

#[derive(Deserialize)]
pub(super) struct Rung {
    pub(super) epochs: u32,
    pub(super) candidates: usize,
}

#[derive(Deserialize)]
pub(super) struct Searched {
    pub(super) name: String,
    pub(super) spent_epochs: f64,
    pub(super) candidates: Vec<Candidate>,
    pub(super) chosen: usize,
    pub(super) knobs: Vec<Knob>,
}

#[derive(Deserialize)]
pub(super) struct Knob {
    pub(super) name: String,
    pub(super) default: Value,
    pub(super) log: bool,
}

#[derive(Deserialize)]
pub(super) struct Candidate {
    pub(super) settings: BTreeMap<String, Value>,
    pub(super) rungs: Vec<Rated>,
}

#[derive(Deserialize)]
pub(super) struct Rated {
    pub(super) epochs: u32,
    pub(super) valid_accuracy: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) code: String,
    #[serde(rename = "use")]
    pub(super) advice: Option<String>,
    pub(super) proven: Vec<String>,
    pub(super) sentence: String,
    pub(super) notes: Vec<String>,
}
