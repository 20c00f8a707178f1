//! What trials on one data set could share: what building it costs as a share
//! of a trial, and what one product for the neurons of several trials gains.

use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use rivalry::lab::{Outcome, Setting, run_trial};
use rivalry::num::{Draws, Matrix, Op, Panels, Purpose, product};
use rivalry::registry::{Choice, Value};
use rivalry::spec::Spec;
use rivalry::train::prepare;

use super::step::cpu_seconds;

/// The paper's setting, shapes A and B of `benchmarks/lab`, the default race.
const SETTINGS: [(&str, &str); 4] = [
    ("paper", "n=400 dim=2000 m=4 q=3 sigma0=1e-4 noise=2 mu.1=0.02 mu.2=0.06 train_loss=0.02"),
    ("A", "n=1000 dim=500 m=8 q=4 sigma0=3e-3 noise=1 mu.1=0.02 mu.2=0.06 train_loss=0.02"),
    ("B", "n=500 dim=100 m=5 q=4 sigma0=3e-3 noise=1 mu.1=0.02 mu.2=0.06 train_loss=0.02"),
    ("race", ""),
];
const SEEDS: u64 = 3;
/// Trials whose neurons would go through one product.
const TRIALS: usize = 8;

/// Prints both for every setting.
pub(crate) fn report() {
    for (name, knobs) in SETTINGS {
        for until in ["converged", "decided"] {
            let mut setting = Setting::default();
            for knob in knobs.split_whitespace() {
                let (key, value) = knob.split_once('=').expect("name=value");
                setting.set(key, &Value::parse(value)).expect("a knob");
            }
            setting.set("until", &Value::parse(until)).expect("a knob");
            building(name, until, &setting);
        }
    }
    for (name, n, d, units, uses_gram) in [
        ("paper", 400, 410, 40, true),
        ("A", 1000, 500, 80, false),
        ("B", 500, 100, 50, false),
        ("race", 400, 410, 120, true),
    ] {
        widths(name, n, d, units, uses_gram);
    }
}

/// CPU seconds of some work: of three stretches of a tenth of a second, longer than the
/// ticks of the books, the best.
fn time<T>(mut work: impl FnMut() -> T) -> f64 {
    let mut stretch = || {
        let (start, mut n) = (cpu_seconds(), 0.0);
        loop {
            black_box(work());
            n += 1.0;
            let spent = cpu_seconds() - start;
            if spent >= 0.1 {
                break spent / n;
            }
        }
    };
    stretch().min(stretch()).min(stretch())
}

fn building(name: &str, until: &str, setting: &Setting) {
    let stop = AtomicBool::new(false);
    let mut outcomes: Vec<Outcome> = Vec::new();
    let start = cpu_seconds();
    for seed in 0..SEEDS {
        outcomes.push(run_trial(setting, seed, false, &stop).expect("a trial").outcome);
    }
    let whole = (cpu_seconds() - start) / SEEDS as f64;
    let draw = time(|| setting.data.compact::<f32>(setting.n, 0).expect("data"));
    let compact = setting.data.compact::<f32>(setting.n, 0).expect("data");
    let encoder = Choice::new("smoothed_relu").with("m", setting.neurons(0) as i64);
    let spec = |modalities: &[&str]| Spec {
        encoder: encoder.clone(),
        modalities: modalities.iter().map(|m| (*m).to_owned()).collect(),
        standardise: false,
        valid_share: 0.0,
        ..Spec::default()
    };
    let prepared = |modalities: &[&str]| {
        let spec = spec(modalities);
        prepare::<f32>(&spec.check(&compact.data).expect("a spec"), &compact.data)
    };
    let alone = setting.until_decided;
    let networks: &[&[&str]] = if alone { &[&["m1", "m2"]] } else { &[&["m1"], &["m2"], &["m1", "m2"]] };
    let prepare = time(|| networks.iter().map(|modalities| prepared(modalities)).collect::<Vec<_>>());
    let inputs = prepared(&["m1", "m2"]).train;
    let pack = |x: &Matrix<f32>| {
        if x.rows() < 2 * x.cols() {
            vec![Panels::new(product(x.view(), Op::Plain, x.view(), Op::Transposed).view(), Op::Plain)]
        } else {
            vec![Panels::new(x.view(), Op::Plain), Panels::new(x.view(), Op::Transposed)]
        }
    };
    let times = if alone { 1.0 } else { 2.0 };
    let gram = times * time(|| inputs.x.iter().map(pack).collect::<Vec<_>>());
    let stacked = if alone { 1 } else { 2 };
    let total = stacked * setting.neurons(0) * setting.n_classes();
    let fresh = time(|| {
        for r in 0..2 {
            let mut draws = Draws::new(0, Purpose::new("lab test noise"), r);
            black_box(Matrix::from_fn(setting.n_test, total, |_, _| draws.normal()));
        }
        setting.data.codes(setting.n_test, 0, 2)
    });
    let evaluations: u64 = outcomes.iter().map(|o| o.joint.gradient_evaluations).sum();
    let share = |part: f64| 100.0 * part / whole;
    println!(
        "{name} until {until}: a trial {:.3} s ({} evaluations jointly); data {:.1} %, preparation {:.1} %, Gram and \
         packing {:.1} %, test noise {:.1} %; together {:.1} %, without the test noise {:.1} %",
        whole,
        evaluations / SEEDS,
        share(draw),
        share(prepare),
        share(gram),
        share(fresh),
        share(draw + prepare + gram + fresh),
        share(draw + prepare + gram),
    );
}

/// Nanoseconds a row of the solver's product X X^T c, by how many rows there are.
fn widths(name: &str, n: usize, d: usize, units: usize, uses_gram: bool) {
    let mut draws = Draws::new(0, Purpose::new("benchmark products"), 0);
    let mut random = |rows: usize, cols: usize| Matrix::from_fn(rows, cols, |_, _| draws.normal() as f32);
    let x = random(n, d);
    let gram = Panels::new(product(x.view(), Op::Plain, x.view(), Op::Transposed).view(), Op::Plain);
    let (by_feature, by_sample) = (Panels::new(x.view(), Op::Plain), Panels::new(x.view(), Op::Transposed));
    let mut per_row = |rows: usize| {
        let c = random(rows, n);
        let (mut out, mut between) = (vec![0.0_f32; rows * n], vec![0.0_f32; rows * d]);
        let repeats = (2000 / rows).max(4);
        let seconds = time(|| {
            for _ in 0..repeats {
                if uses_gram {
                    gram.product(&mut out, n, c.view(), 0..n, 0..n, false);
                } else {
                    by_feature.product(&mut between, d, c.view(), 0..n, 0..d, false);
                    let between = rivalry::num::MatrixView::new(&between, rows, d);
                    by_sample.product(&mut out, n, between, 0..d, 0..n, false);
                }
            }
            black_box(out[0])
        });
        1e9 * seconds / (repeats * rows) as f64
    };
    for rows in [1, 2, 4, 8, 16, units] {
        let (narrow, wide) = (per_row(rows), per_row(TRIALS * rows));
        println!(
            "{name}: {rows} neurons of a modality in a product {narrow:.0} ns each, of {TRIALS} trials at once \
             {wide:.0} ns: {:.0} % less",
            100.0 * (1.0 - wide / narrow)
        );
    }
}
