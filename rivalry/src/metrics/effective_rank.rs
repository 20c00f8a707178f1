//! How many directions a representation fills: exp of the entropy of its
//! normalised singular values (Roy, Vetterli, 2007), of the fused embedding and of
//! every encoder. A fused representation of low rank lets features of one modality
//! share directions with noise of another (Chaudhuri et al., ICML 2025).
//!
//! Test rows, columns centred. Singular values below a millionth of the largest
//! are rounding and left out.

use crate::metrics::{Direction, Metric, Need, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::{Matrix, MatrixView, Op, product, special, sums};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "effective_rank",
    summary: "effective rank of the joint network's fused embedding and of every encoder, alone and joint",
    cites: &[cites::ROY2007, cites::CHAUDHURI2025],
    knobs: &[Knob {
        name: "largest",
        default: Default::Whole(512),
        range: Range::Between(1.0, 1e4),
        meaning: "rank beyond which it is not computed: the smaller of rows and width",
    }],
    build: |settings| Box::new(EffectiveRank { largest: settings.whole("largest") }),
};

const QUANTITIES: &[Quantity] = &[
    rank("effective_rank", "effective rank of all joint encoders' embeddings side by side, on test rows"),
    rank("effective_rank_in_joint", "effective rank of the joint network's encoder, on test rows"),
    rank("effective_rank_alone", "effective rank of the encoder trained alone, on test rows"),
];

const fn rank(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "directions", scale: Scale::Positive, direction: Direction::Neither, definition }
}

/// Singular values relative to the largest that are rounding: they come from
/// squares in double precision.
const NOTHING: f64 = 1e-6;

struct EffectiveRank {
    largest: usize,
}

impl Metric for EffectiveRank {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Embeddings]
    }

    fn cost(&self) -> &'static str {
        "the cube of the smaller of n and the width"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let joint = trial.joint();
        let of = |embeddings: &[Matrix<f32>]| {
            if embeddings.is_empty() {
                Err("the embeddings were not kept".to_owned())
            } else {
                self.rank(embeddings)
            }
        };
        for modality in 0..trial.n_modalities() {
            let own = joint
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|model| of(model.test.embeddings.get(modality).map_or(&[], std::slice::from_ref)));
            sheet.number_or("effective_rank_in_joint", Subject::Modality(modality), own);
            let alone = trial.alone(modality).and_then(|model| of(&model.test.embeddings));
            sheet.number_or("effective_rank_alone", Subject::Modality(modality), alone);
        }
        let fused = joint.and_then(|model| of(&model.test.embeddings));
        sheet.number_or("effective_rank", Subject::Study, fused);
    }
}

impl EffectiveRank {
    fn rank(&self, side_by_side: &[Matrix<f32>]) -> Result<f64, String> {
        let n = side_by_side[0].rows();
        let width: usize = side_by_side.iter().map(Matrix::cols).sum();
        if n.min(width) > self.largest {
            return Err(format!(
                "{} directions are more than the knob `effective_rank.largest` allows, {}",
                n.min(width),
                self.largest
            ));
        }
        let mut joined = Vec::with_capacity(n * width);
        for r in 0..n {
            for matrix in side_by_side {
                joined.extend(matrix.row(r).iter().map(|x| f64::from(*x)));
            }
        }
        let found = effective_rank(Matrix::from_vec(n, width, joined).view());
        found.ok_or_else(|| "the embedding is constant".to_owned())
    }
}

/// exp(entropy of the singular values of the centred matrix over their sum);
/// `None` of a matrix whose rows are all equal.
pub fn effective_rank(rows: MatrixView<'_, f64>) -> Option<f64> {
    let values = singular_values(rows);
    let top = values.first().copied().filter(|top| *top > 0.0 && top.is_finite())?;
    let kept: Vec<f64> = values.into_iter().filter(|v| *v > NOTHING * top).collect();
    let total = sums::sum(&kept);
    let entropy = sums::sum_by(kept.len(), |i| -(kept[i] / total) * special::ln(kept[i] / total));
    Some(special::exp(entropy))
}

/// Singular values of a matrix whose columns are centred first, from large to
/// small, as roots of the eigenvalues of the smaller of X'X and XX': exact to
/// about 1e-8 of the largest.
pub fn singular_values(rows: MatrixView<'_, f64>) -> Vec<f64> {
    let (n, d) = (rows.rows(), rows.cols());
    if n == 0 || d == 0 {
        return Vec::new();
    }
    let mean = |k: usize| sums::sum_by(n, |r| rows.row(r)[k]) / n as f64;
    let means: Vec<f64> = (0..d).map(mean).collect();
    let mut centred = Matrix::from_fn(n, d, |r, k| rows.row(r)[k] - means[k]);
    // Squares of huge or tiny values leave the range.
    let size = centred.as_slice().iter().fold(0.0, |top: f64, x| top.max(x.abs()));
    if size == 0.0 || !size.is_finite() {
        return vec![0.0; n.min(d)];
    }
    centred.as_mut_slice().iter_mut().for_each(|x| *x /= size);
    let gram = if d <= n {
        product(centred.view(), Op::Transposed, centred.view(), Op::Plain)
    } else {
        product(centred.view(), Op::Plain, centred.view(), Op::Transposed)
    };
    let mut values: Vec<f64> =
        eigenvalues(gram).into_iter().map(|value| size * value.max(0.0).sqrt()).collect();
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    values
}

/// Eigenvalues of a symmetric matrix, in no order: Householder reflections to a
/// tridiagonal matrix (Golub, Van Loan, Matrix Computations, algorithm 8.3.1), then
/// implicit QL with Wilkinson's shifts.
pub fn eigenvalues(mut a: Matrix<f64>) -> Vec<f64> {
    let n = a.rows();
    let mut below = vec![0.0; n];
    let mut v = vec![0.0; n];
    let mut p = vec![0.0; n];
    for k in 0..n.saturating_sub(2) {
        // Reflect column k below the subdiagonal away; rows are columns here.
        let tail = &a.row(k)[k + 1..];
        let length = tail.iter().map(|x| x * x).sum::<f64>().sqrt();
        let first = tail[0];
        let alpha = if first > 0.0 { -length } else { length };
        let rest: f64 = tail[1..].iter().map(|x| x * x).sum();
        if rest == 0.0 {
            below[k] = first;
            continue;
        }
        below[k] = alpha;
        v[k + 1..].copy_from_slice(tail);
        v[k + 1] -= alpha;
        let square: f64 = v[k + 1..].iter().map(|x| x * x).sum();
        let beta = 2.0 / square;
        for i in k + 1..n {
            let row = &a.row(i)[k + 1..];
            p[i] = beta * row.iter().zip(&v[k + 1..]).map(|(a, v)| a * v).sum::<f64>();
        }
        let along = 0.5 * beta * p[k + 1..].iter().zip(&v[k + 1..]).map(|(p, v)| p * v).sum::<f64>();
        for i in k + 1..n {
            p[i] -= along * v[i];
        }
        for i in k + 1..n {
            let (vi, pi) = (v[i], p[i]);
            let row = &mut a.row_mut(i)[k + 1..];
            for ((x, v), p) in row.iter_mut().zip(&v[k + 1..]).zip(&p[k + 1..]) {
                *x -= vi * p + pi * v;
            }
        }
    }
    if n >= 2 {
        below[n - 2] = a.row(n - 2)[n - 1];
    }
    let mut diagonal: Vec<f64> = (0..n).map(|i| a.row(i)[i]).collect();
    ql(&mut diagonal, &mut below);
    diagonal
}

/// QL steps on a tridiagonal matrix until what is off the diagonal vanishes.
fn ql(d: &mut [f64], e: &mut [f64]) {
    const MAX_STEPS: usize = 60;
    let n = d.len();
    for l in 0..n {
        for _ in 0..MAX_STEPS {
            let small = |m: &usize| e[*m].abs() <= f64::EPSILON * (d[*m].abs() + d[m + 1].abs());
            let m = (l..n.saturating_sub(1)).find(small).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let r = (g * g + 1.0).sqrt();
            let mut g = d[m] - d[l] + e[l] / (g + if g >= 0.0 { r } else { -r });
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut cut = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = (f * f + g * g).sqrt();
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    cut = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                let h = d[i + 1] - p;
                let t = (d[i] - h) * s + 2.0 * c * b;
                p = s * t;
                d[i + 1] = h + p;
                g = c * t - b;
            }
            if !cut {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_known_matrices() {
        // Second differences: 2 - 2 cos(pi j / (n + 1)).
        let n = 12;
        let a = Matrix::from_fn(n, n, |r, c| match r.abs_diff(c) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        });
        let mut found = eigenvalues(a);
        found.sort_unstable_by(f64::total_cmp);
        for (j, value) in found.iter().enumerate() {
            let angle = std::f64::consts::PI * (j + 1) as f64 / (n + 1) as f64;
            assert!((value - (2.0 - 2.0 * special::cos(angle))).abs() < 1e-13, "{j}: {value}");
        }
        // Ones: n once, 0 otherwise.
        let mut ones = eigenvalues(Matrix::from_fn(5, 5, |_, _| 1.0));
        ones.sort_unstable_by(f64::total_cmp);
        assert!((ones[4] - 5.0).abs() < 1e-13 && ones[..4].iter().all(|v| v.abs() < 1e-13));
        assert_eq!(eigenvalues(Matrix::from_fn(1, 1, |_, _| 3.0)), [3.0]);
        assert!(eigenvalues(Matrix::zeros(0, 0)).is_empty());
        assert_eq!(
            eigenvalues(Matrix::from_fn(3, 3, |r, c| if r == c { r as f64 } else { 0.0 })),
            [0.0, 1.0, 2.0]
        );
    }

    #[test]
    fn ranks_by_hand() {
        // Orthogonal columns of equal length: as many directions as columns.
        let signs = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
        let square = Matrix::from_fn(4, 2, |r, c| 7.0 + signs[r][c]);
        assert!((effective_rank(square.view()).unwrap() - 2.0).abs() < 1e-9);
        // The third column repeats the first: singular values sqrt(2) : 1.
        let repeated = Matrix::from_fn(4, 3, |r, c| 1e200 * signs[r][c % 2]);
        let (a, b) = (2.0_f64.sqrt() / (1.0 + 2.0_f64.sqrt()), 1.0 / (1.0 + 2.0_f64.sqrt()));
        let expected = special::exp(-a * special::ln(a) - b * special::ln(b));
        assert!((effective_rank(repeated.view()).unwrap() - expected).abs() < 1e-7);
        assert_eq!(effective_rank(Matrix::from_fn(3, 2, |_, c| c as f64).view()), None);
        assert_eq!(effective_rank(Matrix::<f64>::zeros(0, 2).view()), None);
    }
}
