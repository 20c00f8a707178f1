//! Intervals for shares of samples: one share, and the difference of two
//! shares of the same samples.
//!
//! Every function is a formula of counts; nothing is drawn. A share of no
//! samples does not exist, so `n = 0` gives `None`.

use super::distributions::beta_quantile;
use super::estimate::{Estimate, Interval, check_level};
use crate::num::special::normal_quantile;

/// Wilson's score interval for `successes` of `n` independent samples.
///
/// Its coverage averages to the nominal level over the possible shares; at a
/// single share it can fall below, most of all for shares within 1/n of 0 or 1.
/// Where the level must hold everywhere use [`clopper_pearson`].
///
/// Source: Wilson, "Probable inference, the law of succession, and statistical
/// inference", JASA 22, 1927.
///
/// # Panics
/// When there are more successes than samples, or `level` is not in (0, 1).
///
/// # Examples
/// ```
/// let accuracy = rivalry::stats::wilson(38, 40, 0.95).unwrap();
/// assert_eq!(accuracy.percent(1), "95.0 [83.5, 98.6]");
/// ```
pub fn wilson(successes: u64, n: u64, level: f64) -> Option<Estimate> {
    let share = share(successes, n)?;
    let interval = wilson_ends(share, n as f64, level);
    Some(Estimate::new(share, interval, level, n as usize, "Wilson"))
}

/// The exact (conservative) interval of Clopper and Pearson for `successes` of
/// `n` independent samples: it covers with at least the nominal probability,
/// whatever the true share.
///
/// Source: Clopper and Pearson, Biometrika 26, 1934, by quantiles of the beta
/// distribution.
///
/// # Panics
/// When there are more successes than samples, or `level` is not in (0, 1).
pub fn clopper_pearson(successes: u64, n: u64, level: f64) -> Option<Estimate> {
    let share = share(successes, n)?;
    check_level(level);
    let tail = (1.0 - level) / 2.0;
    let (k, failures) = (successes as f64, (n - successes) as f64);
    let low = if successes == 0 { 0.0 } else { beta_quantile(k, failures + 1.0, tail) };
    let high = if successes == n { 1.0 } else { 1.0 - beta_quantile(failures, k + 1.0, tail) };
    Some(Estimate::new(share, Interval::new(low, high), level, n as usize, "Clopper-Pearson"))
}

/// Two classifiers on the same samples, counted by who was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairedCounts {
    /// Samples that both had right.
    pub both: u64,
    /// Samples that only the first had right.
    pub first_only: u64,
    /// Samples that only the second had right.
    pub second_only: u64,
    /// Samples that both had wrong.
    pub neither: u64,
}

impl PairedCounts {
    /// Counts from who was right on each sample.
    ///
    /// # Panics
    /// When the two are not equally long.
    pub fn of(first_right: &[bool], second_right: &[bool]) -> Self {
        assert_eq!(first_right.len(), second_right.len(), "paired counts need the same samples");
        let mut counts = Self::default();
        for pair in first_right.iter().zip(second_right) {
            match pair {
                (true, true) => counts.both += 1,
                (true, false) => counts.first_only += 1,
                (false, true) => counts.second_only += 1,
                (false, false) => counts.neither += 1,
            }
        }
        counts
    }

    /// Number of samples.
    pub fn n(&self) -> u64 {
        self.both + self.first_only + self.second_only + self.neither
    }

    /// Share of samples on which exactly one of the two was right; `None`
    /// without samples.
    pub fn discordance(&self) -> Option<f64> {
        let n = self.n();
        (n > 0).then(|| (self.first_only + self.second_only) as f64 / n as f64)
    }

    /// First accuracy minus second accuracy, with Newcombe's interval for
    /// paired differences (his method 10: Wilson intervals of the two shares,
    /// squared and added, with a continuity-corrected correlation). It has a
    /// width even where the two classifiers never differ.
    ///
    /// Source: Newcombe, "Improved confidence intervals for the difference
    /// between binomial proportions based on paired data", Statistics in
    /// Medicine 17, 1998, 2635-2650.
    ///
    /// # Panics
    /// When `level` is not in (0, 1).
    pub fn newcombe(&self, level: f64) -> Option<Estimate> {
        let n = self.n();
        let first = share(self.both + self.first_only, n)?;
        let second = share(self.both + self.second_only, n)?;
        let correlation = self.corrected_correlation();
        let first_ends = wilson_ends(first, n as f64, level);
        let second_ends = wilson_ends(second, n as f64, level);
        // The distance of the side towards which each share would have to move.
        let reach = |a: f64, b: f64| (a * a - 2.0 * correlation * a * b + b * b).max(0.0).sqrt();
        let value = (self.first_only as f64 - self.second_only as f64) / n as f64;
        let low = value - reach(first - first_ends.low, second_ends.high - second);
        let high = value + reach(first_ends.high - first, second - second_ends.low);
        Some(Estimate::new(value, Interval::new(low, high), level, n as usize, "Newcombe paired (method 10)"))
    }

    /// The phi coefficient, moved towards zero by half a sample when positive;
    /// zero when a classifier is always right or always wrong.
    fn corrected_correlation(&self) -> f64 {
        let [a, b, c, d] = [self.both, self.first_only, self.second_only, self.neither].map(|k| k as f64);
        let scale = ((a + b) * (c + d)).sqrt() * ((a + c) * (b + d)).sqrt();
        if scale == 0.0 {
            return 0.0;
        }
        let product = a * d - b * c;
        let half_sample = (a + b + c + d) / 2.0;
        let corrected = if product > 0.0 { (product - half_sample).max(0.0) } else { product };
        corrected / scale
    }
}

/// The Wilson interval for a share seen in `n` samples; `n` need not be whole
/// (an effective number).
pub(super) fn wilson_ends(share: f64, n: f64, level: f64) -> Interval {
    check_level(level);
    let z = -normal_quantile((1.0 - level) / 2.0);
    let square = z * z / n;
    let centre = (share + square / 2.0) / (1.0 + square);
    let half = z * (share * (1.0 - share) / n + square / n / 4.0).sqrt() / (1.0 + square);
    // Rounding must not push an end past the share when that is 0 or 1.
    let low = if share == 0.0 { 0.0 } else { (centre - half).clamp(0.0, share) };
    let high = if share == 1.0 { 1.0 } else { (centre + half).clamp(share, 1.0) };
    Interval::new(low, high)
}

fn share(successes: u64, n: u64) -> Option<f64> {
    assert!(successes <= n, "{successes} successes in {n} samples");
    (n > 0).then(|| successes as f64 / n as f64)
}
