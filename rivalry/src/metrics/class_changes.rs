//! Class by class: the joint network against the best modality alone.
//!
//! With many classes the largest changes are mostly selection: so every change
//! comes with a shrunken change and with a q value.
//!
//! Shrinkage: change_c ~ N(theta_c, s_c^2), theta_c ~ N(mu, tau^2). tau^2 is the
//! variance of the changes minus the mean of s_c^2 (Hedges, 1983): unweighted, because
//! classes in which the models never disagree would outweigh all others. s_c^2 is the
//! squared standard error, to which one sample of average variance is added so that
//! such a class does not count as known exactly. The shrunken change is the
//! posterior mean.
//!
//! p value: the larger of the sign-flip test over the class's samples or groups
//! (exact for these networks: swap the two models within each sample) and the crossed
//! bootstrap (new trainings and new samples). q value: Benjamini and Hochberg.

use crate::metrics::{
    Cells, Design, Direction, Metric, ModelKey, NAIVE, Need, Quantity, Scale, Series, Subject, Table, cites,
};
use crate::num::{parallel, sums};
use crate::registry::Entry;
use crate::stats::{Estimate, Replicates, benjamini_hochberg, sign_flip};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "class_changes",
    summary: "accuracy per class, joint against best modality alone, shrunken change and q value",
    cites: &[cites::BENJAMINI1995, cites::HEDGES1983],
    knobs: &[],
    build: |_| Box::new(ClassChanges),
};

const QUANTITIES: &[Quantity] = &[
    Quantity {
        name: "class_joint",
        unit: "accuracy",
        scale: Scale::Share,
        direction: Direction::Higher,
        definition: "accuracy of the joint network on the test rows of the class",
    },
    Quantity {
        name: "class_best_unimodal",
        unit: "accuracy",
        scale: Scale::Share,
        direction: Direction::Higher,
        definition: "accuracy of the best modality alone (the same for every class) on the test rows of the class",
    },
    Quantity {
        name: "class_change",
        unit: "accuracy",
        scale: Scale::Difference(1.0),
        direction: Direction::Higher,
        definition: "joint minus best modality alone on the test rows of the class",
    },
    Quantity {
        name: "class_shrunken_change",
        unit: "accuracy",
        scale: Scale::Free,
        direction: Direction::Higher,
        definition: "the change drawn towards the mean of all classes by as much as its noise demands (empirical Bayes)",
    },
    Quantity {
        name: "class_q_value",
        unit: "q value",
        scale: Scale::Free,
        direction: Direction::Neither,
        definition: "Benjamini-Hochberg adjusted p value of the change over all classes",
    },
];

/// Bootstrap replicates per class: p values must reach below what the correction
/// for many classes demands.
const REPLICATES_PER_CLASS: usize = 200;
const MAX_REPLICATES: usize = 40_000;

struct ClassChanges;

/// One class's change, before shrinkage.
struct Change {
    value: f64,
    standard_error: f64,
    p_value: f64,
    n_units: usize,
}

impl Metric for ClassChanges {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::Seeds]
    }

    fn cost(&self) -> &'static str {
        "a bootstrap of at least 200 K replicates per class"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let all: Vec<usize> = (0..series.study.modality_names.len()).collect();
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let accuracy = |key: ModelKey| series.cells("accuracy", &Subject::Model(key));
        let joint = accuracy(ModelKey::new(&all, NAIVE));
        let alone = accuracy(ModelKey::alone(best));
        let change = joint.minus(&alone);
        let classes: Vec<usize> = (0..series.study.n_classes()).collect();
        let measured = parallel::map(series.threads, &classes, |_, class| {
            let estimates = [
                ("class_joint", series.estimate_class(&joint, *class, Scale::Share)),
                ("class_best_unimodal", series.estimate_class(&alone, *class, Scale::Share)),
                ("class_change", series.estimate_class(&change, *class, Scale::Difference(1.0))),
            ];
            (estimates, change_of(series, &change, *class))
        });
        let mut found: Vec<(usize, Change)> = Vec::new();
        for (class, (estimates, change)) in measured.into_iter().enumerate() {
            for (name, estimate) in estimates {
                table.put(name, Subject::Class(class), estimate);
            }
            found.extend(change.map(|change| (class, change)));
        }
        let level = series.bootstrap.level;
        let q_values = benjamini_hochberg(&found.iter().map(|(_, c)| c.p_value).collect::<Vec<_>>());
        let shrunken = shrink(&found.iter().map(|(_, c)| c).collect::<Vec<_>>());
        for (i, (class, change)) in found.iter().enumerate() {
            let bare = |value, why| Ok(Estimate::without_interval(value, level, change.n_units, why));
            table.put("class_q_value", Subject::Class(*class), bare(q_values[i], "a q value"));
            let why = "it is a posterior mean; the change beside it has one";
            table.put("class_shrunken_change", Subject::Class(*class), bare(shrunken[i], why));
        }
    }
}

fn change_of(series: &Series<'_>, change: &Cells, class: usize) -> Option<Change> {
    if series.study.design == Design::HoldOut {
        // Hold-outs share no test rows: only the corrected t test speaks of them.
        let (estimate, standard_error, p_value) = series.class_over_splits(change, class)?;
        return Some(Change { value: estimate.value, standard_error, p_value, n_units: estimate.n });
    }
    let replicates = (REPLICATES_PER_CLASS * series.study.n_classes()).min(MAX_REPLICATES);
    let replicates = replicates.max(series.bootstrap.replicates);
    let (found, units) = series.class_replicates(change, class, replicates)?;
    // Units without any difference stay as they are under every flip.
    let different: Vec<f64> = units.iter().copied().filter(|d| *d != 0.0).collect();
    let flips = sign_flip(&different, series.bootstrap.seed).map_or(1.0, |test| test.p_value);
    Some(Change {
        value: found.value(),
        standard_error: found.standard_error().unwrap_or(0.0),
        p_value: flips.max(two_sided(&found)),
        n_units: units.len(),
    })
}

/// Twice the smaller share of replicates on either side of zero, the
/// observed value counted in; 1 where nothing varies around zero.
fn two_sided(found: &Replicates) -> f64 {
    let sorted = found.sorted();
    if sorted.is_empty() {
        return 1.0;
    }
    let not_above = sorted.partition_point(|r| *r <= 0.0);
    let below = sorted.partition_point(|r| *r < 0.0);
    let smaller = not_above.min(sorted.len() - below);
    (2.0 * (1 + smaller) as f64 / (1 + sorted.len()) as f64).min(1.0)
}

/// Posterior means of the changes.
fn shrink(changes: &[&Change]) -> Vec<f64> {
    let n = changes.len() as f64;
    // Variance of one unit's difference, averaged over classes.
    let spread = |c: &&Change| c.standard_error * c.standard_error * c.n_units as f64;
    let average = changes.iter().map(spread).sum::<f64>() / n;
    let variances: Vec<f64> = changes
        .iter()
        .map(|c| {
            let units = c.n_units as f64;
            (spread(c) * units + average) / ((units + 1.0) * units)
        })
        .collect();
    if variances.iter().any(|v| *v <= 0.0) {
        // Nothing varies anywhere, so nothing needs shrinking.
        return changes.iter().map(|c| c.value).collect();
    }
    let mean = |tau2: f64| {
        let weight = |v: &f64| 1.0 / (v + tau2);
        let total: f64 = variances.iter().map(weight).sum();
        variances.iter().zip(changes).map(|(v, c)| weight(v) * c.value).sum::<f64>() / total
    };
    let values: Vec<f64> = changes.iter().map(|c| c.value).collect();
    let between = if values.len() > 1 { sums::variance(&values) } else { 0.0 };
    let tau2 = (between - sums::mean(&variances)).max(0.0);
    let centre = mean(tau2);
    variances.iter().zip(changes).map(|(v, c)| (tau2 * c.value + v * centre) / (tau2 + v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(values: &[(f64, f64)]) -> Vec<Change> {
        let one = |(value, standard_error): &(f64, f64)| Change {
            value: *value,
            standard_error: *standard_error,
            p_value: 1.0,
            n_units: 1_000_000,
        };
        values.iter().map(one).collect()
    }

    #[test]
    fn shrinkage_by_hand() {
        // Equal standard errors 0.1, values -0.3, 0, 0.3: tau^2 = 0.09 - 0.01,
        // so a factor 0.08 / 0.09.
        let found = changes(&[(-0.3, 0.1), (0.0, 0.1), (0.3, 0.1)]);
        let shrunken = shrink(&found.iter().collect::<Vec<_>>());
        for (s, e) in shrunken.iter().zip([-0.3 * 8.0 / 9.0, 0.0, 0.3 * 8.0 / 9.0]) {
            assert!((s - e).abs() < 1e-6, "{s} {e}");
        }
        // Values no further apart than noise allows: all at the weighted mean.
        let found = changes(&[(0.05, 0.1), (-0.05, 0.1), (0.12, 0.2)]);
        let shrunken = shrink(&found.iter().collect::<Vec<_>>());
        let mean = (0.25 * 0.12) / 2.25;
        assert!(shrunken.iter().all(|s| (s - mean).abs() < 1e-7), "{shrunken:?}");
        assert_eq!(shrink(&changes(&[(0.5, 0.0)]).iter().collect::<Vec<_>>()), [0.5]);
    }
}
