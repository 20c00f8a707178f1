//! The embedded data are what the package holds: `reference/demo_data/make.py`
//! computed the checksums from the package's text, not from our encoding.

use rivalry::data::{Dataset, Features, Split};
use rivalry::formats::embedded;
use serde_json::Value;

fn check(data: &Dataset, expected: &Value) {
    assert_eq!(data.name(), expected["name"]);
    assert_eq!(data.n_samples() as u64, expected["rows"]);
    assert_eq!(serde_json::json!(data.class_names()), expected["class_names"]);
    let mut counts = vec![0; data.n_classes()];
    for class in data.labels() {
        counts[*class as usize] += 1;
    }
    assert_eq!(serde_json::json!(counts), expected["class_counts"]);
    let classes: Vec<u8> = data.labels().iter().map(|class| u8::try_from(*class).unwrap()).collect();
    assert_eq!(blake3::hash(&classes).to_string(), expected["blake3_of_class_u8"]);

    let views = expected["views"].as_array().unwrap();
    assert_eq!(data.modalities().len(), views.len());
    for (modality, view) in data.modalities().iter().zip(views) {
        assert_eq!(modality.name, view["name"]);
        let Features::F64(values) = &modality.features else { panic!("`{}` is not in f64", modality.name) };
        assert_eq!(
            (values.rows(), values.cols() as u64),
            (data.n_samples(), view["columns"].as_u64().unwrap())
        );
        let values = values.as_slice();
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(
            (min, max),
            (view["min"].as_f64().unwrap(), view["max"].as_f64().unwrap()),
            "{}",
            modality.name
        );
        assert_eq!(
            (values.first(), values.last()),
            (view["first"].as_f64().as_ref(), view["last"].as_f64().as_ref())
        );
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(blake3::hash(&bytes).to_string(), view["blake3_of_f64_le"], "{}", modality.name);
    }
}

#[test]
fn embedded_data_are_exact() {
    let expected: Value = serde_json::from_str(include_str!("demo_data.json")).unwrap();
    check(&embedded::handwritten(), &expected["data_sets"][0]);
    check(&embedded::nutrimouse(), &expected["data_sets"][1]);
}

#[test]
fn the_handwritten_split_is_the_published_one() {
    let data = embedded::handwritten();
    let Split::Given { train, test, .. } = data.split() else { panic!("the split is not a given one") };
    let listed = include_str!("../../../../reference/demo_data/handwritten_test_rows.txt");
    let listed: Vec<u32> = listed.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!((train.len(), test), (1600, &listed));
    for (rows, per_class) in [(train, 160), (test, 40)] {
        let mut counts = [0; 10];
        for row in rows {
            counts[data.labels()[*row as usize] as usize] += 1;
        }
        assert_eq!(counts, [per_class; 10]);
    }
    let mut all: Vec<u32> = train.iter().chain(test).copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..2000).collect::<Vec<_>>());
}
