//! The distributions that intervals and tests need: beta, binomial, gamma,
//! Student t.
//!
//! Built on [`crate::num::special`], so the bits are the same on every CPU.
//! Point probabilities follow Loader ("Fast and accurate computation of
//! binomial probabilities", 2000): logarithms of large factorials are never
//! subtracted, so thousands of samples cost no digits.

use std::f64::consts::PI;

use super::gamma::Gamma;
use crate::num::special::{exp, ln, ln_1p, ln_gamma, normal_cdf, normal_quantile};

/// ln(2 pi) / 2.
const HALF_LN_TWO_PI: f64 = 0.918938533204672741780329736406;

/// Probability of exactly `k` successes in `n` trials of success probability `p`.
///
/// # Panics
/// When `p` is not in [0, 1].
pub fn binomial_pmf(k: u64, n: u64, p: f64) -> f64 {
    check_probability(p);
    if k > n {
        return 0.0;
    }
    binomial_density(k as f64, (n - k) as f64, p, 1.0 - p)
}

/// Probability of at most `k` successes in `n` trials of success probability `p`.
///
/// # Panics
/// When `p` is not in [0, 1].
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    check_probability(p);
    if k >= n {
        return 1.0;
    }
    beta_tail((n - k) as f64, (k + 1) as f64, 1.0 - p, p)
}

/// The regularised incomplete beta function `I_x(a, b)`: the distribution
/// function at `x` of Beta(a, b).
///
/// # Panics
/// When a parameter is not positive and finite, or `x` not in [0, 1].
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    check_parameters(a, b);
    check_probability(x);
    beta_tail(a, b, x, 1.0 - x)
}

/// The quantile function of Beta(a, b): the x with `I_x(a, b)` = p.
///
/// # Panics
/// When a parameter is not positive and finite, or `p` not in [0, 1].
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    check_parameters(a, b);
    check_probability(p);
    if p == 0.0 || p == 1.0 {
        return p;
    }
    let slope = |x: f64| beta_kernel(a, b, x, 1.0 - x) / (x * (1.0 - x));
    solve_increasing(0.0, 1.0, a / (a + b), |x| (beta_tail(a, b, x, 1.0 - x) - p, slope(x)))
}

/// The regularised incomplete gamma function `P(a, x)`: the distribution
/// function at `x` of a gamma variable of shape `a`. Twice such a variable is a
/// chi-square with 2 a degrees of freedom.
///
/// # Panics
/// When `a` is not positive and finite, or `x` is negative or not a number.
pub fn gamma_cdf(a: f64, x: f64) -> f64 {
    assert!(a > 0.0 && a.is_finite() && x >= 0.0, "no gamma distribution of shape {a} at {x}");
    if x == 0.0 { 0.0 } else { Gamma::new(a).at(x).below }
}

/// The distribution function of Student's t with `df` degrees of freedom,
/// which need not be whole; infinitely many make it the normal one.
///
/// # Panics
/// When `df` is not positive or `t` is NaN.
pub fn student_t_cdf(t: f64, df: f64) -> f64 {
    assert!(!t.is_nan(), "the argument of Student's t is not a number");
    if t < 0.0 { student_t_tail(-t, df) } else { 1.0 - student_t_tail(t, df) }
}

/// The quantile function of Student's t with `df` degrees of freedom.
/// Returns the infinities at 0 and 1.
///
/// # Panics
/// When `df` is not positive, or `p` not in [0, 1].
pub fn student_t_quantile(p: f64, df: f64) -> f64 {
    check_probability(p);
    assert!(df > 0.0, "degrees of freedom are positive, not {df}");
    if df.is_infinite() || p == 0.0 || p == 1.0 {
        return normal_quantile(p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    let mut high = 1.0;
    while student_t_tail(high, df) > tail && high < 1e300 {
        high *= 2.0;
    }
    let half = 0.5 * df;
    let log_scale = ln_gamma(half + 0.5) - ln_gamma(half) - 0.5 * ln(df * PI);
    let density = |t: f64| exp(log_scale - (half + 0.5) * ln_1p(t * t / df));
    let start = (-normal_quantile(tail)).min(high);
    let t = solve_increasing(0.0, high, start, |t| (tail - student_t_tail(t, df), density(t)));
    if p < 0.5 { -t } else { t }
}

/// P(T > t) for t >= 0.
fn student_t_tail(t: f64, df: f64) -> f64 {
    assert!(df > 0.0, "degrees of freedom are positive, not {df}");
    if df.is_infinite() {
        return normal_cdf(-t);
    }
    if df > 1e5 {
        return normal_cdf(-normal_equivalent(t, df));
    }
    let ratio = t / df.sqrt();
    let square = ratio * ratio;
    // Both x and 1 - x are computed directly: one of them is tiny.
    0.5 * beta_tail(df / 2.0, 0.5, 1.0 / (1.0 + square), 1.0 / (1.0 + 1.0 / square))
}

/// The normal deviate with the same tail as t >= 0, for many degrees of freedom,
/// where the continued fraction would lose digits (Hill, "Algorithm 395",
/// Communications of the ACM 13, 1970).
fn normal_equivalent(t: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let w = (a * ln_1p(t / df * t)).sqrt();
    let square = w * w;
    let first = (square + 3.0) * w;
    let second = (((0.4 * square + 3.3) * square + 24.0) * square + 85.5) * w;
    w + (first - second / (b + 0.8 * square * square + 100.0)) / b
}

/// `I_x(a, b)` with `y` = 1 - x given apart.
fn beta_tail(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // The continued fraction converges fast only left of the mean.
    if x > (a + 1.0) / (a + b + 2.0) {
        (1.0 - beta_kernel(b, a, y, x) * beta_fraction(b, a, y) / b).max(0.0)
    } else {
        (beta_kernel(a, b, x, y) * beta_fraction(a, b, x) / a).min(1.0)
    }
}

/// x^a y^b / B(a, b).
fn beta_kernel(a: f64, b: f64, x: f64, y: f64) -> f64 {
    binomial_density(a, b, x, y) * (a / (a + b)) * b
}

/// The continued fraction of the incomplete beta function by Lentz's method
/// (Abramowitz & Stegun 26.5.8).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    // The number of terms grows like the square root of the larger parameter.
    let max_terms = 1_000 + 20 * a.max(b).sqrt() as usize;
    for m in 1..=max_terms {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let factor = d * c;
        value *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

/// Gamma(a + b + 1) / (Gamma(a + 1) Gamma(b + 1)) x^a y^b for real a, b >= 0:
/// the binomial probability of a successes and b failures.
fn binomial_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    if x == 0.0 {
        return if a == 0.0 { 1.0 } else { 0.0 };
    }
    if y == 0.0 {
        return if b == 0.0 { 1.0 } else { 0.0 };
    }
    // The larger of x and y is the rounded one when the other is tiny, so its
    // logarithm is taken through the smaller.
    if a == 0.0 {
        return exp(b * if x < 0.1 { ln_1p(-x) } else { ln(y) });
    }
    if b == 0.0 {
        return exp(a * if y < 0.1 { ln_1p(-y) } else { ln(x) });
    }
    let log_factorials = stirling_error(n) - stirling_error(a) - stirling_error(b);
    let log_power = -deviance(a, n * x) - deviance(b, n * y);
    let log_scale = 0.5 * (ln(a) + ln(b / n));
    exp(log_factorials + log_power - HALF_LN_TWO_PI - log_scale)
}

/// ln Gamma(z + 1) minus Stirling's formula, for z > 0.
pub(super) fn stirling_error(z: f64) -> f64 {
    if z <= 15.0 {
        return ln_gamma(z + 1.0) - (z + 0.5) * ln(z) + z - HALF_LN_TWO_PI;
    }
    let r = 1.0 / (z * z);
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - r / 1188.0) * r) * r) * r) / z
}

/// x ln(x / m) + m - x without cancellation when x is close to m (Loader's bd0).
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * ln(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// The root in (low, high) of an increasing function given with its slope:
/// Newton's method, with halving wherever Newton leaves the bracket.
fn solve_increasing(mut low: f64, mut high: f64, start: f64, f: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut x = start;
    for _ in 0..400 {
        let (value, slope) = f(x);
        if value == 0.0 {
            return x;
        }
        if value < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - value / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - x).abs() <= 1e-16 * x.abs() || next <= low || next >= high {
            return next;
        }
        x = next;
    }
    x
}

fn check_probability(p: f64) {
    assert!((0.0..=1.0).contains(&p), "a probability lies between 0 and 1, not {p}");
}

fn check_parameters(a: f64, b: f64) {
    assert!(a > 0.0 && a.is_finite() && b > 0.0 && b.is_finite(), "Beta({a}, {b}) does not exist");
}
