//! Whether the joint loss pulls an encoder where its own loss would, and how
//! hard: cosine and ratio of lengths of the two gradients at the encoder's parameters, per
//! epoch (Wei, Hu, `MMPareto`, ICML 2024).
//!
//! The own loss is the cross-entropy of the modality's branch of the joint network, canonical cut, its
//! constants held fixed. Its authors use a separate classifier, which our plain
//! joint network does not have.

use crate::metrics::{Direction, Metric, Need, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::sums;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "gradients",
    summary: "direction and size of the joint loss's gradient at an encoder against that of the branch's own loss",
    cites: &[cites::WEI2024PARETO],
    knobs: &[],
    build: |_| Box::new(Gradients),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "gradient_cosine",
        unit: "cosine",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "cosine between the encoder's gradients of the joint loss and of its branch's own, on training \
                     rows, mean over epochs",
    },
    Quantity {
        name: "gradient_conflict",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Lower,
        definition: "share of epochs in which that cosine is negative",
    },
    Quantity {
        name: "gradient_magnitude",
        unit: "ratio",
        scale: Scale::Positive,
        direction: Direction::Neither,
        definition: "length of the encoder's gradient of the joint loss over that of its branch's own, mean over epochs; \
                     below 1 = fusion takes signal away",
    },
];

struct Gradients;

impl Metric for Gradients {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Meters]
    }

    fn cost(&self) -> &'static str {
        "while training, together with `starvation`"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            let found = trial.branch_curves(modality).map(|curves| {
                let conflicts: Vec<f64> =
                    curves.gradient_cosine.iter().map(|c| f64::from(u8::from(*c < 0.0))).collect();
                [&curves.gradient_cosine, &conflicts, &curves.gradient_ratio].map(|curve| sums::mean(curve))
            });
            for (i, name) in ["gradient_cosine", "gradient_conflict", "gradient_magnitude"].iter().enumerate()
            {
                sheet.number_or(name, subject.clone(), found.as_ref().map(|f| f[i]).map_err(Clone::clone));
            }
        }
    }
}
