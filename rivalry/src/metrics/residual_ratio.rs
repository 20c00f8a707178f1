//! How much of its own training signal a modality still receives in the joint
//! network.
//!
//! With summed logits s = s_1 + ... + s_M and cross-entropy, the gradient with
//! respect to every s_r is p - e_y, p = softmax(s); alone it would be p_r - e_y,
//! p_r = softmax(s_r). The ratio of their mean lengths is near 1 while the modality
//! learns as if alone and falls to 0 when the others have explained its samples.

use crate::metrics::{
    Direction, Metric, ModelOutputs, Part, Quantity, Reading, Scale, Sheet, Subject, outputs,
};
use crate::num::Matrix;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "residual_ratio",
    summary: "share of a modality's own training signal that survives fusion, at the end of training",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(ResidualRatio),
};

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "residual_ratio",
    unit: "ratio",
    scale: Scale::Positive,
    direction: Direction::Neither,
    definition: "mean |p - e_y| of the joint network over mean |p_r - e_y| of this modality's branch, on training \
                 rows: 1 = learns as if alone, 0 = starved",
}];

/// A branch whose own residual is below this fits its rows already: a ratio
/// of two vanishing numbers would mean nothing.
const FITTED: f64 = 1e-6;

struct ResidualRatio;

impl Metric for ResidualRatio {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint_with_cut();
        for modality in 0..trial.n_modalities() {
            let ratio = joint.as_ref().map_err(Clone::clone).and_then(|model| ratio(trial, model, modality));
            sheet.number_or("residual_ratio", Subject::Modality(modality), ratio);
        }
    }
}

fn ratio(trial: &Reading<'_>, model: &ModelOutputs, modality: usize) -> Result<f64, String> {
    let labels = trial.labels(Part::Train);
    let branch =
        model.train.logits.get(modality).filter(|_| model.train.logits.len() == model.modalities.len());
    let (fused, branch) = match (trial.fused(model, Part::Train), branch) {
        (Ok(fused), Some(branch)) => (fused, branch.map(f64::from)),
        _ => return Err("the outputs on training rows were not kept".to_owned()),
    };
    if labels.is_empty() {
        return Err("there are no training rows".to_owned());
    }
    let own = mean_residual(&branch, labels);
    if own < FITTED {
        return Err("the branch fits its training rows on its own".to_owned());
    }
    Ok(mean_residual(&fused, labels) / own)
}

/// Mean Euclidean length of softmax(logits) - one-hot label.
fn mean_residual(logits: &Matrix<f64>, labels: &[u32]) -> f64 {
    let p = outputs::softmax(logits);
    let length = |(i, label): (usize, &u32)| {
        let square = |(k, p): (usize, &f64)| {
            let residual = p - f64::from(u8::from(k == *label as usize));
            residual * residual
        };
        p.row(i).iter().enumerate().map(square).sum::<f64>().sqrt()
    };
    labels.iter().enumerate().map(length).sum::<f64>() / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_margin_of_one_modality_starves_the_other() {
        // Ten classes; modality A scores the right class by a growing margin, B by
        // a quarter. Published example: 1.00, 0.82, 0.56, 0.13, 0.02, 0.003.
        let expected = [(0.0, 1.00), (1.0, 0.82), (2.0, 0.56), (4.0, 0.13), (6.0, 0.02), (8.0, 0.003)];
        let with_margin = |margin| {
            let mut logits = Matrix::zeros(1, 10);
            logits.row_mut(0)[3] = margin;
            mean_residual(&logits, &[3])
        };
        for (margin, ratio) in expected {
            let found = with_margin(margin + 0.25) / with_margin(0.25);
            let rounding = if ratio < 0.01 { 5e-4 } else { 5e-3 };
            assert!((found - ratio).abs() <= rounding, "{margin}: {found}");
        }
    }
}
