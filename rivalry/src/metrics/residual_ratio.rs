//! How much of its own training signal a modality still receives in the joint
//! network.
//!
//! With summed logits s = s_1 + ... + s_M and cross-entropy, the gradient with
//! respect to every s_r is p - e_y, p = softmax(s); alone it would be p_r - e_y,
//! p_r = softmax(s_r). The ratio of their mean lengths is near 1 while the modality
//! learns as if alone and falls to 0 when the others have explained its samples.

use crate::metrics::{Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, meters};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "residual_ratio",
    summary: "share of a modality's own training signal that survives fusion, at the end of training, also per class",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(ResidualRatio),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "residual_ratio",
        unit: "ratio",
        scale: Scale::Positive,
        direction: Direction::Neither,
        definition: "mean |p - e_y| of the joint network over mean |p_r - e_y| of this modality's branch, on \
                     training rows: 1 = learns as if alone, 0 = starved",
    },
    Quantity {
        name: "class_residual_ratio",
        unit: "ratio",
        scale: Scale::Positive,
        direction: Direction::Neither,
        definition: "the residual ratio over the training rows of one class; the interval is over trainings",
    },
];

struct ResidualRatio;

impl Metric for ResidualRatio {
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
        let labels = trial.labels(Part::Train);
        let cut = trial.training_cut();
        for modality in 0..trial.n_modalities() {
            let (ratio, by_class) = match &cut {
                Ok(branches) => {
                    let views: Vec<_> = branches.iter().map(|logits| logits.view()).collect();
                    let (fused, own) = (meters::fused(&views), views[modality]);
                    (
                        meters::residual_ratio(fused.view(), own, labels)
                            .ok_or_else(|| "the branch fits its training rows on its own".to_owned()),
                        meters::class_residual_ratios(fused.view(), own, labels, trial.n_classes()),
                    )
                }
                Err(why) => (Err(why.clone()), vec![]),
            };
            sheet.number_or("residual_ratio", Subject::Modality(modality), ratio);
            for (class, ratio) in by_class.into_iter().enumerate() {
                let why = || "no training row of the class, or the branch fits them on its own".to_owned();
                let subject = Subject::ClassModality(class, modality);
                sheet.number_or("class_residual_ratio", subject, ratio.ok_or_else(why));
            }
        }
    }
}
