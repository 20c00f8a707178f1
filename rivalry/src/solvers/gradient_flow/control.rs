//! How far the next step goes: proportional-integral control of the error.

/// The next step's size, from the errors of this attempt and the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    /// Size of the next attempt; 0 before the first.
    pub step: f64,
    /// Error of the last accepted step, in units of what is allowed.
    pub last_error: f64,
}

/// Safety: aim below what is allowed.
const SAFETY: f64 = 0.9;
/// Bounds of one change.
const SHRINK: f64 = 0.2;
const GROW: f64 = 5.0;

impl Control {
    pub(super) const START: Self = Self { step: 0.0, last_error: 1.0 };

    /// Takes in the error of an attempt with a pair of this order (1 is the
    /// most that is allowed); says whether the attempt is accepted.
    ///
    /// K. Gustafsson. Control-theoretic techniques for stepsize selection in
    /// explicit Runge-Kutta methods. ACM TOMS 17 (1991): exponents 0.7 / k and
    /// 0.4 / k for an estimate of order k - 1.
    pub(super) fn judge(&mut self, error: f64, order: i32) -> bool {
        let k = f64::from(order);
        if !error.is_finite() {
            self.step *= SHRINK;
            return false;
        }
        let error = error.max(1e-10);
        if error > 1.0 {
            self.step *= (SAFETY * power(error, -1.0 / k)).max(SHRINK);
            return false;
        }
        let factor = SAFETY * power(error, -0.7 / k) * power(self.last_error, 0.4 / k);
        self.step *= factor.clamp(SHRINK, GROW);
        self.last_error = error.max(1e-4);
        true
    }
}

fn power(x: f64, y: f64) -> f64 {
    crate::num::special::powf(x, y)
}
