//! Gradient flow, dw/dt = -grad L(w), by embedded Runge-Kutta pairs with error
//! control: what gradient descent does in the limit of small rates, in far
//! fewer gradients. One step of the training loop is one accepted step.

mod control;
mod event;
mod multirate;
mod neuron_flow;
mod neuron_step;
mod pairs;
mod plain;

use crate::num::Scalar;
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Field, Halt, Progress, Solver, State, Update};
use control::Control;
use neuron_flow::NeuronFlow;
use pairs::Pair;
use plain::Plain;

const KNOBS: &[Knob] = &[
    Knob {
        name: "tolerance",
        default: Default::Number(1e-3),
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
    Knob {
        name: "stride",
        default: Default::Number(0.0),
        range: Range::Between(0.0, 1.0),
        meaning: "longest step as a share of the time so far, to see when something happens; 0 for no bound",
    },
    Knob {
        name: "multirate",
        default: Default::Flag(true),
        range: Range::Switch,
        meaning: "small steps for fast neurons only, where the network is one of neurons",
    },
    Knob {
        name: "form",
        default: Default::Word("auto"),
        range: Range::OneOf(&["auto", "weights"]),
        meaning: "follow the pre-activations of neurons where possible, or always the weights",
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
                    stride: s.number("stride"),
                    multirate: s.flag("multirate"),
                    form: if s.word("form") == "weights" { Form::Weights } else { Form::Neurons },
                },
                clock: Clock { time: 0.0, control: Control::START },
                n_steps: 0,
                last_loss: f64::NAN,
                plain: Plain::default(),
                neurons: NeuronFlow::new(),
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
    stride: f64,
    multirate: bool,
    form: Form,
}

/// Which form of the objective is followed.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Pre-activations where possible.
    Neurons,
    /// Always weights.
    Weights,
}

/// Where a flow is and how far it goes next.
#[derive(Clone, Copy)]
struct Clock {
    time: f64,
    control: Control,
}

/// Gradient flow of any network.
struct GradientFlow<T> {
    settings: Settings,
    clock: Clock,
    n_steps: u64,
    /// Training loss after the last step; not a number before the first.
    last_loss: f64,
    plain: Plain<T>,
    neurons: NeuronFlow<T>,
}

impl<T: Scalar> Solver<T> for GradientFlow<T> {
    fn looks_once(&self) -> bool {
        false
    }

    fn full_batch(&self) -> bool {
        true
    }

    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        self.n_steps += 1;
        let Some(target) = field.target() else {
            return self.stride(update, params, field);
        };
        let before = self.snapshot(params);
        let mut progress = self.stride(update, params, field);
        if progress.reading.errors == Some(0) && progress.reading.loss <= target {
            self.locate(target, before, &mut progress, update, params, field);
        }
        self.last_loss = progress.reading.loss;
        progress
    }

    fn catch_up(&self, params: &mut [T], field: &mut dyn Field<T>) {
        if self.neurons.is_entered()
            && let Some(neurons) = field.neurons()
        {
            self.neurons.write_back(params, neurons);
        }
    }

    fn state(&mut self) -> State<'_, T> {
        let Control { step, last_error } = &mut self.clock.control;
        let NeuronFlow { base, pre, pull, slope, upstream, reach, .. } = &mut self.neurons;
        State {
            n_steps: &mut self.n_steps,
            slots: vec![
                ("base", base),
                ("pre", pre),
                ("pull", pull),
                ("slope", slope),
                ("upstream", upstream),
            ],
            scalars: vec![
                ("time", &mut self.clock.time),
                ("step", step),
                ("last_error", last_error),
                ("reach", reach),
                ("last_loss", &mut self.last_loss),
            ],
        }
    }
}

impl<T: Scalar> GradientFlow<T> {
    /// One accepted step, not beyond the time limit and not longer than a stride.
    fn stride(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress {
        let Settings { time_limit, stride, .. } = self.settings;
        let bound = if stride > 0.0 && self.clock.time > 0.0 {
            time_limit.min(self.clock.time * (1.0 + stride))
        } else {
            time_limit
        };
        let mut progress = self.advance(bound, update, params, field);
        if self.clock.time < time_limit && progress.halt == Some(Halt::TimeLimit) {
            progress.halt = None;
        }
        progress
    }

    /// One accepted step, not beyond a time.
    fn advance(
        &mut self,
        limit: f64,
        update: &Update<'_>,
        params: &mut [T],
        field: &mut dyn Field<T>,
    ) -> Progress {
        let steady = update.factor == 1.0 && update.rates == [(0..params.len(), 1.0)];
        if self.settings.form == Form::Neurons
            && let Some(neurons) = field.neurons()
        {
            if steady {
                return self.neurons.step(&self.settings, limit, &mut self.clock, params, neurons);
            }
            if self.neurons.is_entered() {
                self.neurons.write_back(params, neurons);
                self.neurons.leave();
            }
        }
        self.plain.step(&self.settings, limit, &mut self.clock, update, params, field)
    }
}
