//! What is read off trained neurons: alignments, and errors on fresh samples.
//!
//! Works in the coordinates of the compact law (`data::sparse_coding`), where
//! the feature of class j is the j-th axis. Test samples are drawn in the space
//! of pre-activations, which is exact (`lab::gaussian`).

use std::borrow::Cow;

use crate::data::sparse_coding::{Codes, Compact, DRAWS_PER_LENGTH, chi};
use crate::encoders::SmoothedRelu;
use crate::model::loss;
use crate::num::{Draws, Matrix, MatrixView, Op, Purpose, product_into};

use super::gaussian::factor;
use super::setting::{Fusion, Setting};
use super::theory::strength::{Convention, data_strengths};

const TEST_NOISE: Purpose = Purpose::new("lab test noise");
const LEFT_OUT: Purpose = Purpose::new("lab left-out weights");
const LEFT_OUT_LENGTHS: Purpose = Purpose::new("lab left-out lengths");
/// The part of the codes' draws that test samples come from.
const TEST_PART: u32 = 2;

/// The neurons of one modality in a network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Neurons {
    per_class: usize,
    /// Class after class: units x features.
    weights: Matrix<f64>,
}

impl Neurons {
    pub(super) fn new(n_classes: usize, per_class: usize, dim: usize, weights: Vec<f64>) -> Self {
        Self { per_class, weights: Matrix::from_vec(n_classes * per_class, dim, weights) }
    }

    /// Gamma_j = max_l [<w_{j,l}, M_j>]^+.
    pub(super) fn gamma(&self, j: usize) -> f64 {
        self.largest(j, |w| w[j])
    }

    /// max_l max_{k != j} [<w_{j,l}, M_k>]^+.
    pub(super) fn off_label(&self, j: usize) -> f64 {
        let n_classes = self.weights.rows() / self.per_class;
        self.largest(j, |w| (0..n_classes).filter(|k| *k != j).map(|k| w[k]).fold(0.0, f64::max))
    }

    fn largest(&self, j: usize, value: impl Fn(&[f64]) -> f64) -> f64 {
        (0..self.per_class).map(|l| value(self.weights.row(j * self.per_class + l))).fold(0.0, f64::max)
    }
}

/// What a network says about its training samples.
pub(super) struct Fit {
    /// Share of errors; ties are errors.
    pub error: f64,
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Per class, the mean of 1 - p_y over its samples.
    pub residual: Vec<f64>,
}

/// The fit of the network whose branches these are.
pub(super) fn fit(setting: &Setting, compact: &Compact, modalities: &[usize], neurons: &[Neurons]) -> Fit {
    let n = compact.codes.labels.len();
    let pre: Vec<(usize, Matrix<f64>)> = modalities
        .iter()
        .zip(neurons)
        .map(|(r, neurons)| {
            let x = train_features(compact, *r);
            (*r, times_transposed(x.view(), neurons.weights.view()))
        })
        .collect();
    let logits = fuse(setting, n, &pre);
    let labels = &compact.codes.labels;
    Fit {
        error: error(&logits, labels),
        loss: loss::mean_cross_entropy(logits.view(), labels),
        residual: residual(&logits, labels),
    }
}

/// Logits of a network from the pre-activations of its modalities: activated each
/// and added (late), or added and activated (early).
fn fuse(setting: &Setting, n: usize, pre: &[(usize, Matrix<f64>)]) -> Matrix<f64> {
    let mut logits = Matrix::zeros(n, setting.n_classes());
    match (setting.fusion, pre) {
        (Fusion::Early, [(first, sum), rest @ ..]) => {
            let mut sum = sum.clone();
            for (_, more) in rest {
                sum.as_mut_slice().iter_mut().zip(more.as_slice()).for_each(|(sum, a)| *sum += a);
            }
            add_logits(&setting.activation(*first), sum.view(), &mut logits);
        }
        _ => {
            for (r, pre) in pre {
                add_logits(&setting.activation(*r), pre.view(), &mut logits);
            }
        }
    }
    logits
}

/// d_{j,r}(D) of every class: over the samples that are sufficient in r.
pub(super) fn strengths(setting: &Setting, codes: &Codes, r: usize) -> Vec<f64> {
    let sufficient: Vec<bool> = codes.insufficient[r].iter().map(|insufficient| !insufficient).collect();
    let q = setting.q as i32;
    data_strengths(codes.z[r].view(), &codes.labels, Some(&sufficient), q, Convention::Plain)
}

/// The training samples of a modality, in double precision.
fn train_features(compact: &Compact, r: usize) -> Matrix<f64> {
    let features = &compact.data.modalities()[r].features;
    Matrix::from_fn(compact.codes.labels.len(), features.cols(), |i, c| features.get(i, c))
}

/// max over neurons and training samples of |<w, xi_i>| / |xi_i|.
pub(super) fn noise_alignment(compact: &Compact, r: usize, neurons: &Neurons) -> f64 {
    let mut noise = train_features(compact, r);
    let z = &compact.codes.z[r];
    for i in 0..noise.rows() {
        let row = noise.row_mut(i);
        row.iter_mut().zip(z.row(i)).for_each(|(x, z)| *x -= z);
    }
    let products = times_transposed(noise.view(), neurons.weights.view());
    (0..noise.rows())
        .map(|i| {
            let norm = noise.row(i).iter().map(|v| v * v).sum::<f64>().sqrt();
            let largest = products.row(i).iter().fold(0.0_f64, |top, v| top.max(v.abs()));
            if norm > 0.0 { largest / norm } else { 0.0 }
        })
        .fold(0.0, f64::max)
}

/// Errors on the same fresh samples.
pub(super) struct TestErrors {
    /// Of each modality's network alone; empty without them.
    pub unimodal: Vec<f64>,
    /// Of the joint network.
    pub joint: f64,
    /// Of each branch of the joint network by itself; of early fusion, of the
    /// network with the other modalities' features at zero.
    pub branch: Vec<f64>,
    /// Per modality and class: of the branch by itself, on samples of the class.
    pub branch_by_class: Vec<Vec<f64>>,
    /// Of the averaged probabilities of the networks alone, if they are there.
    pub ensemble: Option<f64>,
}

/// Fresh samples: their codes, and the normal deviates that become their noise, which is
/// most of their cost.
pub(super) struct Fresh {
    codes: Codes,
    /// Per modality, samples x neurons of all networks; kept only where trials share data.
    normals: Option<Vec<Matrix<f64>>>,
    seed: u64,
}

impl Fresh {
    /// The fresh samples of a seed.
    pub(super) fn new(setting: &Setting, seed: u64) -> Self {
        let codes = setting.data.codes(setting.n_test, seed, TEST_PART);
        let networks = if setting.until_decided { 1 } else { 2 };
        let total = |r: usize| networks * setting.neurons(r) * setting.n_classes();
        let normals = setting.data_seed.map(|_| {
            (0..setting.n_modalities()).map(|r| normals(setting.n_test, total(r), seed, r)).collect()
        });
        Self { codes, normals, seed }
    }

    /// The deviates of modality r for so many neurons.
    fn normals(&self, r: usize, total: usize) -> Cow<'_, Matrix<f64>> {
        match &self.normals {
            Some(kept) if kept[r].cols() == total => Cow::Borrowed(&kept[r]),
            _ => Cow::Owned(normals(self.codes.labels.len(), total, self.seed, r)),
        }
    }
}

fn normals(n: usize, total: usize, seed: u64, r: usize) -> Matrix<f64> {
    let mut draws = Draws::new(seed, TEST_NOISE, r as u32);
    Matrix::from_fn(n, total, |_, _| draws.normal())
}

/// Counts who is wrong on fresh samples. `seed` is that of the initial weights.
pub(super) fn test_errors(
    setting: &Setting,
    compact: &Compact,
    seed: u64,
    fresh: &Fresh,
    joint: &[Neurons],
    alone: &[&Neurons],
) -> TestErrors {
    let codes = &fresh.codes;
    let (n, n_classes) = (setting.n_test, setting.n_classes());
    let mut joint_pre = Vec::new();
    let mut probabilities: Matrix<f64> = Matrix::zeros(n, n_classes);
    let mut tested = TestErrors {
        unimodal: Vec::new(),
        joint: 0.0,
        branch: Vec::new(),
        branch_by_class: Vec::new(),
        ensemble: None,
    };
    for (r, neurons) in joint.iter().enumerate() {
        let stack: Vec<&Neurons> = std::iter::once(neurons).chain(alone.get(r).copied()).collect();
        let mut pre = fresh_pre_activations(setting, compact, seed, fresh, r, &stack);
        let alone = (pre.len() > 1).then(|| pre.pop()).flatten().map(|pre| fuse(setting, n, &[(r, pre)]));
        joint_pre.push((r, pre.pop().expect("the branch is always there")));
        let branch = fuse(setting, n, &joint_pre[r..]);
        tested.branch.push(error(&branch, &codes.labels));
        tested.branch_by_class.push(error_by_class(&branch, &codes.labels, n_classes));
        if let Some(alone) = alone {
            tested.unimodal.push(error(&alone, &codes.labels));
            add_probabilities(&alone, &mut probabilities);
        }
    }
    tested.joint = error(&fuse(setting, n, &joint_pre), &codes.labels);
    if !alone.is_empty() {
        tested.ensemble = Some(error(&probabilities, &codes.labels));
    }
    tested
}

/// Pre-activations of several networks' neurons of modality r on the same fresh samples.
///
/// Pre-activations are W (z + xi) with xi ~ N(0, (nu^2/d) I_d): given z they are
/// Gaussian around W_M z, W_M the weights along the features, with covariance
/// (nu^2/d) W W^T. The weights in directions that no training sample reaches
/// stay as they were drawn and are drawn here, the same for all networks.
fn fresh_pre_activations(
    setting: &Setting,
    compact: &Compact,
    seed: u64,
    fresh: &Fresh,
    r: usize,
    stack: &[&Neurons],
) -> Vec<Matrix<f64>> {
    let n_classes = setting.n_classes();
    let n_units = stack[0].weights.rows();
    let dim = stack[0].weights.cols();
    let total = n_units * stack.len();
    let stacked = Matrix::from_fn(total, dim, |unit, c| stack[unit / n_units].weights.row(unit % n_units)[c]);
    let mut covariance = times_transposed(stacked.view(), stacked.view());
    let rest = left_out(setting, compact.left_out[r], seed, r, n_units);
    let rest = times_transposed(rest.view(), rest.view());
    let modality = &setting.data.modalities[r];
    let scale = modality.noise * modality.noise / modality.dim as f64;
    for a in 0..total {
        for b in 0..total {
            let cell = &mut covariance.row_mut(a)[b];
            *cell = scale * (*cell + rest.row(a % n_units)[b % n_units]);
        }
    }
    let factor = factor(&covariance);
    let codes = &fresh.codes;
    let n = codes.labels.len();
    let normals = fresh.normals(r, total);
    let mut pre = times_transposed(normals.view(), factor.view());
    let along = Matrix::from_fn(total, n_classes, |unit, k| stacked.row(unit)[k]);
    product_into(&mut pre.view_mut(), codes.z[r].view(), Op::Plain, along.view(), Op::Transposed, true);
    (0..stack.len()).map(|s| Matrix::from_fn(n, n_units, |i, unit| pre.row(i)[s * n_units + unit])).collect()
}

/// Weights in the directions outside the compact coordinates, up to a rotation
/// there: n_units x min(n_units, left out), such that products of its rows have
/// the law of those of n_units x left-out normals times sigma_0 (Bartlett).
fn left_out(setting: &Setting, n_left_out: usize, seed: u64, r: usize, n_units: usize) -> Matrix<f64> {
    let mut draws = Draws::new(seed, LEFT_OUT, r as u32);
    let sigma0 = setting.sigma0(r);
    if n_left_out < n_units {
        return Matrix::from_fn(n_units, n_left_out, |_, _| sigma0 * draws.normal());
    }
    Matrix::from_fn(n_units, n_units, |i, k| match k.cmp(&i) {
        std::cmp::Ordering::Less => sigma0 * draws.normal(),
        std::cmp::Ordering::Equal => {
            let own = Draws::new(seed, LEFT_OUT_LENGTHS, r as u32).at(i as u64 * DRAWS_PER_LENGTH);
            sigma0 * chi(n_left_out - i, own)
        }
        std::cmp::Ordering::Greater => 0.0,
    })
}

/// f_j = sum_l sigma(a_{j,l}), added to the logits.
fn add_logits(activation: &SmoothedRelu, pre: MatrixView<'_, f64>, logits: &mut Matrix<f64>) {
    for i in 0..pre.rows() {
        let neurons = pre.row(i).chunks_exact(activation.n_neurons);
        for (f, neurons) in logits.row_mut(i).iter_mut().zip(neurons) {
            *f += neurons.iter().map(|a| activation.sigma(*a)).sum::<f64>();
        }
    }
}

fn residual(logits: &Matrix<f64>, labels: &[u32]) -> Vec<f64> {
    let (n, n_classes) = (logits.rows(), logits.cols());
    let mut p = Matrix::zeros(n, n_classes);
    loss::softmax(logits.view(), &mut p.view_mut(), &mut vec![0.0; n]);
    let (mut sums, mut counts) = (vec![0.0; n_classes], vec![0.0; n_classes]);
    for (i, y) in labels.iter().enumerate() {
        let y = *y as usize;
        sums[y] += 1.0 - p.row(i)[y];
        counts[y] += 1.0;
    }
    sums.iter().zip(&counts).map(|(sum, n): (&f64, &f64)| sum / n.max(1.0)).collect()
}

fn add_probabilities(logits: &Matrix<f64>, to: &mut Matrix<f64>) {
    let mut p = Matrix::zeros(logits.rows(), logits.cols());
    loss::softmax(logits.view(), &mut p.view_mut(), &mut vec![0.0; logits.rows()]);
    to.as_mut_slice().iter_mut().zip(p.as_slice()).for_each(|(to, p)| *to += p);
}

fn error(scores: &Matrix<f64>, labels: &[u32]) -> f64 {
    let wrong = labels.iter().enumerate().filter(|(i, y)| !loss::is_right(scores.row(*i), **y)).count();
    wrong as f64 / labels.len() as f64
}

fn error_by_class(scores: &Matrix<f64>, labels: &[u32], n_classes: usize) -> Vec<f64> {
    let (mut wrong, mut all) = (vec![0_u32; n_classes], vec![0_u32; n_classes]);
    for (i, y) in labels.iter().enumerate() {
        all[*y as usize] += 1;
        wrong[*y as usize] += u32::from(!loss::is_right(scores.row(i), *y));
    }
    wrong.iter().zip(&all).map(|(w, n)| f64::from(*w) / f64::from((*n).max(1))).collect()
}

/// A B^T.
fn times_transposed(a: MatrixView<'_, f64>, b: MatrixView<'_, f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(a.rows(), b.rows());
    product_into(&mut out.view_mut(), a, Op::Plain, b, Op::Transposed, false);
    out
}
