//! What a solver asks: the gradient at given parameters; and what it answers
//! after a step. Knows nothing of networks.

use crate::num::Scalar;

use super::neurons::Neurons;

/// The objective that a solver moves along.
pub trait Field<T: Scalar> {
    /// Writes the gradient of the objective at the given parameters.
    fn gradient(&mut self, params: &[T], out: &mut Vec<T>) -> Reading;

    /// Stretches of the parameter vector that belong together, such as the
    /// weights into one neuron: (start, length, how many of this length follow
    /// each other). Errors are judged relative to each stretch's own size.
    fn stretches(&self) -> Vec<(usize, usize, usize)> {
        Vec::new()
    }

    /// The training loss at which the run is to end, once no sample is wrong.
    fn target(&self) -> Option<f64> {
        None
    }

    /// The objective seen through pre-activations, where the network and the
    /// strategy allow it.
    fn neurons(&mut self) -> Option<&mut dyn Neurons<T>> {
        None
    }
}

/// A plain function that writes a gradient, for tests and experiments.
impl<T: Scalar, F: FnMut(&[T], &mut Vec<T>)> Field<T> for F {
    fn gradient(&mut self, params: &[T], out: &mut Vec<T>) -> Reading {
        self(params, out);
        Reading { loss: f64::NAN, errors: None }
    }
}

/// What is read off the outputs on the way to a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Cross-entropy of the fused logits, nats per sample.
    pub loss: f64,
    /// Samples that are wrong (a tie is wrong), where the run asks for it.
    pub errors: Option<usize>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Read at the start of the step by solvers that descend, at its end by
    /// those that follow a flow.
    pub reading: Reading,
    /// Gradient evaluations that the step took, those of rejected attempts
    /// included.
    pub evaluations: u64,
    /// Attempts that were rejected.
    pub rejected: u64,
    /// The flow's time after the step.
    pub time: Option<f64>,
    /// Multiplications and additions, where they are not those of as many
    /// passes through the network as there were evaluations.
    pub flops: Option<f64>,
    /// Why there is no further step.
    pub halt: Option<Halt>,
}

/// Why a solver cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The time asked for is reached.
    TimeLimit,
    /// No step is small enough: the solution leaves the finite numbers.
    NoStep,
}

impl Progress {
    /// A step of one gradient.
    pub fn of(reading: Reading) -> Self {
        Self { reading, evaluations: 1, rejected: 0, time: None, flops: None, halt: None }
    }
}
