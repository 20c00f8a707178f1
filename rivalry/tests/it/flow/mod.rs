//! Gradient flow: order and error control, equality of its forms, events.

mod events;
mod forms;
mod order;

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Draws, Matrix, Numbers, Purpose};
use rivalry::record::Record;
use rivalry::registry::Choice;
use rivalry::spec::{Precision, Spec};
use rivalry::train::{Trained, Unwatched, Watch, train};

/// Two modalities in which every class has a direction of its own, a feature
/// of another class now and then, and noise; the last three samples test.
fn sparse(n: usize, widths: [usize; 2], n_classes: usize, seed: u64) -> Dataset {
    let mut draws = Draws::new(seed, Purpose::new("flow test data"), 0);
    let total = n + n_classes;
    let labels: Vec<i64> = (0..total).map(|i| (i % n_classes) as i64).collect();
    let modalities = ["a", "b"].into_iter().zip(widths).map(|(name, d)| {
        let directions = Matrix::from_fn(n_classes, d, |_, _| draws.normal() / (d as f64).sqrt());
        let mut x = Matrix::<f64>::zeros(total, d);
        for (row, label) in labels.iter().enumerate() {
            for class in 0..n_classes {
                let own = *label == class as i64;
                let z = match own {
                    true => 1.0 + 0.4 * draws.uniform(),
                    false if draws.bernoulli(0.2) => 0.1 + 0.3 * draws.uniform(),
                    false => 0.0,
                };
                let target = x.row_mut(row).iter_mut().zip(directions.row(class));
                target.for_each(|(x, direction)| *x += z * direction);
            }
            x.row_mut(row).iter_mut().for_each(|x| *x += 0.8 / (d as f64).sqrt() * draws.normal());
        }
        Modality::new(name, x)
    });
    let modalities = modalities.collect();
    let test = (n as u32..total as u32).collect();
    let split = Split::Given { train: (0..n as u32).collect(), valid: None, test };
    Dataset::new("sparse", modalities, Labels::from_integers(&labels), None, Some(split)).unwrap()
}

/// A flow in double precision up to a time.
fn spec(solver: Choice, time: f64, (m, q, beta, sigma0): (i64, i64, f64, f64)) -> Spec {
    Spec {
        encoder: Choice::new("smoothed_relu")
            .with("m", m)
            .with("q", q)
            .with("beta", beta)
            .with("sigma0", sigma0),
        solver: solver.with("time_limit", time),
        epochs: Some(1_000_000),
        patience: Some(0),
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        ..Spec::default()
    }
}

fn flow() -> Choice {
    Choice::new("gradient_flow")
}

fn run(spec: &Spec, data: &Dataset) -> Record {
    run_watched(spec, data, &mut Unwatched)
}

fn run_watched(spec: &Spec, data: &Dataset, watch: &mut dyn Watch) -> Record {
    let job = spec.check(data).unwrap();
    match train(&job, data, &[], None, watch).unwrap() {
        Trained::Done(record) => *record,
        Trained::Interrupted(_) => panic!("nobody stopped the run"),
    }
}

fn weights(record: &Record) -> Vec<f64> {
    match &record.params {
        Numbers::F32(values) => values.iter().map(|w| f64::from(*w)).collect(),
        Numbers::F64(values) => values.clone(),
    }
}

/// The largest difference relative to the largest weight.
fn distance(got: &Record, expected: &Record) -> f64 {
    let (got, expected) = (weights(got), weights(expected));
    let size = expected.iter().map(|w| w.abs()).fold(0.0, f64::max);
    got.iter().zip(&expected).map(|(g, e)| (g - e).abs()).fold(0.0, f64::max) / size
}

/// Per class: the modality whose neurons of the class have grown most.
fn winners(record: &Record, n_classes: usize) -> Vec<usize> {
    let weights = weights(record);
    let mut start = 0;
    let mut sizes = vec![Vec::new(); n_classes];
    for tensor in &record.tensors {
        let own = &weights[start..start + tensor.rows * tensor.cols];
        start += own.len();
        let per_class = own.len() / n_classes;
        for (class, neurons) in own.chunks_exact(per_class).enumerate() {
            let norm = |w: &[f64]| w.iter().map(|w| w * w).sum::<f64>();
            sizes[class].push(neurons.chunks_exact(tensor.cols).map(norm).fold(0.0, f64::max));
        }
    }
    sizes.iter().map(|s| usize::from(s.len() > 1 && s[1] > s[0])).collect()
}
