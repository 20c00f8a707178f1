//! Two modalities by their second moments, and the law of the two-layer network
//! with late fusion for them. Reads no data.

use thiserror::Error;

use super::Toy;
use crate::num::{Matrix, MatrixView, Op, product};

/// Second moments of two modalities and of the outputs y. All uncentred unless the
/// caller centred; any common factor of x or y cancels from ratios of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Sigma_A = E[x_A x_A'], d_A x d_A.
    pub a: Matrix<f64>,
    /// Sigma_B = E[x_B x_B'], d_B x d_B.
    pub b: Matrix<f64>,
    /// Sigma_AB = E[x_A x_B'], d_A x d_B.
    pub ab: Matrix<f64>,
    /// Sigma_yA = E[y x_A'], outputs x d_A.
    pub ya: Matrix<f64>,
    /// Sigma_yB = E[y x_B'], outputs x d_B.
    pub yb: Matrix<f64>,
}

/// Why there is no law.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum MomentsError {
    /// The shapes do not belong together.
    #[error("{name} is {found_rows} x {found_cols}, not {rows} x {cols}")]
    Shape {
        /// Which matrix.
        name: &'static str,
        /// Rows that the others imply.
        rows: usize,
        /// Columns that the others imply.
        cols: usize,
        /// Rows that it has.
        found_rows: usize,
        /// Columns that it has.
        found_cols: usize,
    },
    /// A matrix of second moments cannot be inverted.
    #[error("{name} is not positive definite: drop constant and redundant features")]
    Singular {
        /// Which matrix.
        name: &'static str,
    },
    /// Neither modality has anything to do with y.
    #[error("neither modality is correlated with the output: nothing is learned")]
    Unrelated,
}

/// What the law says of two modalities.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseLaw {
    /// Whether A is learned first (also when both are equally fast).
    pub a_is_first: bool,
    /// |Sigma_y.| of the modality that is first, and of the other.
    pub drives: [f64; 2],
    /// |Sigma_yB - Sigma_yA Sigma_A^-1 Sigma_AB|, B the slower: what is left to drive it.
    pub left: f64,
    /// t_second / t_first; infinite when nothing is left.
    pub time_ratio: f64,
    /// W of the first modality on the plateau, Sigma_yA Sigma_A^-1: outputs x d.
    pub plateau: Matrix<f64>,
}

impl Moments {
    /// Those of the toy, in units of sigma_B^2.
    pub fn toy(toy: &Toy) -> Self {
        let (w_a, w_b) = toy.drives();
        let one = |v: f64| Matrix::from_vec(1, 1, vec![v]);
        Self {
            a: one(toy.ratio * toy.ratio),
            b: one(1.0),
            ab: one(toy.correlation * toy.ratio),
            ya: one(w_a),
            yb: one(w_b),
        }
    }

    /// The law of the two-layer network with late fusion and small initial weights:
    /// t_B / t_A = 1 + (|Sigma_yA| - |Sigma_yB|) / |Sigma_yB - Sigma_yA Sigma_A^-1 Sigma_AB|
    /// with A the faster modality, |.| the Euclidean norm. The source has one output;
    /// with several outputs |.| is the largest singular value, because the mode that
    /// grows fastest leaves the plateau first (our reading).
    ///
    /// One case is ours too: when what is left points exactly against Sigma_yB, which
    /// has probability zero except for one-dimensional B, the growth so far is in the
    /// wrong direction and -|Sigma_yB| becomes +|Sigma_yB|. With it the law of the toy
    /// holds also where 1 + rho g < 0.
    pub fn law(&self) -> Result<PhaseLaw, MomentsError> {
        self.check()?;
        let (drive_a, drive_b) = (largest_singular_value(&self.ya), largest_singular_value(&self.yb));
        if drive_a == 0.0 && drive_b == 0.0 {
            return Err(MomentsError::Unrelated);
        }
        let a_is_first = drive_a >= drive_b;
        let swapped;
        let ordered = if a_is_first {
            self
        } else {
            swapped = self.swapped();
            &swapped
        };
        let plateau = ordered.weights_of_a_alone()?;
        let explained = product(plateau.view(), Op::Plain, ordered.ab.view(), Op::Plain);
        let left_matrix = difference(&ordered.yb, &explained);
        let left = largest_singular_value(&left_matrix);
        let drives = [drive_a.max(drive_b), drive_a.min(drive_b)];
        let along = inner(&left_matrix, &ordered.yb);
        let sizes = (inner(&left_matrix, &left_matrix) * inner(&ordered.yb, &ordered.yb)).sqrt();
        let head_start = if along < -(1.0 - 1e-12) * sizes { -drives[1] } else { drives[1] };
        // What rounding leaves of a difference of equals is nothing.
        let nothing = left <= 1e-12 * drives[0].max(drives[1]);
        let time_ratio = if nothing { f64::INFINITY } else { 1.0 + (drives[0] - head_start) / left };
        Ok(PhaseLaw { a_is_first, drives, left, time_ratio, plateau })
    }

    /// The weights at the end: those of the least squares on both modalities.
    pub fn final_weights(&self) -> Result<(Matrix<f64>, Matrix<f64>), MomentsError> {
        self.check()?;
        let (n_a, n_b) = (self.a.rows(), self.b.rows());
        let both = Matrix::from_fn(n_a + n_b, n_a + n_b, |r, c| match (r < n_a, c < n_a) {
            (true, true) => self.a.row(r)[c],
            (true, false) => self.ab.row(r)[c - n_a],
            (false, true) => self.ab.row(c)[r - n_a],
            (false, false) => self.b.row(r - n_a)[c - n_a],
        });
        let drive = Matrix::from_fn(self.ya.rows(), n_a + n_b, |r, c| {
            if c < n_a { self.ya.row(r)[c] } else { self.yb.row(r)[c - n_a] }
        });
        let name = "the matrix of second moments of both modalities";
        let weights = right_divide(&drive, &both).ok_or(MomentsError::Singular { name })?;
        let part = |from: usize, n: usize| Matrix::from_fn(drive.rows(), n, |r, c| weights.row(r)[from + c]);
        Ok((part(0, n_a), part(n_a, n_b)))
    }

    /// The same with A and B exchanged.
    pub fn swapped(&self) -> Self {
        Self {
            a: self.b.clone(),
            b: self.a.clone(),
            ab: Matrix::from_fn(self.ab.cols(), self.ab.rows(), |r, c| self.ab.row(c)[r]),
            ya: self.yb.clone(),
            yb: self.ya.clone(),
        }
    }

    fn weights_of_a_alone(&self) -> Result<Matrix<f64>, MomentsError> {
        let name = "the matrix of second moments of the modality learned first";
        right_divide(&self.ya, &self.a).ok_or(MomentsError::Singular { name })
    }

    pub(super) fn check(&self) -> Result<(), MomentsError> {
        let (n_a, n_b, n_out) = (self.a.rows(), self.b.rows(), self.ya.rows());
        let shapes = [
            ("Sigma_A", &self.a, n_a, n_a),
            ("Sigma_B", &self.b, n_b, n_b),
            ("Sigma_AB", &self.ab, n_a, n_b),
            ("Sigma_yA", &self.ya, n_out, n_a),
            ("Sigma_yB", &self.yb, n_out, n_b),
        ];
        for (name, matrix, rows, cols) in shapes {
            let (found_rows, found_cols) = (matrix.rows(), matrix.cols());
            if (rows, cols) != (found_rows, found_cols) {
                return Err(MomentsError::Shape { name, rows, cols, found_rows, found_cols });
            }
        }
        Ok(())
    }
}

/// The largest singular value, to about 1e-12 relative: the Rayleigh quotient of the
/// direction that remains of M M' (or M' M, the smaller) squared again and again.
pub(super) fn largest_singular_value(m: &Matrix<f64>) -> f64 {
    let gram = if m.rows() <= m.cols() {
        product(m.view(), Op::Plain, m.view(), Op::Transposed)
    } else {
        product(m.view(), Op::Transposed, m.view(), Op::Plain)
    };
    let n = gram.rows();
    if n == 0 || (0..n).all(|i| gram.row(i)[i] == 0.0) {
        return 0.0;
    }
    if n == 1 {
        return gram.row(0)[0].sqrt();
    }
    // Squaring the matrix doubles the exponent of the ratio of eigenvalues: after 50
    // squarings only equal ones are left, and any column holds the answer.
    let mut power = normalised(&gram);
    for _ in 0..50 {
        power = normalised(&product(power.view(), Op::Plain, power.view(), Op::Plain));
    }
    let largest = (1..n).fold(0, |best, i| if power.row(i)[i] > power.row(best)[best] { i } else { best });
    let direction = MatrixView::new(power.row(largest), 1, n);
    let image = product(direction, Op::Plain, gram.view(), Op::Plain);
    let square: f64 = power.row(largest).iter().map(|v| v * v).sum();
    let along: f64 = image.as_slice().iter().zip(power.row(largest)).map(|(a, b)| a * b).sum();
    (along / square).sqrt()
}

/// Divided by its trace.
fn normalised(m: &Matrix<f64>) -> Matrix<f64> {
    let trace: f64 = (0..m.rows()).map(|i| m.row(i)[i]).sum();
    m.map(|v| v / trace)
}

fn inner(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum()
}

pub(super) fn difference(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    Matrix::from_fn(a.rows(), a.cols(), |r, c| a.row(r)[c] - b.row(r)[c])
}

/// M A^-1 for a symmetric positive definite A; none when it is not one to working
/// precision.
fn right_divide(m: &Matrix<f64>, a: &Matrix<f64>) -> Option<Matrix<f64>> {
    let n = a.rows();
    let mut lower = Matrix::zeros(n, n);
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| lower.row(i)[k] * lower.row(j)[k]).sum();
            let rest = a.row(i)[j] - sum;
            lower.row_mut(i)[j] = if i == j {
                if rest <= 1e-13 * a.row(i)[i] {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / lower.row(j)[j]
            };
        }
    }
    let mut out = m.clone();
    for r in 0..m.rows() {
        let row = out.row_mut(r);
        for i in 0..n {
            let sum: f64 = (0..i).map(|k| lower.row(i)[k] * row[k]).sum();
            row[i] = (row[i] - sum) / lower.row(i)[i];
        }
        for i in (0..n).rev() {
            let sum: f64 = (i + 1..n).map(|k| lower.row(k)[i] * row[k]).sum();
            row[i] = (row[i] - sum) / lower.row(i)[i];
        }
    }
    Some(out)
}
