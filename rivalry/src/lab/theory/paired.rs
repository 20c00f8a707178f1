//! Uni-modal and paired features: what sums of logits can tell, and where a joint
//! network begins to pay. Our derivations ([docs/theory.md](../../../../docs/theory.md)); trains nothing.

/// Largest accuracy that additive logits have on a pair of classes told apart by XOR.
///
/// Let modality 1 show bit a, modality 2 bit b, both fair, and the class be a XOR b. Late
/// fusion decides by the sign of s(a, b) = u(a) + v(b), and s(0, 0) + s(1, 1) =
/// s(0, 1) + s(1, 0). The first two should be positive, the last two negative, so not all
/// four are right, and three are only by order. A tie is an error. Noise changes
/// nothing: with U_a and V_b independent given the bits, the accuracy is the mean over draws of
/// (U_0, U_1, V_0, V_1) of what these four numbers reach, at most 3/4 each time.
///
/// Cross-entropy does not even go there: it is convex in s, and the balanced set is mapped onto
/// itself by a -> 1 - a with the classes exchanged, so the best additive logits are s = 0,
/// at ln 2; what a trained network says is noise, right in half of all cases.
pub const BEST_ADDITIVE: f64 = 0.75;

/// Test error of a modality alone on paired classes only: its pair is right and the class a
/// guess, except that an insufficient sample shows one of the K - 1 other features, of
/// which one is in the pair: 1/2 + (mu / 2) (K - 2) / (K - 1).
pub fn alone_error(n_classes: usize, mu: f64) -> f64 {
    let n_classes = n_classes as f64;
    0.5 + 0.5 * mu * (n_classes - 2.0) / (n_classes - 1.0)
}

/// Whether neurons that see both modalities fail on samples that are insufficient in
/// modality 1. On the plateau dw_r is in proportion to z_r, so a class's neuron becomes
/// (1, s), s the strength of modality 2, and answers gamma + s^2 l to such a sample where a
/// wrong class's answers rho: the weak modality is learned too little to speak up.
pub fn early_is_lazy(rho: f64, gamma: f64, strength: f64, label: f64) -> bool {
    gamma + strength * strength * label < rho
}

/// Share of paired classes at which a difference that is linear in it, `start` at 0 and `end`
/// at `share`, is zero; nothing for a flat one.
pub fn crossover(start: f64, end: f64, share: f64) -> Option<f64> {
    (start != end).then(|| share * start / (start - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of the four sums is reached by small integers.
    #[test]
    fn no_sum_of_two_scores_gets_all_of_xor_right() {
        let mut best = 0;
        for code in 0..7_i32.pow(4) {
            let [u0, u1, v0, v1] = [0, 1, 2, 3].map(|k| code / 7_i32.pow(k) % 7 - 3);
            let right = [u0 + v0 > 0, u1 + v1 > 0, u0 + v1 < 0, u1 + v0 < 0];
            best = best.max(right.iter().filter(|right| **right).count());
        }
        assert_eq!(best as f64 / 4.0, BEST_ADDITIVE);
    }

    /// Away from s = 0 the balanced cross-entropy only grows.
    #[test]
    fn the_best_additive_logits_are_ties() {
        let loss = |u: [f64; 2], v: [f64; 2]| {
            let of = |margin: f64| crate::num::special::ln(1.0 + crate::num::special::exp(-margin));
            (of(u[0] + v[0]) + of(u[1] + v[1]) + of(-u[0] - v[1]) + of(-u[1] - v[0])) / 4.0
        };
        let least = crate::num::special::ln(2.0);
        assert!((loss([0.0, 0.0], [0.0, 0.0]) - least).abs() < 1e-15);
        for code in 0..5_i32.pow(4) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|k| f64::from(code / 5_i32.pow(k) % 5 - 2));
            // u + k, v - k are the same logits.
            let is_zero = a == b && c == d && a == -c;
            assert!(is_zero || loss([a, b], [c, d]) > least + 1e-3, "{a} {b} {c} {d}");
        }
    }

    #[test]
    fn errors_and_crossovers_at_their_ends() {
        assert_eq!(alone_error(2, 0.3), 0.5);
        assert!((alone_error(3, 1.0) - 0.75).abs() < 1e-15);
        assert!(early_is_lazy(0.5, 0.03, 0.4, 1.4) && !early_is_lazy(0.5, 0.03, 1.0, 1.0));
        assert_eq!(crossover(-0.1, 0.3, 0.5), Some(0.125));
        assert_eq!(crossover(0.0, 0.3, 1.0), Some(0.0));
        assert_eq!(crossover(0.2, 0.2, 1.0), None);
    }
}
