//! What is resampled: single samples, or groups (patients, speakers, videos) as
//! wholes, all together or within strata.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::num::Draws;

/// The units of a set of samples, ordered so that a stratum is a range.
#[derive(Debug)]
pub(super) struct Units {
    /// Unit u holds `samples[starts[u]..starts[u + 1]]`.
    starts: Vec<usize>,
    samples: Vec<u32>,
    strata: Vec<Range<usize>>,
    grouped: bool,
    n_strata_asked: usize,
}

impl Units {
    /// The units of `n` samples; `groups` and `strata` hold one number per
    /// sample. A group whose samples lie in several strata cannot be resampled
    /// within one: then all strata are dropped, and [`Units::describe`] says so.
    ///
    /// # Panics
    /// When `groups` or `strata` is not `n` long.
    pub(super) fn new(n: usize, groups: Option<&[u32]>, strata: Option<&[u32]>) -> Self {
        if groups.is_none() && strata.is_none() {
            let whole = 0..n;
            return Self {
                starts: (0..=n).collect(),
                samples: (0..n as u32).collect(),
                strata: if n > 0 { vec![whole] } else { Vec::new() },
                grouped: false,
                n_strata_asked: 0,
            };
        }
        let stratum_of = |i: u32| strata.map_or(0, |s| s[i as usize]);
        let mut members: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
        if let Some(strata) = strata {
            assert_eq!(strata.len(), n, "one stratum per sample");
        }
        let n_strata_asked = {
            let mut seen: Vec<u32> = strata.map_or_else(Vec::new, <[u32]>::to_vec);
            seen.sort_unstable();
            seen.dedup();
            seen.len()
        };
        if let Some(groups) = groups {
            assert_eq!(groups.len(), n, "one group per sample");
            let mut home: BTreeMap<u32, u32> = BTreeMap::new();
            let crossed = (0..n as u32)
                .any(|i| *home.entry(groups[i as usize]).or_insert_with(|| stratum_of(i)) != stratum_of(i));
            for i in 0..n as u32 {
                let stratum = if crossed { 0 } else { stratum_of(i) };
                members.entry((stratum, groups[i as usize])).or_default().push(i);
            }
        } else {
            for i in 0..n as u32 {
                members.insert((stratum_of(i), i), vec![i]);
            }
        }
        let mut units = Self {
            starts: vec![0],
            samples: Vec::with_capacity(n),
            strata: Vec::new(),
            grouped: groups.is_some(),
            n_strata_asked,
        };
        let mut open: Option<u32> = None;
        for (u, ((stratum, _), members)) in members.iter().enumerate() {
            if open != Some(*stratum) {
                open = Some(*stratum);
                units.strata.push(u..u);
            }
            if let Some(range) = units.strata.last_mut() {
                range.end = u + 1;
            }
            units.samples.extend_from_slice(members);
            units.starts.push(units.samples.len());
        }
        units
    }

    /// Number of units.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of samples.
    pub(super) fn n_samples(&self) -> usize {
        self.samples.len()
    }

    /// The strata, as ranges of units; one range without strata.
    pub(super) fn strata(&self) -> &[Range<usize>] {
        &self.strata
    }

    /// The samples of one unit.
    pub(super) fn samples(&self, unit: usize) -> &[u32] {
        &self.samples[self.starts[unit]..self.starts[unit + 1]]
    }

    /// Degrees of freedom of the spread between units: units minus strata.
    pub(super) fn df(&self) -> usize {
        self.len() - self.strata.len()
    }

    /// How the samples are resampled, for an estimate's method.
    pub(super) fn describe(&self) -> String {
        let groups = if self.grouped { format!("{} groups of ", self.len()) } else { String::new() };
        let strata = match self.strata.len() {
            0 | 1 if self.n_strata_asked > 1 => " (strata dropped: groups cross them)".to_owned(),
            0 | 1 => String::new(),
            k => format!(" in {k} strata"),
        };
        format!("{groups}{} samples{strata}", self.n_samples())
    }
}

/// Draws with replacement from 0..n as often as asked, two from each 64 random
/// bits; the bias of multiply-and-shift on 32 bits is below n / 2^32.
pub(super) fn draw_with_replacement(draws: &mut Draws, n: usize, times: usize, mut take: impl FnMut(usize)) {
    assert!(u32::try_from(n).is_ok(), "{n} units are too many to resample");
    let pick = |bits: u64| (((bits & 0xFFFF_FFFF) * n as u64) >> 32) as usize;
    for _ in 0..times / 2 {
        let bits = draws.bits();
        take(pick(bits));
        take(pick(bits >> 32));
    }
    if times & 1 == 1 {
        take(pick(draws.bits()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::Purpose;

    fn contents(units: &Units) -> Vec<Vec<u32>> {
        (0..units.len()).map(|u| units.samples(u).to_vec()).collect()
    }

    #[test]
    fn samples_groups_and_strata() {
        let plain = Units::new(3, None, None);
        assert_eq!(contents(&plain), [[0], [1], [2]]);
        assert_eq!((plain.strata().first(), plain.df()), (Some(&(0..3)), 2));
        assert_eq!(plain.describe(), "3 samples");

        let grouped = Units::new(5, Some(&[7, 3, 7, 9, 3]), None);
        assert_eq!(contents(&grouped), [vec![1, 4], vec![0, 2], vec![3]]);
        assert_eq!(grouped.describe(), "3 groups of 5 samples");

        let stratified = Units::new(4, None, Some(&[5, 2, 5, 2]));
        assert_eq!(contents(&stratified), [[1], [3], [0], [2]]);
        assert_eq!((stratified.strata(), stratified.df()), (&[0..2, 2..4][..], 2));
        assert_eq!(stratified.describe(), "4 samples in 2 strata");

        let both = Units::new(4, Some(&[1, 1, 0, 2]), Some(&[8, 8, 9, 9]));
        assert_eq!(contents(&both), [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(both.strata(), &[0..1, 1..3]);

        let crossing = Units::new(3, Some(&[1, 1, 2]), Some(&[0, 1, 1]));
        assert_eq!(
            (contents(&crossing), crossing.strata().first()),
            (vec![vec![0, 1], vec![2]], Some(&(0..2)))
        );
        assert_eq!(crossing.describe(), "2 groups of 3 samples (strata dropped: groups cross them)");
        assert_eq!(Units::new(0, None, None).len(), 0);
    }

    #[test]
    fn draws_are_uniform() {
        let mut counts = [0_u32; 7];
        let mut draws = Draws::new(1, Purpose::new("units test"), 0);
        draw_with_replacement(&mut draws, 7, 70_001, |u| counts[u] += 1);
        assert_eq!(counts.iter().sum::<u32>(), 70_001);
        for c in counts {
            // Binomial(70001, 1/7): standard deviation 92.6.
            assert!((f64::from(c) - 10_000.0).abs() < 5.0 * 92.6, "{counts:?}");
        }
    }
}
