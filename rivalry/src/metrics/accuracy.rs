//! Accuracy of every model: networks alone, joint ones, and the ensembles of
//! the networks trained alone.

use crate::metrics::{
    Direction, ENSEMBLE, Metric, ModelKey, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject,
    TEMPERED_ENSEMBLE, Table, cites, outputs,
};
use crate::model::loss;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "accuracy",
    summary: "accuracy of every network and of the ensembles of the networks trained alone",
    cites: &[cites::DU2023, cites::GUO2017],
    knobs: &[],
    build: |_| Box::new(Accuracy),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "accuracy",
        unit: "accuracy",
        scale: Scale::Share,
        direction: Direction::Higher,
        definition: "share of test rows whose class scores above every other class; a tie is an error",
    },
    Quantity {
        name: "valid_accuracy",
        unit: "accuracy",
        scale: Scale::Share,
        direction: Direction::Higher,
        definition: "the same on validation rows; used for choosing, never reported as a result",
    },
    Quantity {
        name: "valid_loss",
        unit: "nats",
        scale: Scale::Positive,
        direction: Direction::Lower,
        definition: "mean cross-entropy on validation rows",
    },
    Quantity {
        name: "chance",
        unit: "accuracy",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "share of test rows of the training rows' most frequent class (of the test rows', where no training rows are known)",
    },
];

struct Accuracy;

impl Metric for Accuracy {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::ValidationOutputs]
    }

    fn cost(&self) -> &'static str {
        "n K per network; temperatures: 30 passes over validation rows"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let test = trial.labels(Part::Test);
        for model in &trial.trial.models {
            let subject = Subject::Model(ModelKey::new(&model.modalities, &model.strategy));
            if let Some(fate) = model.ended.fate() {
                sheet.missing("accuracy", subject, format!("the network {fate}"));
                continue;
            }
            sheet.samples_or("accuracy", subject.clone(), trial.right(model, Part::Test));
            if let Ok(logits) = trial.fused(model, Part::Valid) {
                let labels = trial.labels(Part::Valid);
                if let Some(share) = outputs::share(&outputs::right(&logits, labels)) {
                    sheet.number("valid_accuracy", subject.clone(), share);
                }
                if let Some(loss) =
                    (!labels.is_empty()).then(|| loss::mean_cross_entropy(logits.view(), labels))
                {
                    sheet.number("valid_loss", subject, loss);
                }
            }
        }
        if trial.n_modalities() > 1 {
            let all: Vec<usize> = (0..trial.n_modalities()).collect();
            for (strategy, tempered) in [(ENSEMBLE, false), (TEMPERED_ENSEMBLE, true)] {
                let right = trial.ensemble(tempered).map(|said| said.right.clone());
                sheet.samples_or("accuracy", Subject::Model(ModelKey::new(&all, strategy)), right);
            }
        }
        let frequent = most_frequent(trial);
        let chance = test.iter().map(|l| f32::from(u8::from(*l == frequent))).collect();
        sheet.samples("chance", Subject::Study, chance);
    }

    /// Chooses the best modality alone: highest mean validation accuracy over
    /// trials, then lowest validation cross-entropy. Without validation rows
    /// the choice falls on test rows; the diagnosis says so.
    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let mut best: Option<(usize, [f64; 2])> = None;
        for modality in 0..series.study.modality_names.len() {
            let subject = Subject::Model(ModelKey::alone(modality));
            let score = match series.mean("valid_accuracy", &subject) {
                Some(accuracy) => {
                    let loss = series.mean("valid_loss", &subject).unwrap_or(f64::INFINITY);
                    [accuracy, -loss]
                }
                None => match table.get("accuracy", &subject) {
                    Ok(estimate) => [estimate.value, 0.0],
                    Err(_) => continue,
                },
            };
            if best.is_none_or(|(_, top)| score > top) {
                best = Some((modality, score));
            }
        }
        if let Some((modality, _)) = best {
            table.choose("best_alone", Subject::Study, modality);
        }
    }
}

/// The most frequent class of the training rows (where they are not known, of
/// the test rows); of equals, the first.
fn most_frequent(trial: &Reading<'_>) -> u32 {
    let mut counts = vec![0_usize; trial.n_classes()];
    let known = if trial.labels(Part::Train).is_empty() { Part::Test } else { Part::Train };
    for label in trial.labels(known) {
        counts[*label as usize] += 1;
    }
    let first_largest = (0..counts.len()).rev().max_by_key(|k| counts[*k]);
    first_largest.unwrap_or(0) as u32
}
