//! How much of its training signal a branch still receives, and how loud it is,
//! read off logits and labels alone: of our own networks or of anybody's whose
//! logits per modality were logged.
//!
//! Letters: s_r the logits of modality r, s their sum, p_r and p the softmax of
//! each, y the label. Where logits come from a joint head, cut them in the
//! canonical way first ([`centred`]): the raw cut is arbitrary.

use crate::num::{Matrix, MatrixView, Scalar, sums};

use super::loss;

/// A branch whose mean residual is below this fits its rows already: a ratio of
/// two vanishing numbers would mean nothing.
pub const FITTED: f64 = 1e-6;

/// Least confidence that is divided by.
const SILENT: f64 = 1e-12;

/// For every row, the Euclidean length of softmax(logits) - one-hot label:
/// between 0 and sqrt(2). `logits` is rows x classes.
pub fn residuals<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> Vec<f64> {
    let p = softmax(logits);
    let length = |(i, label): (usize, &u32)| {
        let square = |(k, p): (usize, &f64)| {
            let residual = p - f64::from(u8::from(k == *label as usize));
            residual * residual
        };
        p.row(i).iter().enumerate().map(square).sum::<f64>().sqrt()
    };
    labels.iter().enumerate().map(length).collect()
}

/// A row's margin: the logit of the class minus the mean of the others.
pub fn margin<T: Scalar>(logits: &[T], class: usize) -> f64 {
    let total: f64 = logits.iter().map(|z| z.to_f64()).sum();
    let own = logits[class].to_f64();
    own - (total - own) / (logits.len() - 1) as f64
}

/// The mean of [`residuals`]; 0 of no rows.
pub fn mean_residual<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> f64 {
    sums::sum(&residuals(logits, labels)) / labels.len().max(1) as f64
}

/// Residual ratio of a branch: mean |p - e_y| over mean |p_r - e_y|. Near 1:
/// the branch receives its own full training signal; near 0: the others have
/// explained its samples. `None` where the branch fits its rows on its own.
pub fn residual_ratio<T: Scalar, U: Scalar>(
    fused: MatrixView<'_, T>,
    branch: MatrixView<'_, U>,
    labels: &[u32],
) -> Option<f64> {
    let own = mean_residual(branch, labels);
    (own >= FITTED).then(|| mean_residual(fused, labels) / own)
}

/// [`residual_ratio`] over the rows of each class; `None` also for a class
/// without rows.
pub fn class_residual_ratios<T: Scalar, U: Scalar>(
    fused: MatrixView<'_, T>,
    branch: MatrixView<'_, U>,
    labels: &[u32],
    n_classes: usize,
) -> Vec<Option<f64>> {
    let mut totals = vec![(0.0, 0.0, 0_usize); n_classes];
    let (joint, own) = (residuals(fused, labels), residuals(branch, labels));
    for ((label, joint), own) in labels.iter().zip(joint).zip(own) {
        let total = &mut totals[*label as usize];
        *total = (total.0 + joint, total.1 + own, total.2 + 1);
    }
    let ratio = |(joint, own, n): (f64, f64, usize)| (n > 0 && own / n as f64 >= FITTED).then(|| joint / own);
    totals.into_iter().map(ratio).collect()
}

/// Mean probability of the right class, a_r; 0 of no rows.
pub fn confidence<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> f64 {
    let p = softmax(logits);
    let right = |i: usize| p.row(i)[labels[i] as usize];
    sums::sum_by(labels.len(), right) / labels.len().max(1) as f64
}

/// Discrepancy ratios (Peng et al., OGM-GE, CVPR 2022): of two modalities
/// rho_1 = a_1 / a_2 and the inverse; of more, the mean of a_r / a_q over the
/// others q. `None` with one branch or no rows.
pub fn discrepancy_ratios<T: Scalar>(branches: &[MatrixView<'_, T>], labels: &[u32]) -> Vec<Option<f64>> {
    if labels.is_empty() {
        return vec![None; branches.len()];
    }
    let confidences: Vec<f64> = branches.iter().map(|logits| confidence(*logits, labels)).collect();
    discrepancy_of(&confidences)
}

/// [`discrepancy_ratios`] of confidences that are known already.
pub fn discrepancy_of(confidences: &[f64]) -> Vec<Option<f64>> {
    let others = confidences.len().saturating_sub(1);
    let one = |r: usize| {
        let ratio = |q: usize| confidences[r] / confidences[q].max(SILENT);
        let total: f64 = (0..confidences.len()).filter(|q| *q != r).map(ratio).sum();
        (others > 0).then(|| total / others as f64)
    };
    (0..confidences.len()).map(one).collect()
}

/// The canonical cut of logged logits: every branch centred on its mean over
/// these rows, the total of the means shared equally. The sum stays the same. Give
/// it training rows; [`crate::model::Outputs::centred`] takes the means from elsewhere.
pub fn centred<T: Scalar>(branches: &[MatrixView<'_, T>]) -> Vec<Matrix<f64>> {
    let mean = |logits: &MatrixView<'_, T>| -> Vec<f64> {
        let n = logits.rows().max(1) as f64;
        (0..logits.cols()).map(|k| sums::sum_by(logits.rows(), |i| logits.row(i)[k].to_f64()) / n).collect()
    };
    let means: Vec<Vec<f64>> = branches.iter().map(mean).collect();
    let n_classes = branches.first().map_or(0, MatrixView::cols);
    let share = |k: usize| means.iter().map(|m| m[k]).sum::<f64>() / branches.len() as f64;
    let shared: Vec<f64> = (0..n_classes).map(share).collect();
    let cut = |(logits, mean): (&MatrixView<'_, T>, &Vec<f64>)| {
        let value = |i: usize, k: usize| logits.row(i)[k].to_f64() - mean[k] + shared[k];
        Matrix::from_fn(logits.rows(), n_classes, value)
    };
    branches.iter().zip(&means).map(cut).collect()
}

/// The sum of the branches.
pub fn fused<T: Scalar>(branches: &[MatrixView<'_, T>]) -> Matrix<f64> {
    let (n, n_classes) = branches.first().map_or((0, 0), |b| (b.rows(), b.cols()));
    Matrix::from_fn(n, n_classes, |i, k| branches.iter().map(|b| b.row(i)[k].to_f64()).sum())
}

/// Cosine between two gradients; `None` where one vanishes.
pub fn cosine<T: Scalar>(a: &[T], b: &[T]) -> Option<f64> {
    let (of_a, of_b) = (largest(a), largest(b));
    // Divided by the largest entry first: squares of tiny gradients vanish.
    let along = sums::sum_by(a.len(), |i| (a[i].to_f64() / of_a) * (b[i].to_f64() / of_b));
    let (long_a, long_b) = (length(a)? / of_a, length(b)? / of_b);
    Some((along / (long_a * long_b)).clamp(-1.0, 1.0))
}

/// Length of one gradient over that of another; `None` where the other vanishes.
pub fn length_ratio<T: Scalar>(a: &[T], b: &[T]) -> Option<f64> {
    Some(length(a).unwrap_or(0.0) / length(b)?)
}

/// Mean squared entry: with the gradient of a loss over the parameters of an
/// encoder, its empirical Fisher trace per parameter (Huang et al., `InfoReg`, CVPR 2025).
pub fn mean_square<T: Scalar>(gradient: &[T]) -> f64 {
    let square = |i: usize| gradient[i].to_f64() * gradient[i].to_f64();
    sums::sum_by(gradient.len(), square) / gradient.len().max(1) as f64
}

/// Euclidean length; `None` of nothing, zeros or what is not finite.
fn length<T: Scalar>(a: &[T]) -> Option<f64> {
    let top = largest(a);
    let total = sums::sum_by(a.len(), |i| (a[i].to_f64() / top) * (a[i].to_f64() / top));
    (top > 0.0 && total.is_finite()).then(|| top * total.sqrt())
}

fn largest<T: Scalar>(a: &[T]) -> f64 {
    a.iter().fold(0.0, |top: f64, x| top.max(x.to_f64().abs()))
}

fn softmax<T: Scalar>(logits: MatrixView<'_, T>) -> Matrix<f64> {
    let wide = Matrix::<f64>::from_fn(logits.rows(), logits.cols(), |i, k| logits.row(i)[k].to_f64());
    let mut p = Matrix::zeros(logits.rows(), logits.cols());
    loss::softmax(wide.view(), &mut p.view_mut(), &mut vec![0.0; logits.rows()]);
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_margin_of_one_modality_starves_the_other() {
        // Ten classes; modality A scores the right class by a growing margin, B by
        // a quarter: the residual ratio of B falls as (1.00, 0.82, 0.56, 0.13, 0.02, 0.003).
        let expected = [(0.0, 1.00), (1.0, 0.82), (2.0, 0.56), (4.0, 0.13), (6.0, 0.02), (8.0, 0.003)];
        let with = |margin: f64| {
            let mut logits = Matrix::<f64>::zeros(1, 10);
            logits.row_mut(0)[3] = margin;
            logits
        };
        for (margin, ratio) in expected {
            let found = residual_ratio(with(margin + 0.25).view(), with(0.25).view(), &[3]).unwrap();
            let rounding = if ratio < 0.01 { 5e-4 } else { 5e-3 };
            assert!((found - ratio).abs() <= rounding, "{margin}: {found}");
            let classes = class_residual_ratios(with(margin + 0.25).view(), with(0.25).view(), &[3], 4);
            assert_eq!(classes, [None, None, None, Some(found)]);
        }
        assert_eq!(residual_ratio(with(1.0).view(), with(40.0).view(), &[3]), None);
    }

    #[test]
    fn a_constant_of_the_others_changes_nothing() {
        let branch = Matrix::<f64>::from_fn(5, 3, |i, k| ((i * 7 + k * 3) % 5) as f64);
        let labels = [0, 1, 2, 1, 0];
        let other = Matrix::<f64>::from_fn(5, 3, |i, _| i as f64 - 2.0);
        let sum = fused(&[branch.view(), other.view()]);
        let ratio = residual_ratio(sum.view(), branch.view(), &labels).unwrap();
        assert!((ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_cut_keeps_the_sum_and_not_the_raw_constants() {
        let a = Matrix::<f64>::from_fn(4, 2, |i, k| (i * (k + 1)) as f64);
        let b = Matrix::<f64>::from_fn(4, 2, |i, k| (3 * i) as f64 - k as f64);
        let moved = Matrix::from_fn(4, 2, |i, k| a.row(i)[k] + 10.0 * (k as f64 + 1.0));
        let back = Matrix::from_fn(4, 2, |i, k| b.row(i)[k] - 10.0 * (k as f64 + 1.0));
        let (one, two) = (centred(&[a.view(), b.view()]), centred(&[moved.view(), back.view()]));
        for (x, y) in one.iter().zip(&two) {
            assert!(x.as_slice().iter().zip(y.as_slice()).all(|(x, y)| (x - y).abs() < 1e-12));
        }
        let views: Vec<_> = one.iter().map(Matrix::view).collect();
        let sum = fused(&views);
        assert!((0..4).all(|i| (0..2).all(|k| (sum.row(i)[k] - a.row(i)[k] - b.row(i)[k]).abs() < 1e-12)));
    }

    #[test]
    fn gradients_by_hand() {
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 2.0]), Some(0.0));
        assert!((cosine(&[1e-30_f32, 0.0], &[-1e-30, 1e-30]).unwrap() + 0.5_f64.sqrt()).abs() < 1e-7);
        assert_eq!(cosine(&[0.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(length_ratio(&[3.0, 4.0], &[0.0, 2.0]), Some(2.5));
        assert_eq!(length_ratio(&[0.0], &[2.0]), Some(0.0));
        assert_eq!(mean_square(&[1.0, 2.0, 2.0]), 3.0);
        assert_eq!((mean_square::<f64>(&[]), cosine::<f64>(&[], &[])), (0.0, None));
    }

    #[test]
    fn ratios_of_two_are_inverse_and_of_more_are_means() {
        let logits = |z: f64| Matrix::<f64>::from_vec(1, 2, vec![z, 0.0]);
        let three = [logits(2.0), logits(0.0), logits(-1.0)];
        let views: Vec<_> = three.iter().map(Matrix::view).collect();
        let two = discrepancy_ratios(&views[..2], &[0]);
        assert!((two[0].unwrap() * two[1].unwrap() - 1.0).abs() < 1e-12);
        let a: Vec<f64> = views.iter().map(|v| confidence(*v, &[0])).collect();
        let all = discrepancy_ratios(&views, &[0]);
        assert!((all[0].unwrap() - 0.5 * (a[0] / a[1] + a[0] / a[2])).abs() < 1e-12);
        assert_eq!(discrepancy_ratios(&views[..1], &[0]), [None]);
    }
}
