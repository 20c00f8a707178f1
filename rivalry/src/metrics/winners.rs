//! Which modality wins each class in the joint network, and whether the same
//! one wins in every training.
//!
//! A modality's contribution to a test row of class y is its part of the margin:
//! s_r[y] minus the mean of s_r over the other classes, centred cut. The winner
//! of a class in a training has the largest mean contribution over the test rows of the
//! class. The luck of a class is the entropy of its winners over trainings divided by
//! the logarithm of the number of modalities: 1 = any modality may win, 0 =
//! always the same.

use crate::metrics::by_class::ByClass;
use crate::metrics::{
    Direction, Metric, Need, Part, Quantity, Reading, Scale, Series, Sheet, Subject, Table, Training, cites,
    meters,
};
use crate::num::{parallel, special, sums};
use crate::registry::Entry;
use crate::stats::Estimate;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "winners",
    summary: "which modality wins each class in the joint network, and how often another one wins",
    cites: &[cites::HUANG2022, cites::ZHANG2024],
    knobs: &[],
    build: |_| Box::new(Winners),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "margin",
        unit: "logits",
        scale: Scale::Free,
        direction: Direction::Neither,
        definition: "this modality's part of the joint network's margin (right class minus mean of the others), \
                     centred cut, mean over test rows",
    },
    Quantity {
        name: "class_margin",
        unit: "logits",
        scale: Scale::Free,
        direction: Direction::Neither,
        definition: "this modality's part of the margin, mean over the test rows of one class",
    },
    Quantity {
        name: "classes_won",
        unit: "classes",
        scale: Scale::Positive,
        direction: Direction::Neither,
        definition: "number of classes in which this modality has the largest part of the margin, mean over trainings",
    },
    Quantity {
        name: "luck",
        unit: "entropy",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "entropy of a class's winner over trainings / log of the number of modalities; of the study: \
                     mean over classes",
    },
];

struct Winners;

impl Metric for Winners {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::Seeds]
    }

    fn cost(&self) -> &'static str {
        "n K M, and an interval per class and modality"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint_with_cut();
        for modality in 0..trial.n_modalities() {
            let margins = joint.as_ref().map_err(Clone::clone).map(|model| {
                let logits = &model.test.logits[modality];
                let labels = trial.labels(Part::Test);
                labels
                    .iter()
                    .enumerate()
                    .map(|(i, label)| meters::margin(logits.row(i), *label as usize) as f32)
                    .collect()
            });
            sheet.samples_or("margin", Subject::Modality(modality), margins);
        }
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let n_modalities = series.study.modality_names.len();
        let trainings: Vec<Vec<Training>> = (0..n_modalities)
            .map(|m| series.trainings(&series.cells("margin", &Subject::Modality(m))))
            .collect();
        let n_trainings = trainings.first().map_or(0, Vec::len);
        if n_modalities < 2 || n_trainings == 0 {
            return;
        }
        by_class(series, table);
        let level = series.bootstrap.level;
        let mut won = vec![vec![0.0; n_trainings]; n_modalities];
        let mut lucks = Vec::new();
        for class in 0..series.study.n_classes() {
            let winners = winners_of_class(series, &trainings, class);
            let mut wins = vec![0_usize; n_modalities];
            for (training, winner) in winners.iter().enumerate() {
                if let Some((winner, _)) = winner {
                    wins[*winner] += 1;
                    won[*winner][training] += 1.0;
                }
            }
            let counted: usize = wins.iter().sum();
            if counted == 0 {
                continue;
            }
            // Of modalities that won equally often: the one with the larger total margin.
            let total = |m: usize| -> f64 { winners.iter().flatten().map(|(_, margins)| margins[m]).sum() };
            let order = |a: &usize, b: &usize| wins[*a].cmp(&wins[*b]).then(total(*a).total_cmp(&total(*b)));
            if let Some(winner) = (0..n_modalities).rev().max_by(order) {
                table.choose("winner", Subject::Class(class), winner);
            }
            let luck = entropy(&wins) / special::ln(n_modalities as f64);
            lucks.push(luck);
            table.put("luck", Subject::Class(class), Ok(described(luck, level, counted)));
        }
        for (modality, won) in won.iter().enumerate() {
            table.put(
                "classes_won",
                Subject::Modality(modality),
                series.estimate_trainings(won, Scale::Positive),
            );
        }
        if !lucks.is_empty() {
            let mean = sums::mean(&lucks);
            table.put("luck", Subject::Study, Ok(described(mean, level, n_trainings)));
        }
    }
}

/// Every modality's part of the margin of every class.
fn by_class(series: &Series<'_>, table: &mut Table) {
    let cells: Vec<_> = (0..series.study.modality_names.len())
        .map(|m| series.cells("margin", &Subject::Modality(m)))
        .collect();
    let asked: Vec<(usize, usize)> =
        (0..series.study.n_classes()).flat_map(|c| (0..cells.len()).map(move |m| (c, m))).collect();
    let cut: Vec<ByClass<'_>> = cells.iter().map(|cells| ByClass::new(series, cells)).collect();
    let found = parallel::map(series.threads, &asked, |_, (class, modality)| {
        cut[*modality].estimate(*class, Scale::Free)
    });
    for ((class, modality), margin) in asked.into_iter().zip(found) {
        table.put("class_margin", Subject::ClassModality(class, modality), margin);
    }
}

fn described(luck: f64, level: f64, n_trainings: usize) -> Estimate {
    Estimate::without_interval(luck, level, n_trainings, "it describes these trainings")
}

/// For every training: the winner of the class and every modality's mean
/// margin; nothing where the class was not tested.
fn winners_of_class(
    series: &Series<'_>,
    trainings: &[Vec<Training>],
    class: usize,
) -> Vec<Option<(usize, Vec<f64>)>> {
    let n_trainings = trainings[0].len();
    let one = |training: usize| {
        let means: Option<Vec<f64>> =
            trainings.iter().map(|of| mean_of_class(series, &of[training], class)).collect();
        let means = means?;
        let winner = (0..means.len()).rev().max_by(|a, b| means[*a].total_cmp(&means[*b]))?;
        Some((winner, means))
    };
    (0..n_trainings).map(one).collect()
}

fn mean_of_class(series: &Series<'_>, training: &Training, class: usize) -> Option<f64> {
    let own = |(row, _): &(&u32, &f32)| series.study.labels[**row as usize] as usize == class;
    let values: Vec<f64> =
        training.rows.iter().zip(&training.values).filter(own).map(|(_, v)| f64::from(*v)).collect();
    (!values.is_empty()).then(|| sums::mean(&values))
}

/// Entropy in nats of counts.
fn entropy(counts: &[usize]) -> f64 {
    let total: usize = counts.iter().sum();
    let share = |count: &usize| *count as f64 / total as f64;
    let terms = counts.iter().filter(|c| **c > 0).map(share).map(|p| p * special::ln(p));
    // Subtracting from zero keeps the sign of nothing positive.
    0.0 - terms.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_and_entropies_by_hand() {
        assert_eq!(meters::margin(&[3.0, 1.0, -1.0], 0), 3.0);
        assert_eq!(meters::margin(&[3.0, 1.0, -1.0], 2), -3.0);
        assert!((entropy(&[5, 5]) - special::ln(2.0)).abs() < 1e-15);
        assert_eq!(entropy(&[0, 7]), 0.0);
    }
}
