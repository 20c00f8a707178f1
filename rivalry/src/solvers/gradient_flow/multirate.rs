//! Fast and slow neurons apart: fast ones take their own small steps through a
//! macro step, slow ones cross it in one.

use crate::num::{Scalar, vectorised};

use super::super::Halt;
use super::super::neurons::{Layout, Neurons};
use super::neuron_flow::{NeuronFlow, Tally};
use super::neuron_step::{Group, Others, Parabola, add_scaled, add_weighted, largest};
use super::{Clock, Settings};

/// Passes through fast and slow neurons in one macro step.
const MAX_PASSES: u32 = 3;
/// How far slow neurons may move in the first macro step.
pub(super) const START_REACH: f64 = 0.05;
/// Largest move of a slow neuron in one macro step, relative to its size.
const MAX_REACH: f64 = 0.3;
/// Products over all slow neurons in one macro step.
const SLOW_PRODUCTS: f64 = 3.0;
/// Small steps of the fast neurons in one macro step, at least: below that one
/// step of all neurons is cheaper.
const MIN_RATIO: f64 = 3.0;

/// Buffers of a macro step.
#[derive(Default)]
pub(super) struct Split<T> {
    others: Parabola<T>,
    /// Slow neurons at the middle and the end, as far as known.
    start: Vec<T>,
    middle: Vec<T>,
    end: Vec<T>,
    slope: Vec<T>,
    /// Their pull up to the middle and to the end, and its spread.
    pulls: [Vec<T>; 2],
    spreads: [Vec<T>; 2],
    /// sigma' at start, middle and end.
    nodes: [Vec<T>; 3],
    /// Their logits at start, middle and end; predicted or corrected.
    logits: [Vec<T>; 3],
    corrected: [Vec<T>; 2],
    /// Integrals of the upstream gradient times the parabola that is one at
    /// node k and zero at the others, over the first half and the whole.
    weights: [[Vec<T>; 3]; 2],
    fast_end: Vec<T>,
    fast_pull: Vec<T>,
}

/// What came of the wish for a macro step.
pub(super) enum MacroStep {
    /// It was taken; why there is no further one.
    Done(Option<Halt>),
    /// A step of all neurons is better.
    NotBetter,
}

impl<T: Scalar> Split<T> {
    /// A macro step, or nothing when a step of all neurons is better.
    pub(super) fn step(
        &mut self,
        flow: &mut NeuronFlow<T>,
        settings: &Settings,
        limit: f64,
        clock: &mut Clock,
        live: &Group,
        field: &mut dyn Neurons<T>,
        tally: &mut Tally,
    ) -> MacroStep {
        let layout = field.layout().clone();
        let n = layout.n_samples;
        let mut rates = rates(flow, live, n);
        rates.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        let small = clock.control.step;
        let choice = choose(&rates, small, flow.reach, settings.pair.a.len(), &layout);
        let Some((mut n_fast, mut length)) = choice else {
            // A reach that bad steps have made short recovers.
            flow.reach = flow.reach.max(START_REACH.min(flow.reach * 1.05));
            return MacroStep::NotBetter;
        };
        for _ in 0..4 {
            let left = limit - clock.time;
            length = length.min(left);
            if length < MIN_RATIO * small || n_fast == 0 {
                return MacroStep::NotBetter;
            }
            let group = |range: std::ops::Range<usize>| {
                let mut neurons: Vec<usize> = rates[range].iter().map(|r| r.1).collect();
                neurons.sort_unstable();
                Group::new(&layout, neurons)
            };
            let (fast, slow) = (group(0..n_fast), group(n_fast..rates.len()));
            let before = clock.control;
            let error = self.attempt(flow, settings, clock, &layout, [&fast, &slow], length, field, tally);
            let factor = 0.8 * crate::num::special::powf(error.max(1e-3), -1.0 / 3.0);
            if error <= 1.0 {
                flow.reach = (flow.reach * factor.clamp(0.5, 1.5)).min(MAX_REACH);
                slow.scatter(&self.end, n, &mut flow.pre);
                fast.scatter(&self.fast_end, n, &mut flow.pre);
                std::mem::swap(&mut flow.from, &mut self.pulls[1]);
                flow.add_pull(&slow, n);
                std::mem::swap(&mut flow.from, &mut self.pulls[1]);
                std::mem::swap(&mut flow.from, &mut self.fast_pull);
                flow.add_pull(&fast, n);
                std::mem::swap(&mut flow.from, &mut self.fast_pull);
                flow.refresh(&layout, live, field, tally);
                clock.time = if length >= left { limit } else { clock.time + length };
                return MacroStep::Done((length >= left).then_some(Halt::TimeLimit));
            }
            tally.rejected += 1;
            clock.control = before;
            let factor = if error.is_finite() { factor.clamp(0.2, 0.7) } else { 0.2 };
            flow.reach *= factor;
            length *= factor;
            // Whoever is too fast for the shorter step goes with the fast.
            n_fast = n_fast.max(rates.iter().take_while(|r| r.0 * length > flow.reach).count());
        }
        MacroStep::NotBetter
    }

    /// The error of one attempt at a macro step, in units of what is allowed.
    fn attempt(
        &mut self,
        flow: &mut NeuronFlow<T>,
        settings: &Settings,
        clock: &mut Clock,
        layout: &Layout,
        [fast, slow]: [&Group; 2],
        length: f64,
        field: &mut dyn Neurons<T>,
        tally: &mut Tally,
    ) -> f64 {
        let n = layout.n_samples;
        slow.gather(&flow.pre, n, &mut self.start);
        slow.gather(&flow.slope, n, &mut self.slope);
        let sizes: Vec<f64> =
            self.start.chunks_exact(n).map(|row| largest(row).to_f64().max(1e-30)).collect();
        for (values, share) in [(&mut self.middle, 0.5), (&mut self.end, 1.0)] {
            values.clear();
            values.extend_from_slice(&self.start);
            add_scaled(values, &self.slope, T::from_f64(share * length));
        }
        logits_of(layout, slow, &self.start, &mut self.logits[0]);
        logits_of(layout, slow, &self.middle, &mut self.logits[1]);
        logits_of(layout, slow, &self.end, &mut self.logits[2]);
        slow_slopes(layout, slow, &self.start, &mut self.nodes[0]);
        let control = clock.control;
        let mut error = f64::NAN;
        for pass in 0..MAX_PASSES {
            clock.control = control;
            self.others.through(&self.logits[0], &self.logits[1], &self.logits[2]);
            if !self.fast(flow, settings, clock, layout, fast, length, field, tally) {
                return f64::NAN;
            }
            // The middle and the end, then the end once more.
            for first_half in [0, 1].into_iter().take(if pass == 0 { 2 } else { 1 }) {
                slow_slopes(layout, slow, &self.middle, &mut self.nodes[1]);
                slow_slopes(layout, slow, &self.end, &mut self.nodes[2]);
                for half in first_half..2 {
                    slow_pull(layout, slow, &self.nodes, &self.weights[half], &mut self.pulls[half]);
                    self.spreads[half].resize(self.pulls[half].len(), T::ZERO);
                    slow.spread(field, &self.pulls[half], &mut self.spreads[half], &mut tally.flops);
                    tally.evaluations += 1;
                }
                error = slow_move(&self.start, &self.spreads[1], &self.end, n, &sizes) / settings.tolerance;
                let values = [&mut self.middle, &mut self.end];
                for (values, spread) in values.into_iter().zip(&self.spreads).skip(first_half) {
                    values.copy_from_slice(&self.start);
                    add_scaled(values, spread, T::ONE);
                }
            }
            logits_of(layout, slow, &self.middle, &mut self.corrected[0]);
            logits_of(layout, slow, &self.end, &mut self.corrected[1]);
            let gap = largest_gap(&self.corrected[0], &self.logits[1])
                .max(largest_gap(&self.corrected[1], &self.logits[2]))
                / settings.tolerance;
            if !gap.is_finite() {
                return f64::NAN;
            }
            if gap <= 1.0 || error > 1.0 {
                return error;
            }
            for half in 0..2 {
                std::mem::swap(&mut self.logits[half + 1], &mut self.corrected[half]);
            }
            error = error.max(gap);
        }
        error
    }

    /// The fast neurons through the macro step; whether they came through.
    fn fast(
        &mut self,
        flow: &mut NeuronFlow<T>,
        settings: &Settings,
        clock: &mut Clock,
        layout: &Layout,
        fast: &Group,
        length: f64,
        field: &mut dyn Neurons<T>,
        tally: &mut Tally,
    ) -> bool {
        let (n, pair) = (layout.n_samples, settings.pair);
        let last = pair.a.len();
        flow.attempt.prepare(layout, pair.c.len(), fast);
        flow.first_stage(layout, fast);
        for half in &mut self.weights {
            for node in half {
                node.clear();
                node.resize(layout.n_logits(), T::ZERO);
            }
        }
        self.fast_pull.clear();
        self.fast_pull.resize(flow.from.len(), T::ZERO);
        let (mut time, mut rejected) = (0.0, 0);
        let mut half = 0;
        let mut sizes = flow.sizes(n);
        while half < 2 {
            let boundary = if half == 0 { 0.5 * length } else { length };
            let wanted = clock.control.step;
            let left = boundary - time;
            // Two equal steps rather than a long and a tiny one.
            let h = if wanted >= left { left } else { wanted.min(0.5 * left.max(wanted)) };
            if time + h <= time || !h.is_finite() || rejected > 60 {
                return false;
            }
            let others = Others::Given { logits: &self.others, start: time, length };
            flow.attempt.step(field, fast, pair, &flow.from, h, others, &mut tally.flops);
            tally.evaluations += last as u64;
            let error = flow.attempt.error(pair, h, n, |row| settings.tolerance * sizes[row]);
            clock.control.step = h;
            let accepted = clock.control.judge(error, pair.order);
            if !accepted {
                rejected += 1;
                tally.rejected += 1;
                continue;
            }
            if h < wanted {
                clock.control.step = clock.control.step.max(wanted);
            }
            for (stage, b) in pair.a[last - 1].iter().enumerate().filter(|(_, b)| **b != 0.0) {
                let s = (time + h * pair.c[stage]) / length;
                let nodes = [2.0 * s * s - 3.0 * s + 1.0, 4.0 * s * (1.0 - s), s * (2.0 * s - 1.0)];
                for (node, value) in nodes.into_iter().enumerate() {
                    let factor = T::from_f64(h * b * value);
                    add_scaled(&mut self.weights[half][node], &flow.attempt.upstream[stage], factor);
                }
            }
            add_weighted(&mut self.fast_pull, &flow.attempt.pulls, pair.a[last - 1], h);
            flow.from.copy_from_slice(&flow.attempt.end);
            for list in [&mut flow.attempt.slopes, &mut flow.attempt.pulls, &mut flow.attempt.upstream] {
                list.swap(0, last);
            }
            sizes = flow.sizes(n);
            time += h;
            if h >= left {
                time = boundary;
                half += 1;
            }
        }
        let (first, whole) = self.weights.split_at_mut(1);
        for (whole, first) in whole[0].iter_mut().zip(&first[0]) {
            add_scaled(whole, first, T::ONE);
        }
        self.fast_end.clone_from(&flow.from);
        true
    }
}

/// How fast each live neuron moves relative to its size, or to one where it is
/// larger: logits count as they are.
fn rates<T: Scalar>(flow: &NeuronFlow<T>, live: &Group, n: usize) -> Vec<(f64, usize)> {
    let row = |values: &[T], neuron: usize| largest(&values[neuron * n..(neuron + 1) * n]).to_f64();
    let rate = |i: usize| row(&flow.slope, i) / row(&flow.pre, i).clamp(1e-30, 1.0);
    live.neurons.iter().map(|i| (rate(*i), *i)).collect()
}

/// The number of fast neurons and the length of the macro step that cost least
/// per unit of time; nothing when a step of all neurons does.
fn choose(
    rates: &[(f64, usize)],
    small: f64,
    reach: f64,
    n_stages: usize,
    layout: &Layout,
) -> Option<(usize, f64)> {
    let n = layout.n_samples as f64;
    // Multiplications per stage: of a neuron, and of the softmax and the
    // parabola. A product with few rows waits for memory: as if it had four.
    let spread = layout.branches.iter().map(|b| b.spread).fold(0.0, f64::max);
    let neuron = 12.0 * n;
    let fixed = 40.0 * layout.n_logits() as f64;
    let stage = |rows: usize| spread * (rows.max(4) as f64) + neuron * rows as f64 + fixed;
    let all = rates.len();
    let steps = n_stages as f64;
    let mut best = (steps * stage(all) / small, None);
    for n_fast in 1..all {
        let length = reach / rates[n_fast].0.max(1e-300);
        if length < MIN_RATIO * small {
            continue;
        }
        let slow = SLOW_PRODUCTS * stage(all - n_fast) + stage(all);
        let cost = slow / length + steps * stage(n_fast) / small;
        if cost < best.0 {
            best = (cost, Some((n_fast, length)));
        }
    }
    best.1
}

fn logits_of<T: Scalar>(layout: &Layout, group: &Group, pre: &[T], out: &mut Vec<T>) {
    out.clear();
    out.resize(layout.n_logits(), T::ZERO);
    group.add_logits(layout, pre, out);
}

fn slow_slopes<T: Scalar>(layout: &Layout, slow: &Group, pre: &[T], out: &mut Vec<T>) {
    out.resize(pre.len(), T::ZERO);
    slow.slopes(layout, pre, out);
}

/// C = -sum_k sigma'(P_k) W_k: the integral of -g sigma'(P), with sigma'(P) the
/// parabola through its nodes.
fn slow_pull<T: Scalar>(
    layout: &Layout,
    slow: &Group,
    nodes: &[Vec<T>; 3],
    weights: &[Vec<T>; 3],
    out: &mut Vec<T>,
) {
    let n = layout.n_samples;
    out.resize(nodes[0].len(), T::ZERO);
    for (row, out) in out.chunks_exact_mut(n).enumerate() {
        let class = slow.class_of(row);
        let place = row * n..(row + 1) * n;
        let of = class * n..(class + 1) * n;
        let (x, y, z) = (&nodes[0][place.clone()], &nodes[1][place.clone()], &nodes[2][place]);
        let (u, v, w) = (&weights[0][of.clone()], &weights[1][of.clone()], &weights[2][of]);
        vectorised(
            #[inline(always)]
            || {
                for i in 0..out.len() {
                    out[i] = -(x[i] * u[i] + y[i] * v[i] + z[i] * w[i]);
                }
            },
        );
    }
}

/// How far the end moved in the last correction, relative to each row's size.
fn slow_move<T: Scalar>(start: &[T], spread: &[T], end: &[T], n: usize, sizes: &[f64]) -> f64 {
    let mut worst = 0.0_f64;
    let rows = start.chunks_exact(n).zip(spread.chunks_exact(n)).zip(end.chunks_exact(n)).zip(sizes);
    for (((start, spread), end), size) in rows {
        let mut top = T::ZERO;
        for i in 0..n {
            let change = (start[i] + spread[i] - end[i]).abs();
            top = if change > top || !change.is_finite() { change } else { top };
        }
        let error = top.to_f64() / size;
        worst = if error.is_nan() { error } else { worst.max(error) };
    }
    worst
}

fn largest_gap<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let gap: Vec<T> = x.iter().zip(y).map(|(x, y)| *x - *y).collect();
    largest(&gap).to_f64()
}
