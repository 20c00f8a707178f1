//! The comparison as numbers, in the shape of the JSON document (`docs/schema.md`).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnose::Cell;
use crate::registry::Value;

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remedies {
    /// The best modality alone, chosen on validation rows.
    pub best_unimodal: String,
    /// The modality whose encoder the joint network damages most: largest probe alone minus probe in the
    /// joint network, on validation rows.
    pub weakest_modality: Option<String>,
    /// The classes that this modality tells better than the others' mean by more than it does over all classes: each
    /// trained alone, on validation rows.
    pub weakest_classes: Vec<String>,
    /// The row with the highest mean validation accuracy.
    pub chosen: Option<String>,
    /// Controls, then methods.
    pub remedies: Vec<RemedyRow>,
    /// Methods that do not apply.
    pub refused: Vec<Refused>,
    /// How the settings were found.
    pub search: Search,
}

/// One row of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemedyRow {
    /// The method, or the control.
    pub name: String,
    /// `control` or `remedy`.
    pub kind: &'static str,
    /// The strategy's name.
    pub strategy: String,
    /// The modalities' names.
    pub modalities: Vec<String>,
    /// What it is.
    pub summary: String,
    /// Every knob with the value it ran with.
    pub settings: BTreeMap<String, Value>,
    /// Accuracy on test rows.
    pub accuracy: Cell,
    /// Accuracy on validation rows, mean over trials: what the choice was made by.
    pub valid_accuracy: Option<f64>,
    /// Accuracy minus that of naive joint training.
    pub gain_over_joint: Cell,
    /// Accuracy minus that of the best modality alone.
    pub gain_over_best_unimodal: Cell,
    /// Accuracy minus that of the ensemble of the networks trained alone.
    pub gain_over_ensemble: Cell,
    /// The smallest of its gains over the controls.
    pub gain_over_controls: Cell,
    /// The control that the smallest gain is over.
    pub hardest_control: Option<String>,
    /// p value of "it beats every control" (the largest of the controls'), adjusted over methods by Holm.
    pub adjusted_p: Option<f64>,
    /// p value of the gain over naive joint training, adjusted over methods by Holm.
    pub adjusted_p_over_joint: Option<f64>,
    /// Probe on the weakest modality's encoder minus the same in the naive joint network.
    pub weakest_modality_probe: Cell,
    /// Accuracy on the weakest modality's classes minus that of naive joint training.
    pub weakest_modality_classes: Cell,
    /// What it cost, naive joint training being 1.
    pub relative_cost: RelativeCost,
    /// Whether its validation accuracy is within one standard error of that of the chosen row.
    pub within_one_standard_error: bool,
    /// Whether it was chosen.
    pub chosen: bool,
    /// Trainings that diverged or did not converge, and are in no number.
    pub excluded: Vec<String>,
    /// What to know before trusting it.
    pub warnings: Vec<String>,
}

/// Cost over that of naive joint training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RelativeCost {
    /// Samples through an encoder in training, the networks that it builds on included.
    pub passes: Option<f64>,
    /// Weights that were trained.
    pub parameters: Option<f64>,
}

/// A method that does not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The method.
    pub name: String,
    /// Why.
    pub why: String,
}

/// How the settings were found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Search {
    /// Candidates per method, the defaults included; 1 = defaults only.
    pub configurations: usize,
    /// The trials whose validation rows decided.
    pub trials: Vec<SearchTrial>,
    /// Epochs and candidates of each rung.
    pub rungs: Vec<Rung>,
    /// Passes that each method could spend, in passes of one epoch of naive joint training.
    pub budget_epochs: f64,
    /// One entry per method with knobs.
    pub methods: Vec<SearchedMethod>,
}

/// A trial that the search used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SearchTrial {
    /// Its seed.
    pub seed: u64,
    /// Its fold.
    pub fold: usize,
}

/// A rung of successive halving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// Epochs that candidates train.
    pub epochs: u32,
    /// Candidates of a method with the passes of naive joint training.
    pub candidates: usize,
}

/// One method's search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchedMethod {
    /// The method.
    pub name: String,
    /// Passes spent, teachers once, in passes of one epoch of naive joint training.
    pub spent_epochs: f64,
    /// The defaults, then draws.
    pub candidates: Vec<Candidate>,
    /// Position of the candidate that was kept.
    pub chosen: usize,
    /// The knobs that were searched.
    pub knobs: Vec<SearchedKnob>,
}

/// A knob that was searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchedKnob {
    /// Its name.
    pub name: String,
    /// Its default.
    pub default: Value,
    /// Whether values were drawn evenly in their logarithm.
    pub log: bool,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The searched knobs with their values.
    pub settings: BTreeMap<String, Value>,
    /// What validation said at each rung that it reached.
    pub rungs: Vec<Rated>,
}

/// A candidate at a rung.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rated {
    /// Epochs trained.
    pub epochs: u32,
    /// Mean validation accuracy over the search's trials; none where it diverged.
    pub valid_accuracy: Option<f64>,
    /// Mean validation cross-entropy; nats.
    pub valid_loss: Option<f64>,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// `gain`, `gain_not_chosen` or `within_noise`.
    pub code: &'static str,
    /// The row to use.
    #[serde(rename = "use")]
    pub advice: Option<String>,
    /// The methods that beat every control by at least the region of equivalence.
    pub proven: Vec<String>,
    /// The answer.
    pub sentence: String,
    /// What to know beside it.
    pub notes: Vec<String>,
}
