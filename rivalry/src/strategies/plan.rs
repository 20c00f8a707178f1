//! What a strategy asks of the loop: before training, and epoch by epoch.

use std::ops::Range;

use crate::model::LateFusion;
use crate::num::Scalar;
use crate::registry::Choice;

/// What a strategy asks for before training starts.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Needs {
    /// Runs with the same data, seed and settings that must have ended first.
    pub runs: Vec<NeededRun>,
    /// A classifier of its own for every branch, except where the encoder
    /// emits logits itself.
    pub own_heads: bool,
    /// The direction is not the gradient of the objective's value: a factor is held
    /// constant, or the gradient is scaled, projected or noisy. Solvers that divide by the
    /// gradient's own size undo a scale that changes slowly.
    pub modulates: bool,
    /// Something is drawn, remembered or switched at every step: the solver must look at
    /// the gradient once per step, as every solver but a flow does.
    pub stepwise: bool,
    /// It chooses the samples of an epoch: the solver must work in batches.
    pub resamples: bool,
    /// One more branch behind those of the modalities, on all their features side by side;
    /// it belongs to no modality and is in no report.
    pub pseudo_view: bool,
    /// All embeddings must have the same width.
    pub equal_widths: bool,
    /// Forward and backward passes through every encoder that each step makes besides the
    /// one that the loop makes.
    pub more_passes: usize,
    /// [`super::Strategy::fuse`] predicts, not the sum of logits.
    pub fuses: bool,
    /// A sentence when the method does not apply to these modalities.
    pub refuses: Option<String>,
}

/// A run that a strategy builds on.
#[derive(Clone, Debug, PartialEq)]
pub struct NeededRun {
    /// The modalities it trains.
    pub modalities: Vec<String>,
    /// How it trains them.
    pub strategy: Choice,
    /// Epochs without early stopping; as long as this run may, and stopped as it, where
    /// nothing is said.
    pub epochs: Option<u32>,
}

impl NeededRun {
    /// Each of the modalities trained alone.
    pub(super) fn each_alone(modalities: &[String]) -> Vec<Self> {
        let alone = |name: &String| Self {
            modalities: vec![name.clone()],
            strategy: Choice::new("unimodal"),
            epochs: None,
        };
        modalities.iter().map(alone).collect()
    }
}

/// What the loop does after [`super::Strategy::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Goes on.
    Go,
    /// Keeps the present state (weights and solver) for a later restore.
    Keep,
    /// Returns to the state kept last, then goes on.
    Restore,
}

/// What an epoch trains.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The passes over each batch, one optimiser step each: usually one, with
    /// all branches.
    pub steps: Vec<SubStep>,
    /// The samples of the epoch with a weight each, in place of every training
    /// sample once in random order.
    pub samples: Option<Vec<(u32, f64)>>,
    /// Ends training before this epoch.
    pub stop: bool,
    /// The epoch only measures, and its weights will be put back: it counts as work, but
    /// not for early stopping, and leaves no trace in the trajectory.
    pub aside: bool,
}

/// One optimiser step per batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubStep {
    /// Rate factor per branch's encoder; empty for all ones, 0 freezes it.
    pub encoder_rates: Vec<f64>,
    /// Rate factor per branch's heads; empty for all ones.
    pub head_rates: Vec<f64>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { steps: vec![SubStep::default()], samples: None, stop: false, aside: false }
    }
}

impl Plan {
    /// One step per batch, with a rate factor per encoder.
    pub(super) fn encoders(encoder_rates: Vec<f64>) -> Self {
        Self { steps: vec![SubStep { encoder_rates, head_rates: Vec::new() }], ..Self::default() }
    }

    /// One step per batch, with a rate factor per branch: its encoder and its heads.
    pub(super) fn branches(rates: Vec<f64>) -> Self {
        Self { steps: vec![SubStep { encoder_rates: rates.clone(), head_rates: rates }], ..Self::default() }
    }
}

impl SubStep {
    /// The rate factor of each stretch of the parameter vector, in the vector's order.
    pub fn rates<T: Scalar>(&self, model: &LateFusion<T>) -> Vec<(Range<usize>, f64)> {
        if self.encoder_rates.is_empty() && self.head_rates.is_empty() {
            return vec![(0..model.n_params(), 1.0)];
        }
        let factor = |rates: &[f64], b: usize| rates.get(b).copied().unwrap_or(1.0);
        let mut rates = Vec::new();
        for (b, branch) in model.branches().iter().enumerate() {
            rates.push((branch.encoder_params(), factor(&self.encoder_rates, b)));
            for head in [branch.head_params(), branch.own_head_params()].into_iter().flatten() {
                rates.push((head, factor(&self.head_rates, b)));
            }
        }
        rates.sort_by_key(|(range, _)| range.start);
        rates
    }

    /// Which encoders do not move.
    pub fn frozen<T: Scalar>(&self, model: &LateFusion<T>) -> Vec<bool> {
        (0..model.branches().len()).map(|b| self.encoder_rates.get(b) == Some(&0.0)).collect()
    }
}
