//! The compact form against the data that it stands for: the same law of inner
//! products, and the same training, weight by weight.

use super::explicit::orthonormal;
use super::*;
use crate::num::{Draws, Op, Purpose, product, product_into, special};

/// Two-sample Kolmogorov-Smirnov statistic, scaled to the limit law whose tail
/// is 2 exp(-2 x^2).
fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> f64 {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let (a, b) = (sorted(a), sorted(b));
    let (mut i, mut j, mut widest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            i += 1;
        } else {
            j += 1;
        }
        widest = widest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    widest * (n * m / (n + m)).sqrt()
}

/// The tail beyond this is that of five standard errors of a normal law, 6e-7.
const KS_BOUND: f64 = 2.745;

/// What a network can see of the training samples of the first modality: inner
/// products with the features of the classes and with each other.
fn seen(x: &Matrix<f64>, along: &Matrix<f64>) -> [f64; 9] {
    let gram = product(x.view(), Op::Plain, x.view(), Op::Transposed);
    let last = x.rows() - 1;
    // What the noise outside of the features' span contributes.
    let outside = |i: usize, j: usize| {
        gram.row(i)[j] - along.row(i).iter().zip(along.row(j)).map(|(a, b)| a * b).sum::<f64>()
    };
    let (a, b, c) = (outside(0, 0), outside(0, last), outside(last, last));
    [
        along.row(0)[0],
        along.row(last)[1],
        gram.row(0)[0],
        gram.row(last)[last],
        gram.row(0)[last],
        outside(last, last - 1),
        c,
        a * c - b * b,
        a * outside(1, last) * b,
    ]
}

#[test]
fn inner_products_have_the_law_of_the_explicit_data() {
    // n below, at and above d - K.
    for (n_train, dim) in [(5, 14), (5, 7), (9, 6)] {
        let model = model(2, &[dim]);
        let draw = |seed: u64, is_compact: bool| -> [f64; 9] {
            if is_compact {
                let compact = model.compact::<f64>(n_train, seed).unwrap();
                let x = rows(&compact.data, 0, n_train);
                let along = Matrix::from_fn(n_train, 2, |i, j| x.row(i)[j]);
                seen(&x, &along)
            } else {
                let codes = model.train_codes(n_train, seed).unwrap();
                let m = model.dictionary(0, seed);
                let x = model.features(0, &codes.z[0], &m, seed, TRAIN);
                let along = product(x.view(), Op::Plain, m.view(), Op::Plain);
                seen(&x, &along)
            }
        };
        let n_seeds = 4000;
        let compact: Vec<[f64; 9]> = (0..n_seeds).map(|seed| draw(seed, true)).collect();
        let explicit: Vec<[f64; 9]> = (n_seeds..2 * n_seeds).map(|seed| draw(seed, false)).collect();
        for at in 0..9 {
            let of = |draws: &[[f64; 9]]| draws.iter().map(|d| d[at]).collect::<Vec<f64>>();
            let (c, e) = (of(&compact), of(&explicit));
            let statistic = kolmogorov_smirnov(&c, &e);
            assert!(statistic < KS_BOUND, "n = {n_train}, d = {dim}, {at}: {statistic}");
            let ((c, c_sd), (e, e_sd)) = (mean_sd(&c), mean_sd(&e));
            let bound = STANDARD_ERRORS * ((c_sd * c_sd + e_sd * e_sd) / n_seeds as f64).sqrt();
            assert!((c - e).abs() < bound, "n = {n_train}, d = {dim}, {at}: {c} and {e} within {bound}");
        }
    }
}

/// The noise outside of the features' span has Wishart inner products W with
/// D = d - K degrees of freedom: E W_ii = D, Var W_ii = 2D, E W_ij^2 = D,
/// E W_ij W_jk W_ik = D, E det of 3 rows = D(D-1)(D-2), in units of nu^2 / d.
#[test]
fn noise_outside_has_wishart_moments() {
    for (n_train, dim) in [(4, 12), (4, 6), (8, 5)] {
        let model = model(2, &[dim]);
        let d = (dim - 2) as f64;
        let variance = model.modalities[0].noise_sd().powi(2);
        let grams: Vec<Matrix<f64>> = (0..20_000)
            .map(|seed| {
                let compact = model.compact::<f64>(n_train, seed).unwrap();
                let x = rows(&compact.data, 0, n_train);
                let a = Matrix::from_fn(n_train, x.cols() - 2, |i, c| x.row(i)[2 + c]);
                product(a.view(), Op::Plain, a.view(), Op::Transposed).map(|w| w / variance)
            })
            .collect();
        let of = |f: &dyn Fn(&Matrix<f64>) -> f64| grams.iter().map(f).collect::<Vec<f64>>();
        for i in 0..n_train {
            assert_mean(&of(&|w| w.row(i)[i]), d, "trace");
            assert_mean(&of(&|w| (w.row(i)[i] - d).powi(2)), 2.0 * d, "variance of a square");
            for j in 0..i {
                assert_mean(&of(&|w| w.row(i)[j]), 0.0, "product");
                assert_mean(&of(&|w| w.row(i)[j].powi(2)), d, "variance of a product");
                assert_mean(&of(&|w| (w.row(i)[i] - d) * (w.row(j)[j] - d)), 0.0, "covariance of squares");
            }
        }
        assert_mean(&of(&|w| w.row(1)[0] * w.row(2)[1] * w.row(2)[0]), d, "triangle");
        let det = |w: &Matrix<f64>| {
            let w = |i: usize, j: usize| w.row(i)[j];
            w(0, 0) * (w(1, 1) * w(2, 2) - w(1, 2) * w(2, 1))
                - w(0, 1) * (w(1, 0) * w(2, 2) - w(1, 2) * w(2, 0))
                + w(0, 2) * (w(1, 0) * w(2, 1) - w(1, 1) * w(2, 0))
        };
        assert_mean(&of(&det), d * (d - 1.0) * (d - 2.0), "volume");
    }
}

/// The first `n` rows of a modality of a compact data set.
fn rows(data: &crate::data::Dataset, r: usize, n: usize) -> Matrix<f64> {
    let features = &data.modalities()[r].features;
    Matrix::from_fn(n, features.cols(), |i, c| features.get(i, c))
}

/// Joint full-batch gradient descent on summed logits, by hand: K classes of
/// `m` smoothed ReLU neurons per modality (q = 3). Changes the weights (K m rows
/// per modality) and returns the last pre-activations.
fn train(x: &[Matrix<f64>], w: &mut [Matrix<f64>], labels: &[u32], k: usize, lr: f64) -> Vec<Matrix<f64>> {
    const BETA: f64 = 0.2;
    let (n, neurons) = (labels.len(), w[0].rows());
    let m = neurons / k;
    let sigma = |a: f64| match a {
        a if a <= 0.0 => (0.0, 0.0),
        a if a <= BETA => (a * a * a / (3.0 * BETA * BETA), (a / BETA) * (a / BETA)),
        a => (a - BETA * 2.0 / 3.0, 1.0),
    };
    for _ in 0..50 {
        let pre = pre_activations(x, w);
        let mut coefficients: Vec<Matrix<f64>> = pre.iter().map(|p| Matrix::zeros(n, p.cols())).collect();
        for i in 0..n {
            let logit =
                |j: usize| pre.iter().flat_map(|p| &p.row(i)[j * m..(j + 1) * m]).map(|a| sigma(*a).0).sum();
            let logits: Vec<f64> = (0..k).map(logit).collect();
            let top = logits.iter().copied().fold(f64::MIN, f64::max);
            let weights: Vec<f64> = logits.iter().map(|f| special::exp(f - top)).collect();
            let total: f64 = weights.iter().sum();
            for (p, c) in pre.iter().zip(&mut coefficients) {
                for (l, c) in c.row_mut(i).iter_mut().enumerate() {
                    let target = f64::from(u8::from(labels[i] as usize == l / m));
                    *c = lr / n as f64 * (target - weights[l / m] / total) * sigma(p.row(i)[l]).1;
                }
            }
        }
        for ((x, w), c) in x.iter().zip(w.iter_mut()).zip(&coefficients) {
            product_into(&mut w.view_mut(), c.view(), Op::Transposed, x.view(), Op::Plain, true);
        }
    }
    pre_activations(x, w)
}

fn pre_activations(x: &[Matrix<f64>], w: &[Matrix<f64>]) -> Vec<Matrix<f64>> {
    x.iter().zip(w).map(|(x, w)| product(x.view(), Op::Plain, w.view(), Op::Transposed)).collect()
}

fn gaussian(rows: usize, cols: usize, sd: f64, name: &str) -> Matrix<f64> {
    let mut draws = Draws::new(5, Purpose::new(name), 0);
    Matrix::from_fn(rows, cols, |_, _| sd * draws.normal())
}

fn farthest(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Training in given coordinates equals training in d columns when the weights
/// are rotated along, and weights outside of them never move.
fn assert_trains_alike(compact: &[Matrix<f64>], bases: &[Matrix<f64>], labels: &[u32], k: usize) {
    let full: Vec<Matrix<f64>> = compact
        .iter()
        .zip(bases)
        .map(|(x, basis)| product(x.view(), Op::Plain, basis.view(), Op::Transposed))
        .collect();
    let start: Vec<Matrix<f64>> =
        bases.iter().enumerate().map(|(r, b)| gaussian(4 * k, b.rows(), 0.05, &format!("w{r}"))).collect();
    let inside = |w: &[Matrix<f64>]| -> Vec<Matrix<f64>> {
        w.iter().zip(bases).map(|(w, b)| product(w.view(), Op::Plain, b.view(), Op::Plain)).collect()
    };
    let (mut w_full, mut w_compact) = (start.clone(), inside(&start));
    let before = pre_activations(&full, &start);
    let in_full = train(&full, &mut w_full, labels, k, 2.0);
    let in_compact = train(compact, &mut w_compact, labels, k, 2.0);
    for r in 0..compact.len() {
        assert!(
            farthest(&in_full[r], &in_compact[r]) < 1e-9,
            "{r}: {}",
            farthest(&in_full[r], &in_compact[r])
        );
        assert!(farthest(&in_full[r], &before[r]) > 0.1, "training that moves nothing shows nothing");
        assert!(farthest(&inside(&w_full)[r], &w_compact[r]) < 1e-9);
        // What the weights have outside of the coordinates.
        let outside = |w: &Matrix<f64>| {
            let along = product(w.view(), Op::Plain, bases[r].view(), Op::Plain);
            let back = product(along.view(), Op::Plain, bases[r].view(), Op::Transposed);
            Matrix::from_fn(w.rows(), w.cols(), |i, c| w.row(i)[c] - back.row(i)[c])
        };
        assert!(farthest(&outside(&w_full[r]), &outside(&start[r])) < 1e-12);
    }
}

#[test]
fn compact_data_train_as_the_same_data_in_many_columns() {
    let model = model(4, &[200, 90]);
    let compact = model.compact::<f64>(30, 6).unwrap();
    let x: Vec<Matrix<f64>> = (0..2).map(|r| rows(&compact.data, r, 30)).collect();
    let mut draws = Draws::new(1, Purpose::new("rotation"), 0);
    let bases: Vec<Matrix<f64>> =
        [200, 90].iter().zip(&x).map(|(d, x)| orthonormal(*d, x.cols(), || draws.normal())).collect();
    assert_trains_alike(&x, &bases, &compact.codes.labels, 4);
}

/// The coordinates that the reduction speaks of, found for explicit data: the
/// columns of M, then those that Gram-Schmidt makes of the noise.
#[test]
fn explicit_data_have_the_compact_form_and_train_by_it() {
    let (n, k) = (30, 4);
    let model = model(k, &[120, 50, 20]);
    let codes = model.train_codes(n, 8).unwrap();
    let (mut bases, mut compact) = (Vec::new(), Vec::new());
    for r in 0..3 {
        let (dim, m) = (model.modalities[r].dim, model.dictionary(r, 8));
        let x = model.features(r, &codes.z[r], &m, 8, TRAIN);
        let kept = (dim - k).min(n);
        // Gram-Schmidt on the columns of M followed by the samples: what a
        // sample adds to the span of its predecessors is its noise.
        let mut column = 0;
        let mut at = 0;
        let basis = orthonormal(dim, k + kept, || {
            let value = if column < k { m.row(at)[column] } else { x.row(column - k)[at] };
            (column, at) = if at + 1 < dim { (column, at + 1) } else { (column + 1, 0) };
            value
        });
        let inside = product(x.view(), Op::Plain, basis.view(), Op::Plain);
        for i in 0..kept {
            assert!(inside.row(i)[k + i] > 0.0, "a length");
            assert!(inside.row(i)[k + i + 1..].iter().all(|a| a.abs() < 1e-12), "triangular");
        }
        let back = product(inside.view(), Op::Plain, basis.view(), Op::Transposed);
        assert!(farthest(&back, &x) < 1e-12, "no sample has anything outside of the coordinates");
        bases.push(basis);
        compact.push(inside);
    }
    assert_trains_alike(&compact, &bases, &codes.labels, k);
}

#[test]
fn the_statistic_finds_what_differs() {
    let normals = |shift: f64, which: u32| -> Vec<f64> {
        let mut draws = Draws::new(3, Purpose::new("ks"), which);
        (0..4000).map(|_| shift + draws.normal()).collect()
    };
    assert!(kolmogorov_smirnov(&normals(0.0, 0), &normals(0.0, 1)) < KS_BOUND);
    assert!(kolmogorov_smirnov(&normals(0.0, 0), &normals(0.2, 1)) > KS_BOUND);
    assert_eq!(kolmogorov_smirnov(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
}
