//! DRAWER: how to train. A strategy is a value handed to the one training
//! loop; naive joint training is the empty one.
//!
//! The hooks follow a step from input to weights, so a method's place in the
//! literature can be read off the hooks it fills. No strategy contains an
//! epoch loop, a solver or a network of its own. How the hooks meet the demands
//! of every method in the literature is on the page
//! `docs/decisions/0005-the-strategy-trait.md`.

mod auxiliary;
pub mod ensemble;
mod naive;
mod objective;
mod unimodal;
mod warm_start;

use std::ops::Range;

use crate::model::{Inputs, LateFusion, Outputs, Workspace};
use crate::num::{Draws, Matrix, Purpose, Scalar};
use crate::registry::{Choice, Entry, Table};

pub use objective::{Loss, Objective, On, Term};

/// A way to train. Every method defaults to what naive joint training does.
pub trait Strategy<T: Scalar>: Send {
    /// Runs that must exist first, and changes to the network.
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs::default()
    }

    /// Before an epoch: changes weights (warm start, re-initialisation) or asks
    /// the loop to keep or restore a state.
    fn settle(&mut self, _at: &Epoch<'_, T>, _params: &mut [T]) -> Settle {
        Settle::Go
    }

    /// What the coming epoch trains: which branches, at what rates, on which
    /// samples.
    fn plan(&mut self, _at: &Epoch<'_, T>) -> Plan {
        Plan::default()
    }

    /// Before a forward pass: what the branches see (dropout of modalities).
    fn batch(&mut self, _at: &Step<'_, T>, _work: &mut Workspace<T>) {}

    /// After it: what is minimised.
    fn objective(&mut self, _at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
    }

    /// The objective as a fixed sum of cross-entropies on logits with a factor
    /// each, where that is all there is to the strategy: it fills no other hook
    /// and looks at no weights. A gradient flow then follows neurons instead of
    /// weights where the encoders allow it; and a full batch of fused
    /// cross-entropy alone is worked tile by tile.
    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        None
    }

    /// After the backward passes: the direction taken. `groups[0]` is what the
    /// solver will see; terms kept apart by the objective have a gradient each
    /// behind it, which this hook combines.
    fn gradient(&mut self, _at: &Step<'_, T>, _params: &[T], groups: &mut [Vec<T>]) {
        let (first, rest) = groups.split_at_mut(1);
        for group in rest {
            first[0].iter_mut().zip(group.iter()).for_each(|(g, more)| *g += *more);
        }
    }

    /// How per-modality outputs become a prediction (scores, n x K; the
    /// largest wins). `None` is the sum of logits. `valid` holds the outputs on
    /// the validation part, for methods that fit something there.
    fn fuse(&self, _valid: Option<(&Outputs<T>, &[u32])>, _outputs: &Outputs<T>) -> Option<Matrix<T>> {
        None
    }

    /// All that must survive a crash. What is not in here does not exist when a
    /// run resumes.
    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        Vec::new()
    }
}

/// What a strategy asks for before training starts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Runs with the same data, seed and settings that must have ended first.
    pub runs: Vec<NeededRun>,
    /// A classifier of its own for every branch, except where the encoder
    /// emits logits itself.
    pub own_heads: bool,
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
}

impl NeededRun {
    /// Each of the modalities trained alone.
    fn each_alone(modalities: &[String]) -> Vec<Self> {
        let alone =
            |name: &String| Self { modalities: vec![name.clone()], strategy: Choice::new("unimodal") };
        modalities.iter().map(alone).collect()
    }
}

/// What the loop does after [`Strategy::settle`].
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
        Self { steps: vec![SubStep::default()], samples: None, stop: false }
    }
}

impl SubStep {
    /// The rate factor of each stretch of the parameter vector.
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
        rates
    }

    /// Which encoders do not move.
    pub fn frozen<T: Scalar>(&self, model: &LateFusion<T>) -> Vec<bool> {
        (0..model.branches().len()).map(|b| self.encoder_rates.get(b) == Some(&0.0)).collect()
    }
}

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
    /// The runs asked for in [`Strategy::needs`], in that order.
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
    /// Training rows of the batch.
    pub rows: &'a [u32],
    /// Their class indices.
    pub labels: &'a [u32],
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
    fn copy_teachers(&self, params: &mut [T]) {
        for (branch, teacher) in self.model.branches().iter().zip(self.needed) {
            let single = &teacher.model.branches()[0];
            params[branch.encoder_params()].copy_from_slice(&teacher.params[single.encoder_params()]);
            if let (Some(to), Some(from)) = (branch.head_params(), single.head_params()) {
                params[to].copy_from_slice(&teacher.params[from]);
            }
        }
    }

    /// Draws of this epoch for a purpose of the strategy's own.
    pub fn draws(&self, purpose: Purpose) -> Draws {
        Draws::new(self.seed, purpose, self.index)
    }
}

impl<T: Scalar> Entry<dyn Strategy<T>> {
    const ALL: &'static [Self] =
        &[naive::entry(), unimodal::entry(), ensemble::entry(), auxiliary::entry(), warm_start::entry()];
}

/// All strategies; the first is the default.
pub fn table<T: Scalar>() -> Table<dyn Strategy<T>> {
    Entry::<dyn Strategy<T>>::ALL
}
