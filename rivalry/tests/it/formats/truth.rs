//! Arrays that are no data set: written, and read back to the bit.

use rivalry::data::sparse_coding::{CodedModality, SparseCoding, Truth};
use rivalry::formats::{
    Array, Kind, Limits, ModalityChoice, OpenOptions, Source, Values, save_arrays, save_truth,
};

use super::{Scratch, format};

/// The arrays of those names, as the reader of archives brings them.
fn read(path: &std::path::Path, names: &[&str], label: &str) -> Vec<Array> {
    let options = OpenOptions {
        modalities: names.iter().map(|name| ModalityChoice::parse(name)).collect(),
        label: Some(label.to_owned()),
        ..OpenOptions::default()
    };
    let arrays = format("npz").read(&Source::file(path), &options, &Limits::default()).unwrap();
    arrays.into_iter().map(|(_, array)| array).collect()
}

fn array(name: &str, rows: usize, cols: Option<usize>, values: Values) -> Array {
    Array { name: name.to_owned(), rows, cols, values }
}

#[test]
fn arrays_of_every_type_survive() {
    let scratch = Scratch::new();
    let path = scratch.0.join("all.npz");
    let texts = Values::Text {
        codes: vec![0, 1, 0],
        distinct: vec!["a".to_owned(), "日本語".to_owned()],
        untyped: false,
    };
    let arrays = vec![
        array("singles", 2, Some(2), Values::F32(vec![0.1, -0.0, f32::MAX, 1e-45], Kind::Float)),
        array("flags", 3, Some(1), Values::F32(vec![1.0, 0.0, 1.0], Kind::Bool)),
        array("doubles", 1, Some(3), Values::F64(vec![0.1, f64::MIN_POSITIVE, -1e300])),
        array("wholes", 2, None, Values::Int(vec![i64::MIN, i64::MAX])),
        array("texts", 3, None, texts),
        array("none", 0, Some(4), Values::F64(Vec::new())),
    ];
    save_arrays(&arrays, &path).unwrap();
    let back = read(&path, &["singles", "flags", "doubles", "wholes"], "texts");
    assert_eq!(back, arrays[..5]);
}

#[test]
fn the_truth_of_generated_data_survives() {
    let scratch = Scratch::new();
    let path = scratch.0.join("lab.truth.npz");
    let modality = |dim| CodedModality { dim, mu: 0.3, ..CodedModality::default() };
    let model =
        SparseCoding { n_classes: 3, modalities: vec![modality(7), modality(5)], ..SparseCoding::default() };
    let truth = model.explicit(20, 10, 1).unwrap().truth;
    save_truth(&truth, &path).unwrap();
    let names = ["z_m1", "dictionary_m1", "z_m2", "dictionary_m2"];
    let back = read(&path, &names, "insufficient");
    let Truth { train, test, dictionaries } = &truth;
    for r in 0..2 {
        let z = [train.z[r].as_slice(), test.z[r].as_slice()].concat();
        assert_eq!(back[2 * r], array(names[2 * r], 30, Some(3), Values::F64(z)));
        let m = &dictionaries[r];
        let expected = Values::F64(m.as_slice().to_vec());
        assert_eq!(back[2 * r + 1], array(names[2 * r + 1], m.rows(), Some(3), expected));
    }
    let flags = (0..30).flat_map(|i| {
        let (part, i) = if i < 20 { (train, i) } else { (test, i - 20) };
        [0, 1].map(|r| f32::from(u8::from(part.insufficient[r][i])))
    });
    assert_eq!(back[4], array("insufficient", 30, Some(2), Values::F32(flags.collect(), Kind::Bool)));
    assert!((1..30).contains(&(train.n_insufficient(0) + test.n_insufficient(0))));
}
