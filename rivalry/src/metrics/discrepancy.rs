//! How much more confident one branch of the joint network is than the others,
//! at the end of training (Peng et al., OGM-GE, CVPR 2022).
//!
//! a_r is the mean probability of the right class by the branch's own logits;
//! of two modalities rho_1 = a_1 / a_2, of more the mean of a_r / a_q over the
//! others. It saturates at 1 / a_q, depends on the scale of the logits and compares
//! confidences, not gradients; the residual ratio does.

use crate::metrics::{
    Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, cites, meters,
};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "discrepancy",
    summary: "confidence of a modality's branch over that of the others, on training rows",
    cites: &[cites::PENG2022],
    knobs: &[],
    build: |_| Box::new(Discrepancy),
};

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "discrepancy_ratio",
    unit: "ratio",
    scale: Scale::Positive,
    direction: Direction::Neither,
    definition: "mean probability that this modality's branch (centred cut) gives the right class over that of the \
                 other branches (mean of ratios), on training rows; above 1 = dominates",
}];

struct Discrepancy;

impl Metric for Discrepancy {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::TrainingOutputs]
    }

    fn cost(&self) -> &'static str {
        "a softmax of every training row per modality"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let ratios = trial.training_cut().map(|branches| {
            let views: Vec<_> = branches.iter().map(|logits| logits.view()).collect();
            meters::discrepancy_ratios(&views, trial.labels(Part::Train))
        });
        for modality in 0..trial.n_modalities() {
            let own = ratios
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|ratios| ratios[modality].ok_or_else(|| "there is no other branch".to_owned()));
            sheet.number_or("discrepancy_ratio", Subject::Modality(modality), own);
        }
    }
}
