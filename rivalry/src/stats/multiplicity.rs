//! Adjusted p values for families of tests: Holm where one wrong finding is
//! too many (remedies), Benjamini-Hochberg where a share of wrong findings is
//! bearable (classes).
//!
//! Adjusted values come back in the order of the input; an empty family has
//! none.

/// Holm's step-down adjustment: controls the probability of any wrong
/// rejection under any dependence.
///
/// Source: Holm, Scandinavian Journal of Statistics 6, 1979.
///
/// # Panics
/// When a p value is not in [0, 1].
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, i) in order.iter().enumerate() {
        let scaled = p_values[*i] * (p_values.len() - rank) as f64;
        largest = largest.max(scaled).min(1.0);
        adjusted[*i] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's step-up adjustment (q values): controls the
/// expected share of wrong rejections for independent or positively dependent
/// tests.
///
/// Source: Benjamini and Hochberg, JRSS B 57, 1995.
///
/// # Panics
/// When a p value is not in [0, 1].
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let order = ascending(p_values);
    let n = p_values.len() as f64;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, i) in order.iter().enumerate().rev() {
        // Divided first: a factor of at least one never lowers p by rounding.
        smallest = smallest.min(p_values[*i] * (n / (rank + 1) as f64));
        adjusted[*i] = smallest;
    }
    adjusted
}

fn ascending(p_values: &[f64]) -> Vec<usize> {
    for p in p_values {
        assert!((0.0..=1.0).contains(p), "a p value lies between 0 and 1, not {p}");
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}
