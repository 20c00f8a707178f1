//! The bootstrap distribution of a mean of whole numbers without drawing: what
//! infinitely many replicates would show.
//!
//! The paired differences of one training are -1, 0 or 1. The sum of n of them
//! drawn with replacement is a whole number, and its probabilities are the
//! coefficients of (sum over v of p_v x^v)^n. They are read off the
//! characteristic function by a discrete Fourier transform over as many whole
//! numbers as hold all but 1e-16 of the mass (Bernstein's inequality says how
//! many); what lies outside is folded in. A replicate is such a sum divided by
//! sqrt(chi^2 / df), as in [`super::crossed()`]: the share of replicates below a
//! number is the sum over the whole numbers of their probability times a
//! probability of chi^2.

use std::f64::consts::PI;

use super::gamma::Gamma;
use crate::num::special::{atan2, cos, exp, ln_1p, sin};
use crate::num::sums;

/// Largest difference between two values, in steps.
const WIDEST: usize = 64;
/// 2 exp(-37.5) is the mass that Bernstein's inequality leaves outside.
const BERNSTEIN: f64 = 37.5;
/// No quantile is read further out than this.
const OUTERMOST: f64 = 1e-9;

/// The distribution of a bootstrapped mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exact {
    /// The mean of the data.
    centre: f64,
    /// How far one step of the sum moves the mean.
    step: f64,
    /// Half the degrees of freedom of the divisor.
    divisor: Gamma,
    half_df: f64,
    /// Probabilities of sums that are `-reach ..= reach` steps off the data's.
    masses: Vec<f64>,
    /// The mass before each of them, and that of all.
    before: Vec<f64>,
    reach: usize,
}

impl Exact {
    /// The distribution for `n` values with n - 1 = `df` degrees of freedom;
    /// `None` where they are not few whole steps apart or all equal.
    pub(super) fn new(values: &[f64], df: f64) -> Option<Self> {
        let (step, counts) = steps(values)?;
        let n = values.len() as f64;
        let kinds = || counts.iter().enumerate().map(|(u, c)| (u as f64, *c as f64 / n));
        let mean = kinds().map(|(u, p)| u * p).sum::<f64>();
        let variance = n * kinds().map(|(u, p)| (u - mean) * (u - mean) * p).sum::<f64>();
        let widest = mean.max((counts.len() - 1) as f64 - mean);
        let bend = BERNSTEIN * widest / 3.0;
        let reach =
            (bend + (bend * bend + 2.0 * BERNSTEIN * variance).sqrt()).min(n * widest).ceil() as usize;
        let masses = masses(&counts, mean.round() as usize, reach);
        let mut before = vec![0.0; masses.len() + 1];
        for (i, mass) in masses.iter().enumerate() {
            before[i + 1] = before[i] + mass;
        }
        Some(Self {
            centre: sums::mean(values),
            step: step * (n / (n - 1.0)).sqrt() / n,
            divisor: Gamma::new(df / 2.0),
            half_df: df / 2.0,
            masses,
            before,
            reach,
        })
    }

    /// The shares of the distribution below `x`, and not above it.
    pub(super) fn shares(&self, x: f64) -> (f64, f64) {
        if x == self.centre {
            return (self.before[self.reach], self.before[self.reach + 1]);
        }
        let (share, _) = self.share((x - self.centre) / self.step);
        (share, share)
    }

    /// The quantile; levels closer to 0 or 1 than 1e-9 are read there.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let level = level.clamp(OUTERMOST, 1.0 - OUTERMOST);
        if (self.before[self.reach]..=self.before[self.reach + 1]).contains(&level) {
            return self.centre;
        }
        let side = if level > self.before[self.reach] { 1.0 } else { -1.0 };
        // Distance from the centre in steps, where the tail has shrunk to what is asked.
        let missing = |y: f64| {
            let (share, density) = self.share(side * y);
            (side * (level - share), density)
        };
        let mut high = 1.0;
        while missing(high).0 > 0.0 && high < 1e300 {
            high *= 2.0;
        }
        let mut low = if high > 1.0 { 0.5 * high } else { 0.0 };
        let mut y = 0.5 * (low + high);
        for _ in 0..200 {
            let (off, density) = missing(y);
            if off > 0.0 {
                low = y;
            } else {
                high = y;
            }
            let newton = y + off / density;
            // At the root a step that is only rounding may leave the bracket.
            if off == 0.0 || (newton - y).abs() <= 1e-14 * y || high - low <= 1e-14 * y {
                break;
            }
            y = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        }
        self.centre + self.step * side * y
    }

    /// The share of the distribution below `y` steps off the centre, not zero,
    /// and its density there.
    fn share(&self, y: f64) -> (f64, f64) {
        let far = y.abs();
        let mass = |k: usize| if y > 0.0 { self.masses[self.reach + k] } else { self.masses[self.reach - k] };
        let ratio = |k: usize| (k as f64 / far) * (k as f64 / far);
        // Beyond which sums the divisor decides nothing any more.
        let nearest = (far as usize).min(self.reach);
        let first = (1..=nearest).rev().find(|k| self.divisor.is_beyond(ratio(*k))).map_or(1, |k| k + 1);
        let last =
            (nearest + 1..=self.reach).find(|k| self.divisor.is_beyond(ratio(*k))).unwrap_or(self.reach + 1);
        // Mass of sums on this side that stay within `y`, or leave it.
        let (mut within, mut outside, mut density) = (0.0, 0.0, 0.0);
        for k in first..last {
            let at = self.divisor.at(self.half_df * ratio(k));
            within += mass(k) * at.above;
            outside += mass(k) * at.below;
            density += mass(k) * 2.0 * at.kernel / far;
        }
        let share = if y > 0.0 {
            self.before[self.reach + first] + within
        } else {
            outside + self.before[self.reach + 1 - last.min(self.reach + 1)]
        };
        (share.min(1.0), density)
    }
}

/// The step that all values are whole multiples of, from the smallest on, and how
/// often each multiple occurs.
fn steps(values: &[f64]) -> Option<(f64, Vec<u64>)> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 || low == high || high - low > WIDEST as f64 {
        return None;
    }
    let mut counts = vec![0_u64; WIDEST + 1];
    for value in values {
        let at = value - low;
        if at.fract() != 0.0 {
            return None;
        }
        counts[at as usize] += 1;
    }
    let step = (1..counts.len()).filter(|u| counts[*u] > 0).fold(0, common_divisor);
    counts.truncate((high - low) as usize + 1);
    Some((step as f64, counts.into_iter().step_by(step).collect()))
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Probabilities of `-reach ..= reach` steps off the data's sum for the sum of as
/// many draws as there are counts; values count from `origin`.
fn masses(counts: &[u64], origin: usize, reach: usize) -> Vec<f64> {
    let n = counts.iter().sum::<u64>() as f64;
    let period = 2 * reach + 1;
    // Sines of half angles: 1 - cos must not be a difference close to zero.
    let half: Vec<f64> = (0..period).map(|i| sin(PI * i.min(period - i) as f64 / period as f64)).collect();
    let cosine = |i: usize| 1.0 - 2.0 * half[i] * half[i];
    let sine = |i: usize| if 2 * i < period { half[2 * i] } else { -half[2 * i - period] };
    let off = |u: usize| u as f64 - origin as f64;
    let kinds = || counts.iter().enumerate().filter(|(_, c)| **c > 0).map(|(u, c)| (u, *c as f64 / n));
    let sum = counts.iter().enumerate().map(|(u, c)| off(u) * *c as f64).sum::<f64>();
    let (mut even, mut odd) = (vec![0.5; reach + 1], vec![0.0; reach + 1]);
    for j in 1..=reach {
        let (mut missing, mut imaginary) = (0.0, 0.0);
        for (u, p) in kinds() {
            let at = j * u.abs_diff(origin) % period;
            missing += 2.0 * p * half[at] * half[at];
            imaginary += p * if u < origin { -sine(at) } else { sine(at) };
        }
        let square = (missing * missing + imaginary * imaginary - 2.0 * missing).max(-1.0);
        let length = exp(0.5 * n * ln_1p(square));
        if length < 1e-19 {
            continue;
        }
        let theta = 2.0 * PI * j as f64 / period as f64;
        let angle = n * atan2(imaginary, 1.0 - missing) - theta * sum;
        let (real, imaginary) = (length * cos(angle), length * sin(angle));
        let mut at = 0;
        for (even, odd) in even.iter_mut().zip(&mut odd) {
            *even += real * cosine(at);
            *odd += imaginary * sine(at);
            at += j;
            if at >= period {
                at -= period;
            }
        }
    }
    let mut masses = vec![0.0; period];
    for (k, (even, odd)) in even.iter().zip(&odd).enumerate() {
        masses[reach + k] = (2.0 * (even + odd) / period as f64).max(0.0);
        masses[reach - k] = (2.0 * (even - odd) / period as f64).max(0.0);
    }
    masses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};
    use crate::stats::distributions::{binomial_pmf, student_t_cdf};
    use crate::stats::units::draw_with_replacement;

    fn values(counts: &[(f64, usize)]) -> Vec<f64> {
        counts.iter().flat_map(|(v, count)| vec![*v; *count]).collect()
    }

    #[test]
    fn two_kinds_are_a_binomial() {
        for (n, right) in [(2, 1), (10, 9), (250, 3), (250, 125), (40_000, 31_000), (100_000, 7)] {
            let exact = Exact::new(&values(&[(0.0, n - right), (1.0, right)]), (n - 1) as f64).unwrap();
            for (i, mass) in exact.masses.iter().enumerate() {
                let k = right as i64 + i as i64 - exact.reach as i64;
                let p = right as f64 / n as f64;
                let expected = u64::try_from(k).map_or(0.0, |k| binomial_pmf(k, n as u64, p));
                assert!((mass - expected).abs() < 1e-13, "{n} {right} {k}: {mass} {expected}");
            }
            assert!((exact.before.last().unwrap() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn three_kinds_are_a_trinomial() {
        // By summing over how many differ: b of m discordant go up.
        let (n, up, down) = (60_u64, 9.0, 14.0);
        let data = values(&[(1.0, 9), (-1.0, 14), (0.0, 37)]);
        let exact = Exact::new(&data, 59.0).unwrap();
        for (i, mass) in exact.masses.iter().enumerate() {
            let sum = i as i64 - exact.reach as i64 - 5;
            let expected: f64 = (0..=n)
                .map(|m| {
                    let raised = i64::midpoint(m as i64, sum);
                    if (m as i64 + sum) % 2 != 0 || raised < 0 || raised > m as i64 {
                        return 0.0;
                    }
                    binomial_pmf(m, n, (up + down) / 60.0) * binomial_pmf(raised as u64, m, up / (up + down))
                })
                .sum();
            assert!((mass - expected).abs() < 1e-14, "{sum}: {mass} {expected}");
        }
    }

    #[test]
    fn quantiles_and_shares_are_inverse() {
        for data in [
            values(&[(1.0, 1), (0.0, 1)]),
            values(&[(1.0, 2), (-1.0, 5), (0.0, 4)]),
            values(&[(2.0, 20), (-2.0, 5), (0.0, 225)]),
            values(&[(1.5, 3), (-0.5, 1), (0.5, 200)]),
            values(&[(1.0, 9_000), (-1.0, 8_000), (0.0, 83_000)]),
        ] {
            let exact = Exact::new(&data, (data.len() - 1) as f64).unwrap();
            let mut last = f64::NEG_INFINITY;
            let outer = [0.0, 1e-6, 0.001];
            let inner = (1..200).map(|i| f64::from(i) / 200.0);
            for level in outer.into_iter().chain(inner).chain([0.9999, 1.0]) {
                let x = exact.quantile(level);
                let (below, not_above) = exact.shares(x);
                let level = level.clamp(OUTERMOST, 1.0 - OUTERMOST);
                assert!(x.is_finite() && x >= last, "{level}");
                let found = (exact.masses.len(), x, below, not_above);
                assert!(below <= level + 1e-10 && level <= not_above + 1e-10, "{level} {found:?}");
                last = x;
            }
            assert_eq!((exact.shares(-1e200).0, exact.shares(1e200).0 > 1.0 - 1e-9), (0.0, true));
        }
    }

    #[test]
    fn many_draws_come_to_the_same() {
        let data = values(&[(1.0, 11), (-1.0, 17), (0.0, 92)]);
        let exact = Exact::new(&data, 119.0).unwrap();
        let mut drawn: Vec<f64> = (0..40_000)
            .map(|replicate| {
                let mut draws = Draws::new(5, Purpose::new("exact test"), replicate);
                let mut sum = 0.0;
                draw_with_replacement(&mut draws, 120, 120, |i| sum += data[i] + 0.05);
                let chi_square: f64 = (0..119).map(|_| draws.normal()).map(|z| z * z).sum();
                -0.05 + (120.0_f64 / 119.0).sqrt() * sum / 120.0 * (119.0 / chi_square).sqrt()
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        let apart = |(i, x): (usize, &f64)| (exact.shares(*x).0 - (i as f64 + 0.5) / 40_000.0).abs();
        // Away from the atom at the centre, Kolmogorov-Smirnov at a level of 0.001.
        let tails = drawn.iter().enumerate().filter(|(_, x)| (**x + 0.05).abs() > 0.002);
        let largest = tails.map(apart).fold(0.0, f64::max);
        assert!(largest < 1.95 / 200.0, "{largest}");
    }

    #[test]
    fn with_many_samples_it_is_student() {
        // Skewness and steps vanish; what is left is the normal over sqrt(chi^2 / df).
        let data = values(&[(1.0, 10_000), (-1.0, 10_000), (0.0, 20_000)]);
        let exact = Exact::new(&data, 39_999.0).unwrap();
        let error = (0.5 / 39_999.0_f64).sqrt();
        for t in [-3.0, -1.0, 0.7, 2.0] {
            let (share, _) = exact.shares(t * error);
            assert!((share - student_t_cdf(t, 39_999.0)).abs() < 2e-3, "{t} {share}");
        }
    }

    #[test]
    fn what_is_not_of_steps_is_left_alone() {
        assert!(Exact::new(&[0.0, 0.5, 0.75], 2.0).is_none());
        assert!(Exact::new(&[1.0; 9], 8.0).is_none());
        assert!(Exact::new(&[1.0], 0.0).is_none());
        assert!(Exact::new(&[0.0, 65.0], 1.0).is_none());
        // Thirds are rounded, and no whole steps apart.
        assert!(Exact::new(&[1.0 / 3.0, 0.0, 1.0], 2.0).is_none());
    }
}
