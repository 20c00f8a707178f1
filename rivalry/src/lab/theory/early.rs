//! What else a neuron sees at the start: noise and the features of other classes.
//!
//! The race ([`super::race`]) compares alignments as if a neuron's input were z gamma
//! alone. On real data it is z gamma + v, where v differs from sample to sample and
//! has about the size of the initial alignments themselves: sigma_0 (nu^2 + s E[z_off^2])^(1/2)
//! for noise of length nu and s active features of other classes. While gamma is not
//! far above it, neurons of negative alignment grow too (v pushes them over zero now
//! and then), and alignment counts for less, data strength for more, than the closed
//! form says. Our derivation, for v normal and independent of the code, frozen while
//! gamma grows (it is memorised at the slower rate nu^q / n).

use super::quadrature::{integrate, panel};
use super::strength::{CodeLaw, Convention};
use crate::num::Scalar;
use crate::num::special::{exp, normal_cdf};

/// The growth of one neuron's alignment at the start of training, with a spread of
/// its input over samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyGrowth {
    /// The codes of the modality.
    pub law: CodeLaw,
    /// q: power of the smoothed ReLU.
    pub q: i32,
    /// beta: its threshold. The formulas hold below it.
    pub beta: f64,
    /// Standard deviation of v. Positive; [`EarlyGrowth::spread_at_start`].
    pub spread: f64,
}

impl EarlyGrowth {
    /// The spread at initialisation: sigma_0 (nu^2 + s E[z_off^2])^(1/2).
    pub fn spread_at_start(law: &CodeLaw, noise: f64, sigma0: f64) -> f64 {
        sigma0
            * (noise * noise
                + law.off_label_count * super::strength::uniform_moment(law.off_label.0, law.off_label.1, 2))
            .sqrt()
    }

    /// gamma' at alignment gamma:
    ///
    /// (1 - 1/K) / (K beta^(q-1)) { (1 - mu) E[z_y h(z_y)] + mu gamma_0 h(gamma_0)
    ///     - (1 - mu/(K-1)) (s/K) E[z_off h(z_off)] - mu/(K-1) rho h(rho) },
    /// h(z) = E[((z gamma + v)^+)^(q-1)].
    ///
    /// Without spread it is [`CodeLaw::early_rate`] times gamma^(q-1).
    pub fn rate(&self, gamma: f64) -> f64 {
        let pull = |z: f64| z * positive_moment(z * gamma, self.spread, self.q - 1);
        let mean = |(low, high): (f64, f64)| {
            if high > low { panel(low, high, pull) / (high - low) } else { pull(low) }
        };
        let law = &self.law;
        let k = law.n_classes as f64;
        let chosen = law.mu / (k - 1.0);
        let own = (1.0 - law.mu) * mean(law.label) + law.mu * pull(law.gamma);
        let active = law.off_label_count / k;
        let others = if active > 0.0 { (1.0 - chosen) * active * mean(law.off_label) } else { 0.0 }
            + chosen * pull(law.rho);
        Convention::Softmax { beta: self.beta }.factor(self.q, law.n_classes) * (own - others) / k
    }

    /// The time in which an alignment grows from `gamma` to infinity at [`EarlyGrowth::rate`]:
    /// what [`super::strength::blow_up_time`] is without spread. Finite also for
    /// negative alignments. The modality whose quickest neuron has the smallest time
    /// wins; the order of neurons within a modality stays that of their alignments.
    ///
    /// Infinite where other classes' samples pull harder than its own: for weak
    /// modalities, and for strongly negative alignments, which v lifts over zero more
    /// easily when the class's feature is small.
    pub fn blow_up_time(&self, gamma: f64) -> f64 {
        let rate = self.law.early_rate(self.q, self.beta);
        if rate <= 0.0 {
            return f64::INFINITY;
        }
        // Beyond this the spread changes the rate by less than 1e-10.
        let far = 1e5 * self.spread.max(gamma.abs());
        let mut breaks = vec![gamma];
        let scales = [-3.0, -1.0, 0.0, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4];
        breaks.extend(scales.iter().map(|s| s * self.spread).filter(|b| *b > gamma && *b < far));
        breaks.push(far);
        if breaks.iter().any(|g| self.rate(*g) <= 0.0) {
            return f64::INFINITY;
        }
        let power = self.q - 2;
        let tail = Scalar::powi(far, -power) / (f64::from(power) * rate);
        integrate(&breaks, 1e-10, |g| 1.0 / self.rate(g)) + tail
    }
}

/// E[((a + v)^+)^k] for v normal with standard deviation `spread`.
///
/// With x = a / spread, I_k = x I_(k-1) + (k-1) I_(k-2), I_0 = Phi(x), I_1 = x Phi(x) + phi(x).
/// Far below zero it cancels, and the ratios I_k / I_(k-1) = k / (I_(k+1) / I_k - x) are
/// taken downwards from a distant one instead.
fn positive_moment(a: f64, spread: f64, k: i32) -> f64 {
    const ROOT_TWO_PI: f64 = 2.506_628_274_631_000_5;
    /// Where the ratios begin; at x = -1 their start is forgotten to 1e-15 by then.
    const DISTANT: i32 = 200;
    if spread == 0.0 {
        return Scalar::powi(a.max(0.0), k);
    }
    let x = a / spread;
    let none = normal_cdf(x);
    let moment = if k == 0 {
        none
    } else if x < -1.0 {
        let mut ratio = 0.0;
        let mut product = none;
        for j in (1..=k + DISTANT).rev() {
            ratio = f64::from(j) / (ratio - x);
            if j <= k {
                product *= ratio;
            }
        }
        product
    } else {
        let (mut before, mut now) = (none, x * none + exp(-0.5 * x * x) / ROOT_TWO_PI);
        for j in 2..=k {
            (before, now) = (now, x * now + f64::from(j - 1) * before);
        }
        now
    };
    moment * Scalar::powi(spread, k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::theory::strength::blow_up_time;
    use crate::num::{Draws, Purpose};

    const GROWTH: EarlyGrowth = EarlyGrowth {
        law: CodeLaw {
            n_classes: 10,
            label: (1.0, 1.4),
            mu: 0.1,
            gamma: 0.05,
            rho: 0.5,
            off_label_count: 2.0,
            off_label: (0.2, 0.4),
        },
        q: 4,
        beta: 0.2,
        spread: 2e-3,
    };

    #[test]
    fn far_above_the_spread_it_is_the_plain_rate() {
        let d = GROWTH.law.early_rate(4, 0.2);
        assert!((GROWTH.rate(10.0) / (d * 1e3) - 1.0).abs() < 1e-6);
        assert!((GROWTH.blow_up_time(10.0) / blow_up_time(10.0, d, 4) - 1.0).abs() < 1e-6);
        let noiseless = EarlyGrowth { spread: 0.0, ..GROWTH };
        assert!((noiseless.rate(0.03) / (d * 2.7e-5) - 1.0).abs() < 1e-10);
        assert_eq!(noiseless.rate(-0.03), 0.0);
    }

    #[test]
    fn moments_agree_with_draws_on_both_sides_of_zero() {
        let n = 400_000;
        for (a, k) in [(0.5, 2), (-0.5, 2), (0.0, 3), (-0.9, 3), (2.0, 1), (-0.3, 1)] {
            let mut draws = Draws::new(9, Purpose::new("early test"), 0);
            let values: Vec<f64> =
                (0..n).map(|_| Scalar::powi((a + 0.7 * draws.normal()).max(0.0), k)).collect();
            let (mean, sd) = crate::num::sums::mean_sd(&values);
            let expected = positive_moment(a, 0.7, k);
            assert!((mean - expected).abs() < 4.0 * sd / f64::from(n).sqrt(), "{a} {k}: {mean} {expected}");
        }
        for k in 0..5 {
            let (below, above) =
                (positive_moment(-1.0 - 1e-12, 1.0, k), positive_moment(-1.0 + 1e-12, 1.0, k));
            assert!((below / above - 1.0).abs() < 1e-9, "{k}");
        }
    }

    #[test]
    fn spread_lets_negative_neurons_grow_and_hastens_all() {
        let times: Vec<f64> = [-1.5e-3, -1e-3, 0.0, 1e-3, 4e-3].map(|g| GROWTH.blow_up_time(g)).to_vec();
        assert!(times.iter().all(|t| t.is_finite()) && times.windows(2).all(|t| t[0] > t[1]), "{times:?}");
        let d = GROWTH.law.early_rate(4, 0.2);
        assert!(times[3] < blow_up_time(1e-3, d, 4));
        assert_eq!(GROWTH.blow_up_time(-1e-2), f64::INFINITY);
        let hopeless = CodeLaw { label: (0.1, 0.1), mu: 0.0, off_label_count: 10.0, ..GROWTH.law };
        assert_eq!(EarlyGrowth { law: hopeless, ..GROWTH }.blow_up_time(1.0), f64::INFINITY);
    }
}
