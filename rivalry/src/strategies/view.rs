//! What a strategy may look at.

use crate::model::{Inputs, LateFusion, Outputs};
use crate::num::{Draws, Purpose, Scalar};

/// What a strategy may look at between epochs.
pub struct Epoch<'a, T: Scalar> {
    /// Number of the coming epoch, from 0.
    pub index: u32,
    /// Epochs asked for.
    pub n_epochs: u32,
    /// The run's seed.
    pub seed: u64,
    /// The network.
    pub model: &'a LateFusion<T>,
    /// The present weights.
    pub params: &'a [T],
    /// The training part.
    pub train: &'a Inputs<T>,
    /// The validation part; empty when there is none.
    pub valid: &'a Inputs<T>,
    /// The runs asked for in [`super::Strategy::needs`], in that order.
    pub needed: &'a [Teacher<'a, T>],
}

/// What a strategy may look at within an epoch.
pub struct Step<'a, T: Scalar> {
    /// The epoch around it.
    pub epoch: &'a Epoch<'a, T>,
    /// Index of the sub-step in the plan.
    pub sub_step: usize,
    /// Position of the batch's first sample in the epoch's order.
    pub position: usize,
    /// The present weights.
    pub params: &'a [T],
    /// Training rows of the batch.
    pub rows: &'a [u32],
    /// Where each of them stands in [`super::Plan::samples`]; the rows themselves where the
    /// plan named none.
    pub picks: &'a [u32],
    /// Their class indices.
    pub labels: &'a [u32],
    /// Their weights in every mean over the batch (class weights times those of the
    /// plan); absent where all are one.
    pub weights: Option<&'a [T]>,
}

/// What a prediction is made from.
pub struct Fusing<'a, T: Scalar> {
    /// The network.
    pub model: &'a LateFusion<T>,
    /// Its weights.
    pub params: &'a [T],
    /// Outputs and labels of the validation part, for methods that fit something there;
    /// absent when there is none, and while training.
    pub valid: Option<(&'a Outputs<T>, &'a [u32])>,
    /// Outputs to predict from.
    pub outputs: &'a Outputs<T>,
}

/// A run that ended before this one.
pub struct Teacher<'a, T: Scalar> {
    /// Its network.
    pub model: LateFusion<T>,
    /// Its weights.
    pub params: &'a [T],
}

impl<T: Scalar> Epoch<'_, T> {
    /// Outputs of the present network on the training part.
    pub fn train_outputs(&self) -> Outputs<T> {
        self.model.evaluate(self.params, self.train)
    }

    /// Outputs of the present network on the validation part.
    pub fn valid_outputs(&self) -> Outputs<T> {
        self.model.evaluate(self.params, self.valid)
    }

    /// Writes the weights of the networks trained alone, one per branch in
    /// order, over those of the branches.
    pub(super) fn copy_teachers(&self, params: &mut [T]) {
        for (branch, teacher) in self.model.branches().iter().zip(self.needed) {
            let single = &teacher.model.branches()[0];
            params[branch.encoder_params()].copy_from_slice(&teacher.params[single.encoder_params()]);
            if let (Some(to), Some(from)) = (branch.head_params(), single.head_params()) {
                params[to].copy_from_slice(&teacher.params[from]);
            }
        }
    }

    /// Outputs of a needed run's network, at some weights, on one part of this network's data.
    pub fn outputs_of(&self, teacher: &Teacher<'_, T>, params: &[T], part: &Inputs<T>) -> Outputs<T> {
        let place = |modality| self.model.branches().iter().position(|b| b.modality() == modality);
        let x = teacher.model.branches().iter().map(|branch| {
            let b = place(branch.modality()).expect("a needed run trains some of this run's modalities");
            part.x[b].clone()
        });
        teacher.model.evaluate(params, &Inputs { x: x.collect(), y: part.y.clone() })
    }

    /// Draws of this epoch for a purpose of the strategy's own.
    pub fn draws(&self, purpose: Purpose) -> Draws {
        Draws::new(self.seed, purpose, self.index)
    }
}

impl<T: Scalar> Step<'_, T> {
    /// Draws of this step for a purpose of the strategy's own, up to `per_sample` for each
    /// sample: steps of an epoch never share any.
    pub fn draws(&self, purpose: Purpose, per_sample: usize) -> Draws {
        let first = (self.position * per_sample) as u64;
        self.epoch.draws(purpose).at((self.sub_step as u64) << 40 | first)
    }
}
