//! What is read off every branch after an epoch: on a fixed part of the training
//! rows, without noise, with no effect on anything that is trained.

use crate::model::{Batch, LateFusion, Upstream, Workspace, loss, meters};
use crate::num::{Draws, Matrix, Purpose, Scalar};
use crate::record::{Trajectory, branch_reading};
use crate::spec::METER_ROWS;

use super::prepare::Prepared;

const ROWS: Purpose = Purpose::new("meter rows");

/// The rows and the buffers to read them with.
pub(super) struct Meters<T: Scalar> {
    rows: Batch<T>,
    labels: Vec<u32>,
    work: Workspace<T>,
    upstream: Upstream<T>,
    log_norm: Vec<T>,
    /// Gradients of the joint loss, and of every branch's own.
    joint: Vec<T>,
    own: Vec<T>,
}

impl<T: Scalar> Meters<T> {
    pub(super) fn new(prepared: &Prepared<T>, seed: u64) -> Self {
        let Prepared { model, train, .. } = prepared;
        let mut chosen = Draws::new(seed, ROWS, 0).permutation(train.len());
        chosen.truncate(METER_ROWS);
        chosen.sort_unstable();
        let n = chosen.len();
        let mut rows = Batch::new(train, n);
        rows.gather(train, &chosen);
        Self {
            rows,
            labels: chosen.iter().map(|row| train.y[*row as usize]).collect(),
            work: Workspace::new(model, n),
            upstream: Upstream::new(model, n),
            log_norm: vec![T::ZERO; n],
            joint: vec![T::ZERO; model.n_params()],
            own: vec![T::ZERO; model.n_params()],
        }
    }

    /// Reads every branch and appends to the trajectory.
    pub(super) fn read(&mut self, model: &LateFusion<T>, params: &[T], trajectory: &mut Trajectory) {
        let Self { rows, labels, work, upstream, log_norm, joint, own } = self;
        model.forward(params, rows, None, work);
        let n_branches = model.branches().len();
        let raw: Vec<_> = (0..n_branches).map(|b| work.logits(b)).collect();
        let branches = meters::centred(&raw);
        let fused = work.fused().to_matrix();

        upstream.clear();
        upstream.fused.active = true;
        let mut gradient = upstream.fused.value.top_mut(labels.len());
        loss::cross_entropy(fused.view(), labels, None, T::ONE, &mut gradient, log_norm);
        model.backward(params, rows, upstream, &[], work, joint);

        // Encoders share no parameters, so one pass gives every branch the gradient of its own loss.
        upstream.clear();
        for (slot, branch) in upstream.branch.iter_mut().zip(&branches) {
            slot.active = true;
            let logits: Matrix<T> = branch.map(T::from_f64);
            let mut gradient = slot.value.top_mut(labels.len());
            loss::cross_entropy(logits.view(), labels, None, T::ONE, &mut gradient, log_norm);
        }
        model.backward(params, rows, upstream, &[], work, own);

        let views: Vec<_> = branches.iter().map(Matrix::view).collect();
        let discrepancy = meters::discrepancy_ratios(&views, labels);
        for (b, branch) in model.branches().iter().enumerate() {
            let encoder = branch.encoder_params();
            let (joint, own) = (&joint[encoder.clone()], &own[encoder]);
            let fused_residual = meters::mean_residual(fused.view(), labels);
            let own_residual = meters::mean_residual(views[b], labels);
            let readings = [
                ("residual_ratio", fused_residual / own_residual.max(meters::FITTED)),
                ("discrepancy_ratio", discrepancy[b].unwrap_or(1.0)),
                ("branch_train_accuracy", loss::accuracy(views[b], labels)),
                ("gradient_cosine", meters::cosine(joint, own).unwrap_or(0.0)),
                ("gradient_ratio", meters::length_ratio(joint, own).unwrap_or(0.0)),
                ("fisher_trace", meters::mean_square(joint)),
            ];
            for (name, value) in readings {
                // A value beyond all numbers, in a run that is about to diverge, is written as none.
                let value = if value.is_finite() { value } else { 0.0 };
                trajectory.push(&branch_reading(name, b), value);
            }
        }
    }
}
