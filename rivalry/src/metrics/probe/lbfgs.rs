//! Minimises a smooth convex function: L-BFGS with a weak Wolfe line search
//! (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5;
//! the bisecting line search is Lewis & Overton's, Math. Programming 141, 2013).
//!
//! The caller gives the initial approximation of the inverse Hessian. It never
//! reports success without a small gradient.

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that are remembered.
const MEMORY: usize = 10;
/// Sufficient decrease and curvature constants of the Wolfe conditions.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// Trials of one line search: 2^-30 of a step is none.
const LINE_TRIALS: usize = 30;

/// How a minimisation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Minimised {
    /// Steps taken.
    pub(super) n_steps: usize,
    /// Whether the largest gradient entry fell to the tolerance.
    pub(super) converged: bool,
}

/// Moves `point` towards a minimum of `function`, which returns the value and
/// writes the gradient. `precondition` multiplies a vector by an approximate
/// inverse Hessian, symmetric and positive definite. Stops when no entry of the gradient exceeds `tolerance`
/// in size, after `max_steps`, or when no step makes progress in double precision.
pub(super) fn minimise(
    point: &mut [f64],
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
    precondition: impl Fn(&mut [f64]),
    tolerance: f64,
    max_steps: usize,
) -> Minimised {
    let n = point.len();
    let mut gradient = vec![0.0; n];
    let mut value = function(point, &mut gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(MEMORY);
    let mut direction = vec![0.0; n];
    let (mut next_point, mut next_gradient) = (point.to_vec(), gradient.clone());
    for n_steps in 0..max_steps {
        if largest(&gradient) <= tolerance {
            return Minimised { n_steps, converged: true };
        }
        two_loops(&gradient, &pairs, &precondition, &mut direction);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            // Rounding spoiled the memory: start again from steepest descent.
            pairs.clear();
            two_loops(&gradient, &pairs, &precondition, &mut direction);
            slope = dot(&gradient, &direction);
        }
        let (mut low, mut high, mut step) = (0.0, f64::INFINITY, 1.0);
        let mut accepted = None;
        for _ in 0..LINE_TRIALS {
            for i in 0..n {
                next_point[i] = point[i] + step * direction[i];
            }
            let next_value = function(&next_point, &mut next_gradient);
            // Written so that a value that is not a number counts as too high.
            let low_enough = next_value <= value + DECREASE * step * slope;
            if !low_enough {
                high = step;
            } else if dot(&next_gradient, &direction) < CURVATURE * slope {
                low = step;
            } else {
                accepted = Some(next_value);
                break;
            }
            step = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * step };
        }
        let Some(next_value) = accepted else {
            return Minimised { n_steps, converged: false };
        };
        let mut pair =
            if pairs.len() == MEMORY { pairs.pop_front().unwrap_or_default() } else { Pair::default() };
        pair.set(point, &next_point, &gradient, &next_gradient, &precondition);
        if pair.curvature > 0.0 {
            pairs.push_back(pair);
        }
        point.copy_from_slice(&next_point);
        gradient.copy_from_slice(&next_gradient);
        value = next_value;
    }
    Minimised { n_steps: max_steps, converged: largest(&gradient) <= tolerance }
}

#[derive(Default)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// step . change, positive for a convex function.
    curvature: f64,
    /// change . (preconditioned change).
    square: f64,
}

impl Pair {
    fn set(
        &mut self,
        point: &[f64],
        next_point: &[f64],
        gradient: &[f64],
        next_gradient: &[f64],
        precondition: impl Fn(&mut [f64]),
    ) {
        let difference = |out: &mut Vec<f64>, new: &[f64], old: &[f64]| {
            out.clear();
            out.extend(new.iter().zip(old).map(|(a, b)| *a - *b));
        };
        difference(&mut self.step, next_point, point);
        difference(&mut self.change, next_gradient, gradient);
        self.curvature = dot(&self.step, &self.change);
        let mut scaled = self.change.clone();
        precondition(&mut scaled);
        self.square = dot(&self.change, &scaled);
    }
}

/// direction = -(approximate inverse Hessian) gradient.
fn two_loops(
    gradient: &[f64],
    pairs: &VecDeque<Pair>,
    precondition: impl Fn(&mut [f64]),
    direction: &mut [f64],
) {
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -*g;
    }
    let mut alphas = [0.0; MEMORY];
    for (i, pair) in pairs.iter().enumerate().rev() {
        alphas[i] = dot(&pair.step, direction) / pair.curvature;
        add_scaled(direction, -alphas[i], &pair.change);
    }
    precondition(direction);
    if let Some(last) = pairs.back() {
        let scale = last.curvature / last.square;
        for d in direction.iter_mut() {
            *d *= scale;
        }
    }
    for (i, pair) in pairs.iter().enumerate() {
        let beta = dot(&pair.change, direction) / pair.curvature;
        add_scaled(direction, alphas[i] - beta, &pair.step);
    }
}

fn add_scaled(out: &mut [f64], factor: f64, values: &[f64]) {
    for (o, v) in out.iter_mut().zip(values) {
        *o += factor * *v;
    }
}

/// Eight running sums, so that the compiler can use vector instructions
/// without changing the order of additions from one machine to another.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |worst: f64, v| worst.max(v.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_minimum_of_an_ill_conditioned_quadratic_and_of_rosenbrock() {
        let mut point = vec![1.0; 30];
        let ended = minimise(
            &mut point,
            |x, gradient| {
                let mut value = 0.0;
                for i in 0..x.len() {
                    let weight = 1.0 + 40.0 * i as f64;
                    value += 0.5 * weight * (x[i] - 3.0) * (x[i] - 3.0);
                    gradient[i] = weight * (x[i] - 3.0);
                }
                value
            },
            |_| {},
            1e-9,
            200,
        );
        assert!(ended.converged, "{ended:?}");
        assert!(point.iter().all(|x| (x - 3.0).abs() < 1e-8));

        let mut point = vec![-1.2, 1.0];
        let ended = minimise(
            &mut point,
            |x, gradient| {
                let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
                gradient[0] = -2.0 * a - 400.0 * x[0] * b;
                gradient[1] = 200.0 * b;
                a * a + 100.0 * b * b
            },
            |_| {},
            1e-8,
            200,
        );
        assert!(ended.converged && ended.n_steps < 60, "{ended:?}");
        assert!((point[0] - 1.0).abs() < 1e-7 && (point[1] - 1.0).abs() < 1e-7);
    }

    #[test]
    fn says_when_it_did_not_converge() {
        let mut point = vec![0.0];
        let ended = minimise(
            &mut point,
            |x, gradient| {
                gradient[0] = 1.0;
                x[0]
            },
            |_| {},
            1e-9,
            5,
        );
        assert!(!ended.converged);
    }
}
