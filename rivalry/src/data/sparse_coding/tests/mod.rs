//! The generator: its laws against exact formulas, its reduction against the
//! data that it stands for, its knobs, and every way to be wrong.

mod knobs;
mod laws;
mod noise;
mod paired;
mod reduction;
mod wrong;

use super::*;
use crate::num::sums::mean_sd;

/// Five standard errors: a right generator misses one such bound in two
/// million.
const STANDARD_ERRORS: f64 = 5.0;

/// A model small enough to draw thousands of times.
fn model(n_classes: usize, dims: &[usize]) -> SparseCoding {
    let modality = |dim: &usize| CodedModality { dim: *dim, ..CodedModality::default() };
    SparseCoding { n_classes, modalities: dims.iter().map(modality).collect(), ..SparseCoding::default() }
}

/// The mean of `values` is `expected` up to five of its standard errors.
fn assert_mean(values: &[f64], expected: f64, what: &str) {
    let (mean, sd) = mean_sd(values);
    let bound = STANDARD_ERRORS * sd / (values.len() as f64).sqrt();
    assert!((mean - expected).abs() <= bound, "{what}: {mean}, expected {expected} within {bound}");
}

/// A share of `n` independent trials is `p` up to five standard errors.
fn assert_share(count: usize, n: usize, p: f64, what: &str) {
    let (share, n) = (count as f64 / n as f64, n as f64);
    let bound = STANDARD_ERRORS * (p * (1.0 - p) / n).sqrt();
    assert!((share - p).abs() <= bound, "{what}: {share}, expected {p} within {bound}");
}

#[test]
fn sizes_names_and_parts_are_as_documented() {
    for dims in [&[60][..], &[60, 44], &[20, 30, 60], &[9, 9, 9, 9, 9]] {
        let model = model(4, dims);
        let made = model.explicit(40, 10, 1).unwrap();
        let compact = model.compact::<f64>(40, 1).unwrap();
        assert_eq!((made.data.n_samples(), made.data.n_classes()), (50, 4));
        assert_eq!(compact.data.n_samples(), 40 + 4);
        assert_eq!(compact.codes, made.truth.train);
        assert_eq!(compact.test_codes.labels, [0, 1, 2, 3]);
        for (r, dim) in dims.iter().enumerate() {
            let modality = &made.data.modalities()[r];
            assert_eq!((modality.name.as_str(), modality.features.dtype()), (&*format!("m{}", r + 1), "f32"));
            assert_eq!((modality.features.rows(), modality.features.cols()), (50, *dim));
            let kept = (dim - 4).min(40);
            assert_eq!((compact.kept[r], compact.left_out[r]), (kept, dim - 4 - kept));
            assert_eq!(compact.data.modalities()[r].features.cols(), 4 + kept);
            assert_eq!(compact.noise_sd[r], 2.0 / (*dim as f64).sqrt());
        }
        let split = made.data.partition(0, 0, 0, 0.0);
        assert_eq!(split.train, (0..40).collect::<Vec<u32>>());
        assert_eq!(split.test, (40..50).collect::<Vec<u32>>());
    }
    assert_eq!(SparseCoding::default().check(), Ok(()));
}

#[test]
fn equal_seeds_give_equal_data_and_others_do_not() {
    let model = model(3, &[12, 15]);
    let made = model.explicit(9, 5, 7).unwrap();
    let again = model.explicit(9, 5, 7).unwrap();
    assert_eq!((made.data.fingerprint(), &made.truth), (again.data.fingerprint(), &again.truth));
    assert_ne!(made.data.fingerprint(), model.explicit(9, 5, 8).unwrap().data.fingerprint());
    let compact = |seed| model.compact::<f32>(9, seed).unwrap().data.fingerprint();
    assert_eq!(compact(7), compact(7));
    assert_ne!(compact(7), compact(8));
}

#[test]
fn more_samples_or_modalities_leave_the_others_as_they_are() {
    let two = model(3, &[12, 15]);
    let three = model(3, &[12, 15, 18]);
    let (long, short) = (three.codes(50, 4, 9), two.codes(20, 4, 9));
    assert_eq!(long.labels[..20], short.labels);
    for r in 0..2 {
        assert_eq!(long.insufficient[r][..20], short.insufficient[r]);
        assert_eq!(long.z[r].as_slice()[..20 * 3], *short.z[r].as_slice());
        assert_eq!(three.dictionary(r, 4), two.dictionary(r, 4));
        let (a, b) = (&three.explicit(50, 5, 4).unwrap().data, &two.explicit(20, 5, 4).unwrap().data);
        for (i, c) in [(0, 0), (19, 11), (7, 3)] {
            assert_eq!(a.modalities()[r].features.get(i, c), b.modalities()[r].features.get(i, c));
        }
    }
    assert_ne!(long.z[0], long.z[1], "modalities have draws of their own");
    assert_ne!(two.codes(20, 4, TEST).labels, two.codes(20, 4, TRAIN).labels);
}

#[test]
fn compact_features_are_the_same_numbers_in_either_precision() {
    let model = model(3, &[12, 40]);
    let (wide, narrow) = (model.compact::<f64>(9, 3).unwrap(), model.compact::<f32>(9, 3).unwrap());
    for (wide, narrow) in wide.data.modalities().iter().zip(narrow.data.modalities()) {
        assert_eq!((wide.features.dtype(), narrow.features.dtype()), ("f64", "f32"));
        for i in 0..wide.features.rows() {
            for c in 0..wide.features.cols() {
                assert_eq!(f64::from(wide.features.get(i, c) as f32), narrow.features.get(i, c));
            }
        }
    }
}
