//! The Rust side of `benchmarks/trainer`: late fusion of 240-d and 76-d
//! features through 64 ReLU units each to 10 summed logits, Adam, batch 64,
//! 2,000 samples, 50 epochs; and the matrix products of that run alone.
//!
//! With the argument `serve` it reads requests (`rivalry` or `products`) from
//! standard input and answers each with a line of JSON when the work is done;
//! whoever asks measures. Without it, it times both in turns by the wall clock,
//! for quick looks. With `hooks` it measures what the hooks of strategies cost
//! naive training: the same epochs by a loop that has none.

mod hooks;

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use rivalry::data::{Dataset, Labels, Modality, Scaler, Split};
use rivalry::formats::embedded;
use rivalry::num::{Draws, Matrix, Op, Purpose, product_into};
use rivalry::spec::{Job, Spec};
use rivalry::train::{Trained, Unwatched, train};

const N_SAMPLES: usize = 2000;
const N_EPOCHS: usize = 50;
const BATCH: usize = 64;
const N_UNITS: usize = 64;
const N_CLASSES: usize = 10;
const MODALITIES: [(&str, usize); 2] = [("pix", 240), ("fou", 76)];

fn main() {
    let data = data_set();
    let job = job(&data);
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve(&data, &job, &mut Products::new()),
        Some("hooks") => hooks::compare(&data),
        _ => compare(&data, &job, &mut Products::new()),
    }
}

/// All 2,000 digits to train on, standardised beforehand as on the other side.
/// A data set must have a test part: the first digit of each class once more.
fn data_set() -> Dataset {
    let digits = embedded::handwritten();
    let train: Vec<u32> = (0..N_SAMPLES as u32).collect();
    let mut rows = train.clone();
    rows.extend((0..N_CLASSES as u32).map(|class| class * 200));
    let modalities = MODALITIES.map(|(name, width)| {
        let idx = digits.modality_idx(name).expect("the view is there");
        let features = &digits.modalities()[idx].features;
        assert_eq!(features.cols(), width);
        Modality::new(name, Scaler::fit(features, &train).apply::<f32>(features, &rows))
    });
    let labels: Vec<i64> = rows.iter().map(|row| i64::from(digits.labels()[*row as usize])).collect();
    let test = (N_SAMPLES as u32..rows.len() as u32).collect();
    let split = Split::Given { train, valid: None, test };
    Dataset::new("benchmark", modalities.into(), Labels::from_integers(&labels), None, Some(split))
        .expect("the data are valid")
}

fn job(data: &Dataset) -> Job {
    job_of(data, N_EPOCHS)
}

fn job_of(data: &Dataset, n_epochs: usize) -> Job {
    let spec = Spec {
        epochs: Some(n_epochs as u32),
        batch: BATCH as u32,
        patience: Some(0),
        valid_share: 0.0,
        standardise: false,
        ..Spec::default()
    };
    spec.check(data).expect("the spec is valid")
}

/// One run; its last training loss.
fn run(data: &Dataset, job: &Job) -> f64 {
    let Ok(Trained::Done(record)) = train(job, data, &[], None, &mut Unwatched) else {
        panic!("training ends");
    };
    *record.trajectory.get("train_loss").last().expect("there were epochs")
}

/// The operands of the products of one training step of one modality.
struct Branch {
    x: Matrix<f32>,
    weight: Matrix<f32>,
    hidden: Matrix<f32>,
    head: Matrix<f32>,
    logits: Matrix<f32>,
    weight_grad: Matrix<f32>,
    hidden_grad: Matrix<f32>,
    head_grad: Matrix<f32>,
}

struct Products {
    branches: Vec<Branch>,
}

impl Products {
    fn new() -> Self {
        let mut draws = Draws::new(0, Purpose::new("benchmark"), 0);
        let mut random = |rows, cols| Matrix::from_fn(rows, cols, |_, _| draws.normal() as f32);
        let branches = MODALITIES.map(|(_, width)| Branch {
            x: random(N_SAMPLES, width),
            weight: random(N_UNITS, width),
            hidden: random(BATCH, N_UNITS),
            head: random(N_CLASSES, N_UNITS),
            logits: random(BATCH, N_CLASSES),
            weight_grad: random(N_UNITS, width),
            hidden_grad: random(BATCH, N_UNITS),
            head_grad: random(N_CLASSES, N_UNITS),
        });
        Self { branches: branches.into() }
    }

    /// The products of all steps of all epochs, operands as in training: a new
    /// batch each step, everything else in place.
    fn run(&mut self) {
        for start in (0..N_EPOCHS).flat_map(|_| (0..N_SAMPLES).step_by(BATCH)) {
            let n_rows = BATCH.min(N_SAMPLES - start);
            for branch in &mut self.branches {
                branch.step(start, n_rows);
            }
        }
        black_box(&self.branches);
    }
}

impl Branch {
    fn step(&mut self, start: usize, n_rows: usize) {
        let x = self.x.view().slice_rows(start, start + n_rows);
        let (weight, head) = (self.weight.view(), self.head.view());
        product_into(&mut self.hidden.top_mut(n_rows), x, Op::Plain, weight, Op::Transposed, false);
        let hidden = self.hidden.top(n_rows);
        product_into(&mut self.logits.top_mut(n_rows), hidden, Op::Plain, head, Op::Transposed, false);
        let logits = self.logits.top(n_rows);
        product_into(&mut self.head_grad.view_mut(), logits, Op::Transposed, hidden, Op::Plain, false);
        product_into(&mut self.hidden_grad.top_mut(n_rows), logits, Op::Plain, head, Op::Plain, false);
        let hidden_grad = self.hidden_grad.top(n_rows);
        product_into(&mut self.weight_grad.view_mut(), hidden_grad, Op::Transposed, x, Op::Plain, false);
    }
}

fn serve(data: &Dataset, job: &Job, products: &mut Products) {
    let mut answers = std::io::stdout().lock();
    let mut answer = |line: String| {
        writeln!(answers, "{line}").and_then(|()| answers.flush()).expect("whoever asked is there");
    };
    answer(format!(r#"{{"ready": "{}"}}"#, env!("CARGO_PKG_VERSION")));
    for request in std::io::stdin().lock().lines() {
        match request.expect("requests are text").as_str() {
            "rivalry" => answer(format!(r#"{{"train_loss": {}}}"#, run(data, job))),
            "products" => {
                products.run();
                answer("{}".to_owned());
            }
            other => panic!("unknown request `{other}`"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn compare(data: &Dataset, job: &Job, products: &mut Products) {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let mut rounds: Vec<(Duration, Duration)> = (0..11)
        .map(|_| {
            let training = time(&mut || {
                black_box(run(data, job));
            });
            (training, time(&mut || products.run()))
        })
        .collect();
    rounds.sort_by_key(|(training, _)| *training);
    let (training, _) = rounds[rounds.len() / 2];
    rounds.sort_by_key(|(_, products)| *products);
    let (_, alone) = rounds[rounds.len() / 2];
    println!("one run {training:.1?}, its products {alone:.1?}, median of {} by wall clock", rounds.len());
}
