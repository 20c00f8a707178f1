//! When a modality lost: the epoch in which its training signal fell below half
//! of its own while its branch still knew less than the modality alone learns.
//!
//! Read off the joint network while it trained, on a fixed part of the training
//! rows ([`crate::spec::Spec::meters`]); the branches are cut in the canonical way there.

use crate::metrics::{
    BranchCurves, Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, outputs,
};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "starvation",
    summary: "the epoch in which a modality stopped learning because the others had explained its samples",
    cites: &[],
    knobs: &[
        Knob {
            name: "ratio",
            default: Default::Number(0.5),
            range: Range::Between(0.0, 1.0),
            meaning: "residual ratio below which a modality is starved",
        },
        Knob {
            name: "learned",
            default: Default::Number(0.9),
            range: Range::Between(0.0, 1.0),
            meaning: "share of the training accuracy alone below which a branch has not learned yet",
        },
    ],
    build: |settings| {
        Box::new(Starvation { ratio: settings.number("ratio"), learned: settings.number("learned") })
    },
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "starved",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Lower,
        definition: "share of trainings in which this modality's residual ratio fell below 0.5 while its branch's \
                     training accuracy was below 0.9 of what the modality alone reaches",
    },
    Quantity {
        name: "starved_epoch",
        unit: "epochs",
        scale: Scale::Positive,
        direction: Direction::Neither,
        definition: "epochs until that happened, mean over the trainings in which it did",
    },
];

struct Starvation {
    ratio: f64,
    learned: f64,
}

impl Metric for Starvation {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Meters, Need::TrainingOutputs]
    }

    fn cost(&self) -> &'static str {
        "while training: one pass forward and two backward over at most 256 rows per epoch; of epochs after the 50th every tenth"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            let found = trial.branch_curves(modality).and_then(|curves| {
                let alone = trial.fused(trial.alone(modality)?, Part::Train)?;
                let reached = outputs::share(&outputs::right(&alone, trial.labels(Part::Train)));
                Ok(self.epoch(curves, reached.ok_or("there are no training rows")?))
            });
            let starved = found.as_ref().map(|epoch| f64::from(u8::from(epoch.is_some())));
            sheet.number_or("starved", subject.clone(), starved.map_err(Clone::clone));
            let never = || "the modality was not starved".to_owned();
            let epoch = found.and_then(|epoch| epoch.map(|e| e as f64).ok_or_else(never));
            sheet.number_or("starved_epoch", subject, epoch);
        }
    }
}

impl Starvation {
    /// Epochs done when the branch was first starved.
    fn epoch(&self, curves: &BranchCurves, alone: f64) -> Option<usize> {
        let pairs = curves.residual_ratio.iter().zip(&curves.train_accuracy);
        let starved =
            |(ratio, accuracy): (&f64, &f64)| *ratio < self.ratio && *accuracy < self.learned * alone;
        pairs.map(starved).position(|starved| starved).map(|epoch| epoch + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_epoch_in_which_both_hold() {
        let curves = BranchCurves {
            residual_ratio: vec![1.0, 0.4, 0.3, 0.2],
            train_accuracy: vec![0.1, 0.95, 0.6, 0.6],
            ..BranchCurves::default()
        };
        let metric = Starvation { ratio: 0.5, learned: 0.9 };
        assert_eq!(metric.epoch(&curves, 1.0), Some(3));
        assert_eq!(metric.epoch(&curves, 0.5), None);
        assert_eq!(metric.epoch(&BranchCurves::default(), 1.0), None);
    }
}
