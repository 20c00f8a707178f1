//! Softmax cross-entropy and what is read off logits.

use crate::num::{MatrixMut, MatrixView, Scalar, special, sums, vectorised};

/// Writes softmax(logits) row by row, stably (the row's maximum subtracted),
/// and the logarithm of each row's normaliser to `log_norm`.
pub fn softmax<T: Scalar>(logits: MatrixView<'_, T>, out: &mut MatrixMut<'_, T>, log_norm: &mut [T]) {
    let n_classes = logits.cols();
    vectorised(
        #[inline(always)]
        || {
            for r in 0..logits.rows() {
                let row = logits.row(r);
                let top = row.iter().fold(row[0], |top, z| if *z > top { *z } else { top });
                log_norm[r] = top;
                for (p, z) in out.row_mut(r).iter_mut().zip(row) {
                    *p = *z - top;
                }
            }
            // One flat pass, so that the exponential runs on full vectors.
            for p in out.as_mut_slice() {
                *p = p.exp();
            }
            for (row, norm) in out.as_mut_slice().chunks_exact_mut(n_classes).zip(log_norm.iter_mut()) {
                let mut sum = T::ZERO;
                for p in row.iter() {
                    sum += *p;
                }
                let inverse = T::ONE / sum;
                for p in row.iter_mut() {
                    *p *= inverse;
                }
                *norm += sum.ln();
            }
        },
    );
}

/// Weighted mean cross-entropy and its gradient.
///
/// L = sum_i w_i (logsumexp z_i - z_{i,y_i}) / sum_i w_i (PyTorch's convention
/// for class weights); dL/dz_i = (w_i / sum w) (p_i - e_{y_i}). `weights` gives
/// one weight per sample, or all ones when absent. Writes `scale` times the
/// gradient to `grad` and returns the unscaled loss; with weights that sum to
/// zero both are zero.
pub fn cross_entropy<T: Scalar>(
    logits: MatrixView<'_, T>,
    labels: &[u32],
    weights: Option<&[T]>,
    scale: T,
    grad: &mut MatrixMut<'_, T>,
    log_norm: &mut [T],
) -> f64 {
    softmax(logits, grad, log_norm);
    let n = labels.len();
    let total = weights.map_or(n as f64, |w| w.iter().map(|w| w.to_f64()).sum());
    if total <= 0.0 {
        grad.as_mut_slice().fill(T::ZERO);
        return 0.0;
    }
    let unit = T::from_f64(scale.to_f64() / total);
    let n_classes = logits.cols();
    if weights.is_none() {
        vectorised(
            #[inline(always)]
            || {
                for g in grad.as_mut_slice() {
                    *g *= unit;
                }
            },
        );
    }
    let mut loss = 0.0;
    for (i, label) in labels.iter().enumerate() {
        let label = *label as usize;
        let row_loss = (log_norm[i] - logits.row(i)[label]).to_f64();
        let cell = i * n_classes;
        match weights {
            None => {
                loss += row_loss;
                grad.as_mut_slice()[cell + label] -= unit;
            }
            Some(weights) => {
                loss += weights[i].to_f64() * row_loss;
                let row = &mut grad.as_mut_slice()[cell..cell + n_classes];
                row[label] -= T::ONE;
                for g in row.iter_mut() {
                    *g *= unit * weights[i];
                }
            }
        }
    }
    loss / total
}

/// Mean cross-entropy without a gradient, in double precision.
pub fn mean_cross_entropy<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> f64 {
    let total = sums::sum_by(labels.len(), |i| {
        let row = logits.row(i);
        let top = row.iter().fold(f64::NEG_INFINITY, |top, z| top.max(z.to_f64()));
        let sum: f64 = row.iter().map(|z| special::exp(z.to_f64() - top)).sum();
        top + special::ln(sum) - row[labels[i] as usize].to_f64()
    });
    total / labels.len() as f64
}

/// Whether row `i` is right under the talk's rule: the label's logit is
/// strictly above every other; a tie is an error, and so is a NaN.
pub fn is_right<T: Scalar>(row: &[T], label: u32) -> bool {
    let own = row[label as usize];
    row.iter().enumerate().all(|(j, z)| j == label as usize || *z < own)
}

/// Share of rows that are right under the talk's rule.
pub fn accuracy<T: Scalar>(logits: MatrixView<'_, T>, labels: &[u32]) -> f64 {
    let right = labels.iter().enumerate().filter(|(i, y)| is_right(logits.row(*i), **y)).count();
    right as f64 / labels.len() as f64
}
