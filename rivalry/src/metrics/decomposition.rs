//! The first table of a report: the gap between joint training and the best
//! modality alone, and how it splits.
//!
//! With J the joint network, r the best modality alone (A_r its accuracy), P_s
//! the best probe on a joint encoder and Q_t the best probe on an encoder
//! trained alone:
//!
//! gap = J - A_r
//!     = (P_s - Q_t)                    encoder effect
//!     + ((J - P_s) - (A_r - Q_t))      fusion effect
//!
//! exactly, for every sample. The encoder effect compares probe with probe. The
//! fusion effect is what the joint head adds to a probe less what the head of
//! the best network alone adds to a probe, so that the difference between a
//! probe and a trained head cancels. All choices are made on validation rows.

use crate::metrics::{
    Cells, Direction, ENSEMBLE, Metric, ModelKey, NAIVE, Need, Quantity, Scale, Series, Subject, Table,
    UNIMODAL, cites,
};
use crate::num::parallel;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "decomposition",
    summary: "gap to the best modality alone = encoder effect + fusion effect; ensemble headroom; drops",
    cites: &[cites::WANG2020, cites::HUANG2022],
    knobs: &[],
    build: |_| Box::new(Decomposition),
};

const QUANTITIES: &[Quantity] = &[
    difference(
        "gap",
        1.0,
        Direction::Higher,
        "joint minus best modality alone; negative = joint training loses",
    ),
    difference(
        "drop_vs_best_unimodal",
        1.0,
        Direction::Higher,
        "this model minus best modality alone; negative = worse",
    ),
    difference("headroom", 1.0, Direction::Lower, "ensemble of the networks trained alone minus joint"),
    difference(
        "encoder_effect",
        1.0,
        Direction::Higher,
        "best probe on a joint encoder minus best probe on an encoder trained alone",
    ),
    difference(
        "fusion_effect",
        2.0,
        Direction::Higher,
        "(joint - best probe on a joint encoder) - (best alone - best probe on an encoder trained alone)",
    ),
    difference(
        "recoverable",
        1.0,
        Direction::Lower,
        "probe on all joint encoders side by side minus joint: what a new head on the same encoders would win",
    ),
    difference(
        "weak_baseline",
        1.0,
        Direction::Lower,
        "best probe on raw features minus best modality alone",
    ),
    difference("joint_over_raw_probe", 1.0, Direction::Higher, "joint minus best probe on raw features"),
    difference(
        "weak_alone",
        1.0,
        Direction::Lower,
        "probe on the raw features of this modality minus the network trained on it alone",
    ),
    difference(
        "left_out_gain",
        1.0,
        Direction::Neither,
        "joint network without this modality minus joint network with all; positive = the modality harms",
    ),
];

const fn difference(
    name: &'static str,
    bound: f64,
    direction: Direction,
    definition: &'static str,
) -> Quantity {
    Quantity { name, unit: "accuracy", scale: Scale::Difference(bound), direction, definition }
}

struct Decomposition;

impl Metric for Decomposition {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::Embeddings, Need::Features]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond accuracies and probes; of several trainings or groups a bootstrap a model"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let study = Subject::Study;
        let all: Vec<usize> = (0..series.study.modality_names.len()).collect();
        let accuracy = |key: ModelKey| series.cells("accuracy", &Subject::Model(key));
        let joint = accuracy(ModelKey::new(&all, NAIVE));
        let mut asked: Vec<(&'static str, Subject, Cells)> = vec![
            ("headroom", study.clone(), accuracy(ModelKey::new(&all, ENSEMBLE)).minus(&joint)),
            ("recoverable", study.clone(), series.cells("fused_probe", &study).minus(&joint)),
        ];
        for modality in &all {
            let subject = Subject::Modality(*modality);
            let raw = series.cells("raw_probe", &subject);
            asked.push(("weak_alone", subject.clone(), raw.minus(&accuracy(ModelKey::alone(*modality)))));
            let rest: Vec<usize> = all.iter().copied().filter(|m| m != modality).collect();
            let strategy = if rest.len() == 1 { UNIMODAL } else { NAIVE };
            asked.push(("left_out_gain", subject, accuracy(ModelKey::new(&rest, strategy)).minus(&joint)));
        }
        if let Some(best) = table.choice("best_alone", &study) {
            let best_alone = accuracy(ModelKey::alone(best));
            let network = Subject::Model(ModelKey::new(&all, NAIVE));
            match series.drops(best).get(&network) {
                Some(gap) => table.put("gap", study.clone(), gap.estimate.clone()),
                None => asked.push(("gap", study.clone(), joint.minus(&best_alone))),
            }
            for (model, drop) in series.drops(best) {
                table.put("drop_vs_best_unimodal", model.clone(), drop.estimate.clone());
            }
            let probe = |choice: &str, quantity: &str| {
                let modality = table.choice(choice, &study)?;
                Some(series.cells(quantity, &Subject::Modality(modality)))
            };
            let in_joint = probe("best_probe_in_joint", "probe_in_joint");
            if let (Some(p), Some(q)) = (in_joint, probe("best_probe_alone", "probe_alone")) {
                let heads = Cells::combine(&[(1.0, &joint), (-1.0, &p), (-1.0, &best_alone), (1.0, &q)]);
                asked.push(("encoder_effect", study.clone(), p.minus(&q)));
                asked.push(("fusion_effect", study.clone(), heads));
            }
            if let Some(raw) = probe("best_raw_probe", "raw_probe") {
                asked.push(("weak_baseline", study.clone(), raw.minus(&best_alone)));
                asked.push(("joint_over_raw_probe", study, joint.minus(&raw)));
            }
        }
        let estimates = parallel::map(series.threads, &asked, |_, (name, _, cells)| {
            let quantity = QUANTITIES.iter().find(|q| q.name == *name);
            series.estimate(cells, quantity.map_or(Scale::Free, |q| q.scale))
        });
        for ((name, subject, _), measured) in asked.into_iter().zip(estimates) {
            table.put(name, subject, measured);
        }
    }
}
