//! Whether the classes that joint training improves are those that the added modalities
//! decide.
//!
//! Added are all modalities but the best alone, which the change is measured against. Their
//! share of a class is theirs of the joint network's margin on its test rows, parts that pull the wrong
//! way counted as nothing:
//!
//! share_c = added_c / (added_c + best_c),  added_c = sum over the added r of max(0, m_rc),  best_c alike
//!
//! with m_rc the `class_margin`. The association is Spearman's rank correlation over classes of
//! share and change, ties at their mean rank; its interval comes from resampling classes.
//! Changes of small classes are noisy, which draws the correlation towards zero; and both numbers are
//! read off the same test rows.

use crate::metrics::{Direction, Metric, Need, Quantity, Scale, Series, Subject, Table, cites};
use crate::num::sums;
use crate::registry::Entry;
use crate::stats::bootstrap;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "class_association",
    summary: "whether the classes that joint training improves are those that the added modalities decide",
    cites: &[cites::SPEARMAN1904],
    knobs: &[],
    build: |_| Box::new(ClassAssociation),
};

/// With fewer classes resampling them says nothing.
const FEWEST: usize = 6;

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "class_added_share",
        unit: "share",
        scale: Scale::Share,
        direction: Direction::Neither,
        definition: "share of the class's margin in the joint network that comes from the modalities other than the best \
                     alone, negative parts counted as nothing",
    },
    Quantity {
        name: "change_follows_added",
        unit: "rank correlation",
        scale: Scale::Difference(1.0),
        direction: Direction::Neither,
        definition: "Spearman's rank correlation over classes of class_change with class_added_share; 1 = the more the \
                     added modalities decide a class, the more it improves",
    },
];

struct ClassAssociation;

impl Metric for ClassAssociation {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::Predictions]
    }

    fn cost(&self) -> &'static str {
        "a bootstrap over classes"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let n_modalities = series.study.modality_names.len();
        let level = series.bootstrap.level;
        let mut pairs = Vec::new();
        for class in 0..series.study.n_classes() {
            let part = |m: usize| -> Option<f64> {
                Some(table.get("class_margin", &Subject::ClassModality(class, m)).ok()?.value.max(0.0))
            };
            let parts: Option<Vec<f64>> = (0..n_modalities).map(part).collect();
            let Some(parts) = parts else { continue };
            let all = sums::sum(&parts);
            if all <= 0.0 {
                continue;
            }
            let share = (1.0 - parts[best] / all).clamp(0.0, 1.0);
            let described = crate::stats::Estimate::without_interval(
                share,
                level,
                1,
                "a ratio of two means; the margins beside it have intervals",
            );
            if let Ok(change) = table.get("class_change", &Subject::Class(class)) {
                pairs.push((share, change.value));
            }
            table.put("class_added_share", Subject::Class(class), Ok(described));
        }
        if pairs.is_empty() {
            return;
        }
        let statistic = |resample: &[u32]| {
            let of = |i: &u32| pairs[*i as usize];
            let (shares, changes): (Vec<f64>, Vec<f64>) = resample.iter().map(of).unzip();
            spearman(&shares, &changes)
        };
        let found = if pairs.len() < FEWEST {
            Err(format!("{} classes are too few, {FEWEST} are needed", pairs.len()))
        } else {
            let found = bootstrap(pairs.len(), None, None, &series.bootstrap, statistic);
            found.ok_or_else(|| "all classes changed alike, or are decided alike".to_owned())
        };
        table.put("change_follows_added", Subject::Study, found);
    }
}

/// Pearson's correlation of mean ranks; NaN where one side is constant.
fn spearman(first: &[f64], second: &[f64]) -> f64 {
    let [a, b] = [first, second].map(|values| {
        let ranks = mean_ranks(values);
        let mean = sums::mean(&ranks);
        ranks.into_iter().map(|rank| rank - mean).collect::<Vec<f64>>()
    });
    let product = |x: &[f64], y: &[f64]| sums::sum_by(x.len(), |i| x[i] * y[i]);
    let norm = (product(&a, &a) * product(&b, &b)).sqrt();
    if norm > 0.0 { (product(&a, &b) / norm).clamp(-1.0, 1.0) } else { f64::NAN }
}

/// Ranks from 1; equal values share the mean of theirs.
fn mean_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = |i: &&usize| values[**i] == values[order[start]];
        let end = start + order[start..].iter().take_while(same).count();
        for i in &order[start..end] {
            ranks[*i] = (start + 1 + end) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn rank_correlations_as_scipy_has_them() {
        // scipy.stats.spearmanr(x, y).statistic
        let x = [0.1, 0.4, 0.4, 0.9, 0.3, 0.7];
        let y = [-0.2, 0.0, 0.1, 0.1, 0.1, 0.3];
        assert!((spearman(&x, &y) - 0.646_843_158_815_382_3).abs() < 1e-12, "{}", spearman(&x, &y));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), -1.0);
        assert!(spearman(&[1.0, 1.0], &[0.0, 1.0]).is_nan());
        assert_eq!(mean_ranks(&[2.0, 1.0, 2.0]), [2.5, 1.0, 2.5]);
    }

    #[test]
    fn classes_that_the_added_modality_decides_are_those_that_improve() {
        // `b` wins the classes from 5 on; the joint network gains there and nowhere else.
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.winner = |_, class| usize::from(class >= 5);
        let mut evidence = plan.evidence();
        // Alone and joint have the same errors so far: no class changes.
        let same = measured(&evidence).table.get("change_follows_added", &Subject::Study);
        assert_eq!(same.unwrap_err(), "all classes changed alike, or are decided alike");
        for trial in &mut evidence.trials {
            let alone = trial.models.iter_mut().find(|m| m.modalities == [0]).unwrap();
            for (i, row) in trial.test.iter().enumerate().filter(|(i, _)| i % 3 == 0) {
                let label = evidence.study.labels[*row as usize] as usize;
                if label >= 5 {
                    alone.test.logits[0].row_mut(i)[label] -= 100.0;
                }
            }
        }
        let found = measured(&evidence);
        let share = |c: usize| found.table.get("class_added_share", &Subject::Class(c)).unwrap().value;
        assert!(share(0) < 0.1 && share(9) > 0.9, "{} {}", share(0), share(9));
        let value = found.table.get("change_follows_added", &Subject::Study).unwrap();
        // Five classes that did not change share a rank, so shares in any order within both halves leave about 0.7.
        assert!(value.value > 0.6 && value.above(0.0) && value.n == 10, "{value}");
        plan.n_classes = 4;
        let few = measured(&plan.evidence()).table.get("change_follows_added", &Subject::Study);
        assert_eq!(few.unwrap_err(), "4 classes are too few, 6 are needed");
    }
}
