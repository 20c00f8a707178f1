//! What the best possible classifier reaches on planted data: closed forms and
//! one quadrature, no network.
//!
//! With one direction per class and equal classes, the posterior grows with the
//! class's own coordinate (its absolute value where signs are random), so the
//! best classifier takes the largest, and is right with probability
//!
//! ```text
//! linear:  P(d) = E[Phi(Z + d)^(K - 1)]             folded:  E[(2 Phi(|Z + d|) - 1)^(K - 1)]
//! ```
//!
//! where Z is standard normal and d = delta / sd of the noise. A sample that
//! tells nothing is right once in K.

use super::recipe::{Code, Source};
use crate::num::special::{exp, normal_cdf, powf};

/// Half the range of the quadrature and its number of steps: the trapezoid rule
/// is exact to 1e-10 for functions as smooth as these.
const REACH: f64 = 9.0;
const STEPS: usize = 1800;

/// Bayes accuracy on test rows from one modality alone.
pub(super) fn alone(source: &Source, n_classes: usize) -> f64 {
    let chance = 1.0 / n_classes as f64;
    if source.is_shortcut {
        return chance;
    }
    let d = source.delta / (source.own * source.own + source.shared * source.shared).sqrt();
    let told = match source.code {
        Code::Linear => largest(d, n_classes, normal_cdf),
        Code::Folded => largest(d, n_classes, |x| (2.0 * normal_cdf(x.abs()) - 1.0).max(0.0)),
    };
    (1.0 - source.insufficient) * told + source.insufficient * chance
}

/// Bayes accuracy on test rows from all modalities together, where there is a
/// closed form: linear codes, every sample told. The class coordinates of all
/// modalities then are jointly normal with mean delta for the sample's class
/// and covariance S, so d^2 = delta' S^-1 delta. Shared noise is shared only
/// where the rows belong together.
pub(super) fn together(sources: &[Source], n_classes: usize) -> Option<f64> {
    let plain = |s: &Source| s.code == Code::Linear && s.insufficient == 0.0 && !s.is_shortcut;
    if !sources.iter().all(plain) {
        return None;
    }
    let covariance = |a: usize, b: usize| {
        let (s, t) = (&sources[a], &sources[b]);
        let own = if a == b { s.own * s.own } else { 0.0 };
        let paired = a == b || !(s.is_mispaired || t.is_mispaired);
        own + if paired { s.shared * t.shared } else { 0.0 }
    };
    let deltas: Vec<f64> = sources.iter().map(|s| s.delta).collect();
    let square = square_in_inverse(&deltas, covariance)?;
    Some(largest(square.sqrt(), n_classes, normal_cdf))
}

/// E[f(Z + d)^(K - 1)] by the trapezoid rule.
fn largest(d: f64, n_classes: usize, f: impl Fn(f64) -> f64) -> f64 {
    let step = 2.0 * REACH / STEPS as f64;
    let mut total = 0.0;
    for i in 0..=STEPS {
        let z = step * i as f64 - REACH;
        let density = exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt();
        total += step * density * powf(f(z + d), (n_classes - 1) as f64);
    }
    total.min(1.0)
}

/// v' S^-1 v by Gaussian elimination without pivots, which a positive definite
/// S allows; `None` where S is singular.
fn square_in_inverse(v: &[f64], s: impl Fn(usize, usize) -> f64) -> Option<f64> {
    let n = v.len();
    let mut rows: Vec<Vec<f64>> = (0..n).map(|a| (0..n).map(|b| s(a, b)).chain([v[a]]).collect()).collect();
    let mut square = 0.0;
    for k in 0..n {
        let pivot = rows[k][k];
        if pivot <= 1e-12 {
            return None;
        }
        // L D L' with w = L^-1 v: v' S^-1 v is the sum of w_k^2 / d_k.
        square += rows[k][n] * rows[k][n] / pivot;
        for a in k + 1..n {
            let factor = rows[a][k] / pivot;
            for b in k..=n {
                rows[a][b] -= factor * rows[k][b];
            }
        }
    }
    Some(square)
}
