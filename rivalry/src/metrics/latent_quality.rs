//! Latent representation quality (Huang et al., NeurIPS 2021, definition 2):
//! eta(g) = inf over heads h of risk(h o g) - risk(h* o g*), the accuracy that no head
//! on a representation can win back.
//!
//! Estimated with error as the risk, the linear probe of `probe` as the head (so eta
//! is bounded from above), and as h* o g* the network or probe with the highest validation accuracy
//! of all that were measured, the same for every representation of a study.

use crate::metrics::{
    Cells, Direction, Metric, Need, Quantity, Scale, Series, Subject, Table, cites, probes,
};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "latent_quality",
    summary: "accuracy that no linear head on an encoder can win back, against the best predictor known",
    cites: &[cites::HUANG2021],
    knobs: &[],
    build: |_| Box::new(LatentQuality),
};

const QUANTITIES: &[Quantity] = &[
    eta(
        "latent_quality_alone",
        "best predictor known minus the probe on the encoder trained alone; 0 = nothing is lost",
    ),
    eta(
        "latent_quality_in_joint",
        "best predictor known minus the probe on the joint network's encoder; 0 = nothing is lost",
    ),
    eta(
        "latent_quality",
        "best predictor known minus the probe on all joint encoders side by side; 0 = nothing is lost",
    ),
];

const fn eta(name: &'static str, definition: &'static str) -> Quantity {
    Quantity {
        name,
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Lower,
        definition,
    }
}

struct LatentQuality;

impl Metric for LatentQuality {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::ValidationOutputs, Need::Embeddings, Need::Features]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond accuracies and probes"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let best = best_known(series);
        let mut put = |name: &'static str, probe: &str, subject: Subject| {
            let measured = match &best {
                Some(best) => {
                    series.estimate(&best.minus(&series.cells(probe, &subject)), Scale::Difference(1.0))
                }
                None => Err("there are no validation rows to choose the best predictor on".to_owned()),
            };
            table.put(name, subject, measured);
        };
        for modality in 0..series.study.modality_names.len() {
            put("latent_quality_alone", "probe_alone", Subject::Modality(modality));
            put("latent_quality_in_joint", "probe_in_joint", Subject::Modality(modality));
        }
        put("latent_quality", "fused_probe", Subject::Study);
    }
}

/// The accuracies of the network or probe that validation rows like best; of
/// equals the first.
fn best_known(series: &Series<'_>) -> Option<Cells> {
    let mut asked: Vec<(&str, &str, Subject)> =
        series.models().into_iter().map(|model| ("valid_accuracy", "accuracy", model)).collect();
    for modality in 0..series.study.modality_names.len() {
        for (valid, test) in [
            ("probe_alone_valid", "probe_alone"),
            ("probe_in_joint_valid", "probe_in_joint"),
            ("raw_probe_valid", "raw_probe"),
        ] {
            asked.push((valid, test, Subject::Modality(modality)));
        }
    }
    asked.push((probes::FUSED_VALID, "fused_probe", Subject::Study));
    let mut best: Option<(f64, Cells)> = None;
    for (valid, test, subject) in asked {
        let score = series.mean(valid, &subject);
        if let Some(score) = score.filter(|s| best.as_ref().is_none_or(|(top, _)| s > top)) {
            best = Some((score, series.cells(test, &subject)));
        }
    }
    best.map(|(_, cells)| cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn what_an_encoder_forgot_is_its_eta() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.05)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.modalities[1].probe_joint = (0.5, 0.4);
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        // Side by side the encoders err together nowhere, so the probe on both is the best known.
        let both = found.table.get("latent_quality", &Subject::Study).unwrap().value;
        assert_eq!(both, 0.0);
        let fused = found.table.get("fused_probe", &Subject::Study).unwrap().value;
        for (name, probe) in
            [("latent_quality_alone", "probe_alone"), ("latent_quality_in_joint", "probe_in_joint")]
        {
            for m in 0..2 {
                assert!((of(name, m) - (fused - of(probe, m))).abs() < 1e-6, "{name} {m}");
            }
        }
        assert!(of("latent_quality_in_joint", 1) > of("latent_quality_alone", 1) + 0.1);
    }
}
