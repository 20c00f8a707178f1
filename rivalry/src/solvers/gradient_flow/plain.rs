//! The flow of any network: Runge-Kutta steps on the parameter vector.

use crate::num::{Scalar, vectorised};

use super::super::{Field, Halt, Progress, Reading, Update};
use super::{Clock, Settings};

/// Attempts at one step before the flow is given up.
const MAX_ATTEMPTS: u32 = 100;
/// A stretch of weights counts at least this share of the mean weight, so that
/// biases that start at zero do not ask for steps of size zero.
const FLOOR: f64 = 1e-2;

/// Buffers that every step reuses; nothing here must survive a crash.
#[derive(Default)]
pub(super) struct Plain<T> {
    stages: Vec<Vec<T>>,
    at: Vec<T>,
    scales: Vec<T>,
}

impl<T: Scalar> Plain<T> {
    /// One accepted step.
    ///
    /// k_1 = f(w), k_i = f(w + h sum_j a_ij k_j), w <- w + h sum_j b_j k_j, with
    /// f = -(rate factor) grad L. The first stage is evaluated anew, because
    /// the objective may have changed since the last step (dropout, sub-steps).
    pub(super) fn step(
        &mut self,
        settings: &Settings,
        limit: f64,
        clock: &mut Clock,
        update: &Update<'_>,
        params: &mut [T],
        field: &mut dyn Field<T>,
    ) -> Progress {
        let pair = settings.pair;
        self.stages.resize_with(pair.c.len(), Vec::new);
        let mut reading = descend(field, params, update, &mut self.stages[0]);
        let mut progress = Progress { time: Some(clock.time), ..Progress::of(reading) };
        let stretches = whole(field.stretches(), params.len());
        if clock.control.step == 0.0 {
            self.measure(&stretches, params);
            clock.control.step = 0.01 / self.largest(&stretches, 0, 1.0).max(1e-300);
        }
        for _ in 0..MAX_ATTEMPTS {
            let wanted = settings.fixed.unwrap_or(clock.control.step);
            let left = limit - clock.time;
            let step = wanted.min(left);
            if clock.time + step <= clock.time || !step.is_finite() {
                break;
            }
            for (i, row) in pair.a.iter().enumerate() {
                let (before, after) = self.stages.split_at_mut(i + 1);
                combine(&mut self.at, params, before, row, step);
                reading = descend(field, &self.at, update, &mut after[0]);
                progress.evaluations += 1;
            }
            // The last stage was taken at the solution.
            let accepted = if settings.fixed.is_some() {
                reading.loss.is_finite() && self.at.iter().all(|w| w.is_finite())
            } else {
                self.measure(&stretches, params);
                let error = self.estimate(&stretches, pair.e, step) / settings.tolerance;
                let error = if reading.loss.is_infinite() { f64::NAN } else { error };
                clock.control.step = step;
                let accepted = clock.control.judge(error, pair.order);
                if accepted && step < wanted {
                    // A step cut by the limit says nothing about longer ones.
                    clock.control.step = clock.control.step.max(wanted);
                }
                accepted
            };
            if accepted {
                params.copy_from_slice(&self.at);
                clock.time = if step >= left { limit } else { clock.time + step };
                progress.time = Some(clock.time);
                progress.reading = reading;
                progress.halt = (step >= left).then_some(Halt::TimeLimit);
                return progress;
            }
            progress.rejected += 1;
            if settings.fixed.is_some() {
                break;
            }
        }
        progress.halt = Some(if clock.time >= limit { Halt::TimeLimit } else { Halt::NoStep });
        progress
    }

    /// Mean square size of every stretch, with its floor.
    fn measure(&mut self, stretches: &[(usize, usize, usize)], params: &[T]) {
        let floor = T::from_f64(FLOOR * mean_size(params));
        self.scales.clear();
        for_each(stretches, |range| {
            let size = T::from_f64(mean_size(&params[range])).max(floor);
            self.scales.push(size.max(T::from_f64(1e-30)));
        });
    }

    /// The largest size of a stage relative to the stretch it moves.
    fn largest(&self, stretches: &[(usize, usize, usize)], stage: usize, factor: f64) -> f64 {
        let (mut worst, mut i) = (0.0_f64, 0);
        for_each(stretches, |range| {
            worst = worst.max(factor * mean_size(&self.stages[stage][range]) / self.scales[i].to_f64());
            i += 1;
        });
        worst
    }

    /// The largest estimated error relative to the stretch; NaN when there is
    /// one among them.
    fn estimate(&mut self, stretches: &[(usize, usize, usize)], e: &[f64], step: f64) -> f64 {
        // The first stage is needed again when the step is rejected.
        let n = self.stages[0].len();
        let mut error = std::mem::take(&mut self.at);
        let solution = error.clone();
        error.clear();
        error.resize(n, T::ZERO);
        for (stage, e) in self.stages.iter().zip(e) {
            let weight = T::from_f64(step * e);
            vectorised(
                #[inline(always)]
                || error.iter_mut().zip(stage).for_each(|(x, k)| *x += weight * *k),
            );
        }
        let (mut worst, mut i) = (0.0_f64, 0);
        for_each(stretches, |range| {
            let size = mean_size(&error[range]) / self.scales[i].to_f64();
            worst = if size.is_nan() { size } else { worst.max(size) };
            i += 1;
        });
        let broken = error.iter().chain(&solution).any(|x| !x.is_finite());
        self.at = solution;
        if broken { f64::NAN } else { worst }
    }
}

/// Root of the mean square.
fn mean_size<T: Scalar>(values: &[T]) -> f64 {
    let sum: f64 = values.iter().map(|v| v.to_f64() * v.to_f64()).sum();
    (sum / values.len().max(1) as f64).sqrt()
}

/// The stretches, or the whole vector as one.
fn whole(stretches: Vec<(usize, usize, usize)>, n: usize) -> Vec<(usize, usize, usize)> {
    if stretches.is_empty() { vec![(0, n, 1)] } else { stretches }
}

fn for_each(stretches: &[(usize, usize, usize)], mut visit: impl FnMut(std::ops::Range<usize>)) {
    for (start, length, count) in stretches {
        for i in 0..*count {
            visit(start + i * length..start + (i + 1) * length);
        }
    }
}

/// out = w + step * sum_j weights_j stages_j.
fn combine<T: Scalar>(out: &mut Vec<T>, w: &[T], stages: &[Vec<T>], weights: &[f64], step: f64) {
    out.clear();
    out.extend_from_slice(w);
    for (stage, weight) in stages.iter().zip(weights).filter(|(_, weight)| **weight != 0.0) {
        let weight = T::from_f64(step * weight);
        vectorised(
            #[inline(always)]
            || out.iter_mut().zip(stage).for_each(|(o, k)| *o += weight * *k),
        );
    }
}

/// f(w) = -(rate factor) grad L(w).
fn descend<T: Scalar>(field: &mut dyn Field<T>, at: &[T], update: &Update<'_>, out: &mut Vec<T>) -> Reading {
    let reading = field.gradient(at, out);
    let mut next = 0;
    for (range, factor) in update.rates {
        out[next..range.start].fill(T::ZERO);
        let factor = T::from_f64(-update.factor * factor);
        out[range.clone()].iter_mut().for_each(|g| *g *= factor);
        next = range.end;
    }
    out[next..].fill(T::ZERO);
    reading
}
