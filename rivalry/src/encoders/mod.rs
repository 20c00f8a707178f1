//! DRAWER: features -> embedding, with hand-derived gradients.
//!
//! An encoder owns no parameters and no buffers: it is a pure description that
//! reads and writes slices it is handed. There is no graph and no allocation
//! in the training loop.

mod identity;
pub(crate) mod layer;
mod linear;
mod mlp;
mod smoothed_relu;

use crate::num::{Draws, MatrixMut, MatrixView, Scalar};
use crate::registry::{Entry, Table};

pub use mlp::Activation;
pub use smoothed_relu::SmoothedRelu;

/// Features of one modality -> embedding.
pub trait Encoder<T: Scalar>: Send + Sync {
    /// Sizes for a modality with `n_inputs` features in a task with `n_classes`.
    fn shape(&self, n_inputs: usize, n_classes: usize) -> Shape;

    /// The activation of an encoder whose logits are plain sums of neurons,
    /// f_j = sum_l sigma(<w_{j,l}, x>), the neurons of a class side by side:
    /// allows the neuron form of a flow, and full batches tile by tile.
    fn neurons(&self) -> Option<SmoothedRelu> {
        None
    }

    /// Draws initial parameters.
    fn init(&self, n_inputs: usize, n_classes: usize, draws: &mut Draws, params: &mut [T]);

    /// Writes the embedding of every row of `x` to `out`, and to `kept` what
    /// [`Encoder::backward`] needs.
    ///
    /// `noise` is there while training (dropout) and absent in evaluation.
    fn forward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: &mut MatrixMut<'_, T>,
        kept: &mut [T],
        noise: Option<&mut Draws>,
    );

    /// Writes the gradient of the parameters to `grad` given that of the
    /// embedding (`upstream`), or adds it when `accumulate`; and the gradient
    /// of the features to `input_grad` where that is asked for.
    ///
    /// `out` and `kept` are those of the forward pass; `kept` may be
    /// overwritten except that a second backward pass after the same forward
    /// pass must give the same result.
    fn backward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: MatrixView<'_, T>,
        kept: &mut [T],
        upstream: MatrixView<'_, T>,
        accumulate: bool,
        grad: &mut [T],
        input_grad: Option<&mut MatrixMut<'_, T>>,
    );
}

/// Sizes of an encoder for one modality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Parameter tensors in the order in which they lie in the flat vector.
    pub tensors: Vec<Tensor>,
    /// Width of the embedding.
    pub n_outputs: usize,
    /// Values that one sample needs in `kept`.
    pub n_kept: usize,
    /// The embedding already is a vector of logits: no head follows.
    pub emits_logits: bool,
}

impl Shape {
    /// Number of parameters.
    pub fn n_params(&self) -> usize {
        self.tensors.iter().map(Tensor::len).sum()
    }
}

/// One parameter tensor, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name within the encoder, as PyTorch would call it: `0.weight`.
    pub name: String,
    /// Outputs (1 for a bias).
    pub rows: usize,
    /// Inputs (the length of a bias).
    pub cols: usize,
}

impl Tensor {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A weight matrix rather than a bias vector.
    pub fn is_weight(&self) -> bool {
        self.name.ends_with("weight")
    }
}

impl<T: Scalar> Entry<dyn Encoder<T>> {
    const ALL: &'static [Self] = &[mlp::entry(), linear::entry(), identity::entry(), smoothed_relu::entry()];
}

/// All encoders; the first is the default.
pub fn table<T: Scalar>() -> Table<dyn Encoder<T>> {
    Entry::<dyn Encoder<T>>::ALL
}
