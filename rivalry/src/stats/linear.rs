//! Statistics that are no means, seeds x samples, through their influence
//! values: areas under ROC curves, balanced accuracy, macro-F1.

use super::crossed::{describe, one_seed_of};
use super::distributions::student_t_quantile;
use super::estimate::{Estimate, Interval, check_level};
use super::two_way::{Plain, TwoWay};
use super::units::Units;
use crate::num::Matrix;

/// The mean over seeds of a statistic whose pseudo-values are given (seeds x
/// samples): the statistic plus n sqrt((n - 1) / n) times each sample's
/// influence, as [`pseudo_values`] makes them. The interval is Student's t on
/// the two-way variance of [`super::crossed`], so it speaks of new seeds and
/// new samples; for one seed and no groups it is the delta method's, and for an
/// area under the ROC curve `DeLong`'s.
///
/// `None` without seeds or samples.
///
/// # Panics
/// When a value is not finite, `groups` is not one per sample, or `level` is
/// not in (0, 1).
pub fn crossed_linear(values: &Matrix<f64>, groups: Option<&[u32]>, level: f64) -> Option<Estimate> {
    check_level(level);
    let n = values.cols();
    let (mean, variance, df, resampled) = if let Some(plain) = Plain::new(values, groups, None) {
        (plain.mean, plain.variance, plain.df, one_seed_of(&format!("{n} samples")))
    } else {
        let units = Units::new(n, groups, None);
        let layout = TwoWay::new(values, &units)?;
        (layout.mean, layout.variance, layout.df, describe(values.rows(), &units))
    };
    if variance == 0.0 {
        return Some(Estimate::without_interval(mean, level, n, format!("nothing varies in {resampled}")));
    }
    let half = student_t_quantile(f64::midpoint(1.0, level), df) * variance.sqrt();
    let interval = Interval::new(mean - half, mean + half);
    let method = format!("linearised, t with {df:.0} df, {resampled}");
    Some(Estimate::new(mean, interval, level, n, method))
}

/// Pseudo-values of a statistic from the samples' influence values, which sum
/// to zero.
pub fn pseudo_values(value: f64, influence: &[f64]) -> Vec<f64> {
    let n = influence.len() as f64;
    let scale = n * ((n - 1.0).max(0.0) / n).sqrt();
    influence.iter().map(|i| value + scale * i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::auc;

    #[test]
    fn one_seed_gives_delong() {
        let scores: Vec<f64> = (0..60).map(|i| f64::from((i * 29) % 31)).collect();
        let positive: Vec<bool> = (0..60).map(|i| (i * 13) % 7 < 3).collect();
        let area = auc(&scores, &positive).unwrap();
        let values = Matrix::from_vec(1, 60, pseudo_values(area.value, &area.influence));
        let found = crossed_linear(&values, None, 0.95).unwrap();
        let half = student_t_quantile(0.975, 59.0) * area.variance().sqrt();
        assert!((found.value - area.value).abs() < 1e-12);
        assert!((found.interval().unwrap().high - (area.value + half)).abs() < 1e-12);
    }
}
