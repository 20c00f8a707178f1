//! The uni-modal phase of deep linear networks: while the faster modality is
//! learned, the other waits. Closed forms for two scalar modalities.
//!
//! Zhang, Latham and Saxe, ICML 2024 (arXiv 2312.00935); the formulas are theirs,
//! read from the paper's code, and hold for small initial weights. Letters: y =
//! x_A + x_B, g = sigma_A / sigma_B, rho the correlation of x_A and x_B, L layers of
//! which the first L_f belong to one modality each, u_0 the initial size of a layer.
//!
//! Here the slower modality is *late*; in the race ([`super::race`]), which needs
//! q >= 3, it is lost.

mod moments;
mod predict;
mod simulate;

pub use moments::{Moments, MomentsError, PhaseLaw};
pub use predict::{PairPhase, PhasePrediction, predict};
pub use simulate::{LateFusionFlow, PhaseTimes, reduced_times};

use super::quadrature::integrate;
use crate::num::Scalar;
use crate::num::special::{exp, ln, powf};

/// Two scalar modalities with y = x_A + x_B. A is the faster one: g >= 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toy {
    /// g = sigma_A / sigma_B, at least 1.
    pub ratio: f64,
    /// rho: the correlation of the two, strictly between -1 and 1.
    pub correlation: f64,
}

impl Toy {
    /// A toy whose A is the faster modality.
    ///
    /// # Panics
    /// When `ratio` is below 1 or `correlation` not strictly between -1 and 1.
    pub fn new(ratio: f64, correlation: f64) -> Self {
        assert!(ratio >= 1.0 && ratio.is_finite(), "A is the faster: sigma_A / sigma_B is not {ratio}");
        assert!(correlation.abs() < 1.0, "a correlation strictly between -1 and 1, not {correlation}");
        Self { ratio, correlation }
    }

    /// w_a = g^2 + rho g and w_b = 1 + rho g: the correlations of the modalities with
    /// y, in units of sigma_B^2.
    pub fn drives(&self) -> (f64, f64) {
        let cross = self.correlation * self.ratio;
        (self.ratio * self.ratio + cross, 1.0 + cross)
    }

    /// t_B / t_A of a two-layer network with late fusion: 1 + (g^2 - 1)/(1 - rho^2).
    pub fn late_fusion(&self) -> f64 {
        1.0 + (self.ratio * self.ratio - 1.0) / (1.0 - self.correlation * self.correlation)
    }

    /// How much the weight of A on the plateau exceeds its final value 1, because it
    /// explains what is B's: rho / g.
    pub fn misattribution(&self) -> f64 {
        self.correlation / self.ratio
    }

    /// t_B / t_A of a network of `depth` layers that is fused after layer `fusion`,
    /// both starting from layers of size u_0:
    ///
    /// 1 + lag / I,  I = integral from u_0 to 1 of
    /// du / (w_a u^(L_f - 1) (u^2 + u_b^2)^((L - L_f)/2)),
    /// u_b = (k u^(2 - L_f) + (1 - k) u_0^(2 - L_f))^(1/(2 - L_f)), or u^k u_0^(1-k) at
    /// L_f = 2, with k = w_b / w_a;
    /// lag = u_0^(2 - L_f) (1 - k) (1 + rho/g)^(L_f/L - 1) / ((L_f - 2)(1 - rho^2)), or
    /// ln(1/u_0) (1 - k) (1 + rho/g)^(L_f/L - 1) / (1 - rho^2) at L_f = 2.
    ///
    /// 1 at L_f = 1 (early fusion), [`Toy::late_fusion`] at L_f = L. The leading order
    /// for small u_0; needs w_b > 0, that is rho > -1/g.
    ///
    /// # Panics
    /// When `fusion` is not in 1..=`depth`, u_0 not in (0, 1), or w_b <= 0 where
    /// 1 < L_f < L.
    pub fn deep_fusion(&self, depth: u32, fusion: u32, u0: f64) -> f64 {
        check_network(depth, fusion, u0);
        if fusion == 1 {
            return 1.0;
        }
        if fusion == depth {
            return self.late_fusion();
        }
        let (w_a, w_b) = self.drives();
        let k = w_b / w_a;
        assert!(k > 0.0, "the deep law needs a positive correlation of B with y: rho > -1/g");
        let power = 2 - fusion as i32;
        let shared = f64::from(depth - fusion) / 2.0;
        let other = |u: f64| {
            if power == 0 {
                powf(u, k) * powf(u0, 1.0 - k)
            } else {
                let mix = k * Scalar::powi(u, power) + (1.0 - k) * Scalar::powi(u0, power);
                powf(mix, 1.0 / f64::from(power))
            }
        };
        // In v = ln u the integrand has one scale.
        let duration = integrate(&[ln(u0), 0.0], 1e-13, |v| {
            let u = exp(v);
            let sum = u * u + Scalar::powi(other(u), 2);
            Scalar::powi(u, power) / (w_a * powf(sum, shared))
        });
        let rho = self.correlation;
        let shrink = powf(1.0 + rho / self.ratio, f64::from(fusion) / f64::from(depth) - 1.0);
        let wait = (1.0 - k) * shrink / (1.0 - rho * rho);
        let start = if power == 0 { -ln(u0) } else { Scalar::powi(u0, power) / f64::from(fusion - 2) };
        1.0 + wait * start / duration
    }
}

/// Which of two uncorrelated modalities is learned first and which one the final
/// solution uses more, for y = w_A x_A + w_B x_B with positive weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preference {
    /// sigma_A^2 w_A > sigma_B^2 w_B: late fusion learns A first.
    pub learns_a_first: bool,
    /// sigma_A w_A > sigma_B w_B: A contributes more to y.
    pub a_contributes_more: bool,
}

impl Preference {
    /// From g = sigma_A / sigma_B and w_A / w_B.
    pub fn new(ratio: f64, weights: f64) -> Self {
        Self { learns_a_first: ratio * ratio * weights > 1.0, a_contributes_more: ratio * weights > 1.0 }
    }

    /// Whether the network first learns the modality that contributes less:
    /// w_A / w_B lies between 1/g^2 and 1/g.
    pub fn is_superficial(&self) -> bool {
        self.learns_a_first != self.a_contributes_more
    }
}

pub(super) fn check_network(depth: u32, fusion: u32, u0: f64) {
    assert!((1..=depth).contains(&fusion), "{depth} layers cannot be fused after layer {fusion}");
    assert!(0.0 < u0 && u0 < 1.0, "initial layers have a size in (0, 1), not {u0}");
}

#[cfg(test)]
mod tests;
