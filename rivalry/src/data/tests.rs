use serde::Deserialize;

use super::deal::{ALWAYS_TRAIN, deal_folds, deal_groups_in_order};
use super::split::Samples;
use super::*;
use crate::num::{Draws, Matrix, Purpose};

/// What `reference/data/make.py` wrote.
#[derive(Deserialize)]
struct Reference {
    sample_folds: Vec<SampleFolds>,
    group_folds: Vec<GroupFolds>,
    scaling: Standardised,
    extremes: Vec<Extreme>,
}

#[derive(Deserialize)]
struct SampleFolds {
    labels: Vec<i64>,
    k: usize,
    counts: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct GroupFolds {
    labels: Vec<u32>,
    groups: Vec<u32>,
    k: usize,
    fold: Vec<u32>,
    decided_by_rounding: bool,
}

#[derive(Deserialize)]
struct Standardised {
    features: Vec<Vec<f64>>,
    rows: Vec<u32>,
    mean: Vec<f64>,
    sd: Vec<f64>,
    z: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Extreme {
    values: Vec<f64>,
    mean: f64,
    sd: f64,
    z: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../tests/it/golden/data.json")).unwrap()
}

fn features(n: usize) -> Vec<Modality> {
    vec![Modality::new("a", Matrix::from_fn(n, 2, |r, c| (r * 2 + c) as f64))]
}

fn dataset(labels: &[i64], groups: Option<&[i64]>, split: Option<Split>) -> Result<Dataset, DataError> {
    let groups = groups.map(Groups::from_integers);
    Dataset::new("test", features(labels.len()), Labels::from_integers(labels), groups, split)
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs()
}

#[test]
fn folds_of_samples_are_as_even_as_those_of_scikit_learn() {
    for case in reference().sample_folds {
        let data = dataset(&case.labels, None, Some(Split::Folds { k: case.k })).unwrap();
        for repeat in 0..3 {
            let counts: Vec<Vec<usize>> = (0..case.k)
                .map(|fold| {
                    let mut counts = vec![0; data.n_classes()];
                    for row in data.partition(repeat, fold, 0, 0.0).test {
                        counts[data.labels()[row as usize] as usize] += 1;
                    }
                    counts
                })
                .collect();
            assert_eq!(counts, case.counts);
        }
    }
}

/// How unevenly classes lie in folds: the mean over classes of the standard
/// deviation over folds of the class's share.
fn unevenness(labels: &[u32], fold: &[u32], k: usize) -> f64 {
    let n_classes = *labels.iter().max().unwrap() as usize + 1;
    let mut counts = vec![vec![0.0; k]; n_classes];
    for (label, fold) in labels.iter().zip(fold) {
        counts[*label as usize][*fold as usize] += 1.0;
    }
    let spread = |counts: &Vec<f64>| {
        let total: f64 = counts.iter().sum();
        let deviation = |c: &f64| (c / total - 1.0 / k as f64) * (c / total - 1.0 / k as f64);
        (counts.iter().map(deviation).sum::<f64>() / k as f64).sqrt()
    };
    counts.iter().map(spread).sum::<f64>() / n_classes as f64
}

#[test]
fn folds_of_groups_are_those_of_scikit_learn() {
    let (mut n_equal, mut ours, mut theirs) = (0, 0.0, 0.0);
    for case in reference().group_folds {
        let n_classes = *case.labels.iter().max().unwrap() as usize + 1;
        let samples = Samples { labels: &case.labels, n_classes, groups: Some(&case.groups) };
        let n_groups = case.groups.iter().max().unwrap() + 1;
        let fold = deal_groups_in_order(samples, case.k, (0..n_groups).collect());
        if !case.decided_by_rounding {
            assert_eq!(fold, case.fold);
            n_equal += 1;
        }
        ours += unevenness(&case.labels, &fold, case.k);
        theirs += unevenness(&case.labels, &case.fold, case.k);
    }
    assert!(n_equal >= 5, "{n_equal} cases without ties");
    assert!(ours < 1.02 * theirs, "unevenness {ours}, scikit-learn {theirs}");
}

#[test]
fn scaling_is_that_of_scikit_learn() {
    let Standardised { features, rows, mean, sd, z } = reference().scaling;
    let matrix = Features::F64(Matrix::from_fn(features.len(), features[0].len(), |r, c| features[r][c]));
    let scaler = Scaler::fit(&matrix, &rows);
    let all: Vec<u32> = (0..features.len() as u32).collect();
    let ours: Matrix<f64> = scaler.apply(&matrix, &all);
    let narrow: Matrix<f32> = scaler.apply(&matrix, &all);
    for c in 0..mean.len() {
        // Column 1 has a mean of a billion standard deviations.
        let tolerance = if c == 1 { 1e-6 } else { 1e-12 };
        assert!(close(scaler.mean()[c], mean[c], 1e-15), "mean {c}");
        assert!(c == 2 || close(scaler.scale()[c], sd[c], tolerance), "standard deviation {c}");
        for r in 0..features.len() {
            // Column 2 is constant; scikit-learn leaves rounding there.
            let expected = if c == 2 { 0.0 } else { z[r][c] };
            let error = (ours.row(r)[c] - expected).abs();
            assert!(error <= tolerance * (1.0 + expected.abs()), "row {r}, column {c}");
            assert_eq!(narrow.row(r)[c], ours.row(r)[c] as f32);
        }
    }
}

#[test]
fn scaling_is_exact_where_squares_overflow_or_vanish() {
    for Extreme { values, mean, sd, z: expected } in reference().extremes {
        let rows: Vec<u32> = (0..values.len() as u32).collect();
        let matrix = Features::F64(Matrix::from_fn(values.len(), 1, |r, _| values[r]));
        let scaler = Scaler::fit(&matrix, &rows);
        // Results below the normal range have fewer bits.
        let half_ulp = f64::from_bits(1);
        assert!((scaler.mean()[0] - mean).abs() <= 1e-15 * mean.abs() + half_ulp, "{values:?}");
        assert!((scaler.scale()[0] - sd).abs() <= 1e-15 * sd + half_ulp, "{values:?}");
        let z: Matrix<f64> = scaler.apply(&matrix, &rows);
        for (r, expected) in expected.into_iter().enumerate() {
            assert!((z.row(r)[0] - expected).abs() <= 1e-14, "{values:?} row {r}");
        }
    }
}

#[test]
fn scaling_knows_training_rows_only_and_stays_finite() {
    let matrix =
        Features::F64(Matrix::from_vec(4, 2, vec![1.0, 5e-324, 1.0, 1e-323, 7.0, 1e300, -3.0, -1e300]));
    let scaler = Scaler::fit(&matrix, &[0, 1]);
    let z: Matrix<f32> = scaler.apply(&matrix, &[0, 1, 2, 3]);
    // Constant in training: zero everywhere, also where it is not constant.
    assert_eq!([0, 1, 2, 3].map(|r| z.row(r)[0]), [0.0; 4]);
    assert_eq!([0, 1, 2, 3].map(|r| z.row(r)[1]), [-1.0, 1.0, 1e12, -1e12]);
    let empty = Scaler::fit(&matrix, &[]);
    assert_eq!(empty.apply::<f64>(&matrix, &[2]).as_slice(), [0.0, 0.0]);
}

#[test]
fn folds_cover_every_sample_once_and_keep_classes_in_train() {
    let labels: Vec<i64> = (0..103).map(|i| if i == 7 { 3 } else { i % 3 }).collect();
    let data = dataset(&labels, None, Some(Split::Folds { k: 4 })).unwrap();
    assert_eq!(data.warnings(), [Warning::AlwaysTrained { classes: vec!["3".to_owned()], what: "sample" }]);
    for repeat in 0..20 {
        let mut tested = vec![0; 103];
        for fold in 0..data.n_folds() {
            let Partition { train, valid, test } = data.partition(repeat, fold, 1, 0.25);
            let mut all = [train.clone(), valid.clone(), test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..103).collect::<Vec<u32>>());
            for i in &test {
                tested[*i as usize] += 1;
            }
            for c in 0..4 {
                assert!(train.iter().any(|i| data.labels()[*i as usize] == c));
            }
        }
        // The only sample of class 3 is never tested.
        assert!(tested.iter().enumerate().all(|(i, n)| *n == u32::from(i != 7)));
    }
    assert_ne!(data.partition(0, 0, 1, 0.0), data.partition(1, 0, 1, 0.0));
    assert_eq!(data.partition(1, 2, 9, 0.3), data.partition(1, 2, 9, 0.3));
    assert_ne!(data.partition(1, 2, 9, 0.3).valid, data.partition(1, 2, 8, 0.3).valid);
}

/// The promises of every partition, on random data with few samples, few
/// groups and rare classes.
#[test]
fn every_partition_keeps_its_promises() {
    let mut draws = Draws::new(3, Purpose::new("test"), 0);
    let (mut n_grouped, mut n_refused) = (0, 0);
    for trial in 0..1500 {
        let n = 4 + draws.below(40);
        let n_classes = 2 + draws.below(5);
        let labels: Vec<i64> =
            (0..n).map(|_| draws.below(n_classes).min(draws.below(n_classes)) as i64).collect();
        let n_groups = 1 + draws.below(n);
        let ids: Vec<i64> = (0..n).map(|_| draws.below(n_groups) as i64).collect();
        let groups = (trial % 3 != 0).then_some(&ids[..]);
        let split = match trial % 4 {
            0 => None,
            1 => Some(Split::HoldOut { test_share: 0.05 + 0.9 * draws.uniform() }),
            _ => Some(Split::Folds { k: 2 + draws.below(5) }),
        };
        let Ok(data) = dataset(&labels, groups, split) else {
            n_refused += 1;
            continue;
        };
        n_grouped += usize::from(groups.is_some());
        let share = 0.6 * draws.uniform();
        let mut tested = vec![0_u32; n];
        for fold in 0..data.n_folds() {
            let parts = data.partition(trial, fold, trial, share);
            let lists = [&parts.train, &parts.valid, &parts.test];
            assert!(!parts.test.is_empty(), "{data:?}");
            let mut part_of = vec![None; n];
            for (part, rows) in lists.into_iter().enumerate() {
                assert!(rows.is_sorted());
                for row in rows {
                    assert_eq!(part_of[*row as usize].replace(part), None);
                }
            }
            assert!(part_of.iter().all(Option::is_some));
            for c in 0..data.n_classes() as u32 {
                assert!(parts.train.iter().any(|i| data.labels()[*i as usize] == c), "{data:?}");
            }
            if let Some(groups) = data.groups() {
                for i in 0..n {
                    for j in 0..i {
                        assert!(groups[i] != groups[j] || part_of[i] == part_of[j], "{data:?}");
                    }
                }
            }
            parts.test.iter().for_each(|i| tested[*i as usize] += 1);
        }
        assert!(tested.iter().all(|n| *n <= 1));
    }
    assert!(n_grouped > 300 && n_refused > 50, "{n_grouped} grouped, {n_refused} refused");
}

#[test]
fn a_sample_is_left_out_of_every_fold_only_for_a_class_of_its_own() {
    // Groups 0 to 3 hold both classes, group 4 is all there is of class 2.
    let labels = [0, 1, 0, 1, 0, 1, 0, 1, 2, 2];
    let groups = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4];
    let samples = Samples { labels: &labels, n_classes: 3, groups: Some(&groups) };
    let fold = deal_folds(samples, 4, Draws::new(1, Purpose::new("test"), 0));
    assert_eq!(&fold[8..], [ALWAYS_TRAIN; 2]);
    let mut rest = fold[..8].to_vec();
    rest.sort_unstable();
    assert_eq!(rest, [0, 0, 1, 1, 2, 2, 3, 3]);
}

#[test]
fn hold_outs_are_stratified_to_the_sample() {
    let labels: Vec<i64> = (0..1000).map(|i| i64::from(i >= 500) + i64::from(i >= 800)).collect();
    let data = dataset(&labels, None, None).unwrap();
    assert_eq!((data.split(), data.n_folds()), (&Split::HoldOut { test_share: 0.2 }, 1));
    let parts = data.partition(5, 0, 7, 0.1);
    let count = |rows: &[u32]| {
        let mut counts = [0; 3];
        for r in rows {
            counts[data.labels()[*r as usize] as usize] += 1;
        }
        counts
    };
    assert_eq!(count(&parts.test), [100, 60, 40]);
    assert_eq!(count(&parts.valid), [40, 24, 16]);
    // Too few samples to spare any: no validation rather than a lost class.
    let few = dataset(&[0, 1, 0, 1], None, Some(Split::HoldOut { test_share: 0.5 })).unwrap();
    assert!(few.partition(0, 0, 0, 0.5).valid.is_empty());
}

#[test]
fn default_splits_follow_the_rule() {
    let folds = |labels: &[i64], groups: Option<&[i64]>| {
        dataset(labels, groups, None).map(|d| match d.split() {
            Split::Folds { k } => *k,
            _ => 0,
        })
    };
    let labels = |counts: &[usize]| -> Vec<i64> {
        counts.iter().enumerate().flat_map(|(c, n)| std::iter::repeat_n(c as i64, *n)).collect()
    };
    assert_eq!(folds(&labels(&[500, 499]), None), Ok(5));
    assert_eq!(folds(&labels(&[500, 500]), None), Ok(0));
    assert_eq!(folds(&labels(&[50, 4]), None), Ok(4));
    assert_eq!(folds(&labels(&[50, 2]), None), Ok(3));
    assert_eq!(folds(&labels(&[2, 2]), None), Ok(3));
    assert_eq!(folds(&[0, 1, 0, 1, 0, 1], Some(&[0, 0, 1, 1, 2, 2])), Ok(3));
    assert_eq!(folds(&[0, 1, 0, 1], Some(&[0, 0, 1, 1])), Ok(2));
    assert_eq!(folds(&[0, 1], None), Err(DataError::NothingToTest { what: "sample" }));
    assert_eq!(folds(&[0, 0, 1], Some(&[0, 0, 0])), Err(DataError::NothingToTest { what: "group" }));
}

#[test]
fn given_splits_are_kept_and_validation_comes_out_of_train() {
    let labels: Vec<i64> = (0..60).map(|i| i % 3).collect();
    let given = Split::Given { train: (0..40).rev().collect(), valid: None, test: (45..60).collect() };
    let data = dataset(&labels, Some(&vec![0; 60]), Some(given)).unwrap();
    assert_eq!(
        data.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "the given split separates 1 group (for example `0`): test results may be too good",
            "5 rows are in no part of the split",
        ]
    );
    let parts = data.partition(3, 0, 1, 0.0);
    assert_eq!((parts.train, parts.test), ((0..40).collect(), (45..60).collect()));

    let data =
        dataset(&labels, None, Some(Split::GivenFolds { fold: (0..60).map(|i| 10 + i / 20 * 5).collect() }));
    let data = data.unwrap();
    assert_eq!((data.n_folds(), data.partition(0, 1, 0, 0.0).test), (3, (20..40).collect()));
    let Partition { train, valid, test } = data.partition(0, 1, 4, 0.25);
    assert_eq!((train.len(), valid.len(), test.len()), (30, 10, 20));
    assert_eq!(data.partition(0, 1, 4, 0.25), data.partition(9, 1, 4, 0.25));
}

#[test]
fn the_fingerprint_is_of_content() {
    let base = || dataset(&[0, 1, 0, 1, 0, 1], None, None).unwrap();
    let named = Dataset::new("other", features(6), Labels::from_integers(&[0, 1, 0, 1, 0, 1]), None, None);
    assert_eq!(base().fingerprint(), named.unwrap().fingerprint());
    let narrow = Modality::new("a", Matrix::from_fn(6, 2, |r, c| (r * 2 + c) as f32));
    let narrow =
        Dataset::new("n", vec![narrow], Labels::from_strings(&["0", "1", "0", "1", "0", "1"]), None, None);
    assert_eq!(base().fingerprint(), narrow.unwrap().fingerprint());
    // The whole definition, pinned: a change renames every run.
    assert_eq!(
        base().fingerprint().to_string(),
        "f23143e834235aa46699954fab6a1e1f4d87105af5390b86e32fb4fc76b4f144"
    );
    let others = [
        dataset(&[0, 1, 0, 1, 1, 0], None, None),
        dataset(&[0, 2, 0, 2, 0, 2], None, None),
        dataset(&[0, 1, 0, 1, 0, 1], Some(&[0, 1, 2, 3, 4, 5]), None),
        dataset(&[0, 1, 0, 1, 0, 1], None, Some(Split::Folds { k: 2 })),
        dataset(&[0, 1, 0, 1, 0, 1], None, Some(Split::HoldOut { test_share: 0.3 })),
        dataset(&[0, 1, 0, 1, 0, 1], None, Some(Split::GivenFolds { fold: vec![0, 0, 1, 1, 2, 2] })),
        dataset(
            &[0, 1, 0, 1, 0, 1],
            None,
            Some(Split::Given { train: vec![0, 1], valid: None, test: vec![2, 3, 4, 5] }),
        ),
        Dataset::new(
            "b",
            vec![Modality::new("b", Matrix::from_fn(6, 2, |r, c| (r * 2 + c) as f64))],
            Labels::from_integers(&[0, 1, 0, 1, 0, 1]),
            None,
            None,
        ),
        Dataset::new(
            "c",
            vec![Modality::new("a", Matrix::from_fn(6, 2, |r, c| -((r * 2 + c) as f64)))],
            Labels::from_integers(&[0, 1, 0, 1, 0, 1]),
            None,
            None,
        ),
    ];
    let mut all: Vec<Fingerprint> = others.into_iter().map(|d| d.unwrap().fingerprint()).collect();
    all.push(base().fingerprint());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 10);
}

#[test]
fn a_description_counts_what_matters() {
    let values = vec![1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 1.0, 2.0, 1.0, 0.0, 1.0, -3.0];
    let modality = Modality::new("a", Matrix::from_vec(6, 2, values));
    let labels = Labels::from_strings(&["x", "y", "x", "x", "y", "y"]);
    let split = Split::Given { train: vec![0, 1, 2], valid: None, test: vec![3, 4, 5] };
    let groups = Groups::from_strings(&["s1", "s1", "s2", "s2", "s2", "s3"]);
    let found = Dataset::new("d", vec![modality], labels, Some(groups), Some(split)).unwrap().describe();
    assert_eq!(found.duplicates, Duplicates { repeated: 3, contradictory: 2, leaked: 2 });
    assert_eq!(
        found.modalities,
        [ModalityDescription {
            name: "a".to_owned(),
            dim: 2,
            dtype: "f64",
            low: -3.0,
            high: 2.0,
            zeros: 0.25,
            constant: vec![0],
        }]
    );
    assert_eq!(found.classes[0], ClassDescription { name: "x".to_owned(), n: 3, n_train: 2, n_test: 1 });
    assert_eq!(found.groups, Some(GroupsDescription { n: 3, smallest: 1, largest: 3 }));
    assert_eq!((found.split.kind, found.split.n_train, found.split.n_test), ("given", 3, 3));
    assert_eq!(
        found.notes,
        [
            "the given split separates 1 group (for example `s2`): test results may be too good",
            "only 3 samples are ever tested: one of them is 33.3 points of accuracy",
            "modality `a`: 1 of 2 features is constant and will be zero",
            "3 samples equal an earlier one in every feature, 2 with another label",
            "2 test samples equal a training sample in every feature",
        ]
    );
}

#[test]
fn samples_are_counted_before_anything_is_made_of_them() {
    let endless = Modality::new("a", Matrix::<f32>::from_vec(1 << 33, 0, Vec::new()));
    let error = Dataset::new("d", vec![endless], Labels::from_integers(&[0, 1]), None, None).unwrap_err();
    assert_eq!(error, DataError::TooManySamples { n_samples: 1 << 33 });
    assert_eq!(error.to_string(), "too many samples: 8589934592, at most 4294967295");
}

#[test]
fn splits_that_cannot_be_drawn_are_errors() {
    let message = |groups: Option<&[i64]>, split| {
        dataset(&[0, 1, 0, 1, 0, 1], groups, Some(split)).unwrap_err().to_string()
    };
    assert_eq!(message(None, Split::Folds { k: 1 }), "split: cannot make 1 folds of 6 samples");
    assert_eq!(message(None, Split::Folds { k: 7 }), "split: cannot make 7 folds of 6 samples");
    assert_eq!(
        message(Some(&[0, 0, 1, 1, 2, 2]), Split::Folds { k: 4 }),
        "split: cannot make 4 folds of 3 groups"
    );
    for share in [0.0, 1.0, -0.2, f64::NAN] {
        assert_eq!(
            message(None, Split::HoldOut { test_share: share }),
            format!("split: expected a test share above 0 and below 1, found {share}")
        );
    }
    let data = dataset(&[0, 1, 0, 1, 0, 1], None, None).unwrap();
    let old = data.fingerprint();
    let data = data.with_split(Split::Folds { k: 2 }).unwrap();
    assert!(data.n_folds() == 2 && data.fingerprint() != old);
    assert!(data.with_split(Split::Folds { k: 9 }).is_err());
}
