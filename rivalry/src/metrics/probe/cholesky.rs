//! Cholesky factors of small symmetric positive definite matrices.

use crate::num::Matrix;

/// The lower triangle L with L L' = A, row-major.
pub(super) struct Cholesky(Matrix<f64>);

impl Cholesky {
    /// Factors `a`, of which only the lower triangle is read. `None` when it is
    /// not positive definite to working precision.
    pub(super) fn new(mut a: Matrix<f64>) -> Option<Self> {
        for i in 0..a.rows() {
            for j in 0..=i {
                let sum: f64 = dot(&a.row(i)[..j], &a.row(j)[..j]);
                let rest = a.row(i)[j] - sum;
                a.row_mut(i)[j] = if i == j {
                    if rest <= 0.0 {
                        return None;
                    }
                    rest.sqrt()
                } else {
                    rest / a.row(j)[j]
                };
            }
        }
        Some(Self(a))
    }

    /// Solves A X = B in place, B row-major with `n_columns` columns.
    pub(super) fn solve(&self, b: &mut [f64], n_columns: usize) {
        let n = self.0.rows();
        for i in 0..n {
            let (done, rest) = b.split_at_mut(i * n_columns);
            let own = &mut rest[..n_columns];
            for (j, factor) in self.0.row(i)[..i].iter().enumerate() {
                subtract(own, *factor, &done[j * n_columns..(j + 1) * n_columns]);
            }
            divide(own, self.0.row(i)[i]);
        }
        for i in (0..n).rev() {
            let (before, rest) = b.split_at_mut(i * n_columns);
            let own = &mut rest[..n_columns];
            divide(own, self.0.row(i)[i]);
            for (j, factor) in self.0.row(i)[..i].iter().enumerate() {
                subtract(&mut before[j * n_columns..(j + 1) * n_columns], *factor, own);
            }
        }
    }
}

/// Four running sums: the same order of additions on every machine.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a_chunks, a_rest) = a.as_chunks::<4>();
    let (b_chunks, b_rest) = b.as_chunks::<4>();
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for i in 0..4 {
            sums[i] += x[i] * y[i];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f64>()
}

fn subtract(out: &mut [f64], factor: f64, values: &[f64]) {
    for (o, v) in out.iter_mut().zip(values) {
        *o -= factor * v;
    }
}

fn divide(out: &mut [f64], by: f64) {
    for o in out {
        *o /= by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Op, Purpose, product};

    #[test]
    fn solves_what_the_product_made() {
        let mut draws = Draws::new(5, Purpose::new("cholesky test"), 0);
        for n in [1, 2, 7, 20] {
            let root = Matrix::from_fn(n, n + 3, |_, _| draws.normal());
            let a = product(root.view(), Op::Plain, root.view(), Op::Transposed);
            let x = Matrix::from_fn(n, 3, |_, _| draws.normal());
            let mut b = product(a.view(), Op::Plain, x.view(), Op::Plain).into_vec();
            Cholesky::new(a).unwrap().solve(&mut b, 3);
            assert!(b.iter().zip(x.as_slice()).all(|(b, x)| (b - x).abs() < 1e-8));
        }
        assert!(Cholesky::new(Matrix::from_vec(2, 2, vec![1.0, 0.0, 2.0, 1.0])).is_none());
    }
}
