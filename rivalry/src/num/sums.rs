//! Sums in a fixed order.
//!
//! Long sums are cut into chunks of [`CHUNK`] values, each summed in order, and
//! the chunk sums folded in order: the result depends on the data alone, never
//! on the number of threads, and the rounding error grows with n / CHUNK.

use super::Scalar;

/// Values per chunk.
pub const CHUNK: usize = 4096;

/// Sum of `value(i)` for i in `0..n`, accumulated in `f64`.
pub fn sum_by(n: usize, value: impl Fn(usize) -> f64) -> f64 {
    let mut total = 0.0;
    let mut start = 0;
    while start < n {
        let stop = n.min(start + CHUNK);
        let mut partial = 0.0;
        for i in start..stop {
            partial += value(i);
        }
        total += partial;
        start = stop;
    }
    total
}

/// Sum of a slice, accumulated in `f64`.
pub fn sum<T: Scalar>(values: &[T]) -> f64 {
    sum_by(values.len(), |i| values[i].to_f64())
}

/// Arithmetic mean; NaN for no values.
pub fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// Unbiased sample variance; NaN for fewer than two values.
///
/// Two passes, and what rounding took from the mean is taken from the squares:
/// a mean that is large beside the spread falls between two numbers. Source:
/// Chan, Golub, LeVeque, "Algorithms for computing the sample variance", The
/// American Statistician 37, 1983, equation 1.7.
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let (m, n) = (mean(values), values.len() as f64);
    let rest = sum_by(values.len(), |i| values[i] - m);
    let squares = sum_by(values.len(), |i| (values[i] - m) * (values[i] - m));
    (squares - rest * rest / n) / (n - 1.0)
}

/// Mean and unbiased sample standard deviation.
pub fn mean_sd(values: &[f64]) -> (f64, f64) {
    (mean(values), variance(values).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_closed_forms() {
        let values: Vec<f64> = (1..=100_000).map(f64::from).collect();
        assert_eq!(sum(&values), 5_000_050_000.0);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert_eq!(variance(&[1.0, 2.0, 6.0]), 7.0);
        assert!(variance(&[1.0]).is_nan());
    }
}
