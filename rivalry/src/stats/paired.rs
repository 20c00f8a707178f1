//! Tests of "is there a difference at all": `McNemar` over samples, sign flips
//! over seeds.
//!
//! A p value says nothing about size: print it only beside the difference and
//! its interval.

use super::distributions::{binomial_cdf, binomial_pmf};
use crate::num::{Draws, Purpose, sums};

/// Up to so many differences, all sign patterns are counted.
pub const EXACT_SIGN_FLIPS: usize = 40;

const SIGN_FLIPS: Purpose = Purpose::new("sign-flip test");
const MONTE_CARLO_FLIPS: u64 = 100_000;

/// The exact two-sided `McNemar` test from the two discordant counts (samples
/// that only the first, only the second classifier had right).
///
/// Twice the smaller binomial tail, at most 1; without discordant samples
/// there is nothing to reject and the answer is 1.
///
/// Source: `McNemar`, Psychometrika 12, 1947; exact form after Fagerland,
/// Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013.
pub fn mcnemar_exact(first_only: u64, second_only: u64) -> f64 {
    let n = first_only + second_only;
    (2.0 * binomial_cdf(first_only.min(second_only), n, 0.5)).min(1.0)
}

/// The mid-p `McNemar` test: as [`mcnemar_exact`], but the observed outcome
/// counts half. Closer to its level than the exact test, never above it in the
/// practical range (Fagerland et al. 2013).
pub fn mcnemar_midp(first_only: u64, second_only: u64) -> f64 {
    let n = first_only + second_only;
    let smaller = first_only.min(second_only);
    (2.0 * binomial_cdf(smaller, n, 0.5) - binomial_pmf(smaller, n, 0.5)).clamp(0.0, 1.0)
}

/// The answer of a sign-flip test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignFlip {
    /// Two-sided p value.
    pub p_value: f64,
    /// The smallest p value that so many differences can reach at all.
    pub minimum: f64,
    /// Number of differences.
    pub n: usize,
    /// Whether all sign patterns were counted; otherwise 100,000 were drawn.
    pub exact: bool,
}

/// The smallest two-sided p value that a sign-flip test of `n` differences can
/// reach: 2 / 2^n, so 5 seeds can never give p < 0.05. One for `n = 0`.
pub fn smallest_sign_flip_p(n: usize) -> f64 {
    if n == 0 { 1.0 } else { 2.0_f64.powi(1 - i32::try_from(n).unwrap_or(i32::MAX)) }
}

/// The two-sided sign-flip (permutation) test that paired differences are
/// symmetric about zero; the statistic is the absolute mean.
///
/// Up to [`EXACT_SIGN_FLIPS`] differences every sign pattern is counted, by
/// matching sorted half-sums; beyond, 100,000 patterns are drawn from `seed`
/// and the observed one is added to them, so that p is never 0 (Phipson and
/// Smyth, "Permutation p-values should never be zero", 2010). `None` without
/// differences.
///
/// # Panics
/// When a difference is not finite.
pub fn sign_flip(differences: &[f64], seed: u64) -> Option<SignFlip> {
    assert!(differences.iter().all(|d| d.is_finite()), "a difference is not finite");
    let n = differences.len();
    if n == 0 {
        return None;
    }
    // Sums of the same numbers in another order differ in their last digits,
    // so what differs by less than that counts as equal, hence as extreme.
    let slack = 1e-12 * sums::sum_by(n, |i| differences[i].abs());
    let threshold = sums::sum(differences).abs() - slack;
    let exact = n <= EXACT_SIGN_FLIPS;
    let p_value = if exact {
        let (left, right) = differences.split_at(n / 2);
        count_extreme(&signed_sums(left), &signed_sums(right), threshold) / 2.0_f64.powi(n as i32)
    } else {
        let extreme =
            (0..MONTE_CARLO_FLIPS).filter(|r| flipped_sum(differences, seed, *r).abs() >= threshold);
        (1 + extreme.count()) as f64 / (1 + MONTE_CARLO_FLIPS) as f64
    };
    Some(SignFlip { p_value, minimum: smallest_sign_flip_p(n), n, exact })
}

/// The sums of all 2^n sign patterns, sorted.
fn signed_sums(values: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0];
    for v in values {
        all = all.iter().flat_map(|s| [s - v, s + v]).collect();
    }
    all.sort_by(f64::total_cmp);
    all
}

/// In how many pairs the sum of one of `left` and one of `right` (both sorted)
/// is at least `threshold` in absolute value, as a float: up to 2^40, exact.
fn count_extreme(left: &[f64], right: &[f64], threshold: f64) -> f64 {
    if threshold <= 0.0 {
        return (left.len() as u64 * right.len() as u64) as f64;
    }
    let (mut below, mut above) = (right.len(), right.len());
    let mut count = 0_u64;
    for l in left {
        // As l grows, fewer of `right` keep the sum low, and more lift it.
        while below > 0 && l + right[below - 1] > -threshold {
            below -= 1;
        }
        while above > 0 && l + right[above - 1] >= threshold {
            above -= 1;
        }
        count += (below + right.len() - above) as u64;
    }
    count as f64
}

fn flipped_sum(differences: &[f64], seed: u64, replicate: u64) -> f64 {
    let words = differences.len().div_ceil(64) as u64;
    let mut draws = Draws::new(seed, SIGN_FLIPS, 0).at(replicate * words);
    let mut total = 0.0;
    for chunk in differences.chunks(64) {
        let signs = draws.bits();
        for (i, d) in chunk.iter().enumerate() {
            total += if signs >> i & 1 == 1 { -d } else { *d };
        }
    }
    total
}
