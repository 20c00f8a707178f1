//! A run from its first epoch, or from a checkpoint, to its record.

use crate::data::Dataset;
use crate::model::{Batch, Inputs, Slice, Source, Tiles};
use crate::num::{Draws, Purpose, Scalar, sums, vectorised};
use crate::record::{Best, Checkpoint, Cost, Ended, Record, Trajectory, Unreached, branch_reading};
use crate::solvers::schedule::Schedule;
use crate::solvers::{self, Halt, Progress, Reading, Solver, Update};
use crate::spec::{Job, Until};
use crate::strategies::{self, Epoch, On, Plan, Settle, Step, Strategy, Teacher};

use super::field::StepField;
use super::meters::Meters;
use super::neurons::{NeuronForm, NeuronTables};
use super::prepare::{Prepared, build, network, prepare};
use super::resume::{Kept, bring_back, checkpoint, keep, restore};
use super::step::{Buffers, Weighting};
use super::trace::record;
use super::valid::{better, stale, validate};
use super::{Control, EpochReport, TrainError, Trained, Watch};

const BATCH_ORDER: Purpose = Purpose::new("batch order");

/// What changes while a run trains.
pub(super) struct State<T: Scalar> {
    pub params: Vec<T>,
    pub strategy: Box<dyn Strategy<T>>,
    pub solver: Box<dyn Solver<T>>,
    /// Weights of the best epoch; empty without early stopping.
    pub best_params: Vec<T>,
    pub best: Option<Best>,
    /// The state that [`Settle::Keep`] put aside.
    pub kept: Option<Kept<T>>,
    pub cost: Cost,
    pub trajectory: Trajectory,
}

pub(super) fn run<T: Scalar>(
    job: &Job,
    data: &Dataset,
    needed: &[Record],
    from: Option<&Checkpoint>,
    watch: &mut dyn Watch,
) -> Result<Trained, TrainError> {
    let prepared = prepare::<T>(job, data);
    let teachers = teachers(job, data, needed)?;
    let schedule = build("schedule", solvers::schedule::table(), &job.spec().schedule);
    let mut state = State {
        params: prepared.model.init(job.spec().seed),
        strategy: build("strategy", strategies::table::<T>(), &job.spec().strategy),
        solver: build("solver", solvers::table::<T>(), &job.spec().solver),
        best_params: Vec::new(),
        best: None,
        kept: None,
        cost: Cost::default(),
        trajectory: Trajectory::default(),
    };
    let first = match from {
        None => 0,
        Some(checkpoint) => restore(job.id(), checkpoint, &mut state)?,
    };
    let n_epochs = job.spec().epochs.expect("a checked spec has its epochs");
    let patience = job.spec().patience.expect("a checked spec has its patience");
    let mut buffers = Loop::new(job, &prepared, state.strategy.as_ref(), state.solver.full_batch());
    let mut meters = job.spec().meters.then(|| Meters::new(&prepared, job.spec().seed));
    let until = job.spec().until;
    let mut ended = match until {
        Some(_) if first >= n_epochs => unreached(n_epochs, Unreached::Epochs),
        _ => Ended::Finished,
    };
    for epoch in first..n_epochs {
        let Some((progress, aside)) =
            buffers.epoch(epoch, n_epochs, &prepared, &teachers, schedule.as_ref(), &mut state)
        else {
            if until.is_some() && epoch > 0 {
                ended = unreached(epoch, Unreached::Strategy);
            }
            break;
        };
        let Reading { loss: train_loss, errors } = progress.reading;
        let train_error = errors.map(|n| n as f64 / prepared.train.len() as f64);
        state.cost.epochs = epoch + 1;
        if !aside {
            follow(&mut state, train_error, &progress);
        }
        if let Some(what) = trouble(&progress, &state.params) {
            ended = Ended::Diverged { epoch, what: what.to_owned() };
            break;
        }
        let last = epoch + 1 == n_epochs || progress.halt.is_some();
        let wanted = watch.wants_weights();
        let read = meters.is_some() && Meters::<T>::reads(epoch);
        if wanted || last || read || !prepared.valid.is_empty() {
            buffers.catch_up(epoch, n_epochs, &prepared, &teachers, &mut state);
        }
        let fuses = job.needs().fuses.then_some(state.strategy.as_ref());
        let valid = if aside { None } else { validate(&prepared, &state.params, fuses) };
        if valid.is_some_and(|(_, loss)| !loss.is_finite()) {
            ended = Ended::Diverged { epoch, what: "the validation loss".to_owned() };
            break;
        }
        if let Some(meters) = meters.as_mut().filter(|_| !aside) {
            meters.epoch(epoch, &prepared.model, &state.params, &mut state.trajectory);
        }
        if let Some((accuracy, loss)) = valid {
            state.trajectory.push("valid_loss", loss);
            state.trajectory.push("valid_accuracy", accuracy);
            if patience > 0 {
                let best = Best { epoch, accuracy, loss };
                if state.best.is_none_or(|so_far| better(&best, &so_far)) {
                    state.best = Some(best);
                    state.best_params.clone_from(&state.params);
                }
            }
        }
        let report = EpochReport {
            done: epoch + 1,
            of: n_epochs,
            train_loss,
            train_error,
            valid_accuracy: valid.map(|v| v.0),
            time: progress.time,
            gradient_evaluations: state.cost.gradient_evaluations,
            weights: wanted.then(|| T::as_values(&state.params)),
        };
        let control = watch.epoch(&report);
        let reached =
            until.filter(|_| !aside).is_some_and(|u| errors == Some(0) && train_loss <= u.train_loss);
        let stop_early = state.best.is_some_and(|best| stale(&state.trajectory, &best) >= patience as usize);
        if reached {
            ended = Ended::Converged { epoch };
        } else if control == Control::Finish {
            ended = Ended::Stopped { epoch };
        } else if until.is_some() && last {
            let halted = progress.halt.is_some();
            ended = unreached(epoch + 1, if halted { Unreached::TimeLimit } else { Unreached::Epochs });
        }
        if ended != Ended::Finished || stop_early || last {
            break;
        }
        if matches!(control, Control::Checkpoint | Control::Stop) {
            buffers.catch_up(epoch, n_epochs, &prepared, &teachers, &mut state);
            let checkpoint = checkpoint(job.id(), epoch + 1, &mut state);
            if control == Control::Stop {
                return Ok(Trained::Interrupted(Box::new(checkpoint)));
            }
            watch.checkpoint(&checkpoint);
        }
    }
    buffers.catch_up(state.cost.epochs, n_epochs, &prepared, &teachers, &mut state);
    if let (Ended::Finished, Some(best)) = (&ended, state.best) {
        ended = Ended::EarlyStop { best_epoch: best.epoch };
        std::mem::swap(&mut state.params, &mut state.best_params);
    }
    Ok(Trained::Done(Box::new(record(job, data, &prepared, state, ended))))
}

/// Buffers and orders that live as long as the run.
struct Loop<T: Scalar> {
    buffers: Buffers<T>,
    batch: Batch<T>,
    batch_rows: usize,
    full: bool,
    until: Option<Until>,
    neurons: Option<NeuronTables<T>>,
    /// The weights before the epoch, for the strategy.
    before: Vec<T>,
    seed: u64,
}

impl<T: Scalar> Loop<T> {
    fn new(job: &Job, prepared: &Prepared<T>, strategy: &dyn Strategy<T>, full: bool) -> Self {
        let until = job.spec().until;
        let (model, n) = (&prepared.model, prepared.train.len());
        let batch_rows = if full { n } else { (job.spec().batch as usize).min(n) };
        let fused_alone =
            strategy.terms(model.branches().len()).is_some_and(|terms| terms == [(On::Fused, 1.0)]);
        let tiled = full && fused_alone && Tiles::suit(model);
        Self {
            buffers: if tiled { Buffers::tiled(model) } else { Buffers::new(model, batch_rows) },
            batch: Batch::new(&prepared.train, if full { 0 } else { batch_rows }),
            batch_rows,
            full,
            until,
            neurons: NeuronTables::new(prepared, strategy, until.is_some()).filter(|_| full),
            before: Vec::new(),
            seed: job.spec().seed,
        }
    }

    /// Trains one epoch; what was read over its samples and what its last step
    /// did, and whether it only measures; nothing when the strategy ends training here.
    fn epoch(
        &mut self,
        index: u32,
        n_epochs: u32,
        prepared: &Prepared<T>,
        teachers: &[Teacher<'_, T>],
        schedule: &dyn Schedule,
        state: &mut State<T>,
    ) -> Option<(Progress, bool)> {
        let Prepared { model, train, valid, .. } = prepared;
        let seed = self.seed;
        // The weights before the epoch, in a buffer that epochs share.
        let mut before = std::mem::take(&mut self.before);
        before.clone_from(&state.params);
        let at = Epoch { index, n_epochs, seed, model, params: &before, train, valid, needed: teachers };
        match state.strategy.settle(&at, &mut state.params) {
            Settle::Go => {}
            Settle::Keep => keep(state),
            Settle::Restore => bring_back(state),
        }
        before.clone_from(&state.params);
        let at = Epoch { index, n_epochs, seed, model, params: &before, train, valid, needed: teachers };
        let plan = state.strategy.plan(&at);
        if plan.stop {
            return None;
        }
        let Order { rows: order, picks, weights: sample_weights } = self.order(index, &plan, train.len());
        let factor = schedule.factor(index, n_epochs);
        let rates: Vec<_> = plan.steps.iter().map(|step| (step.rates(model), step.frozen(model))).collect();
        let mut errors = self.until.map(|_| 0);
        let mut last = None;
        let mut losses = Vec::with_capacity(order.len().div_ceil(self.batch_rows.max(1)));
        let mut position = 0;
        while position < order.len() {
            let stop = order.len().min(position + self.batch_rows);
            let rows = &order[position..stop];
            let picks = &picks.as_ref().unwrap_or(&order)[position..stop];
            let samples = sample_weights.as_ref().map(|w| &w[position..stop]);
            let weighting = Weighting { classes: prepared.class_weights.as_deref(), samples };
            if !self.full {
                self.batch.gather(train, rows);
            }
            for (sub_step, (rates, frozen)) in rates.iter().enumerate() {
                let slice = Slice::all(train);
                let labels = if self.full { slice.labels() } else { self.batch.labels() };
                let step =
                    Step { params: &[], epoch: &at, sub_step, position, rows, picks, labels, weights: None };
                let State { strategy, solver, params, .. } = state;
                let update = Update { factor, rates };
                let (strategy, buffers) = (strategy.as_mut(), &mut self.buffers);
                let until = self.until;
                let field = StepField {
                    step: &step,
                    strategy,
                    source: &slice,
                    weighting,
                    frozen,
                    buffers,
                    until,
                    neurons: neuron_form(&mut self.neurons, train),
                };
                let progress = if self.full {
                    solver.step(&update, params, &mut { field })
                } else {
                    solver.step(&update, params, &mut field.on(&self.batch))
                };
                let passes = progress.evaluations * rows.len() as u64;
                state.cost.updates += 1;
                state.cost.gradient_evaluations += progress.evaluations;
                state.cost.sample_passes += passes;
                state.cost.flops += progress.flops.unwrap_or(model.flops_per_sample() * passes as f64);
                if sub_step == 0 {
                    losses.push(progress.reading.loss * rows.len() as f64);
                    errors = errors.zip(progress.reading.errors).map(|(sum, n)| sum + n);
                }
                last = Some(progress);
            }
            position = stop;
        }
        self.before = before;
        let reading = Reading { loss: sums::sum(&losses) / order.len() as f64, errors };
        last.map(|progress| (Progress { reading, ..progress }, plan.aside))
    }

    /// Brings the weights up to date with what the solver knows.
    fn catch_up(
        &mut self,
        index: u32,
        n_epochs: u32,
        prepared: &Prepared<T>,
        teachers: &[Teacher<'_, T>],
        state: &mut State<T>,
    ) {
        if !self.full {
            return;
        }
        let Prepared { model, train, valid, .. } = prepared;
        let State { strategy, solver, params, .. } = state;
        let epoch =
            Epoch { index, n_epochs, seed: self.seed, model, params: &[], train, valid, needed: teachers };
        let (rows, picks, labels) = (&[], &[], &train.y[..]);
        let step =
            Step { params: &[], epoch: &epoch, sub_step: 0, position: 0, rows, picks, labels, weights: None };
        let mut field = StepField {
            step: &step,
            strategy: strategy.as_mut(),
            source: &Slice::all(train),
            weighting: Weighting { classes: None, samples: None },
            frozen: &[],
            buffers: &mut self.buffers,
            until: None,
            neurons: neuron_form(&mut self.neurons, train),
        };
        solver.catch_up(params, &mut field);
    }

    /// The epoch's samples in their order.
    fn order(&self, epoch: u32, plan: &Plan, n: usize) -> Order<T> {
        let mut draws = Draws::new(self.seed, BATCH_ORDER, epoch);
        match &plan.samples {
            _ if self.full => Order { rows: (0..n as u32).collect(), picks: None, weights: None },
            None => Order { rows: draws.permutation(n), picks: None, weights: None },
            Some(samples) => {
                let picks = draws.permutation(samples.len());
                let (mut rows, mut weights) = (Vec::new(), Vec::new());
                for (row, weight) in picks.iter().map(|i| samples[*i as usize]) {
                    rows.push(row);
                    weights.push(T::from_f64(weight));
                }
                Order { rows, picks: Some(picks), weights: Some(weights) }
            }
        }
    }
}

/// The samples of an epoch, one batch after another.
struct Order<T> {
    rows: Vec<u32>,
    /// Where each stands in the plan's samples, if the plan named any.
    picks: Option<Vec<u32>>,
    weights: Option<Vec<T>>,
}

/// The neuron form of the objective on the training part.
fn neuron_form<'a, T: Scalar>(
    tables: &'a mut Option<NeuronTables<T>>,
    train: &'a Inputs<T>,
) -> Option<NeuronForm<'a, T>> {
    tables.as_mut().map(|tables| NeuronForm { tables, x: &train.x, y: &train.y })
}

fn unreached(n_epochs: u32, why: Unreached) -> Ended {
    Ended::NotConverged { epoch: n_epochs - 1, why }
}

/// Writes an epoch's quantities to the trajectory.
fn follow<T: Scalar>(state: &mut State<T>, train_error: Option<f64>, progress: &Progress) {
    let State { trajectory, cost, strategy, .. } = state;
    trajectory.push("train_loss", progress.reading.loss);
    if let Some(error) = train_error {
        trajectory.push("train_error", error);
    }
    for (name, values) in strategy.readings() {
        for (i, value) in values.into_iter().enumerate() {
            trajectory.push(&branch_reading(name, i), value);
        }
    }
    if let Some(time) = progress.time {
        let rejected = trajectory.get("rejected_steps").last().copied().unwrap_or(0.0);
        trajectory.push("time", time);
        trajectory.push("gradient_evaluations", cost.gradient_evaluations as f64);
        trajectory.push("rejected_steps", rejected + progress.rejected as f64);
    }
}

/// The first quantity that is not finite.
fn trouble<T: Scalar>(progress: &Progress, params: &[T]) -> Option<&'static str> {
    if !progress.reading.loss.is_finite() {
        Some("the training loss")
    } else if progress.halt == Some(Halt::NoStep) {
        Some("the size of the flow's step")
    } else if !all_finite(params) {
        Some("a weight")
    } else {
        None
    }
}

/// Whether no value is infinite or NaN: zero times any of those is NaN.
fn all_finite<T: Scalar>(values: &[T]) -> bool {
    const LANES: usize = 32;
    let mut sums = [T::ZERO; LANES];
    vectorised(
        #[inline(always)]
        || {
            for some in values.chunks(LANES) {
                sums.iter_mut().zip(some).for_each(|(sum, value)| *sum += *value * T::ZERO);
            }
        },
    );
    sums.iter().all(|sum| sum.is_finite())
}

/// The networks that a strategy builds on.
fn teachers<'a, T: Scalar>(
    job: &Job,
    data: &Dataset,
    needed: &'a [Record],
) -> Result<Vec<Teacher<'a, T>>, TrainError> {
    let specs = job.needed_specs();
    let missing = |i: usize, why: &str| TrainError::MissingTeacher {
        strategy: job.spec().strategy.name.clone(),
        what: specs[i].modalities.join("+"),
        why: why.to_owned(),
    };
    (0..specs.len())
        .map(|i| {
            let record = needed.get(i).ok_or_else(|| missing(i, "is missing"))?;
            let teacher = specs[i].check(data).map_err(|_| missing(i, "cannot be asked for"))?;
            if record.id != teacher.id() {
                return Err(missing(i, "is missing"));
            }
            if let Ended::Diverged { epoch, .. } = record.ended {
                return Err(missing(i, &format!("diverged in epoch {}", epoch + 1)));
            }
            let params =
                T::from_numbers(&record.params).ok_or_else(|| missing(i, "has another precision"))?;
            Ok(Teacher { model: network(&teacher, data), params })
        })
        .collect()
}
