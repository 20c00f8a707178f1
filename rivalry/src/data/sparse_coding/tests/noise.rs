//! Dictionaries, noise and chi variables against exact moments.

use super::compact::{LENGTHS, chi};
use super::*;
use crate::num::{Draws, Op, Purpose, product, special};

#[test]
fn dictionaries_are_orthonormal() {
    for (dim, n_classes) in [(2, 2), (60, 4), (7, 7), (2000, 10), (300, 100)] {
        let m = model(n_classes, &[dim]).dictionary(0, 3);
        let gram = product(m.view(), Op::Transposed, m.view(), Op::Plain);
        for i in 0..n_classes {
            for j in 0..n_classes {
                let expected = f64::from(u8::from(i == j));
                assert!((gram.row(i)[j] - expected).abs() < 1e-12, "{dim} x {n_classes}: {i}, {j}");
            }
        }
    }
}

/// Haar: a cell of M has mean 0, second moment 1/d and fourth 3/(d(d+2)); two
/// in one column have E x^2 y^2 = 1/(d(d+2)), two in different rows and columns
/// (d+1)/((d-1)d(d+2)), and signs are free.
#[test]
fn dictionaries_are_uniform() {
    let d = 5.0;
    let model = model(3, &[5]);
    let draws: Vec<Matrix<f64>> = (0..20_000).map(|seed| model.dictionary(0, seed)).collect();
    let of = |f: fn(&Matrix<f64>) -> f64| draws.iter().map(f).collect::<Vec<f64>>();
    assert_mean(&of(|m| m.row(0)[0]), 0.0, "mean");
    assert_mean(&of(|m| m.row(2)[2]), 0.0, "mean of the last column");
    for cell in [of(|m| m.row(1)[0]), of(|m| m.row(4)[2])] {
        assert_mean(&cell.iter().map(|x| x * x).collect::<Vec<_>>(), 1.0 / d, "second moment");
        assert_mean(
            &cell.iter().map(|x| x * x * x * x).collect::<Vec<_>>(),
            3.0 / (d * (d + 2.0)),
            "fourth moment",
        );
    }
    assert_mean(&of(|m| (m.row(0)[2] * m.row(1)[2]).powi(2)), 1.0 / (d * (d + 2.0)), "in one column");
    let apart = (d + 1.0) / ((d - 1.0) * d * (d + 2.0));
    assert_mean(&of(|m| (m.row(0)[1] * m.row(3)[2]).powi(2)), apart, "in two columns");
}

/// X - M z is N(0, nu^2 / d) in every component, fresh in every part and
/// modality, and the features of the data set are its single-precision values.
#[test]
fn noise_has_the_length_that_was_asked_for() {
    let mut model = model(3, &[25, 50]);
    model.modalities[1].noise = 0.5;
    let made = model.explicit(400, 300, 11).unwrap();
    let mut noises = Vec::new();
    for r in 0..2 {
        let m = &made.truth.dictionaries[r];
        for (codes, part, first) in [(&made.truth.train, TRAIN, 0), (&made.truth.test, TEST, 400)] {
            let x = model.features(r, &codes.z[r], m, 11, part);
            let signal = product(codes.z[r].view(), Op::Plain, m.view(), Op::Transposed);
            for i in 0..x.rows() {
                for c in 0..x.cols() {
                    let kept = made.data.modalities()[r].features.get(first + i, c);
                    assert_eq!(kept, f64::from(x.row(i)[c] as f32));
                }
            }
            let xi: Vec<f64> = x.as_slice().iter().zip(signal.as_slice()).map(|(x, s)| x - s).collect();
            let sd = model.modalities[r].noise_sd();
            assert_mean(&xi, 0.0, "mean");
            assert_mean(&xi.iter().map(|x| x * x).collect::<Vec<_>>(), sd * sd, "variance");
            assert_mean(&xi.iter().map(|x| x * x * x * x).collect::<Vec<_>>(), 3.0 * sd.powi(4), "kurtosis");
            let lengths: Vec<f64> = xi.chunks(x.cols()).map(|xi| xi.iter().map(|x| x * x).sum()).collect();
            assert_mean(&lengths, model.modalities[r].noise.powi(2), "squared length");
            noises.push(xi);
        }
    }
    for (a, b) in [(0, 1), (0, 2), (1, 3)] {
        let products: Vec<f64> = noises[a].iter().zip(&noises[b]).map(|(x, y)| x * y).collect();
        assert_mean(&products, 0.0, "parts and modalities share no noise");
    }
}

#[test]
fn without_noise_features_are_the_signal() {
    let mut model = model(3, &[9, 30]);
    model.modalities.iter_mut().for_each(|modality| modality.noise = 0.0);
    let compact = model.compact::<f64>(12, 1).unwrap();
    for r in 0..2 {
        let features = &compact.data.modalities()[r].features;
        for i in 0..12 {
            let row: Vec<f64> = (0..features.cols()).map(|c| features.get(i, c)).collect();
            assert_eq!(row[..3], *compact.codes.z[r].row(i));
            assert!(row[3..].iter().all(|x| *x == 0.0));
        }
    }
}

/// E chi = sqrt 2 Gamma((k+1)/2) / Gamma(k/2), E chi^2 = k, E chi^4 = k(k+2),
/// E chi^-1 = Gamma((k-1)/2) / (sqrt 2 Gamma(k/2)).
#[test]
fn chi_variables_have_their_moments() {
    for df in [1, 2, 3, 4, 7, 30, 1990] {
        let draw = |i: u64| chi(df, Draws::new(2, LENGTHS, 0).at(i << 16));
        let draws: Vec<f64> = (0..40_000).map(draw).collect();
        let k = df as f64;
        let ratio = |a: f64, b: f64| special::exp(special::ln_gamma(a) - special::ln_gamma(b));
        let of = |f: fn(f64) -> f64| draws.iter().map(|x| f(*x)).collect::<Vec<_>>();
        assert_mean(&draws, 2.0_f64.sqrt() * ratio(k / 2.0 + 0.5, k / 2.0), "mean");
        assert_mean(&of(|x| x * x), k, "square");
        assert_mean(&of(|x| x * x * x * x), k * (k + 2.0), "fourth power");
        if df > 4 {
            let inverse = ratio((k - 1.0) / 2.0, k / 2.0) / 2.0_f64.sqrt();
            assert_mean(&of(|x| 1.0 / x), inverse, "inverse");
        }
    }
}

#[test]
fn purposes_do_not_share_draws() {
    let names = [
        codes::LABELS,
        codes::TIES,
        codes::SHARES,
        codes::OFF_LABEL,
        codes::LABEL_SIZES,
        codes::WRONG_CLASSES,
        explicit::DICTIONARIES,
        explicit::NOISE,
        compact::INSIDE,
        compact::OUTSIDE,
        LENGTHS,
    ];
    for (i, a) in names.iter().enumerate() {
        assert!(names[..i].iter().all(|b| a != b) && *a != Purpose::new("init"));
    }
}
