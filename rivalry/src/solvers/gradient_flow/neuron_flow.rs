//! The flow in pre-activation space: steps of all live neurons at once, and
//! what survives between steps. [`super::multirate`] splits them.

use crate::num::Scalar;

use super::super::neurons::{Layout, Neurons};
use super::super::{Halt, Progress, Reading};
use super::multirate::{MacroStep, START_REACH, Split};
use super::neuron_step::{Attempt, Group, Others, add_scaled, add_weighted, largest};
use super::{Clock, Settings};

/// Attempts at one step before the flow is given up.
const MAX_ATTEMPTS: u32 = 200;

/// The flow of a network of neurons. Everything but the buffers is a solver's
/// memory; weights are behind by the pull.
pub(super) struct NeuronFlow<T> {
    /// Weights where the neuron form was entered.
    pub base: Vec<T>,
    /// P, C and dP/dt of every neuron, neurons x samples.
    pub pre: Vec<T>,
    pub pull: Vec<T>,
    pub slope: Vec<T>,
    /// The gradient at the logits, channels x classes x samples.
    pub upstream: Vec<T>,
    /// How far slow neurons may move in one macro step, relative to their size.
    pub reach: f64,
    pub(super) attempt: Attempt<T>,
    pub(super) from: Vec<T>,
    split: Split<T>,
}

impl<T: Scalar> NeuronFlow<T> {
    pub(super) fn new() -> Self {
        Self {
            base: Vec::new(),
            pre: Vec::new(),
            pull: Vec::new(),
            slope: Vec::new(),
            upstream: Vec::new(),
            reach: START_REACH,
            attempt: Attempt::default(),
            from: Vec::new(),
            split: Split::default(),
        }
    }

    /// Whether the weights are kept here.
    pub(super) fn is_entered(&self) -> bool {
        !self.pre.is_empty()
    }

    /// Forgets everything; the weights must have been written back.
    pub(super) fn leave(&mut self) {
        self.slots_mut().into_iter().for_each(Vec::clear);
    }

    /// All that changes from step to step.
    pub(super) fn slots(&self) -> [&Vec<T>; 5] {
        [&self.base, &self.pre, &self.pull, &self.slope, &self.upstream]
    }

    pub(super) fn slots_mut(&mut self) -> [&mut Vec<T>; 5] {
        [&mut self.base, &mut self.pre, &mut self.pull, &mut self.slope, &mut self.upstream]
    }

    /// w = w_0 + X^T C.
    pub(super) fn write_back(&self, params: &mut [T], field: &mut dyn Neurons<T>) {
        params.copy_from_slice(&self.base);
        field.add_pull(&self.pull, params);
    }

    /// One accepted step: of all live neurons, or of fast and slow ones apart.
    pub(super) fn step(
        &mut self,
        settings: &Settings,
        limit: f64,
        clock: &mut Clock,
        params: &[T],
        field: &mut dyn Neurons<T>,
    ) -> Progress {
        let layout = field.layout().clone();
        let mut tally = Tally { flops: 0.0, evaluations: 0, rejected: 0 };
        if !self.is_entered() {
            self.enter(params, field, &mut tally);
        }
        let live = self.live(&layout);
        let mut outcome = MacroStep::NotBetter;
        // The first step is one of all neurons: it finds the step's size.
        if settings.multirate && settings.fixed.is_none() && clock.control.step > 0.0 {
            let mut split = std::mem::take(&mut self.split);
            outcome = split.step(self, settings, limit, clock, &live, field, &mut tally);
            self.split = split;
        }
        let halt = match outcome {
            MacroStep::Done(halt) => halt,
            MacroStep::NotBetter => self.whole(settings, limit, clock, &live, field, &mut tally),
        };
        let reading = self.read(&layout, &live, field);
        Progress {
            reading,
            evaluations: tally.evaluations,
            rejected: tally.rejected,
            time: Some(clock.time),
            flops: Some(tally.flops),
            halt,
        }
    }

    fn enter(&mut self, params: &[T], field: &mut dyn Neurons<T>, tally: &mut Tally) {
        let layout = field.layout().clone();
        self.base = params.to_vec();
        field.pre_activations(params, &mut self.pre);
        self.pull = vec![T::ZERO; self.pre.len()];
        self.slope = vec![T::ZERO; self.pre.len()];
        self.upstream = vec![T::ZERO; layout.n_logits()];
        let live = self.live(&layout);
        self.refresh(&layout, &live, field, tally);
    }

    /// Neurons that are positive on some sample. The others have no gradient
    /// and stay where they are, exactly.
    fn live(&self, layout: &Layout) -> Group {
        let positive = |row: &[T]| row.iter().any(|p| *p > T::ZERO);
        let rows = self.pre.chunks_exact(layout.n_samples).enumerate();
        Group::new(layout, rows.filter(|(_, row)| positive(row)).map(|(i, _)| i).collect())
    }

    /// Evaluates the gradient of all live neurons where they are.
    pub(super) fn refresh(
        &mut self,
        layout: &Layout,
        live: &Group,
        field: &mut dyn Neurons<T>,
        tally: &mut Tally,
    ) {
        let n = layout.n_samples;
        let attempt = &mut self.attempt;
        attempt.prepare(layout, 1, live);
        live.gather(&self.pre, n, &mut attempt.end);
        attempt.evaluate(field, live, 0, Others::None, 0.0, &mut tally.flops);
        tally.evaluations += 1;
        live.scatter(&attempt.slopes[0], n, &mut self.slope);
        self.upstream.copy_from_slice(&attempt.upstream[0]);
    }

    /// Puts the first stage of a group's step in place.
    pub(super) fn first_stage(&mut self, layout: &Layout, group: &Group) {
        let n = layout.n_samples;
        group.gather(&self.pre, n, &mut self.from);
        group.gather(&self.slope, n, &mut self.attempt.slopes[0]);
        self.attempt.upstream[0].copy_from_slice(&self.upstream);
        group.pull(layout, &self.from, &self.upstream, &mut self.attempt.pulls[0]);
    }

    /// The largest pre-activation of every row of `from`: its size.
    pub(super) fn sizes(&self, n: usize) -> Vec<f64> {
        self.from.chunks_exact(n).map(|row| largest(row).to_f64().max(1e-30)).collect()
    }

    /// A Runge-Kutta step of all live neurons.
    fn whole(
        &mut self,
        settings: &Settings,
        limit: f64,
        clock: &mut Clock,
        live: &Group,
        field: &mut dyn Neurons<T>,
        tally: &mut Tally,
    ) -> Option<Halt> {
        let layout = field.layout().clone();
        let (n, pair) = (layout.n_samples, settings.pair);
        self.attempt.prepare(&layout, pair.c.len(), live);
        self.first_stage(&layout, live);
        let sizes = self.sizes(n);
        if clock.control.step == 0.0 {
            let rates = self.attempt.slopes[0].chunks_exact(n).zip(&sizes);
            let top = rates.map(|(row, size)| largest(row).to_f64() / size).fold(1e-300, f64::max);
            clock.control.step = 0.01 / top;
        }
        for _ in 0..MAX_ATTEMPTS {
            let wanted = settings.fixed.unwrap_or(clock.control.step);
            let left = limit - clock.time;
            let h = wanted.min(left);
            if clock.time + h <= clock.time || !h.is_finite() {
                break;
            }
            self.attempt.step(field, live, pair, &self.from, h, Others::None, &mut tally.flops);
            tally.evaluations += pair.a.len() as u64;
            let error = self.attempt.error(pair, h, n, |row| settings.tolerance * sizes[row]);
            let accepted = if settings.fixed.is_some() {
                error.is_finite()
            } else {
                clock.control.step = h;
                let accepted = clock.control.judge(error, pair.order);
                if accepted && h < wanted {
                    clock.control.step = clock.control.step.max(wanted);
                }
                accepted
            };
            if accepted {
                let last = pair.a.len();
                live.scatter(&self.attempt.end, n, &mut self.pre);
                live.scatter(&self.attempt.slopes[last], n, &mut self.slope);
                self.upstream.copy_from_slice(&self.attempt.upstream[last]);
                self.from.fill(T::ZERO);
                add_weighted(&mut self.from, &self.attempt.pulls, pair.a[last - 1], h);
                self.add_pull(live, n);
                clock.time = if h >= left { limit } else { clock.time + h };
                return (h >= left).then_some(Halt::TimeLimit);
            }
            tally.rejected += 1;
            if settings.fixed.is_some() {
                break;
            }
        }
        Some(if clock.time >= limit { Halt::TimeLimit } else { Halt::NoStep })
    }

    /// Adds the rows in `from` to the group's pull.
    pub(super) fn add_pull(&mut self, group: &Group, n: usize) {
        for (row, neuron) in self.from.chunks_exact(n).zip(&group.neurons) {
            add_scaled(&mut self.pull[neuron * n..(neuron + 1) * n], row, T::ONE);
        }
    }

    fn read(&mut self, layout: &Layout, live: &Group, field: &mut dyn Neurons<T>) -> Reading {
        let logits = &mut self.attempt.logits;
        logits.clear();
        logits.resize(layout.n_logits(), T::ZERO);
        live.gather(&self.pre, layout.n_samples, &mut self.from);
        live.add_logits(layout, &self.from, logits);
        field.read(logits)
    }
}

/// What a step has cost so far.
pub(super) struct Tally {
    pub flops: f64,
    pub evaluations: u64,
    pub rejected: u64,
}
