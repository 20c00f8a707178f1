//! Values of all trials cut by class, and the intervals of each class.

use std::collections::BTreeMap;

use crate::metrics::{Cells, Design, Measured, Scale, Series, Training};
use crate::num::Matrix;
use crate::stats::distributions::student_t_quantile;
use crate::stats::{ClassDifferences, Estimate, FoldDifferences, crossed_replicates};

/// Per-sample values of a quantity, cut by class.
pub(super) struct ByClass<'a> {
    series: &'a Series<'a>,
    cells: &'a Cells,
    /// The trainings that share test rows; none for hold-outs.
    shared: Vec<Training>,
    /// The positions of every class among the shared rows.
    members: Vec<Vec<u32>>,
    /// The positions of every class among the test rows of every trial, for
    /// hold-outs.
    apart: Vec<Vec<Vec<usize>>>,
}

/// One class's change, before shrinkage.
pub(super) struct ClassChange {
    /// The estimate.
    pub(super) estimate: Estimate,
    pub(super) standard_error: f64,
    /// Twice the smaller share of replicates on either side of zero, the
    /// observed value counted in; for hold-outs that of the corrected t test.
    pub(super) bootstrap_p: f64,
    /// The sums of differences by unit; none for hold-outs.
    pub(super) units: Vec<f64>,
    pub(super) n_units: usize,
}

impl<'a> ByClass<'a> {
    pub(super) fn new(series: &'a Series<'a>, cells: &'a Cells) -> Self {
        let n_classes = series.study.n_classes();
        let cut = |rows: &[u32]| {
            let mut members = vec![Vec::new(); n_classes];
            for (i, row) in rows.iter().enumerate() {
                members[series.study.labels[*row as usize] as usize].push(i as u32);
            }
            members
        };
        if series.study.design == Design::HoldOut {
            let widened = |rows: Vec<Vec<u32>>| -> Vec<Vec<usize>> {
                rows.into_iter().map(|of| of.into_iter().map(|i| i as usize).collect()).collect()
            };
            let apart = series.trials.iter().map(|trial| widened(cut(&trial.test))).collect();
            return Self { series, cells, shared: Vec::new(), members: Vec::new(), apart };
        }
        let mut shared = series.trainings(cells);
        if let Some(first) = shared.first().map(|training| training.rows.clone()) {
            shared.retain(|training| training.rows == first);
        }
        let members = shared.first().map_or_else(Vec::new, |training| cut(&training.rows));
        Self { series, cells, shared, members, apart: Vec::new() }
    }

    /// The mean over the test rows of one class, with its interval.
    pub(super) fn estimate(&self, class: usize, scale: Scale) -> Measured {
        if self.series.study.design == Design::HoldOut {
            return self.series.estimate(&self.restricted(class), scale);
        }
        let (values, groups) = self.matrix(class)?;
        self.series.over_samples(&values, groups.as_deref(), scale)
    }

    /// The mean difference on one class, all that tests and shrinkage need.
    pub(super) fn change(&self, class: usize, replicates: usize) -> Option<ClassChange> {
        let how = self.series.bootstrap;
        if self.series.study.design == Design::HoldOut {
            // Hold-outs share no test rows: only the corrected t test speaks of them.
            let means = self.restricted(class).means();
            let differences = FoldDifferences::new(&means, self.series.test_over_train())?;
            let estimate = differences.estimate(how.level);
            let half = estimate.interval().map_or(0.0, |i| i.width() / 2.0);
            let df = estimate.n.max(2) as f64 - 1.0;
            let standard_error = half / student_t_quantile(0.5 + how.level / 2.0, df);
            let bootstrap_p = differences.p_value().unwrap_or(1.0);
            let n_units = estimate.n;
            return Some(ClassChange { estimate, standard_error, bootstrap_p, units: Vec::new(), n_units });
        }
        let (values, groups) = self.matrix(class).ok()?;
        let how = crate::stats::Bootstrap { replicates, ..how };
        let found = crossed_replicates(&values, groups.as_deref(), None, Some((-1.0, 1.0)), &how)?;
        let mut means = vec![0.0; values.cols()];
        for r in 0..values.rows() {
            means.iter_mut().zip(values.row(r)).for_each(|(sum, value)| *sum += value);
        }
        for mean in &mut means {
            *mean /= values.rows() as f64;
        }
        let units = match &groups {
            None => means,
            Some(groups) => {
                let mut units = BTreeMap::new();
                groups
                    .iter()
                    .zip(&means)
                    .for_each(|(group, mean)| *units.entry(*group).or_insert(0.0) += mean);
                units.into_values().collect()
            }
        };
        Some(ClassChange {
            estimate: found.estimate(how.ends, how.level),
            standard_error: found.standard_error().unwrap_or(0.0),
            bootstrap_p: found.two_sided_p(),
            n_units: units.len(),
            units,
        })
    }

    /// Whether a class's difference comes from one training and single samples:
    /// then swapping the two models within samples tests it exactly.
    pub(super) fn is_one_training(&self) -> bool {
        self.shared.len() == 1 && self.series.study.groups.is_none()
    }

    /// The differences of every class that has test rows, for the null band.
    pub(super) fn differences(&self, changes: &[(usize, ClassChange)]) -> Vec<ClassDifferences> {
        let one = |(class, change): &(usize, ClassChange)| ClassDifferences {
            size: self.members.get(*class).map_or(0, Vec::len),
            units: change.units.iter().copied().filter(|d| *d != 0.0).collect(),
        };
        changes.iter().map(one).filter(|class| class.size > 0).collect()
    }

    fn restricted(&self, class: usize) -> Cells {
        let keep: Vec<Vec<usize>> = self.apart.iter().map(|trial| trial[class].clone()).collect();
        self.cells.restrict(&keep)
    }

    /// Trainings x samples of the class, and the samples' groups.
    fn matrix(&self, class: usize) -> Result<(Matrix<f64>, Option<Vec<u32>>), String> {
        let first = self.shared.first().ok_or_else(|| self.cells.reason())?;
        let keep = &self.members[class];
        if keep.is_empty() {
            return Err("the class is not among the test rows".to_owned());
        }
        let values = Matrix::from_fn(self.shared.len(), keep.len(), |r, c| {
            f64::from(self.shared[r].values[keep[c] as usize])
        });
        let rows: Vec<u32> = keep.iter().map(|i| first.rows[*i as usize]).collect();
        Ok((values, self.series.groups_of(&rows)))
    }
}

impl ClassChange {
    /// Variance of one unit's difference.
    pub(super) fn spread(&self) -> f64 {
        self.standard_error * self.standard_error * self.n_units as f64
    }
}
