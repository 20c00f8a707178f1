//! Where within the last step a run reached what it trains for.

use crate::num::{Scalar, special};

use super::super::{Field, Halt, Progress, Update};
use super::{Clock, GradientFlow};

/// Trials of a time of the event.
const MAX_TRIALS: u32 = 40;
/// Share of the loss asked for, or of the time, by which the end may be off.
const CLOSE: f64 = 5e-3;
/// A guess that aims a little beyond brackets the event from both sides.
const BEYOND: f64 = 0.5 * CLOSE;

/// A state to return to.
pub(super) struct Snapshot<T> {
    params: Vec<T>,
    slots: Vec<Vec<T>>,
    clock: Clock,
    reach: f64,
    loss: f64,
}

impl<T: Scalar> GradientFlow<T> {
    pub(super) fn snapshot(&self, params: &[T]) -> Snapshot<T> {
        let slots = self.neurons.slots().map(Clone::clone).to_vec();
        let (clock, reach) = (self.clock, self.neurons.reach);
        Snapshot { params: params.to_vec(), slots, clock, reach, loss: self.last_loss }
    }

    fn restore(&mut self, from: &Snapshot<T>, params: &mut [T]) {
        params.copy_from_slice(&from.params);
        self.neurons.slots_mut().into_iter().zip(&from.slots).for_each(|(to, from)| to.clone_from(from));
        self.clock = from.clock;
        self.neurons.reach = from.reach;
    }

    /// Ends the step where the objective is reached first, to half a percent
    /// of the loss or of the time, so that runs with steps of any size end at the
    /// same event. The state before the step must not have reached it.
    ///
    /// In the tail the loss is nearly a power of time, so trials interpolate
    /// their logarithms, and halve the bracket when that does not help.
    pub(super) fn locate(
        &mut self,
        target: f64,
        mut low: Snapshot<T>,
        progress: &mut Progress,
        update: &Update<'_>,
        params: &mut [T],
        field: &mut dyn Field<T>,
    ) {
        let mut high = self.snapshot(params);
        high.loss = progress.reading.loss;
        for trial in 0..MAX_TRIALS {
            let (start, stop) = (low.clock.time, high.clock.time);
            if high.loss >= target * (1.0 - CLOSE) || stop - start <= CLOSE * stop {
                break;
            }
            let time = match trial % 3 {
                2 => 0.5 * (start + stop),
                _ => interpolate(&low, &high, target * (1.0 - BEYOND)),
            };
            self.restore(&low, params);
            let mut last = None;
            while self.clock.time < time {
                let step = self.advance(time, update, params, field);
                progress.evaluations += step.evaluations;
                progress.rejected += step.rejected;
                progress.flops = progress.flops.zip(step.flops).map(|(sum, more)| sum + more);
                last = Some(step);
                let reached = step.reading.errors == Some(0) && step.reading.loss <= target;
                if reached || step.halt == Some(Halt::NoStep) {
                    break;
                }
            }
            let Some(step) = last else { break };
            let mut here = self.snapshot(params);
            here.loss = step.reading.loss;
            if step.reading.errors == Some(0) && step.reading.loss <= target {
                progress.reading = step.reading;
                progress.halt = None;
                high = here;
            } else if step.halt == Some(Halt::NoStep) {
                break;
            } else {
                low = here;
            }
        }
        self.restore(&high, params);
        progress.time = Some(self.clock.time);
    }
}

/// The time at which the loss is as asked for if ln(loss) is linear in
/// ln(time), kept inside the bracket.
fn interpolate<T>(low: &Snapshot<T>, high: &Snapshot<T>, loss: f64) -> f64 {
    let (start, stop) = (low.clock.time, high.clock.time);
    // Where the last wrong sample decides, the loss does not say when.
    if low.loss <= loss {
        return 0.5 * (start + stop);
    }
    let share = special::ln(low.loss / loss) / special::ln(low.loss / high.loss);
    let share = if share.is_finite() { share.clamp(0.02, 0.98) } else { 0.5 };
    if start > 0.0 {
        start * special::exp(share * special::ln(stop / start))
    } else {
        start + share * (stop - start)
    }
}
