//! How runs with a flow end, and what a watch sees of them.

use rivalry::num::Values;
use rivalry::record::{Checkpoint, Ended, Record, Unreached, file};
use rivalry::registry::Choice;
use rivalry::spec::{Precision, Spec, Until};
use rivalry::train::{Control, EpochReport, Trained, Unwatched, Watch, train};

use super::{distance, flow, run, run_watched, sparse, spec, weights, winners};

const NETWORK: (i64, i64, f64, f64) = (4, 3, 0.2, 1e-2);
const TARGET: f64 = 0.05;

fn until(solver: Choice) -> Spec {
    Spec { until: Some(Until { train_loss: TARGET }), ..spec(solver, 1e6, NETWORK) }
}

fn last(record: &Record, quantity: &str) -> f64 {
    *record.trajectory.get(quantity).last().unwrap()
}

#[test]
fn runs_end_where_they_reach_what_they_train_for() {
    let data = sparse(40, [60, 20], 3, 6);
    let exact = run(&until(flow().with("tolerance", 1e-9)), &data);
    for solver in [flow(), flow().with("multirate", false), flow().with("form", "weights")] {
        let record = run(&until(solver.clone()), &data);
        let epoch = record.cost.epochs - 1;
        assert_eq!(record.ended, Ended::Converged { epoch });
        assert_eq!(last(&record, "train_error"), 0.0);
        let loss = last(&record, "train_loss");
        assert!((0.995 * TARGET..=TARGET).contains(&loss), "{solver:?}: {loss}");
        let time = last(&record, "time") / last(&exact, "time");
        assert!((time - 1.0).abs() < 0.01, "{solver:?}: {time}");
        assert!(distance(&record, &exact) < 5e-3, "{solver:?}: {}", distance(&record, &exact));
        assert_eq!(last(&record, "gradient_evaluations"), record.cost.gradient_evaluations as f64);
        let before = record.trajectory.get("train_loss").iter().zip(record.trajectory.get("train_error"));
        for (loss, error) in before.take(epoch as usize) {
            assert!(*loss > TARGET || *error > 0.0, "an earlier epoch had reached it");
        }
    }
}

#[test]
fn runs_that_do_not_get_there_say_why() {
    let data = sparse(40, [60, 20], 3, 6);
    let short = Spec { epochs: Some(3), ..until(flow()) };
    let ended = run(&short, &data).ended;
    assert_eq!(ended, Ended::NotConverged { epoch: 2, why: Unreached::Epochs });
    let mut early = until(flow());
    early.solver = early.solver.with("time_limit", 2.0);
    let record = run(&early, &data);
    let epoch = record.cost.epochs - 1;
    assert_eq!(record.ended, Ended::NotConverged { epoch, why: Unreached::TimeLimit });
    assert_eq!(last(&record, "time"), 2.0);
    // Without a wish a limit is an end like any other.
    assert_eq!(run(&Spec { until: None, ..early }, &data).ended, Ended::Finished);
    // A wish is in the run's name, its absence is not.
    assert_ne!(
        short.check(&data).unwrap().id(),
        Spec { until: None, ..short.clone() }.check(&data).unwrap().id()
    );
    let wrong = Spec { patience: Some(3), until: Some(Until { train_loss: 0.0 }), ..short };
    let texts: Vec<String> = wrong.check(&data).unwrap_err().iter().map(ToString::to_string).collect();
    let patience = "patience: must be 0 together with `until`, not 3";
    assert_eq!(texts, ["until.train_loss: must be above 0, not 0", patience]);
}

#[test]
fn descent_at_a_small_rate_follows_the_flow() {
    let data = sparse(40, [60, 20], 3, 6);
    let flowing = run(&until(flow()), &data);
    let descent = Spec {
        solver: Choice::new("gradient_descent").with("lr", 0.02),
        epochs: Some(200_000),
        ..until(flow())
    };
    let descent = run(&descent, &data);
    assert!(matches!(descent.ended, Ended::Converged { .. }), "{:?}", descent.ended);
    assert_eq!(winners(&descent, 3), winners(&flowing, 3));
    assert!(distance(&descent, &flowing) < 0.01, "{}", distance(&descent, &flowing));
}

/// Writes down what it sees and ends the run after some epochs.
struct Diary {
    wants: bool,
    finish: u32,
    seen: Vec<(u32, f64, Option<Vec<f32>>)>,
}

impl Watch for Diary {
    fn wants_weights(&mut self) -> bool {
        self.wants
    }

    fn epoch(&mut self, report: &EpochReport<'_>) -> Control {
        let weights = report.weights.map(|weights| match weights {
            Values::F32(values) => values.to_vec(),
            Values::F64(_) => panic!("the run is in single precision"),
        });
        self.seen.push((report.done, report.time.unwrap(), weights));
        if report.done == self.finish { Control::Finish } else { Control::Continue }
    }
}

#[test]
fn a_watch_sees_weights_and_time_and_can_end_a_run() {
    let data = sparse(40, [60, 20], 3, 6);
    let spec = Spec { precision: Precision::F32, ..until(flow()) };
    let mut looking = Diary { wants: true, finish: 7, seen: Vec::new() };
    let record = run_watched(&spec, &data, &mut looking);
    assert_eq!(record.ended, Ended::Stopped { epoch: 6 });
    assert_eq!(looking.seen.len(), 7);
    let times: Vec<f64> = looking.seen.iter().map(|s| s.1).collect();
    assert_eq!(times, record.trajectory.get("time"));
    let seen = looking.seen[6].2.as_ref().unwrap();
    assert_eq!(seen.iter().map(|w| f64::from(*w)).collect::<Vec<_>>(), weights(&record));
    // Looking changes nothing.
    let mut blind = Diary { wants: false, finish: 7, seen: Vec::new() };
    assert_eq!(run_watched(&spec, &data, &mut blind), record);
    assert!(blind.seen.iter().all(|s| s.2.is_none()));
    // The last epoch is shown too.
    let mut patient = Diary { wants: true, finish: 0, seen: Vec::new() };
    let record = run_watched(&spec, &data, &mut patient);
    assert_eq!(patient.seen.len(), record.cost.epochs as usize);
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
fn a_flow_resumed_at_any_epoch_leaves_the_same_record() {
    let data = sparse(40, [60, 20], 3, 6);
    for solver in [flow(), flow().with("multirate", false), flow().with("form", "weights")] {
        for strategy in ["naive", "auxiliary"] {
            let spec = Spec {
                precision: Precision::F32,
                strategy: Choice::new(strategy),
                ..until(solver.clone().with("tolerance", 1e-3))
            };
            let whole = run(&spec, &data);
            assert!(matches!(whole.ended, Ended::Converged { .. }));
            let job = spec.check(&data).unwrap();
            for epoch in 1..whole.cost.epochs {
                let Trained::Interrupted(checkpoint) =
                    train(&job, &data, &[], None, &mut StopAfter(epoch)).unwrap()
                else {
                    panic!("stopped in epoch {epoch}");
                };
                let bytes = file::encode(&checkpoint.to_container());
                let checkpoint = Checkpoint::from_container(&file::decode(&bytes).unwrap()).unwrap();
                let Trained::Done(record) =
                    train(&job, &data, &[], Some(&checkpoint), &mut Unwatched).unwrap()
                else {
                    panic!("nobody stopped the run");
                };
                assert_eq!(*record, whole, "{solver:?} with {strategy} at {epoch}");
            }
        }
    }
}

// promise: P20
#[test]
fn a_flow_without_a_finite_step_diverges_by_name() {
    let data = sparse(20, [10, 8], 3, 7);
    let huge = rivalry::data::Dataset::new(
        "huge",
        data.modalities()
            .iter()
            .map(|m| {
                let x =
                    rivalry::num::Matrix::from_fn(23, m.features.cols(), |r, c| 1e30 * m.features.get(r, c));
                rivalry::data::Modality::new(&m.name, x)
            })
            .collect(),
        rivalry::data::Labels::from_integers(&(0..23).map(|i| i % 3).collect::<Vec<_>>()),
        None,
        Some(rivalry::data::Split::Given { train: (0..20).collect(), valid: None, test: vec![20, 21, 22] }),
    )
    .unwrap();
    for solver in [flow(), flow().with("step", 1e3), flow().with("form", "weights").with("step", 1e9)] {
        let spec = Spec { precision: Precision::F32, ..until(solver.clone()) };
        let Ended::Diverged { epoch, what } = run(&spec, &huge).ended else {
            panic!("{solver:?} did not diverge");
        };
        assert!(epoch < 1000 && !what.is_empty());
    }
}
