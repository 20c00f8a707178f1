//! One fully connected layer: y = x W^T + b, shared by the encoders and the
//! heads. Weights are `outputs x inputs`, row-major, as in PyTorch.

use crate::num::{Draws, MatrixMut, MatrixView, Op, Scalar, product_into, vectorised};

use super::Tensor;

/// The two tensors of a layer called `name`.
pub(crate) fn tensors(name: &str, n_inputs: usize, n_outputs: usize) -> [Tensor; 2] {
    [
        Tensor { name: format!("{name}.weight"), rows: n_outputs, cols: n_inputs },
        Tensor { name: format!("{name}.bias"), rows: 1, cols: n_outputs },
    ]
}

/// Number of parameters of a layer.
pub(crate) fn n_params(n_inputs: usize, n_outputs: usize) -> usize {
    (n_inputs + 1) * n_outputs
}

/// Weights and biases uniform on +-1/sqrt(inputs): the default of PyTorch's
/// `nn.Linear` (`kaiming_uniform` with a = sqrt 5).
pub(crate) fn init<T: Scalar>(n_inputs: usize, draws: &mut Draws, params: &mut [T]) {
    let bound = 1.0 / (n_inputs.max(1) as f64).sqrt();
    for p in params {
        *p = T::from_f64((2.0 * draws.uniform() - 1.0) * bound);
    }
}

/// `out = x W^T + b`.
pub(crate) fn forward<T: Scalar>(params: &[T], x: MatrixView<'_, T>, out: &mut MatrixMut<'_, T>) {
    let (weight, bias) = params.split_at(x.cols() * out.cols());
    product_into(out, x, Op::Plain, MatrixView::new(weight, out.cols(), x.cols()), Op::Transposed, false);
    vectorised(
        #[inline(always)]
        || {
            for row in out.as_mut_slice().chunks_exact_mut(bias.len()) {
                for (y, b) in row.iter_mut().zip(bias) {
                    *y += *b;
                }
            }
        },
    );
}

/// `dW = upstream^T x`, `db = column sums of upstream`, and where asked
/// `dx = upstream W`.
pub(crate) fn backward<T: Scalar>(
    params: &[T],
    x: MatrixView<'_, T>,
    upstream: MatrixView<'_, T>,
    accumulate: bool,
    grad: &mut [T],
    input_grad: Option<&mut MatrixMut<'_, T>>,
) {
    let (n_in, n_out) = (x.cols(), upstream.cols());
    let (weight_grad, bias_grad) = grad.split_at_mut(n_in * n_out);
    product_into(
        &mut MatrixMut::new(weight_grad, n_out, n_in),
        upstream,
        Op::Transposed,
        x,
        Op::Plain,
        accumulate,
    );
    vectorised(
        #[inline(always)]
        || {
            if !accumulate {
                bias_grad.fill(T::ZERO);
            }
            for r in 0..upstream.rows() {
                for (b, u) in bias_grad.iter_mut().zip(upstream.row(r)) {
                    *b += *u;
                }
            }
        },
    );
    if let Some(dx) = input_grad {
        let weight = MatrixView::new(&params[..n_in * n_out], n_out, n_in);
        product_into(dx, upstream, Op::Plain, weight, Op::Plain, false);
    }
}
