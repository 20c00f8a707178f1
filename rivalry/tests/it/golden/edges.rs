//! Softmax, log-sum-exp, cross-entropy, means, variances and scaling at the
//! edges of the floating-point numbers, against 200-bit references that
//! `reference/edges/make.py` makes. `docs/math.md` says how far each may be off.
// promise: P21

use rivalry::data::{Features, Scaler};
use rivalry::model::loss;
use rivalry::num::{Matrix, Scalar, special, sums};
use serde_json::Value;

use super::numbers;

const EDGES: &str = include_str!("edges.json");

/// The cases under `key`, never none.
fn cases(key: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(EDGES).unwrap();
    let cases = document[key].as_array().unwrap().clone();
    assert!(cases.len() > 10, "{key}");
    cases
}

/// Distance from the reference in units of its last place, in the precision of
/// `T`. Below the normal numbers the unit is that of the smallest of them.
fn ulps<T: Scalar>(got: f64, reference: f64) -> f64 {
    let (epsilon, smallest) = if T::NAME == "f32" {
        (f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE))
    } else {
        (f64::EPSILON, f64::MIN_POSITIVE)
    };
    let (_, exponent) = libm::frexp(reference.abs().max(smallest));
    // The unit itself may be subnormal: half of it twice is not.
    (got - reference).abs() / libm::ldexp(1.0, exponent - 1) / epsilon
}

fn softmax_is_near<T: Scalar>(case: &Value) {
    let z: Vec<T> = numbers(&case["logits"]).into_iter().map(T::from_f64).collect();
    let n = z.len();
    let z = Matrix::from_vec(1, n, z);
    let top = z.row(0).iter().fold(f64::NEG_INFINITY, |top, x| top.max(x.to_f64()));
    let (mut p, mut log_norm) = (Matrix::zeros(1, n), [T::ZERO]);
    loss::softmax(z.view(), &mut p.view_mut(), &mut log_norm);
    for (j, reference) in numbers(&case["softmax"]).into_iter().enumerate() {
        let off = ulps::<T>(p.row(0)[j].to_f64(), reference);
        // z - max z is rounded before it is an exponent; terms below the range
        // of the exponential are zero.
        let distance = top - z.row(0)[j].to_f64();
        let limit = if T::NAME == "f32" { 87.3 } else { 708.3 };
        if distance > limit {
            assert!(p.row(0)[j].to_f64() <= reference, "class {j} of {case}");
        } else {
            assert!(off <= 4.0 + distance + n as f64 / 16.0, "class {j} is {off} off: {case}");
        }
    }
    let log_sum_exp = case["log_sum_exp"].as_f64().unwrap();
    let scale = log_sum_exp.abs().max(special::ln(n as f64)).max(1.0);
    let off = ulps::<T>(scale + (log_norm[0].to_f64() - log_sum_exp), scale);
    assert!(off <= 4.0, "log-sum-exp is {off} off: {case}");

    for (label, reference) in case["losses"].as_array().unwrap().iter().enumerate() {
        let got = loss::mean_cross_entropy(z.view(), &[label as u32]);
        match reference.as_f64() {
            None => assert_eq!(got, f64::INFINITY, "class {label} of {case}"),
            Some(reference) => {
                let scale = top.abs().max(reference).max(1.0);
                let off = (got - reference).abs() / scale / f64::EPSILON;
                assert!(off <= 4.0, "the loss of class {label} is {off} off: {case}");
            }
        }
    }
}

#[test]
fn softmax_and_log_sum_exp_are_accurate_at_the_edges() {
    for case in cases("softmax") {
        match case["precision"].as_str().unwrap() {
            "f32" => softmax_is_near::<f32>(&case),
            _ => softmax_is_near::<f64>(&case),
        }
    }
}

#[test]
fn variances_are_accurate_at_the_edges() {
    let mut n_compared = 0;
    for case in cases("columns") {
        let (name, values) = (case["name"].as_str().unwrap(), numbers(&case["values"]));
        let got = sums::variance(&values);
        if values.iter().map(|x| x.abs() / f64::MAX).sum::<f64>() >= 1.0 {
            // The sum itself is beyond the range: never a wrong number.
            assert!(!got.is_finite(), "{name}: {got}");
            continue;
        }
        let largest = values.iter().fold(0.0, |top: f64, x| top.max(x.abs()));
        let mean = case["mean"].as_f64().unwrap();
        assert!(ulps::<f64>(largest + (sums::mean(&values) - mean), largest) <= 4.0, "{name}");
        match case["variance"].as_f64() {
            None if case["overflows"] == true => assert_eq!(got, f64::INFINITY, "{name}"),
            None => assert!(got.is_nan(), "{name}: one value has no variance"),
            Some(reference) => {
                let off = ulps::<f64>(got, reference);
                assert!(off <= 8.0, "{name}: {got} is {off} off from {reference}");
                n_compared += 1;
            }
        }
    }
    assert!(n_compared > 8, "{n_compared}");
}

#[test]
fn scaling_is_accurate_at_the_edges() {
    for case in cases("columns") {
        let (name, values) = (case["name"].as_str().unwrap(), numbers(&case["values"]));
        let n = values.len();
        let features = Features::F64(Matrix::from_vec(n, 1, values));
        let rows: Vec<u32> = (0..n as u32).collect();
        let scaler = Scaler::fit(&features, &rows);
        let sd = case["sd"].as_f64().unwrap();
        assert!(ulps::<f64>(scaler.scale()[0], sd) <= 8.0, "{name}: {} is not {sd}", scaler.scale()[0]);
        let z: Matrix<f64> = scaler.apply(&features, &rows);
        for (got, reference) in z.as_slice().iter().zip(numbers(&case["scores"])) {
            // A score near zero is the difference of two that are not.
            let off = (got - reference).abs() / reference.abs().max(1.0) / f64::EPSILON;
            assert!(off <= 16.0, "{name}: {got} is {off} off from {reference}");
        }
    }
}
