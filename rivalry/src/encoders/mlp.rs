//! A multi-layer perceptron: `depth` times (fully connected, activation,
//! dropout). The last hidden layer is the embedding.

use crate::num::{Draws, MatrixMut, MatrixView, Scalar, vectorised};
use crate::registry::{Default, Entry, Knob, Range};

use super::{Encoder, Shape, layer};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Encoder<T>> {
    Entry {
        name: "mlp",
        summary: "fully connected layers with an activation and dropout",
        cites: &[],
        knobs: &[
            Knob {
                name: "width",
                default: Default::Whole(64),
                range: Range::Between(1.0, 65536.0),
                meaning: "units per layer, also of the embedding",
            },
            Knob {
                name: "depth",
                default: Default::Whole(1),
                range: Range::Between(1.0, 16.0),
                meaning: "hidden layers",
            },
            Knob {
                name: "activation",
                default: Default::Word("relu"),
                range: Range::OneOf(&["relu", "gelu", "tanh"]),
                meaning: "what follows each layer (gelu: the exact form with erf)",
            },
            Knob {
                name: "dropout",
                default: Default::Number(0.0),
                range: Range::Between(0.0, 0.95),
                meaning: "share of units dropped while training, survivors scaled up",
            },
        ],
        build: |settings| {
            Box::new(Mlp {
                width: settings.whole("width"),
                depth: settings.whole("depth"),
                activation: match settings.word("activation") {
                    "gelu" => Activation::Gelu,
                    "tanh" => Activation::Tanh,
                    _ => Activation::Relu,
                },
                dropout: settings.number("dropout"),
            })
        },
    }
}

/// The nonlinearity of a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// max(0, a).
    Relu,
    /// a Phi(a), with the exact normal distribution function.
    Gelu,
    /// tanh a.
    Tanh,
}

struct Mlp {
    width: usize,
    depth: usize,
    activation: Activation,
    dropout: f64,
}

impl Mlp {
    /// Matrices of (batch x width) that each layer keeps: GELU's derivative
    /// needs the pre-activation, those of ReLU and tanh only the output;
    /// dropout needs its mask; every layer but the last its output (the last
    /// is `out`); and every layer a place for the gradient of its
    /// pre-activation.
    fn planes(&self) -> Planes {
        let pre = usize::from(self.activation == Activation::Gelu);
        let mask = usize::from(self.dropout > 0.0);
        // With dropout the undropped activation must be known as well.
        let act = mask * usize::from(self.activation == Activation::Tanh);
        Planes { pre, mask, act, per_layer: pre + mask + act + 2 }
    }

    fn activate<T: Scalar>(&self, values: &mut [T]) {
        match self.activation {
            Activation::Relu => vectorised(
                #[inline(always)]
                || {
                    for v in values.iter_mut() {
                        *v = if *v > T::ZERO { *v } else { T::ZERO };
                    }
                },
            ),
            Activation::Gelu => {
                for v in values.iter_mut() {
                    *v *= normal_cdf(*v);
                }
            }
            Activation::Tanh => {
                for v in values.iter_mut() {
                    *v = v.tanh();
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Planes {
    pre: usize,
    mask: usize,
    act: usize,
    per_layer: usize,
}

/// One layer's part of `kept`.
struct LayerKept<'a, T> {
    pre: &'a mut [T],
    mask: &'a mut [T],
    act: &'a mut [T],
    out: &'a mut [T],
    delta: &'a mut [T],
}

impl Planes {
    fn split<'a, T>(&self, kept: &'a mut [T], plane: usize) -> LayerKept<'a, T> {
        let (pre, kept) = kept.split_at_mut(self.pre * plane);
        let (mask, kept) = kept.split_at_mut(self.mask * plane);
        let (act, kept) = kept.split_at_mut(self.act * plane);
        let (out, delta) = kept.split_at_mut(plane);
        LayerKept { pre, mask, act, out, delta: &mut delta[..plane] }
    }
}

impl<T: Scalar> Encoder<T> for Mlp {
    fn shape(&self, n_inputs: usize, _n_classes: usize) -> Shape {
        let tensors = (0..self.depth)
            .flat_map(|l| {
                layer::tensors(&l.to_string(), if l == 0 { n_inputs } else { self.width }, self.width)
            })
            .collect();
        Shape {
            tensors,
            n_outputs: self.width,
            n_kept: self.depth * self.planes().per_layer * self.width,
            emits_logits: false,
        }
    }

    fn init(&self, n_inputs: usize, _n_classes: usize, draws: &mut Draws, params: &mut [T]) {
        let (first, rest) = params.split_at_mut(layer::n_params(n_inputs, self.width));
        layer::init(n_inputs, draws, first);
        for block in rest.chunks_exact_mut(layer::n_params(self.width, self.width)) {
            layer::init(self.width, draws, block);
        }
    }

    fn forward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: &mut MatrixMut<'_, T>,
        kept: &mut [T],
        mut noise: Option<&mut Draws>,
    ) {
        let planes = self.planes();
        let plane = x.rows() * self.width;
        let (mut params, mut kept) = (params, kept);
        let mut input = x;
        for l in 0..self.depth {
            let (layer_params, next_params) = params.split_at(layer::n_params(input.cols(), self.width));
            let (layer_kept, next_kept) = kept.split_at_mut(planes.per_layer * plane);
            (params, kept) = (next_params, next_kept);
            let k = planes.split(layer_kept, plane);
            let last = l + 1 == self.depth;
            let mut target =
                MatrixMut::new(if last { out.as_mut_slice() } else { k.out }, x.rows(), self.width);
            layer::forward(layer_params, input, &mut target);
            k.pre.copy_from_slice(if planes.pre == 1 { target.as_slice() } else { &[] });
            self.activate(target.as_mut_slice());
            if planes.mask == 1 {
                if planes.act == 1 {
                    k.act.copy_from_slice(target.as_slice());
                }
                fill_mask(k.mask, self.dropout, noise.as_deref_mut());
                for (v, m) in target.as_mut_slice().iter_mut().zip(k.mask.iter()) {
                    *v *= *m;
                }
            }
            if !last {
                input = MatrixView::new(k.out, x.rows(), self.width);
            }
        }
    }

    /// With a = W x + b, h = s(a) and the mask m: delta = upstream * m * s'(a),
    /// then the layer's own gradients from delta. s' is [h > 0] for ReLU,
    /// 1 - h^2 for tanh, Phi(a) + a phi(a) for GELU.
    fn backward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: MatrixView<'_, T>,
        kept: &mut [T],
        upstream: MatrixView<'_, T>,
        accumulate: bool,
        grad: &mut [T],
        mut input_grad: Option<&mut MatrixMut<'_, T>>,
    ) {
        let planes = self.planes();
        let n_rows = x.rows();
        let plane = n_rows * self.width;
        let size = planes.per_layer * plane;
        let first_params = layer::n_params(x.cols(), self.width);
        let later_params = layer::n_params(self.width, self.width);
        for l in (0..self.depth).rev() {
            let last = l + 1 == self.depth;
            let (before, rest) = kept.split_at_mut(l * size);
            let (here, after) = rest.split_at_mut(size);
            let k = planes.split(here, plane);
            let activated = if last { to_slice(&out) } else { &*k.out };
            // The layer above left the gradient of this layer's output in this
            // layer's `delta`; the last layer takes it from outside, which ReLU
            // does in its own pass.
            let outside = upstream
                .contiguous()
                .filter(|_| last && planes.mask == 0 && self.activation == Activation::Relu);
            if last && outside.is_none() {
                for r in 0..n_rows {
                    k.delta[r * self.width..(r + 1) * self.width].copy_from_slice(upstream.row(r));
                }
            }
            let _ = after;
            for (d, m) in k.delta.iter_mut().zip(k.mask.iter()) {
                *d *= *m;
            }
            match self.activation {
                // A dropped unit is zero and its gradient is masked already.
                Activation::Relu => vectorised(
                    #[inline(always)]
                    || {
                        if let Some(outside) = outside {
                            for ((d, h), u) in k.delta.iter_mut().zip(activated).zip(outside) {
                                *d = if *h > T::ZERO { *u } else { T::ZERO };
                            }
                        } else {
                            for (d, h) in k.delta.iter_mut().zip(activated) {
                                *d = if *h > T::ZERO { *d } else { T::ZERO };
                            }
                        }
                    },
                ),
                Activation::Tanh => {
                    let h = if planes.act == 1 { &*k.act } else { activated };
                    for (d, h) in k.delta.iter_mut().zip(h) {
                        *d *= T::ONE - *h * *h;
                    }
                }
                Activation::Gelu => {
                    for (d, a) in k.delta.iter_mut().zip(k.pre.iter()) {
                        *d *= normal_cdf(*a) + *a * normal_density(*a);
                    }
                }
            }
            let delta = MatrixView::new(k.delta, n_rows, self.width);
            let start = if l == 0 { 0 } else { first_params + (l - 1) * later_params };
            let n_params = if l == 0 { first_params } else { later_params };
            let range = start..start + n_params;
            if l == 0 {
                layer::backward(
                    &params[range.clone()],
                    x,
                    delta,
                    accumulate,
                    &mut grad[range],
                    input_grad.as_deref_mut(),
                );
            } else {
                let below = planes.split(&mut before[(l - 1) * size..], plane);
                let mut below_delta = MatrixMut::new(below.delta, n_rows, self.width);
                layer::backward(
                    &params[range.clone()],
                    MatrixView::new(below.out, n_rows, self.width),
                    delta,
                    accumulate,
                    &mut grad[range],
                    Some(&mut below_delta),
                );
            }
        }
    }
}

/// Zero with probability `rate`, else 1 / (1 - rate); all ones without noise.
fn fill_mask<T: Scalar>(mask: &mut [T], rate: f64, noise: Option<&mut Draws>) {
    let Some(draws) = noise else {
        mask.fill(T::ONE);
        return;
    };
    let scale = T::from_f64(1.0 / (1.0 - rate));
    for m in mask {
        *m = if draws.bernoulli(rate) { T::ZERO } else { scale };
    }
}

/// All values of a contiguous view.
fn to_slice<'a, T: Scalar>(view: &MatrixView<'a, T>) -> &'a [T] {
    view.contiguous().expect("embeddings are contiguous")
}

fn normal_cdf<T: Scalar>(a: T) -> T {
    let half = T::from_f64(0.5);
    half + half * (a * T::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf()
}

fn normal_density<T: Scalar>(a: T) -> T {
    (T::from_f64(-0.5) * a * a).exp() * T::from_f64(0.398_942_280_401_432_7)
}
