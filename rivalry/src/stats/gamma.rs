//! The incomplete gamma function: the distribution of the chi-square by which a
//! bootstrap replicate is widened, for half a degree of freedom and for a
//! hundred thousand.

use std::f64::consts::PI;

use super::distributions::{deviance, stirling_error};
use crate::num::special::{erfc, exp, ln};

/// From this shape on the uniform expansion is used around the mean.
const LARGE: f64 = 50.0;
/// How far around the mean, as a share of it.
const AROUND: f64 = 0.3;

/// c_k of Temme's expansion, by powers of eta. From c_0 = 1 / mu - 1 / eta and
/// c_k = c'_(k-1) / eta + (-1)^k g_k / mu with Stirling's g_k (NIST Digital
/// Library of Mathematical Functions, 8.12.7 to 8.12.12), in rational numbers;
/// as many as double precision needs for shapes from [`LARGE`] on.
const TEMME: [&[f64]; 8] = [
    &[
        -0.3333333333333333,
        0.08333333333333333,
        -0.014814814814814815,
        0.0011574074074074073,
        0.0003527336860670194,
        -0.0001787551440329218,
        3.919263178522438e-05,
        -2.185448510679992e-06,
        -1.85406221071516e-06,
        8.296711340953087e-07,
        -1.7665952736826078e-07,
        6.707853543401498e-09,
        1.0261809784240309e-08,
        -4.382036018453353e-09,
        9.14769958223679e-10,
    ],
    &[
        -0.001851851851851852,
        -0.003472222222222222,
        0.0026455026455026454,
        -0.0009902263374485596,
        0.00020576131687242798,
        -4.018775720164609e-07,
        -1.8098550334489977e-05,
        7.64916091608111e-06,
        -1.6120900894563446e-06,
        4.647127802807434e-09,
        1.378633446915721e-07,
        -5.752545603517705e-08,
        1.1951628599778148e-08,
    ],
    &[
        0.004133597883597883,
        -0.0026813271604938273,
        0.0007716049382716049,
        2.0093878600823047e-06,
        -0.0001073665322636516,
        5.2923448829120125e-05,
        -1.2760635188618728e-05,
        3.423578734096138e-08,
        1.3721957309062934e-06,
        -6.298992138380055e-07,
        1.4280614206064242e-07,
    ],
    &[
        0.0006494341563786008,
        0.00022947209362139917,
        -0.0004691894943952557,
        0.00026772063206283885,
        -7.561801671883977e-05,
        -2.396505113867297e-07,
        1.1082654115347302e-05,
        -5.6749528269915965e-06,
        1.4230900732435883e-06,
    ],
    &[
        -0.0008618882909167117,
        0.0007840392217200666,
        -0.0002990724803031902,
        -1.4638452578843418e-06,
        6.641498215465122e-05,
        -3.968365047179435e-05,
        1.1375726970678419e-05,
        2.507497226237533e-10,
    ],
    &[
        -0.00033679855336635813,
        -6.972813758365857e-05,
        0.0002772753244959392,
        -0.00019932570516188847,
        6.797780477937208e-05,
        1.419062920643967e-07,
    ],
    &[
        0.0005313079364639922,
        -0.0005921664373536939,
        0.0002708782096718045,
        7.902353232660328e-07,
        -8.153969367561969e-05,
    ],
    &[0.00034436760689237765, 5.171790908260592e-05, -0.00033493161081142234],
];

/// A gamma variable of one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    shape: f64,
    stirling: f64,
}

/// The distribution at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct At {
    /// P(a, x), the share below.
    pub(super) below: f64,
    /// Q(a, x), the share above.
    pub(super) above: f64,
    /// x times the density.
    pub(super) kernel: f64,
}

impl Gamma {
    pub(super) fn new(shape: f64) -> Self {
        Self { shape, stirling: stirling_error(shape) }
    }

    /// The distribution at `x` > 0.
    pub(super) fn at(&self, x: f64) -> At {
        let a = self.shape;
        // a (x / a - 1 - ln(x / a)): minus the exponent of the density.
        let exponent = deviance(a, x);
        let gaussian = exp(-exponent) * (a / (2.0 * PI)).sqrt();
        let kernel = gaussian * exp(-self.stirling);
        if a >= LARGE && (x / a - 1.0).abs() <= AROUND {
            let eta = (2.0 * exponent / a).sqrt().copysign(x - a);
            let mut sum = 0.0;
            for row in TEMME.iter().rev() {
                let term = row.iter().rev().fold(0.0, |value, c| value * eta + c);
                sum = sum / a + term;
            }
            let rest = gaussian / a * sum;
            let tail = 0.5 * erfc(exponent.sqrt());
            return if eta >= 0.0 {
                let above = tail + rest;
                At { below: 1.0 - above, above, kernel }
            } else {
                let below = tail - rest;
                At { below, above: 1.0 - below, kernel }
            };
        }
        if x < a + 1.0 {
            let below = (kernel * series(a, x)).min(1.0);
            At { below, above: 1.0 - below, kernel }
        } else {
            let above = (kernel * fraction(a, x)).min(1.0);
            At { below: 1.0 - above, above, kernel }
        }
    }

    /// Whether a share of less than 1e-17 lies beyond `ratio` times the mean, on
    /// its side of the mean (Chernoff's bound).
    pub(super) fn is_beyond(&self, ratio: f64) -> bool {
        self.shape * (ratio - 1.0 - ln(ratio)) > 40.0
    }
}

/// P(a, x) over the kernel: Abramowitz and Stegun 6.5.29.
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut divisor) = (1.0 / a, 1.0 / a, a);
    for _ in 0..10_000 {
        divisor += 1.0;
        term *= x / divisor;
        sum += term;
        if term <= sum * (0.5 * f64::EPSILON) {
            break;
        }
    }
    sum
}

/// Q(a, x) over the kernel: the continued fraction of Abramowitz and Stegun
/// 6.5.31, contracted, by Lentz's method.
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / away(b));
    let mut value = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let numerator = i * (a - i);
        b += 2.0;
        d = 1.0 / away(numerator * d + b);
        c = away(b + numerator / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        // A chi-square of two degrees of freedom is exponential.
        for x in [1e-9, 0.1, 1.0, 3.0, 40.0] {
            let found = Gamma::new(1.0).at(x);
            assert!((found.above - exp(-x)).abs() < 1e-15 && (found.kernel - x * exp(-x)).abs() < 1e-15);
            let root = Gamma::new(0.5).at(x).above;
            assert!((root - erfc(x.sqrt())).abs() < 1e-15, "{root}");
        }
    }

    #[test]
    fn the_three_ways_meet() {
        for a in [LARGE, 73.3, 1_000.0, 2e4] {
            for ratio in [1.0 - AROUND, 1.0 + AROUND] {
                let x = ratio * a;
                let near = Gamma::new(a).at(x);
                let far = if ratio < 1.0 { near.kernel * series(a, x) } else { near.kernel * fraction(a, x) };
                let expanded = if ratio < 1.0 { near.below } else { near.above };
                assert!((far - expanded).abs() < 1e-14, "{a} {ratio}: {far} {expanded}");
            }
            let (less, more) = (Gamma::new(a).at(a * (1.0 - 1e-13)), Gamma::new(a).at(a * (1.0 + 1e-13)));
            assert!((less.below - more.below).abs() < 1e-10 && less.below <= more.below);
        }
    }

    #[test]
    fn nothing_is_beyond_the_bound() {
        for a in [0.5, 3.0, 125.0, 5e4] {
            let gamma = Gamma::new(a);
            for ratio in [0.01, 0.3, 0.9, 0.98, 1.01, 1.05, 1.5, 3.0, 90.0] {
                let found = gamma.at(ratio * a);
                let tail = if ratio < 1.0 { found.below } else { found.above };
                assert!(!gamma.is_beyond(ratio) || tail < 1e-16, "{a} {ratio} {tail}");
            }
            assert!(!gamma.is_beyond(1.0) && gamma.is_beyond(1e9));
        }
    }
}
