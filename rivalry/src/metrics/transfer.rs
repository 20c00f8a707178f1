//! Whether what a modality predicts on held-back training data holds on the
//! test rows: a shortcut under shift does not.

use crate::metrics::{
    Design, Direction, Metric, ModelKey, Need, Quantity, Reading, Scale, Sheet, Subject, Values, outputs,
};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "transfer",
    summary: "validation accuracy minus test accuracy of each modality alone, where the test rows were given",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(Transfer),
};

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "transfer_loss",
    unit: "accuracy",
    scale: Scale::Difference(1.0),
    direction: Direction::Lower,
    definition: "accuracy on validation rows minus accuracy on test rows of the network trained on this modality \
                 alone; the interval is over trainings",
}];

struct Transfer;

impl Metric for Transfer {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::ValidationOutputs]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond the accuracies"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Model(ModelKey::alone(modality));
            let value = if trial.study.design == Design::GivenSplit {
                match (sheet.get("valid_accuracy", &subject), sheet.get("accuracy", &subject)) {
                    (Some(Values::Number(valid)), Some(Values::Samples(right))) => outputs::share(right)
                        .map(|test| valid - test)
                        .ok_or_else(|| "no test rows".to_owned()),
                    _ => Err("there is no accuracy on both validation and test rows".to_owned()),
                }
            } else {
                Err("test and validation rows are drawn from the same pool".to_owned())
            };
            sheet.number_or("transfer_loss", Subject::Modality(modality), value);
        }
    }
}
