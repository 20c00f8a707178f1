//! The numbers of a diagnosis, in the shape of the JSON document.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::metrics::{
    Course, Direction, ENSEMBLE, Measured, Measurements, Metrics, ModelKey, NAIVE, OneTraining, Study,
    Subject, TEMPERED_ENSEMBLE, UNIMODAL,
};

/// An estimate, or the reason why there is none. In JSON always an object
/// with `value`, `low`, `high`, `level`, `n`, `method`; without an estimate the
/// numbers are null and `method` begins with `not measured:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell(pub Measured);

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Absent {
            value: Option<f64>,
            low: Option<f64>,
            high: Option<f64>,
            level: Option<f64>,
            n: usize,
            method: String,
        }
        match &self.0 {
            Ok(estimate) => estimate.serialize(serializer),
            Err(why) => {
                let method = format!("not measured: {why}");
                Absent { value: None, low: None, high: None, level: None, n: 0, method }.serialize(serializer)
            }
        }
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The modality that the gap is measured against.
    pub best_unimodal: Option<String>,
    /// Joint minus best modality alone.
    pub gap: Cell,
    /// The part of the gap that lies in the encoders.
    pub encoder_effect: Cell,
    /// The part of the gap that lies in the fusion.
    pub fusion_effect: Cell,
    /// Ensemble minus joint.
    pub headroom: Cell,
    /// Probabilities of worse, same and better, tests of the gap, and what a
    /// study of this size could see.
    pub tests: BTreeMap<&'static str, Cell>,
    /// The change at each rank of the classes, from the largest drop on, if
    /// nothing had changed.
    pub null_band: Vec<Cell>,
    /// Further quantities of the study, by name.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, Cell>,
    /// One row per model.
    pub models: Vec<ModelRow>,
    /// One row per modality.
    pub modalities: Vec<ModalityRow>,
    /// One row per class.
    pub classes: Vec<ClassRow>,
    /// Learning curves, one entry per trained network.
    pub curves: Vec<CurvesRow>,
    /// Networks that diverged, and are in no number.
    pub excluded: Vec<Excluded>,
    /// What each quantity is.
    pub definitions: BTreeMap<&'static str, Definition>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelRow {
    /// Modalities joined by `+`, with the strategy where it is not plain
    /// training; or `ensemble`.
    pub name: String,
    /// `unimodal`, `joint` or `ensemble`.
    pub kind: &'static str,
    /// The strategy's name.
    pub strategy: String,
    /// The modalities' names.
    pub modalities: Vec<String>,
    /// Accuracy on test rows.
    pub accuracy: Cell,
    /// Accuracy minus that of the best modality alone.
    pub drop_vs_best_unimodal: Cell,
    /// Accuracy in every training.
    pub trainings: Vec<OneTraining>,
    /// Further quantities, by name.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, Cell>,
}

/// One modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModalityRow {
    /// Its name.
    pub name: String,
    /// Accuracy of the network trained on it alone.
    pub alone: Cell,
    /// The main quantities in every training.
    pub trainings: Vec<OneTraining>,
    /// Everything else measured on it, by name: `branch_in_joint`,
    /// `probe_alone`, `probe_in_joint`, `encoder_deficit`, `permutation_drop` ...
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, Cell>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassRow {
    /// Its name.
    pub name: String,
    /// Number of its samples among those tested.
    pub n: usize,
    /// Accuracy of the joint network on it.
    pub joint: Cell,
    /// Accuracy of the best modality alone on it.
    pub best_unimodal: Cell,
    /// The difference.
    pub change: Cell,
    /// The difference after shrinkage.
    pub shrunken_change: Cell,
    /// Benjamini-Hochberg adjusted p value of the difference.
    pub q_value: Option<f64>,
    /// The modality that wins it in most trainings.
    pub winner: Option<String>,
    /// Entropy of the winner over trainings, 0 to 1.
    pub luck: Option<f64>,
    /// What each modality does for it.
    pub by_modality: Vec<ClassModalityRow>,
}

/// One class and one modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassModalityRow {
    /// The modality's name.
    pub name: String,
    /// Everything measured on the pair, by name: `class_margin`, `class_residual_ratio`.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, Cell>,
}

/// How one network learned, over all trainings that completed. All lists are
/// as long as `epochs`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvesRow {
    /// The model's name.
    pub model: String,
    /// Number of trainings.
    pub n_trainings: usize,
    /// The epochs shown, from 0, at most 100 of them; up to the last that half of the trainings reached.
    pub epochs: Vec<usize>,
    /// By name: `train_loss`, `valid_loss` (nats), `valid_accuracy`, and what
    /// was read off each modality (`residual_ratio.MODALITY`).
    pub quantities: BTreeMap<String, Course>,
}

/// A network that diverged or did not converge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// The model's name.
    pub model: String,
    /// In the trial of this seed.
    pub seed: u64,
    /// In this fold.
    pub fold: usize,
    /// In this epoch.
    pub epoch: u32,
    /// What left the finite numbers, or why training went no further.
    pub what: String,
}

/// What a quantity is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Its unit.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Direction,
    /// What exactly it is.
    pub definition: &'static str,
    /// Keys of the works that it comes from.
    pub cites: Vec<&'static str>,
}

/// What of a study stands under `tests`.
const TESTS: [&str; 9] = [
    "p_worse",
    "p_same",
    "p_better",
    "mcnemar_exact_p",
    "mcnemar_midp",
    "sign_flip_p",
    "discordance",
    "detectable_difference",
    "samples_needed",
];

impl Results {
    /// Arranges measurements.
    pub(super) fn new(study: &Study, measured: &Measurements, metrics: &Metrics) -> Self {
        let table = &measured.table;
        let get = |quantity: &str, subject: &Subject| Cell(table.get(quantity, subject));
        let rest = |subject: &Subject, told: &[&str]| -> BTreeMap<&'static str, Cell> {
            let own = table.iter().filter(|(s, name, _)| *s == subject && !told.contains(name));
            own.map(|(_, name, measured)| (name, Cell(measured.clone()))).collect()
        };
        let models: Vec<&ModelKey> = models(measured);
        let model_row = |key: &&ModelKey| {
            let subject = Subject::Model((*key).clone());
            ModelRow {
                name: name_of(study, key),
                kind: kind_of(key),
                strategy: key.strategy.clone(),
                modalities: key.modalities.iter().map(|m| study.modality_names[*m].clone()).collect(),
                accuracy: get("accuracy", &subject),
                drop_vs_best_unimodal: get("drop_vs_best_unimodal", &subject),
                trainings: measured.trainings.get(&subject).cloned().unwrap_or_default(),
                more: rest(&subject, &["accuracy", "drop_vs_best_unimodal"]),
            }
        };
        let modality_row = |m: usize| {
            let subject = Subject::Modality(m);
            ModalityRow {
                name: study.modality_names[m].clone(),
                alone: get("accuracy", &Subject::Model(ModelKey::alone(m))),
                trainings: measured.trainings.get(&subject).cloned().unwrap_or_default(),
                more: rest(&subject, &[]),
            }
        };
        let class_row = |c: usize| {
            let subject = Subject::Class(c);
            let value = |quantity: &str| table.get(quantity, &subject).ok().map(|e| e.value);
            ClassRow {
                name: study.class_names[c].clone(),
                n: measured.class_sizes.get(c).copied().unwrap_or(0),
                joint: get("class_joint", &subject),
                best_unimodal: get("class_best_unimodal", &subject),
                change: get("class_change", &subject),
                shrunken_change: get("class_shrunken_change", &subject),
                q_value: value("class_q_value"),
                winner: table.choice("winner", &subject).map(|m| study.modality_names[m].clone()),
                luck: value("luck"),
                by_modality: (0..study.modality_names.len())
                    .map(|m| ClassModalityRow {
                        name: study.modality_names[m].clone(),
                        more: rest(&Subject::ClassModality(c, m), &[]),
                    })
                    .collect(),
            }
        };
        let told = [&["gap", "encoder_effect", "fusion_effect", "headroom"][..], &TESTS[..]].concat();
        let tests = table.iter().filter(|(s, name, _)| **s == Subject::Study && TESTS.contains(name));
        let ranks = table.iter().filter(|(s, ..)| matches!(s, Subject::Rank(_)));
        Self {
            best_unimodal: table
                .choice("best_alone", &Subject::Study)
                .map(|m| study.modality_names[m].clone()),
            gap: get("gap", &Subject::Study),
            encoder_effect: get("encoder_effect", &Subject::Study),
            fusion_effect: get("fusion_effect", &Subject::Study),
            headroom: get("headroom", &Subject::Study),
            tests: tests.map(|(_, name, measured)| (name, Cell(measured.clone()))).collect(),
            null_band: ranks.map(|(_, _, measured)| Cell(measured.clone())).collect(),
            more: rest(&Subject::Study, &told),
            models: models.iter().map(model_row).collect(),
            modalities: (0..study.modality_names.len()).map(modality_row).collect(),
            classes: (0..study.n_classes()).map(class_row).collect(),
            curves: measured
                .curves
                .iter()
                .map(|of| CurvesRow {
                    model: name_of(study, &of.model),
                    n_trainings: of.n_trainings,
                    epochs: of.epochs.clone(),
                    quantities: of.quantities.clone(),
                })
                .collect(),
            excluded: measured
                .diverged
                .iter()
                .map(|d| Excluded {
                    model: name_of(study, &d.model),
                    seed: d.seed,
                    fold: d.fold,
                    epoch: d.epoch,
                    what: d.what.clone(),
                })
                .collect(),
            definitions: metrics
                .sourced()
                .map(|(q, cites)| {
                    let cites = cites.iter().map(|work| work.key).collect();
                    let (unit, better, definition) = (q.unit, q.direction, q.definition);
                    (q.name, Definition { unit, better, definition, cites })
                })
                .collect(),
        }
    }
}

/// The models in the order of a table: alone, joint from small to large, plain
/// before other strategies, ensembles last.
fn models(measured: &Measurements) -> Vec<&ModelKey> {
    let mut found: Vec<&ModelKey> = measured
        .table
        .iter()
        .filter_map(|(subject, name, _)| match subject {
            Subject::Model(key) if name == "accuracy" => Some(key),
            _ => None,
        })
        .collect();
    let rank = |key: &ModelKey| match key.strategy.as_str() {
        UNIMODAL => 0,
        NAIVE => 1,
        ENSEMBLE => 3,
        TEMPERED_ENSEMBLE => 4,
        _ => 2,
    };
    found.sort_by_key(|key| (rank(key), key.modalities.len(), (*key).clone()));
    found
}

fn kind_of(key: &ModelKey) -> &'static str {
    match key.strategy.as_str() {
        ENSEMBLE | TEMPERED_ENSEMBLE => "ensemble",
        _ if key.modalities.len() == 1 => "unimodal",
        _ => "joint",
    }
}

fn name_of(study: &Study, key: &ModelKey) -> String {
    let modalities = study.name_of(&key.modalities);
    match key.strategy.as_str() {
        ENSEMBLE => "ensemble".to_owned(),
        TEMPERED_ENSEMBLE => "ensemble (temperature-scaled)".to_owned(),
        UNIMODAL | NAIVE => modalities,
        other => format!("{modalities} ({other})"),
    }
}
