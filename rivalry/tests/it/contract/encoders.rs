//! Every encoder in the drawer: gradients, additivity, determinism.

use rivalry::encoders::{self, Encoder};
use rivalry::num::{Draws, Matrix, MatrixMut, MatrixView, Purpose};
use rivalry::registry::{Choice, find};

/// Every encoder with every combination of settings that changes its formulas.
fn cases() -> Vec<Choice> {
    let mut cases = vec![Choice::new("linear"), Choice::new("identity")];
    for activation in ["relu", "gelu", "tanh"] {
        for depth in [1_i64, 2, 3] {
            for dropout in [0.0, 0.3] {
                let mlp = Choice::new("mlp").with("activation", activation).with("depth", depth);
                cases.push(mlp.with("dropout", dropout));
            }
        }
    }
    for power in [3_i64, 4] {
        cases.push(Choice::new("smoothed_relu").with("q", power).with("sigma0", 0.5).with("beta", 0.4));
    }
    let drawer: Vec<&str> = encoders::table::<f64>().iter().map(|entry| entry.name).collect();
    assert!(drawer.iter().all(|name| cases.iter().any(|c| c.name == *name)), "every kind is tested");
    cases
}

fn build(choice: &Choice, width: usize) -> Box<dyn Encoder<f64>> {
    let entry = find("encoder", encoders::table::<f64>(), &choice.name).unwrap();
    let choice = match choice.name.as_str() {
        "identity" => choice.clone(),
        "smoothed_relu" => choice.clone().with("m", width as i64),
        _ => choice.clone().with("width", width as i64),
    };
    (entry.build)(&entry.settle(&choice).unwrap())
}

/// One random problem: an encoder, its weights, features and a direction.
struct Problem {
    encoder: Box<dyn Encoder<f64>>,
    params: Vec<f64>,
    x: Matrix<f64>,
    direction: Matrix<f64>,
    n_kept: usize,
    noise: Draws,
}

impl Problem {
    fn draw(choice: &Choice, trial: u32) -> Self {
        let mut draws = Draws::new(11, Purpose::new("encoder contract"), trial);
        let (n_rows, n_inputs, width) = (1 + draws.below(5), 1 + draws.below(17), 1 + draws.below(7));
        let n_classes = 2 + draws.below(3);
        let encoder = build(choice, width);
        let shape = encoder.shape(n_inputs, n_classes);
        let mut params = vec![0.0; shape.n_params()];
        encoder.init(n_inputs, n_classes, &mut draws, &mut params);
        let mut normal = |r, c| Matrix::from_fn(r, c, |_, _| draws.normal());
        Self {
            params,
            x: normal(n_rows, n_inputs),
            direction: normal(n_rows, shape.n_outputs),
            n_kept: shape.n_kept * n_rows,
            noise: Draws::new(12, Purpose::new("encoder contract noise"), trial),
            encoder,
        }
    }

    /// sum(direction * embedding): linear in the embedding, so its gradient at
    /// the embedding is `direction`.
    fn value(&self, params: &[f64], x: &Matrix<f64>) -> f64 {
        let mut out = self.direction.clone();
        self.forward(params, x, &mut out.view_mut(), &mut vec![0.0; self.n_kept]);
        out.as_slice().iter().zip(self.direction.as_slice()).map(|(o, d)| o * d).sum()
    }

    fn forward(&self, params: &[f64], x: &Matrix<f64>, out: &mut MatrixMut<'_, f64>, kept: &mut [f64]) {
        self.encoder.forward(params, x.view(), out, kept, Some(&mut self.noise.clone()));
    }

    /// Gradients of parameters and of features, the first starting from what
    /// is in `grad` when `accumulate`.
    fn gradients(&self, accumulate: bool, grad: &mut [f64]) -> Matrix<f64> {
        let mut out = self.direction.clone();
        let mut kept = vec![0.0; self.n_kept];
        self.forward(&self.params, &self.x, &mut out.view_mut(), &mut kept);
        let mut input_grad = self.x.clone();
        let before = grad.to_vec();
        // Twice after one forward pass: the second must not see the first.
        for _ in 0..2 {
            grad.copy_from_slice(&before);
            if !accumulate {
                grad.fill(f64::NAN);
            }
            self.encoder.backward(
                &self.params,
                self.x.view(),
                MatrixView::new(out.as_slice(), out.rows(), out.cols()),
                &mut kept,
                self.direction.view(),
                accumulate,
                grad,
                Some(&mut input_grad.view_mut()),
            );
        }
        input_grad
    }
}

/// Central difference, or nothing where the function has a kink within reach:
/// there the two one-sided differences disagree.
fn central_difference(f: impl Fn(f64) -> f64, at: f64) -> Option<f64> {
    let h = f64::EPSILON.cbrt() * at.abs().max(1.0);
    let (above, here, below) = (f(at + h), f(at), f(at - h));
    let (right, left) = ((above - here) / h, (here - below) / h);
    let smooth = (right - left).abs() <= 1e-3 * (right.abs() + left.abs()).max(1e-2);
    smooth.then(|| (above - below) / (2.0 * h))
}

// promise: P17
#[test]
fn gradients_equal_central_differences() {
    for choice in cases() {
        let (mut checked, mut kinks) = (0_u32, 0_u32);
        for trial in 0..500 {
            let problem = Problem::draw(&choice, trial);
            let mut grad = vec![0.0; problem.params.len()];
            let input_grad = problem.gradients(false, &mut grad);
            let mut compare = |what: &str, i: usize, exact: f64, numeric: Option<f64>| match numeric {
                None => kinks += 1,
                Some(numeric) => {
                    let scale = exact.abs().max(numeric.abs()).max(1.0);
                    let error = (exact - numeric).abs() / scale;
                    assert!(error <= 1e-7, "{choice:?} trial {trial}, {what} {i}: {exact} against {numeric}");
                    checked += 1;
                }
            };
            for i in 0..grad.len() {
                let numeric = central_difference(
                    |value| {
                        let mut params = problem.params.clone();
                        params[i] = value;
                        problem.value(&params, &problem.x)
                    },
                    problem.params[i],
                );
                compare("parameter", i, grad[i], numeric);
            }
            for i in 0..problem.x.as_slice().len() {
                let numeric = central_difference(
                    |value| {
                        let mut x = problem.x.clone();
                        x.as_mut_slice()[i] = value;
                        problem.value(&problem.params, &x)
                    },
                    problem.x.as_slice()[i],
                );
                compare("feature", i, input_grad.as_slice()[i], numeric);
            }
        }
        assert!(checked > 1000 && kinks * 50 < checked, "{choice:?}: {checked} checked, {kinks} at kinks");
    }
}

#[test]
fn backward_adds_when_asked() {
    for choice in cases() {
        for trial in 0..10 {
            let problem = Problem::draw(&choice, trial);
            let mut fresh = vec![0.0; problem.params.len()];
            problem.gradients(false, &mut fresh);
            let mut added: Vec<f64> = (0..fresh.len()).map(|i| i as f64).collect();
            problem.gradients(true, &mut added);
            for (i, (added, fresh)) in added.iter().zip(&fresh).enumerate() {
                assert!((added - (fresh + i as f64)).abs() < 1e-9, "{choice:?}");
            }
        }
    }
}

#[test]
fn the_smoothed_relu_is_continuous_and_has_the_values_of_its_formula() {
    for (power, beta) in [(3, 0.2), (4, 1.0), (5, 2.0)] {
        let encoder = encoders::SmoothedRelu { n_neurons: 1, power, beta, sigma0: 1.0 };
        let q = f64::from(power);
        assert_eq!((encoder.sigma(-1.0), encoder.slope(-1.0)), (0.0, 0.0));
        assert!((encoder.sigma(beta) - beta / q).abs() < 1e-15);
        assert!((encoder.sigma(beta * (1.0 + 1e-12)) - beta / q).abs() < 1e-11);
        assert_eq!((encoder.slope(beta), encoder.slope(2.0 * beta)), (1.0, 1.0));
        assert!((encoder.sigma(3.0 * beta) - (3.0 - (1.0 - 1.0 / q)) * beta).abs() < 1e-12);
        assert!((encoder.slope(beta / 2.0) - 0.5_f64.powi(power - 1)).abs() < 1e-15);
    }
}
