//! Stochastic gradient descent with momentum and weight decay, with the
//! conventions of PyTorch.

use crate::num::{Scalar, vectorised};
use crate::registry::{Default, Entry, Knob, Range};

use super::{Field, Progress, Solver, State, Update, decay_knob, rate_knob};

const KNOBS: &[Knob] = &[
    rate_knob(1e-2),
    Knob {
        name: "momentum",
        default: Default::Number(0.9),
        range: Range::Between(0.0, 0.999_999),
        meaning: "memory of past gradients",
    },
    decay_knob(0.0),
];

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Solver<T>> {
    Entry {
        name: "sgd",
        summary: "stochastic gradient descent with momentum and weight decay",
        cites: &[],
        knobs: KNOBS,
        build: |s| {
            Box::new(Sgd {
                rate: s.number("lr"),
                momentum: s.number("momentum"),
                decay: s.number("weight_decay"),
                n_steps: 0,
                velocity: Vec::new(),
                grad: Vec::new(),
            })
        },
    }
}

struct Sgd<T> {
    rate: f64,
    momentum: f64,
    decay: f64,
    n_steps: u64,
    velocity: Vec<T>,
    grad: Vec<T>,
}

impl<T: Scalar> Solver<T> for Sgd<T> {
    /// u <- mu u + g + wd w; w <- w - lr u.
    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        let reading = field.gradient(params, &mut self.grad);
        self.velocity.resize(params.len(), T::ZERO);
        self.n_steps += 1;
        let (momentum, decay) = (T::from_f64(self.momentum), T::from_f64(self.decay));
        for (range, factor) in update.rates.iter().filter(|(_, factor)| *factor != 0.0) {
            let rate = T::from_f64(self.rate * update.factor * factor);
            let (w, g) = (&mut params[range.clone()], &self.grad[range.clone()]);
            let u = &mut self.velocity[range.clone()];
            vectorised(
                #[inline(always)]
                || {
                    for ((w, g), u) in w.iter_mut().zip(g).zip(u) {
                        *u = momentum * *u + (*g + decay * *w);
                        *w -= rate * *u;
                    }
                },
            );
        }
        Progress::of(reading)
    }

    fn state(&mut self) -> State<'_, T> {
        State {
            n_steps: &mut self.n_steps,
            slots: vec![("velocity", &mut self.velocity)],
            scalars: Vec::new(),
        }
    }
}
