//! Gradient flow, dw/dt = -grad L(w), by embedded Runge-Kutta pairs with error
//! control: what gradient descent does in the limit of small rates, in far
//! fewer gradients. One step of the training loop is one accepted step.

mod control;
mod pairs;
mod plain;

use crate::num::Scalar;
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Field, Progress, Solver, State, Update};
use control::Control;
use pairs::Pair;
use plain::Plain;

const KNOBS: &[Knob] = &[
    Knob {
        name: "tolerance",
        default: Default::Number(1e-4),
        range: Range::Between(1e-13, 0.1),
        meaning: "largest error of a step, relative to the size of each neuron",
    },
    Knob {
        name: "time_limit",
        default: Default::Number(1e12),
        range: Range::Between(1e-12, 1e300),
        meaning: "time at which the flow ends; the last step is cut to meet it",
    },
    Knob {
        name: "pair",
        default: Default::Word("tsit5"),
        range: Range::OneOf(&["tsit5", "bs3"]),
        meaning: "Runge-Kutta pair: Tsitouras 5(4) or Bogacki-Shampine 3(2)",
    },
    Knob {
        name: "step",
        default: Default::Number(0.0),
        range: Range::Between(0.0, 1e300),
        meaning: "size of every step, without error control; 0 controls the error",
    },
];

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Solver<T>> {
    Entry {
        name: "gradient_flow",
        summary: "the continuous-time limit of gradient descent, with error control",
        cites: &[
            Citation {
                key: "tsitouras2011pairs",
                text: "Ch. Tsitouras. Runge-Kutta pairs of order 5(4) satisfying only the first column \
                       simplifying assumption. Computers & Mathematics with Applications 62, 2011",
                url: "https://doi.org/10.1016/j.camwa.2011.06.002",
            },
            Citation {
                key: "bogacki1989pair",
                text: "P. Bogacki, L. F. Shampine. A 3(2) pair of Runge-Kutta formulas. Applied Mathematics \
                       Letters 2, 1989",
                url: "https://doi.org/10.1016/0893-9659(89)90079-7",
            },
        ],
        knobs: KNOBS,
        build: |s| {
            let fixed = s.number("step");
            Box::new(GradientFlow {
                settings: Settings {
                    tolerance: s.number("tolerance"),
                    time_limit: s.number("time_limit"),
                    pair: pairs::named(s.word("pair")),
                    fixed: (fixed > 0.0).then_some(fixed),
                },
                clock: Clock { time: 0.0, control: Control::START },
                n_steps: 0,
                plain: Plain::default(),
            })
        },
    }
}

/// What does not change while a flow runs.
struct Settings {
    tolerance: f64,
    time_limit: f64,
    pair: &'static Pair,
    fixed: Option<f64>,
}

/// Where a flow is and how far it goes next.
struct Clock {
    time: f64,
    control: Control,
}

/// Gradient flow of any network.
struct GradientFlow<T> {
    settings: Settings,
    clock: Clock,
    n_steps: u64,
    plain: Plain<T>,
}

impl<T: Scalar> Solver<T> for GradientFlow<T> {
    fn full_batch(&self) -> bool {
        true
    }

    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        self.n_steps += 1;
        self.plain.step(&self.settings, &mut self.clock, update, params, field)
    }

    fn state(&mut self) -> State<'_, T> {
        let Control { step, last_error } = &mut self.clock.control;
        State {
            n_steps: &mut self.n_steps,
            slots: Vec::new(),
            scalars: vec![("time", &mut self.clock.time), ("step", step), ("last_error", last_error)],
        }
    }
}
