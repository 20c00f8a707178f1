//! The probe: multinomial logistic regression on frozen features.
//!
//! Features are standardised on the training rows; an L2 penalty on the weights
//! (not on the intercepts) is chosen from one fixed grid by validation accuracy, then
//! validation cross-entropy. The same grid, tolerance and order are used on
//! both sides of every comparison, because a difference of two probes means
//! something only then. A probe never sees test labels.
//!
//! The objective is the mean cross-entropy plus `strength / 2` times the sum of
//! squared weights, so scikit-learn's `C` is `1 / (n_samples * strength)`.

mod cholesky;
mod lbfgs;
#[cfg(test)]
mod tests;

use self::cholesky::Cholesky;
use crate::model::loss;
use crate::num::{Matrix, MatrixMut, MatrixView, Op, product, product_into, special};

/// Penalties tried, from strong to weak: each fit starts from the one before.
pub const STRENGTHS: [f64; 5] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4];

/// The strength used when there are no validation rows to choose on.
pub const DEFAULT_STRENGTH: f64 = 1e-2;

/// Largest gradient entry of the mean objective at which a fit has converged
/// (scikit-learn's default). A tenth of it doubles the time and moves accuracies by less
/// than one sample in a thousand.
const TOLERANCE: f64 = 1e-4;
const MAX_STEPS: usize = 200;
/// Features up to which X' X is factored to speed up the fit.
const MAX_FACTORED: usize = 600;

/// A fitted probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// `(n_features + 1) x n_classes`, for standardised features; the last row
    /// holds the intercepts.
    weights: Matrix<f64>,
    scaling: Scaling,
    /// The penalty it was fitted with.
    pub strength: f64,
    /// Whether the gradient fell to the tolerance. A fit that did not converge
    /// is still a classifier, a little more regularised by early stopping.
    pub converged: bool,
}

/// Features and labels of some rows.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// `n_rows x n_features`.
    pub features: MatrixView<'a, f32>,
    /// One class per row.
    pub labels: &'a [u32],
}

impl Probe {
    /// Fits the grid on `train` and keeps the best on `valid`: highest accuracy,
    /// then lowest cross-entropy, then strongest penalty.
    pub fn select(train: Rows<'_>, valid: Rows<'_>, n_classes: usize) -> Self {
        let problem = Problem::new(train, n_classes);
        let mut state = problem.start(STRENGTHS[0]);
        if valid.labels.is_empty() {
            return problem.fit(&mut state, DEFAULT_STRENGTH);
        }
        let mut best: Option<((usize, f64), Self)> = None;
        for strength in STRENGTHS {
            let probe = problem.fit(&mut state, strength);
            let score = probe.score(valid);
            let better =
                best.as_ref().is_none_or(|(top, _)| score.0 > top.0 || (score.0 == top.0 && score.1 < top.1));
            if better {
                best = Some((score, probe));
            }
        }
        best.expect("the grid is not empty").1
    }

    /// Fits one penalty from zero weights.
    pub fn fit(train: Rows<'_>, n_classes: usize, strength: f64) -> Self {
        let problem = Problem::new(train, n_classes);
        problem.fit(&mut problem.start(strength), strength)
    }

    /// Logits of new rows, `n_rows x n_classes`.
    pub fn logits(&self, features: MatrixView<'_, f32>) -> Matrix<f64> {
        product(self.scaling.apply(features).view(), Op::Plain, self.weights.view(), Op::Plain)
    }

    /// Number of rows classified right (a tie is an error) and mean cross-entropy.
    fn score(&self, rows: Rows<'_>) -> (usize, f64) {
        let logits = self.logits(rows.features);
        let mut right = 0;
        let mut loss = 0.0;
        for (i, label) in rows.labels.iter().enumerate() {
            let row = logits.row(i);
            let own = row[*label as usize];
            right += usize::from(row.iter().enumerate().all(|(k, z)| k == *label as usize || *z < own));
            loss += log_sum_exp(row) - own;
        }
        (right, loss / rows.labels.len() as f64)
    }
}

fn log_sum_exp(row: &[f64]) -> f64 {
    let top = row.iter().fold(row[0], |a, b| a.max(*b));
    let sum: f64 = row.iter().map(|z| special::exp(*z - top)).sum();
    top + special::ln(sum)
}

/// Means and inverse standard deviations of training features; a constant
/// feature becomes zero.
#[derive(Clone, Debug, PartialEq)]
struct Scaling {
    means: Vec<f64>,
    inverse_sds: Vec<f64>,
}

impl Scaling {
    fn fit(features: MatrixView<'_, f32>) -> Self {
        let (n, d) = (features.rows(), features.cols());
        let mut means = vec![0.0_f64; d];
        for r in 0..n {
            for (m, x) in means.iter_mut().zip(features.row(r)) {
                *m += f64::from(*x);
            }
        }
        for m in &mut means {
            *m /= n.max(1) as f64;
        }
        let mut squares = vec![0.0_f64; d];
        for r in 0..n {
            for ((s, x), m) in squares.iter_mut().zip(features.row(r)).zip(&means) {
                *s += (f64::from(*x) - m) * (f64::from(*x) - m);
            }
        }
        let inverse = |(square, mean): (f64, &f64)| {
            let sd = (square / n.max(1) as f64).sqrt();
            // A feature that varies only in the last bits of its mean is constant.
            if sd <= 1e-6 * mean.abs() || sd < 1e-30 { 0.0 } else { 1.0 / sd }
        };
        let inverse_sds = squares.into_iter().zip(&means).map(inverse).collect();
        Self { means, inverse_sds }
    }

    /// Standardised features with a last column of ones.
    fn apply(&self, features: MatrixView<'_, f32>) -> Matrix<f64> {
        let (n, d) = (features.rows(), features.cols());
        let mut out = Vec::with_capacity(n * (d + 1));
        for r in 0..n {
            let scaled = features.row(r).iter().zip(&self.means).zip(&self.inverse_sds);
            out.extend(scaled.map(|((x, m), i)| (f64::from(*x) - m) * i));
            out.push(1.0);
        }
        Matrix::from_vec(n, d + 1, out)
    }
}

/// The objective over one set of training rows.
struct Problem<'a> {
    /// Standardised, with a last column of ones.
    features: Matrix<f64>,
    labels: &'a [u32],
    scaling: Scaling,
    n_classes: usize,
    /// X' X / n, where it is small enough to factor for every strength.
    moments: Option<Matrix<f64>>,
}

/// Where one fit leaves off and the next begins.
struct State {
    /// `(n_features + 1) x n_classes`, row-major.
    weights: Vec<f64>,
    buffers: Buffers,
}

/// What the objective computes on the way.
struct Buffers {
    logits: Matrix<f64>,
    /// (softmax - one-hot) / `n_rows` of the training rows.
    residuals: Matrix<f64>,
    log_norm: Vec<f64>,
}

impl Buffers {
    /// The mean of p (1 - p) over rows and classes: |residual| is p or 1 - p
    /// over the number of rows, and the product is the same for both.
    fn mean_curvature(&self) -> f64 {
        let n = self.residuals.rows() as f64;
        let one = |r: &f64| (r * n).abs() * (1.0 - (r * n).abs());
        self.residuals.as_slice().iter().map(one).sum::<f64>() / self.residuals.as_slice().len() as f64
    }
}

impl<'a> Problem<'a> {
    fn new(train: Rows<'a>, n_classes: usize) -> Self {
        let scaling = Scaling::fit(train.features);
        let features = scaling.apply(train.features);
        let moments = (features.cols() <= MAX_FACTORED).then(|| {
            let scale = 1.0 / features.rows() as f64;
            product(features.view(), Op::Transposed, features.view(), Op::Plain).map(|x| x * scale)
        });
        Self { features, labels: train.labels, scaling, n_classes, moments }
    }

    /// All weights zero.
    fn start(&self, strength: f64) -> State {
        let (n, k) = (self.features.rows(), self.n_classes);
        let weights = vec![0.0; self.features.cols() * k];
        let mut buffers =
            Buffers { logits: Matrix::zeros(n, k), residuals: Matrix::zeros(n, k), log_norm: vec![0.0; n] };
        self.objective(&weights, &mut weights.clone(), &mut buffers, strength);
        State { weights, buffers }
    }

    fn fit(&self, state: &mut State, strength: f64) -> Probe {
        // The Hessian is near (c X' X / n + strength) for every class, with c
        // the mean of p (1 - p).
        let curvature = state.buffers.mean_curvature().max(1e-6);
        let factored = self.moments.as_ref().and_then(|moments| {
            let mut hessian = moments.map(|x| curvature * x);
            for i in 0..hessian.rows() - 1 {
                hessian.row_mut(i)[i] += strength;
            }
            Cholesky::new(hessian)
        });
        let precondition = |vector: &mut [f64]| match &factored {
            Some(factored) => factored.solve(vector, self.n_classes),
            None => vector.iter_mut().for_each(|v| *v /= curvature + strength),
        };
        let State { weights, buffers } = state;
        let ended = lbfgs::minimise(
            weights,
            |weights, gradient| self.objective(weights, gradient, buffers, strength),
            precondition,
            TOLERANCE,
            MAX_STEPS,
        );
        Probe {
            weights: Matrix::from_vec(self.features.cols(), self.n_classes, weights.clone()),
            scaling: self.scaling.clone(),
            strength,
            converged: ended.converged,
        }
    }

    /// Mean cross-entropy plus penalty. With P the softmax of X W and Y the
    /// one-hot labels, the gradient is X' (P - Y) / n + strength W, without the
    /// last term for the intercepts.
    fn objective(&self, weights: &[f64], gradient: &mut [f64], buffers: &mut Buffers, strength: f64) -> f64 {
        let (d, k) = (self.features.cols(), self.n_classes);
        let Buffers { logits, residuals, log_norm } = buffers;
        let weights_view = MatrixView::new(weights, d, k);
        let features = self.features.view();
        product_into(&mut logits.view_mut(), features, Op::Plain, weights_view, Op::Plain, false);
        let mut out = residuals.view_mut();
        let loss = loss::cross_entropy(logits.view(), self.labels, None, 1.0, &mut out, log_norm);
        let mut out = MatrixMut::new(gradient, d, k);
        product_into(&mut out, features, Op::Transposed, residuals.view(), Op::Plain, false);
        let mut square = 0.0;
        for (g, w) in gradient[..(d - 1) * k].iter_mut().zip(weights) {
            *g += strength * w;
            square += w * w;
        }
        loss + 0.5 * strength * square
    }
}
