//! Differences measured on the folds of a (repeated) cross-validation or on
//! random splits: their training sets overlap, so they are not independent,
//! and the plain t interval is too narrow.

use super::distributions::{student_t_cdf, student_t_quantile};
use super::estimate::{Estimate, Interval, check_level};
use super::practical::{Practical, check_rope};
use crate::num::sums;

/// One difference per fold (all repeats together), and how large a fold's test
/// part is against its training part.
#[derive(Clone, Debug)]
pub struct FoldDifferences {
    n_folds: usize,
    mean: f64,
    /// Standard error of the mean, corrected for the overlap.
    standard_error: f64,
    test_over_train: f64,
}

impl FoldDifferences {
    /// Takes one difference per fold; `test_over_train` is `n_test / n_train`,
    /// 1 / (k - 1) for k folds. `None` without differences.
    ///
    /// # Panics
    /// When a difference is not finite, or the ratio not positive and finite.
    pub fn new(differences: &[f64], test_over_train: f64) -> Option<Self> {
        assert!(differences.iter().all(|d| d.is_finite()), "a difference is not finite");
        assert!(test_over_train > 0.0 && test_over_train.is_finite(), "n_test / n_train = {test_over_train}");
        let n_folds = differences.len();
        if n_folds == 0 {
            return None;
        }
        // Differences of rounded accuracies that are equal on paper differ in
        // the last digits: the spread of such noise is no spread.
        let largest = differences.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
        let spread = if n_folds < 2 { 0.0 } else { sums::variance(differences).sqrt() };
        let spread = if spread <= 1e-14 * largest { 0.0 } else { spread };
        let standard_error = spread * (1.0 / n_folds as f64 + test_over_train).sqrt();
        Some(Self { n_folds, mean: sums::mean(differences), standard_error, test_over_train })
    }

    /// The mean difference with the corrected resampled t interval: variance
    /// times `(1/J + n_test / n_train)`, J - 1 degrees of freedom, J = number of
    /// folds over all repeats.
    ///
    /// Without an interval for a single fold, and for folds that all show the
    /// same difference.
    ///
    /// Source: Nadeau and Bengio, "Inference for the generalization error",
    /// Machine Learning 52, 2003; for repeated folds Bouckaert and Frank, PAKDD
    /// 2004.
    ///
    /// # Panics
    /// When `level` is not in (0, 1).
    pub fn estimate(&self, level: f64) -> Estimate {
        check_level(level);
        if let Some(why) = self.no_spread() {
            return Estimate::without_interval(self.mean, level, self.n_folds, why);
        }
        let half = -student_t_quantile((1.0 - level) / 2.0, self.df()) * self.standard_error;
        let method = format!(
            "corrected resampled t, {} folds, n_test/n_train = {:.4}",
            self.n_folds, self.test_over_train
        );
        Estimate::new(
            self.mean,
            Interval::new(self.mean - half, self.mean + half),
            level,
            self.n_folds,
            method,
        )
    }

    /// The standard error of the mean difference, corrected for the overlap; 0 where nothing
    /// varies or there is one fold.
    pub fn standard_error(&self) -> f64 {
        self.standard_error
    }

    /// The two-sided p value of the corrected resampled t test; `None` when
    /// there is no spread to judge by.
    pub fn p_value(&self) -> Option<f64> {
        self.no_spread().is_none().then(|| {
            let t = self.mean / self.standard_error;
            2.0 * student_t_cdf(-t.abs(), self.df())
        })
    }

    /// Bayesian correlated t test: the posterior probabilities that the
    /// difference is worse than `-rope`, practically the same, and better than
    /// `rope`. `None` when there is no spread to judge by.
    ///
    /// Source: Corani and Benavoli, "A Bayesian approach for comparing
    /// cross-validated algorithms on multiple data sets", Machine Learning 100,
    /// 2015; their correlation `n_test / (n_test + n_train)` makes the posterior
    /// scale the corrected standard error.
    ///
    /// # Panics
    /// When `rope` is negative or not finite.
    pub fn practical(&self, rope: f64) -> Option<Practical> {
        check_rope(rope);
        if self.no_spread().is_some() {
            return None;
        }
        let below = |x: f64| student_t_cdf((x - self.mean) / self.standard_error, self.df());
        let above = |x: f64| student_t_cdf((self.mean - x) / self.standard_error, self.df());
        let (p_worse, p_better) = (below(-rope), above(rope));
        Some(Practical { p_worse, p_same: (1.0 - p_worse - p_better).max(0.0), p_better })
    }

    fn df(&self) -> f64 {
        (self.n_folds - 1) as f64
    }

    fn no_spread(&self) -> Option<&'static str> {
        if self.n_folds < 2 {
            Some("one fold")
        } else if self.standard_error == 0.0 {
            Some("all folds show the same difference")
        } else {
            None
        }
    }
}
