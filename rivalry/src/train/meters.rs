//! What is read off every branch after an epoch: on a fixed part of the training
//! rows, without noise, with no effect on anything that is trained.

use crate::model::{Batch, LateFusion, Upstream, Workspace, loss, meters};
use crate::num::{Draws, Matrix, Purpose, Scalar};
use crate::record::{Trajectory, branch_reading};
use crate::spec::METER_ROWS;

use super::prepare::Prepared;

const ROWS: Purpose = Purpose::new("meter rows");
/// Epochs that are all read; of later ones every [`THEN`]th, because small data train
/// for thousands of epochs that cost less than their reading.
const EVERY: u32 = 50;
const THEN: u32 = 10;

const READINGS: [&str; 6] = [
    "residual_ratio",
    "discrepancy_ratio",
    "branch_train_accuracy",
    "gradient_cosine",
    "gradient_ratio",
    "fisher_trace",
];

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

    /// Whether branches are read after this epoch (from 0).
    pub(super) fn reads(epoch: u32) -> bool {
        epoch < EVERY || epoch.is_multiple_of(THEN)
    }

    /// Appends an epoch's readings to the trajectory: new ones, or the last.
    pub(super) fn epoch(
        &mut self,
        epoch: u32,
        model: &LateFusion<T>,
        params: &[T],
        trajectory: &mut Trajectory,
    ) {
        if Self::reads(epoch) {
            return self.read(model, params, trajectory);
        }
        for name in READINGS {
            for b in 0..model.branches().len() {
                let name = branch_reading(name, b);
                if let Some(last) = trajectory.get(&name).last().copied() {
                    trajectory.push(&name, last);
                }
            }
        }
    }

    /// Reads every branch and appends to the trajectory.
    fn read(&mut self, model: &LateFusion<T>, params: &[T], trajectory: &mut Trajectory) {
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
                fused_residual / own_residual.max(meters::FITTED),
                discrepancy[b].unwrap_or(1.0),
                loss::accuracy(views[b], labels),
                meters::cosine(joint, own).unwrap_or(0.0),
                meters::length_ratio(joint, own).unwrap_or(0.0),
                meters::mean_square(joint),
            ];
            for (name, value) in READINGS.into_iter().zip(readings) {
                // A value beyond all numbers, in a run that is about to diverge, is written as none.
                let value = if value.is_finite() { value } else { 0.0 };
                trajectory.push(&branch_reading(name, b), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Inputs;
    use crate::num::Numbers;
    use crate::spec::{Precision, Spec};
    use crate::train::prepare;
    use crate::train::tests::{small_data, small_spec, train_all};

    /// The gradient of a loss with respect to some parameters, by differences.
    fn gradient(params: &[f64], of: std::ops::Range<usize>, loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        const STEP: f64 = 1e-5;
        let at = |i: usize, by: f64| {
            let mut moved = params.to_vec();
            moved[i] += by;
            loss(&moved)
        };
        of.map(|i| (at(i, STEP) - at(i, -STEP)) / (2.0 * STEP)).collect()
    }

    #[test]
    fn long_runs_are_read_now_and_then() {
        let spec = Spec { meters: true, patience: Some(0), epochs: Some(75), ..small_spec("naive") };
        let record = train_all(&spec, &small_data(60));
        for name in READINGS {
            let values = record.trajectory.get(&branch_reading(name, 1));
            assert_eq!(values.len(), 75, "{name}");
            assert!(values[50..60].iter().all(|v| *v == values[50]), "{name}");
            assert!(values[60..70].iter().all(|v| *v == values[60]), "{name}");
        }
        let trace = record.trajectory.get(&branch_reading("fisher_trace", 1));
        assert!(trace[48] != trace[49] && trace[50] != trace[60] && trace[60] != trace[70]);
    }

    #[test]
    fn gradients_are_those_of_both_losses() {
        let data = small_data(60);
        let spec = Spec {
            meters: true,
            precision: Precision::F64,
            patience: Some(0),
            epochs: Some(2),
            ..small_spec("naive")
        };
        let record = train_all(&spec, &data);
        let prepared = prepare::<f64>(&spec.check(&data).unwrap(), &data);
        let Numbers::F64(params) = &record.params else { panic!("double precision was asked for") };
        let (model, train): (_, &Inputs<f64>) = (&prepared.model, &prepared.train);
        assert!(train.len() <= METER_ROWS, "the readings are over all training rows");
        let last = |name: &str, b: usize| *record.trajectory.get(&branch_reading(name, b)).last().unwrap();
        let before = model.evaluate(params, train).mean_logits();
        for (b, branch) in model.branches().iter().enumerate() {
            let joint = gradient(params, branch.encoder_params(), |params| {
                loss::mean_cross_entropy(model.evaluate(params, train).fused.view(), &train.y)
            });
            // The constants of the cut stay where they were.
            let own = gradient(params, branch.encoder_params(), |params| {
                let cut = model.evaluate(params, train).centred(&before);
                loss::mean_cross_entropy(cut[b].view(), &train.y)
            });
            for (name, expected) in [
                ("gradient_cosine", meters::cosine(&joint, &own).unwrap()),
                ("gradient_ratio", meters::length_ratio(&joint, &own).unwrap()),
                ("fisher_trace", meters::mean_square(&joint)),
            ] {
                let found = last(name, b);
                assert!(
                    (found - expected).abs() <= 1e-6 * expected.abs().max(1e-3),
                    "{name} {b}: {found} {expected}"
                );
            }
        }
    }
}
