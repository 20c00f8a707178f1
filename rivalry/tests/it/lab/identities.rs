//! Exact identities of joint training: a silent modality, swapped modalities,
//! dead neurons, ties.

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Draws, Matrix, Numbers, Purpose};
use rivalry::record::{Ended, Record};
use rivalry::registry::Choice;
use rivalry::spec::{Precision, Spec, Until};
use rivalry::train::{Trained, Unwatched, train};

use super::{small, trial, with};

const N_CLASSES: usize = 3;
// So many that a class without any excited neuron is rare, and none is here.
const PER_CLASS: usize = 8;
const SIGMA0: f64 = 0.02;
const NAMES: [&str; 2] = ["a", "b"];
const WIDTHS: [usize; 2] = [12, 9];

fn draws(purpose: &'static str, r: usize) -> Draws {
    Draws::new(3, Purpose::new(purpose), r as u32)
}

/// Features of one modality, none of them negative: a class has a few that are
/// large. Samples are dealt to the classes in turn.
fn features(r: usize) -> Matrix<f64> {
    let mut draws = draws("lab identity data", r);
    Matrix::from_fn(33, WIDTHS[r], |i, c| {
        let own = c % N_CLASSES == i % N_CLASSES;
        if own { 0.4 + 0.2 * draws.uniform() } else { 0.1 * draws.uniform() }
    })
}

fn data(modalities: [(usize, Matrix<f64>); 2]) -> Dataset {
    let n = modalities[0].1.rows();
    let labels: Vec<i64> = (0..n).map(|i| (i % N_CLASSES) as i64).collect();
    let modalities = modalities.into_iter().map(|(r, x)| Modality::new(NAMES[r], x)).collect();
    let (train, test) = ((0..30).collect(), (30..n as u32).collect());
    let split = Split::Given { train, valid: None, test };
    Dataset::new("by hand", modalities, Labels::from_integers(&labels), None, Some(split)).unwrap()
}

fn spec(solver: Choice) -> Spec {
    Spec {
        encoder: Choice::new("smoothed_relu")
            .with("m", PER_CLASS as i64)
            .with("q", 3_i64)
            .with("beta", 0.2)
            .with("sigma0", SIGMA0),
        solver,
        epochs: Some(20_000),
        patience: Some(0),
        until: Some(Until { train_loss: 0.05 }),
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        ..Spec::default()
    }
}

fn descent() -> Choice {
    Choice::new("gradient_descent").with("lr", 1.0)
}

fn flow() -> Choice {
    Choice::new("gradient_flow").with("tolerance", 1e-9)
}

fn run(spec: &Spec, data: &Dataset, needed: &[Record]) -> Record {
    let job = spec.check(data).unwrap();
    let Trained::Done(record) = train(&job, data, needed, None, &mut Unwatched).unwrap() else {
        panic!("nobody stopped it")
    };
    assert!(matches!(record.ended, Ended::Converged { .. } | Ended::Finished), "{:?}", record.ended);
    *record
}

/// Joint training from these weights: a warm start from networks whose weights
/// are exchanged for them.
fn run_from(spec: &Spec, data: &Dataset, weights: [&[f64]; 2]) -> Record {
    let spec = Spec { strategy: Choice::new("warm_start"), ..spec.clone() };
    let needed = spec.check(data).unwrap().needed_specs();
    assert_eq!(needed.len(), 2);
    let alone = needed.iter().zip(weights).map(|(alone, weights)| {
        let mut record = run(alone, data, &[]);
        record.params = Numbers::F64(weights.to_vec());
        record
    });
    let alone: Vec<Record> = alone.collect();
    run(&spec, data, &alone)
}

/// The weights of a network's modality with this name.
fn weights<'a>(record: &'a Record, name: &str) -> &'a [f64] {
    let Numbers::F64(all) = &record.params else { panic!("double precision was asked for") };
    let mut start = 0;
    for tensor in &record.tensors {
        let end = start + tensor.rows * tensor.cols;
        if tensor.name.starts_with(&format!("{name}.encoder")) {
            return &all[start..end];
        }
        start = end;
    }
    panic!("no modality `{name}` in {:?}", record.tensors)
}

fn initial(r: usize) -> Vec<f64> {
    let mut draws = draws("lab identity weights", r);
    (0..N_CLASSES * PER_CLASS * WIDTHS[r]).map(|_| SIGMA0 * draws.normal()).collect()
}

/// The largest difference relative to the largest weight.
fn distance(got: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let size = expected.iter().fold(0.0_f64, |top, w| top.max(w.abs()));
    got.iter().zip(expected).map(|(g, e)| (g - e).abs()).fold(0.0, f64::max) / size
}

#[test]
fn beside_a_silent_modality_joint_training_is_training_alone() {
    for r in 0..2 {
        let silent = 1 - r;
        let mut modalities = [0, 1].map(|r| (r, features(r)));
        modalities[silent].1 = Matrix::zeros(33, WIDTHS[silent]);
        let data = data(modalities);
        for solver in [descent(), flow().with("time_limit", 40.0)] {
            // A flow ends within a step of its target: equal times are compared.
            let until = spec(solver.clone()).until.filter(|_| solver.name == "gradient_descent");
            let together = Spec { until, ..spec(solver.clone()) };
            let joint = run(&together, &data, &[]);
            let alone =
                Spec { strategy: Choice::new("unimodal"), modalities: vec![NAMES[r].to_owned()], ..together };
            let alone = run(&alone, &data, &[]);
            let (jointly, apart) = (weights(&joint, NAMES[r]), weights(&alone, NAMES[r]));
            if solver.name == "gradient_descent" {
                assert_eq!(joint.cost.epochs, alone.cost.epochs);
                assert!(jointly == apart, "modality {r}: {}", distance(jointly, apart));
                let losses = [&joint, &alone].map(|record| record.trajectory.get("train_loss"));
                assert_eq!(losses[0], losses[1]);
            } else {
                let distance = distance(jointly, apart);
                assert!(distance < 1e-6, "modality {r}: {distance}");
            }
        }
    }
}

#[test]
fn swapped_modalities_swap_everything() {
    let start = [0, 1].map(initial);
    for solver in [descent(), flow()] {
        let spec = spec(solver.clone());
        let plain = run_from(&spec, &data([0, 1].map(|r| (r, features(r)))), [&start[0], &start[1]]);
        let swapped = run_from(&spec, &data([1, 0].map(|r| (r, features(r)))), [&start[1], &start[0]]);
        assert_eq!(plain.spec.modalities, ["a", "b"]);
        assert_eq!(swapped.spec.modalities, ["b", "a"]);
        for name in NAMES {
            let (got, expected) = (weights(&swapped, name), weights(&plain, name));
            if solver.name == "gradient_descent" {
                // Branches are added to the logits in their order.
                assert!(distance(got, expected) < 1e-12, "{name}: {}", distance(got, expected));
            } else {
                // The default tolerance of a step.
                assert!(distance(got, expected) < 1e-3, "{name}: {}", distance(got, expected));
            }
        }
        let scores = plain.predictions.scores.iter().zip(&swapped.predictions.scores);
        assert!(scores.clone().all(|(a, b)| (a - b).abs() <= 1e-2 * a.abs().max(1.0)), "{solver:?}");
    }
}

#[test]
fn a_neuron_that_no_sample_excites_never_moves() {
    let data = data([0, 1].map(|r| (r, features(r))));
    let mut start = [0, 1].map(initial);
    // Class 1's second neuron is negative on all samples, its third says 0.
    let (negative, zero) = (PER_CLASS + 1, PER_CLASS + 2);
    start[0][negative * WIDTHS[0]..][..WIDTHS[0]].iter_mut().for_each(|w| *w = -w.abs());
    start[0][zero * WIDTHS[0]..][..WIDTHS[0]].fill(0.0);
    for solver in [descent(), flow(), flow().with("form", "weights")] {
        let record = run_from(&spec(solver.clone()), &data, [&start[0], &start[1]]);
        let mut moved = 0;
        for (r, start) in start.iter().enumerate() {
            let neurons = weights(&record, NAMES[r]).chunks_exact(WIDTHS[r]);
            for (unit, (last, first)) in neurons.zip(start.chunks_exact(WIDTHS[r])).enumerate() {
                let is_dead = r == 0 && [negative, zero].contains(&unit);
                let excited = data.modalities()[r].features.rows();
                let excited = (0..excited.min(30)).any(|i| {
                    let x = &data.modalities()[r].features;
                    first.iter().enumerate().map(|(c, w)| w * x.get(i, c)).sum::<f64>() > 0.0
                });
                assert!(!(is_dead && excited));
                if !excited {
                    assert!(last == first, "neuron {unit} of modality {r} under {solver:?}");
                }
                moved += u32::from(last != first);
            }
        }
        assert!(moved > 4, "{moved}");
    }
}

#[test]
fn in_the_lab_a_silent_modality_takes_no_part_and_errs_always() {
    // No code, no noise: X^2 = 0.
    let changes = [
        ("strength.2", "0"),
        ("mu.2", "0"),
        ("noise.2", "0"),
        ("off_label_count", "0"),
        ("solver", "gradient_descent"),
        ("solver.lr", "1"),
        ("precision", "f64"),
        ("sigma0", "0.02"),
        // Its network alone never fits, and need not try for long.
        ("max_updates", "4000"),
    ];
    let setting = small(&changes);
    for seed in 0..3 {
        let outcome = trial(&setting, seed);
        for class in &outcome.classes {
            assert_eq!(class.gamma_final[0], class.gamma_alone[0]);
            assert_eq!(class.gamma_final[1], class.gamma_initial[1]);
            assert_eq!(class.strength[1], 0.0);
            assert_eq!(class.branch_test_errors[1], 1.0);
        }
        assert_eq!(outcome.joint.test_error, outcome.unimodal[0].test_error);
        assert_eq!(outcome.joint.updates, outcome.unimodal[0].updates);
        // All of its logits are 0: ties, which are errors.
        assert_eq!((outcome.branch_test_errors[1], outcome.unimodal[1].test_error), (1.0, 1.0));
        assert_eq!(outcome.unimodal[1].train_error, 1.0);
        assert!(!outcome.is_complete());
    }
}

#[test]
fn a_branch_of_dead_neurons_errs_on_every_sample() {
    let setting = with(&[
        ("classes", "2"),
        ("n", "8"),
        ("n_test", "50"),
        ("dim", "10"),
        ("m", "1"),
        ("noise", "0"),
        ("max_updates", "20"),
    ]);
    let mut n_dead = 0;
    for seed in 0..60 {
        let outcome = trial(&setting, seed);
        for r in 0..2 {
            let is_dead = |class: &rivalry::lab::ClassOutcome| {
                class.gamma_initial[r] <= 0.0 && class.off_label[r] <= 0.0
            };
            if outcome.classes.iter().all(is_dead) {
                n_dead += 1;
                assert_eq!(outcome.branch_test_errors[r], 1.0, "seed {seed}");
                assert_eq!(outcome.unimodal[r].test_error, 1.0, "seed {seed}");
                assert_eq!(outcome.unimodal[r].train_error, 1.0, "seed {seed}");
                assert!(outcome.classes.iter().all(|class| class.gamma_final[r] == 0.0));
            }
        }
    }
    // 1 in 16 branches is dead at the start.
    assert!(n_dead >= 2, "{n_dead}");
}
