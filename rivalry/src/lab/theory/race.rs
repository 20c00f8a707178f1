//! The race at initialisation: which modality's best neuron is ahead when
//! training starts, in closed form.
//!
//! For one class, modality r brings m_r neurons with independent standard
//! normal alignments. Gamma_r is the positive part of their largest (times
//! sigma_0), and the modality with the larger strength_r * Gamma_r wins, where
//! strength_r = sigma_{0,r} d_r^(1/(q-2)): [`super::strength`]. The rule follows
//! Allen-Zhu and Li 2020 and is our reconstruction for Huang et al. 2022, where
//! p_r is called the probability that modality r wins; the integrals are ours.

use crate::num::special::{exp, ln, ln_1p, ln_gamma, normal_cdf, normal_quantile};
use crate::stats::distributions::binomial_pmf;

use super::quadrature::integrate;

/// Above this many standard deviations the normal density is zero in `f64`.
const FAR: f64 = 39.0;
/// Relative error that is asked of every integral.
const TOLERANCE: f64 = 1e-13;

/// A modality at the start of the race for one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Runner {
    /// m: neurons per class. Any positive number: the integrals interpolate.
    pub n_neurons: f64,
    /// What its alignment is multiplied by, up to a factor that all runners
    /// share: sigma_0 d^(1/(q-2)).
    pub strength: f64,
}

/// How a race can end, with probabilities that sum to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Odds {
    /// For each runner: it has a neuron that is positively aligned, and beats
    /// every other by the factor 1 + margin.
    pub win: Vec<f64>,
    /// Somebody has a positive neuron, nobody the margin: the dead zone in which
    /// the theory names no winner.
    pub close: f64,
    /// Nobody has a positive neuron: the class is dead for all.
    pub nobody: f64,
}

impl Odds {
    /// All that ends without a winner: the dead zone and the dead class.
    pub fn undecided(&self) -> f64 {
        self.close + self.nobody
    }
}

/// The odds of a race between any number of runners.
///
/// p_r = integral over x > 0 of m_r phi(x) Phi(x)^(m_r - 1) times, over all other
/// s, Phi(x strength_r / (strength_s (1 + margin)))^(m_s); nobody = product over r
/// of 2^(-m_r). Relative error of each p_r about 1e-12, and
/// 1e-9 where it is as small as 1e-20.
///
/// # Panics
/// Without runners, when a number of neurons or a strength is not positive and
/// finite, or the margin is negative.
pub fn odds(runners: &[Runner], margin: f64) -> Odds {
    check(runners);
    assert!(margin >= 0.0 && margin.is_finite(), "a margin is a number from 0 on, not {margin}");
    let win: Vec<f64> = (0..runners.len()).map(|r| win(runners, r, margin)).collect();
    let nobody = exp(-std::f64::consts::LN_2 * runners.iter().map(|r| r.n_neurons).sum::<f64>());
    let close = if margin == 0.0 { 0.0 } else { (1.0 - nobody - win.iter().sum::<f64>()).max(0.0) };
    Odds { win, close, nobody }
}

/// The probability that `ratio` times the largest of m standard normal numbers
/// exceeds the largest of m others: the integral over all x of
/// m phi(x) Phi(x)^(m-1) Phi(ratio x)^m.
///
/// Two largest numbers below zero are compared as well, which decides nothing
/// about learning (neither modality has a neuron that can grow): use [`odds`]
/// where that matters, that is for small m.
///
/// # Panics
/// When m or the ratio is not positive and finite.
pub fn larger_maximum(n_neurons: f64, ratio: f64) -> f64 {
    let runners = [Runner { n_neurons, strength: ratio }, Runner { n_neurons, strength: 1.0 }];
    check(&runners);
    let positive = win(&runners, 0, 0.0);
    let mut breaks = vec![-FAR];
    breaks.extend([-8.0, -2.0, -8.0 / ratio, -1.0 / ratio].into_iter().filter(|x| *x > -FAR));
    breaks.push(0.0);
    breaks.sort_unstable_by(f64::total_cmp);
    let negative = integrate(&breaks, TOLERANCE, |x| {
        exp(log_density_of_maximum(x, n_neurons) + n_neurons * ln_normal_cdf(ratio * x))
    });
    positive + negative
}

/// The slope d ln p_r / d ln m of the probability that runner `r` wins without a
/// margin, when all numbers of neurons grow by the same factor. The theorem's
/// p_r >= m^(-O(1)) says that it stays bounded from below.
///
/// # Panics
/// As [`odds`].
pub fn local_exponent(runners: &[Runner], r: usize) -> f64 {
    check(runners);
    let slope = integrate(&breakpoints(runners, r, 0.0), TOLERANCE, |x| {
        let (log_density, log_powers) = log_integrand(runners, r, 0.0, x);
        let value = exp(log_density);
        if value == 0.0 { 0.0 } else { value * (1.0 + log_powers) }
    });
    slope / win(runners, r, 0.0)
}

/// The probability that the weaker of two modalities wins, for many neurons:
/// Gamma(k^2 + 1) / k (4 pi ln m)^((k^2 - 1)/2) m^(1 - k^2), where k > 1 is how many
/// times stronger the other is. So the O(1) in p_r >= m^(-O(1)) is k^2 - 1, reached
/// slowly, because of the power of ln m.
///
/// Our derivation: the winner's largest alignment y has m phi(y)/y standard
/// exponential, and the loser must exceed k y.
///
/// # Panics
/// When m or k is not above 1.
pub fn weaker_wins_asymptotically(n_neurons: f64, times_stronger: f64) -> f64 {
    let k = times_stronger;
    assert!(n_neurons > 1.0 && k > 1.0, "both m and k exceed 1, not {n_neurons} and {k}");
    let power = k * k - 1.0;
    let log_m = ln(n_neurons);
    exp(ln_gamma(power + 2.0) - ln(k) + 0.5 * power * ln(4.0 * std::f64::consts::PI * log_m) - power * log_m)
}

/// The law of the number of classes that a modality wins, out of `n_classes`
/// independent ones of equal strengths: Binomial(K, p), one probability for
/// each number from 0 to K. With any number of modalities it is the law of each
/// of them alone.
///
/// # Panics
/// When `p_win` is not in [0, 1].
pub fn classes_won(n_classes: u64, p_win: f64) -> Vec<f64> {
    (0..=n_classes).map(|k| binomial_pmf(k, n_classes, p_win)).collect()
}

/// ln Phi(x), accurate on both sides.
fn ln_normal_cdf(x: f64) -> f64 {
    if x > 0.0 { ln_1p(-normal_cdf(-x)) } else { ln(normal_cdf(x)) }
}

/// ln of m phi(x) Phi(x)^(m-1): the density of the largest of m normal numbers.
fn log_density_of_maximum(x: f64, m: f64) -> f64 {
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
    // Phi(x)^0 is 1 also where Phi underflows.
    let power = if m == 1.0 { 0.0 } else { (m - 1.0) * ln_normal_cdf(x) };
    ln(m) - 0.5 * x * x - HALF_LN_TWO_PI + power
}

/// ln of the integrand of p_r, and the sum over runners of m ln Phi: what remains
/// of its derivative by ln m.
fn log_integrand(runners: &[Runner], r: usize, margin: f64, x: f64) -> (f64, f64) {
    let own = runners[r];
    let mut others = 0.0;
    for (s, other) in runners.iter().enumerate() {
        if s != r {
            others += other.n_neurons * ln_normal_cdf(x * own.strength / (other.strength * (1.0 + margin)));
        }
    }
    let log_density = log_density_of_maximum(x, own.n_neurons) + others;
    (log_density, own.n_neurons * ln_normal_cdf(x) + others)
}

/// Where the factors of the integrand of p_r rise: quantiles of everybody's
/// largest alignment, on runner r's scale.
fn breakpoints(runners: &[Runner], r: usize, margin: f64) -> Vec<f64> {
    let mut breaks = vec![0.0, FAR];
    for (s, other) in runners.iter().enumerate() {
        let scale = if s == r { 1.0 } else { other.strength * (1.0 + margin) / runners[r].strength };
        for p in [1e-9_f64, 0.05, 0.5, 0.95, 1.0 - 1e-9] {
            // Of the largest of m: Phi^(-1)(p^(1/m)), through the tail, which is tiny.
            let tail = -crate::num::special::exp_m1(ln(p) / other.n_neurons);
            breaks.push(-normal_quantile(tail) * scale);
        }
    }
    breaks.retain(|x| (0.0..=FAR).contains(x));
    breaks.sort_unstable_by(f64::total_cmp);
    breaks.dedup();
    breaks
}

fn win(runners: &[Runner], r: usize, margin: f64) -> f64 {
    integrate(&breakpoints(runners, r, margin), TOLERANCE, |x| exp(log_integrand(runners, r, margin, x).0))
}

fn check(runners: &[Runner]) {
    assert!(!runners.is_empty(), "a race needs a runner");
    for Runner { n_neurons, strength } in runners {
        let fine = *n_neurons > 0.0 && n_neurons.is_finite() && *strength > 0.0 && strength.is_finite();
        assert!(fine, "neurons and strength are positive numbers, not {n_neurons} and {strength}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    fn pair(m: f64, ratio: f64) -> [Runner; 2] {
        [Runner { n_neurons: m, strength: ratio }, Runner { n_neurons: m, strength: 1.0 }]
    }

    #[test]
    fn probabilities_sum_to_one_and_equals_share() {
        for m in [0.5, 1.0, 3.0, 10.0, 1e3, 1e6] {
            for ratio in [1e-3, 0.5, 1.0, 1.3, 4.0, 1e4] {
                let odds = odds(&pair(m, ratio), 0.0);
                let sum = odds.win.iter().sum::<f64>() + odds.nobody;
                assert!((sum - 1.0).abs() < 1e-12, "m {m}, ratio {ratio}: {sum}");
            }
            let three = [Runner { n_neurons: m, strength: 2.0 }; 3];
            let equal = odds(&three, 0.0);
            let nobody = exp(-3.0 * m * std::f64::consts::LN_2);
            assert!((equal.nobody - nobody).abs() < 1e-15);
            assert!(equal.win.iter().all(|p| (p - (1.0 - nobody) / 3.0).abs() < 1e-12), "{equal:?}");
        }
    }

    #[test]
    fn both_forms_agree_up_to_the_negative_part() {
        for m in [1.0, 2.0, 7.0, 50.0] {
            for ratio in [0.3, 1.0, 1.25, 3.0] {
                let p = odds(&pair(m, ratio), 0.0);
                let q = odds(&pair(m, 1.0 / ratio), 0.0);
                // Below zero the roles are exchanged: what beats is closer to zero.
                let larger = larger_maximum(m, ratio);
                assert!(larger > p.win[0] - 1e-14 && larger < p.win[0] + p.nobody + 1e-14);
                assert!((larger + larger_maximum(m, 1.0 / ratio) - 1.0).abs() < 1e-12);
                assert!((p.win[0] - q.win[1]).abs() < 1e-13);
            }
        }
        assert!((larger_maximum(1.0, 7.0) - 0.5).abs() < 1e-13);
    }

    #[test]
    fn uneven_races_agree_with_draws() {
        let runners = [
            Runner { n_neurons: 3.0, strength: 1.2 },
            Runner { n_neurons: 8.0, strength: 1.0 },
            Runner { n_neurons: 5.0, strength: 0.9 },
        ];
        let margin = 0.15;
        let odds = odds(&runners, margin);
        let n = 200_000;
        let mut draws = Draws::new(3, Purpose::new("race test"), 0);
        let mut counts = [0.0; 4];
        for _ in 0..n {
            let score = runners.map(|r| {
                let best =
                    (0..r.n_neurons as usize).map(|_| draws.normal()).fold(f64::NEG_INFINITY, f64::max);
                r.strength * best.max(0.0)
            });
            let winner = (0..3)
                .find(|&r| score[r] > 0.0 && (0..3).all(|s| s == r || score[r] > (1.0 + margin) * score[s]));
            counts[winner.unwrap_or(3)] += 1.0;
        }
        for (count, p) in counts.iter().zip(odds.win.iter().copied().chain([odds.undecided()])) {
            let standard_error = (p * (1.0 - p) / f64::from(n)).sqrt();
            assert!((count / f64::from(n) - p).abs() < 4.0 * standard_error, "{count} {p}");
        }
    }

    #[test]
    fn the_exponent_is_the_slope_and_tends_to_its_limit() {
        for (m, ratio) in [(5.0, 0.8), (40.0, 0.6), (300.0, 1.5)] {
            let runners = pair(m, ratio);
            let p = |factor: f64| odds(&pair(m * factor, ratio), 0.0).win[0];
            let step = 1e-4;
            let slope = (ln(p(1.0 + step)) - ln(p(1.0 - step))) / (ln(1.0 + step) - ln(1.0 - step));
            assert!((local_exponent(&runners, 0) - slope).abs() < 1e-6, "{m} {ratio}");
        }
        let k = 1.4;
        let mut last = f64::INFINITY;
        for m in [1e4, 1e8, 1e16, 1e32, 1e64] {
            let p = odds(&pair(m, 1.0 / k), 0.0).win[0];
            let distance = (p / weaker_wins_asymptotically(m, k) - 1.0).abs();
            assert!(distance < last, "m {m}: {distance}");
            last = distance;
        }
        assert!(last < 0.02, "{last}");
    }

    #[test]
    fn numbers_of_classes_are_binomial() {
        let law = classes_won(10, 0.3);
        assert_eq!(law.len(), 11);
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        assert!((law.iter().enumerate().map(|(k, p)| k as f64 * p).sum::<f64>() - 3.0).abs() < 1e-12);
    }
}
