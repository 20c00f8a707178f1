//! The neuron form of an objective: networks whose logits are sums of
//! neurons, f_j = sum_r sum_l sigma(<w_{j,r,l}, x^r>), seen through their
//! pre-activations. Says what a solver may ask; knows no data.

use crate::encoders::SmoothedRelu;
use crate::num::Scalar;

use super::Reading;

/// Gradient flow keeps w - w_0 in the span of the samples, so a neuron is
/// known by its pre-activations P = X w (one per sample) and its pull C, the
/// integral of c = -g_j sigma'(P): w = w_0 + X^T C, dP/dt = X X^T c, with g_j
/// the gradient of the objective at the logits of its class.
///
/// Neurons are numbered by branch, then class, then place within the class,
/// as their weights lie in the parameter vector. Values per neuron and sample
/// are row-major, neurons x samples; values per channel, class and sample are
/// channels x classes x samples.
pub trait Neurons<T: Scalar> {
    /// Sizes.
    fn layout(&self) -> &Layout;

    /// Writes the pre-activations of all neurons.
    fn pre_activations(&mut self, params: &[T], out: &mut Vec<T>);

    /// Adds X^T C to the parameters.
    fn add_pull(&mut self, pull: &[T], params: &mut [T]);

    /// out = X X^T c for some neurons of one branch.
    fn spread(&mut self, branch: usize, c: &[T], out: &mut [T]);

    /// Writes the gradient of the objective at the logits of each channel.
    fn upstream(&mut self, logits: &[T], out: &mut [T]);

    /// What is read off the logits.
    fn read(&mut self, logits: &[T]) -> Reading;
}

/// Sizes of a neuron form.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// n.
    pub n_samples: usize,
    /// K.
    pub n_classes: usize,
    /// Sums of logits that the objective tells apart: one where it sees only
    /// the fused logits, else one per branch.
    pub n_channels: usize,
    /// One per branch.
    pub branches: Vec<NeuronBranch>,
}

/// Neurons of one branch.
#[derive(Clone, Debug, PartialEq)]
pub struct NeuronBranch {
    /// The activation, and m.
    pub sigma: SmoothedRelu,
    /// The channel that its logits are summed in.
    pub channel: usize,
    /// Multiplications of [`Neurons::spread`] per neuron.
    pub spread: f64,
}

impl Layout {
    /// Number of neurons.
    pub fn n_neurons(&self) -> usize {
        self.branches.iter().map(|b| b.sigma.n_neurons * self.n_classes).sum()
    }

    /// Values per channel, class and sample.
    pub fn n_logits(&self) -> usize {
        self.n_channels * self.n_classes * self.n_samples
    }
}
