//! Purity gap: how much better an encoder groups the classes on rows that it was
//! trained on than on held-back ones (Wei et al., Diagnosing and Re-learning, ECCV
//! 2024).
//!
//! Embeddings are scaled to between -1 and 1 (minimum and maximum of the training rows),
//! k-means with as many clusters as classes is fitted to either part, and purity is the
//! share of rows in the majority class of their cluster. Purity grows as rows become fewer,
//! so as many training rows as there are validation rows are drawn, and at most 256 of each.
//! The reference code takes test rows in place of validation rows; we do not.

use crate::metrics::{
    Direction, Metric, ModelOutputs, Need, Part, Quantity, Reading, Scale, Sheet, Subject, cites,
};
use crate::num::{Draws, Matrix, Purpose};
use crate::registry::Entry;
use crate::stats::clusters::{ColumnEnds, k_means, purity};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "purity",
    summary: "purity of clusters of each encoder's embeddings, training minus validation rows",
    cites: &[cites::WEI2024RELEARNING],
    knobs: &[],
    build: |_| Box::new(Purity),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "purity_gap",
        unit: "share",
        scale: Scale::Difference(1.0),
        direction: Direction::Lower,
        definition: "purity of k-means clusters of the joint network's encoder on training rows minus on validation \
                     rows, equally many; a large gap = memorised",
    },
    Quantity {
        name: "purity_gap_alone",
        unit: "share",
        scale: Scale::Difference(1.0),
        direction: Direction::Lower,
        definition: "the same for the encoder trained alone",
    },
];

/// Rows of each part at most.
const MOST: usize = 256;
/// Fewer rows per class say nothing about purity.
const PER_CLASS: usize = 3;
const ROWS: Purpose = Purpose::new("purity rows");

struct Purity;

impl Metric for Purity {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Embeddings, Need::TrainingOutputs, Need::ValidationOutputs]
    }

    fn cost(&self) -> &'static str {
        "k-means of at most 256 rows into K clusters, from four starts, four times per modality"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint();
        for modality in 0..trial.n_modalities() {
            let own = joint.as_ref().map_err(Clone::clone).and_then(|model| gap(trial, model, modality));
            sheet.number_or("purity_gap", Subject::Modality(modality), own);
            let alone = trial.alone(modality).and_then(|model| gap(trial, model, 0));
            sheet.number_or("purity_gap_alone", Subject::Modality(modality), alone);
        }
    }
}

fn gap(trial: &Reading<'_>, model: &ModelOutputs, branch: usize) -> Result<f64, String> {
    let of = |part: Part| {
        model.outputs(part).embeddings.get(branch).ok_or_else(|| match trial.trial.rows(part).len() {
            0 => format!("there are no {} rows", part.name()),
            _ => "the embeddings were not kept".to_owned(),
        })
    };
    let (train, valid) = (of(Part::Train)?, of(Part::Valid)?);
    let n = train.rows().min(valid.rows()).min(MOST);
    let n_classes = trial.n_classes();
    if n < PER_CLASS * n_classes {
        return Err(format!("{n} validation rows are fewer than {PER_CLASS} per class"));
    }
    let scaled = ColumnEnds::of(train);
    let purity_on = |embeddings: &Matrix<f32>, part: Part| {
        let mut rows = Draws::new(trial.trial.seed, ROWS, part as u32).permutation(embeddings.rows());
        rows.truncate(n);
        let labels: Vec<u32> = rows.iter().map(|row| trial.labels(part)[*row as usize]).collect();
        let values = Matrix::from_fn(n, embeddings.cols(), |r, k| {
            scaled.scale(k, f64::from(embeddings.row(rows[r] as usize)[k]))
        });
        k_means(values.view(), n_classes, trial.trial.seed).map(|found| purity(&found.of, &labels))
    };
    let gap = purity_on(train, Part::Train).zip(purity_on(valid, Part::Valid));
    gap.map(|(train, valid)| train - valid).ok_or_else(|| "there are no rows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted};
    use crate::metrics::{Metrics, Values, measure_trial};

    #[test]
    fn an_encoder_that_memorised_has_a_gap() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 1;
        let mut evidence = plan.evidence();
        let joint = evidence.trials[0].models.last_mut().unwrap();
        // Held-back rows of the second modality say nothing.
        let mut draws = Draws::new(1, Purpose::new("purity test"), 0);
        for value in joint.valid.embeddings[1].as_mut_slice() {
            *value = draws.normal() as f32;
        }
        let sheet = measure_trial(&evidence.study, &evidence.trials[0], &[], &Metrics::all()).sheet;
        let of = |name: &str, m: usize| match sheet.get(name, &Subject::Modality(m)) {
            Some(Values::Number(gap)) => *gap,
            other => panic!("{other:?}"),
        };
        assert!(of("purity_gap", 0).abs() < 0.1 && of("purity_gap", 1) > 0.3, "{}", of("purity_gap", 1));
        assert!(of("purity_gap_alone", 1).abs() < 0.1);
    }
}
