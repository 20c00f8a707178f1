//! What the hooks of strategies cost naive joint training: epochs of the one loop against the same
//! epochs without strategies, plans, terms and groups. Both end at the same weights, bit for bit.
//!
//! A run does more than its epochs (it lays out the network, and predicts at the end), so both sides
//! are taken between two lengths: the time of the longer one minus that of the shorter one.

use rivalry::data::Dataset;
use rivalry::model::{Batch, Inputs, LateFusion, Source, Upstream, Workspace, loss};
use rivalry::num::{Draws, Matrix, Purpose};
use rivalry::registry::find;
use rivalry::solvers::{self, Field, Reading, Update};
use rivalry::train::prepare;

use super::{BATCH, N_CLASSES, job_of, run};

const EPOCHS: [usize; 2] = [10, 110];
const ROUNDS: usize = 41;
const BATCH_ORDER: Purpose = Purpose::new("batch order");

/// One batch's gradient, in the fewest words.
struct Plain<'a> {
    model: &'a LateFusion<f32>,
    batch: &'a Batch<f32>,
    work: &'a mut Workspace<f32>,
    upstream: &'a mut Upstream<f32>,
    log_norm: &'a mut [f32],
}

impl Field<f32> for Plain<'_> {
    fn gradient(&mut self, params: &[f32], out: &mut Vec<f32>) -> Reading {
        let Self { model, batch, work, upstream, log_norm } = self;
        let labels = batch.labels();
        model.forward(params, *batch, None, work);
        upstream.clear();
        upstream.fused.active = true;
        let mut gradient = upstream.fused.value.top_mut(labels.len());
        let loss = loss::cross_entropy(work.fused(), labels, None, 1.0, &mut gradient, log_norm);
        out.resize(model.n_params(), 0.0);
        model.backward(params, *batch, upstream, &[], work, out);
        Reading { loss, errors: None }
    }
}

/// The last epoch's training loss.
fn plain(data: &Dataset, n_epochs: usize) -> f64 {
    let job = job_of(data, n_epochs);
    let prepared = prepare::<f32>(&job, data);
    let (model, train): (_, &Inputs<f32>) = (&prepared.model, &prepared.train);
    let spec = job.spec();
    let entry = find("solver", solvers::table::<f32>(), &spec.solver.name).expect("the spec was checked");
    let mut solver = (entry.build)(&entry.settle(&spec.solver).expect("the spec was checked"));
    let mut params = model.init(spec.seed);
    let mut batch = Batch::new(train, BATCH);
    let (mut work, mut upstream) = (Workspace::new(model, BATCH), Upstream::new(model, BATCH));
    upstream.fused.value = Matrix::zeros(BATCH, N_CLASSES);
    let mut log_norm = vec![0.0; BATCH];
    let mut last = f64::NAN;
    for epoch in 0..n_epochs {
        let order = Draws::new(spec.seed, BATCH_ORDER, epoch as u32).permutation(train.len());
        let mut sum = 0.0;
        for rows in order.chunks(BATCH) {
            batch.gather(train, rows);
            let mut field = Plain {
                model,
                batch: &batch,
                work: &mut work,
                upstream: &mut upstream,
                log_norm: &mut log_norm,
            };
            let update = Update { factor: 1.0, rates: &[(0..model.n_params(), 1.0)] };
            let progress = solver.step(&update, &mut params, &mut field);
            sum += progress.reading.loss * rows.len() as f64;
        }
        last = sum / order.len() as f64;
    }
    last
}

/// Seconds that the scheduler charged to this process.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux says what a process used");
    let nanoseconds = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.expect("its first number is the time on a CPU") * 1e-9
}

/// Both sides in turns; the median of the ratios.
pub(super) fn compare(data: &Dataset) {
    let jobs = EPOCHS.map(|n| job_of(data, n));
    let ours = |length: usize| run(data, &jobs[length]);
    let without = |length: usize| plain(data, EPOCHS[length]);
    let (a, b) = (ours(1), without(1));
    assert!((a - b).abs() < 1e-12 * a.abs(), "the two loops train differently: {a} and {b}");
    let time = |work: &dyn Fn(usize) -> f64| {
        let between = |length: usize| {
            let start = cpu_seconds();
            std::hint::black_box(work(length));
            cpu_seconds() - start
        };
        let short = between(0);
        between(1) - short
    };
    let mut ratios = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        // Who is first changes, so that a machine that slows down favours neither.
        let pair = if round % 2 == 0 {
            let a = time(&ours);
            (a, time(&without))
        } else {
            let b = time(&without);
            (time(&ours), b)
        };
        ratios.push(pair.0 / pair.1);
    }
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| 100.0 * (ratios[((ROUNDS - 1) as f64 * share).round() as usize] - 1.0);
    println!(
        "the hooks cost {:+.2} % of naive training (quartiles {:+.2} to {:+.2}, {ROUNDS} rounds of {} epochs, CPU time)",
        at(0.5),
        at(0.25),
        at(0.75),
        EPOCHS[1] - EPOCHS[0]
    );
}
