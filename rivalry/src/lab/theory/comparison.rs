//! How far the loser gets: the comparison lemma, in continuous time and as the
//! recursion that it is stated for.
//!
//! Allen-Zhu and Li (arXiv 2012.09816), Lemma D.19, quoted by way of public notes:
//! for q >= 3, x_{t+1} >= x_t + eta C_t x_t^(q-1) and y_{t+1} <= y_t + eta S C_t y_t^(q-1),
//! if x_0 >= y_0 S^(1/(q-2)) (1 + 1/polylog k), then y is at most y_0 polylog k
//! when x first reaches A. Here both are equalities: x is the winner's alignment,
//! y the loser's, S = d_loser / d_winner. The closed form is ours.

use crate::num::Scalar;
use crate::num::special::powf;

/// Where a comparison starts and how long it lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// q: the power, at least 3.
    pub q: i32,
    /// x_0: the winner's start.
    pub x0: f64,
    /// y_0: the loser's start.
    pub y0: f64,
    /// S: the loser's strength over the winner's.
    pub strength: f64,
    /// A: where x is when y is read.
    pub target: f64,
}

/// How the recursion takes its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// eta C_t = eta: gradient descent with a constant rate.
    Constant(f64),
    /// eta C_t = share / x_t^(q-2): x grows by this share in every step, so that a
    /// plateau costs a number of steps that depends on the logarithm of x_0 alone.
    Growth(f64),
}

impl Comparison {
    /// A start in which x_0 is `advantage` times the threshold y_0 S^(1/(q-2)).
    ///
    /// # Panics
    /// When a number is not positive or q is below 3.
    pub fn with_advantage(q: i32, advantage: f64, y0: f64, strength: f64, target: f64) -> Self {
        let x0 = advantage * y0 * powf(strength, 1.0 / f64::from(q - 2));
        let start = Self { q, x0, y0, strength, target };
        start.check();
        start
    }

    /// y when x reaches A, in continuous time:
    /// y^(-(q-2)) = y_0^(-(q-2)) - S (x_0^(-(q-2)) - A^(-(q-2))). Infinite where y
    /// has blown up before.
    ///
    /// # Panics
    /// When a number is not positive or q is below 3.
    pub fn loser(&self) -> f64 {
        self.check();
        let inverse = |x: f64| Scalar::powi(x, 2 - self.q);
        // x is at A from the start when it starts beyond it.
        let passed = (inverse(self.x0) - inverse(self.target)).max(0.0);
        let left = inverse(self.y0) - self.strength * passed;
        if left <= 0.0 { f64::INFINITY } else { powf(left, -1.0 / f64::from(self.q - 2)) }
    }

    /// y when the recursion's x has reached A, and the number of steps that it took;
    /// none after `max_steps`.
    ///
    /// # Panics
    /// When a number or the step is not positive, or q is below 3.
    pub fn recursion(&self, step: Step, max_steps: u64) -> Option<(f64, u64)> {
        self.check();
        let (Step::Constant(size) | Step::Growth(size)) = step;
        assert!(size > 0.0, "a step is a positive number, not {size}");
        let (mut x, mut y) = (self.x0, self.y0);
        for n_steps in 0..=max_steps {
            if x >= self.target {
                return Some((y, n_steps));
            }
            let eta = match step {
                Step::Constant(eta) => eta,
                Step::Growth(share) => share / Scalar::powi(x, self.q - 2),
            };
            x += eta * Scalar::powi(x, self.q - 1);
            y += eta * self.strength * Scalar::powi(y, self.q - 1);
        }
        None
    }

    fn check(&self) {
        assert!(self.q >= 3, "the lemma needs a power q of at least 3, not {}", self.q);
        let positive = [self.x0, self.y0, self.strength, self.target].iter().all(|v| *v > 0.0);
        assert!(positive, "starts, strength and target are positive: {self:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recursion_tends_to_the_closed_form_with_order_one() {
        for (q, advantage, strength) in [(3, 1.1, 2.0), (4, 1.02, 0.5), (6, 1.3, 1.0)] {
            let start = Comparison::with_advantage(q, advantage, 0.01, strength, 1.0);
            let errors: Vec<f64> = [4e-3, 2e-3, 1e-3]
                .map(|share| start.recursion(Step::Growth(share), 1_000_000).unwrap().0 / start.loser() - 1.0)
                .to_vec();
            assert!(errors[2] < 0.02, "{errors:?}");
            for pair in errors.windows(2) {
                assert!((1.6..2.4).contains(&(pair[0] / pair[1])), "q {q}: {errors:?}");
            }
        }
    }

    #[test]
    fn equals_stay_equal_and_the_stronger_blows_up() {
        let equal = Comparison { q: 3, x0: 0.1, y0: 0.1, strength: 1.0, target: 1.0 };
        assert!((equal.loser() - 1.0).abs() < 1e-12);
        let (y, n_steps) = equal.recursion(Step::Constant(0.1), 10_000).unwrap();
        assert!(y >= 1.0 && n_steps > 50);
        assert_eq!(Comparison { strength: 2.0, ..equal }.loser(), f64::INFINITY);
        assert_eq!(Comparison { x0: 2.0, ..equal }.loser(), 0.1);
        assert_eq!(Comparison { x0: 1e-9, ..equal }.recursion(Step::Constant(0.1), 10), None);
    }
}
