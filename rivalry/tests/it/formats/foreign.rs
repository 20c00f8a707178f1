//! Files that numpy and pandas wrote, and files of ours that they read: the
//! other half of the second is `reference/formats/make.py --check`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use rivalry::data::{Dataset, Features, Groups, Labels, Modality, Split};
use rivalry::formats::{Array, Limits, OpenOptions, Source, Values, open, save};
use rivalry::num::Matrix;

use super::{Scratch, corpus, format, open_bytes};

#[derive(Deserialize)]
struct Foreign {
    npy: BTreeMap<String, Numpy>,
    data: BTreeMap<String, Numpy>,
}

/// An array as numpy sees it: values in C order.
#[derive(Deserialize)]
struct Numpy {
    shape: Vec<usize>,
    values: Vec<Value>,
}

impl Numpy {
    /// Numbers as bits, so that -0.0 is not 0.0.
    fn bits(&self) -> Vec<u64> {
        self.values.iter().map(|v| number(v).to_bits()).collect()
    }

    fn texts(&self) -> Vec<&str> {
        self.values.iter().map(|v| v.as_str().unwrap()).collect()
    }

    fn integers(&self) -> Vec<i64> {
        self.values.iter().map(|v| v.as_i64().unwrap()).collect()
    }
}

fn number(value: &Value) -> f64 {
    value.as_bool().map_or_else(|| value.as_f64().unwrap(), f64::from)
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/formats")
}

fn foreign() -> Foreign {
    serde_json::from_slice(&std::fs::read(golden().join("foreign.json")).unwrap()).unwrap()
}

fn widened(array: &Array) -> Vec<u64> {
    match &array.values {
        Values::F32(values, _) => values.iter().map(|v| f64::from(*v).to_bits()).collect(),
        Values::F64(values) => values.iter().map(|v| v.to_bits()).collect(),
        Values::Int(values) => values.iter().map(|v| (*v as f64).to_bits()).collect(),
        Values::Text { .. } => panic!("texts where numbers should be"),
    }
}

// promise: P15
#[test]
fn arrays_of_numpy_are_read_to_the_bit() {
    let files: BTreeMap<String, Vec<u8>> = corpus().into_iter().collect();
    let foreign = foreign();
    assert!(foreign.npy.len() >= 25);
    for (name, expected) in &foreign.npy {
        let source = Source::bytes(name, &files[name]);
        let read = format("npy").read(&source, &OpenOptions::default(), &Limits::default()).unwrap();
        let [(_, array)] = &read[..] else { panic!("{name}") };
        assert_eq!((array.rows, array.cols), (expected.shape[0], expected.shape.get(1).copied()), "{name}");
        if let Values::Text { codes, distinct, .. } = &array.values {
            let texts: Vec<&str> = codes.iter().map(|c| distinct[*c as usize].as_str()).collect();
            assert_eq!(texts, expected.texts(), "{name}");
        } else {
            assert_eq!(widened(array), expected.bits(), "{name}");
        }
    }
}

// promise: P15
#[test]
fn data_sets_of_numpy_and_pandas_are_read_to_the_bit() {
    let data = foreign().data;
    let names = data["class_names"].texts();
    let mut fingerprints = Vec::new();
    let files = [
        "stored.npz",
        "deflated.npz",
        "piped.npz",
        "zip64.npz",
        "masks.npz",
        "pandas.csv",
        "semicolons.csv",
        "tabs.tsv",
    ];
    for (name, bytes) in corpus().iter().filter(|(name, _)| files.contains(&name.as_str())) {
        let read = open_bytes(name, bytes).unwrap();
        for modality in ["image", "sound", "flags"] {
            let features = &read.modalities()[read.modality_idx(modality).unwrap()].features;
            let values: Vec<u64> = (0..12)
                .flat_map(|r| (0..features.cols()).map(move |c| features.get(r, c).to_bits()))
                .collect();
            assert_eq!(values, data[modality].bits(), "{name}, {modality}");
        }
        assert_eq!(read.class_names(), names, "{name}");
        let labels: Vec<i64> = read.labels().iter().map(|c| i64::from(*c)).collect();
        assert_eq!(labels, data["y"].integers(), "{name}");
        let groups: Vec<&str> =
            read.groups().unwrap().iter().map(|g| read.group_names()[*g as usize].as_str()).collect();
        assert_eq!(groups, data["groups"].texts(), "{name}");
        let split = Split::Given { train: (0..9).collect(), valid: None, test: (9..12).collect() };
        assert_eq!(*read.split(), split, "{name}");
        fingerprints.push(read.fingerprint());
    }
    // One content, one fingerprint, whatever the file.
    assert_eq!(fingerprints.len(), files.len());
    assert!(fingerprints.iter().all(|f| *f == fingerprints[0]));
}

#[derive(Deserialize)]
struct Ours {
    modalities: BTreeMap<String, Typed>,
    y: Vec<u32>,
    class_names: Vec<String>,
    groups: Vec<String>,
    train: Vec<u32>,
    test: Vec<u32>,
}

#[derive(Deserialize)]
struct Typed {
    dtype: String,
    shape: [usize; 2],
    values: Vec<f64>,
}

fn ours() -> Dataset {
    let ours: Ours = serde_json::from_slice(&std::fs::read(golden().join("ours.json")).unwrap()).unwrap();
    let modalities =
        ours.modalities.into_iter().map(|(name, Typed { dtype, shape: [rows, cols], values })| {
            let wide = Matrix::from_vec(rows, cols, values);
            let features =
                if dtype == "<f4" { Features::F32(wide.map(|v| v as f32)) } else { Features::F64(wide) };
            Modality { name, features }
        });
    let labels = Labels::from_codes(ours.y, ours.class_names).unwrap();
    let groups = Groups::from_strings(&ours.groups);
    let split = Split::Given { train: ours.train, valid: None, test: ours.test };
    Dataset::new("ours", modalities.collect(), labels, Some(groups), Some(split)).unwrap()
}

/// The files that numpy and pandas are asked to read are those that are written
/// today. `RIVALRY_WRITE_GOLDEN=1` writes them again.
// promise: P15
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment asks for the files to be written again")]
fn files_for_numpy_and_pandas_are_what_we_write() {
    let (data, scratch) = (ours(), Scratch::new());
    for name in ["ours.npz", "ours.csv", "ours"] {
        save(&data, &scratch.0.join(name)).unwrap();
        let back = open(&golden().join(name), &OpenOptions::default(), &Limits::default());
        assert!(back.is_err() || back.unwrap().fingerprint() == data.fingerprint(), "{name}");
    }
    let written = scratch.list();
    assert_eq!(written.len(), 2 + 8);
    for name in written {
        let bytes = std::fs::read(scratch.0.join(&name)).unwrap();
        let committed = golden().join(&name);
        if std::env::var("RIVALRY_WRITE_GOLDEN").is_ok() {
            std::fs::create_dir_all(committed.parent().unwrap()).unwrap();
            std::fs::write(&committed, &bytes).unwrap();
        }
        let committed = std::fs::read(&committed).unwrap_or_default();
        assert!(committed == bytes, "{name} is written differently now: is that meant?");
    }
}
