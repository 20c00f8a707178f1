//! Adam and AdamW, with the conventions of PyTorch.

use crate::num::{Scalar, vectorised};
use crate::registry::{Citation, Default, Entry, Knob, Range, Settings};

use super::{Field, Progress, Solver, State, Update, decay_knob, rate_knob};

const BETA1: Knob = Knob {
    name: "beta1",
    default: Default::Number(0.9),
    range: Range::Between(0.0, 0.999_999),
    meaning: "memory of the mean gradient",
};
const BETA2: Knob = Knob {
    name: "beta2",
    default: Default::Number(0.999),
    range: Range::Between(0.0, 0.999_999_9),
    meaning: "memory of the mean squared gradient",
};
const EPS: Knob = Knob {
    name: "eps",
    default: Default::Number(1e-8),
    range: Range::Between(1e-30, 1.0),
    meaning: "added to the root of the mean squared gradient",
};

const ADAM: &[Knob] = &[rate_knob(1e-3), BETA1, BETA2, EPS, decay_knob(0.0)];
const ADAMW: &[Knob] = &[rate_knob(1e-3), BETA1, BETA2, EPS, decay_knob(1e-2)];

/// Registration of Adam.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Solver<T>> {
    Entry {
        name: "adam",
        summary: "Adam; weight decay is added to the gradient",
        cites: &[Citation {
            key: "kingma2015adam",
            text: "D. P. Kingma, J. Ba. Adam: A Method for Stochastic Optimization. ICLR 2015",
            url: "https://arxiv.org/abs/1412.6980",
        }],
        knobs: ADAM,
        build: |s| Box::new(Adam::new(s, false)),
    }
}

/// Registration of AdamW.
pub(super) const fn decoupled<T: Scalar>() -> Entry<dyn Solver<T>> {
    Entry {
        name: "adamw",
        summary: "Adam with decoupled weight decay",
        cites: &[Citation {
            key: "loshchilov2019adamw",
            text: "I. Loshchilov, F. Hutter. Decoupled Weight Decay Regularization. ICLR 2019",
            url: "https://arxiv.org/abs/1711.05101",
        }],
        knobs: ADAMW,
        build: |s| Box::new(Adam::new(s, true)),
    }
}

struct Adam<T> {
    rate: f64,
    beta1: f64,
    beta2: f64,
    eps: f64,
    decay: f64,
    decoupled: bool,
    n_steps: u64,
    mean: Vec<T>,
    square: Vec<T>,
    grad: Vec<T>,
}

impl<T: Scalar> Adam<T> {
    fn new(settings: &Settings, decoupled: bool) -> Self {
        Self {
            rate: settings.number("lr"),
            beta1: settings.number("beta1"),
            beta2: settings.number("beta2"),
            eps: settings.number("eps"),
            decay: settings.number("weight_decay"),
            decoupled,
            n_steps: 0,
            mean: Vec::new(),
            square: Vec::new(),
            grad: Vec::new(),
        }
    }
}

impl<T: Scalar> Solver<T> for Adam<T> {
    /// m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2;
    /// w <- w - lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps).
    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        let reading = field.gradient(params, &mut self.grad);
        self.mean.resize(params.len(), T::ZERO);
        self.square.resize(params.len(), T::ZERO);
        self.n_steps += 1;
        let t = i32::try_from(self.n_steps).unwrap_or(i32::MAX);
        let correction1 = 1.0 - self.beta1.powi(t);
        let correction2 = T::from_f64(1.0 / (1.0 - self.beta2.powi(t)).sqrt());
        let (b1, b2) = (T::from_f64(self.beta1), T::from_f64(self.beta2));
        let (c1, c2) = (T::from_f64(1.0 - self.beta1), T::from_f64(1.0 - self.beta2));
        let eps = T::from_f64(self.eps);
        for (range, factor) in update.rates.iter().filter(|(_, factor)| *factor != 0.0) {
            let rate = self.rate * update.factor * factor;
            let step = T::from_f64(rate / correction1);
            let shrink = if self.decoupled { T::from_f64(1.0 - rate * self.decay) } else { T::ONE };
            let pull = if self.decoupled { T::ZERO } else { T::from_f64(self.decay) };
            let (w, g) = (&mut params[range.clone()], &self.grad[range.clone()]);
            let (m, v) = (&mut self.mean[range.clone()], &mut self.square[range.clone()]);
            vectorised(
                #[inline(always)]
                || {
                    for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                        let g = *g + pull * *w;
                        *m = b1 * *m + c1 * g;
                        *v = b2 * *v + c2 * g * g;
                        *w = *w * shrink - step * *m / (v.sqrt() * correction2 + eps);
                    }
                },
            );
        }
        Progress::of(reading)
    }

    fn state(&mut self) -> State<'_, T> {
        State {
            n_steps: &mut self.n_steps,
            slots: vec![("mean", &mut self.mean), ("square", &mut self.square)],
            scalars: Vec::new(),
        }
    }
}
