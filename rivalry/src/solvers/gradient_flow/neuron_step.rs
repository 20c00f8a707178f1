//! Runge-Kutta steps of some neurons while the others' logits are given as
//! functions of time.

use crate::num::{Scalar, vectorised};

use super::super::neurons::{Layout, Neurons};
use super::pairs::Pair;

/// Some neurons, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Their numbers.
    pub neurons: Vec<usize>,
    /// Per row: branch and place of its class among channels x classes.
    places: Vec<(usize, usize)>,
    /// Consecutive rows of one branch: branch, first row, last row + 1.
    segments: Vec<(usize, usize, usize)>,
}

impl Group {
    pub(super) fn new(layout: &Layout, neurons: Vec<usize>) -> Self {
        let (mut places, mut segments) = (Vec::with_capacity(neurons.len()), Vec::new());
        let (mut start, mut branch) = (0, 0);
        let size = |b: usize| layout.branches[b].sigma.n_neurons * layout.n_classes;
        for (row, neuron) in neurons.iter().enumerate() {
            while *neuron >= start + size(branch) {
                start += size(branch);
                branch += 1;
            }
            let of = &layout.branches[branch];
            let class = (neuron - start) / of.sigma.n_neurons;
            places.push((branch, of.channel * layout.n_classes + class));
            match segments.last_mut() {
                Some((b, _, stop)) if *b == branch => *stop = row + 1,
                _ => segments.push((branch, row, row + 1)),
            }
        }
        Self { neurons, places, segments }
    }

    pub(super) fn len(&self) -> usize {
        self.neurons.len()
    }

    /// Copies the group's rows out of those of all neurons.
    pub(super) fn gather<T: Scalar>(&self, all: &[T], n: usize, out: &mut Vec<T>) {
        out.clear();
        for neuron in &self.neurons {
            out.extend_from_slice(&all[neuron * n..(neuron + 1) * n]);
        }
    }

    /// Copies the group's rows back.
    pub(super) fn scatter<T: Scalar>(&self, rows: &[T], n: usize, all: &mut [T]) {
        for (row, neuron) in self.neurons.iter().enumerate() {
            all[neuron * n..(neuron + 1) * n].copy_from_slice(&rows[row * n..(row + 1) * n]);
        }
    }

    /// Adds sigma(P) of every row to the logits of its class.
    pub(super) fn add_logits<T: Scalar>(&self, layout: &Layout, pre: &[T], logits: &mut [T]) {
        let n = layout.n_samples;
        for (row, (branch, class)) in self.places.iter().enumerate() {
            let (p, out) = (&pre[row * n..(row + 1) * n], &mut logits[class * n..(class + 1) * n]);
            layout.branches[*branch].sigma.add_sigma(p, out);
        }
    }

    /// c = -g_j sigma'(P) of every row.
    pub(super) fn pull<T: Scalar>(&self, layout: &Layout, pre: &[T], upstream: &[T], out: &mut [T]) {
        let n = layout.n_samples;
        for (row, (branch, class)) in self.places.iter().enumerate() {
            let (p, out) = (&pre[row * n..(row + 1) * n], &mut out[row * n..(row + 1) * n]);
            layout.branches[*branch].sigma.slopes_times(p, &upstream[class * n..(class + 1) * n], out);
        }
    }

    /// sigma'(P) of every row.
    pub(super) fn slopes<T: Scalar>(&self, layout: &Layout, pre: &[T], out: &mut [T]) {
        let n = layout.n_samples;
        for (row, (branch, _)) in self.places.iter().enumerate() {
            let place = row * n..(row + 1) * n;
            layout.branches[*branch].sigma.slopes(&pre[place.clone()], &mut out[place]);
        }
    }

    /// out = X X^T c.
    pub(super) fn spread<T: Scalar>(
        &self,
        field: &mut dyn Neurons<T>,
        c: &[T],
        out: &mut [T],
        flops: &mut f64,
    ) {
        for (branch, start, stop) in &self.segments {
            let n = field.layout().n_samples;
            *flops += 2.0 * field.layout().branches[*branch].spread * (stop - start) as f64;
            field.spread(*branch, &c[start * n..stop * n], &mut out[start * n..stop * n]);
        }
    }

    /// Per row, the class's place among channels x classes.
    pub(super) fn class_of(&self, row: usize) -> usize {
        self.places[row].1
    }
}

/// Logits that others contribute, as a parabola in time: a + b s + c s^2.
#[derive(Clone, Debug, Default)]
pub(super) struct Parabola<T> {
    a: Vec<T>,
    b: Vec<T>,
    c: Vec<T>,
}

impl<T: Scalar> Parabola<T> {
    /// Through the values at s = 0, 1/2 and 1.
    pub(super) fn through(&mut self, start: &[T], middle: &[T], end: &[T]) {
        let (two, three, four) = (T::from_f64(2.0), T::from_f64(3.0), T::from_f64(4.0));
        self.a.clear();
        self.a.extend_from_slice(start);
        let nodes = || start.iter().zip(middle).zip(end);
        self.b.clear();
        self.b.extend(nodes().map(|((x, y), z)| four * *y - three * *x - *z));
        self.c.clear();
        self.c.extend(nodes().map(|((x, y), z)| two * (*x + *z - two * *y)));
    }

    /// Writes the value at s.
    pub(super) fn at(&self, s: f64, out: &mut Vec<T>) {
        let s = T::from_f64(s);
        out.resize(self.a.len(), T::ZERO);
        let coefficients = self.a.iter().zip(&self.b).zip(&self.c);
        vectorised(
            #[inline(always)]
            || {
                for (o, ((a, b), c)) in out.iter_mut().zip(coefficients) {
                    *o = *a + s * (*b + s * *c);
                }
            },
        );
    }
}

/// What the neurons outside of a group contribute while it steps.
#[derive(Clone, Copy)]
pub(super) enum Others<'a, T> {
    /// There are none.
    None,
    /// Their logits over a macro step of this length, in which the step
    /// starts at this time.
    Given { logits: &'a Parabola<T>, start: f64, length: f64 },
}

/// One attempted step of a group, with everything its stages left.
#[derive(Default)]
pub(super) struct Attempt<T> {
    /// Pre-activations at the end.
    pub end: Vec<T>,
    /// Logits at the end, those of the others included.
    pub logits: Vec<T>,
    /// Per stage: the pull, its spread and the upstream gradient.
    pub pulls: Vec<Vec<T>>,
    pub slopes: Vec<Vec<T>>,
    pub upstream: Vec<Vec<T>>,
    errors: Vec<T>,
}

impl<T: Scalar> Attempt<T> {
    /// Makes room for a group.
    pub(super) fn prepare(&mut self, layout: &Layout, stages: usize, group: &Group) {
        let rows = group.len() * layout.n_samples;
        self.end.resize(rows, T::ZERO);
        for list in [&mut self.pulls, &mut self.slopes, &mut self.upstream] {
            list.resize_with(stages.max(list.len()), Vec::new);
        }
        for stage in 0..stages {
            self.pulls[stage].resize(rows, T::ZERO);
            self.slopes[stage].resize(rows, T::ZERO);
            self.upstream[stage].resize(layout.n_logits(), T::ZERO);
        }
    }

    /// Evaluates a stage at the pre-activations in `end` and time s of the
    /// others.
    pub(super) fn evaluate(
        &mut self,
        field: &mut dyn Neurons<T>,
        group: &Group,
        stage: usize,
        others: Others<'_, T>,
        time: f64,
        flops: &mut f64,
    ) {
        match others {
            Others::None => {
                self.logits.clear();
                self.logits.resize(field.layout().n_logits(), T::ZERO);
            }
            Others::Given { logits, start, length } => {
                logits.at((start + time) / length, &mut self.logits);
            }
        }
        group.add_logits(field.layout(), &self.end, &mut self.logits);
        field.upstream(&self.logits, &mut self.upstream[stage]);
        group.pull(field.layout(), &self.end, &self.upstream[stage], &mut self.pulls[stage]);
        group.spread(field, &self.pulls[stage], &mut self.slopes[stage], flops);
    }

    /// A step of size h from `from`, whose first stage is in place.
    pub(super) fn step(
        &mut self,
        field: &mut dyn Neurons<T>,
        group: &Group,
        pair: &Pair,
        from: &[T],
        h: f64,
        others: Others<'_, T>,
        flops: &mut f64,
    ) {
        for (i, row) in pair.a.iter().enumerate() {
            self.end.copy_from_slice(from);
            add_weighted(&mut self.end, &self.slopes, row, h);
            self.evaluate(field, group, i + 1, others, h * pair.c[i + 1], flops);
        }
    }

    /// The largest error of each row in units of what is allowed, NaN where
    /// something is not finite.
    pub(super) fn error(&mut self, pair: &Pair, h: f64, n: usize, allowed: impl Fn(usize) -> f64) -> f64 {
        self.errors.clear();
        self.errors.resize(self.end.len(), T::ZERO);
        add_weighted(&mut self.errors, &self.slopes, pair.e, h);
        let mut worst = 0.0_f64;
        for (row, errors) in self.errors.chunks_exact(n).enumerate() {
            let error = largest(errors).to_f64() / allowed(row);
            worst = if error.is_nan() || worst.is_nan() { f64::NAN } else { worst.max(error) };
        }
        worst
    }
}

/// out += h sum_i weights_i rows_i.
pub(super) fn add_weighted<T: Scalar>(out: &mut [T], rows: &[Vec<T>], weights: &[f64], h: f64) {
    for (row, weight) in rows.iter().zip(weights).filter(|(_, weight)| **weight != 0.0) {
        add_scaled(out, row, T::from_f64(h * weight));
    }
}

/// out += factor * row.
pub(super) fn add_scaled<T: Scalar>(out: &mut [T], row: &[T], factor: T) {
    vectorised(
        #[inline(always)]
        || out.iter_mut().zip(row).for_each(|(o, k)| *o += factor * *k),
    );
}

/// The largest absolute value; NaN when there is one.
pub(super) fn largest<T: Scalar>(values: &[T]) -> T {
    vectorised(
        #[inline(always)]
        || {
            let mut lanes = [T::ZERO; 16];
            let (blocks, rest) = values.as_chunks::<16>();
            // Zero times x is zero unless x is not finite.
            let mut strange = [T::ZERO; 16];
            for block in blocks {
                for lane in 0..16 {
                    let x = block[lane].abs();
                    strange[lane] += block[lane] * T::ZERO;
                    lanes[lane] = if x > lanes[lane] { x } else { lanes[lane] };
                }
            }
            let mut top = T::ZERO;
            for lane in 0..16 {
                top = if lanes[lane] > top { lanes[lane] } else { top } + strange[lane];
            }
            for x in rest {
                top = if x.abs() > top { x.abs() } else { top } + *x * T::ZERO;
            }
            top
        },
    )
}
