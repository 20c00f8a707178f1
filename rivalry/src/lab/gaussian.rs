//! Exact draws of what many neurons say about fresh noise, in as many
//! dimensions as there are neurons.
//!
//! The noise of a test sample is isotropic Gaussian and independent of the
//! weights W, so W xi is Gaussian with covariance (nu^2/d) W W^T: its factor
//! times standard normals has the same law as the product with the noise, and
//! costs no draw per feature.

use crate::num::Matrix;

/// Below this share of its diagonal entry a pivot is rounding of zero.
const TINY: f64 = 1e-12;

/// The lower triangular factor L of a positive semidefinite matrix, A = L L^T
/// (Cholesky). Where rows are linear combinations of earlier ones, such as
/// neurons that never moved and stand in it twice, the pivot is zero and so is
/// its column.
///
/// # Panics
/// When the matrix is not square.
pub(super) fn factor(a: &Matrix<f64>) -> Matrix<f64> {
    let n = a.rows();
    assert_eq!(n, a.cols(), "a covariance is square");
    let mut l = Matrix::zeros(n, n);
    for j in 0..n {
        let taken: f64 = l.row(j)[..j].iter().map(|v| v * v).sum();
        let pivot = a.row(j)[j] - taken;
        if pivot <= TINY * a.row(j)[j] {
            continue;
        }
        let root = pivot.sqrt();
        l.row_mut(j)[j] = root;
        for i in j + 1..n {
            let dot: f64 = l.row(i)[..j].iter().zip(&l.row(j)[..j]).map(|(x, y)| x * y).sum();
            l.row_mut(i)[j] = (a.row(i)[j] - dot) / root;
        }
    }
    l
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    fn gram(x: &Matrix<f64>) -> Matrix<f64> {
        Matrix::from_fn(x.rows(), x.rows(), |i, j| x.row(i).iter().zip(x.row(j)).map(|(a, b)| a * b).sum())
    }

    #[test]
    fn the_factor_gives_the_matrix_back_also_when_rows_repeat() {
        for (n, d) in [(1, 1), (4, 9), (7, 3), (6, 6)] {
            let mut draws = Draws::new(1, Purpose::new("test"), (n * 16 + d) as u32);
            let mut x = Matrix::from_fn(n, d, |_, _| draws.normal());
            if n > 3 {
                let first = x.row(0).to_vec();
                x.row_mut(2).copy_from_slice(&first);
            }
            let a = gram(&x);
            let back = gram(&factor(&a));
            for (u, v) in a.as_slice().iter().zip(back.as_slice()) {
                assert!((u - v).abs() < 1e-9, "{u} {v}");
            }
        }
    }
}
