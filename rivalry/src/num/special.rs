//! Elementary functions with the same bits on every CPU.
//!
//! The functions of the C library choose an implementation by CPU features, so
//! one binary gives different last digits on different machines; the `libm`
//! crate does not. Statistics use the `f64` functions here; the training loop
//! uses [`fast_exp_f32`], which the compiler turns into vector code.

/// e^x.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln(1 + x), accurate near zero.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// e^x - 1, accurate near zero.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// x^y.
pub fn powf(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// Cosine of x in radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Sine of x in radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// The angle of the point (x, y) in radians, between -pi and pi.
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// Complementary error function.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// ln |Gamma(x)|.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The digamma function, d ln Gamma(x) / dx, for x > 0: psi(x) = psi(x + 1) - 1/x until the
/// asymptotic series holds to rounding (Abramowitz and Stegun 6.3.5, 6.3.18).
pub fn digamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 12.0 {
        below += 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    // B_2n / 2n: 1/12, -1/120, 1/252, -1/240, 1/132, -691/32760.
    let series = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32760.0))))));
    ln(x) - 0.5 / x - series - below
}

/// The trigamma function, d digamma(x) / dx, for x > 0, in the same way (6.4.6, 6.4.12).
pub fn trigamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < 12.0 {
        below += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    // B_2n: 1/6, -1/30, 1/42, -1/30, 5/66, -691/2730.
    let series = r
        * (1.0 / 6.0
            - r * (1.0 / 30.0
                - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0))))));
    1.0 / x + 0.5 * r + series / x + below
}

/// Distribution function of the standard normal.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// Quantile function of the standard normal: Wichura's AS 241 (PPND16,
/// Applied Statistics 37, 1988), relative error about 1e-16.
///
/// Returns the infinities at 0 and 1, and NaN outside [0, 1].
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let horner = |c: &[f64; 8], r: f64| c.iter().rev().fold(0.0, |acc, k| acc * r + k);
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * horner(&AS241_A, r) / horner(&AS241_B, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let value = if r <= 5.0 {
        horner(&AS241_C, r - 1.6) / horner(&AS241_D, r - 1.6)
    } else {
        horner(&AS241_E, r - 5.0) / horner(&AS241_F, r - 5.0)
    };
    if q < 0.0 { -value } else { value }
}

const AS241_A: [f64; 8] = [
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
];
const AS241_B: [f64; 8] = [
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
];
const AS241_C: [f64; 8] = [
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
];
const AS241_D: [f64; 8] = [
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
];
const AS241_E: [f64; 8] = [
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
];
const AS241_F: [f64; 8] = [
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
];

/// e^x in single precision, to about 1 unit in the last place over the range
/// in which the result is a normal number; 0 below, +inf above, NaN kept.
///
/// Plain multiplications and additions (Cody-Waite reduction, a degree-6
/// polynomial after Cephes `expf`), no branch: the compiler vectorises it, and
/// without contraction the bits do not depend on the vector width.
#[inline(always)]
pub fn fast_exp_f32(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HI: f32 = 0.693_359_375;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // Adding 1.5 * 2^23 rounds to the nearest whole number without a library call.
    const ROUND: f32 = 12_582_912.0;
    let clamped = if x > 88.722_83 { 88.722_83 } else { x };
    let clamped = if clamped < -87.336_54 { -87.336_54 } else { clamped };
    let shifted = clamped * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * LN2_HI - n * LN2_LO;
    let mut poly = 1.987_569_1e-4;
    poly = poly * r + 1.398_199_9e-3;
    poly = poly * r + 8.333_452e-3;
    poly = poly * r + 4.166_579_6e-2;
    poly = poly * r + 1.666_666_5e-1;
    poly = poly * r + 5.000_000_1e-1;
    let mantissa = poly * r * r + r + 1.0;
    // The whole number sits in the low bits of `shifted`. Two factors, because
    // 2^128 itself is not representable.
    let bits = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = bits >> 1;
    let scale = |k: i32| f32::from_bits(((k + 127) as u32) << 23);
    let value = mantissa * scale(half) * scale(bits - half);
    let value = if x < -87.336_54 { 0.0 } else { value };
    let value = if x > 88.722_83 { f32::INFINITY } else { value };
    if x.is_nan() { x } else { value }
}

/// e^x in double precision, to about 1 unit in the last place over the range
/// in which the result is a normal number; 0 below, +inf above, NaN kept.
///
/// As [`fast_exp_f32`]: Cody-Waite reduction, the Taylor polynomial of degree
/// 13 (truncation below 1e-17 for |r| <= ln 2 / 2), no branch.
#[inline(always)]
pub fn fast_exp_f64(x: f64) -> f64 {
    const LN2_HI: f64 = 6.931_471_803_691_238_164_90e-1;
    const LN2_LO: f64 = 1.908_214_929_270_587_700_02e-10;
    // Adding 1.5 * 2^52 rounds to the nearest whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const TAYLOR: [f64; 12] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    let clamped = if x > 709.79 { 709.79 } else { x };
    let clamped = if clamped < -708.39 { -708.39 } else { clamped };
    let n = (clamped * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = clamped - n * LN2_HI - n * LN2_LO;
    let mut poly = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        poly = poly * r + coefficient;
    }
    let mantissa = 1.0 + (r + r * r * poly);
    // Two factors, because 2^1024 itself is not representable; halved in
    // floating point, because AVX2 has no arithmetic shift of 64-bit lanes.
    let half = (n * 0.5 + ROUND) - ROUND;
    let scale = |k: f64| {
        let whole = (k + ROUND).to_bits().wrapping_sub(ROUND.to_bits());
        f64::from_bits(whole.wrapping_add(1023) << 52)
    };
    let value = mantissa * scale(half) * scale(n - half);
    let value = if x < -708.39 { 0.0 } else { value };
    let value = if x > 709.782_712_893_383_97 { f64::INFINITY } else { value };
    if x.is_nan() { x } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17.1, `digamma` and `polygamma(1, x)`.
    #[test]
    fn derivatives_of_the_log_gamma_function_are_those_of_scipy() {
        for (x, psi, psi1) in [
            (0.01, -100.560_885_457_868_68, 10_001.621_213_528_311),
            (0.5, -1.963_510_026_021_423_3, 4.934_802_200_544_68),
            (1.0, -0.577_215_664_901_532_9, 1.644_934_066_848_226_6),
            (2.5, 0.703_156_640_645_243_2, 0.490_357_756_100_234_9),
            (7.0, 1.872_784_335_098_467, 0.153_545_177_959_337_57),
            (40.0, 3.676_327_374_034_842_8, 0.025_315_103_841_291_032),
            (1e6, 13.815_510_057_964_19, 1.000_000_500_000_166_7e-6),
        ] {
            assert!((digamma(x) - psi).abs() <= 1e-14 * psi.abs().max(1.0), "digamma({x}): {}", digamma(x));
            assert!((trigamma(x) - psi1).abs() <= 1e-14 * psi1.max(1e-6), "trigamma({x}): {}", trigamma(x));
        }
    }

    #[test]
    fn normal_quantile_matches_published_values() {
        // Wichura 1988, table of check values.
        for (p, z) in [(0.25, -0.6744897501960817), (0.001, -3.090232306167814), (1e-20, -9.262340089798408)]
        {
            assert!((normal_quantile(p) - z).abs() < 2e-15 * f64::abs(z).max(1.0), "{p}");
        }
        assert_eq!(normal_quantile(0.5), 0.0);
        assert!(normal_quantile(1.5).is_nan());
        for k in 1..200 {
            let p = k as f64 / 200.0;
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-15);
        }
    }

    #[test]
    fn the_fast_exponential_of_doubles_is_within_two_units() {
        let mut worst = 0.0_f64;
        for k in -7_083_000..7_097_000_i32 {
            let x = f64::from(k) * 1e-4 + 3e-5;
            let exact = libm::exp(x);
            worst = worst.max((fast_exp_f64(x) - exact).abs() / (f64::EPSILON * exact));
        }
        assert!(worst < 2.0, "{worst} ulp");
        assert_eq!(fast_exp_f64(0.0), 1.0);
        assert_eq!(fast_exp_f64(-1e4), 0.0);
        assert_eq!(fast_exp_f64(f64::NEG_INFINITY), 0.0);
        assert_eq!(fast_exp_f64(710.0), f64::INFINITY);
        assert!((fast_exp_f64(709.7) / libm::exp(709.7) - 1.0).abs() < 1e-15);
        assert!(fast_exp_f64(f64::NAN).is_nan());
    }

    #[test]
    fn fast_exp_is_within_two_units_of_the_correctly_rounded_value() {
        let mut worst = 0.0_f64;
        let mut k = -8_700_000_i32;
        while k < 8_870_000 {
            let x = k as f32 * 1e-5;
            let exact = libm::exp(f64::from(x));
            let ulp = f64::from(f32::EPSILON) * exact;
            worst = worst.max((f64::from(fast_exp_f32(x)) - exact).abs() / ulp);
            k += 7;
        }
        assert!(worst < 2.0, "{worst} ulp");
        assert_eq!(fast_exp_f32(0.0), 1.0);
        assert_eq!(fast_exp_f32(-1000.0), 0.0);
        assert_eq!(fast_exp_f32(f32::NEG_INFINITY), 0.0);
        assert_eq!(fast_exp_f32(1000.0), f32::INFINITY);
        assert!(fast_exp_f32(f32::NAN).is_nan());
    }
}
