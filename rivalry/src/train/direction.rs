//! A single step of a strategy, without a run around it: for comparisons with other
//! implementations.

use crate::model::Batch;
use crate::num::Scalar;
use crate::strategies::{Epoch, Plan, Step, Strategy};

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
    one(strategy, at, params, 0, (rows, rows), None)
}

/// [`direction`] in a sub-step of a plan, on all samples that the plan shows, in one batch;
/// where it names none, on the training part.
///
/// # Panics
/// When a sample is beyond the training part.
pub fn direction_of_plan<T: Scalar>(
    strategy: &mut dyn Strategy<T>,
    at: &Epoch<'_, T>,
    params: &[T],
    plan: &Plan,
    sub_step: usize,
) -> Vec<T> {
    let Some(samples) = &plan.samples else {
        let rows: Vec<u32> = (0..at.train.len() as u32).collect();
        return one(strategy, at, params, sub_step, (&rows, &rows), None);
    };
    let rows: Vec<u32> = samples.iter().map(|(row, _)| *row).collect();
    let picks: Vec<u32> = (0..rows.len() as u32).collect();
    let weights: Vec<T> = samples.iter().map(|(_, weight)| T::from_f64(*weight)).collect();
    one(strategy, at, params, sub_step, (&rows, &picks), Some(&weights))
}

fn one<T: Scalar>(
    strategy: &mut dyn Strategy<T>,
    at: &Epoch<'_, T>,
    params: &[T],
    sub_step: usize,
    (rows, picks): (&[u32], &[u32]),
    samples: Option<&[T]>,
) -> Vec<T> {
    let mut batch = Batch::new(at.train, rows.len());
    batch.gather(at.train, rows);
    let labels: Vec<u32> = rows.iter().map(|row| at.train.y[*row as usize]).collect();
    let step = Step { params, epoch: at, sub_step, position: 0, rows, picks, labels: &labels, weights: None };
    let mut direction = Vec::new();
    let weighting = Weighting { classes: None, samples };
    let mut buffers = Buffers::new(at.model, rows.len());
    evaluate(&step, strategy, &batch, weighting, &[], params, &mut buffers, &mut direction);
    direction
}
