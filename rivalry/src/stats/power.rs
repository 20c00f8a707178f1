//! Planning a comparison of two classifiers on the same samples: what can be
//! seen with n samples, and how many are needed.
//!
//! `difference` is the difference of the two accuracies, `discordance` the
//! share of samples on which exactly one of the two is right; all are
//! fractions. A difference is never larger than the discordance.

use super::distributions::{binomial_cdf, binomial_pmf, student_t_quantile};
use super::paired::mcnemar_exact;
use crate::num::special::{normal_cdf, normal_quantile};

/// Power of the two-sided `McNemar` test at level `alpha` by the usual normal
/// approximation (unconditional; Connor, Biometrics 43, 1987; Lachenbruch,
/// Statistics in Medicine 11, 1992).
///
/// # Panics
/// When the shares are impossible or `alpha` is not in (0, 1).
pub fn mcnemar_power(n: u64, difference: f64, discordance: f64, alpha: f64) -> f64 {
    check(difference, discordance, alpha);
    if discordance == 0.0 || n == 0 {
        return 0.0;
    }
    let delta = difference.abs();
    let z = -normal_quantile(alpha / 2.0);
    let shift = delta * (n as f64).sqrt() - z * discordance.sqrt();
    let spread = (discordance - delta * delta).max(0.0).sqrt();
    if spread > 0.0 {
        normal_cdf(shift / spread)
    } else if shift > 0.0 {
        1.0
    } else {
        0.0
    }
}

/// Power of the exact two-sided `McNemar` test at level `alpha`: conditional
/// binomial tests, averaged over the number of discordant samples. The exact
/// test is conservative, so this lies below [`mcnemar_power`].
///
/// # Panics
/// When the shares are impossible or `alpha` is not in (0, 1).
pub fn mcnemar_exact_power(n: u64, difference: f64, discordance: f64, alpha: f64) -> f64 {
    check(difference, discordance, alpha);
    if discordance == 0.0 || n == 0 {
        return 0.0;
    }
    let win = ((discordance + difference.abs()) / (2.0 * discordance)).min(1.0);
    let mean = n as f64 * discordance;
    let reach = 10.0 * (mean * (1.0 - discordance)).sqrt() + 20.0;
    let first = (mean - reach).max(0.0) as u64;
    let last = ((mean + reach) as u64).min(n);
    let mut power = 0.0;
    // The largest minority count that rejects never falls as pairs are added.
    let mut critical = None;
    for discordant in first..=last {
        let mut next = critical.map_or(0, |c| c + 1);
        while 2 * next <= discordant && mcnemar_exact(next, discordant - next) <= alpha {
            critical = Some(next);
            next += 1;
        }
        if let Some(c) = critical {
            let rejects = binomial_cdf(c, discordant, 1.0 - win) + binomial_cdf(c, discordant, win);
            power += binomial_pmf(discordant, n, discordance) * rejects;
        }
    }
    power.min(1.0)
}

/// Samples needed to see `difference` with the given power by the two-sided
/// `McNemar` test at level `alpha` (the approximation of [`mcnemar_power`]).
/// `None` for a difference of zero, which no number of samples shows.
///
/// # Panics
/// When the shares are impossible, or `alpha` or `power` is not in (0, 1).
///
/// # Examples
/// ```
/// // A drop of 1.2 points at 5 % discordance.
/// let n = rivalry::stats::mcnemar_samples(-0.012, 0.05, 0.05, 0.8).unwrap();
/// assert_eq!(n, 2723);
/// ```
pub fn mcnemar_samples(difference: f64, discordance: f64, alpha: f64, power: f64) -> Option<u64> {
    check(difference, discordance, alpha);
    check_power(power);
    if difference == 0.0 {
        return None;
    }
    let delta = difference.abs();
    let alternative = (discordance - delta * delta).max(0.0).sqrt();
    let sum = normal_quantile(power) * alternative - normal_quantile(alpha / 2.0) * discordance.sqrt();
    // Not positive when less power is asked for than chance rejections give.
    let root = sum.max(0.0) / delta;
    Some(((root * root).ceil() as u64).max(1))
}

/// The smallest difference that `n` samples show with the given power at level
/// `alpha`; `None` when not even a difference as large as the discordance is
/// seen so often.
///
/// # Panics
/// When `discordance` is not in [0, 1], or `alpha` or `power` not in (0, 1).
pub fn detectable_difference(n: u64, discordance: f64, alpha: f64, power: f64) -> Option<f64> {
    check(0.0, discordance, alpha);
    check_power(power);
    if n == 0 || discordance == 0.0 || mcnemar_power(n, discordance, discordance, alpha) < power {
        return None;
    }
    let (mut low, mut high) = (0.0, discordance);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if mcnemar_power(n, middle, discordance, alpha) < power {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

/// The smallest difference of mean accuracies over `n_seeds` seeds that `n`
/// shared samples show with the given power at level `alpha`.
///
/// `discordance` is that of one pair of runs, `seed_sd` the standard deviation
/// over seeds of the measured difference. The squared standard error is
/// discordance / n + `seed_sd^2` / `n_seeds`, with Student's t by Satterthwaite's
/// degrees of freedom. That is conservative twice: averaging seeds also
/// averages away part of the discordance, and the measured spread over seeds
/// already holds some of it. So more seeds never make up for few samples.
///
/// With one seed its spread is unknown and the answer is that of
/// [`detectable_difference`]. `None` when the answer would exceed 1 (nothing
/// is detectable), or without samples or seeds.
///
/// # Panics
/// When `discordance` is not in [0, 1], `seed_sd` is negative or not finite, or
/// `alpha` or `power` is not in (0, 1).
pub fn detectable_difference_over_seeds(
    n: u64,
    discordance: f64,
    seed_sd: f64,
    n_seeds: u64,
    alpha: f64,
    power: f64,
) -> Option<f64> {
    check(0.0, discordance, alpha);
    check_power(power);
    assert!(seed_sd >= 0.0 && seed_sd.is_finite(), "a standard deviation over seeds of {seed_sd}");
    if n == 0 || n_seeds == 0 {
        return None;
    }
    if n_seeds == 1 {
        return detectable_difference(n, discordance, alpha, power);
    }
    let over_seeds = seed_sd * seed_sd / n_seeds as f64;
    let total = discordance / n as f64 + over_seeds;
    if total == 0.0 {
        return None;
    }
    let df = if over_seeds > 0.0 {
        (n_seeds - 1) as f64 * (total / over_seeds) * (total / over_seeds)
    } else {
        f64::INFINITY
    };
    let quantiles = student_t_quantile(power, df) - student_t_quantile(alpha / 2.0, df);
    let difference = quantiles * total.sqrt();
    (difference > 0.0 && difference <= 1.0).then_some(difference)
}

fn check(difference: f64, discordance: f64, alpha: f64) {
    assert!((0.0..=1.0).contains(&discordance), "a discordance of {discordance}");
    assert!(difference.abs() <= discordance, "a difference of {difference} at discordance {discordance}");
    assert!(alpha > 0.0 && alpha < 1.0, "a level of {alpha}");
}

fn check_power(power: f64) {
    assert!(power > 0.0 && power < 1.0, "a power of {power}");
}
