//! The talk's encoder: m neurons per class with a smoothed ReLU, output
//! weights fixed to one, no bias. Its embedding already is the logits
//! f_j(x) = sum_l sigma(<w_{j,l}, x>).
//!
//! Source: Huang et al. 2022 (one-layer encoders with smoothed ReLU, quoted
//! from the talk); the formula of sigma follows Allen-Zhu and Li 2020 and is
//! our reconstruction for this paper, and so are all default constants.

use std::borrow::Borrow;

use crate::num::{Draws, MatrixMut, MatrixView, Op, Scalar, product_into, vectorised};
use crate::registry::{Citation, Default, Entry, Knob, Range};
use crate::works;

use super::{Encoder, Shape, Tensor};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Encoder<T>> {
    Entry {
        name: "smoothed_relu",
        summary: "the talk's one-layer network: m smoothed-ReLU neurons per class, summed",
        cites: &[
            works::HUANG2022,
            Citation {
                key: "allenzhu2020ensemble",
                text: "Z. Allen-Zhu, Y. Li. Towards Understanding Ensemble, Knowledge Distillation and \
                       Self-Distillation in Deep Learning. 2020",
                url: "https://arxiv.org/abs/2012.09816",
            },
        ],
        knobs: &[
            Knob {
                name: "m",
                default: Default::Whole(8),
                range: Range::Between(1.0, 4096.0),
                meaning: "neurons per class (our reconstruction)",
            },
            Knob {
                name: "q",
                default: Default::Whole(3),
                range: Range::Between(2.0, 16.0),
                meaning: "power of the smooth part (our reconstruction; the theory needs q >= 3)",
            },
            Knob {
                name: "beta",
                default: Default::Number(0.2),
                range: Range::Between(1e-6, 1e6),
                meaning: "where the power turns into the line (our reconstruction)",
            },
            Knob {
                name: "sigma0",
                default: Default::Number(0.01),
                range: Range::Between(1e-12, 10.0),
                meaning: "standard deviation of the initial weights (our reconstruction)",
            },
        ],
        build: |settings| {
            Box::new(SmoothedRelu {
                n_neurons: settings.whole("m"),
                power: settings.whole("q") as i32,
                beta: settings.number("beta"),
                sigma0: settings.number("sigma0"),
            })
        },
    }
}

/// The talk's encoder; letters of the paper: m, q, beta, sigma0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothedRelu {
    /// m: neurons per class.
    pub n_neurons: usize,
    /// q: power of the smooth part.
    pub power: i32,
    /// beta: where the power turns into the line.
    pub beta: f64,
    /// sigma0: standard deviation of the initial weights.
    pub sigma0: f64,
}

impl SmoothedRelu {
    /// sigma(a) = 0 for a <= 0; a^q / (q beta^(q-1)) up to beta;
    /// a - (1 - 1/q) beta beyond.
    #[inline(always)]
    pub fn sigma<T: Scalar>(&self, a: T) -> T {
        let (beta, q) = (T::from_f64(self.beta), T::from_f64(f64::from(self.power)));
        if a <= T::ZERO {
            T::ZERO
        } else if a <= beta {
            a * (a / beta).powi(self.power - 1) / q
        } else {
            a - (T::ONE - T::ONE / q) * beta
        }
    }

    /// sigma'(a) = 0; (a / beta)^(q-1); 1.
    #[inline(always)]
    pub fn slope<T: Scalar>(&self, a: T) -> T {
        let beta = T::from_f64(self.beta);
        if a <= T::ZERO {
            T::ZERO
        } else if a <= beta {
            (a / beta).powi(self.power - 1)
        } else {
            T::ONE
        }
    }
}

/// Rows of pre-activations at once, without branches: with u = a cut to
/// [0, beta], sigma'(a) = (u / beta)^(q-1) and sigma(a) = u sigma'(a) / q +
/// max(a - beta, 0).
impl SmoothedRelu {
    /// out += sigma(a), and a = sigma'(a).
    pub(crate) fn activate<T: Scalar>(&self, a: &mut [T], out: &mut [T]) {
        let (beta, inverse_q) = (T::from_f64(self.beta), T::from_f64(1.0 / f64::from(self.power)));
        self.each_slope(a, out, move |a, slope, out| {
            let (u, beyond) = cut(*a, beta);
            *out += u * slope * inverse_q + beyond;
            *a = slope;
        });
    }

    /// out += sigma(a).
    pub(crate) fn add_sigma<T: Scalar>(&self, a: &[T], out: &mut [T]) {
        let (beta, inverse_q) = (T::from_f64(self.beta), T::from_f64(1.0 / f64::from(self.power)));
        self.each_slope(a, out, move |a, slope, out| {
            let (u, beyond) = cut(*a, beta);
            *out += u * slope * inverse_q + beyond;
        });
    }

    /// out = -upstream sigma'(a).
    pub(crate) fn slopes_times<T: Scalar>(&self, a: &[T], upstream: &[T], out: &mut [T]) {
        out.copy_from_slice(upstream);
        self.each_slope(a, out, |_, slope, out| *out = -*out * slope);
    }

    /// out = sigma'(a).
    pub(crate) fn slopes<T: Scalar>(&self, a: &[T], out: &mut [T]) {
        self.each_slope(a, out, |_, slope, out| *out = slope);
    }

    #[inline(always)]
    fn each_slope<T: Scalar, A: Borrow<T>>(
        &self,
        a: impl IntoIterator<Item = A>,
        out: &mut [T],
        f: impl Fn(A, T, &mut T),
    ) {
        // The usual powers as constants, so that the loops vectorise.
        match self.power {
            2 => self.each_slope_of::<T, A, 1>(a, out, f),
            3 => self.each_slope_of::<T, A, 2>(a, out, f),
            4 => self.each_slope_of::<T, A, 3>(a, out, f),
            5 => self.each_slope_of::<T, A, 4>(a, out, f),
            _ => self.each_slope_of::<T, A, 0>(a, out, f),
        }
    }

    #[inline(always)]
    fn each_slope_of<T: Scalar, A: Borrow<T>, const POWER: i32>(
        &self,
        a: impl IntoIterator<Item = A>,
        out: &mut [T],
        f: impl Fn(A, T, &mut T),
    ) {
        let (beta, inverse) = (T::from_f64(self.beta), T::from_f64(1.0 / self.beta));
        let power = self.power - 1;
        vectorised(
            // Moved in, and the power from the type: what is behind a reference
            // is no constant to the compiled loop.
            #[inline(always)]
            move || {
                for (a, out) in a.into_iter().zip(out.iter_mut()) {
                    let x = cut(*a.borrow(), beta).0 * inverse;
                    let slope = match POWER {
                        1 => x,
                        2 => x * x,
                        3 => x * x * x,
                        4 => (x * x) * (x * x),
                        _ => x.powi(power),
                    };
                    f(a, slope, out);
                }
            },
        );
    }
}

/// `a` cut to [0, beta], and what is beyond. Comparisons this way round keep a
/// NaN.
#[inline(always)]
fn cut<T: Scalar>(a: T, beta: T) -> (T, T) {
    let positive = if T::ZERO > a { T::ZERO } else { a };
    let u = if beta < positive { beta } else { positive };
    (u, positive - u)
}

impl<T: Scalar> Encoder<T> for SmoothedRelu {
    fn neurons(&self) -> Option<SmoothedRelu> {
        Some(*self)
    }

    fn shape(&self, n_inputs: usize, n_classes: usize) -> Shape {
        let n_units = n_classes * self.n_neurons;
        Shape {
            tensors: vec![Tensor { name: "0.weight".into(), rows: n_units, cols: n_inputs }],
            n_outputs: n_classes,
            n_kept: 2 * n_units,
            emits_logits: true,
        }
    }

    fn init(&self, _n_inputs: usize, _n_classes: usize, draws: &mut Draws, params: &mut [T]) {
        for p in params {
            *p = T::from_f64(self.sigma0 * draws.normal());
        }
    }

    fn forward(
        &self,
        params: &[T],
        x: MatrixView<'_, T>,
        out: &mut MatrixMut<'_, T>,
        kept: &mut [T],
        _noise: Option<&mut Draws>,
    ) {
        let n_units = out.cols() * self.n_neurons;
        let mut pre = MatrixMut::new(&mut kept[..x.rows() * n_units], x.rows(), n_units);
        product_into(
            &mut pre,
            x,
            Op::Plain,
            MatrixView::new(params, n_units, x.cols()),
            Op::Transposed,
            false,
        );
        // The slopes wait for the backward pass where the pre-activations were.
        let (slopes, values) = kept.split_at_mut(x.rows() * n_units);
        let values = &mut values[..slopes.len()];
        values.fill(T::ZERO);
        self.activate(slopes, values);
        vectorised(
            #[inline(always)]
            || {
                for (f, neurons) in out.as_mut_slice().iter_mut().zip(values.chunks_exact(self.n_neurons)) {
                    *f = neurons.iter().copied().sum();
                }
            },
        );
    }

    /// df_j/dw_{j,l} = sigma'(a_{j,l}) x, so delta_{j,l} = upstream_j
    /// sigma'(a_{j,l}), dW = delta^T x and dx = delta W.
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
    ) {
        let n_units = out.cols() * self.n_neurons;
        let plane = x.rows() * n_units;
        let (slopes, delta) = kept.split_at_mut(plane);
        let delta = &mut delta[..plane];
        vectorised(
            #[inline(always)]
            || {
                for r in 0..x.rows() {
                    let row = r * n_units..(r + 1) * n_units;
                    let units = delta[row.clone()]
                        .chunks_exact_mut(self.n_neurons)
                        .zip(slopes[row].chunks_exact(self.n_neurons));
                    for ((d, slopes), u) in units.zip(upstream.row(r)) {
                        for (d, slope) in d.iter_mut().zip(slopes) {
                            *d = *u * *slope;
                        }
                    }
                }
            },
        );
        let delta = MatrixView::new(delta, x.rows(), n_units);
        product_into(
            &mut MatrixMut::new(grad, n_units, x.cols()),
            delta,
            Op::Transposed,
            x,
            Op::Plain,
            accumulate,
        );
        if let Some(dx) = input_grad {
            let weight = MatrixView::new(params, n_units, x.cols());
            product_into(dx, delta, Op::Plain, weight, Op::Plain, false);
        }
    }
}
