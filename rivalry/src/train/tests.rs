//! The loop's contracts: resuming, neutrality, outcomes.

use super::*;
use crate::data::{Dataset, Labels, Modality, Split};
use crate::num::{Draws, Matrix, Purpose};
use crate::record::Ended;
use crate::record::file;
use crate::registry::{Choice, Value};
use crate::spec::{Precision, Spec};

/// Three noisy modalities of 4, 3 and 2 features; class means on a circle.
pub(crate) fn small_data(n: usize) -> Dataset {
    let mut draws = Draws::new(5, Purpose::new("train test data"), 0);
    let labels: Vec<i64> = (0..n as i64).map(|i| i % 3).collect();
    let modalities = [("a", 4), ("b", 3), ("c", 2)]
        .into_iter()
        .map(|(name, width)| {
            let x = Matrix::from_fn(n, width, |r, c| {
                let angle = 2.0 * labels[r] as f64 + c as f64;
                (crate::num::special::cos(angle) + 0.7 * draws.normal()) as f32
            });
            Modality::new(name, x)
        })
        .collect();
    let test: Vec<u32> = (0..n as u32).filter(|i| i % 5 == 4).collect();
    let train = (0..n as u32).filter(|i| i % 5 != 4).collect();
    let split = Split::Given { train, valid: None, test };
    Dataset::new("small", modalities, Labels::from_integers(&labels), None, Some(split)).unwrap()
}

pub(crate) fn small_spec(strategy: &str) -> Spec {
    Spec {
        strategy: Choice::new(strategy),
        encoder: Choice::new("mlp").with("width", 5_i64).with("dropout", 0.2),
        epochs: Some(6),
        patience: Some(2),
        batch: 16,
        seed: 3,
        ..Spec::default()
    }
}

/// Trains a spec, its needed runs first.
pub(crate) fn train_all(spec: &Spec, data: &Dataset) -> Record {
    let job = spec.check(data).unwrap();
    let needed: Vec<Record> = job.needed_specs().iter().map(|spec| train_all(spec, data)).collect();
    match train(&job, data, &needed, None, &mut Unwatched).unwrap() {
        Trained::Done(record) => *record,
        Trained::Interrupted(_) => unreachable!("nobody asked to stop"),
    }
}

/// Every encoder, small, with all that draws random numbers.
fn small_encoders() -> Vec<Choice> {
    let small = |entry: &crate::registry::Entry<dyn crate::encoders::Encoder<f32>>| {
        let knobs = [("width", Value::Whole(5)), ("m", Value::Whole(3)), ("dropout", Value::Number(0.2))];
        let known = |name: &str| entry.knobs.iter().any(|knob| knob.name == name);
        let set = knobs.into_iter().filter(|(name, _)| known(name));
        set.fold(Choice::new(entry.name), |choice, (name, value)| choice.with(name, value))
    };
    crate::encoders::table::<f32>().iter().map(small).collect()
}

/// Stops after a given number of epochs.
struct StopAfter(u32);

impl Watch for StopAfter {
    fn epoch(&mut self, report: &EpochReport<'_>) -> Control {
        if report.done == self.0 { Control::Stop } else { Control::Continue }
    }
}

// promise: P03
#[test]
fn a_run_resumed_at_any_epoch_leaves_the_same_record() {
    let data = small_data(90);
    let (mut resumed, mut combinations) = (0, 0);
    for entry in crate::strategies::table::<f32>() {
        for solver in crate::solvers::table::<f32>() {
            // Strategies see gradients and weights, not solvers: one of each kind is enough.
            let first = ["naive", "unimodal", "ensemble", "auxiliary"].contains(&entry.name);
            if !first && !["adam", "gradient_descent", "gradient_flow"].contains(&solver.name) {
                continue;
            }
            for encoder in small_encoders() {
                for precision in [Precision::F32, Precision::F64] {
                    let mut spec = Spec { precision, encoder: encoder.clone(), ..small_spec(entry.name) };
                    spec.meters = precision == Precision::F64;
                    spec.solver = Choice::new(solver.name);
                    if entry.name == "unimodal" {
                        spec.modalities = vec!["b".into()];
                    }
                    let build = (entry.build)(&entry.settle(&spec.strategy).unwrap());
                    let solver_kind = (solver.build)(&solver.settle(&spec.solver).unwrap());
                    let needs = build.needs(&spec.modalities);
                    if (needs.stepwise && !solver_kind.looks_once())
                        || (needs.resamples && solver_kind.full_batch())
                        // Features of unequal widths are their own embeddings there.
                        || (needs.equal_widths && encoder.name == "identity")
                    {
                        assert!(spec.check(&data).is_err(), "{} with {}", entry.name, solver.name);
                        continue;
                    }
                    resumed += resume_everywhere(&spec, &data);
                    combinations += 1;
                }
            }
        }
    }
    assert!(resumed >= 2 * combinations, "only {resumed} runs of {combinations} were interrupted");
}

/// Stops a run after each epoch and goes on from there, and stops it after
/// every epoch; how often it was interrupted.
fn resume_everywhere(spec: &Spec, data: &Dataset) -> usize {
    let bits = |record: &Record| file::encode(&record.to_container());
    let reread = |checkpoint: &Checkpoint| {
        let bytes = file::encode(&checkpoint.to_container());
        Checkpoint::from_container(&file::decode(&bytes).unwrap()).unwrap()
    };
    let whole = bits(&train_all(spec, data));
    let job = spec.check(data).unwrap();
    let needed: Vec<Record> = job.needed_specs().iter().map(|s| train_all(s, data)).collect();
    let mut chain = None;
    let mut resumed = 0;
    for epoch in 1..6 {
        let first = train(&job, data, &needed, None, &mut StopAfter(epoch)).unwrap();
        let Trained::Interrupted(checkpoint) = first else {
            // Early stopping, or a strategy without epochs, came first.
            continue;
        };
        let checkpoint = reread(&checkpoint);
        let second = train(&job, data, &needed, Some(&checkpoint), &mut Unwatched).unwrap();
        let Trained::Done(record) = second else { unreachable!("nobody asked to stop") };
        assert!(bits(&record) == whole, "{spec:?}, stopped after epoch {epoch}");
        let next = train(&job, data, &needed, chain.as_ref(), &mut StopAfter(epoch)).unwrap();
        let Trained::Interrupted(next) = next else { unreachable!("it stopped there before") };
        // As bytes: what is no number yet equals itself there.
        let bytes = |checkpoint: &Checkpoint| file::encode(&checkpoint.to_container());
        assert!(bytes(&next) == bytes(&checkpoint), "{spec:?}, stopped after every epoch up to {epoch}");
        chain = Some(reread(&next));
        resumed += 1;
    }
    resumed
}

#[test]
fn a_record_survives_its_file_and_keeps_every_bit() {
    let record = train_all(&small_spec("auxiliary"), &small_data(60));
    let bytes = file::encode(&record.to_container());
    assert_eq!(Record::from_container(&file::decode(&bytes).unwrap()).unwrap(), record);
    assert!(record.tensors.iter().any(|t| t.name == "a.own_head.weight" && (t.rows, t.cols) == (3, 5)));
}

#[test]
fn auxiliary_losses_of_weight_zero_are_naive_bit_for_bit() {
    let data = small_data(60);
    let naive = train_all(&small_spec("naive"), &data);
    let mut spec = small_spec("auxiliary");
    spec.strategy = spec.strategy.with("weight", 0_i64);
    let off = train_all(&spec, &data);
    assert_eq!(naive.predictions, off.predictions);
    assert_eq!(naive.trajectory, off.trajectory);
    let on = train_all(&small_spec("auxiliary"), &data);
    assert_ne!(naive.predictions, on.predictions);
}

#[test]
fn joint_training_of_one_modality_is_unimodal_training() {
    let data = small_data(60);
    let single = |strategy| Spec { modalities: vec!["b".into()], ..small_spec(strategy) };
    let (alone, joint) = (train_all(&single("unimodal"), &data), train_all(&single("naive"), &data));
    assert_eq!(alone.params, joint.params);
    assert_ne!(alone.id, joint.id);
}

#[test]
fn the_ensemble_is_the_mean_of_the_separately_trained_probabilities() {
    let data = small_data(60);
    let ensemble = train_all(&small_spec("ensemble"), &data);
    let mut mean = vec![0.0_f64; ensemble.predictions.scores.len()];
    for name in ["a", "b", "c"] {
        let alone = train_all(&Spec { modalities: vec![name.into()], ..small_spec("unimodal") }, &data);
        for (row, scores) in mean.chunks_mut(3).zip(alone.predictions.scores.chunks(3)) {
            let e: Vec<f64> = scores.iter().map(|z| crate::num::special::exp(f64::from(*z))).collect();
            let sum: f64 = e.iter().sum();
            row.iter_mut().zip(e).for_each(|(m, e)| *m += e / sum / 3.0);
        }
    }
    for (got, expected) in ensemble.predictions.scores.iter().zip(&mean) {
        assert!((crate::num::special::exp(f64::from(*got)) - expected).abs() < 1e-6);
    }
    assert_eq!(ensemble.cost.updates, 0);
}

// promise: P20
#[test]
fn divergence_is_an_outcome_with_its_epoch_and_quantity() {
    let data = small_data(60);
    for rate in [1e3, 1e10, 1e30] {
        let mut spec = small_spec("naive");
        spec.solver = Choice::new("sgd").with("lr", rate);
        spec.encoder = Choice::new("linear").with("width", 5_i64);
        spec.epochs = Some(400);
        let record = train_all(&spec, &data);
        let Ended::Diverged { epoch, what } = &record.ended else {
            // A huge rate can also saturate without leaving the finite numbers.
            assert!(record.predictions.scores.iter().all(|s| s.is_finite()));
            continue;
        };
        assert!(*epoch < 400 && !what.is_empty());
        assert!(record.predictions.scores.is_empty());
    }
}

#[test]
fn branches_of_the_centred_cut_sum_to_the_scores() {
    let record = train_all(&small_spec("naive"), &small_data(60));
    let p = &record.predictions;
    for (i, score) in p.scores.iter().enumerate() {
        let sum: f32 = p.branches.iter().map(|b| b[i]).sum();
        assert!((sum - score).abs() < 1e-4 * score.abs().max(1.0));
    }
}

#[test]
fn specs_report_everything_wrong_at_once() {
    let data = small_data(30);
    let spec = Spec {
        modalities: vec!["a".into(), "aa".into(), "a".into()],
        encoder: Choice::new("mpl"),
        solver: Choice::new("adam").with("rate", 1.0),
        strategy: Choice::new("unimodal"),
        batch: 0,
        fold: 9,
        ..Spec::default()
    };
    let texts: Vec<String> = spec.check(&data).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "modalities: the data set has no modality `aa`; it has `a`, `b`, `c`",
            "modalities: `a` is named twice",
            "encoder: unknown encoder `mpl`",
            "solver: `adam` has no knob `rate`",
            "batch: must be at least 1, not 0",
            "fold: must be below 1, not 9",
            "strategy: strategy `unimodal` trains exactly one modality, not 3",
        ]
    );
}

#[test]
fn meters_change_no_weight_and_end_with_the_run() {
    let data = small_data(90);
    for precision in [Precision::F32, Precision::F64] {
        let modalities = vec!["a".to_owned(), "c".to_owned()];
        let plain = Spec { modalities, precision, ..small_spec("naive") };
        let read = Spec { meters: true, ..plain.clone() };
        let (plain, read) = (train_all(&plain, &data), train_all(&read, &data));
        assert_eq!((&plain.params, &plain.predictions), (&read.params, &read.predictions));
        assert_ne!(plain.id, read.id);
        let n_epochs = plain.trajectory.get("train_loss").len();
        for name in [
            "residual_ratio",
            "discrepancy_ratio",
            "branch_train_accuracy",
            "gradient_cosine",
            "gradient_ratio",
            "fisher_trace",
        ] {
            for branch in 0..2 {
                let values = read.trajectory.get(&crate::record::branch_reading(name, branch));
                assert_eq!(values.len(), n_epochs, "{name}");
                assert!(values.iter().all(|v| v.is_finite()), "{name}");
                assert!(plain.trajectory.get(&crate::record::branch_reading(name, branch)).is_empty());
            }
        }
        let of = |name, branch| read.trajectory.get(&crate::record::branch_reading(name, branch)).to_vec();
        assert!(of("gradient_cosine", 0).iter().all(|c| (-1.0..=1.0).contains(c)));
        assert!(of("fisher_trace", 0).iter().all(|t| *t > 0.0));
        // Two modalities: the ratios are inverse.
        for (a, b) in of("discrepancy_ratio", 0).iter().zip(of("discrepancy_ratio", 1)) {
            assert!((a * b - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn a_network_of_one_branch_learns_as_if_alone() {
    let data = small_data(60);
    let spec =
        Spec { modalities: vec!["a".into()], meters: true, precision: Precision::F64, ..small_spec("naive") };
    let record = train_all(&spec, &data);
    for name in ["residual_ratio", "gradient_cosine", "gradient_ratio"] {
        for value in record.trajectory.get(&crate::record::branch_reading(name, 0)) {
            assert!((value - 1.0).abs() < 1e-9, "{name}: {value}");
        }
    }
}
