//! DRAWER: gradients -> weights. A solver asks for gradients as often as it
//! needs them and moves the parameters; it knows nothing of data, modalities
//! or epochs. Learning-rate schedules are in [`schedule`].

mod adam;
mod field;
mod gradient_descent;
mod gradient_flow;
pub mod neurons;
pub mod schedule;
mod sgd;

use std::ops::Range;

use crate::num::Scalar;
use crate::registry::{Default, Entry, Knob, Range as Allowed, Table};

pub use field::{Field, Halt, Progress, Reading};

/// Moves parameters along gradients.
pub trait Solver<T: Scalar>: Send {
    /// Whether each step sees all training samples at once.
    fn full_batch(&self) -> bool {
        false
    }

    /// Whether each step asks for exactly one gradient.
    fn looks_once(&self) -> bool {
        true
    }

    /// One update.
    ///
    /// A solver may keep the parameters in a form of its own between steps and
    /// leave `params` behind; [`Solver::catch_up`] brings them up to date.
    fn step(&mut self, update: &Update<'_>, params: &mut [T], field: &mut dyn Field<T>) -> Progress;

    /// Writes the present parameters to `params`, for whoever wants to read
    /// them. Changes nothing that a later step depends on.
    fn catch_up(&self, _params: &mut [T], _field: &mut dyn Field<T>) {}

    /// All that must survive a crash.
    fn state(&mut self) -> State<'_, T>;
}

/// How far an update goes.
#[derive(Clone, Copy, Debug)]
pub struct Update<'a> {
    /// The solver's learning rate times this.
    pub factor: f64,
    /// Stretches of the parameter vector with a rate factor each; what no
    /// stretch covers, or has the factor zero, does not move at all.
    pub rates: &'a [(Range<usize>, f64)],
}

/// A solver's memory.
pub struct State<'a, T> {
    /// Updates done.
    pub n_steps: &'a mut u64,
    /// Running averages and the like, by name; empty before the first step.
    pub slots: Vec<(&'static str, &'a mut Vec<T>)>,
    /// Single numbers, by name: the time of a flow, the size of its next step.
    pub scalars: Vec<(&'static str, &'a mut f64)>,
}

impl<T: Scalar> Entry<dyn Solver<T>> {
    const ALL: &'static [Self] =
        &[adam::entry(), adam::decoupled(), sgd::entry(), gradient_descent::entry(), gradient_flow::entry()];
}

/// All solvers; the first is the default.
pub fn table<T: Scalar>() -> Table<dyn Solver<T>> {
    Entry::<dyn Solver<T>>::ALL
}

/// The learning-rate knob with a default.
const fn rate_knob(default: f64) -> Knob {
    Knob {
        name: "lr",
        default: Default::Number(default),
        range: Allowed::Between(0.0, 1e300),
        meaning: "learning rate",
    }
}

/// The weight-decay knob with a default.
const fn decay_knob(default: f64) -> Knob {
    Knob {
        name: "weight_decay",
        default: Default::Number(default),
        range: Allowed::Between(0.0, 1e3),
        meaning: "strength of the pull of every parameter towards zero",
    }
}
