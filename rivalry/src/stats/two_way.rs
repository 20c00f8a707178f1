//! Where the spread of a mean over seeds and samples comes from: the two-way
//! layout with random seeds (rows) and random units of samples (columns).
//!
//! Model: value = mean + seed effect + unit effect + rest. With S seeds and N
//! units the mean has variance a/S + b/N + r/(SN). The mean squares between
//! seeds and between units each hold the rest once, so their sum holds it once
//! too often (resampling both at once holds it three times: Owen, "The
//! pigeonhole bootstrap", Annals of Applied Statistics 1, 2007).

use super::kinds::Kinds;
use super::units::Units;
use crate::num::{Matrix, sums};

/// One stratum of the layout.
#[derive(Debug)]
pub(super) struct Stratum {
    /// For each unit: the sum over its samples of (mean over seeds minus the
    /// stratum's mean).
    pub(super) deviations: Vec<f64>,
    /// For each unit: its number of samples.
    pub(super) sizes: Vec<f64>,
    /// The stratum's part of all samples.
    pub(super) share: f64,
    /// The units by kind, where few kinds make resampling them cheaper.
    pub(super) kinds: Option<Kinds>,
}

impl Stratum {
    /// Makes the spread of a resample as large as the unbiased variance: n /
    /// (n - 1) for n units, zero for one unit, which has no spread to show.
    pub(super) fn correction(&self) -> f64 {
        correction(self.deviations.len())
    }
}

/// The decomposition.
#[derive(Debug)]
pub(super) struct TwoWay {
    /// The mean over all cells.
    pub(super) mean: f64,
    /// For each seed: its mean minus the mean.
    pub(super) seed_deviations: Vec<f64>,
    pub(super) strata: Vec<Stratum>,
    /// Variance of the mean from seeds, rest included.
    pub(super) from_seeds: f64,
    /// Variance of the mean from units, rest included.
    pub(super) from_units: f64,
    /// Estimated variance of the mean: with each component at least zero.
    pub(super) variance: f64,
    /// Satterthwaite's degrees of freedom of that variance.
    pub(super) df: f64,
}

impl TwoWay {
    /// Decomposes `values` (seeds x samples). `None` without a cell.
    ///
    /// # Panics
    /// When a value is not finite.
    pub(super) fn new(values: &Matrix<f64>, units: &Units) -> Option<Self> {
        let (n_seeds, n) = (values.rows(), values.cols());
        if n_seeds == 0 || n == 0 {
            return None;
        }
        assert!(values.as_slice().iter().all(|v| v.is_finite()), "a value is not finite");
        let seed_means: Vec<f64> = (0..n_seeds).map(|s| sums::mean(values.row(s))).collect();
        let mean = sums::mean(&seed_means);
        let mut over_seeds = vec![0.0; n];
        for s in 0..n_seeds {
            for (total, v) in over_seeds.iter_mut().zip(values.row(s)) {
                *total += v;
            }
        }
        for v in &mut over_seeds {
            *v /= n_seeds as f64;
        }

        let strata = stratum_deviations(&over_seeds, units);
        let square_sum = |strata: &[Stratum], other: Option<&[Stratum]>| -> f64 {
            let of = |(h, stratum): (usize, &Stratum)| {
                let rest = |u: usize| stratum.deviations[u] - other.map_or(0.0, |o| o[h].deviations[u]);
                stratum.correction() * sums::sum_by(stratum.deviations.len(), |u| rest(u) * rest(u))
            };
            strata.iter().enumerate().map(of).sum::<f64>() / (n * n) as f64
        };
        let from_units = square_sum(&strata, None);
        let seed_deviations: Vec<f64> = seed_means.iter().map(|m| m - mean).collect();
        let (mut from_seeds, mut from_rest) = (0.0, 0.0);
        if n_seeds > 1 {
            let pairs = (n_seeds * (n_seeds - 1)) as f64;
            from_seeds = sums::sum_by(n_seeds, |s| seed_deviations[s] * seed_deviations[s]) / pairs;
            let rest = |s| square_sum(&stratum_deviations(values.row(s), units), Some(&strata));
            from_rest = (0..n_seeds).map(rest).sum::<f64>() / pairs;
        }
        let largest = values.as_slice().iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let keep = |v: f64| if is_nothing(v, largest) { 0.0 } else { v };
        let [from_seeds, from_units, from_rest] = [from_seeds, from_units, from_rest].map(keep);
        let variance = from_seeds.max(from_rest) + from_units.max(from_rest) - from_rest;
        let df = degrees_of_freedom(variance, [from_seeds, from_units, from_rest], n_seeds - 1, units.df());
        Some(Self { mean, seed_deviations, strata, from_seeds, from_units, variance, df })
    }

    /// Efron's acceleration of the mean of so many samples.
    pub(super) fn acceleration(&self, n_samples: usize) -> f64 {
        let n_seeds = self.seed_deviations.len() as f64;
        let of_seeds = self.seed_deviations.iter().map(|d| d / n_seeds);
        let of_units = self.strata.iter().flat_map(|s| &s.deviations).map(|d| d / n_samples as f64);
        acceleration(of_seeds.chain(of_units))
    }

    /// Sorts the units by kind, before many resamples.
    pub(super) fn sort_kinds(&mut self) {
        for stratum in &mut self.strata {
            stratum.kinds = Kinds::new(&stratum.deviations, &stratum.sizes);
        }
    }
}

/// The layout of one seed and single samples, which needs no laying out: the same
/// numbers in two passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    pub(super) mean: f64,
    pub(super) variance: f64,
    pub(super) df: f64,
    pub(super) acceleration: f64,
}

impl Plain {
    /// `None` for more than one seed, for groups or strata, and without samples.
    ///
    /// # Panics
    /// When a value is not finite.
    pub(super) fn new(values: &Matrix<f64>, groups: Option<&[u32]>, strata: Option<&[u32]>) -> Option<Self> {
        if values.rows() != 1 || values.cols() == 0 || groups.is_some() || strata.is_some() {
            return None;
        }
        Some(Self::of(values.row(0)))
    }

    /// Of the samples of one seed, at least one.
    pub(super) fn of(row: &[f64]) -> Self {
        assert!(row.iter().all(|v| v.is_finite()), "a value is not finite");
        let n = row.len();
        let mean = sums::mean(row);
        let square = |i: usize| (row[i] - mean) * (row[i] - mean);
        let largest = row.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let variance = correction(n) * sums::sum_by(n, square) / (n * n) as f64;
        let variance = if is_nothing(variance, largest) { 0.0 } else { variance };
        let influences = row.iter().map(|v| (v - mean) / n as f64);
        Self { mean, variance, df: (n - 1) as f64, acceleration: acceleration(influences) }
    }
}

/// Efron's acceleration of a sum from its influence values.
pub(super) fn acceleration(influences: impl Iterator<Item = f64>) -> f64 {
    let (mut second, mut third) = (0.0, 0.0);
    for influence in influences {
        second += influence * influence;
        third += influence * influence * influence;
    }
    if second > 0.0 { third / (6.0 * second * second.sqrt()) } else { 0.0 }
}

/// Spread that is only rounding of values up to `largest`.
fn is_nothing(variance: f64, largest: f64) -> bool {
    variance <= (1e-14 * largest) * (1e-14 * largest)
}

/// The strata's sums and deviations for one value per sample.
fn stratum_deviations(values: &[f64], units: &Units) -> Vec<Stratum> {
    let of = |range: &std::ops::Range<usize>| {
        let totals: Vec<f64> =
            range.clone().map(|u| units.samples(u).iter().map(|i| values[*i as usize]).sum()).collect();
        let sizes: Vec<f64> = range.clone().map(|u| units.samples(u).len() as f64).collect();
        let size = sums::sum(&sizes);
        let mean = sums::sum(&totals) / size;
        let deviations = totals.iter().zip(&sizes).map(|(t, k)| t - k * mean).collect();
        Stratum { deviations, sizes, share: size / values.len() as f64, kinds: None }
    };
    units.strata().iter().map(of).collect()
}

/// Satterthwaite's approximation for a sum of mean squares, not below the
/// smaller of the two margins' own degrees of freedom.
fn degrees_of_freedom(variance: f64, parts: [f64; 3], seeds: usize, units: usize) -> f64 {
    let (seeds, units) = (seeds as f64, units as f64);
    let per = |part: f64, df: f64| if df > 0.0 { part * part / df } else { 0.0 };
    let spread = per(parts[0], seeds) + per(parts[1], units) + per(parts[2], seeds * units);
    let least = if seeds > 0.0 && units > 0.0 { seeds.min(units) } else { seeds.max(units) };
    if spread > 0.0 { (variance * variance / spread).max(least) } else { least }
}

/// n / (n - 1), and 0 for one.
pub(super) fn correction(n: usize) -> f64 {
    if n > 1 { n as f64 / (n - 1) as f64 } else { 0.0 }
}
