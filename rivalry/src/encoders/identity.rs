//! No encoder: the features are the embedding, and the network is one linear layer per
//! modality (the network of the published TMC experiments).

use crate::num::{Draws, MatrixMut, MatrixView, Scalar};
use crate::registry::Entry;

use super::{Encoder, Shape};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Encoder<T>> {
    Entry {
        name: "identity",
        summary: "the features themselves: with the head, one linear layer",
        cites: &[],
        knobs: &[],
        build: |_| Box::new(Identity),
    }
}

struct Identity;

impl<T: Scalar> Encoder<T> for Identity {
    fn shape(&self, n_inputs: usize, _n_classes: usize) -> Shape {
        Shape { tensors: Vec::new(), n_outputs: n_inputs, n_kept: 0, emits_logits: false }
    }

    fn init(&self, _n_inputs: usize, _n_classes: usize, _draws: &mut Draws, _params: &mut [T]) {}

    fn forward(
        &self,
        _params: &[T],
        x: MatrixView<'_, T>,
        out: &mut MatrixMut<'_, T>,
        _kept: &mut [T],
        _noise: Option<&mut Draws>,
    ) {
        for r in 0..x.rows() {
            out.row_mut(r).copy_from_slice(x.row(r));
        }
    }

    fn backward(
        &self,
        _params: &[T],
        _x: MatrixView<'_, T>,
        _out: MatrixView<'_, T>,
        _kept: &mut [T],
        upstream: MatrixView<'_, T>,
        _accumulate: bool,
        _grad: &mut [T],
        input_grad: Option<&mut MatrixMut<'_, T>>,
    ) {
        if let Some(grad) = input_grad {
            for r in 0..upstream.rows() {
                grad.row_mut(r).copy_from_slice(upstream.row(r));
            }
        }
    }
}
