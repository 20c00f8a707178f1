//! What is written is read back: values to the bit, classes, groups, split.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use rivalry::data::{Dataset, Features, Groups, Labels, Modality, Split};
use rivalry::formats::{Limits, OpenOptions, open, save};
use rivalry::num::Matrix;

use super::Scratch;

/// Names of classes and groups with all that tables trip over.
const TEXTS: [&str; 20] = [
    "0",
    "1",
    "2",
    "10",
    "-3",
    "007",
    "cat",
    "Cat",
    "a b",
    "a,b",
    "a;b",
    "say \"hi\"",
    "'",
    "#x",
    "NA",
    "true",
    "é",
    "日本",
    "👩‍🔬",
    "-",
];
const NAMES: [&str; 8] = ["image", "a b", "Ünï", "x,y", "view '1'", "0", "日本", "con_"];

/// Any finite number, often an awkward one.
fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => any::<f64>().prop_filter("finite", |v| v.is_finite()),
        1 => prop_oneof![
            Just(0.0), Just(-0.0), Just(1.0), Just(5e-324), Just(-2.2e-308), Just(f64::MAX), Just(0.1),
            Just(9007199254740993.0), Just(1e21), Just(-1e-7),
        ],
        1 => (-1000_i32..1000).prop_map(|i| f64::from(i) / 8.0),
    ]
}

/// Small data sets of every kind that a file can hold.
fn dataset() -> impl Strategy<Value = Dataset> {
    (6_usize..16, 1_usize..4).prop_flat_map(|(n, n_modalities)| {
        let modality = (vec(vec(finite(), n), 1..4), any::<bool>());
        (
            vec(modality, n_modalities),
            proptest::sample::subsequence(&NAMES[..], n_modalities).prop_shuffle(),
            vec(0_usize..3, n),
            proptest::sample::subsequence(&TEXTS[..], 3).prop_shuffle(),
            0..3,
            proptest::option::of((
                vec(0_usize..4, n),
                proptest::sample::subsequence(&TEXTS[..], 4),
                any::<bool>(),
            )),
            0..4,
            vec(0_u32..4, n),
        )
            .prop_filter_map("a class per fold", build)
    })
}

type Parts = (
    Vec<(Vec<Vec<f64>>, bool)>,
    Vec<&'static str>,
    Vec<usize>,
    Vec<&'static str>,
    i32,
    Option<(Vec<usize>, Vec<&'static str>, bool)>,
    i32,
    Vec<u32>,
);

fn build((features, names, classes, texts, label_kind, groups, split_kind, parts): Parts) -> Option<Dataset> {
    let n = classes.len();
    let modalities = features.into_iter().zip(names).map(|((columns, is_wide), name)| {
        let value = |r: usize, c: usize| columns[c][r];
        let features = if is_wide {
            Features::F64(Matrix::from_fn(n, columns.len(), value))
        } else {
            Features::F32(Matrix::from_fn(n, columns.len(), |r, c| value(r, c).clamp(-1e38, 1e38) as f32))
        };
        Modality { name: name.to_owned(), features }
    });
    let labels = match label_kind {
        0 => Labels::from_integers(&classes.iter().map(|c| [7, -1, 30][*c]).collect::<Vec<i64>>()),
        1 => Labels::from_strings(&classes.iter().map(|c| texts[*c]).collect::<Vec<_>>()),
        _ => Labels::from_codes(
            classes.iter().map(|c| *c as u32).collect(),
            texts.iter().map(|t| (*t).to_owned()).collect(),
        )
        .ok()?,
    };
    let groups = groups.map(|(ids, texts, as_numbers)| {
        if as_numbers {
            Groups::from_integers(&ids.iter().map(|g| [100, 20, 3, -4][*g]).collect::<Vec<i64>>())
        } else {
            Groups::from_strings(&ids.iter().map(|g| texts[*g]).collect::<Vec<_>>())
        }
    });
    let rows = |wanted: u32| -> Vec<u32> { (0..n as u32).filter(|i| parts[*i as usize] == wanted).collect() };
    let split = match split_kind {
        0 => None,
        1 => Some(Split::GivenFolds { fold: parts }),
        kind => Some(Split::Given { train: rows(0), valid: (kind == 2).then(|| rows(1)), test: rows(2) }),
    };
    Dataset::new("d", modalities.collect(), labels, groups, split).ok()
}

/// Everything that a file keeps, with numbers as bits.
fn content(data: &Dataset) -> impl PartialEq + std::fmt::Debug + use<> {
    let bits = |features: &Features| -> Vec<u64> {
        (0..features.rows())
            .flat_map(|r| (0..features.cols()).map(move |c| (r, c)))
            .map(|(r, c)| features.get(r, c).to_bits())
            .collect()
    };
    let modalities: Vec<_> =
        data.modalities().iter().map(|m| (m.name.clone(), m.features.cols(), bits(&m.features))).collect();
    (
        modalities,
        data.labels().to_vec(),
        data.class_names().to_vec(),
        data.groups().map(<[u32]>::to_vec),
        data.group_names().to_vec(),
        data.split().clone(),
        data.fingerprint(),
    )
}

/// 2,000 data sets through the kind of file that this name has.
fn survives(file: &str, keeps_precision: bool) {
    let scratch = Scratch::new();
    let path = scratch.0.join(file);
    let config =
        Config { cases: 2000, rng_seed: RngSeed::Fixed(15), failure_persistence: None, ..Config::default() };
    let kinds = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(&dataset(), |data| {
            save(&data, &path).unwrap();
            let back = open(&path, &OpenOptions::default(), &Limits::default()).unwrap();
            prop_assert_eq!(content(&back), content(&data));
            let precisions =
                |d: &Dataset| d.modalities().iter().map(|m| m.features.dtype()).collect::<Vec<_>>();
            prop_assert!(!keeps_precision || precisions(&back) == precisions(&data));
            let is_drawn = matches!(data.split(), Split::Folds { .. });
            kinds.borrow_mut().insert((data.groups().is_some(), is_drawn));
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
            }
            Ok(())
        })
        .unwrap();
    // With and without groups, with and without a split of its own.
    assert_eq!(kinds.into_inner().len(), 4);
    assert!(scratch.list().iter().all(|name| name == file), "{:?}", scratch.list());
}

// promise: P15
#[test]
fn archives_bring_back_every_bit() {
    survives("d.npz", true);
}

// promise: P15
#[test]
fn folders_bring_back_every_bit() {
    survives("d", true);
}

// promise: P15
#[test]
fn tables_bring_back_every_bit() {
    survives("d.csv", false);
    survives("d.tsv", false);
}
