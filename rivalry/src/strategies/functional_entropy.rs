//! Functional-entropy regularisation: the loss keeps every modality informative about the
//! output, by the functional Fisher information of the output under noise in its features.
//!
//! For noisy copies x' of a batch, f(x') is the mean over classes of the binary cross-entropy
//! between the outputs on x' and those on x (a softmax, held constant), and a modality's
//! information is I_m = mean |d f / d x'_m|^2 / f. The regulariser is lambda times the l_p norm
//! of the inverse informations: the paper has their sum (p = 1), the released code p = 2. The
//! variance form leaves out the division by f.
//!
//! Its gradient needs the derivative of d f / d x' with respect to the weights, which is the
//! derivative of the weights' gradient as x' moves along d f / d x': taken by central
//! differences, with a relative error of about 1e-5 in single and 1e-10 in double precision.

use crate::model::{Branch, Inputs, LateFusion, Slice, Upstream, Workspace};
use crate::num::{Draws, Matrix, Purpose, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range, Settings};

use super::parts::{deviation, sigmoid, softmax};
use super::{Needs, Step, Strategy};

const NOISE: Purpose = Purpose::new("functional entropy noise");
/// The least f and the least I that is divided by.
const SMALLEST: f64 = 1e-12;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "functional_entropy",
        summary: "keep every modality informative: penalise the inverse of its functional Fisher information",
        cites: &[Citation {
            key: "gat2020entropy",
            text: "I. Gat, I. Schwartz, A. Schwing, T. Hazan. Removing Bias in Multi-modal Classifiers: \
                   Regularization by Maximizing Functional Entropies. NeurIPS 2020",
            url: "https://arxiv.org/abs/2010.10802",
        }],
        knobs: &[
            Knob {
                name: "lambda",
                default: Default::Number(1e-6),
                range: Range::Between(0.0, 1e6),
                meaning: "factor on the regulariser; its scale is that of 1 / information, so search over decades \
                          (released code: 1e-10); 0 is naive joint training",
            },
            Knob {
                name: "samples",
                default: Default::Whole(3),
                range: Range::Between(1.0, 64.0),
                meaning: "noisy copies of each batch",
            },
            Knob {
                name: "norm",
                default: Default::Number(2.0),
                range: Range::Between(1.0, 8.0),
                meaning: "p of the norm over modalities (paper: 1, released code: 2)",
            },
            Knob {
                name: "form",
                default: Default::Word("entropy"),
                range: Range::OneOf(&["entropy", "variance"]),
                meaning: "functional Fisher information, or without the division by f",
            },
        ],
        build: |settings| Box::new(FunctionalEntropy::new(settings)),
    }
}

struct FunctionalEntropy {
    lambda: f64,
    samples: usize,
    norm: f64,
    by_loss: bool,
}

impl FunctionalEntropy {
    fn new(settings: &Settings) -> Self {
        Self {
            lambda: settings.number("lambda"),
            samples: settings.whole("samples"),
            norm: settings.number("norm"),
            by_loss: settings.word("form") == "entropy",
        }
    }

    /// The slope of the norm of the inverse informations at each information.
    fn slopes(&self, informations: &[f64]) -> Vec<f64> {
        let inverse: Vec<f64> = informations.iter().map(|i| 1.0 / i.max(SMALLEST)).collect();
        let norm = special::powf(inverse.iter().map(|v| special::powf(*v, self.norm)).sum(), 1.0 / self.norm);
        inverse.iter().map(|v| -v * v * special::powf(v / norm, self.norm - 1.0)).collect()
    }
}

/// A batch on which f is evaluated: its features, the target q, and buffers.
struct Bench<'a, T: Scalar> {
    model: &'a LateFusion<T>,
    params: &'a [T],
    target: Matrix<f64>,
    work: Workspace<T>,
    upstream: Upstream<T>,
    grad: Vec<T>,
}

impl<'a, T: Scalar> Bench<'a, T> {
    fn new(model: &'a LateFusion<T>, params: &'a [T], clean: &Inputs<T>) -> Self {
        let mut work = Workspace::new(model, clean.len());
        model.forward(params, &Slice::all(clean), None, &mut work);
        let target = softmax(work.fused());
        let (upstream, grad) = (Upstream::new(model, clean.len()), vec![T::ZERO; model.n_params()]);
        Self { model, params, target, work, upstream, grad }
    }

    /// f of every sample; puts the gradient of sum_i weight_i f_i at the logits in place.
    fn forward(&mut self, x: &Inputs<T>, weights: &[f64]) -> Vec<f64> {
        self.model.forward(self.params, &Slice::all(x), None, &mut self.work);
        let z = self.work.fused();
        let n_classes = z.cols() as f64;
        let mut f = vec![0.0; z.rows()];
        let gradient = Matrix::from_fn(z.rows(), z.cols(), |i, k| {
            let (z, q) = (z.row(i)[k].to_f64(), self.target.row(i)[k]);
            let small = special::exp(-z.abs());
            f[i] += (z.max(0.0) - z * q + special::ln_1p(small)) / n_classes;
            T::from_f64(weights[i] * (sigmoid(z) - q) / n_classes)
        });
        self.upstream.clear();
        self.upstream.fused.add(gradient.view());
        f
    }

    /// Adds the gradient of sum_i weight_i f_i at the weights.
    fn add_gradient(&mut self, x: &Inputs<T>, weights: &[f64], total: &mut [f64]) {
        self.forward(x, weights);
        let Self { model, params, upstream, work, grad, .. } = self;
        model.backward(params, &Slice::all(x), upstream, &[], work, grad);
        total.iter_mut().zip(grad.iter()).for_each(|(t, g)| *t += g.to_f64());
    }

    /// f of every sample and its gradient at the features of every branch.
    fn at_features(&mut self, x: &Inputs<T>) -> (Vec<f64>, Vec<Matrix<T>>) {
        let f = self.forward(x, &vec![1.0; x.len()]);
        let mut features: Vec<_> = x.x.iter().map(|x| Matrix::zeros(x.rows(), x.cols())).collect();
        let Self { model, params, upstream, work, grad, .. } = self;
        model.backward_to_features(params, &Slice::all(x), upstream, work, grad, &mut features);
        (f, features)
    }
}

/// A noisy copy of a batch: normal noise with every feature's own deviation over the batch.
fn noisy<T: Scalar>(clean: &Inputs<T>, draws: &mut Draws) -> Inputs<T> {
    let shaken = |x: &Matrix<T>| {
        let deviation = |c: usize| deviation(x.rows(), |i| x.row(i)[c].to_f64());
        let deviations: Vec<f64> = (0..x.cols()).map(deviation).collect();
        Matrix::from_fn(x.rows(), x.cols(), |i, c| {
            T::from_f64(x.row(i)[c].to_f64() + deviations[c] * draws.normal())
        })
    };
    Inputs { x: clean.x.iter().map(shaken).collect(), y: clean.y.clone() }
}

fn square<T: Scalar>(row: &[T]) -> f64 {
    row.iter().map(|v| v.to_f64() * v.to_f64()).sum()
}

impl<T: Scalar> Strategy<T> for FunctionalEntropy {
    fn needs(&self, _modalities: &[String]) -> Needs {
        // Of every copy: to the features, to the weights on either side, and for the division by f.
        let more_passes = self.samples * if self.by_loss { 4 } else { 3 };
        Needs { modulates: true, stepwise: true, more_passes, ..Needs::default() }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        if self.lambda == 0.0 {
            return;
        }
        let (model, train) = (at.epoch.model, at.epoch.train);
        let x = train.x.iter().map(|x| x.gather(at.rows)).collect();
        let clean = Inputs { x, y: at.labels.to_vec() };
        let n_features: usize = model.branches().iter().map(Branch::n_inputs).sum();
        let mut draws = at.draws(NOISE, n_features * self.samples);
        let copies: Vec<_> = (0..self.samples).map(|_| noisy(&clean, &mut draws)).collect();
        let mut bench = Bench::new(model, at.params, &clean);
        let count = (clean.len() * self.samples) as f64;
        let measured: Vec<_> = copies.iter().map(|copy| bench.at_features(copy)).collect();
        let divisor = |f: f64| if self.by_loss { f.max(SMALLEST) } else { 1.0 };
        let informations: Vec<f64> = (0..model.branches().len())
            .map(|m| {
                let of = |(f, g): &(Vec<f64>, Vec<Matrix<T>>)| {
                    sums::sum_by(f.len(), |i| square(g[m].row(i)) / divisor(f[i]))
                };
                measured.iter().map(of).sum::<f64>() / count
            })
            .collect();
        let slopes = self.slopes(&informations);
        let step = special::powf(T::EPSILON, 1.0 / 3.0);
        let mut total = vec![0.0; model.n_params()];
        for (copy, (f, g)) in copies.iter().zip(&measured) {
            // Where every sample goes: the sum over modalities of its gradient, weighted.
            let along = |m: usize, i: usize| 2.0 * slopes[m] / (divisor(f[i]) * count);
            let lengths: Vec<f64> = (0..f.len())
                .map(|i| (0..g.len()).map(|m| along(m, i).powi(2) * square(g[m].row(i))).sum::<f64>().sqrt())
                .collect();
            for side in [1.0, -1.0] {
                let moved = |m: usize| {
                    Matrix::from_fn(copy.len(), copy.x[m].cols(), |i, c| {
                        let unit = along(m, i) * g[m].row(i)[c].to_f64() / lengths[i].max(1e-300);
                        T::from_f64(copy.x[m].row(i)[c].to_f64() + side * step * unit)
                    })
                };
                let moved = Inputs { x: (0..g.len()).map(moved).collect(), y: copy.y.clone() };
                let weights: Vec<f64> = lengths.iter().map(|length| side * length / (2.0 * step)).collect();
                bench.add_gradient(&moved, &weights, &mut total);
            }
            if self.by_loss {
                let weight = |i: usize| {
                    let of = |m: usize| slopes[m] * square(g[m].row(i));
                    -(0..g.len()).map(of).sum::<f64>() / (divisor(f[i]).powi(2) * count)
                };
                bench.add_gradient(copy, &(0..f.len()).map(weight).collect::<Vec<_>>(), &mut total);
            }
        }
        for (g, more) in groups[0].iter_mut().zip(total) {
            *g += T::from_f64(self.lambda * more);
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/functional_entropy.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_norm() {
        for norm in [1.0, 2.0, 3.0] {
            let entropy = FunctionalEntropy { lambda: 1.0, samples: 1, norm, by_loss: true };
            let power = |v: &f64| special::powf(*v, -norm);
            let value = |i: &[f64]| special::powf(i.iter().map(power).sum(), 1.0 / norm);
            let at = [0.7, 1.9];
            for (m, slope) in entropy.slopes(&at).into_iter().enumerate() {
                let shifted = |by: f64| {
                    let mut moved = at;
                    moved[m] += by;
                    value(&moved)
                };
                let numeric = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
                assert!((slope - numeric).abs() < 1e-8, "{norm} {m}: {slope} {numeric}");
            }
        }
    }
}
