//! Means over seeds and samples, where every seed was measured on the same
//! samples: the workhorse behind accuracies and differences of accuracies.
//!
//! The intervals speak about new seeds and new samples at once. They never
//! count a seed as a new sample: ten seeds on 40 samples remain 40 samples.

use super::bootstrap::{Bootstrap, replicate};
use super::distributions::student_t_quantile;
use super::estimate::{Estimate, Interval, check_level};
use super::exact::Exact;
use super::intervals::wilson_ends;
use super::replicates::{Law, Replicates};
use super::two_way::{Plain, TwoWay, correction};
use super::units::{Units, draw_with_replacement};
use crate::num::special::{ln, normal_quantile, powf};
use crate::num::{Draws, Matrix, Purpose};

const CROSSED: Purpose = Purpose::new("crossed bootstrap");

/// The mean of `values` (seeds x samples: scores, or paired differences, of
/// every seed on the same samples) with a bootstrap interval over seeds and
/// samples.
///
/// `groups` (one number per sample) are resampled as wholes, `strata` keep
/// their sizes, as in [`super::bootstrap()`]. One seed: the spread over seeds
/// is unknown, not in the interval, and `method` says so; one unit of samples
/// likewise. Where nothing varies there is no interval, unless `range` says
/// between which bounds all values lie (0 and 1 for accuracies, -1 and 1 for
/// their differences): then it is the share of unseen samples that could differ
/// (Clopper-Pearson for none out of so many units) times the bound.
///
/// Each replicate resamples seeds and units and adds the two deviations. Three
/// corrections make it honest for few seeds: deviations are scaled by sqrt(n /
/// (n - 1)) (Hesterberg, The American Statistician 69, 2015), the sum to the
/// two-way variance (see Owen 2007: resampling both counts the rest thrice),
/// and each replicate is divided by sqrt(chi^2 / df), Satterthwaite's df, so
/// that replicates follow Student's t where the normal is too narrow.
///
/// Of one seed, single samples and values that are whole steps apart (right and
/// wrong, their paired differences) the distribution of such replicates is
/// computed and none are drawn: the limit of infinitely many.
///
/// How often a nominal 95 % covers is measured in `docs/statistics.md`.
///
/// `None` without seeds or samples.
///
/// # Panics
/// When a value is not finite or outside `range`, or `groups` or `strata` is
/// not one per sample.
///
/// # Examples
/// ```
/// use rivalry::num::Matrix;
/// use rivalry::stats::{Bootstrap, crossed};
/// // Two seeds, five samples: right now minus right before.
/// let change = Matrix::from_vec(2, 5, vec![0., -1., 0., -1., 0., 0., -1., 1., -1., 0.]);
/// let drop = crossed(&change, None, None, Some((-1.0, 1.0)), &Bootstrap::default()).unwrap();
/// assert!((drop.value + 0.3).abs() < 1e-12);
/// assert!(!drop.excludes_zero());
/// ```
pub fn crossed(
    values: &Matrix<f64>,
    groups: Option<&[u32]>,
    strata: Option<&[u32]>,
    range: Option<(f64, f64)>,
    how: &Bootstrap,
) -> Option<Estimate> {
    Some(crossed_replicates(values, groups, strata, range, how)?.estimate(how.ends, how.level))
}

/// As [`crossed`], with the replicates themselves, from which
/// [`Replicates::practical`] gives the probabilities of worse, same and better.
///
/// # Panics
/// As [`crossed`].
pub fn crossed_replicates(
    values: &Matrix<f64>,
    groups: Option<&[u32]>,
    strata: Option<&[u32]>,
    range: Option<(f64, f64)>,
    how: &Bootstrap,
) -> Option<Replicates> {
    check_level(how.level);
    if let Some((low, high)) = range {
        let inside = values.as_slice().iter().all(|v| (low..=high).contains(v));
        assert!(inside, "a value lies outside the stated range {low} to {high}");
    }
    let n = values.cols();
    let one_seed = |plain: Plain, resampled: String, law: Law| Replicates {
        value: plain.mean,
        law,
        acceleration: plain.acceleration,
        n_samples: n,
        resampled,
        obstacle: None,
        fallback: None,
    };
    if let Some(plain) = Plain::new(values, groups, strata)
        && let Some(exact) = Exact::new(values.row(0), plain.df)
    {
        let law = Law::Exact(Box::new(exact), plain.variance.sqrt());
        return Some(one_seed(plain, one_seed_of(&format!("{n} samples")), law));
    }
    let units = Units::new(n, groups, strata);
    let mut layout = TwoWay::new(values, &units)?;
    let resampled = describe(values.rows(), &units);
    let mut replicates = Replicates {
        value: layout.mean,
        law: Law::Drawn { sorted: Vec::new(), undefined: 0 },
        acceleration: layout.acceleration(n),
        n_samples: n,
        resampled,
        obstacle: None,
        fallback: None,
    };
    if layout.variance == 0.0 {
        replicates.obstacle = Some(format!("nothing varies in {}", replicates.resampled));
        replicates.fallback = range.map(|range| equal_values(layout.mean, range, units.len(), how.level));
        return Some(replicates);
    }
    // Groups of one sample are no groups, and one stratum is none.
    let is_plain = values.rows() == 1 && layout.strata.len() == 1 && units.len() == n;
    if let Some(exact) = is_plain.then(|| Exact::new(values.row(0), layout.df)).flatten() {
        let plain = Plain::of(values.row(0));
        let law = Law::Exact(Box::new(exact), plain.variance.sqrt());
        return Some(one_seed(plain, replicates.resampled, law));
    }
    layout.sort_kinds();
    let one = |draws: &mut Draws, (): &mut ()| layout.mean + deviation(&layout, draws);
    let (sorted, undefined) = replicate(how.replicates, how, CROSSED, one);
    replicates.law = Law::Drawn { sorted, undefined };
    Some(replicates)
}

/// The mean of right (1) and wrong (0) over seeds and samples with Wilson's
/// interval for the effective number of samples: p (1 - p) / variance with the
/// two-way variance of [`crossed`], lowered for few seeds by Student's t, and
/// never more than the samples themselves, however many the seeds. When nothing
/// varies it is the number of units.
///
/// For one seed and no groups this is Wilson's interval, a little wider.
/// Unlike the bootstrap's it lies within 0 and 1 and has a width at both.
///
/// Source of the effective number: Korn and Graubard, "Confidence intervals for
/// proportions with small expected number of positive counts estimated from
/// survey data", Survey Methodology 24, 1998.
///
/// `None` without seeds or samples.
///
/// # Panics
/// When a value is not in [0, 1], `groups` or `strata` is not one per sample,
/// or `level` is not in (0, 1).
pub fn crossed_share(
    values: &Matrix<f64>,
    groups: Option<&[u32]>,
    strata: Option<&[u32]>,
    level: f64,
) -> Option<Estimate> {
    check_level(level);
    let inside = values.as_slice().iter().all(|v| (0.0..=1.0).contains(v));
    assert!(inside, "a share is a mean of values between 0 and 1");
    let n = values.cols();
    let (mean, variance, df, n_units, resampled) = if let Some(plain) = Plain::new(values, groups, strata) {
        (plain.mean, plain.variance, plain.df, n, one_seed_of(&format!("{n} samples")))
    } else {
        let units = Units::new(n, groups, strata);
        let layout = TwoWay::new(values, &units)?;
        (layout.mean, layout.variance, layout.df, units.len(), describe(values.rows(), &units))
    };
    let share = mean.clamp(0.0, 1.0);
    let spread = share * (1.0 - share);
    let effective = if variance > 0.0 && spread > 0.0 {
        let tail = (1.0 - level) / 2.0;
        let ratio = normal_quantile(tail) / student_t_quantile(tail, df);
        (spread / variance * ratio * ratio).min(n as f64)
    } else {
        n_units as f64
    };
    let interval = wilson_ends(share, effective, level);
    let method = format!("Wilson, {effective:.1} effective of {resampled}");
    Some(Estimate::new(share, interval, level, n, method))
}

/// One draw of how far the mean of new seeds and new units lies from the mean.
fn deviation(layout: &TwoWay, draws: &mut Draws) -> f64 {
    let n_seeds = layout.seed_deviations.len();
    let mut from_seeds = 0.0;
    if n_seeds > 1 {
        draw_with_replacement(draws, n_seeds, n_seeds, |s| from_seeds += layout.seed_deviations[s]);
        from_seeds *= correction(n_seeds).sqrt() / n_seeds as f64;
    }
    let mut from_units = 0.0;
    for stratum in &layout.strata {
        let n = stratum.deviations.len();
        if n > 1 {
            let (sum, size) = if let Some(kinds) = &stratum.kinds {
                kinds.resample(draws)
            } else {
                let (mut sum, mut size) = (0.0, 0.0);
                draw_with_replacement(draws, n, n, |u| {
                    sum += stratum.deviations[u];
                    size += stratum.sizes[u];
                });
                (sum, size)
            };
            from_units += stratum.share * stratum.correction().sqrt() * sum / size;
        }
    }
    let widen = (layout.df / chi_square(draws, layout.df)).sqrt();
    let resampled = layout.from_seeds + layout.from_units;
    if resampled >= layout.variance {
        return widen * (layout.variance / resampled).sqrt() * (from_seeds + from_units);
    }
    // Seeds and units differ less than their rest explains: the rest, an
    // average of many cells, is drawn as a normal.
    widen * (from_seeds + from_units + (layout.variance - resampled).sqrt() * draws.normal())
}

/// A chi-square draw with `df` degrees of freedom, which need not be whole
/// (Marsaglia and Tsang, "A simple method for generating gamma variables", ACM
/// TOMS 26, 2000).
fn chi_square(draws: &mut Draws, df: f64) -> f64 {
    let shape = df / 2.0;
    // The method needs a shape of at least one; a power of a uniform lowers it.
    let boost = if shape < 1.0 { powf(draws.uniform(), 1.0 / shape) } else { 1.0 };
    let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = draws.normal();
        let v = (1.0 + c * z) * (1.0 + c * z) * (1.0 + c * z);
        if v > 0.0 && ln(draws.uniform()) < 0.5 * z * z + d - d * v + d * ln(v) {
            return 2.0 * d * v * boost;
        }
    }
}

/// How far the mean could move when none of `n_units` differed.
fn equal_values(value: f64, (low, high): (f64, f64), n_units: usize, level: f64) -> (Interval, String) {
    let unseen = 1.0 - powf((1.0 - level) / 2.0, 1.0 / n_units as f64);
    let interval = Interval::new(value - unseen * (value - low), value + unseen * (high - value));
    (interval, format!("nothing varies: Clopper-Pearson bound on what {n_units} units did not show"))
}

/// What is resampled, for an estimate's method.
pub(super) fn describe(n_seeds: usize, units: &Units) -> String {
    let samples = units.describe();
    match (n_seeds, units.len()) {
        (1, _) => one_seed_of(&samples),
        (_, 1) => format!("{n_seeds} seeds x {samples}: the spread over samples is not in it"),
        _ => format!("{n_seeds} seeds x {samples}"),
    }
}

/// Samples of one seed.
pub(super) fn one_seed_of(samples: &str) -> String {
    format!("{samples}, one seed: the spread over seeds is not in it")
}
