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

/// [`cross_entropy`] for a tile of a batch, classes x samples: `logits` has
/// rows of `width` values, of which the first are the `labels.len()` samples.
///
/// Replaces the logits by `unit` (1 / sum of the batch's weights) times the
/// weighted gradient and returns the weighted sum of losses. What lies behind
/// the samples is not read into anything.
pub fn cross_entropy_tile<T: Scalar>(
    logits: &mut [T],
    width: usize,
    labels: &[u32],
    weights: Option<&[T]>,
    unit: T,
    scratch: &mut TileScratch<T>,
) -> f64 {
    let TileScratch { top, sum } = scratch;
    top.resize(width, T::ZERO);
    sum.resize(width, T::ZERO);
    top.copy_from_slice(&logits[..width]);
    vectorised(
        #[inline(always)]
        || {
            for row in logits[width..].chunks_exact(width) {
                for (top, z) in top.iter_mut().zip(row) {
                    *top = if *z > *top { *z } else { *top };
                }
            }
        },
    );
    let mut loss = 0.0;
    for (i, label) in labels.iter().enumerate() {
        let row_loss = (top[i] - logits[*label as usize * width + i]).to_f64();
        loss += weights.map_or(row_loss, |w| w[i].to_f64() * row_loss);
    }
    sum.fill(T::ZERO);
    vectorised(
        #[inline(always)]
        || {
            for row in logits.chunks_exact_mut(width) {
                for ((z, top), sum) in row.iter_mut().zip(top.iter()).zip(sum.iter_mut()) {
                    *z = (*z - *top).exp();
                    *sum += *z;
                }
            }
            for (factor, sum) in top.iter_mut().zip(sum.iter()) {
                *factor = unit / *sum;
            }
            if let Some(weights) = weights {
                top.iter_mut().zip(weights).for_each(|(factor, weight)| *factor *= *weight);
            }
            for row in logits.chunks_exact_mut(width) {
                row.iter_mut().zip(top.iter()).for_each(|(p, factor)| *p *= *factor);
            }
        },
    );
    for (i, label) in labels.iter().enumerate() {
        logits[*label as usize * width + i] -= weights.map_or(unit, |w| unit * w[i]);
    }
    loss + match weights {
        // Each normaliser lies between 1 and K: a product of some has the sum
        // of their logarithms and is far from overflow.
        None => sum[..labels.len()]
            .chunks(16)
            .map(|some| special::ln(some.iter().map(|s| s.to_f64()).product::<f64>()))
            .sum::<f64>(),
        Some(weights) => {
            weights.iter().zip(sum.iter()).map(|(w, s)| w.to_f64() * special::ln(s.to_f64())).sum()
        }
    }
}

/// Samples of such a tile that are wrong under the rule of [`is_right`].
pub fn n_errors_tile<T: Scalar>(
    logits: &[T],
    width: usize,
    labels: &[u32],
    scratch: &mut TileScratch<T>,
) -> usize {
    let TileScratch { top: own, sum: n_below } = scratch;
    own.resize(width, T::ZERO);
    n_below.clear();
    n_below.resize(width, T::ZERO);
    for (i, label) in labels.iter().enumerate() {
        own[i] = logits[*label as usize * width + i];
    }
    vectorised(
        #[inline(always)]
        || {
            for row in logits.chunks_exact(width) {
                for ((n, z), own) in n_below.iter_mut().zip(row).zip(own.iter()) {
                    *n += if *z < *own { T::ONE } else { T::ZERO };
                }
            }
        },
    );
    let others = T::from_f64((logits.len() / width - 1) as f64);
    n_below[..labels.len()].iter().filter(|n| **n != others).count()
}

/// Buffers for tiles, one value per sample.
#[derive(Clone, Debug, Default)]
pub struct TileScratch<T> {
    top: Vec<T>,
    sum: Vec<T>,
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
