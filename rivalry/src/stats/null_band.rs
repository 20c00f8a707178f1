//! What the largest of many changes are when nothing changed at all.
//!
//! With 400 classes of 50 samples and no effect the ten worst classes still
//! drop by 10 to 18 points on average: they were chosen for it. The band says
//! by how much, from the data themselves: were the two models equal, swapping
//! them within a sample (or within a group as a whole) would change nothing, so
//! signs of the differences are as good as random (Nichols and Holmes, Human
//! Brain Mapping 15, 2002, for images; the same argument for classes).

use super::estimate::{Interval, check_level};
use crate::num::{Draws, Purpose, parallel, sums};

const FLIPS: Purpose = Purpose::new("null band");
/// Replicates per piece of parallel work.
const CHUNK: usize = 64;

/// The paired differences of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDifferences {
    /// Number of samples.
    pub size: usize,
    /// For every sample or group with any difference: its sum of differences.
    pub units: Vec<f64>,
}

/// A sorted quantity under no effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Its mean.
    pub mean: f64,
    /// Between which values it lies with the level asked for.
    pub range: Interval,
}

/// The band, for one set of classes.
#[derive(Clone, Debug, PartialEq)]
pub struct NullBand {
    /// The change at each rank, from the worst class to the best.
    pub ranks: Vec<Expected>,
    /// The mean of the worst classes, as many as were asked for.
    pub worst: Expected,
    /// The mean of the best classes, as many as were asked for.
    pub best: Expected,
    /// How often the mean of the worst is at most the observed one, the
    /// observed one counted in.
    pub p_worst: f64,
    /// How often the mean of the best is at least the observed one.
    pub p_best: f64,
}

/// The band from random swaps. `top` classes are averaged at either end.
///
/// `None` without classes, or when `top` is zero or more than there are.
///
/// # Panics
/// When `level` is not in (0, 1), or a class has no sample.
pub fn null_band(
    classes: &[ClassDifferences],
    top: usize,
    replicates: usize,
    level: f64,
    seed: u64,
    threads: usize,
) -> Option<NullBand> {
    check_level(level);
    let n = classes.len();
    if n == 0 || top == 0 || top > n || replicates == 0 {
        return None;
    }
    assert!(classes.iter().all(|class| class.size > 0), "a class without samples has no change");
    let kinds: Vec<Vec<(f64, u64)>> = classes.iter().map(|class| by_size(&class.units)).collect();
    let chunks: Vec<usize> = (0..replicates.div_ceil(CHUNK)).collect();
    let drawn = parallel::map(threads, &chunks, |_, chunk| {
        (chunk * CHUNK..replicates.min((chunk + 1) * CHUNK))
            .map(|replicate| {
                let mut draws = Draws::new(seed, FLIPS, replicate as u32);
                let mut changes: Vec<f64> = kinds
                    .iter()
                    .zip(classes)
                    .map(|(kinds, class)| flipped(kinds, &mut draws) / class.size as f64)
                    .collect();
                changes.sort_unstable_by(f64::total_cmp);
                changes
            })
            .collect::<Vec<_>>()
    });
    let drawn: Vec<Vec<f64>> = drawn.into_iter().flatten().collect();
    let mut observed: Vec<f64> =
        classes.iter().map(|class| sums::sum(&class.units) / class.size as f64).collect();
    observed.sort_by(f64::total_cmp);
    let worst_of = |changes: &Vec<f64>| sums::mean(&changes[..top]);
    let best_of = |changes: &Vec<f64>| sums::mean(&changes[n - top..]);
    let worst: Vec<f64> = drawn.iter().map(worst_of).collect();
    let best: Vec<f64> = drawn.iter().map(best_of).collect();
    // Sums of the same differences in another order differ in their last digits.
    let (low, high) = (worst_of(&observed) + 1e-12, best_of(&observed) - 1e-12);
    let share = |count: usize| (1 + count) as f64 / (1 + replicates) as f64;
    Some(NullBand {
        p_worst: share(worst.iter().filter(|w| **w <= low).count()),
        p_best: share(best.iter().filter(|b| **b >= high).count()),
        ranks: parallel::map(threads, &(0..n).collect::<Vec<usize>>(), |_, rank| {
            expected(drawn.iter().map(|changes| changes[*rank]).collect(), level)
        }),
        worst: expected(worst, level),
        best: expected(best, level),
    })
}

/// Differences by absolute value, and how many there are of each.
fn by_size(units: &[f64]) -> Vec<(f64, u64)> {
    let mut sizes: Vec<f64> = units.iter().map(|u| u.abs()).filter(|u| *u > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let mut kinds: Vec<(f64, u64)> = Vec::new();
    for size in sizes {
        match kinds.last_mut() {
            Some((last, count)) if *last == size => *count += 1,
            _ => kinds.push((size, 1)),
        }
    }
    kinds
}

/// The sum of the differences with random signs.
fn flipped(kinds: &[(f64, u64)], draws: &mut Draws) -> f64 {
    let mut total = 0.0;
    for (size, count) in kinds {
        let mut positive = 0;
        let mut left = *count;
        while left > 0 {
            let some = left.min(64);
            positive += u64::from((draws.bits() >> (64 - some)).count_ones());
            left -= some;
        }
        total += size * (2.0 * positive as f64 - *count as f64);
    }
    total
}

fn expected(mut values: Vec<f64>, level: f64) -> Expected {
    let last = values.len() - 1;
    let mean = sums::mean(&values);
    // As many replicates lie below the one end as above the other.
    let out = (((1.0 - level) / 2.0 * values.len() as f64) as usize).min(last);
    let (low, high) = (out.min(last - out), out.max(last - out));
    let (_, low_value, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let low_value = *low_value;
    let high_value =
        if high > low { *above.select_nth_unstable_by(high - low - 1, f64::total_cmp).1 } else { low_value };
    Expected { mean, range: Interval::new(low_value, high_value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes whose two models disagree on a share of samples, either being
    /// right as often.
    fn no_effect(n_classes: usize, size: usize, discordance: f64, seed: u64) -> Vec<ClassDifferences> {
        let mut draws = Draws::new(seed, Purpose::new("null band test"), 0);
        (0..n_classes)
            .map(|_| {
                let one =
                    |_| draws.bernoulli(discordance).then(|| if draws.bernoulli(0.5) { 1.0 } else { -1.0 });
                ClassDifferences { size, units: (0..size).filter_map(one).collect() }
            })
            .collect()
    }

    #[test]
    fn ten_worst_of_four_hundred_classes() {
        // Published for 400 classes x 50 samples: -10.4, -14.7, -17.9 points at
        // 10, 20, 30 % discordance.
        for (discordance, mean) in [(0.1, -0.104), (0.2, -0.147), (0.3, -0.179)] {
            let classes = no_effect(400, 50, discordance, 3);
            let band = null_band(&classes, 10, 1_000, 0.95, 1, 2).unwrap();
            assert!((band.worst.mean - mean).abs() < 0.006, "{discordance}: {:?}", band.worst);
            assert!((band.best.mean + mean).abs() < 0.006, "{discordance}: {:?}", band.best);
            assert!(band.worst.range.low < mean && mean < band.worst.range.high, "{:?}", band.worst);
            assert_eq!(band.ranks.len(), 400);
            assert!(band.ranks.windows(2).all(|pair| pair[0].mean <= pair[1].mean));
        }
    }

    #[test]
    fn p_values_are_uniform_without_an_effect_and_small_with_one() {
        let p_values: Vec<f64> = (0..200)
            .map(|seed| {
                null_band(&no_effect(30, 40, 0.2, 100 + seed), 5, 199, 0.95, seed, 1).unwrap().p_worst
            })
            .collect();
        let below = p_values.iter().filter(|p| **p <= 0.05).count();
        // Binomial(200, 0.05) exceeds 20 once in a thousand.
        assert!(below <= 20, "{below}");
        assert!((sums::mean(&p_values) - 0.5).abs() < 0.09, "{}", sums::mean(&p_values));

        let mut harmed = no_effect(30, 40, 0.2, 1);
        harmed[3].units = vec![-1.0; 20];
        harmed[9].units = vec![-1.0; 18];
        let band = null_band(&harmed, 2, 999, 0.95, 0, 1).unwrap();
        assert!(band.p_worst < 0.01 && band.p_best > 0.05, "{band:?}");
    }

    #[test]
    fn threads_change_nothing_and_nothing_is_nothing() {
        let classes = no_effect(20, 30, 0.3, 5);
        let one = null_band(&classes, 3, 300, 0.9, 2, 1);
        assert_eq!(one, null_band(&classes, 3, 300, 0.9, 2, 3));
        assert!(null_band(&[], 1, 10, 0.9, 0, 1).is_none());
        assert!(null_band(&classes, 21, 10, 0.9, 0, 1).is_none());
        let still = vec![ClassDifferences { size: 4, units: vec![] }; 3];
        let band = null_band(&still, 1, 50, 0.95, 0, 1).unwrap();
        assert_eq!((band.worst.mean, band.worst.range.low, band.p_worst), (0.0, 0.0, 1.0));
    }
}
