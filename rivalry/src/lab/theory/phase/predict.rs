//! Before training: which modality of a data set would be learned first, and how
//! long the others would wait, from second moments of the training rows.
//!
//! The law of Zhang, Latham and Saxe ([`super::Moments::law`]) with y the centred
//! one-hot labels. It is a law of *linear two-layer networks with late fusion, square
//! loss and small initial weights*. For other networks it is a prior, not a forecast:
//!
//! - cross-entropy starts with the same gradient (labels minus class shares) and
//!   leaves it as it learns;
//! - a modality counts as learned when least squares on it has converged, which
//!   directions of small variance reach late or never;
//! - features whose relation to the label is not linear do not count;
//! - with more features than rows the first modality explains every training label,
//!   nothing is left for the others, and the wait is infinite: the paper's permanent
//!   bias.

use crate::data::{Dataset, Scaler};
use crate::num::{Matrix, Op, product};

use super::moments::{difference, largest_singular_value};

/// Squared residual of a feature, as a share of the largest one, below which it is
/// a combination of others.
const RANK_TOLERANCE: f64 = 1e-10;
/// Share of its first strength below which nothing is left of a modality.
const NOTHING: f64 = 1e-9;

/// What the law says of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct PhasePrediction {
    /// Per modality: |Sigma_yr|, the largest singular value of its correlation with the
    /// labels. The largest is learned first.
    pub drives: Vec<f64>,
    /// The modalities in the order in which they are learned, each with its time over
    /// that of the first; infinite where nothing is left to learn. For two modalities
    /// it is the law itself. For more it is our extension: each grows at the rate
    /// that the modalities learned so far leave it, and is learned when it has
    /// grown as much as the first had.
    pub order: Vec<(usize, f64)>,
    /// Every two modalities as if there were no others.
    pub pairs: Vec<PairPhase>,
}

/// What the law says of two modalities trained together.
#[derive(Clone, Debug, PartialEq)]
pub struct PairPhase {
    /// The modality that is learned first.
    pub first: usize,
    /// The one that waits.
    pub second: usize,
    /// t_second / t_first; infinite when nothing is left for the second.
    pub time_ratio: f64,
    /// |Sigma_yB - Sigma_yA Sigma_A^-1 Sigma_AB| / |Sigma_yB|: what the first leaves of the
    /// second's drive. May exceed 1.
    pub left: f64,
    /// Share of the labels' variance that least squares on the first explains, on the
    /// same rows.
    pub explained_by_first: f64,
    /// The same for both modalities together.
    pub explained_by_both: f64,
}

/// Applies the law to the given rows (the training part) of a data set.
/// Features are standardised on these rows, as training does it, or only centred.
///
/// Costs about n D min(n, D) operations per pair of modalities with D features
/// together, and memory for min(n, D)^2 numbers.
///
/// # Panics
/// Without rows, or when a row does not exist.
pub fn predict(data: &Dataset, rows: &[u32], standardise: bool) -> PhasePrediction {
    assert!(!rows.is_empty(), "a prediction needs rows");
    let features: Vec<Matrix<f64>> = data
        .modalities()
        .iter()
        .map(|modality| {
            let scaler = Scaler::fit(&modality.features, rows);
            let mut x: Matrix<f64> = scaler.apply(&modality.features, rows);
            if !standardise {
                for r in 0..x.rows() {
                    x.row_mut(r).iter_mut().zip(scaler.scale()).for_each(|(v, sd)| *v *= sd);
                }
            }
            x
        })
        .collect();
    let labels = centred_labels(data, rows);
    let drives: Vec<f64> = features.iter().map(|x| drive(x, &labels)).collect();
    let variance = squares(&labels);
    // What each leaves of the labels, used by every pair that it leads.
    let left_by: Vec<Matrix<f64>> = features.iter().map(|x| residual(&[x], &labels)).collect();
    let mut pairs = Vec::new();
    for a in 0..features.len() {
        for b in a + 1..features.len() {
            let (first, second) = if drives[a] >= drives[b] { (a, b) } else { (b, a) };
            let left = drive(&features[second], &left_by[first]);
            let explained =
                |rest: &Matrix<f64>| if variance > 0.0 { 1.0 - squares(rest) / variance } else { 0.0 };
            pairs.push(PairPhase {
                first,
                second,
                time_ratio: if left <= NOTHING * drives[second] {
                    f64::INFINITY
                } else {
                    1.0 + (drives[first] - drives[second]) / left
                },
                left: if drives[second] > 0.0 { left / drives[second] } else { 0.0 },
                explained_by_first: explained(&left_by[first]),
                explained_by_both: explained(&residual(&[&features[a], &features[b]], &labels)),
            });
        }
    }
    let order = order(&features, &labels, &drives);
    PhasePrediction { drives, order, pairs }
}

/// Growth is measured in units of what the first has grown when it is learned, time
/// in units of its time.
fn order(features: &[Matrix<f64>], labels: &Matrix<f64>, drives: &[f64]) -> Vec<(usize, f64)> {
    let n_modalities = features.len();
    let first = (1..n_modalities).fold(0, |best, r| if drives[r] > drives[best] { r } else { best });
    let mut learned = vec![(first, 1.0)];
    let mut grown: Vec<f64> =
        drives.iter().map(|d| if drives[first] > 0.0 { d / drives[first] } else { 0.0 }).collect();
    let mut time = 1.0;
    while learned.len() < n_modalities {
        let known: Vec<&Matrix<f64>> = learned.iter().map(|(r, _)| &features[*r]).collect();
        let rest = residual(&known, labels);
        let waiting: Vec<usize> =
            (0..n_modalities).filter(|r| learned.iter().all(|(known, _)| known != r)).collect();
        let rate = |r: usize| {
            let left = drive(&features[r], &rest);
            if left <= NOTHING * drives[r] { 0.0 } else { left / drives[first] }
        };
        let rates: Vec<f64> = waiting.iter().map(|r| rate(*r)).collect();
        let wait = |i: usize| (1.0 - grown[waiting[i]]).max(0.0) / rates[i];
        let next = (1..waiting.len()).fold(0, |best, i| if wait(i) < wait(best) { i } else { best });
        let step = if rates[next] > 0.0 { wait(next) } else { f64::INFINITY };
        time += step;
        learned.push((waiting[next], time));
        if step.is_finite() {
            for (r, rate) in waiting.iter().zip(&rates) {
                grown[*r] += rate * step;
            }
        }
    }
    learned
}

/// |Sigma_yr| for standardised or centred features: samples x features, and samples x
/// classes.
fn drive(x: &Matrix<f64>, y: &Matrix<f64>) -> f64 {
    largest_singular_value(&product(y.view(), Op::Transposed, x.view(), Op::Plain)) / x.rows() as f64
}

fn squares(m: &Matrix<f64>) -> f64 {
    crate::num::sums::sum_by(m.as_slice().len(), |i| m.as_slice()[i] * m.as_slice()[i])
}

/// One-hot labels minus class shares: rows x classes.
fn centred_labels(data: &Dataset, rows: &[u32]) -> Matrix<f64> {
    let n_classes = data.n_classes();
    let mut shares = vec![0.0; n_classes];
    for row in rows {
        shares[data.labels()[*row as usize] as usize] += 1.0 / rows.len() as f64;
    }
    Matrix::from_fn(rows.len(), n_classes, |i, j| {
        let is_label = data.labels()[rows[i] as usize] as usize == j;
        f64::from(u8::from(is_label)) - shares[j]
    })
}

/// What least squares on all these features leaves of y.
fn residual(features: &[&Matrix<f64>], y: &Matrix<f64>) -> Matrix<f64> {
    let n_rows = y.rows();
    let n_features: usize = features.iter().map(|x| x.cols()).sum();
    let mut all = Matrix::zeros(n_rows, n_features);
    for i in 0..n_rows {
        let mut at = 0;
        for x in features {
            all.row_mut(i)[at..at + x.cols()].copy_from_slice(x.row(i));
            at += x.cols();
        }
    }
    // The columns of L in X X' = L L' span what those of X span, and are fewer where
    // there are more features than rows.
    let columns = if n_features <= n_rows {
        all
    } else {
        let gram = product(all.view(), Op::Plain, all.view(), Op::Transposed);
        pivoted_cholesky(&gram).0
    };
    let gram = product(columns.view(), Op::Transposed, columns.view(), Op::Plain);
    let (lower, chosen) = pivoted_cholesky(&gram);
    let basis = Matrix::from_fn(n_rows, chosen.len(), |i, k| columns.row(i)[chosen[k]]);
    let mut rest = y.clone();
    // The second round removes what rounding left in the first.
    for _ in 0..2 {
        let mut weights = product(basis.view(), Op::Transposed, rest.view(), Op::Plain);
        solve(&lower, &chosen, &mut weights);
        let explained = product(basis.view(), Op::Plain, weights.view(), Op::Plain);
        rest = difference(&rest, &explained);
    }
    rest
}

/// L (n x rank) with S = L L' for a symmetric S without negative eigenvalues, and the
/// rows of S in the order in which they were chosen: each the one that the chosen
/// explain least. In that order the rows of L are a lower triangle.
fn pivoted_cholesky(s: &Matrix<f64>) -> (Matrix<f64>, Vec<usize>) {
    let n = s.rows();
    let mut lower = Matrix::zeros(n, n);
    let mut left: Vec<f64> = (0..n).map(|i| s.row(i)[i]).collect();
    let largest = left.iter().copied().fold(0.0, f64::max);
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < n {
        let pivot = (1..n).fold(0, |best, i| if left[i] > left[best] { i } else { best });
        if left[pivot] <= RANK_TOLERANCE * largest {
            break;
        }
        let k = chosen.len();
        let root = left[pivot].sqrt();
        let row: Vec<f64> = lower.row(pivot)[..k].to_vec();
        for i in 0..n {
            let value = if i == pivot {
                root
            } else if left[i] == f64::NEG_INFINITY {
                0.0
            } else {
                let sum: f64 = lower.row(i)[..k].iter().zip(&row).map(|(a, b)| a * b).sum();
                (s.row(i)[pivot] - sum) / root
            };
            lower.row_mut(i)[k] = value;
            left[i] -= value * value;
        }
        left[pivot] = f64::NEG_INFINITY;
        chosen.push(pivot);
    }
    let rank = chosen.len();
    (Matrix::from_fn(n, rank, |i, k| lower.row(i)[k]), chosen)
}

/// Solves S[chosen, chosen] X = B in place; B has a row per chosen one.
fn solve(lower: &Matrix<f64>, chosen: &[usize], b: &mut Matrix<f64>) {
    for c in 0..b.cols() {
        for i in 0..chosen.len() {
            let row = lower.row(chosen[i]);
            let sum: f64 = (0..i).map(|k| row[k] * b.row(k)[c]).sum();
            b.row_mut(i)[c] = (b.row(i)[c] - sum) / row[i];
        }
        for i in (0..chosen.len()).rev() {
            let sum: f64 = (i + 1..chosen.len()).map(|k| lower.row(chosen[k])[i] * b.row(k)[c]).sum();
            b.row_mut(i)[c] = (b.row(i)[c] - sum) / lower.row(chosen[i])[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Labels, Modality};
    use crate::num::{Draws, Purpose};

    /// Labels are the sign of a + b; noise features are independent of them.
    fn data(n: usize, n_noise: usize) -> Dataset {
        let mut draws = Draws::new(5, Purpose::new("phase predict test"), 0);
        let (mut a, mut b, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let (x, y) = (draws.normal(), draws.normal());
            labels.push(i64::from(2.0 * x + y > 0.0));
            a.push(x);
            a.extend((0..n_noise).map(|_| draws.normal()));
            b.extend([y, 3.0 * y]);
        }
        let a = Modality::new("a", Matrix::from_vec(n, 1 + n_noise, a));
        let b = Modality::new("b", Matrix::from_vec(n, 2, b));
        Dataset::new("d", vec![b, a], Labels::from_integers(&labels), None, None).unwrap()
    }

    #[test]
    fn the_stronger_is_first_and_redundant_features_do_not_matter() {
        let data = data(2_000, 3);
        let rows: Vec<u32> = (0..2_000).collect();
        let all = predict(&data, &rows, true);
        let pair = &all.pairs[0];
        assert_eq!((pair.first, pair.second, all.order[0]), (1, 0, (1, 1.0)));
        assert_eq!(all.order[1].0, 0);
        assert!((all.order[1].1 / pair.time_ratio - 1.0).abs() < 1e-9);
        assert!(pair.left > 0.9 && pair.left < 1.1, "{pair:?}");
        assert!(0.4 < pair.explained_by_first && pair.explained_by_first < pair.explained_by_both);
        // Independent modalities: nearly 1 + (s_A - s_B) / s_B.
        let expected = all.drives[1] / all.drives[0];
        assert!((pair.time_ratio / expected - 1.0).abs() < 0.1, "{pair:?} {expected}");
    }

    #[test]
    fn more_features_than_rows_leave_nothing() {
        let data = data(60, 80);
        let rows: Vec<u32> = (0..60).collect();
        let pair = predict(&data, &rows, false).pairs[0].clone();
        assert_eq!(pair.first, 1);
        assert_eq!(pair.time_ratio, f64::INFINITY);
        assert!((pair.explained_by_first - 1.0).abs() < 1e-9, "{pair:?}");
    }
}
