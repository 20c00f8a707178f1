//! The lab's short ways against the long ones: flow against descent, tests in
//! the space of pre-activations against tests on features.

use rivalry::data::sparse_coding::modality_name;
use rivalry::lab::{Outcome, Setting};
use rivalry::record::{Ended, Record};
use rivalry::registry::Choice;
use rivalry::spec::{Precision, Spec, Until};
use rivalry::train::{Trained, Unwatched, train};

use super::{small, trial, trials};

#[test]
fn descent_in_small_steps_ends_where_the_flow_ends() {
    let flow = small(&[("m", "30"), ("sigma0", "0.01"), ("precision", "f64"), ("n_test", "50")]);
    let mut descent = flow.clone();
    descent.solver = Choice::new("gradient_descent").with("lr", 0.05);
    let winners = |outcome: &Outcome, setting: &Setting| -> Vec<_> {
        outcome.classes.iter().map(|class| class.winner(setting.beta)).collect()
    };
    let close = |got: f64, expected: f64| (got / expected - 1.0).abs() < 0.02;
    for seed in 0..5 {
        let (flowing, descending) = (trial(&flow, seed), trial(&descent, seed));
        assert!(flowing.is_complete() && descending.is_complete(), "seed {seed}");
        assert_eq!(winners(&descending, &descent), winners(&flowing, &flow), "seed {seed}");
        for (d, f) in descending.classes.iter().zip(&flowing.classes) {
            assert_eq!(d.gamma_initial, f.gamma_initial);
            let gammas =
                d.gamma_final.iter().chain(&d.gamma_alone).zip(f.gamma_final.iter().chain(&f.gamma_alone));
            for (got, expected) in gammas {
                // What was not learned counts by the size at which it would be.
                let off = (got - expected).abs() / expected.max(flow.beta);
                assert!(off < 0.02, "seed {seed}: {got} {expected}");
            }
        }
        assert!(close(descending.joint.time, flowing.joint.time), "seed {seed}");
    }
}

/// What the lab trains, without the lab: the same knobs in a spec.
fn spec(setting: &Setting, modalities: &[usize], seed: u64) -> Spec {
    Spec {
        modalities: modalities.iter().map(|r| modality_name(*r)).collect(),
        encoder: Choice::new("smoothed_relu")
            .with("m", setting.neurons(0) as i64)
            .with("q", i64::from(setting.q))
            .with("beta", setting.beta)
            .with("sigma0", setting.sigma0(0)),
        strategy: Choice::new(if modalities.len() == 1 { "unimodal" } else { "naive" }),
        solver: setting.solver.clone(),
        epochs: Some(setting.max_updates),
        patience: Some(0),
        until: Some(Until { train_loss: setting.train_loss }),
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        seed,
        ..Spec::default()
    }
}

/// Share of test samples with f_y <= f_j for some j.
fn error(scores: &[f32], n_classes: usize, labels: &[u32]) -> f64 {
    let wrong = scores.chunks_exact(n_classes).zip(labels).filter(|(scores, y)| {
        let y = **y as usize;
        (0..n_classes).any(|j| j != y && scores[y] <= scores[j])
    });
    wrong.count() as f64 / labels.len() as f64
}

/// Mean and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn tests_by_pre_activations_agree_with_tests_on_features() {
    const TRIALS: u64 = 30;
    // With 12 neurons a class is dead in 1 of 700 trials.
    let setting = small(&[("m", "12")]);
    // Per trial: modality 1 alone, modality 2 alone, jointly.
    let mut explicit: Vec<[f64; 3]> = Vec::new();
    for seed in 0..TRIALS {
        let made = setting.data.explicit(setting.n, setting.n_test, seed).unwrap();
        let labels = &made.truth.test.labels;
        let run = |modalities: &[usize]| -> Record {
            let job = spec(&setting, modalities, seed).check(&made.data).unwrap();
            let Trained::Done(record) = train(&job, &made.data, &[], None, &mut Unwatched).unwrap() else {
                panic!("nobody stopped it")
            };
            assert!(matches!(record.ended, Ended::Converged { .. }), "seed {seed}: {:?}", record.ended);
            *record
        };
        let [first, second, joint] = [run(&[0]), run(&[1]), run(&[0, 1])];
        let test_error = |scores: &[f32]| error(scores, setting.n_classes(), labels);
        explicit.push([
            test_error(&first.predictions.scores),
            test_error(&second.predictions.scores),
            test_error(&joint.predictions.scores),
        ]);
    }
    // Other seeds: codes of equal seeds are equal.
    let lab: Vec<[f64; 3]> = trials(&setting, 1000, TRIALS)
        .iter()
        .map(|outcome| {
            assert!(outcome.is_complete());
            let alone = [0, 1].map(|r| outcome.unimodal[r].test_error);
            [alone[0], alone[1], outcome.joint.test_error]
        })
        .collect();
    for (which, name) in ["modality 1", "modality 2", "joint"].iter().enumerate() {
        let column = |rows: &[[f64; 3]]| mean(&rows.iter().map(|row| row[which]).collect::<Vec<_>>());
        let ((a, sd_a), (b, sd_b)) = (column(&explicit), column(&lab));
        let standard_error = (sd_a * sd_a + sd_b * sd_b).sqrt();
        assert!((a - b).abs() < 4.0 * standard_error, "{name}: {a} and {b}, standard error {standard_error}");
    }
}
