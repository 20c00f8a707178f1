//! Resampling units of which many are alike: what a resample holds of each
//! kind is a multinomial, drawn as one binomial per kind, so that a resample
//! of a hundred thousand right and wrong answers costs three draws.

use crate::num::Draws;
use crate::num::special::{exp, ln, ln_1p, ln_gamma};

/// A binomial costs about as much as drawing so many units one by one.
const UNITS_PER_KIND: usize = 32;

/// Units that count alike: equal deviations and equal sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kind {
    deviation: f64,
    size: f64,
    count: u64,
}

/// The kinds among some units.
#[derive(Clone, Debug)]
pub(super) struct Kinds(Vec<Kind>);

impl Kinds {
    /// Sorts units by kind; `None` where there are too many kinds for that to
    /// pay.
    pub(super) fn new(deviations: &[f64], sizes: &[f64]) -> Option<Self> {
        let n = deviations.len();
        let most = n / UNITS_PER_KIND;
        if most < 2 {
            return None;
        }
        // Most often there are few: found by search, without sorting all units.
        let mut kinds: Vec<Kind> = Vec::new();
        for (deviation, size) in deviations.iter().zip(sizes) {
            let at = kinds
                .binary_search_by(|kind| kind.deviation.total_cmp(deviation).then(kind.size.total_cmp(size)));
            match at {
                Ok(at) => kinds[at].count += 1,
                Err(at) if kinds.len() < most => {
                    kinds.insert(at, Kind { deviation: *deviation, size: *size, count: 1 });
                }
                Err(_) => return None,
            }
        }
        // The most frequent first: the conditional binomials after it are small.
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        Some(Self(kinds))
    }

    /// Sum of deviations and sum of sizes of as many units as there are, drawn
    /// with replacement.
    pub(super) fn resample(&self, draws: &mut Draws) -> (f64, f64) {
        let mut mass: u64 = self.0.iter().map(|kind| kind.count).sum();
        let mut left = mass;
        let (mut deviation, mut size) = (0.0, 0.0);
        for kind in &self.0 {
            let count = if kind.count == mass {
                left
            } else {
                binomial(draws, left, kind.count as f64 / mass as f64)
            };
            deviation += count as f64 * kind.deviation;
            size += count as f64 * kind.size;
            left -= count;
            mass -= kind.count;
            if left == 0 {
                break;
            }
        }
        (deviation, size)
    }
}

/// A binomial draw: the number of successes in `n` trials of probability `p`.
///
/// Inversion from zero where few successes are expected, else transformed
/// rejection with squeeze (`BTRS` of Hörmann, "The generation of binomial random
/// variates", Journal of Statistical Computation and Simulation 46, 1993).
pub(super) fn binomial(draws: &mut Draws, n: u64, p: f64) -> u64 {
    if p > 0.5 {
        return n - binomial(draws, n, 1.0 - p);
    }
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if n as f64 * p < 10.0 { by_inversion(draws, n, p) } else { by_rejection(draws, n, p) }
}

fn by_inversion(draws: &mut Draws, n: u64, p: f64) -> u64 {
    let odds = p / (1.0 - p);
    let mut probability = exp(n as f64 * ln_1p(-p));
    let mut rest = draws.uniform();
    for k in 0..n {
        if rest < probability {
            return k;
        }
        rest -= probability;
        probability *= odds * (n - k) as f64 / (k + 1) as f64;
        // Past the last double of the upper tail.
        if probability == 0.0 {
            return k;
        }
    }
    n
}

fn by_rejection(draws: &mut Draws, n: u64, p: f64) -> u64 {
    let (trials, q) = (n as f64, 1.0 - p);
    let spread = (trials * p * q).sqrt();
    let b = 1.15 + 2.53 * spread;
    let a = -0.0873 + 0.0248 * b + 0.01 * p;
    let centre = trials * p + 0.5;
    let squeeze = 0.92 - 4.2 / b;
    let alpha = (2.83 + 5.1 / b) * spread;
    let mode = ((trials + 1.0) * p).floor();
    loop {
        let u = draws.uniform() - 0.5;
        let v = draws.uniform();
        let distance = 0.5 - u.abs();
        let k = ((2.0 * a / distance + b) * u + centre).floor();
        if distance >= 0.07 && v <= squeeze {
            return k as u64;
        }
        if k < 0.0 || k > trials {
            continue;
        }
        let log_ratio = ln_gamma(mode + 1.0) + ln_gamma(trials - mode + 1.0)
            - ln_gamma(k + 1.0)
            - ln_gamma(trials - k + 1.0)
            + (k - mode) * ln(p / q);
        if ln(v * alpha / (a / (distance * distance) + b)) <= log_ratio {
            return k as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::powf;
    use crate::num::{Purpose, sums};
    use crate::stats::distributions::binomial_cdf;
    use crate::stats::units::draw_with_replacement;

    const TEST: Purpose = Purpose::new("kinds test");

    /// Pearson's statistic of draws against the exact distribution, with cells
    /// of at least ten expected draws, as a standard normal (Wilson and Hilferty).
    fn fit(n: u64, p: f64, n_draws: usize, seed: u64) -> f64 {
        let mut draws = Draws::new(seed, TEST, 0);
        let mut counts = vec![0.0; n as usize + 1];
        (0..n_draws).for_each(|_| counts[binomial(&mut draws, n, p) as usize] += 1.0);
        let (mut statistic, mut cells, mut seen, mut last) = (0.0, 0, 0.0, 0.0);
        for k in 0..=n {
            seen += counts[k as usize];
            let below = binomial_cdf(k, n, p);
            let expected = (below - last) * n_draws as f64;
            if expected >= 10.0 && (1.0 - below) * n_draws as f64 >= 10.0 || k == n {
                let expected = expected.max(1e-9);
                statistic += (seen - expected) * (seen - expected) / expected;
                (cells, seen, last) = (cells + 1, 0.0, below);
            }
        }
        let df = f64::from(cells - 1);
        (powf(statistic / df, 1.0 / 3.0) - 1.0 + 2.0 / (9.0 * df)) / (2.0 / (9.0 * df)).sqrt()
    }

    #[test]
    fn binomials_have_the_exact_distribution() {
        let cases = [(1, 0.3), (30, 0.02), (200, 0.04), (50, 0.5), (400, 0.1), (1000, 0.37), (300, 0.93)];
        let scores: Vec<f64> =
            cases.iter().enumerate().map(|(i, (n, p))| fit(*n, *p, 40_000, i as u64)).collect();
        // Seven tests: one in a thousand each.
        assert!(scores.iter().all(|z| *z < 3.1), "{scores:?}");
    }

    #[test]
    fn kinds_resample_as_units_do() {
        // 300 units of four kinds: moments of the ratio's parts over many resamples.
        let deviations: Vec<f64> = (0..300).map(|i| [0.25, -0.75, 0.25, 1.5][i % 4]).collect();
        let sizes: Vec<f64> = (0..300).map(|i| [1.0, 1.0, 2.0, 1.0][i % 4]).collect();
        let kinds = Kinds::new(&deviations, &sizes).unwrap();
        assert_eq!(kinds.0.iter().map(|k| k.count).collect::<Vec<_>>(), [75; 4]);
        let (mut fast, mut plain) = (Vec::new(), Vec::new());
        for replicate in 0..20_000 {
            let (sum, size) = kinds.resample(&mut Draws::new(1, TEST, replicate));
            fast.push(sum / size);
            let (mut sum, mut size) = (0.0, 0.0);
            draw_with_replacement(&mut Draws::new(2, TEST, replicate), 300, 300, |u| {
                sum += deviations[u];
                size += sizes[u];
            });
            plain.push(sum / size);
        }
        let (a, b) = (sums::mean(&fast), sums::mean(&plain));
        let (va, vb) = (sums::variance(&fast), sums::variance(&plain));
        assert!((a - b).abs() < 5.0 * (2.0 * va / 20_000.0).sqrt(), "{a} {b}");
        assert!((va / vb - 1.0).abs() < 0.06, "{va} {vb}");
        fast.sort_by(f64::total_cmp);
        plain.sort_by(f64::total_cmp);
        // Kolmogorov-Smirnov for two samples of equal size, at a level of 0.001.
        let not_above = |sorted: &[f64], x: f64| sorted.partition_point(|v| *v <= x) as f64 / 20_000.0;
        let apart = |x: &f64| (not_above(&fast, *x) - not_above(&plain, *x)).abs();
        let largest = plain.iter().map(apart).fold(0.0, f64::max);
        assert!(largest < 1.95 * (2.0 / 20_000.0_f64).sqrt(), "{largest}");
    }

    #[test]
    fn many_kinds_are_left_alone() {
        let all_different: Vec<f64> = (0..1000).map(f64::from).collect();
        assert!(Kinds::new(&all_different, &[1.0; 1000]).is_none());
        assert!(Kinds::new(&[1.0; 40], &[1.0; 40]).is_none());
        assert!(Kinds::new(&[1.0; 64], &[1.0; 64]).is_some());
    }
}
