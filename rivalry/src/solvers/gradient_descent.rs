//! Full-batch gradient descent with a constant rate: the talk's optimiser.

use crate::num::{Scalar, vectorised};
use crate::registry::{Entry, Knob};

use super::{Field, Progress, Solver, State, Update, rate_knob};

const KNOBS: &[Knob] = &[rate_knob(1e-1)];

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Solver<T>> {
    Entry {
        name: "gradient_descent",
        summary: "full-batch gradient descent, as in the theory",
        cites: &[],
        knobs: KNOBS,
        build: |s| Box::new(GradientDescent { rate: s.number("lr"), n_steps: 0, grad: Vec::new() }),
    }
}

struct GradientDescent<T> {
    rate: f64,
    n_steps: u64,
    grad: Vec<T>,
}

impl<T: Scalar> Solver<T> for GradientDescent<T> {
    fn full_batch(&self) -> bool {
        true
    }

    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        let reading = field.gradient(params, &mut self.grad);
        self.n_steps += 1;
        for (range, factor) in update.rates {
            let rate = T::from_f64(self.rate * update.factor * factor);
            let (w, g) = (&mut params[range.clone()], &self.grad[range.clone()]);
            vectorised(
                #[inline(always)]
                || {
                    for (w, g) in w.iter_mut().zip(g) {
                        *w -= rate * *g;
                    }
                },
            );
        }
        Progress::of(reading)
    }

    fn state(&mut self) -> State<'_, T> {
        State { n_steps: &mut self.n_steps, slots: Vec::new(), scalars: Vec::new() }
    }
}
