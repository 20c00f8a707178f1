//! Numbers that leave the finite ones: in features, through learning rates,
//! against labels that cannot be learned. A whole diagnosis must name what
//! diverged, keep it out of every number, and show no number that is not one.

use std::sync::atomic::AtomicBool;

use rivalry::data::Dataset;
use rivalry::diagnose::{Diagnosis, Thresholds, diagnose};
use rivalry::metrics::Metrics;
use rivalry::record::Ended;
use rivalry::registry::Choice;
use rivalry::spec::{Precision, Spec};
use rivalry::stats::Bootstrap;
use rivalry::sweep::{self, Asked, Engine, RunDone, Subsets, SweepWatch};
use rivalry::{encoders, solvers};
use serde_json::Value;

use super::real::data;

/// Rows 0 to 11 of 60 are tested, the others train or select.
fn hostile() -> Vec<(&'static str, Dataset)> {
    let spoil = |what: fn(usize, usize, usize, f64) -> f64| data(60, what);
    vec![
        ("a modality times 1e150", spoil(|m, _, _, x| if m == 0 { 1e150 * x } else { x })),
        ("everything times 1e300", spoil(|_, _, _, x| 1e300 * x)),
        ("everything times 1e-310", spoil(|_, _, _, x| 1e-310 * x)),
        ("one huge test sample", spoil(|m, r, c, x| if (m, r, c) == (0, 3, 1) { 1e300 } else { x })),
        (
            "a huge test sample of both signs",
            spoil(|_, r, c, x| if r == 3 { [1e308, -1e308][c % 2] } else { x }),
        ),
        ("one huge sample to train on", spoil(|m, r, _, x| if (m, r) == (1, 20) { -1e308 } else { x })),
        (
            "a feature of opposite extremes",
            spoil(|_, r, c, x| if c == 0 { [1.7e308, -1.7e308][r % 2] } else { x }),
        ),
        ("a modality that is constant", spoil(|m, _, _, x| if m == 0 { 3.0 } else { x })),
        ("huge from the middle on", spoil(|_, r, _, x| if r >= 40 { 1e200 * x } else { x })),
        // Labels cycle with the row number; features that cycle otherwise mislead.
        ("features of another label", spoil(|_, r, c, _| (r % 2 * (c + 1)) as f64)),
    ]
}

/// Counts runs that ended as diverged, and looks at every record.
struct Witness(std::sync::Mutex<Vec<(String, u64)>>);

impl SweepWatch for Witness {
    fn run_done(&self, run: &RunDone<'_>) {
        let record = run.record;
        if let Ended::Diverged { epoch, what } = &record.ended {
            assert!(*epoch < run.job.spec().epochs.unwrap() && !what.is_empty());
            assert!(record.predictions.scores.is_empty(), "outputs of a diverged run");
            let name = run.job.spec().modalities.join("+");
            self.0.lock().unwrap().push((name, run.job.spec().seed));
        } else {
            let p = &record.predictions;
            let mut outputs = p.scores.iter().chain(p.branches.iter().flatten());
            assert!(outputs.all(|z| z.is_finite()), "an output that is no number");
            let mut kept = record.trajectory.quantities.values().flatten();
            assert!(kept.all(|x| x.is_finite()), "a kept quantity that is no number");
        }
    }
}

/// The diagnosis, and how many runs diverged.
fn found(data: &Dataset, base: Spec) -> (Diagnosis, Vec<(String, u64)>) {
    let asked = Asked {
        base: Spec { epochs: Some(4), batch: 16, ..base },
        seeds: 2,
        subsets: Subsets::Default,
        controls: vec![Choice::new("auxiliary")],
        bootstrap: Bootstrap { replicates: 100, ..Bootstrap::default() },
    };
    let stop = AtomicBool::new(false);
    let engine = Engine { store: None, threads: 1, stop: &stop };
    let witness = Witness(std::sync::Mutex::default());
    let measured = sweep::diagnose(data, &asked, &Metrics::all(), engine, None, &witness).unwrap();
    let found = diagnose(&measured.study, &measured.measurements, &Metrics::all(), Thresholds::default());
    (found, witness.0.into_inner().unwrap())
}

fn assert_numbers(value: &Value, context: &str) {
    match value {
        Value::Object(fields) if fields.contains_key("method") => {
            // JSON writes what is no number as nothing: that needs its reason.
            let reason = fields["method"].as_str().unwrap();
            assert!(fields["value"].is_number() || reason.starts_with("not measured"), "{context}: {value}");
            assert_eq!(fields["low"].is_null(), fields["high"].is_null(), "{context}: {value}");
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                assert_numbers(value, &format!("{context}.{key}"));
            }
        }
        Value::Array(values) => values.iter().for_each(|value| assert_numbers(value, context)),
        Value::String(text) => {
            let is_word = |word: &str| matches!(word, "NaN" | "inf" | "-inf");
            assert!(
                !text.split(|c: char| !c.is_alphanumeric() && c != '-').any(is_word),
                "{context}: {text}"
            );
        }
        _ => {}
    }
}

/// Each diverged network is named once, and none of them is in a number.
fn judge(found: &Diagnosis, mut diverged: Vec<(String, u64)>, context: &str) -> usize {
    let text = serde_json::to_string(found).unwrap();
    assert_numbers(&serde_json::from_str(&text).unwrap(), context);
    let mut named: Vec<(String, u64)> =
        found.results.excluded.iter().map(|d| (d.model.replace(" (auxiliary)", ""), d.seed)).collect();
    named.sort();
    diverged.sort();
    assert_eq!(named, diverged, "{context}");
    let said = found.verdict.notes.iter().filter(|note| note.contains("diverged")).count();
    assert_eq!(said > 0, !named.is_empty(), "{context}");
    named.len()
}

// promise: P20
#[test]
fn hostile_features_diverge_by_name_or_do_no_harm() {
    let mut n_diverged = 0;
    for (what, data) in hostile() {
        for standardise in [true, false] {
            for precision in [Precision::F32, Precision::F64] {
                for encoder in encoders::table::<f32>() {
                    let context =
                        format!("{what}, standardised: {standardise}, {precision:?}, {}", encoder.name);
                    let encoder = Choice::new(encoder.name);
                    let (found, diverged) =
                        found(&data, Spec { standardise, precision, encoder, ..Spec::default() });
                    if standardise {
                        assert_eq!(diverged, [], "{context}: scaling tames any finite feature");
                    }
                    n_diverged += judge(&found, diverged, &context);
                }
            }
        }
    }
    assert!(n_diverged > 100, "only {n_diverged} networks diverged");
}

// promise: P20
#[test]
fn hostile_learning_rates_diverge_by_name_or_do_no_harm() {
    let data = data(60, |_, _, _, x| x);
    let mut n_diverged = 0;
    // A flow has no rate to be hostile with.
    for solver in solvers::table::<f32>().iter().filter(|entry| entry.knobs.iter().any(|k| k.name == "lr")) {
        for lr in [1e3, 1e6, 1e10, 1e20, 1e30] {
            for encoder in encoders::table::<f32>() {
                let context = format!("{} with {lr:e}, {}", solver.name, encoder.name);
                let solver = Choice::new(solver.name).with("lr", lr);
                let encoder = Choice::new(encoder.name);
                let (found, diverged) = found(&data, Spec { solver, encoder, ..Spec::default() });
                n_diverged += judge(&found, diverged, &context);
            }
        }
    }
    assert!(n_diverged > 100, "only {n_diverged} networks diverged");
}
