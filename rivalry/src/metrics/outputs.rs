//! Arithmetic on a network's outputs: fused logits, right and wrong, softmax.

use crate::metrics::PartOutputs;
use crate::model::loss;
use crate::num::Matrix;

/// The fused logits, `n_rows x n_classes`: the sum over modalities.
pub(super) fn fused(outputs: &PartOutputs) -> Option<Matrix<f64>> {
    let (first, rest) = outputs.logits.split_first()?;
    let mut sum = first.map(f64::from);
    for logits in rest {
        for (s, z) in sum.as_mut_slice().iter_mut().zip(logits.as_slice()) {
            *s += f64::from(*z);
        }
    }
    Some(sum)
}

/// 1 where the right class scores highest, else 0.
pub(super) fn right(scores: &Matrix<f64>, labels: &[u32]) -> Vec<f32> {
    let one = |(i, label): (usize, &u32)| f32::from(u8::from(loss::is_right(scores.row(i), *label)));
    labels.iter().enumerate().map(one).collect()
}

/// The class given to every row: the label where it is right, else the highest
/// scoring other one (a tie with the label is an error).
pub(super) fn predicted(scores: &Matrix<f64>, labels: &[u32]) -> Vec<u32> {
    let one = |(i, label): (usize, &u32)| {
        let row = scores.row(i);
        if loss::is_right(row, *label) {
            return *label;
        }
        let others = (0..row.len()).filter(|k| *k != *label as usize);
        // Of equals the first.
        others.rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0) as u32
    };
    labels.iter().enumerate().map(one).collect()
}

/// Share of ones, or `None` of nothing.
pub(super) fn share(right: &[f32]) -> Option<f64> {
    (!right.is_empty()).then(|| right.iter().map(|r| f64::from(*r)).sum::<f64>() / right.len() as f64)
}

/// Softmax of every row.
pub(super) fn softmax(logits: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(logits.rows(), logits.cols());
    loss::softmax(logits.view(), &mut out.view_mut(), &mut vec![0.0; logits.rows()]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_is_an_error() {
        let scores = Matrix::from_vec(3, 3, vec![1.0, 1.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(right(&scores, &[0, 0, 2]), [0.0, 1.0, 0.0]);
        assert_eq!(share(&right(&scores, &[0, 0, 2])), Some(1.0 / 3.0));
        assert_eq!(share(&[]), None);
    }

    #[test]
    fn fused_logits_are_the_sum() {
        let outputs = PartOutputs {
            logits: vec![Matrix::from_vec(1, 2, vec![1.0, -2.0]), Matrix::from_vec(1, 2, vec![0.5, 4.0])],
            ..PartOutputs::default()
        };
        assert_eq!(fused(&outputs).unwrap().as_slice(), [1.5, 2.0]);
        assert!(fused(&PartOutputs::default()).is_none());
    }
}
