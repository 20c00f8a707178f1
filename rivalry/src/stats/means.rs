//! The mean of independent numbers, one per trial.

use super::distributions::student_t_quantile;
use super::estimate::{Estimate, Interval, check_level};
use crate::num::sums;

/// The mean of independent values with Student's interval.
///
/// `None` without values. One value has no interval, and neither have values
/// that are all equal: their spread says nothing about other trials.
///
/// # Panics
/// When a value is not finite, or `level` is not in (0, 1).
///
/// # Examples
/// ```
/// let mean = rivalry::stats::student_mean(&[1.0, 2.0, 3.0], 0.95).unwrap();
/// assert_eq!(mean.to_string(), "2.000 [-0.484, 4.484]");
/// ```
pub fn student_mean(values: &[f64], level: f64) -> Option<Estimate> {
    check_level(level);
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = sums::mean(values);
    if n == 1 {
        return Some(Estimate::without_interval(mean, level, 1, "one value"));
    }
    let deviation = sums::variance(values).sqrt();
    if deviation == 0.0 {
        return Some(Estimate::without_interval(mean, level, n, "all values are equal"));
    }
    let half = student_t_quantile(0.5 + level / 2.0, (n - 1) as f64) * deviation / (n as f64).sqrt();
    Some(Estimate::new(mean, Interval::new(mean - half, mean + half), level, n, "Student"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_formula() {
        // Mean 0.38, deviation 0.3114482; t(0.95, 4) = 2.131846786 (tables of Student's t).
        let mean = student_mean(&[0.1, 0.4, 0.2, 0.9, 0.3], 0.9).unwrap();
        assert!((mean.value - 0.38).abs() < 1e-15);
        let interval = mean.interval().unwrap();
        assert!((interval.low - 0.0830681022).abs() < 1e-9, "{}", interval.low);
        assert!((interval.high - 0.6769318978).abs() < 1e-9, "{}", interval.high);
    }

    #[test]
    fn what_has_no_interval_says_why() {
        assert!(student_mean(&[], 0.95).is_none());
        assert_eq!(student_mean(&[2.0], 0.95).unwrap().method, "no interval: one value");
        assert_eq!(student_mean(&[0.0, 0.0], 0.95).unwrap().method, "no interval: all values are equal");
    }
}
