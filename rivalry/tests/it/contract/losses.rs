//! The loss's gradient against central differences, in every logit.

use rivalry::model::loss;
use rivalry::num::{Draws, Matrix, Purpose};

/// Mean cross-entropy and its gradient.
fn loss_and_gradient(z: &Matrix<f64>, labels: &[u32], weights: Option<&[f64]>) -> (f64, Matrix<f64>) {
    let mut grad = Matrix::zeros(z.rows(), z.cols());
    let mut log_norm = vec![0.0; z.rows()];
    let value = loss::cross_entropy(z.view(), labels, weights, 1.0, &mut grad.view_mut(), &mut log_norm);
    (value, grad)
}

// promise: P17
#[test]
fn the_gradient_of_the_loss_equals_central_differences() {
    for trial in 0..500 {
        let mut draws = Draws::new(21, Purpose::new("loss contract"), trial);
        let (n, k) = (1 + draws.below(17), 2 + draws.below(16));
        let size = [0.1, 1.0, 5.0][draws.below(3)];
        let z = Matrix::from_fn(n, k, |_, _| size * draws.normal());
        let labels: Vec<u32> = (0..n).map(|_| draws.below(k) as u32).collect();
        let drawn: Vec<f64> = (0..n).map(|_| draws.uniform() + 0.1).collect();
        let weights = (trial % 2 == 1).then_some(&drawn[..]);
        let (_, grad) = loss_and_gradient(&z, &labels, weights);
        for (i, exact) in grad.as_slice().iter().enumerate() {
            let h = f64::EPSILON.cbrt() * z.as_slice()[i].abs().max(1.0);
            let at = |shift: f64| {
                let mut z = z.clone();
                z.as_mut_slice()[i] += shift;
                loss_and_gradient(&z, &labels, weights).0
            };
            let numeric = (at(h) - at(-h)) / (2.0 * h);
            let error = (exact - numeric).abs() / exact.abs().max(numeric.abs()).max(1.0);
            assert!(error <= 1e-7, "trial {trial}, logit {i}: {exact} against {numeric}");
        }
    }
}
