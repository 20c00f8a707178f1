//! One full gradient-descent step of the talk's network through the one
//! training loop, and the matrix products of that step alone.

use std::hint::black_box;

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Draws, Matrix, Op, Purpose, product_into};
use rivalry::registry::Choice;
use rivalry::spec::{Job, Spec};
use rivalry::train::{Trained, Unwatched, train};

const N_MODALITIES: usize = 2;
const SHAPES: [Shape; 2] = [
    Shape { name: "A", n_samples: 1000, n_inputs: 500, n_classes: 10, n_neurons: 8, n_steps: 400 },
    Shape { name: "B", n_samples: 500, n_inputs: 100, n_classes: 10, n_neurons: 5, n_steps: 4000 },
];

/// n, d, K, m, and the steps of one request.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    n_samples: usize,
    n_inputs: usize,
    n_classes: usize,
    n_neurons: usize,
    n_steps: u32,
}

/// One shape: its data set and job, and the operands of its products.
pub(crate) struct Contender {
    shape: Shape,
    data: Dataset,
    job: Job,
    branches: Vec<Branch>,
}

impl Contender {
    /// One per shape.
    pub(crate) fn all() -> Vec<Self> {
        SHAPES.into_iter().map(Self::new).collect()
    }

    pub(crate) fn name(&self) -> &str {
        self.shape.name
    }

    pub(crate) fn n_steps(&self) -> u32 {
        self.shape.n_steps
    }

    fn new(shape: Shape) -> Self {
        let data = data_set(shape);
        let job = job(shape, &data);
        let branches = (0..N_MODALITIES).map(|b| Branch::new(shape, b as u32)).collect();
        Self { shape, data, job, branches }
    }

    /// A run of so many steps; its last training loss.
    pub(crate) fn steps(&self) -> f64 {
        let Ok(Trained::Done(record)) = train(&self.job, &self.data, &[], None, &mut Unwatched) else {
            panic!("training ends");
        };
        *record.trajectory.get("train_loss").last().expect("there were epochs")
    }

    /// The products of as many steps, whole as `gemm` likes them.
    pub(crate) fn products(&mut self) {
        for _ in 0..self.shape.n_steps {
            self.branches.iter_mut().for_each(Branch::step);
        }
        black_box(&self.branches);
    }

    /// Floating-point operations of the products of one step: 4 n d K m R.
    fn flops(&self) -> f64 {
        let Shape { n_samples, n_inputs, n_classes, n_neurons, .. } = self.shape;
        (4 * n_samples * n_inputs * n_classes * n_neurons * N_MODALITIES) as f64
    }
}

/// A class's direction and noise of length one each; the test part that a data
/// set must have is one sample per class.
fn data_set(shape: Shape) -> Dataset {
    let Shape { n_samples, n_inputs, n_classes, .. } = shape;
    let n_rows = n_samples + n_classes;
    let modalities = (0..N_MODALITIES).map(|r| {
        let mut draws = Draws::new(0, Purpose::new("benchmark data"), r as u32);
        let unit = 1.0 / (n_inputs as f64).sqrt();
        let directions = Matrix::from_fn(n_classes, n_inputs, |_, _| unit * draws.normal());
        let x = Matrix::from_fn(n_rows, n_inputs, |row, c| {
            (directions.row(row % n_classes)[c] + unit * draws.normal()) as f32
        });
        Modality::new(["first", "second"][r], x)
    });
    let labels: Vec<i64> = (0..n_rows).map(|row| (row % n_classes) as i64).collect();
    let train = (0..n_samples as u32).collect();
    let test = (n_samples as u32..n_rows as u32).collect();
    let split = Split::Given { train, valid: None, test };
    Dataset::new("benchmark", modalities.collect(), Labels::from_integers(&labels), None, Some(split))
        .expect("the data are valid")
}

fn job(shape: Shape, data: &Dataset) -> Job {
    let spec = Spec {
        encoder: Choice::new("smoothed_relu")
            .with("m", shape.n_neurons as i64)
            .with("q", 4_i64)
            .with("sigma0", 0.1),
        solver: Choice::new("gradient_descent").with("lr", 0.01),
        epochs: Some(shape.n_steps),
        patience: Some(0),
        valid_share: 0.0,
        standardise: false,
        ..Spec::default()
    };
    spec.check(data).expect("the spec is valid")
}

/// The operands of the products of one step of one modality.
struct Branch {
    x: Matrix<f32>,
    weight: Matrix<f32>,
    pre: Matrix<f32>,
    grad: Matrix<f32>,
}

impl Branch {
    fn new(shape: Shape, stream: u32) -> Self {
        let Shape { n_samples, n_inputs, n_classes, n_neurons, .. } = shape;
        let mut draws = Draws::new(0, Purpose::new("benchmark products"), stream);
        let mut random = |rows, cols| Matrix::from_fn(rows, cols, |_, _| draws.normal() as f32);
        let n_units = n_classes * n_neurons;
        Self {
            x: random(n_samples, n_inputs),
            weight: random(n_units, n_inputs),
            pre: random(n_samples, n_units),
            grad: random(n_units, n_inputs),
        }
    }

    fn step(&mut self) {
        let (x, weight) = (self.x.view(), self.weight.view());
        product_into(&mut self.pre.view_mut(), x, Op::Plain, weight, Op::Transposed, false);
        product_into(&mut self.grad.view_mut(), self.pre.view(), Op::Transposed, x, Op::Plain, false);
    }
}

/// Seconds of this thread on a CPU so far, from the scheduler's books.
pub(crate) fn cpu_seconds() -> f64 {
    let books = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let on_cpu = books.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    1e-9 * on_cpu.expect("the kernel keeps books of threads (Linux)")
}

/// Both in turns, for quick looks.
pub(crate) fn compare(contender: &mut Contender) {
    let n_steps = contender.shape.n_steps;
    let time = |work: &mut dyn FnMut()| {
        let start = cpu_seconds();
        work();
        (cpu_seconds() - start) / f64::from(n_steps)
    };
    let (mut steps, mut products) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        steps.push(time(&mut || {
            black_box(contender.steps());
        }));
        products.push(time(&mut || contender.products()));
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let (step, alone) = (median(&mut steps), median(&mut products));
    println!(
        "{}: one step {:.3} ms, its products alone {:.3} ms ({:.1} GFLOP/s), {:.0} % of that rate",
        contender.shape.name,
        1e3 * step,
        1e3 * alone,
        1e-9 * contender.flops() / alone,
        100.0 * alone / step,
    );
}
