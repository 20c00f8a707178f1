use super::*;
use crate::num::{Draws, Purpose};
use serde_json::Value;

/// One data set of the reference with its fits: standardised features, labels,
/// new rows, fits.
struct Case {
    name: String,
    features: Matrix<f32>,
    labels: Vec<u32>,
    new: Matrix<f32>,
    fits: Vec<Value>,
}

/// scikit-learn's solutions, polished: `reference/torch/probe.py`.
fn reference() -> Vec<Case> {
    let text = include_str!("../../../tests/it/golden/torch/logistic_regression.json");
    let json: Value = serde_json::from_str(text).unwrap();
    let matrix = |rows: &Value| {
        let rows = numbers(rows);
        Matrix::from_vec(rows.len(), rows[0].len(), rows.concat().into_iter().map(|x| x as f32).collect())
    };
    let case = |c: &Value| Case {
        name: c["name"].as_str().unwrap().to_owned(),
        features: matrix(&c["x"]),
        labels: c["y"].as_array().unwrap().iter().map(|y| y.as_u64().unwrap() as u32).collect(),
        new: matrix(&c["x_new"]),
        fits: c["fits"].as_array().unwrap().clone(),
    };
    json["cases"].as_array().unwrap().iter().map(case).collect()
}

fn numbers(rows: &Value) -> Vec<Vec<f64>> {
    let floats = |row: &Value| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    rows.as_array().unwrap().iter().map(floats).collect()
}

/// Largest difference of the probabilities of the new rows from scikit-learn's.
fn worst(probe: &Probe, case: &Case, fit: &Value) -> f64 {
    let logits = probe.logits(case.new.view());
    let mut worst = 0.0_f64;
    for (i, expected) in numbers(&fit["probabilities"]).iter().enumerate() {
        let norm = log_sum_exp(logits.row(i));
        for (z, p) in logits.row(i).iter().zip(expected) {
            worst = worst.max((special::exp(z - norm) - p).abs());
        }
    }
    worst
}

#[test]
fn agrees_with_scikit_learn() {
    let mut n_fits = 0;
    for case in reference() {
        let n_classes = 1 + *case.labels.iter().max().unwrap() as usize;
        let train = Rows { features: case.features.view(), labels: &case.labels };
        let problem = Problem::new(train, n_classes);
        for fit in &case.fits {
            let strength = 1.0 / (case.labels.len() as f64 * fit["C"].as_f64().unwrap());
            // As used: the tolerance leaves a little in the probabilities.
            let probe = Probe::fit(train, n_classes, strength);
            let difference = worst(&probe, &case, fit);
            assert!(probe.converged && difference < 0.03, "{}, {strength}: {difference}", case.name);
            // To the minimum: what is left comes from features in single precision.
            let mut weights = vec![0.0; problem.features.cols() * n_classes];
            let mut buffers = problem.start(strength).buffers;
            let function = |w: &[f64], g: &mut [f64]| problem.objective(w, g, &mut buffers, strength);
            lbfgs::minimise(&mut weights, function, |_| {}, 1e-12, 10_000);
            let weights = Matrix::from_vec(problem.features.cols(), n_classes, weights);
            let probe = Probe { weights, ..probe };
            let difference = worst(&probe, &case, fit);
            assert!(difference < 2e-6, "{}, {strength}: {difference}", case.name);
            n_fits += 1;
        }
    }
    assert_eq!(n_fits, 13);
}

#[test]
fn the_gradient_is_that_of_the_objective() {
    let mut draws = Draws::new(3, Purpose::new("probe test"), 0);
    let features = Matrix::from_fn(9, 4, |_, _| draws.normal() as f32);
    let labels = [0, 1, 2, 1, 0, 2, 2, 1, 1];
    let problem = Problem::new(Rows { features: features.view(), labels: &labels }, 3);
    let weights: Vec<f64> = (0..15).map(|_| draws.normal()).collect();
    let mut buffers = problem.start(0.3).buffers;
    let mut value_at = |w: &[f64]| problem.objective(w, &mut [0.0; 15], &mut buffers, 0.3);
    let numeric: Vec<f64> = (0..15)
        .map(|i| {
            let step = 6e-6;
            let mut moved = weights.clone();
            moved[i] += step;
            let above = value_at(&moved);
            moved[i] -= 2.0 * step;
            (above - value_at(&moved)) / (2.0 * step)
        })
        .collect();
    let mut gradient = [0.0; 15];
    problem.objective(&weights, &mut gradient, &mut buffers, 0.3);
    for (g, n) in gradient.iter().zip(numeric) {
        assert!((g - n).abs() < 1e-8, "{g} {n}");
    }
}

#[test]
fn chooses_on_validation_rows_and_survives_degenerate_ones() {
    let mut draws = Draws::new(4, Purpose::new("probe test"), 0);
    // One informative feature among twenty of noise, few samples: strong
    // penalties do better on new rows, and the choice must not see training rows.
    let labels: Vec<u32> = (0..430).map(|i| i % 2).collect();
    let features = Matrix::from_fn(430, 21, |r, c| {
        let signal = if c == 0 { f64::from(labels[r]) * 2.0 - 1.0 } else { 0.0 };
        (signal + draws.normal()) as f32
    });
    let rows = |start: usize, stop: usize| Rows {
        features: features.view().slice_rows(start, stop),
        labels: &labels[start..stop],
    };
    let probe = Probe::select(rows(0, 30), rows(30, 230), 2);
    assert!(probe.strength > 1e-3, "{}", probe.strength);
    // Every fit starts from the one before, so a fit from zero may differ by a sample.
    let right = |p: &Probe| p.score(rows(30, 230)).0;
    for strength in STRENGTHS {
        assert!(right(&probe) + 1 >= right(&Probe::fit(rows(0, 30), 2, strength)));
    }

    // No validation rows, a class that training never shows, constant features.
    assert_eq!(Probe::select(rows(0, 30), rows(0, 0), 3).strength, DEFAULT_STRENGTH);
    let flat = Matrix::from_fn(6, 2, |_, _| 5.0);
    let probe = Probe::select(
        Rows { features: flat.view(), labels: &[0, 0, 0, 0, 1, 1] },
        Rows { features: flat.top(2), labels: &[0, 1] },
        3,
    );
    let logits = probe.logits(flat.top(1));
    assert!(logits.as_slice().iter().all(|z| z.is_finite()));
    assert!(logits.row(0)[0] > logits.row(0)[1] && logits.row(0)[1] > logits.row(0)[2]);
}

#[test]
fn curvature_by_hand() {
    let features = Matrix::zeros(2, 1);
    let problem = Problem::new(Rows { features: features.view(), labels: &[0, 1] }, 4);
    // Uniform over four classes: p (1 - p) = 3/16 everywhere.
    assert!((problem.start(1.0).buffers.mean_curvature() - 0.1875).abs() < 1e-15);
}
