//! Straight lines through measured points: exponents of power laws on
//! logarithmic axes.

use crate::num::special::normal_quantile;
use crate::stats::distributions::student_t_quantile;
use crate::stats::{Estimate, Interval};

/// The slope of y = a + b x by least squares.
///
/// With the deviation of each y given, points are weighed by it and the
/// interval is normal, widened by the root of chi^2 over the degrees of freedom
/// where the line fits worse than the deviations say. Without, all points weigh
/// the same and Student's interval follows from the residuals.
///
/// Nothing for fewer than two distinct x; no interval for two points whose
/// deviations are not given.
///
/// # Panics
/// When the lists are not equally long.
pub(super) fn slope(x: &[f64], y: &[f64], deviations: Option<&[f64]>, level: f64) -> Option<Estimate> {
    assert!(x.len() == y.len() && deviations.is_none_or(|d| d.len() == x.len()), "a point has all its parts");
    let n = x.len();
    let weight = |i: usize| deviations.map_or(1.0, |d| 1.0 / (d[i] * d[i]));
    let sum = |value: &dyn Fn(usize) -> f64| (0..n).map(|i| weight(i) * value(i)).sum::<f64>();
    let total = sum(&|_| 1.0);
    let (mean_x, mean_y) = (sum(&|i| x[i]) / total, sum(&|i| y[i]) / total);
    let spread = sum(&|i| (x[i] - mean_x) * (x[i] - mean_x));
    if n < 2 || spread <= 0.0 || !spread.is_finite() {
        return None;
    }
    let b = sum(&|i| (x[i] - mean_x) * (y[i] - mean_y)) / spread;
    let chi2 = sum(&|i| {
        let residual = y[i] - mean_y - b * (x[i] - mean_x);
        residual * residual
    });
    let df = n as f64 - 2.0;
    let half = match deviations {
        Some(_) => {
            let widening = if df > 0.0 { (chi2 / df).sqrt().max(1.0) } else { 1.0 };
            normal_quantile(0.5 + level / 2.0) * widening / spread.sqrt()
        }
        None if df > 0.0 && chi2 > 0.0 => {
            student_t_quantile(0.5 + level / 2.0, df) * (chi2 / df / spread).sqrt()
        }
        None => {
            return Some(Estimate::without_interval(b, level, n, "no spread around the line"));
        }
    };
    let method = if deviations.is_some() { "weighted least squares" } else { "least squares" };
    Some(Estimate::new(b, Interval::new(b - half, b + half), level, n, method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_agree_with_hand_calculation() {
        // x = 0, 1, 2, 3 and y = 1, 3, 4, 8: b = 2.2, residual sum of squares
        // 1.8, s^2 = 0.9, Sxx = 5, t(0.975, 2) = 4.302652730.
        let fit = slope(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 4.0, 8.0], None, 0.95).unwrap();
        assert!((fit.value - 2.2).abs() < 1e-12);
        let half = 4.302_652_730 * (0.9_f64 / 5.0).sqrt();
        assert!((fit.high.unwrap() - 2.2 - half).abs() < 1e-8);
        // The same deviation everywhere changes nothing in the slope; it fits
        // within 2, so the interval is the known one.
        let fit = slope(&[0.0, 1.0, 2.0, 3.0], &[1.0, 3.0, 4.0, 8.0], Some(&[2.0; 4]), 0.95).unwrap();
        assert!((fit.value - 2.2).abs() < 1e-12);
        assert!((fit.high.unwrap() - 2.2 - 1.959_963_985 * 2.0 / 5.0_f64.sqrt()).abs() < 1e-8);
    }

    #[test]
    fn what_is_no_line_has_no_slope() {
        assert!(slope(&[], &[], None, 0.95).is_none());
        assert!(slope(&[1.0, 1.0], &[0.0, 2.0], None, 0.95).is_none());
        assert!(slope(&[0.0, 1.0], &[0.0, 2.0], None, 0.95).unwrap().interval().is_none());
    }
}
