//! What the joint network loses without a modality, as a share of what it has:
//! the conditional utilisation rate of Wu et al. (ICML 2022) in its late-fusion
//! form. There a message between branches is replaced by its mean; here branches
//! send none, so the branch's logits are:
//! u(r | rest) = (A - A with s_r at its mean) / A.

use crate::metrics::outputs::{self, Cut};
use crate::metrics::{Direction, Metric, Need, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "utilisation",
    summary: "accuracy lost, also as a share, when one modality's logits are replaced by their mean",
    cites: &[cites::WU2022],
    knobs: &[],
    build: |_| Box::new(Utilisation),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "removal_drop",
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "joint accuracy minus joint accuracy with this modality's logits at their mean over the training \
                     rows",
    },
    Quantity {
        name: "utilisation_rate",
        unit: "ratio",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "u(r | rest): the removal drop over joint accuracy",
    },
    Quantity {
        name: "utilisation_imbalance",
        unit: "ratio",
        scale: Scale::Free,
        direction: Direction::Neither,
        definition: "largest minus smallest utilisation rate; of two modalities |u(1|2) - u(2|1)|",
    },
];

struct Utilisation;

impl Metric for Utilisation {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::TrainingOutputs]
    }

    fn cost(&self) -> &'static str {
        "n K M"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let cut = Cut::of(trial);
        let mut rates = Vec::new();
        for modality in 0..trial.n_modalities() {
            let drops = cut
                .as_ref()
                .map_err(Clone::clone)
                .map(|cut| outputs::minus(&cut.right(), &outputs::right(&cut.without(modality), cut.labels)));
            let rate = drops.as_ref().map_err(Clone::clone).and_then(|drops| {
                let joint = cut.as_ref().ok().and_then(|cut| outputs::share(&cut.right())).unwrap_or(0.0);
                let lost = outputs::share(drops).unwrap_or(0.0);
                if joint > 0.0 {
                    Ok(lost / joint)
                } else {
                    Err("the joint network has nothing right".to_owned())
                }
            });
            rates.push(rate.clone());
            sheet.samples_or("removal_drop", Subject::Modality(modality), drops);
            sheet.number_or("utilisation_rate", Subject::Modality(modality), rate);
        }
        let rates: Result<Vec<f64>, String> = rates.into_iter().collect();
        let spread = |rates: Vec<f64>| {
            let top = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            top - rates.iter().copied().fold(f64::INFINITY, f64::min)
        };
        sheet.number_or("utilisation_imbalance", Subject::Study, rates.map(spread));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn a_silent_modality_is_not_used() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        // The winner speaks twenty times louder: without the other nothing changes.
        assert!(of("removal_drop", 1).abs() < 0.01);
        let joint = 0.9;
        assert!((of("removal_drop", 0) / joint - of("utilisation_rate", 0)).abs() < 0.02);
        let spread = found.table.get("utilisation_imbalance", &Subject::Study).unwrap().value;
        let by_hand = (of("utilisation_rate", 0) - of("utilisation_rate", 1)).abs();
        assert!((spread - by_hand).abs() < 1e-9, "{spread} {by_hand}");
    }
}
