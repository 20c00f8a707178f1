//! The uni-modal phase followed in time: the two-layer late-fusion network on given
//! second moments, and the reduced equations of deep fusion. No samples, no loop
//! over epochs: gradient flow by an adaptive solver.

use std::ops::ControlFlow;

use super::super::ode::{Tolerance, follow};
use super::moments::{Moments, MomentsError};
use super::{Toy, check_network};
use crate::num::special::powf;
use crate::num::{Draws, Matrix, MatrixMut, MatrixView, Op, Purpose, Scalar, product, product_into};

const START: Purpose = Purpose::new("theory: late fusion");

/// When the two modalities are learned, in units of gradient flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseTimes {
    /// When the weight of the modality learned first is half way to its plateau
    /// Sigma_yA Sigma_A^-1; none when that did not happen.
    pub first: Option<f64>,
    /// When the weight of the other is half way to its final value.
    pub second: Option<f64>,
}

impl PhaseTimes {
    /// t_B / t_A.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.second? / self.first?)
    }
}

/// Steps after which the flow is given up.
const MAX_STEPS: usize = 200_000;

/// The reduced equations of a network of `depth` layers fused after layer `fusion`,
/// for the toy and layers that all start with size u_0. With balanced layers of rank
/// one, u_A and u_B are the sizes of a layer of each branch, and a shared layer has
/// size (u_A^2 + u_B^2)^(1/2):
///
/// ```text
/// W_r  = u_r^L_f (u_A^2 + u_B^2)^((L - L_f)/2)
/// u_A' = u_A^(L_f - 1) (u_A^2 + u_B^2)^((L - L_f)/2) (w_a - g^2 W_A - rho g W_B)
/// u_B' = u_B^(L_f - 1) (u_A^2 + u_B^2)^((L - L_f)/2) (w_b - W_B - rho g W_A)
/// ```
///
/// A is learned when W_A crosses half of its plateau 1 + rho/g, B when W_B crosses
/// 1/2. The definition is ours; the source's code reads 1/2 for both, which differs
/// where rho is not 0 and vanishes with u_0.
///
/// # Panics
/// As [`Toy::deep_fusion`], and when w_b <= 0: u_B cannot change its sign.
pub fn reduced_times(toy: &Toy, depth: u32, fusion: u32, u0: f64) -> PhaseTimes {
    check_network(depth, fusion, u0);
    let (w_a, w_b) = toy.drives();
    assert!(w_b > 0.0, "the reduced equations need a positive correlation of B with y: rho > -1/g");
    let (g, cross) = (toy.ratio, toy.correlation * toy.ratio);
    let shared = f64::from(depth - fusion) / 2.0;
    let (own, power) = (fusion as i32, fusion as i32 - 1);
    let fused = |u: &[f64]| powf(u[0] * u[0] + u[1] * u[1], shared);
    let weight = |u: &[f64], r: usize| Scalar::powi(u[r], own) * fused(u);
    let slope = |u: &[f64], du: &mut [f64]| {
        let scale = fused(u);
        let (weight_a, weight_b) = (Scalar::powi(u[0], own) * scale, Scalar::powi(u[1], own) * scale);
        du[0] = Scalar::powi(u[0], power) * scale * (w_a - g * g * weight_a - cross * weight_b);
        du[1] = Scalar::powi(u[1], power) * scale * (w_b - weight_b - cross * weight_a);
    };
    let half = 0.5 * (1.0 + toy.correlation / g);
    watch(&[u0, u0], slope, |u| weight(u, 0) - half, |u| weight(u, 1) - 0.5)
}

/// Gradient flow of y = W_2A W_1A x_A + W_2B W_1B x_B on second moments.
#[derive(Clone, Debug, PartialEq)]
pub struct LateFusionFlow {
    /// The moments; the law says which modality is learned first.
    pub moments: Moments,
    /// Hidden units of each branch.
    pub width: usize,
    /// Standard deviation of the initial weights times the square root of the width:
    /// a layer's typical size.
    pub u0: f64,
    /// The draw of the initial weights.
    pub seed: u64,
}

impl LateFusionFlow {
    /// Initial weights: W_1A (width x d_A), W_2A (outputs x width), then those of B, each
    /// row-major, where A is the modality that the law says is first.
    pub fn start(&self) -> Result<Vec<f64>, MomentsError> {
        let (moments, _) = self.ordered()?;
        let mut draws = Draws::new(self.seed, START, 0);
        let sd = self.u0 / (self.width as f64).sqrt();
        Ok((0..Shape::of(&moments, self.width).n_numbers()).map(|_| sd * draws.normal()).collect())
    }

    /// When the flow has brought W = W_2 W_1 of the modality that is learned first half
    /// way to its plateau, and that of the other half way to its final value; half way
    /// along the line to them, where they are matrices.
    pub fn times(&self) -> Result<PhaseTimes, MomentsError> {
        self.times_from(&self.start()?)
    }

    /// [`LateFusionFlow::times`] from given initial weights.
    ///
    /// # Panics
    /// When their number is another.
    pub fn times_from(&self, start: &[f64]) -> Result<PhaseTimes, MomentsError> {
        let (moments, plateau) = self.ordered()?;
        let (_, last) = moments.final_weights()?;
        let shape = Shape::of(&moments, self.width);
        assert_eq!(start.len(), shape.n_numbers(), "initial weights of another network");
        let progress = |now: &[f64], r: usize, goal: &Matrix<f64>| {
            let weight = shape.weight(now, r);
            let along: f64 = weight.as_slice().iter().zip(goal.as_slice()).map(|(w, g)| w * g).sum();
            along / goal.as_slice().iter().map(|g| g * g).sum::<f64>() - 0.5
        };
        Ok(watch(
            start,
            |now, slopes| shape.slopes(&moments, now, slopes),
            |now| progress(now, 0, &plateau),
            |now| progress(now, 1, &last),
        ))
    }

    /// The moments with the modality first that is learned first, and its plateau.
    fn ordered(&self) -> Result<(Moments, Matrix<f64>), MomentsError> {
        let law = self.moments.law()?;
        let moments = if law.a_is_first { self.moments.clone() } else { self.moments.swapped() };
        Ok((moments, law.plateau))
    }
}

/// Where the four layers lie in the vector of numbers: W_1A (width x d_A), W_2A
/// (outputs x width), then those of B.
struct Shape {
    width: usize,
    n_outputs: usize,
    dims: [usize; 2],
}

impl Shape {
    fn of(moments: &Moments, width: usize) -> Self {
        Self { width, n_outputs: moments.ya.rows(), dims: [moments.a.rows(), moments.b.rows()] }
    }

    fn n_numbers(&self) -> usize {
        self.width * (self.dims[0] + self.dims[1] + 2 * self.n_outputs)
    }

    /// Where branch r begins, where its second layer begins, where it ends.
    fn range(&self, r: usize) -> [usize; 3] {
        let start = if r == 0 { 0 } else { self.width * (self.dims[0] + self.n_outputs) };
        let middle = start + self.width * self.dims[r];
        [start, middle, middle + self.width * self.n_outputs]
    }

    fn layers<'a>(&self, now: &'a [f64], r: usize) -> (MatrixView<'a, f64>, MatrixView<'a, f64>) {
        let [start, middle, end] = self.range(r);
        let first = MatrixView::new(&now[start..middle], self.width, self.dims[r]);
        (first, MatrixView::new(&now[middle..end], self.n_outputs, self.width))
    }

    /// W_r = W_2r W_1r, outputs x d_r.
    fn weight(&self, now: &[f64], r: usize) -> Matrix<f64> {
        let (first, second) = self.layers(now, r);
        product(second, Op::Plain, first, Op::Plain)
    }

    /// W_1r' = W_2r' G_r and W_2r' = G_r W_1r', where G_A = Sigma_yA - W_A Sigma_A -
    /// W_B Sigma_AB' and G_B = Sigma_yB - W_A Sigma_AB - W_B Sigma_B.
    fn slopes(&self, moments: &Moments, now: &[f64], slopes: &mut [f64]) {
        let weights = [self.weight(now, 0), self.weight(now, 1)];
        for r in 0..2 {
            let mut gradient = if r == 0 { moments.ya.clone() } else { moments.yb.clone() };
            let minus = |m: &Matrix<f64>| m.map(|v| -v);
            let (from_a, op) = if r == 0 { (&moments.a, Op::Plain) } else { (&moments.ab, Op::Plain) };
            add(&mut gradient, &minus(&weights[0]), from_a, op);
            let (from_b, op) = if r == 0 { (&moments.ab, Op::Transposed) } else { (&moments.b, Op::Plain) };
            add(&mut gradient, &minus(&weights[1]), from_b, op);
            let (first, second) = self.layers(now, r);
            let [start, middle, end] = self.range(r);
            let mut out = MatrixMut::new(&mut slopes[start..middle], self.width, self.dims[r]);
            product_into(&mut out, second, Op::Transposed, gradient.view(), Op::Plain, false);
            let mut out = MatrixMut::new(&mut slopes[middle..end], self.n_outputs, self.width);
            product_into(&mut out, gradient.view(), Op::Plain, first, Op::Transposed, false);
        }
    }
}

fn add(out: &mut Matrix<f64>, a: &Matrix<f64>, b: &Matrix<f64>, op: Op) {
    product_into(&mut out.view_mut(), a.view(), Op::Plain, b.view(), op, true);
}

/// Follows until both heights have become positive, or the solver gives up.
fn watch(
    start: &[f64],
    slope: impl FnMut(&[f64], &mut [f64]),
    height_first: impl Fn(&[f64]) -> f64,
    height_second: impl Fn(&[f64]) -> f64,
) -> PhaseTimes {
    let mut times = PhaseTimes { first: None, second: None };
    let tolerance = Tolerance { relative: 1e-9, absolute: 1e-13 };
    follow(start, 1e9, MAX_STEPS, tolerance, slope, |step| {
        if times.first.is_none() && height_first(step.last) >= 0.0 {
            times.first = Some(step.crossing(&height_first));
        }
        if times.second.is_none() && height_second(step.last) >= 0.0 {
            times.second = Some(step.crossing(&height_second));
        }
        if times.ratio().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    times
}
