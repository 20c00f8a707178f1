//! What a run leaves behind: the question, how it ended, the trajectory, the
//! weights and the predictions. A record holds no clock readings, so equal
//! questions leave equal records, bit for bit.

mod codec;
pub mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::num::Numbers;
use crate::spec::{RunId, Spec};

pub use codec::RecordError;

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The run's name.
    pub id: RunId,
    /// The completed spec.
    pub spec: Spec,
    /// Fingerprint of the data, in hexadecimal.
    pub data: String,
    /// Version of the engine that ran it.
    pub engine: String,
    /// How it ended.
    pub ended: Ended,
    /// What it cost.
    pub cost: Cost,
    /// Quantities per epoch.
    pub trajectory: Trajectory,
    /// Parameter tensors in the order in which `params` holds them.
    pub tensors: Vec<TensorInfo>,
    /// The weights kept: those of the best epoch with early stopping, else the
    /// last.
    pub params: Numbers,
    /// Outputs on the test part, read once, after everything was decided.
    pub predictions: Predictions,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ended {
    /// All epochs done, or as many as the strategy wanted.
    Finished,
    /// No improvement on the validation part for the patience asked for.
    EarlyStop {
        /// The epoch (from 0) whose weights were kept.
        best_epoch: u32,
    },
    /// A quantity left the finite numbers; the weights mean nothing.
    Diverged {
        /// The epoch (from 0) in which it happened.
        epoch: u32,
        /// Which quantity.
        what: String,
    },
    /// What [`crate::spec::Spec::until`] asks for was reached.
    Converged {
        /// The epoch (from 0) at whose end it was.
        epoch: u32,
    },
    /// It was not reached: the weights are those of the last epoch, and count
    /// only where this is said.
    NotConverged {
        /// The last epoch (from 0).
        epoch: u32,
        /// Why there was no further one.
        why: Unreached,
    },
    /// The watch saw what it was waiting for.
    Stopped {
        /// The epoch (from 0) after which it said so.
        epoch: u32,
    },
}

/// Why a run ended before it reached what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// All epochs were used up.
    Epochs,
    /// The flow's time was used up.
    TimeLimit,
    /// The strategy wanted no further epoch.
    Strategy,
}

impl std::fmt::Display for Unreached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Epochs => "all epochs were used up",
            Self::TimeLimit => "the time limit was reached",
            Self::Strategy => "the strategy stopped",
        })
    }
}

/// Deterministic cost of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Optimiser steps.
    pub updates: u64,
    /// Samples that went forward and backward.
    pub sample_passes: u64,
    /// Multiplications and additions of training.
    pub flops: f64,
    /// Epochs run.
    pub epochs: u32,
    /// Evaluations of the gradient, those of rejected steps included; 0 in
    /// records from before it was counted.
    #[serde(default)]
    pub gradient_evaluations: u64,
}

/// Quantities per epoch, by name: `train_loss` (nats, running mean over the
/// epoch's batches; of a flow: at the epoch's end), `train_error` (fraction of
/// the same samples, where the run asks for it), `valid_loss` (nats),
/// `valid_accuracy` (fraction); with [`Spec::meters`] also the readings of
/// [`branch_reading`]; of a flow also `time`, and so far
/// `gradient_evaluations` and `rejected_steps`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// One value per epoch and quantity.
    pub quantities: BTreeMap<String, Vec<f64>>,
}

impl Trajectory {
    /// Appends a value.
    pub fn push(&mut self, quantity: &str, value: f64) {
        self.quantities.entry(quantity.to_owned()).or_default().push(value);
    }

    /// The values of a quantity; empty when it was not kept.
    pub fn get(&self, quantity: &str) -> &[f64] {
        self.quantities.get(quantity).map_or(&[], Vec::as_slice)
    }
}

/// The name in a [`Trajectory`] of what was read off a branch: `residual_ratio.0`,
/// with the position of the modality in the spec, because names of modalities may be longer
/// than those of arrays. The readings: `residual_ratio`, `discrepancy_ratio`,
/// `branch_train_accuracy`, `gradient_cosine`, `gradient_ratio`, `fisher_trace`.
pub fn branch_reading(quantity: &str, branch: usize) -> String {
    format!("{quantity}.{branch}")
}

/// Name and shape of a parameter tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// `modality.encoder.0.weight`, ...
    pub name: String,
    /// Outputs (1 for a bias).
    pub rows: usize,
    /// Inputs (the length of a bias).
    pub cols: usize,
}

/// Outputs on some rows of the data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// Row numbers in the data set.
    pub rows: Vec<u32>,
    /// Number of classes.
    pub n_classes: usize,
    /// rows x classes scores, row-major; the largest wins. Logits, or whatever
    /// the strategy fuses to.
    pub scores: Vec<f32>,
    /// Per modality of the spec: rows x classes logits of the centred cut.
    pub branches: Vec<Vec<f32>>,
}

/// The state of an unfinished run: enough to go on as if nothing had happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The run's name.
    pub id: RunId,
    /// The next epoch.
    pub epoch: u32,
    /// The best epoch so far, with its validation accuracy and loss.
    pub best: Option<Best>,
    /// Cost so far.
    pub cost: Cost,
    /// Quantities per epoch so far.
    pub trajectory: Trajectory,
    /// Named vectors: weights, best weights, the solver's and the strategy's
    /// memory.
    pub vectors: Vec<(String, Numbers)>,
    /// The solver's count of updates, now and in a kept state.
    pub solver_steps: Vec<u64>,
}

/// The epoch that validation likes best so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Its number, from 0.
    pub epoch: u32,
    /// Validation accuracy after it, a fraction.
    pub accuracy: f64,
    /// Validation loss after it, nats.
    pub loss: f64,
}
