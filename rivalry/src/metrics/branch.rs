//! How well a modality's part of the joint logits classifies on its own.

use crate::metrics::{Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, outputs};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "branch",
    summary: "accuracy of each modality's part of the joint network's logits, centred cut",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(Branch),
};

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "branch_in_joint",
    unit: "accuracy",
    scale: Scale::Share,
    direction: Direction::Neither,
    definition: "accuracy of this modality's part of the joint logits (features centred on their training mean, \
                 the rest in the bias, the bias split equally); a low value alone is no deficit, because summed \
                 logits let branches specialise",
}];

struct Branch;

impl Metric for Branch {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits]
    }

    fn cost(&self) -> &'static str {
        "n K M"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint_with_cut();
        for modality in 0..trial.n_modalities() {
            let right = joint.as_ref().map_err(Clone::clone).map(|model| {
                let logits = model.test.logits[modality].map(f64::from);
                outputs::right(&logits, trial.labels(Part::Test))
            });
            sheet.samples_or("branch_in_joint", Subject::Modality(modality), right);
        }
    }
}
