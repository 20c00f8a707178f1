//! What a solver asks of the loop within one step: the gradient of the
//! strategy's objective on the step's samples.

use crate::model::{LateFusion, Source, loss};
use crate::num::{MatrixView, Scalar};
use crate::solvers::neurons::Neurons;
use crate::solvers::{Field, Reading};
use crate::spec::Until;
use crate::strategies::{Step, Strategy};

use super::neurons::NeuronForm;
use super::step::{Buffers, Weighting, evaluate, evaluate_tiled};

/// The objective of one step.
pub(super) struct StepField<'a, T: Scalar, S: Source<T>> {
    pub step: &'a Step<'a, T>,
    pub strategy: &'a mut dyn Strategy<T>,
    pub source: &'a S,
    pub weighting: Weighting<'a, T>,
    pub frozen: &'a [bool],
    pub buffers: &'a mut Buffers<T>,
    /// What the run trains for; errors are counted only where it does.
    pub until: Option<Until>,
    /// The neuron form, where there is one.
    pub neurons: Option<NeuronForm<'a, T>>,
}

impl<'a, T: Scalar, S: Source<T>> StepField<'a, T, S> {
    /// The same objective on other samples.
    pub(super) fn on<O: Source<T>>(self, source: &'a O) -> StepField<'a, T, O> {
        let Self { step, strategy, weighting, frozen, buffers, until, neurons, .. } = self;
        StepField { step, strategy, source, weighting, frozen, buffers, until, neurons }
    }
}

impl<T: Scalar, S: Source<T>> Field<T> for StepField<'_, T, S> {
    fn gradient(&mut self, params: &[T], out: &mut Vec<T>) -> Reading {
        let Self { step, source, weighting, frozen, buffers, .. } = self;
        let counts_errors = self.until.is_some();
        let tiled = evaluate_tiled(step, *weighting, frozen, params, counts_errors, buffers, out);
        if let Some((loss, errors)) = tiled {
            return Reading { loss, errors };
        }
        let loss = evaluate(step, self.strategy, *source, *weighting, frozen, params, buffers, out);
        let errors = counts_errors.then(|| n_errors(self.buffers.work.fused(), step.labels));
        Reading { loss, errors }
    }

    fn target(&self) -> Option<f64> {
        self.until.map(|until| until.train_loss)
    }

    fn neurons(&mut self) -> Option<&mut dyn Neurons<T>> {
        self.neurons.as_mut().map(|form| form as &mut dyn Neurons<T>)
    }

    fn stretches(&self) -> Vec<(usize, usize, usize)> {
        rows_of(self.step.epoch.model)
    }
}

/// Rows that are wrong under the talk's rule.
pub(super) fn n_errors<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> usize {
    labels.iter().enumerate().filter(|(i, y)| !loss::is_right(logits.row(*i), **y)).count()
}

/// The rows of every weight matrix, each vector of biases as one.
fn rows_of<T: Scalar>(model: &LateFusion<T>) -> Vec<(usize, usize, usize)> {
    model.tensors().iter().map(|t| (t.range.start, t.cols, t.rows)).collect()
}
