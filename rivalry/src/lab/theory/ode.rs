//! An adaptive solver for the small equations of the theory: Dormand and Prince,
//! order 5(4), with its continuous extension. Autonomous equations of a few dozen
//! numbers; trains nothing.
//!
//! Coefficients: Dormand and Prince 1980; the extension of order 4 as in Hairer,
//! Norsett and Wanner, *Solving Ordinary Differential Equations I*, II.6.

use std::ops::ControlFlow;

use crate::num::special::powf;

/// Row s: the weights of the slopes 0..=s in the point at which slope s + 1 is taken.
/// The last row is the step itself: the seventh slope is the first of the next step.
const POINTS: [&[f64]; 6] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// Order 5 minus order 4.
const ERRORS: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];
const EXTENSION: [f64; 7] = [
    -12715105075.0 / 11282082432.0,
    0.0,
    87487479700.0 / 32700410799.0,
    -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0,
    -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
];

/// How accurate a step is: its estimated error in each number is at most
/// `absolute + relative * size`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance {
    pub(super) relative: f64,
    pub(super) absolute: f64,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ended {
    /// The observer had seen enough.
    Stopped,
    /// The end of time was reached.
    Time,
    /// The number of steps was used up, or a step became too small to count.
    Steps,
}

/// One accepted step.
pub(super) struct Stretch<'a> {
    pub(super) start: f64,
    pub(super) length: f64,
    /// The numbers at its end.
    pub(super) last: &'a [f64],
    first: &'a [f64],
    slopes: &'a [Vec<f64>; 7],
}

impl Stretch<'_> {
    /// The numbers at a share of the step.
    fn at(&self, share: f64, out: &mut [f64]) {
        let rest = 1.0 - share;
        for i in 0..out.len() {
            let rise = self.last[i] - self.first[i];
            let bend = self.length * self.slopes[0][i] - rise;
            let twist = rise - self.length * self.slopes[6][i] - bend;
            let curl: f64 = (0..7).map(|s| EXTENSION[s] * self.slopes[s][i]).sum();
            let inner = twist + rest * self.length * curl;
            out[i] = self.first[i] + share * (rise + rest * (bend + share * inner));
        }
    }

    /// When `height` is zero, given that it is not positive at the start of the step
    /// and not negative at its end.
    pub(super) fn crossing(&self, height: impl Fn(&[f64]) -> f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        let mut numbers = vec![0.0; self.last.len()];
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            self.at(middle, &mut numbers);
            if height(&numbers) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.start + high * self.length
    }
}

/// Follows y' = f(y) from `start` for at most the time `end`; `look` sees each
/// step. Returns the last numbers, their time and why it ended.
pub(super) fn follow(
    start: &[f64],
    end: f64,
    max_steps: usize,
    tolerance: Tolerance,
    mut slope: impl FnMut(&[f64], &mut [f64]),
    mut look: impl FnMut(&Stretch<'_>) -> ControlFlow<()>,
) -> (Vec<f64>, f64, Ended) {
    let n = start.len();
    let mut now = start.to_vec();
    let mut next = vec![0.0; n];
    let mut slopes: [Vec<f64>; 7] = std::array::from_fn(|_| vec![0.0; n]);
    slope(&now, &mut slopes[0]);
    let mut time = 0.0;
    let scale = |a: f64, b: f64| tolerance.absolute + tolerance.relative * a.abs().max(b.abs());
    // A step on which the first slope changes each number by a hundredth of its
    // scale at a tolerance of one: too small rather than too large.
    let speed = (0..n).map(|i| slopes[0][i].abs() / (now[i].abs() + tolerance.absolute)).fold(0.0, f64::max);
    let mut length = if speed > 0.0 { (0.01 / speed).min(end) } else { end };
    for _ in 0..max_steps {
        length = length.min(end - time);
        if time >= end {
            return (now, time, Ended::Time);
        }
        if time + length <= time {
            break;
        }
        for (s, weights) in POINTS.iter().enumerate() {
            for i in 0..n {
                let sum: f64 = weights.iter().enumerate().map(|(k, w)| w * slopes[k][i]).sum();
                next[i] = now[i] + length * sum;
            }
            slope(&next, &mut slopes[s + 1]);
        }
        let mut squares = 0.0;
        for i in 0..n {
            let error: f64 = (0..7).map(|s| ERRORS[s] * slopes[s][i]).sum();
            let relative = length * error / scale(now[i], next[i]);
            squares += relative * relative;
        }
        let error = (squares / n.max(1) as f64).sqrt();
        // A number that left the range of f64 counts as an error.
        let accepted = error <= 1.0;
        let factor = if error > 0.0 { (0.9 * powf(error, -0.2)).clamp(0.2, 5.0) } else { 5.0 };
        if accepted {
            let stretch = Stretch { start: time, length, last: &next, first: &now, slopes: &slopes };
            let verdict = look(&stretch);
            time += length;
            std::mem::swap(&mut now, &mut next);
            if verdict.is_break() {
                return (now, time, Ended::Stopped);
            }
            slopes.swap(0, 6);
        }
        length *= if error.is_finite() { factor } else { 0.2 };
    }
    (now, time, Ended::Steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::{cos, exp};

    fn tolerance(relative: f64) -> Tolerance {
        Tolerance { relative, absolute: relative * 1e-3 }
    }

    #[test]
    fn agrees_with_solutions_and_with_its_tolerance() {
        let oscillate = |y: &[f64], dy: &mut [f64]| (dy[0], dy[1]) = (y[1], -y[0]);
        let mut errors = Vec::new();
        for relative in [1e-5, 1e-8, 1e-11] {
            let (y, time, ended) = follow(&[1.0, 0.0], 20.0, 100_000, tolerance(relative), oscillate, |_| {
                ControlFlow::Continue(())
            });
            assert_eq!((time, ended), (20.0, Ended::Time));
            errors.push((y[0] - cos(20.0)).abs());
        }
        assert!(errors[0] < 1e-3 && errors[1] < 1e-6 && errors[2] < 1e-9, "{errors:?}");
    }

    #[test]
    fn crossings_are_found_inside_steps() {
        // y' = y from 1e-6: y is 1 at t = ln 1e6.
        let mut crossed = None;
        let (_, _, ended) = follow(
            &[1e-6],
            100.0,
            10_000,
            tolerance(1e-10),
            |y, dy| dy[0] = y[0],
            |step| {
                if step.last[0] < 1.0 {
                    return ControlFlow::Continue(());
                }
                crossed = Some(step.crossing(|y| y[0] - 1.0));
                ControlFlow::Break(())
            },
        );
        assert_eq!(ended, Ended::Stopped);
        // The extension has an order less than the step.
        assert!((exp(crossed.unwrap()) / 1e6 - 1.0).abs() < 1e-7, "{crossed:?}");
    }

    #[test]
    fn blow_up_ends_with_the_steps() {
        // y' = y^2 from 1 is infinite at t = 1.
        let square = |y: &[f64], dy: &mut [f64]| dy[0] = y[0] * y[0];
        let (_, time, ended) =
            follow(&[1.0], 2.0, 100_000, tolerance(1e-8), square, |_| ControlFlow::Continue(()));
        assert_eq!(ended, Ended::Steps);
        assert!((time - 1.0).abs() < 1e-6, "{time}");
    }
}
