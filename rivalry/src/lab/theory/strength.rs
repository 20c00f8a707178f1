//! How strong a modality is in the data, and what follows for the race: ratio,
//! winner, blow-up time.
//!
//! Letters: q power and beta threshold of the smoothed ReLU, sigma_0 spread of the
//! initial weights, K classes, z codes, Gamma alignments ([`super::race`]). The
//! winner rule and the form of d follow Allen-Zhu and Li 2020; for Huang et al.
//! 2022 both are our reconstruction, and so is every normalisation: the ratios that
//! decide a race do not depend on it.

use crate::num::special::powf;
use crate::num::{MatrixView, Scalar};

/// Which factor stands before d_{j,r}; ratios at equal beta and K are the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Convention {
    /// d = (1/n) sum 1[y = j] z_j^q, as Allen-Zhu and Li write it.
    Plain,
    /// d = (1/(n beta^(q-1))) sum 1[y = j] z_j^q, with which gamma' = d gamma^(q-1)
    /// for the smoothed ReLU.
    Threshold {
        /// Where the power of the smoothed ReLU turns into a line.
        beta: f64,
    },
    /// The same times 1 - 1/K: with it gamma' = d gamma^(q-1) also has the
    /// residual 1 - p of a softmax over K equal logits, and [`blow_up_time`] is in
    /// units of gradient flow.
    Softmax {
        /// Where the power of the smoothed ReLU turns into a line.
        beta: f64,
    },
}

impl Convention {
    pub(super) fn factor(self, q: i32, n_classes: usize) -> f64 {
        let residual = 1.0 - 1.0 / n_classes as f64;
        match self {
            Self::Plain => 1.0,
            Self::Threshold { beta } => Scalar::powi(beta, 1 - q),
            Self::Softmax { beta } => residual * Scalar::powi(beta, 1 - q),
        }
    }
}

/// d_{j,r} of every class j of one modality: `codes` (samples x classes) and
/// `labels`; `counted` keeps some samples only. Allen-Zhu and Li sum over samples
/// that are sufficient in r; whether the paper does is unknown. The sum is divided
/// by the number of all samples.
///
/// # Panics
/// When lengths differ, a label has no column, or q is below 3.
pub fn data_strengths(
    codes: MatrixView<'_, f64>,
    labels: &[u32],
    counted: Option<&[bool]>,
    q: i32,
    convention: Convention,
) -> Vec<f64> {
    check_power(q);
    assert_eq!(codes.rows(), labels.len(), "a code and a label per sample");
    assert!(counted.is_none_or(|c| c.len() == labels.len()), "one flag per sample");
    let mut strengths = vec![0.0; codes.cols()];
    for (i, y) in labels.iter().enumerate() {
        if counted.is_none_or(|c| c[i]) {
            strengths[*y as usize] += Scalar::powi(codes.row(i)[*y as usize], q);
        }
    }
    let factor = convention.factor(q, codes.cols()) / labels.len().max(1) as f64;
    for d in &mut strengths {
        *d *= factor;
    }
    strengths
}

/// E[z^q] for z uniform on [low, high], both from 0 on.
///
/// # Panics
/// When the ends are negative or reversed.
pub fn uniform_moment(low: f64, high: f64, q: i32) -> f64 {
    assert!(0.0 <= low && low <= high, "a range of sizes from {low} to {high}");
    // (high^(q+1) - low^(q+1)) / (high - low) / (q + 1) without the subtractions.
    let terms = (0..=q).map(|k| Scalar::powi(low, k) * Scalar::powi(high, q - k));
    terms.sum::<f64>() / f64::from(q + 1)
}

/// What the sparse-coding generator says of one modality's codes. All of it is our
/// reconstruction of the talk's data model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodeLaw {
    /// K.
    pub n_classes: usize,
    /// Range of the label's coordinate in sufficient codes, uniform.
    pub label: (f64, f64),
    /// mu: share of insufficient codes.
    pub mu: f64,
    /// gamma: the label's coordinate in an insufficient code.
    pub gamma: f64,
    /// rho: the coordinate of the one wrong class in an insufficient code.
    pub rho: f64,
    /// s: another class's coordinate is active with probability s / K.
    pub off_label_count: f64,
    /// Range of an active coordinate of another class, uniform.
    pub off_label: (f64, f64),
}

impl CodeLaw {
    /// What [`data_strengths`] tends to with more samples, the same for every class:
    /// (1 - mu) E[z^q] / K over sufficient samples, and mu gamma^q / K more where all
    /// are counted.
    pub fn expected_strength(&self, q: i32, only_sufficient: bool, convention: Convention) -> f64 {
        check_power(q);
        let insufficient = if only_sufficient { 0.0 } else { self.mu * Scalar::powi(self.gamma, q) };
        let label = (1.0 - self.mu) * uniform_moment(self.label.0, self.label.1, q) + insufficient;
        convention.factor(q, self.n_classes) * label / self.n_classes as f64
    }

    /// The rate D of gamma' = D gamma^(q-1) at the start of training, for a neuron
    /// that sees nothing but its own class's coordinate (no noise, no alignment
    /// with other classes):
    ///
    /// D = (1 - 1/K) / (K beta^(q-1)) { (1 - mu) E[z_y^q] + mu gamma^q
    ///     - (1 - mu/(K-1)) (s/K) E[z_off^q] - mu/(K-1) rho^q }
    ///
    /// The first line is d in the convention [`Convention::Softmax`]. The second is
    /// the pull of other classes' samples that carry this class's feature; each such
    /// sample has residual -1/K and there are K - 1 times as many, so that the
    /// common factor stays. Our derivation.
    pub fn early_rate(&self, q: i32, beta: f64) -> f64 {
        let pull = self.wrong_class_moment(q);
        let label = self.expected_strength(q, false, Convention::Plain) * self.n_classes as f64;
        let residual = Convention::Softmax { beta }.factor(q, self.n_classes);
        residual * (label - pull) / self.n_classes as f64
    }

    /// E[z_j^q] for a class j that is not the label.
    fn wrong_class_moment(&self, q: i32) -> f64 {
        let k = self.n_classes as f64;
        let chosen = self.mu / (k - 1.0);
        let active = self.off_label_count / k * uniform_moment(self.off_label.0, self.off_label.1, q);
        (1.0 - chosen) * active + chosen * Scalar::powi(self.rho, q)
    }
}

/// Strength in a race: sigma_0 d^(1/(q-2)), what Gamma / sigma_0 is multiplied by.
/// With Gamma itself and sigma_0 = 1 this is our reading of the *effective
/// competitive strength* of Tang et al. 2025 ([`competitive_strength`]).
///
/// # Panics
/// When q is below 3 or d negative.
pub fn race_strength(d: f64, sigma0: f64, q: i32) -> f64 {
    check_power(q);
    assert!(d >= 0.0, "a data strength is not negative: {d}");
    sigma0 * powf(d, 1.0 / f64::from(q - 2))
}

/// Gamma d^(1/(q-2)): alignment and data strength in one number, larger is
/// earlier. Tang et al. 2025 (2509.20840) speak of effective competitive strength;
/// that this is it is our reading of their abstract.
pub fn competitive_strength(gamma: f64, d: f64, q: i32) -> f64 {
    race_strength(d, gamma, q)
}

/// R = (d_1 / d_2)^(1/(q-2)) sigma_{0,1} / sigma_{0,2}: how many times stronger the
/// first of two modalities is. Its inverse, at equal sigma_0, is kappa.
pub fn strength_ratio(d: [f64; 2], sigma0: [f64; 2], q: i32) -> f64 {
    race_strength(d[0], sigma0[0], q) / race_strength(d[1], sigma0[1], q)
}

/// T = Gamma^(-(q-2)) / ((q-2) d): when gamma' = d gamma^(q-1) from Gamma reaches
/// infinity; in practice, when the neuron leaves the plateau. Infinite where
/// Gamma or d is not positive.
///
/// # Panics
/// When q is below 3.
pub fn blow_up_time(gamma: f64, d: f64, q: i32) -> f64 {
    check_power(q);
    if gamma <= 0.0 || d <= 0.0 {
        return f64::INFINITY;
    }
    1.0 / (f64::from(q - 2) * d * Scalar::powi(gamma, q - 2))
}

/// Who is predicted to win one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictedWinner {
    /// The modality whose strength leads by the margin; none in the dead zone, and
    /// none where nobody is positively aligned.
    pub winner: Option<usize>,
    /// The strongest modality, whatever the margin (the first of equals).
    pub leader: usize,
    /// Its strength over that of the next: at least 1; infinite where no other is
    /// positive, 1 where none is at all.
    pub lead: f64,
}

/// The winner rule: modality r wins a class when Gamma_r d_r^(1/(q-2)) is at least
/// 1 + margin times every other. In the theory the margin is 1/polylog(K); a number
/// for it is ours.
///
/// # Panics
/// When there are no modalities or lengths differ, or q is below 3.
pub fn predict_winner(gammas: &[f64], d: &[f64], q: i32, margin: f64) -> PredictedWinner {
    assert!(!gammas.is_empty() && gammas.len() == d.len(), "an alignment and a strength per modality");
    let strengths: Vec<f64> =
        gammas.iter().zip(d).map(|(gamma, d)| competitive_strength(gamma.max(0.0), *d, q)).collect();
    let leader =
        (1..strengths.len()).fold(0, |best, r| if strengths[r] > strengths[best] { r } else { best });
    let others = strengths.iter().enumerate().filter(|(r, _)| *r != leader);
    let next = others.map(|(_, s)| *s).fold(0.0, f64::max);
    let (best, lead) = match (strengths[leader], next) {
        (0.0, _) => (0.0, 1.0),
        (best, 0.0) => (best, f64::INFINITY),
        (best, next) => (best, best / next),
    };
    let wins = best > 0.0 && best >= next * (1.0 + margin);
    PredictedWinner { winner: wins.then_some(leader), leader, lead }
}

fn check_power(q: i32) {
    assert!(q >= 3, "the race needs a power q of at least 3, not {q}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Matrix, Purpose};

    const LAW: CodeLaw = CodeLaw {
        n_classes: 5,
        label: (1.0, 1.4),
        mu: 0.2,
        gamma: 0.1,
        rho: 0.5,
        off_label_count: 2.0,
        off_label: (0.2, 0.4),
    };

    #[test]
    fn strengths_of_a_table_counted_by_hand() {
        let codes = Matrix::from_vec(4, 2, vec![1.0, 0.5, 2.0, 0.0, 0.3, 1.0, 0.1, 3.0]);
        let labels = [0, 0, 1, 1];
        let all = data_strengths(codes.view(), &labels, None, 3, Convention::Plain);
        assert_eq!(all, [9.0 / 4.0, 28.0 / 4.0]);
        let flags = [true, false, true, false];
        let some = data_strengths(codes.view(), &labels, Some(&flags), 3, Convention::Plain);
        assert_eq!(some, [0.25, 0.25]);
        let scaled = data_strengths(codes.view(), &labels, None, 3, Convention::Threshold { beta: 0.5 });
        assert_eq!(scaled, [9.0, 28.0]);
        let softmax = data_strengths(codes.view(), &labels, None, 3, Convention::Softmax { beta: 0.5 });
        assert_eq!(softmax, [4.5, 14.0]);
    }

    #[test]
    fn moments_of_uniform_sizes() {
        assert_eq!(uniform_moment(0.0, 1.0, 3), 0.25);
        assert_eq!(uniform_moment(2.0, 2.0, 3), 8.0);
        assert!((uniform_moment(1.0, 1.4, 4) - (5.37824 - 1.0) / (5.0 * 0.4)).abs() < 1e-13);
    }

    #[test]
    fn expected_strengths_are_what_samples_tend_to() {
        let (q, beta, n) = (3, 0.3, 400_000_usize);
        let mut draws = Draws::new(11, Purpose::new("strength test"), 0);
        let k = LAW.n_classes;
        let (mut own, mut rate) = (vec![0.0; k], vec![0.0; k]);
        let scale = 1.0 / (n as f64 * Scalar::powi(beta, q - 1));
        for _ in 0..n {
            let y = draws.below(k);
            let mut z: Vec<f64> = (0..k)
                .map(|_| (draws.uniform() < LAW.off_label_count / k as f64, draws.uniform()))
                .map(|(active, u)| if active { 0.2 + 0.2 * u } else { 0.0 })
                .collect();
            let size = 1.0 + 0.4 * draws.uniform();
            if draws.bernoulli(LAW.mu) {
                z[y] = LAW.gamma;
                z[(y + 1 + draws.below(k - 1)) % k] = LAW.rho;
            } else {
                z[y] = size;
                own[y] += Scalar::powi(size, q) / n as f64;
            }
            // The gradient of the loss at equal logits, along each class's feature.
            for (j, z) in z.iter().enumerate() {
                let residual = if j == y { 1.0 } else { 0.0 } - 1.0 / k as f64;
                rate[j] += residual * Scalar::powi(*z, q) * scale;
            }
        }
        for j in 0..k {
            let expected = LAW.expected_strength(q, true, Convention::Plain);
            assert!((own[j] / expected - 1.0).abs() < 0.02, "{} {expected}", own[j]);
            let expected = LAW.early_rate(q, beta);
            assert!((rate[j] / expected - 1.0).abs() < 0.02, "{} {expected}", rate[j]);
        }
        let all = LAW.expected_strength(q, false, Convention::Plain);
        let sufficient = LAW.expected_strength(q, true, Convention::Plain);
        assert!((all - sufficient - 0.2 * 1e-3 / 5.0).abs() < 1e-16);
    }

    #[test]
    fn the_stronger_blows_up_first() {
        for q in [3, 4, 7] {
            let (gammas, d) = ([0.03, 0.02], [0.1, 0.25]);
            let ratio = strength_ratio(d, gammas, q);
            let times = [blow_up_time(gammas[0], d[0], q), blow_up_time(gammas[1], d[1], q)];
            assert!((times[1] / times[0] / Scalar::powi(ratio, q - 2) - 1.0).abs() < 1e-13);
            let predicted = predict_winner(&gammas, &d, q, 0.0);
            assert_eq!(predicted.leader, usize::from(times[1] < times[0]));
            assert_eq!(predicted.winner, Some(predicted.leader));
            assert!((predicted.lead / ratio.max(1.0 / ratio) - 1.0).abs() < 1e-13);
            assert_eq!(predict_winner(&gammas, &d, q, predicted.lead).winner, None);
        }
        assert_eq!(blow_up_time(-0.1, 1.0, 3), f64::INFINITY);
        assert_eq!(blow_up_time(0.5, 2.0, 3), 1.0);
    }

    #[test]
    fn races_without_runners() {
        let dead = predict_winner(&[-0.1, 0.0, -3.0], &[1.0; 3], 3, 0.1);
        assert_eq!(dead, PredictedWinner { winner: None, leader: 0, lead: 1.0 });
        let alone = predict_winner(&[-0.1, 0.2], &[1.0; 2], 3, 0.1);
        assert_eq!(alone, PredictedWinner { winner: Some(1), leader: 1, lead: f64::INFINITY });
    }
}
