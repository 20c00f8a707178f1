//! THE loop: the only place where networks are trained. Strategies hand it
//! hooks, solvers move the weights, a [`Watch`] looks on. It reads no clock
//! and prints nothing.

mod direction;
mod field;
mod meters;
mod neurons;
mod prepare;
mod resume;
mod run;
mod step;
mod trace;
mod valid;

#[cfg(test)]
pub(crate) mod tests;

use crate::data::Dataset;
use crate::num::{Numbers, Values};
use crate::record::{Checkpoint, Record};
use crate::spec::{Job, Precision};

pub use direction::{direction, direction_of_plan};
pub(crate) use prepare::network;
pub use prepare::{Prepared, flops_per_epoch, prepare};
pub use trace::fused_scores;

/// What training gives back.
#[derive(Clone, Debug, PartialEq)]
pub enum Trained {
    /// The run has ended.
    Done(Box<Record>),
    /// The watch asked to stop; the run goes on from here.
    Interrupted(Box<Checkpoint>),
}

/// Why training could not start. What happens while it runs is an outcome in
/// the record, not an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// A checkpoint of another run, or one that this engine cannot read.
    #[error("the checkpoint does not belong to run {run}: {why}")]
    ForeignCheckpoint {
        /// The run's name.
        run: String,
        /// What does not fit.
        why: String,
    },
    /// A run that the strategy builds on is missing or did not end well.
    #[error("strategy `{strategy}` builds on the run of {what}, which {why}")]
    MissingTeacher {
        /// The strategy.
        strategy: String,
        /// Which run.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Looks on while a run trains, and decides whether it goes on.
pub trait Watch {
    /// After each epoch. After the last one the answer changes nothing.
    fn epoch(&mut self, _report: &EpochReport<'_>) -> Control {
        Control::Continue
    }

    /// Whether the coming report is to show the weights, which a flow keeps in
    /// another form: writing them costs about one gradient. It changes no bit
    /// of the run.
    fn wants_weights(&mut self) -> bool {
        true
    }

    /// A checkpoint that [`Control::Checkpoint`] asked for.
    fn checkpoint(&mut self, _checkpoint: &Checkpoint) {}
}

/// A watch that never interferes.
pub struct Unwatched;

impl Watch for Unwatched {
    fn wants_weights(&mut self) -> bool {
        false
    }
}

/// What a watch sees after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport<'a> {
    /// Epochs done.
    pub done: u32,
    /// Epochs asked for.
    pub of: u32,
    /// Mean training loss of the epoch, nats; of a flow, at its end.
    pub train_loss: f64,
    /// Share of wrong training samples among the same outputs, where the run
    /// has an [`crate::spec::Until`].
    pub train_error: Option<f64>,
    /// Validation accuracy, when there is a validation part.
    pub valid_accuracy: Option<f64>,
    /// The flow's time.
    pub time: Option<f64>,
    /// Evaluations of the gradient so far.
    pub gradient_evaluations: u64,
    /// The weights after the epoch, where [`Watch::wants_weights`] asked for
    /// them; [`crate::model::LateFusion::tensors`] says what lies where.
    pub weights: Option<Values<'a>>,
}

/// What the watch wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Hand over a checkpoint, then go on.
    Checkpoint,
    /// Stop and hand over a checkpoint.
    Stop,
    /// End the run here as finished: [`crate::record::Ended::Stopped`].
    Finish,
}

/// Trains one run, from the start or from a checkpoint. `needed` holds the
/// records of [`Job::needed_specs`], in that order.
pub fn train(
    job: &Job,
    data: &Dataset,
    needed: &[Record],
    from: Option<&Checkpoint>,
    watch: &mut dyn Watch,
) -> Result<Trained, TrainError> {
    match job.spec().precision {
        Precision::F32 => run::run::<f32>(job, data, needed, from, watch),
        Precision::F64 => run::run::<f64>(job, data, needed, from, watch),
    }
}

/// A named vector of a checkpoint.
fn find_vector<'a>(vectors: &'a [(String, Numbers)], name: &str) -> Option<&'a Numbers> {
    vectors.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}
