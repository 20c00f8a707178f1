//! PyTorch and scikit-learn references in double precision.
//! `reference/torch` makes them and describes the files.

mod networks;
mod runs;
mod snippets;
mod solvers;
mod strategies;

use rivalry::encoders;
use rivalry::model::{BranchPlan, Inputs, LateFusion};
use rivalry::num::Matrix;
use rivalry::registry::{Choice, find};
use serde_json::Value;

/// A reference file.
fn document(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    assert!(document["versions"]["torch"].is_string(), "a reference names its versions");
    document
}

/// The cases of a reference file, never none.
fn cases(text: &str) -> Vec<Value> {
    let cases = document(text)["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

/// All numbers of nested lists, row by row.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![value.as_f64().unwrap()],
    }
}

/// A list of whole numbers.
fn indices(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|v| u32::try_from(v.as_u64().unwrap()).unwrap()).collect()
}

/// A list of rows.
fn matrix(value: &Value) -> Matrix<f64> {
    let rows = value.as_array().unwrap();
    Matrix::from_vec(rows.len(), rows[0].as_array().unwrap().len(), numbers(value))
}

/// The network of a case, with own logits where the reference is on them.
fn network(case: &Value) -> LateFusion<f64> {
    let plan = |(modality, m): (usize, &Value)| {
        let choice: Choice = serde_json::from_value(m["encoder"].clone()).unwrap();
        let entry = find("encoder", encoders::table::<f64>(), &choice.name).unwrap();
        BranchPlan {
            modality: m["index"].as_u64().map_or(modality, |i| usize::try_from(i).unwrap()),
            name: m["name"].as_str().unwrap().to_owned(),
            n_inputs: usize::try_from(m["width"].as_u64().unwrap()).unwrap(),
            encoder: (entry.build)(&entry.settle(&choice).unwrap()),
        }
    };
    let branches = case["modalities"].as_array().unwrap().iter().enumerate().map(plan).collect();
    let own_heads = case["on"] == "own_head";
    LateFusion::new(branches, usize::try_from(case["n_classes"].as_u64().unwrap()).unwrap(), own_heads)
}

/// Features and labels of a case.
fn inputs(case: &Value) -> Inputs<f64> {
    let modalities = case["modalities"].as_array().unwrap();
    Inputs {
        x: modalities.iter().map(|m| matrix(&case["inputs"][m["name"].as_str().unwrap()])).collect(),
        y: indices(&case["labels"]),
    }
}

/// The flat parameter vector from named tensors. Both sides must have the same
/// names and sizes.
fn flat(model: &LateFusion<f64>, named: &Value) -> Vec<f64> {
    let tensors = model.tensors();
    assert_eq!(tensors.len(), named.as_object().unwrap().len(), "number of parameter tensors");
    let mut params = vec![f64::NAN; model.n_params()];
    for tensor in &tensors {
        let values = numbers(&named[tensor.name.as_str()]);
        assert_eq!(values.len(), tensor.rows * tensor.cols, "size of `{}`", tensor.name);
        params[tensor.range.clone()].copy_from_slice(&values);
    }
    assert!(params.iter().all(|p| p.is_finite()), "every parameter is named");
    params
}

/// Fails when the largest difference is above `tolerance` times the largest
/// reference value.
#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}: number of values");
    let scale = expected.iter().fold(0.0, |top: f64, e| top.max(e.abs()));
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (g - e).abs() <= tolerance * scale,
            "{what}, value {i}: {g} instead of {e} ({:.1e} of the largest)",
            (g - e).abs() / scale
        );
    }
}

/// As [`assert_close`], one tensor at a time: small gradients are not measured
/// by large ones.
#[track_caller]
fn assert_tensors_close(what: &str, model: &LateFusion<f64>, got: &[f64], named: &Value, tolerance: f64) {
    let expected = flat(model, named);
    for tensor in model.tensors() {
        let range = tensor.range.clone();
        assert_close(&format!("{what}: {}", tensor.name), &got[range.clone()], &expected[range], tolerance);
    }
}
