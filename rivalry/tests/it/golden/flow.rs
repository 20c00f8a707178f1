//! Gradient flows by SciPy's DOP853 at a relative tolerance of 1e-12.
//! `reference/flow` makes them.

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Matrix, Numbers, Scalar};
use rivalry::record::{Checkpoint, Cost, Trajectory};
use rivalry::registry::{Choice, find};
use rivalry::solvers;
use rivalry::spec::{ClassWeights, Job, Precision, Spec};
use rivalry::train::{Trained, Unwatched, train};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        _ => vec![value.as_f64().unwrap()],
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// The reference's samples to train on, and one of each class to test on.
fn data_set(reference: &Value) -> Dataset {
    let labels: Vec<i64> = numbers(&reference["labels"]).iter().map(|y| *y as i64).collect();
    let n = labels.len();
    let firsts = (0..3).map(|class| labels.iter().position(|y| *y == class).unwrap());
    let rows: Vec<usize> = (0..n).chain(firsts).collect();
    let modality = |(name, x): (&String, &Value)| {
        let values = numbers(x);
        let d = values.len() / n;
        Modality::new(name, Matrix::from_fn(rows.len(), d, |r, c| values[rows[r] * d + c]))
    };
    let modalities = reference["inputs"].as_object().unwrap().iter().map(modality).collect();
    let labels = Labels::from_integers(&rows.iter().map(|r| labels[*r]).collect::<Vec<_>>());
    let test = (n as u32..rows.len() as u32).collect();
    let split = Split::Given { train: (0..n as u32).collect(), valid: None, test };
    Dataset::new("flow", modalities, labels, None, Some(split)).unwrap()
}

fn spec(case: &Value, solver: Choice) -> Spec {
    let modalities = texts(&case["modalities"]);
    let auxiliary = case["auxiliary"].as_f64().unwrap();
    let strategy = match (modalities.len(), auxiliary) {
        (1, _) => Choice::new("unimodal"),
        (_, 0.0) => Choice::new("naive"),
        (_, weight) => Choice::new("auxiliary").with("weight", weight),
    };
    let weighted = case["class_weights"].as_bool().unwrap();
    Spec {
        modalities,
        strategy,
        encoder: Choice::new("smoothed_relu")
            .with("m", case["m"].as_i64().unwrap())
            .with("q", case["q"].as_i64().unwrap())
            .with("beta", case["beta"].as_f64().unwrap()),
        solver,
        epochs: Some(1_000_000),
        patience: Some(0),
        class_weights: if weighted { ClassWeights::Balanced } else { ClassWeights::None },
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        ..Spec::default()
    }
}

/// The state before the first epoch, with the reference's weights.
fn start(job: &Job, params: Vec<f64>) -> Checkpoint {
    let choice = &job.spec().solver;
    let entry = find("solver", solvers::table::<f64>(), &choice.name).unwrap();
    let mut solver = (entry.build)(&entry.settle(choice).unwrap());
    let mut vectors = vec![
        ("params".to_owned(), f64::into_numbers(params)),
        ("best_params".to_owned(), f64::into_numbers(Vec::new())),
    ];
    let state = solver.state();
    for (name, _) in state.slots {
        vectors.push((format!("solver.{name}"), f64::into_numbers(Vec::new())));
    }
    for (name, scalar) in state.scalars {
        vectors.push((format!("solver.{name}"), Numbers::F64(vec![*scalar])));
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

fn weights(case: &Value, of: &Value) -> Vec<f64> {
    texts(&case["modalities"]).iter().flat_map(|name| numbers(&of[name])).collect()
}

// promise: P22
#[test]
fn flows_agree_with_scipy() {
    let reference: Value = serde_json::from_str(include_str!("flow.json")).unwrap();
    assert!(reference["versions"]["scipy"].is_string());
    let data = data_set(&reference);
    let flow = |tolerance: f64| Choice::new("gradient_flow").with("tolerance", tolerance);
    // The pair at a tight tolerance, in both forms; the defaults at theirs.
    let ways = [
        (flow(1e-10).with("form", "weights"), 1e-7),
        (flow(1e-10).with("multirate", false), 1e-7),
        (flow(1e-8), 3e-6),
        (Choice::new("gradient_flow"), 1e-2),
    ];
    for case in reference["cases"].as_array().unwrap() {
        for (solver, allowed) in &ways {
            for (i, time) in numbers(&reference["times"]).into_iter().enumerate() {
                let spec = spec(case, solver.clone().with("time_limit", time));
                let job = spec.check(&data).unwrap();
                let from = start(&job, weights(case, &case["start"]));
                let Trained::Done(record) = train(&job, &data, &[], Some(&from), &mut Unwatched).unwrap()
                else {
                    panic!("nobody stopped the run");
                };
                let expected = weights(case, &case["weights"][i]);
                let size = expected.iter().map(|w| w.abs()).fold(0.0, f64::max);
                let got = f64::from_numbers(&record.params).unwrap();
                let error = got.iter().zip(&expected).map(|(g, e)| (g - e).abs()).fold(0.0, f64::max);
                assert!(error <= allowed * size, "{solver:?} at {time}: {:.1e}", error / size);
                assert_eq!(record.trajectory.get("time").last(), Some(&time));
            }
        }
    }
}
