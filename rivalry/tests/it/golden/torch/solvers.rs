//! Optimiser steps and learning-rate schedules.

use rivalry::registry::{Choice, find};
use rivalry::solvers::{self, Update, schedule};
use serde_json::Value;

use super::{assert_close, cases, numbers};

fn choice(value: &Value) -> Choice {
    serde_json::from_value(value.clone()).unwrap()
}

// promise: P18
#[test]
fn ten_steps_of_every_solver_agree_with_pytorch() {
    let cases = cases(include_str!("optimisers.json"));
    for case in &cases {
        let choice = choice(&case["solver"]);
        let entry = find("solver", solvers::table::<f64>(), &choice.name).unwrap();
        let mut solver = (entry.build)(&entry.settle(&choice).unwrap());
        let mut params = numbers(&case["start"]);
        let rates = [(0..params.len(), 1.0)];
        let steps = case["gradients"].as_array().unwrap().iter().zip(case["after"].as_array().unwrap());
        for (i, (gradient, after)) in steps.enumerate() {
            solver.step(&Update { factor: 1.0, rates: &rates }, &mut params, &mut |_: &[f64],
                                                                                   direction: &mut Vec<
                f64,
            >| {
                *direction = numbers(gradient);
            });
            for (p, (got, expected)) in params.iter().zip(numbers(after)).enumerate() {
                let what = format!("{} step {} parameter {p}", case["solver"], i + 1);
                assert_close(&what, &[*got], &[expected], 1e-12);
            }
        }
    }
    let tested = |name: &str| cases.iter().any(|c| c["solver"]["name"] == name);
    for entry in solvers::table::<f64>() {
        // PyTorch has no flow; SciPy's numbers are in `golden::flow`.
        let elsewhere = entry.name == "gradient_flow";
        assert!(elsewhere || tested(entry.name), "no PyTorch reference for solver `{}`", entry.name);
    }
}

// promise: P18
#[test]
fn learning_rates_agree_with_pytorch() {
    let cases = cases(include_str!("schedules.json"));
    for case in &cases {
        let choice = choice(&case["schedule"]);
        let entry = find("schedule", schedule::table(), &choice.name).unwrap();
        let schedule = (entry.build)(&entry.settle(&choice).unwrap());
        let rate = case["lr"].as_f64().unwrap();
        let n_epochs = u32::try_from(case["n_epochs"].as_u64().unwrap()).unwrap();
        let rates: Vec<f64> = (0..n_epochs).map(|epoch| rate * schedule.factor(epoch, n_epochs)).collect();
        assert_close(&case["schedule"].to_string(), &rates, &numbers(&case["rates"]), 1e-12);
    }
    let tested = |name: &str| cases.iter().any(|c| c["schedule"]["name"] == name);
    for entry in schedule::table() {
        assert!(tested(entry.name), "no PyTorch reference for schedule `{}`", entry.name);
    }
}
