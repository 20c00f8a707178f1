//! A single step of a strategy, without a run around it: for comparisons with other
//! implementations.

use crate::model::Batch;
use crate::num::Scalar;
use crate::strategies::{Epoch, Step, Strategy};

use super::step::{Buffers, Weighting, evaluate};

/// The direction that a strategy takes from the weights `params` on the training rows
/// `rows`, all of weight one, in an epoch that began with the weights `at.params`: what a
/// solver would see as its gradient. Fills the hooks
/// `batch`, `objective` and `gradient` once, in the first sub-step of an epoch's first batch;
/// `settle` and `plan` are the caller's.
///
/// # Panics
/// When a row is beyond the training part.
pub fn direction<T: Scalar>(
    strategy: &mut dyn Strategy<T>,
    at: &Epoch<'_, T>,
    params: &[T],
    rows: &[u32],
) -> Vec<T> {
    let mut batch = Batch::new(at.train, rows.len());
    batch.gather(at.train, rows);
    let labels: Vec<u32> = rows.iter().map(|row| at.train.y[*row as usize]).collect();
    let step = Step {
        params,
        epoch: at,
        sub_step: 0,
        position: 0,
        rows,
        picks: rows,
        labels: &labels,
        weights: None,
    };
    let mut direction = Vec::new();
    let weighting = Weighting { classes: None, samples: None };
    let mut buffers = Buffers::new(at.model, rows.len());
    evaluate(&step, strategy, &batch, weighting, &[], params, &mut buffers, &mut direction);
    direction
}
