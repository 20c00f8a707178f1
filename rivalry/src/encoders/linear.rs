//! A linear encoder: one fully connected layer, no activation. With the
//! linear head it is a deep linear network (Zhang, Latham and Saxe 2024).

use crate::num::{Draws, MatrixMut, MatrixView, Scalar};
use crate::registry::{Default, Entry, Knob, Range};

use super::{Encoder, Shape, layer};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Encoder<T>> {
    Entry {
        name: "linear",
        summary: "one fully connected layer without activation",
        cites: &[],
        knobs: &[Knob {
            name: "width",
            default: Default::Whole(64),
            range: Range::Between(1.0, 65536.0),
            meaning: "units of the embedding",
        }],
        build: |settings| Box::new(Linear { width: settings.whole("width") }),
    }
}

struct Linear {
    width: usize,
}

impl<T: Scalar> Encoder<T> for Linear {
    fn shape(&self, n_inputs: usize, _n_classes: usize) -> Shape {
        Shape {
            tensors: layer::tensors("0", n_inputs, self.width).into(),
            n_outputs: self.width,
            n_kept: 0,
            emits_logits: false,
        }
    }

    fn init(&self, n_inputs: usize, _n_classes: usize, draws: &mut Draws, params: &mut [T]) {
        layer::init(n_inputs, draws, params);
    }

    fn forward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: &mut MatrixMut<'_, T>,
        _kept: &mut [T],
        _noise: Option<&mut Draws>,
    ) {
        layer::forward(params, x, out);
    }

    fn backward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        _out: MatrixView<'_, T>,
        _kept: &mut [T],
        upstream: MatrixView<'_, T>,
        accumulate: bool,
        grad: &mut [T],
        input_grad: Option<&mut MatrixMut<'_, T>>,
    ) {
        layer::backward(params, x, upstream, accumulate, grad, input_grad);
    }
}
