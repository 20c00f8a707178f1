//! Meters of how much the joint network uses a modality, side by side.
//!
//! They differ in what stands in for a modality that is removed: permutation
//! takes other test rows, removal and Shapley values the mean logits over the training
//! rows, the margin share removes nothing, and the probe on the joint encoder asks what could be read
//! rather than what is used. Where they name different modalities as the most used, the
//! question has no single answer; `diagnose` says so.

use crate::metrics::{
    Direction, Metric, Need, Quantity, Reading, Scale, Series, Sheet, Subject, Table, Values, cites,
};
use crate::num::sums;
use crate::registry::Entry;
use crate::stats::Estimate;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "usage",
    summary: "meters of the most used modality side by side, and whether they agree",
    cites: &[cites::GAT2021, cites::HU2022],
    knobs: &[],
    build: |_| Box::new(Usage),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "margin_share",
        unit: "ratio",
        scale: Scale::Free,
        direction: Direction::Neither,
        definition: "this modality's part of the joint network's mean margin over the whole of it; a modality that \
                     pulls the wrong way has a negative one",
    },
    Quantity {
        name: "meters_agree",
        unit: "ratio",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "largest share of the usage meters (permutation, removal, Shapley removed, margin share, probe) that \
                     name the same modality as the most used",
    },
];

/// The meters that are put side by side: quantity, and the convention in words.
pub const METERS: [(&str, &str); 5] = [
    ("permutation_drop", "permutation (other test rows stand in)"),
    ("removal_drop", "removal (mean logits stand in)"),
    ("shapley_removed", "Shapley value (mean logits stand in)"),
    ("margin_share", "margin share (nothing is removed)"),
    ("probe_in_joint", "probe on the joint encoder (what could be read)"),
];

struct Usage;

impl Metric for Usage {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::TrainingOutputs, Need::Embeddings]
    }

    fn cost(&self) -> &'static str {
        "nothing beyond the meters"
    }

    /// Reads the margins that `winners` left on the sheet.
    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let margin = |m: usize| match sheet.get("margin", &Subject::Modality(m)) {
            Some(Values::Samples(values)) => Ok(sums::sum(values) / values.len().max(1) as f64),
            Some(Values::Missing(why)) => Err(why.clone()),
            _ => Err("the margins were not measured".to_owned()),
        };
        let margins: Result<Vec<f64>, String> = (0..trial.n_modalities()).map(margin).collect();
        for modality in 0..trial.n_modalities() {
            let share = margins.as_ref().map_err(Clone::clone).and_then(|margins| {
                let total: f64 = margins.iter().sum();
                let none = "the joint network's mean margin is not positive".to_owned();
                if total > 0.0 { Ok(margins[modality] / total) } else { Err(none) }
            });
            sheet.number_or("margin_share", Subject::Modality(modality), share);
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let named: Vec<usize> =
            METERS.iter().filter_map(|(meter, _)| most_used(table, series, meter)).map(|(m, _)| m).collect();
        let votes = |m: &usize| named.iter().filter(|n| *n == m).count();
        let measured = match named.iter().map(votes).max() {
            Some(most) => {
                let share = most as f64 / named.len() as f64;
                let why = format!("it counts {} meters", named.len());
                Ok(Estimate::without_interval(share, series.bootstrap.level, named.len(), why))
            }
            None => Err("no meter of usage was measured".to_owned()),
        };
        table.put("meters_agree", Subject::Study, measured);
    }
}

/// The modality with the largest value of a meter and its lead over the next;
/// `None` with one modality, or where it was not measured on all.
fn most_used(table: &Table, series: &Series<'_>, meter: &str) -> Option<(usize, f64)> {
    let of = |m: usize| table.get(meter, &Subject::Modality(m)).ok().map(|estimate| estimate.value);
    leader(&(0..series.study.modality_names.len()).map(of).collect::<Option<Vec<f64>>>()?)
}

/// The position of the largest value, the first of equals, and its lead over the next.
pub fn leader(values: &[f64]) -> Option<(usize, f64)> {
    let top = (0..values.len()).rev().max_by(|a, b| values[*a].total_cmp(&values[*b]))?;
    let others = values.iter().enumerate().filter(|(m, _)| *m != top).map(|(_, v)| *v);
    let next = others.reduce(f64::max)?;
    Some((top, values[top] - next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn meters_agree_on_the_one_that_speaks() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let share = |m| found.table.get("margin_share", &Subject::Modality(m)).unwrap().value;
        // The other whispers at a twentieth.
        assert!((share(0) - 1.0 / 1.05).abs() < 1e-6 && (share(0) + share(1) - 1.0).abs() < 1e-6);
        assert_eq!(found.table.get("meters_agree", &Subject::Study).unwrap().value, 1.0);
        // The probe finds more in the one that does not speak.
        plan.modalities[1].probe_joint = (0.5, 0.01);
        let found = measured(&plan.evidence());
        assert_eq!(found.table.get("meters_agree", &Subject::Study).unwrap().value, 0.8);
    }

    #[test]
    fn leaders_by_hand() {
        assert_eq!(leader(&[0.25, 0.5, 0.0]), Some((1, 0.25)));
        assert_eq!(leader(&[0.5, 0.5]), Some((0, 0.0)));
        assert_eq!((leader(&[1.0]), leader(&[])), (None, None));
    }
}
