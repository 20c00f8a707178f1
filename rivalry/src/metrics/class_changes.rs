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
//! bootstrap (new trainings and new samples); with one training the first alone.
//! q value: Benjamini and Hochberg.
//!
//! The null band ([`null_band`]) says what the classes at each rank, and the worst
//! and best few on average, would show had nothing changed.

use crate::metrics::by_class::{ByClass, ClassChange};
use crate::metrics::{
    Direction, Metric, ModelKey, NAIVE, Need, Quantity, Scale, Series, Subject, Table, cites,
};
use crate::num::{parallel, sums};
use crate::registry::{Default, Entry, Knob, Range};
use crate::stats::{Estimate, Expected, benjamini_hochberg, mcnemar_exact, null_band, sign_flip};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "class_changes",
    summary: "accuracy per class, joint against best modality alone, shrunken change, q value and null band",
    cites: &[cites::BENJAMINI1995, cites::HEDGES1983, cites::NICHOLS2002],
    knobs: &[Knob {
        name: "top",
        default: Default::Whole(10),
        range: Range::Between(1.0, 10_000.0),
        meaning: "so many of the worst and of the best classes are averaged, at most half of all",
    }],
    build: |settings| Box::new(ClassChanges { top: settings.whole("top") }),
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
    band("null_change", "mean and range of the change at this rank of all classes if nothing had changed"),
    band("worst_classes", "mean change of the worst classes (`top` of them, at most half)"),
    band(
        "worst_classes_null",
        "mean and range of the same if nothing had changed: what selection alone shows",
    ),
    band("worst_classes_p", "how often nothing but selection shows a mean at least as low, a p value"),
    band("best_classes", "mean change of the best classes (`top` of them, at most half)"),
    band(
        "best_classes_null",
        "mean and range of the same if nothing had changed: what selection alone shows",
    ),
    band("best_classes_p", "how often nothing but selection shows a mean at least as high, a p value"),
];

const fn band(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "accuracy", scale: Scale::Free, direction: Direction::Neither, definition }
}

/// Bootstrap replicates per class: p values must reach below what the correction
/// for many classes demands.
const REPLICATES_PER_CLASS: usize = 200;
const MAX_REPLICATES: usize = 40_000;
/// Random swaps of the null band.
const SWAPS: usize = 2_000;

struct ClassChanges {
    top: usize,
}

impl Metric for ClassChanges {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Predictions, Need::Seeds]
    }

    fn cost(&self) -> &'static str {
        "of several trainings or groups a bootstrap of at least 200 K replicates per class"
    }

    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let all: Vec<usize> = (0..series.study.modality_names.len()).collect();
        let Some(best) = table.choice("best_alone", &Subject::Study) else { return };
        let accuracy = |key: ModelKey| series.cells("accuracy", &Subject::Model(key));
        let joint = accuracy(ModelKey::new(&all, NAIVE));
        let alone = accuracy(ModelKey::alone(best));
        let change = joint.minus(&alone);
        let by_class = [&joint, &alone, &change].map(|cells| ByClass::new(series, cells));
        let [joint, alone, change] = &by_class;
        let wanted = (REPLICATES_PER_CLASS * series.study.n_classes()).min(MAX_REPLICATES);
        // An exact test needs no replicates for its p value.
        let wanted = if change.is_one_training() { 0 } else { wanted };
        let replicates = wanted.max(series.bootstrap.replicates);
        let classes: Vec<usize> = (0..series.study.n_classes()).collect();
        let measured = parallel::map(series.threads, &classes, |_, class| {
            let estimates = [
                ("class_joint", joint.estimate(*class, Scale::Share)),
                ("class_best_unimodal", alone.estimate(*class, Scale::Share)),
            ];
            (estimates, change.change(*class, replicates))
        });
        let mut found: Vec<(usize, ClassChange)> = Vec::new();
        for (class, (estimates, change)) in measured.into_iter().enumerate() {
            let subject = Subject::Class(class);
            for (name, estimate) in estimates {
                table.put(name, subject.clone(), estimate);
            }
            let absent = || "the class has no change that could be measured".to_owned();
            let estimate = change.as_ref().map(|change| change.estimate.clone());
            table.put("class_change", subject, estimate.ok_or_else(absent));
            found.extend(change.map(|change| (class, change)));
        }
        let level = series.bootstrap.level;
        let p_values: Vec<f64> =
            found.iter().map(|(_, c)| p_value(c, change, series.bootstrap.seed)).collect();
        let q_values = benjamini_hochberg(&p_values);
        let shrunken = shrink(&found.iter().map(|(_, c)| c).collect::<Vec<_>>());
        for (i, (class, change)) in found.iter().enumerate() {
            let bare = |value, why| Ok(Estimate::without_interval(value, level, change.n_units, why));
            table.put("class_q_value", Subject::Class(*class), bare(q_values[i], "a q value"));
            let why = "it is a posterior mean; the change beside it has one";
            table.put("class_shrunken_change", Subject::Class(*class), bare(shrunken[i], why));
        }
        self.selection(series, &change.differences(&found), table);
    }
}

impl ClassChanges {
    /// What selection alone would show.
    fn selection(&self, series: &Series<'_>, classes: &[crate::stats::ClassDifferences], table: &mut Table) {
        let (level, seed) = (series.bootstrap.level, series.bootstrap.seed);
        let top = self.top.min(classes.len() / 2);
        let Some(found) = null_band(classes, top, SWAPS, level, seed, series.threads) else { return };
        let n = classes.len();
        let expected = |e: &Expected| {
            let method = format!("{SWAPS} random swaps of the two models within samples");
            Ok(Estimate::new(e.mean, e.range, level, n, method))
        };
        let bare = |value, why: &str| Ok(Estimate::without_interval(value, level, n, why));
        for (rank, range) in found.ranks.iter().enumerate() {
            table.put("null_change", Subject::Rank(rank), expected(range));
        }
        let mut changes: Vec<f64> =
            classes.iter().map(|class| sums::sum(&class.units) / class.size as f64).collect();
        changes.sort_by(f64::total_cmp);
        let chosen = "classes chosen by their change: compare with the band";
        let mut put = |name, value| table.put(name, Subject::Study, value);
        put("worst_classes", bare(sums::mean(&changes[..top]), chosen));
        put("worst_classes_null", expected(&found.worst));
        put("worst_classes_p", bare(found.p_worst, "a p value"));
        put("best_classes", bare(sums::mean(&changes[n - top..]), chosen));
        put("best_classes_null", expected(&found.best));
        put("best_classes_p", bare(found.p_best, "a p value"));
    }
}

/// The larger of the two tests' p values, or the exact one's.
fn p_value(change: &ClassChange, by_class: &ByClass<'_>, seed: u64) -> f64 {
    // Units without any difference stay as they are under every flip.
    let different: Vec<f64> = change.units.iter().copied().filter(|d| *d != 0.0).collect();
    let equal = different.windows(2).all(|pair| pair[0].abs() == pair[1].abs());
    let flips = if equal {
        let positive = different.iter().filter(|d| **d > 0.0).count();
        mcnemar_exact(positive as u64, (different.len() - positive) as u64)
    } else {
        sign_flip(&different, seed).map_or(1.0, |test| test.p_value)
    };
    if change.units.is_empty() {
        change.bootstrap_p
    } else if by_class.is_one_training() {
        flips
    } else {
        flips.max(change.bootstrap_p)
    }
}

/// Posterior means of the changes.
fn shrink(changes: &[&ClassChange]) -> Vec<f64> {
    let n = changes.len() as f64;
    let average = changes.iter().map(|c| c.spread()).sum::<f64>() / n;
    let variances: Vec<f64> = changes
        .iter()
        .map(|c| {
            let units = c.n_units as f64;
            (c.spread() * units + average) / ((units + 1.0) * units)
        })
        .collect();
    if variances.iter().any(|v| *v <= 0.0) {
        // Nothing varies anywhere, so nothing needs shrinking.
        return changes.iter().map(|c| c.estimate.value).collect();
    }
    let mean = |tau2: f64| {
        let weight = |v: &f64| 1.0 / (v + tau2);
        let total: f64 = variances.iter().map(weight).sum();
        variances.iter().zip(changes).map(|(v, c)| weight(v) * c.estimate.value).sum::<f64>() / total
    };
    let values: Vec<f64> = changes.iter().map(|c| c.estimate.value).collect();
    let between = if values.len() > 1 { sums::variance(&values) } else { 0.0 };
    let tau2 = (between - sums::mean(&variances)).max(0.0);
    let centre = mean(tau2);
    variances.iter().zip(changes).map(|(v, c)| (tau2 * c.estimate.value + v * centre) / (tau2 + v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(values: &[(f64, f64)]) -> Vec<ClassChange> {
        let one = |(value, standard_error): &(f64, f64)| ClassChange {
            estimate: Estimate::without_interval(*value, 0.95, 1, "a test"),
            standard_error: *standard_error,
            bootstrap_p: 1.0,
            units: vec![],
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
