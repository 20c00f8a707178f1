//! Whole runs through the one training loop: its own order of batches, given
//! initial weights (handed over as a checkpoint before the first epoch).

use std::collections::BTreeMap;

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Draws, Purpose, Scalar};
use rivalry::record::{Checkpoint, Cost, Record, Trajectory};
use rivalry::registry::Choice;
use rivalry::solvers;
use rivalry::spec::{ClassWeights, Job, Precision, Spec};
use rivalry::train::{Trained, Unwatched, prepare, train};
use serde_json::Value;

use super::{assert_close, assert_tensors_close, document, flat, indices, matrix, numbers};

const TOLERANCE: f64 = 1e-9;

fn choice(value: &Value) -> Choice {
    serde_json::from_value(value.clone()).unwrap()
}

fn count(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn data_set(reference: &Value) -> Dataset {
    let modalities = reference["modalities"].as_array().unwrap();
    let modalities = modalities.iter().map(|m| {
        let name = m["name"].as_str().unwrap();
        Modality::new(name, matrix(&reference["inputs"][name]))
    });
    let labels: Vec<i64> = indices(&reference["labels"]).into_iter().map(i64::from).collect();
    let n_train = count(&reference["n_train"]);
    let split = Split::Given {
        train: (0..n_train).collect(),
        valid: None,
        test: (n_train..labels.len() as u32).collect(),
    };
    let labels = Labels::from_integers(&labels);
    Dataset::new("reference", modalities.collect(), labels, None, Some(split)).unwrap()
}

fn job(reference: &Value, data: &Dataset) -> Job {
    let encoders: BTreeMap<String, Choice> = reference["modalities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["name"].as_str().unwrap().to_owned(), choice(&m["encoder"])))
        .collect();
    let spec = Spec {
        encoders,
        solver: choice(&reference["solver"]),
        schedule: choice(&reference["schedule"]),
        class_weights: match reference["class_weights"].as_str().unwrap() {
            "balanced" => ClassWeights::Balanced,
            _ => ClassWeights::None,
        },
        epochs: Some(count(&reference["n_epochs"])),
        batch: count(&reference["batch"]),
        seed: u64::from(count(&reference["seed"])),
        patience: Some(0),
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        ..Spec::default()
    };
    spec.check(data).unwrap()
}

/// The state before the first epoch with weights of our choice.
fn start(job: &Job, params: Vec<f64>) -> Checkpoint {
    let solver = &job.spec().solver;
    let entry = rivalry::registry::find("solver", solvers::table::<f64>(), &solver.name).unwrap();
    let mut solver = (entry.build)(&entry.settle(solver).unwrap());
    let mut vectors = vec![
        ("params".to_owned(), f64::into_numbers(params)),
        ("best_params".to_owned(), f64::into_numbers(Vec::new())),
    ];
    for (name, _) in solver.state().slots {
        vectors.push((format!("solver.{name}"), f64::into_numbers(Vec::new())));
    }
    Checkpoint {
        id: job.id(),
        epoch: 0,
        best: None,
        cost: Cost::default(),
        trajectory: Trajectory::default(),
        vectors,
        solver_steps: vec![0],
    }
}

fn check_run(text: &str) {
    let reference = document(text);
    let data = data_set(&reference);
    let job = job(&reference, &data);
    let model = prepare::<f64>(&job, &data).model;
    let n_train = count(&reference["n_train"]);
    for (epoch, order) in reference["orders"].as_array().unwrap().iter().enumerate() {
        let mut draws = Draws::new(job.spec().seed, Purpose::new("batch order"), epoch as u32);
        assert_eq!(draws.permutation(n_train as usize), indices(order), "order of epoch {epoch}");
    }
    let from = start(&job, flat(&model, &reference["params"]));
    let Trained::Done(record) = train(&job, &data, &[], Some(&from), &mut Unwatched).unwrap() else {
        panic!("nobody stopped the run");
    };
    check_record(&record, &reference, n_train as usize);
    let params = f64::from_numbers(&record.params).unwrap();
    assert_tensors_close("after 20 epochs", &model, params, &reference["final_params"], TOLERANCE);
}

fn check_record(record: &Record, reference: &Value, n_train: usize) {
    let losses = record.trajectory.get("train_loss");
    assert_close("training loss", losses, &numbers(&reference["train_loss"]), TOLERANCE);
    // Kept in single precision.
    let scores: Vec<f64> = record.predictions.scores.iter().map(|s| f64::from(*s)).collect();
    let test = numbers(&reference["final_fused"]).split_off(n_train * record.predictions.n_classes);
    assert_close("test scores", &scores, &test, 1e-6);
}

// promise: P18
#[test]
fn twenty_epochs_of_adam_agree_with_pytorch() {
    check_run(include_str!("run_adam.json"));
}

// promise: P18
#[test]
fn twenty_epochs_of_sgd_with_momentum_agree_with_pytorch() {
    check_run(include_str!("run_sgd.json"));
}

// promise: P18
#[test]
fn twenty_epochs_of_adamw_with_balanced_classes_agree_with_pytorch() {
    check_run(include_str!("run_adamw.json"));
}
