//! Embedded Runge-Kutta pairs, all of the kind whose last stage is the first
//! of the next step.

/// The coefficients of a pair with s stages.
pub(super) struct Pair {
    /// The order of the solution that is kept; the estimate is one lower.
    pub order: i32,
    /// Times of the stages within the step.
    pub c: &'static [f64],
    /// Row i: weights of the stages before stage i + 1. The last row is the
    /// solution, because the last stage is taken there.
    pub a: &'static [&'static [f64]],
    /// Weights of the error estimate: solution less embedded solution.
    pub e: &'static [f64],
}

/// The pair of a knob's value.
pub(super) fn named(name: &str) -> &'static Pair {
    if name == "bs3" { &BOGACKI_SHAMPINE } else { &TSITOURAS }
}

/// P. Bogacki, L. F. Shampine. A 3(2) pair of Runge-Kutta formulas. Appl. Math.
/// Lett. 2 (1989).
const BOGACKI_SHAMPINE: Pair = Pair {
    order: 3,
    c: &[0.0, 0.5, 0.75, 1.0],
    a: &[&[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]],
    e: &[2.0 / 9.0 - 7.0 / 24.0, 1.0 / 3.0 - 0.25, 4.0 / 9.0 - 1.0 / 3.0, -0.125],
};

/// Ch. Tsitouras. Runge-Kutta pairs of order 5(4) satisfying only the first
/// column simplifying assumption. Comput. Math. Appl. 62 (2011).
const TSITOURAS: Pair = Pair {
    order: 5,
    c: &[0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0],
    a: &[
        &[0.161],
        &[-0.008480655492356989, 0.335480655492357],
        &[2.8971530571054935, -6.359448489975075, 4.3622954328695815],
        &[5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
        &[5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        &[
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
        ],
    ],
    e: &[
        -0.00178001105222577714,
        -0.0008164344596567469,
        0.007880878010261995,
        -0.1447110071732629,
        0.5823571654525552,
        -0.45808210592918697,
        0.015151515151515152,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums to the conditions of order one to three, and to zero for estimates.
    #[test]
    fn pairs_fulfil_the_order_conditions() {
        for name in ["bs3", "tsit5"] {
            let pair = named(name);
            let b = pair.a[pair.a.len() - 1];
            let sum = |power: i32| -> f64 { b.iter().zip(pair.c).map(|(b, c)| b * c.powi(power)).sum() };
            for power in 0..pair.order {
                assert!((sum(power) - 1.0 / f64::from(power + 1)).abs() < 1e-14, "{name}: power {power}");
            }
            for (row, c) in pair.a.iter().zip(&pair.c[1..]) {
                assert!((row.iter().sum::<f64>() - c).abs() < 1e-14, "{name}: row of {c}");
            }
            // The embedded solution has one order less, so the estimate
            // vanishes on polynomials up to there.
            for power in 0..pair.order - 1 {
                let estimate: f64 = pair.e.iter().zip(pair.c).map(|(e, c)| e * c.powi(power)).sum();
                assert!(estimate.abs() < 1e-12, "{name}: estimate of power {power}: {estimate}");
            }
        }
    }
}
