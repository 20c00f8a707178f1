//! Over-fitting to extra capacity: where the joint network's losses end
//! against those of the best modality alone.

use crate::metrics::{
    Curves, Direction, Ending, Metric, ModelKey, NAIVE, Need, Quantity, Reading, Scale, Series, Sheet,
    Subject, Table, cites,
};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "learning_curves",
    summary: "final training and validation loss of the joint network against the best modality alone, and OGR",
    cites: &[cites::WANG2020],
    knobs: &[],
    build: |_| Box::new(LearningCurves),
};

const QUANTITIES: &[Quantity] = &[
    nats(
        "final_train_loss",
        Scale::Positive,
        Direction::Lower,
        "mean cross-entropy on training rows after the last epoch",
    ),
    nats(
        "final_valid_loss",
        Scale::Positive,
        Direction::Lower,
        "mean cross-entropy on validation rows after the last epoch",
    ),
    nats(
        "train_loss_excess",
        Scale::Free,
        Direction::Neither,
        "final training loss, joint minus best modality alone",
    ),
    nats(
        "valid_loss_excess",
        Scale::Free,
        Direction::Lower,
        "final validation loss, joint minus best modality alone",
    ),
    Quantity {
        name: "overfitting_ratio",
        unit: "ratio",
        scale: Scale::Positive,
        direction: Direction::Lower,
        definition: "OGR from the first to the last epoch: growth of (validation - training loss) over fall of the \
                     validation loss, absolute",
    },
];

const fn nats(name: &'static str, scale: Scale, direction: Direction, definition: &'static str) -> Quantity {
    Quantity { name, unit: "nats", scale, direction, definition }
}

/// A validation loss that moved less than this fell by nothing: a ratio to it
/// would be noise.
const STILL: f64 = 1e-3;

struct LearningCurves;

impl Metric for LearningCurves {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Curves]
    }

    fn cost(&self) -> &'static str {
        "nothing: a few numbers per network"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for model in trial.trial.models.iter().filter(|model| model.ended == Ending::Completed) {
            let subject = Subject::Model(ModelKey::new(&model.modalities, &model.strategy));
            let last = |curve: &[f64]| curve.last().copied().ok_or_else(|| "no curve was kept".to_owned());
            sheet.number_or("final_train_loss", subject.clone(), last(&model.curves.train_loss));
            sheet.number_or("final_valid_loss", subject.clone(), last(&model.curves.valid_loss));
            sheet.number_or("overfitting_ratio", subject, overfitting_ratio(&model.curves));
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let all: Vec<usize> = (0..series.study.modality_names.len()).collect();
        let joint = Subject::Model(ModelKey::new(&all, NAIVE));
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let alone = Subject::Model(ModelKey::alone(best));
        for (name, of) in
            [("train_loss_excess", "final_train_loss"), ("valid_loss_excess", "final_valid_loss")]
        {
            let differences = series.number_differences(of, &joint, &alone);
            table.put(name, Subject::Study, series.estimate_numbers(&differences, Scale::Free));
        }
    }
}

fn overfitting_ratio(curves: &Curves) -> Result<f64, String> {
    let ends = |curve: &[f64]| Some((*curve.first()?, *curve.last()?));
    let (Some(train), Some(valid)) = (ends(&curves.train_loss), ends(&curves.valid_loss)) else {
        return Err("no curve was kept".to_owned());
    };
    let fall = valid.0 - valid.1;
    if fall.abs() < STILL {
        return Err("the validation loss did not move".to_owned());
    }
    let growth = (valid.1 - train.1) - (valid.0 - train.0);
    Ok((growth / fall).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overfitting_ratio_by_hand() {
        let curves = |train: &[f64], valid: &[f64]| Curves {
            train_loss: train.to_vec(),
            valid_loss: valid.to_vec(),
            ..Curves::default()
        };
        // Gap between the losses grows from 0.1 to 0.7 while validation falls by 0.4.
        let ratio = overfitting_ratio(&curves(&[2.0, 1.5, 1.0], &[2.1, 1.8, 1.7])).unwrap();
        assert!((ratio - 1.5).abs() < 1e-12);
        assert!(overfitting_ratio(&curves(&[2.0, 1.0], &[2.0, 2.0])).is_err());
        assert!(overfitting_ratio(&curves(&[], &[])).is_err());
    }
}
