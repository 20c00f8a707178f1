//! How many bits about the label a linear probe can use: from each modality's raw
//! features, from its encoder trained alone, from its encoder in the joint network,
//! and from all joint encoders side by side.
//!
//! I_V = H_V(Y) - H_V(Y | X) with V the probes of `probe` (Xu et al., ICLR 2020), on
//! test rows: per row, the pointwise V-information log2 p_V(y | x) - log2 p(y) of
//! Ethayarajh et al. (ICML 2022). p(y) are the class shares of the training rows, one
//! row added to each class so that a class without rows is possible. It can be negative: a probe
//! that is surely wrong is worse than none.

use crate::metrics::{
    Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, Values, cites, probes,
};
use crate::num::special;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "v_information",
    summary: "bits about the label that a linear probe can use, raw, from encoders alone and from joint ones",
    cites: &[cites::XU2020, cites::ETHAYARAJH2022],
    knobs: &[],
    build: |_| Box::new(VInformation),
};

const QUANTITIES: &[Quantity] = &[
    bits("v_information_raw", "bits that a linear probe uses of the modality's features, on test rows"),
    bits("v_information_alone", "bits that a linear probe uses of the encoder trained alone, on test rows"),
    bits(
        "v_information_in_joint",
        "bits that a linear probe uses of the joint network's encoder, on test rows",
    ),
    bits(
        "v_information_both",
        "bits that a linear probe uses of all joint encoders side by side, on test rows",
    ),
];

const fn bits(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "bits", scale: Scale::Free, direction: Direction::Higher, definition }
}

struct VInformation;

impl Metric for VInformation {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::TrainingOutputs, Need::ValidationOutputs, Need::Embeddings, Need::Features]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond the probes"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let prior = prior_bits(trial.labels(Part::Train), trial.n_classes());
        let read = |sheet: &mut Sheet, name: &'static str, from: &str, subject: Subject| {
            let found = match sheet.get(from, &subject) {
                Some(Values::Samples(bits)) => {
                    let labels = trial.labels(Part::Test);
                    Ok(labels.iter().zip(bits).map(|(y, bits)| prior[*y as usize] as f32 - bits).collect())
                }
                Some(Values::Missing(why)) => Err(why.clone()),
                _ => Err("no probe was fitted".to_owned()),
            };
            sheet.samples_or(name, subject, found);
        };
        for modality in 0..trial.n_modalities() {
            for (name, from) in [
                ("v_information_raw", probes::BITS_RAW),
                ("v_information_alone", probes::BITS_ALONE),
                ("v_information_in_joint", probes::BITS_IN_JOINT),
            ] {
                read(sheet, name, from, Subject::Modality(modality));
            }
        }
        read(sheet, "v_information_both", probes::BITS_FUSED, Subject::Study);
    }
}

/// -log2 of every class's share, one row added to each.
fn prior_bits(labels: &[u32], n_classes: usize) -> Vec<f64> {
    let mut counts = vec![1_usize; n_classes];
    labels.iter().for_each(|label| counts[*label as usize] += 1);
    let total = (labels.len() + n_classes) as f64;
    counts.into_iter().map(|n| -special::ln(n as f64 / total) / std::f64::consts::LN_2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn a_prior_by_hand() {
        assert_eq!(
            prior_bits(&[0, 0, 1, 0, 0, 1], 2),
            [-special::ln(0.625) / std::f64::consts::LN_2, -special::ln(0.375) / std::f64::consts::LN_2]
        );
        assert_eq!(prior_bits(&[], 4), [2.0; 4]);
    }

    #[test]
    fn bits_follow_accuracy() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.modalities[1].probe_joint = (0.5, 0.5);
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        assert!(of("v_information_alone", 1) > of("v_information_in_joint", 1) + 0.3);
        // At most the entropy of ten classes.
        assert!(of("v_information_alone", 0) < special::ln(10.0) / std::f64::consts::LN_2);
        let both = found.table.get("v_information_both", &Subject::Study).unwrap().value;
        assert!(both > of("v_information_in_joint", 1));
        assert!(
            found.table.get("v_information_raw", &Subject::Modality(0)).unwrap_err().contains("features")
        );
    }
}
