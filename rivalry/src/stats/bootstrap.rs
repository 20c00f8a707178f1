//! The bootstrap of any statistic of a set of samples.
//!
//! Paired comparisons come for free: the statistic is given the numbers of the
//! resampled samples and looks up both models at them. Intervals of small
//! samples are too narrow (for a skewed mean of 10 samples a nominal 95 % covers
//! near 87 %); [`super::crossed`] corrects that for means.

use super::replicates::{Ends, Law, Replicates};
use super::units::{Units, draw_with_replacement};
use crate::num::{Draws, Purpose, parallel};

const BOOTSTRAP: Purpose = Purpose::new("bootstrap");
/// Replicates per piece of parallel work.
const CHUNK: usize = 128;
/// At most so many pieces are left out in turn for the acceleration.
const MAX_JACKKNIFE: usize = 1_000;

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Number of replicates.
    pub replicates: usize,
    /// Nominal coverage, between 0 and 1.
    pub level: f64,
    /// How the ends are read off.
    pub ends: Ends,
    /// Seed of the draws.
    pub seed: u64,
    /// Threads to use; the result does not depend on it.
    pub threads: usize,
}

impl Default for Bootstrap {
    /// 4,000 replicates, 95 %, percentile, seed 0, one thread.
    fn default() -> Self {
        Self { replicates: 4_000, level: 0.95, ends: Ends::Percentile, seed: 0, threads: 1 }
    }
}

impl Bootstrap {
    /// 10,000 replicates and `BCa` ends, the rest as by default.
    pub fn bca() -> Self {
        Self { replicates: 10_000, ends: Ends::Bca, ..Self::default() }
    }
}

/// Bootstraps `statistic`, which is given the numbers of the samples in a
/// resample (a sample may occur several times, in any order) and returns NaN
/// where it is undefined.
///
/// `groups` (one number per sample) are resampled as wholes; within `strata`
/// (one number per sample) the number of units is kept. A stratum of one unit
/// contributes no spread. `BCa` takes its acceleration from a jackknife over the
/// units, in at most 1,000 pieces (third moments of sums add up, so pieces of
/// several units estimate the same number).
///
/// `None` when there are no samples or the statistic is undefined on the data.
///
/// # Panics
/// When `groups` or `strata` is not `n` long.
///
/// # Examples
/// ```
/// use rivalry::stats::{Bootstrap, bootstrap};
/// let joint = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0];
/// let alone = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0];
/// let gap = bootstrap(8, None, None, &Bootstrap::bca(), |resample| {
///     let sum: f64 = resample.iter().map(|i| joint[*i as usize] - alone[*i as usize]).sum();
///     sum / resample.len() as f64
/// });
/// assert_eq!(gap.unwrap().value, -0.25);
/// ```
pub fn bootstrap(
    n: usize,
    groups: Option<&[u32]>,
    strata: Option<&[u32]>,
    how: &Bootstrap,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Option<super::Estimate> {
    Some(bootstrap_replicates(n, groups, strata, how, statistic)?.estimate(how.ends, how.level))
}

/// As [`bootstrap`], with the replicates themselves.
///
/// # Panics
/// When `groups` or `strata` is not `n` long.
pub fn bootstrap_replicates(
    n: usize,
    groups: Option<&[u32]>,
    strata: Option<&[u32]>,
    how: &Bootstrap,
    statistic: impl Fn(&[u32]) -> f64 + Sync,
) -> Option<Replicates> {
    let units = Units::new(n, groups, strata);
    let everything: Vec<u32> = (0..n as u32).collect();
    if n == 0 {
        return None;
    }
    let value = statistic(&everything);
    if !value.is_finite() {
        return None;
    }
    let obstacle = (units.df() == 0).then(|| format!("nothing to resample in {}", units.describe()));
    let count = if obstacle.is_some() { 0 } else { how.replicates };
    let (sorted, undefined) = replicate(count, how, BOOTSTRAP, |draws, resample: &mut Vec<u32>| {
        resample.clear();
        for stratum in units.strata() {
            draw_with_replacement(draws, stratum.len(), stratum.len(), |u| {
                resample.extend_from_slice(units.samples(stratum.start + u));
            });
        }
        statistic(resample)
    });
    let acceleration = match how.ends {
        Ends::Bca if count > 0 => jackknife_acceleration(&units, how.threads, &statistic),
        _ => 0.0,
    };
    let resampled = units.describe();
    Some(Replicates {
        value,
        law: Law::Drawn { sorted, undefined },
        acceleration,
        n_samples: n,
        resampled,
        obstacle,
        fallback: None,
    })
}

/// `count` replicates, each from its own stream of draws, ascending, and the
/// number of those that are not finite. Scratch space is kept within a chunk.
pub(super) fn replicate<S: Default>(
    count: usize,
    how: &Bootstrap,
    purpose: Purpose,
    one: impl Fn(&mut Draws, &mut S) -> f64 + Sync,
) -> (Vec<f64>, usize) {
    let chunks: Vec<usize> = (0..count.div_ceil(CHUNK)).collect();
    let parts = parallel::map(how.threads, &chunks, |_, chunk| {
        let mut scratch = S::default();
        (chunk * CHUNK..count.min((chunk + 1) * CHUNK))
            .map(|r| one(&mut Draws::new(how.seed, purpose, r as u32), &mut scratch))
            .collect::<Vec<f64>>()
    });
    let mut sorted: Vec<f64> = parts.into_iter().flatten().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let undefined = count - sorted.len();
    (sorted, undefined)
}

/// Efron's acceleration by leaving out one piece of each stratum in turn
/// (Davison and Hinkley, "Bootstrap methods and their application", 1997,
/// section 5.3.2, for strata). Zero where the statistic does not vary or a
/// leave-one-out value is undefined.
fn jackknife_acceleration(units: &Units, threads: usize, statistic: &(impl Fn(&[u32]) -> f64 + Sync)) -> f64 {
    let (mut third, mut second) = (0.0, 0.0);
    for stratum in units.strata() {
        let share = stratum.len() as f64 / units.len() as f64;
        let n_pieces = stratum.len().min(((MAX_JACKKNIFE as f64 * share) as usize).max(2));
        if n_pieces < 2 {
            continue;
        }
        let pieces: Vec<usize> = (0..n_pieces).collect();
        let without = parallel::map(threads, &pieces, |_, piece| {
            let left_out = |u: usize| stratum.contains(&u) && (u - stratum.start) % n_pieces == *piece;
            let kept: Vec<u32> =
                (0..units.len()).filter(|u| !left_out(*u)).flat_map(|u| units.samples(u).to_vec()).collect();
            statistic(&kept)
        });
        if without.iter().any(|v| !v.is_finite()) {
            return 0.0;
        }
        let n = n_pieces as f64;
        let mean = crate::num::sums::mean(&without);
        for v in &without {
            let influence = (n - 1.0) / n * (mean - v);
            second += influence * influence;
            third += influence * influence * influence;
        }
    }
    if second > 0.0 { third / (6.0 * second * second.sqrt()) } else { 0.0 }
}
