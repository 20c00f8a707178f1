//! Small laws about fusion that need no network: each with a number that can be
//! checked.
//!
//! Left out, because no number follows exactly: the generalisation bounds themselves
//! (their complexity terms have unknown constants), and Lu's example z = sin(1/y), y =
//! theta x (NeurIPS 2023), of which only one side is exact: with both modalities one
//! sample gives theta.

use crate::num::special::powf;
use crate::num::sums::sum_by;

/// The mixed-modal scaling law L_ij = (L_i + L_j)/2 - C_ij + A/N^alpha + B/|D|^beta of
/// Aghajanyan et al. 2023 for two modalities trained in one model of N parameters on
/// D tokens. The form is from general knowledge of the paper, not checked against it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixedModalLaw {
    /// C_ij: what each modality gains from the other at best.
    pub synergy: f64,
    /// A.
    pub model_scale: f64,
    /// alpha.
    pub model_power: f64,
    /// B.
    pub data_scale: f64,
    /// beta.
    pub data_power: f64,
}

impl MixedModalLaw {
    /// What training together costs beyond the mean of the two losses apart: negative
    /// where the modalities help each other.
    pub fn competition(&self, n_parameters: f64, n_data: f64) -> f64 {
        self.model_scale / powf(n_parameters, self.model_power)
            + self.data_scale / powf(n_data, self.data_power)
            - self.synergy
    }

    /// L_ij from the losses of the two apart.
    pub fn loss(&self, apart: [f64; 2], n_parameters: f64, n_data: f64) -> f64 {
        0.5 * (apart[0] + apart[1]) + self.competition(n_parameters, n_data)
    }

    /// The number of parameters at the competition barrier C_ij = A/N^alpha + B/|D|^beta:
    /// with fewer the modalities compete, with more they help. None when the data are
    /// too few for any.
    pub fn barrier(&self, n_data: f64) -> Option<f64> {
        let left = self.synergy - self.data_scale / powf(n_data, self.data_power);
        (left > 0.0).then(|| powf(self.model_scale / left, 1.0 / self.model_power))
    }
}

/// The terms of the bound of dynamic late fusion (Zhang et al., QMF, ICML 2023) that do
/// not depend on the hypothesis class: the fused loss is at most the mean of
/// sum over r of w_r l_r, which is `sum E[w_r] E[l_r] + sum Cov(w_r, l_r)`.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicFusion {
    /// `E[w_r] E[l_r]` per modality: the same for static fusion with the mean weights.
    pub products: Vec<f64>,
    /// Cov(w_r, l_r) per modality (divided by n): what dynamic weights add. Their sum
    /// is negative exactly where dynamic weights beat the static ones in this bound.
    pub covariances: Vec<f64>,
}

impl DynamicFusion {
    /// From the fusion weights and uni-modal losses of every sample: per modality one
    /// number per sample.
    ///
    /// # Panics
    /// When lengths differ or there are no samples.
    pub fn new(weights: &[Vec<f64>], losses: &[Vec<f64>]) -> Self {
        let n_samples = weights.first().map_or(0, Vec::len);
        let fits = weights.len() == losses.len()
            && weights.iter().chain(losses).all(|values| values.len() == n_samples);
        assert!(fits && n_samples > 0, "a weight and a loss per modality and sample");
        let mean = |value: &dyn Fn(usize) -> f64| sum_by(n_samples, value) / n_samples as f64;
        let (mut products, mut covariances) = (Vec::new(), Vec::new());
        for (w, l) in weights.iter().zip(losses) {
            let (mean_w, mean_l) = (mean(&|i| w[i]), mean(&|i| l[i]));
            products.push(mean_w * mean_l);
            covariances.push(mean(&|i| (w[i] - mean_w) * (l[i] - mean_l)));
        }
        Self { products, covariances }
    }

    /// The mean of sum over r of w_r l_r: the bound on the fused loss for a convex loss
    /// and weights that sum to one.
    pub fn total(&self) -> f64 {
        self.products.iter().sum::<f64>() + self.covariances.iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::{exp, ln};
    use crate::num::{Draws, Purpose};

    #[test]
    fn competition_changes_sign_at_the_barrier() {
        let law = MixedModalLaw {
            synergy: 0.3,
            model_scale: 40.0,
            model_power: 0.4,
            data_scale: 20.0,
            data_power: 0.5,
        };
        let n_data = 1e5;
        let barrier = law.barrier(n_data).unwrap();
        assert!(law.competition(barrier, n_data).abs() < 1e-12);
        assert!(law.loss([2.0, 3.0], 0.5 * barrier, n_data) > 2.5);
        assert!(law.loss([2.0, 3.0], 2.0 * barrier, n_data) < 2.5);
        assert_eq!(law.barrier(1e3), None);
    }

    #[test]
    fn the_terms_sum_to_the_mean_and_bound_the_fused_loss() {
        // Two modalities with one logit each, logistic loss, weights that sum to one.
        let mut draws = Draws::new(4, Purpose::new("laws test"), 0);
        let n = 500;
        let loss = |z: f64| ln(1.0 + exp(-z));
        let (mut weights, mut losses) = (vec![Vec::new(); 2], vec![Vec::new(); 2]);
        let (mut fused, mut weighted) = (0.0, 0.0);
        for _ in 0..n {
            let z = [1.0 + draws.normal(), 0.5 + 2.0 * draws.normal()];
            let w = draws.uniform();
            fused += loss(w * z[0] + (1.0 - w) * z[1]) / f64::from(n);
            for (r, w) in [w, 1.0 - w].into_iter().enumerate() {
                weights[r].push(w);
                losses[r].push(loss(z[r]));
                weighted += w * loss(z[r]) / f64::from(n);
            }
        }
        let terms = DynamicFusion::new(&weights, &losses);
        assert!((terms.total() - weighted).abs() < 1e-12);
        assert!(fused <= terms.total());
        // Weights that fall with the loss gain exactly their covariance.
        let wise: Vec<Vec<f64>> = (0..2)
            .map(|r| (0..n as usize).map(|i| f64::from(u8::from(losses[r][i] < losses[1 - r][i]))).collect())
            .collect();
        assert!(DynamicFusion::new(&wise, &losses).covariances.iter().sum::<f64>() < 0.0);
    }
}
