//! k-means and principal components, for metrics that need symbols or clusters.
//! Nothing here knows labels or modalities.

use crate::num::{Draws, Matrix, MatrixView, Op, Purpose, Scalar, product, sums};

const CENTRES: Purpose = Purpose::new("k-means centres");
const DIRECTIONS: Purpose = Purpose::new("principal directions");
/// Lloyd steps at most; they end as soon as no row changes its cluster.
const MAX_STEPS: usize = 100;
/// Starts, of which the one with the smallest sum of squares is kept.
const STARTS: usize = 4;
/// Steps of the subspace iteration.
const POWER_STEPS: usize = 30;

/// Clusters of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The centres, at most as many as asked for.
    pub centres: Matrix<f64>,
    /// The cluster of every row.
    pub of: Vec<usize>,
    /// Sum of squared distances of the rows to their centres.
    pub within: f64,
}

/// k-means by Lloyd's steps from k-means++ centres (Arthur, Vassilvitskii, 2007), the best of
/// four starts; a cluster that loses all rows keeps its centre. `None` of no rows or
/// no clusters.
pub fn k_means(rows: MatrixView<'_, f64>, n_clusters: usize, seed: u64) -> Option<Clusters> {
    let starts = (0..STARTS).map(|start| lloyd(rows, n_clusters, seed, start as u32));
    starts.flatten().reduce(|best, next| if next.within < best.within { next } else { best })
}

fn lloyd(rows: MatrixView<'_, f64>, n_clusters: usize, seed: u64, start: u32) -> Option<Clusters> {
    let mut centres = first_centres(rows, n_clusters, seed, start)?;
    let mut of = vec![usize::MAX; rows.rows()];
    for _ in 0..MAX_STEPS {
        let next = assign(rows, centres.view());
        if next == of {
            break;
        }
        of = next;
        let mut totals = Matrix::<f64>::zeros(centres.rows(), centres.cols());
        let mut counts = vec![0.0; centres.rows()];
        for (r, cluster) in of.iter().enumerate() {
            counts[*cluster] += 1.0;
            totals.row_mut(*cluster).iter_mut().zip(rows.row(r)).for_each(|(t, x)| *t += x);
        }
        for (cluster, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0.0) {
            let total = totals.row(cluster);
            centres.row_mut(cluster).iter_mut().zip(total).for_each(|(c, t)| *c = t / n);
        }
    }
    let within = sums::sum_by(of.len(), |r| squared_distance(rows.row(r), centres.row(of[r])));
    Some(Clusters { centres, of, within })
}

/// k-means++: a row at random, then rows with probability as their squared distance to
/// the nearest centre; fewer centres where no row is apart from them.
fn first_centres(rows: MatrixView<'_, f64>, n_clusters: usize, seed: u64, start: u32) -> Option<Matrix<f64>> {
    let n = rows.rows();
    if n == 0 || n_clusters == 0 {
        return None;
    }
    let mut draws = Draws::new(seed, CENTRES, start);
    let mut chosen = vec![draws.below(n)];
    let mut nearest = vec![f64::INFINITY; n];
    while chosen.len() < n_clusters {
        let newest = rows.row(chosen[chosen.len() - 1]);
        for (r, distance) in nearest.iter_mut().enumerate() {
            *distance = distance.min(squared_distance(rows.row(r), newest));
        }
        let total = sums::sum(&nearest);
        if total.is_nan() || total <= 0.0 || total.is_infinite() {
            break;
        }
        let mut left = draws.uniform() * total;
        let passed = |distance: &f64| {
            left -= distance;
            left < 0.0
        };
        let last = (0..n).rev().find(|r| nearest[*r] > 0.0).unwrap_or(0);
        chosen.push(nearest.iter().position(passed).unwrap_or(last));
    }
    let width = rows.cols();
    Some(Matrix::from_fn(chosen.len(), width, |c, k| rows.row(chosen[c])[k]))
}

/// The nearest centre of every row; of equals the first.
pub fn assign(rows: MatrixView<'_, f64>, centres: MatrixView<'_, f64>) -> Vec<usize> {
    let nearest = |r: usize| {
        let distance = |c: &usize| squared_distance(rows.row(r), centres.row(*c));
        (0..centres.rows())
            .map(|c| (c, distance(&c)))
            .fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
    };
    (0..rows.rows()).map(|r| nearest(r).0).collect()
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The least and the largest value of every column of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnEnds(Vec<(f64, f64)>);

impl ColumnEnds {
    /// The ends of these rows.
    pub fn of<T: Scalar>(rows: &Matrix<T>) -> Self {
        let column = |k: usize| (0..rows.rows()).map(move |r| rows.row(r)[k].to_f64());
        let ends = |k: usize| {
            column(k).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        Self((0..rows.cols()).map(ends).collect())
    }

    /// A value of a column moved to -1 (its low end) to 1; 0 in a constant column.
    pub fn scale(&self, column: usize, x: f64) -> f64 {
        let (low, high) = self.0[column];
        if high > low { 2.0 * (x - low) / (high - low) - 1.0 } else { 0.0 }
    }
}

/// Share of rows in the most frequent class of their cluster; 0 of no rows.
pub fn purity(clusters: &[usize], labels: &[u32]) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for pair in clusters.iter().zip(labels) {
        *counts.entry(pair).or_insert(0_usize) += 1;
    }
    let mut largest = std::collections::BTreeMap::new();
    for ((cluster, _), n) in counts {
        let top = largest.entry(cluster).or_insert(0);
        *top = n.max(*top);
    }
    largest.values().sum::<usize>() as f64 / labels.len().max(1) as f64
}

/// Scores of rows on the principal components of `fit`: both centred on its
/// column means, at most `n_components` directions, found by subspace iteration
/// from seeded directions.
pub fn principal_scores(
    fit: MatrixView<'_, f64>,
    rows: MatrixView<'_, f64>,
    n_components: usize,
    seed: u64,
) -> Matrix<f64> {
    let (n, d) = (fit.rows(), fit.cols());
    let n_components = n_components.min(d).min(n);
    let mean = |k: usize| sums::sum_by(n, |r| fit.row(r)[k]) / n.max(1) as f64;
    let means: Vec<f64> = (0..d).map(mean).collect();
    let centred = |of: MatrixView<'_, f64>| Matrix::from_fn(of.rows(), d, |r, k| of.row(r)[k] - means[k]);
    let x = centred(fit);
    let mut draws = Draws::new(seed, DIRECTIONS, 0);
    let mut basis = Matrix::from_fn(n_components, d, |_, _| draws.normal());
    orthonormalise(&mut basis);
    for _ in 0..POWER_STEPS {
        let along = product(x.view(), Op::Plain, basis.view(), Op::Transposed);
        basis = product(along.view(), Op::Transposed, x.view(), Op::Plain);
        orthonormalise(&mut basis);
    }
    product(centred(rows).view(), Op::Plain, basis.view(), Op::Transposed)
}

/// Gram-Schmidt over the rows, twice; a row that depends on those before
/// becomes zero.
fn orthonormalise(basis: &mut Matrix<f64>) {
    for i in 0..basis.rows() {
        let before = basis.row(i).iter().map(|x| x * x).sum::<f64>().sqrt();
        for _ in 0..2 {
            for j in 0..i {
                let other = basis.row(j).to_vec();
                let along: f64 = basis.row(i).iter().zip(&other).map(|(a, b)| a * b).sum();
                basis.row_mut(i).iter_mut().zip(&other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = basis.row(i).iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if length > 1e-10 * before && length > 0.0 { 1.0 / length } else { 0.0 };
        basis.row_mut(i).iter_mut().for_each(|x| *x *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purity_by_hand() {
        assert_eq!(purity(&[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 0]), 4.0 / 6.0);
        assert_eq!(purity(&[2, 2, 5], &[1, 1, 0]), 1.0);
        assert_eq!(purity(&[], &[]), 0.0);
    }

    /// Rows round three corners of a triangle.
    fn three() -> (Matrix<f64>, Vec<usize>) {
        let corners = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
        let mut draws = Draws::new(1, Purpose::new("clusters test"), 0);
        let of: Vec<usize> = (0..60).map(|_| draws.below(3)).collect();
        let rows = Matrix::from_fn(60, 2, |r, k| corners[of[r]][k] + 0.5 * draws.normal());
        (rows, of)
    }

    #[test]
    fn separate_clusters_are_found() {
        let (rows, truth) = three();
        let found = k_means(rows.view(), 3, 7).unwrap();
        for a in 0..60 {
            for b in 0..60 {
                assert_eq!(found.of[a] == found.of[b], truth[a] == truth[b]);
            }
        }
        assert!(found.within < 60.0);
        assert_eq!(assign(rows.view(), found.centres.view()), found.of);
        assert_eq!(k_means(rows.view(), 3, 7), Some(found));
    }

    #[test]
    fn degenerate_rows() {
        let same = Matrix::from_fn(5, 2, |_, _| 1.0);
        let found = k_means(same.view(), 3, 0).unwrap();
        assert_eq!((found.centres.rows(), found.within), (1, 0.0));
        assert!(k_means(Matrix::zeros(0, 2).view(), 3, 0).is_none());
        assert!(k_means(same.view(), 0, 0).is_none());
    }

    #[test]
    fn scores_keep_distances_when_all_directions_are_kept() {
        let (rows, _) = three();
        let scores = principal_scores(rows.view(), rows.view(), 2, 3);
        for r in 1..60 {
            let (a, b) =
                (squared_distance(rows.row(0), rows.row(r)), squared_distance(scores.row(0), scores.row(r)));
            assert!((a - b).abs() < 1e-9 * (1.0 + a));
        }
        // The first has the largest variance, and they are uncorrelated.
        let product: f64 = (0..60).map(|r| scores.row(r)[0] * scores.row(r)[1]).sum();
        let square = |k: usize| (0..60).map(|r| scores.row(r)[k] * scores.row(r)[k]).sum::<f64>();
        assert!(product.abs() < 1e-6 * square(0) && square(0) > square(1));
        assert_eq!(principal_scores(rows.view(), rows.view(), 9, 3).cols(), 2);
    }
}
