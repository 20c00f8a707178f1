//! What a step minimises: a sum of terms, each on one output of the network.

use crate::num::{Matrix, Scalar};

/// The output of the network that a term is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// The sum of the branches' logits.
    Fused,
    /// The logits of one branch's part of the joint head (the raw cut).
    Branch(usize),
    /// The logits of one branch's own head; the branch's logits themselves
    /// where its encoder emits them.
    Own(usize),
    /// One branch's embedding.
    Embedding(usize),
}

/// A loss on one output.
#[derive(Clone, Debug)]
pub enum Loss<T> {
    /// Softmax cross-entropy with the labels, times a factor; class weights and
    /// sample weights of the run apply.
    CrossEntropy {
        /// The factor.
        factor: f64,
    },
    /// A loss that the strategy has computed itself, and its gradient at the
    /// output (samples x width).
    Given {
        /// Its value, for the trajectory.
        value: f64,
        /// Its gradient.
        gradient: Matrix<T>,
    },
}

/// One term of the objective.
#[derive(Clone, Debug)]
pub struct Term<T> {
    /// What it is on.
    pub on: On,
    /// The loss.
    pub loss: Loss<T>,
    /// Whether its gradient stays in a buffer of its own until
    /// [`super::Strategy::gradient`] combines them.
    pub apart: bool,
    /// Whether its gradient trains the head only and stops before the encoder
    /// (fused logits and own heads).
    pub stopped: bool,
}

impl<T> Term<T> {
    /// Cross-entropy on an output, times a factor.
    pub fn cross_entropy(on: On, factor: f64) -> Self {
        Self { on, loss: Loss::CrossEntropy { factor }, apart: false, stopped: false }
    }

    /// A loss computed by the strategy.
    pub fn given(on: On, value: f64, gradient: Matrix<T>) -> Self {
        Self { on, loss: Loss::Given { value, gradient }, apart: false, stopped: false }
    }

    /// The same term with a gradient buffer of its own.
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// The same term, its gradient stopped before the encoder.
    pub fn stopped(mut self) -> Self {
        self.stopped = true;
        self
    }
}

/// The terms of one step. Their gradients add up in group 0, except those of
/// terms kept apart, which get the groups behind it in the order of adding.
#[derive(Clone, Debug, Default)]
pub struct Objective<T> {
    terms: Vec<Term<T>>,
}

impl<T: Scalar> Objective<T> {
    /// No terms yet.
    pub fn new() -> Self {
        Self { terms: Vec::new() }
    }

    /// Adds a term.
    pub fn add(&mut self, term: Term<T>) {
        self.terms.push(term);
    }

    /// Removes all terms; the loop does so before each step.
    pub fn clear(&mut self) {
        self.terms.clear();
    }

    /// Number of gradient groups: one, and one more per term kept apart.
    pub fn n_groups(&self) -> usize {
        1 + self.terms.iter().filter(|t| t.apart).count()
    }

    /// The terms of a group.
    pub fn group(&self, group: usize) -> impl Iterator<Item = &Term<T>> {
        let mut next = 0;
        self.terms.iter().filter(move |term| {
            let own = if term.apart {
                next += 1;
                next
            } else {
                0
            };
            own == group
        })
    }
}
