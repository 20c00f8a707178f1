//! One step of every strategy that changes gradients or brings a loss of its own.

use rivalry::model::{Inputs, LateFusion};
use rivalry::registry::{Choice, find};
use rivalry::strategies::{self, Epoch, Strategy, Teacher};
use rivalry::train::direction;
use serde_json::Value;

use super::{assert_tensors_close, cases, document, flat, inputs, network, numbers};

const TEXT: &str = include_str!("strategies.json");
const TOLERANCE: f64 = 1e-10;
/// Second derivatives by central differences, where PyTorch has them exactly.
const DIFFERENCES: f64 = 1e-7;
/// PyTorch's digamma and trigamma functions are good to about 1e-9; the library's agree with
/// SciPy's to rounding.
const TRIGAMMA: f64 = 1e-8;

/// The cases, each with the network and the data of its problem.
fn steps() -> Vec<Value> {
    let problems = document(TEXT)["problems"].clone();
    let mut cases = cases(TEXT);
    for case in &mut cases {
        let of = problems[case["problem"].as_str().unwrap()].as_object().unwrap();
        case.as_object_mut().unwrap().extend(of.clone());
    }
    cases
}

fn build(case: &Value) -> (Choice, Box<dyn Strategy<f64>>) {
    let choice: Choice = serde_json::from_value(case["strategy"].clone()).unwrap();
    let entry = find("strategy", strategies::table::<f64>(), &choice.name).unwrap();
    let build = (entry.build)(&entry.settle(&choice).unwrap());
    (choice, build)
}

/// The networks that the strategy builds on, and their weights.
fn teachers(case: &Value) -> Vec<(LateFusion<f64>, Vec<f64>)> {
    let Some(all) = case["teachers"].as_array() else { return Vec::new() };
    let teacher = |of: &Value| {
        let mut alone = case.clone();
        alone["modalities"] = of["modalities"].clone();
        alone["on"] = "joint".into();
        let model = network(&alone);
        let params = flat(&model, &of["params"]);
        (model, params)
    };
    all.iter().map(teacher).collect()
}

#[test]
fn directions_are_those_of_pytorch() {
    for case in steps() {
        let name = case["name"].as_str().unwrap();
        let (model, train) = (network(&case), inputs(&case));
        let params = flat(&model, &case["params"]);
        let first = if case["first"].is_null() { Vec::new() } else { flat(&model, &case["first"]) };
        let (_, mut strategy) = build(&case);
        for (slot, values) in strategy.memory() {
            if let Some(given) = case["memory"].get(slot) {
                *values = numbers(given);
            }
        }
        let teachers = teachers(&case);
        let needed: Vec<_> =
            teachers.into_iter().map(|(model, params)| Teacher { model, params: params.leak() }).collect();
        let epoch = Epoch {
            index: u32::try_from(case["epoch"].as_u64().unwrap()).unwrap(),
            n_epochs: 10,
            seed: case["seed"].as_u64().unwrap(),
            model: &model,
            params: if case["first"].is_null() { &params } else { &first },
            train: &train,
            valid: &Inputs { x: Vec::new(), y: Vec::new() },
            needed: &needed,
        };
        let tolerance = match case["strategy"]["name"].as_str().unwrap() {
            "tmc" => TRIGAMMA,
            "functional_entropy" => DIFFERENCES,
            _ => TOLERANCE,
        };
        let rows: Vec<u32> = (0..train.len() as u32).collect();
        let found = direction(strategy.as_mut(), &epoch, &params, &rows);
        assert_tensors_close(name, &model, &found, &case["grads"], tolerance);
    }
}

/// Nothing is called equal to PyTorch without having been compared.
#[test]
fn every_strategy_whose_direction_is_no_plain_gradient_is_compared() {
    let compared: Vec<String> = steps().iter().map(|case| build(case).0.name).collect();
    for entry in strategies::table::<f64>() {
        let strategy = (entry.build)(&entry.settle(&Choice::new(entry.name)).unwrap());
        if strategy.needs(&["a".to_owned(), "b".to_owned()]).modulates {
            assert!(compared.iter().any(|name| name == entry.name), "{} has no reference", entry.name);
        }
    }
}
