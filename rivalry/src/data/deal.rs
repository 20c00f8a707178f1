//! Dealing samples, or whole groups of samples, into parts that each look like
//! the whole.
//!
//! Samples are dealt class by class, round-robin (the allocation of
//! scikit-learn's `StratifiedKFold`). Groups are dealt greedily, the least
//! evenly mixed first, each to the part where the class shares then differ
//! least between parts (scikit-learn's `StratifiedGroupKFold`, after
//! J. Wasikowski), with one rule more: a group never goes where its class
//! would then be missing from training. Parts that are equally good but for
//! rounding are ties here, and the smaller one is taken.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::split::Samples;
use crate::num::Draws;

/// The fold of a sample that is never tested.
pub(super) const ALWAYS_TRAIN: u32 = u32::MAX;

/// The fold of every sample, or [`ALWAYS_TRAIN`].
pub(super) fn deal_folds(samples: Samples<'_>, k: usize, mut draws: Draws) -> Vec<u32> {
    let rows: Vec<u32> = (0..samples.labels.len() as u32).collect();
    let mut fold = vec![ALWAYS_TRAIN; rows.len()];
    if let Some(groups) = samples.groups {
        let n_groups = groups.iter().max().map_or(0, |last| *last as usize + 1);
        return deal_groups_in_order(samples, k, draws.permutation(n_groups));
    }
    let mut position = 0;
    for mut members in by_class(samples, &rows) {
        draws.shuffle(&mut members);
        if members.len() >= 2 {
            for i in members {
                fold[i as usize] = (position % k) as u32;
                position += 1;
            }
        }
    }
    fold
}

/// The fold of every sample; groups of equal spread are dealt in this order.
pub(super) fn deal_groups_in_order(samples: Samples<'_>, k: usize, order: Vec<u32>) -> Vec<u32> {
    let rows: Vec<u32> = (0..samples.labels.len() as u32).collect();
    let mut fold = vec![ALWAYS_TRAIN; rows.len()];
    let pile = Pile::new(samples, &rows);
    let dealt = pile.deal(&pile.least_even_first(order), &vec![1.0; k], k, 0.0);
    for (group, part) in pile.groups.iter().zip(dealt) {
        if let Some(part) = part {
            group.rows.iter().for_each(|i| fold[*i as usize] = part as u32);
        }
    }
    fold
}

/// For each of `rows`, whether it is held out. With `must_hold` at least one is
/// (the caller has checked that one can be); without it, none may be.
pub(super) fn deal_hold_out(
    samples: Samples<'_>,
    rows: &[u32],
    share: f64,
    must_hold: bool,
    mut draws: Draws,
) -> Vec<bool> {
    let mut held = vec![false; rows.len()];
    if share == 0.0 {
        return held;
    }
    if samples.groups.is_some() {
        let pile = Pile::new(samples, rows);
        let order = draws.permutation(pile.groups.len());
        // Weights of (held out, kept), scaled so that equal shares weigh 1.
        let weights = [2.0 * share, 2.0 * (1.0 - share)];
        // Where classes have few groups, each class alone would rather stay
        // whole: the size of the part counts as much as all classes.
        let size_weight = samples.n_classes as f64;
        let mut dealt = pile.deal(&pile.least_even_first(order.clone()), &weights, 1, size_weight);
        if must_hold && !dealt.contains(&Some(0)) {
            let movable = order.iter().map(|g| *g as usize).filter(|g| !pile.is_alone(*g));
            if let Some(smallest) = movable.min_by_key(|g| pile.groups[*g].rows.len()) {
                dealt[smallest] = Some(0);
            }
        }
        for (group, part) in pile.groups.iter().zip(dealt) {
            if part == Some(0) {
                group.rows.iter().for_each(|i| held[*i as usize] = true);
            }
        }
    } else {
        let classes = by_class(samples, rows);
        let wanted = (share * rows.len() as f64).round() as usize;
        let counts: Vec<usize> = classes.iter().map(Vec::len).collect();
        let quota = quotas(&counts, wanted.max(usize::from(must_hold)));
        for (mut members, quota) in classes.into_iter().zip(quota) {
            draws.shuffle(&mut members);
            members[..quota].iter().for_each(|i| held[*i as usize] = true);
        }
    }
    held
}

/// Positions in `rows` of each class's samples.
fn by_class(samples: Samples<'_>, rows: &[u32]) -> Vec<Vec<u32>> {
    let mut classes = vec![Vec::new(); samples.n_classes];
    for (i, r) in rows.iter().enumerate() {
        classes[samples.labels[*r as usize] as usize].push(i as u32);
    }
    classes
}

/// How many of each class to hold out: `wanted` in all, in proportion by
/// largest remainders (ties to the earlier class), at least one of each class
/// kept; fewer when that is all there is.
fn quotas(counts: &[usize], wanted: usize) -> Vec<usize> {
    let n: usize = counts.iter().sum();
    let exact = |c: usize| counts[c] as f64 * wanted as f64 / n as f64;
    let spare = |c: usize| counts[c].saturating_sub(1);
    let mut quota: Vec<usize> = (0..counts.len()).map(|c| (exact(c) as usize).min(spare(c))).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by(|a, b| exact(*b).fract().total_cmp(&exact(*a).fract()));
    let mut missing = wanted.saturating_sub(quota.iter().sum());
    while missing > 0 {
        let before = missing;
        for c in &order {
            if missing > 0 && quota[*c] < spare(*c) {
                quota[*c] += 1;
                missing -= 1;
            }
        }
        if missing == before {
            break;
        }
    }
    quota
}

struct Group {
    /// Positions in the rows that are dealt.
    rows: Vec<u32>,
    /// The classes that it holds, with their samples.
    counts: Vec<(u32, u32)>,
}

/// The groups to deal.
struct Pile {
    groups: Vec<Group>,
    n_classes: usize,
    /// Samples of each class.
    totals: Vec<u32>,
    /// Groups that hold each class.
    holders: Vec<u32>,
}

impl Pile {
    fn new(samples: Samples<'_>, rows: &[u32]) -> Self {
        let ids = samples.groups.unwrap_or_default();
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (i, r) in rows.iter().enumerate() {
            members.entry(ids[*r as usize]).or_default().push(i as u32);
        }
        let mut totals = vec![0; samples.n_classes];
        let mut holders = vec![0; samples.n_classes];
        let group = |members: Vec<u32>| {
            let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
            for i in &members {
                *counts.entry(samples.labels[rows[*i as usize] as usize]).or_default() += 1;
            }
            for (class, count) in &counts {
                totals[*class as usize] += count;
                holders[*class as usize] += 1;
            }
            Group { rows: members, counts: counts.into_iter().collect() }
        };
        let groups = members.into_values().map(group).collect();
        Self { groups, n_classes: samples.n_classes, totals, holders }
    }

    /// Whether some class lives in this group only.
    fn is_alone(&self, group: usize) -> bool {
        self.groups[group].counts.iter().any(|(class, _)| self.holders[*class as usize] == 1)
    }

    /// The given order, sorted by descending spread of class counts.
    fn least_even_first(&self, mut order: Vec<u32>) -> Vec<u32> {
        // K^2 times the variance: exact in whole numbers.
        let spread = |g: &u32| {
            let counts = self.groups[*g as usize].counts.iter().map(|(_, count)| u128::from(*count));
            let squares: u128 = counts.clone().map(|count| count * count).sum();
            let sum: u128 = counts.sum();
            squares * self.n_classes as u128 - sum * sum
        };
        order.sort_by_key(|g| Reverse(spread(g)));
        order
    }

    /// The part of each group. The first `n_removable` parts are ones that
    /// training may be without. `None`: in no such part, always trained.
    /// `size_weight` is what an uneven size counts, in classes.
    fn deal(
        &self,
        order: &[u32],
        weights: &[f64],
        n_removable: usize,
        size_weight: f64,
    ) -> Vec<Option<usize>> {
        let n_parts = weights.len();
        let mut part: Vec<Option<usize>> = vec![None; self.groups.len()];
        // Samples of class c in part p at c * n_parts + p.
        let mut filled = vec![0_u32; n_parts * self.n_classes];
        let mut sizes = vec![0_usize; n_parts];
        let mut undealt = self.holders.clone();
        let n_rows: usize = self.groups.iter().map(|g| g.rows.len()).sum();
        for g in order.iter().map(|g| *g as usize) {
            let counts = &self.groups[g].counts;
            // Without all that has been dealt to `p`, a class has no sample.
            let would_lose = |p: usize| {
                p < n_removable
                    && counts.iter().any(|(class, count)| {
                        let c = *class as usize;
                        undealt[c] == 1 && filled[c * n_parts + p] + count == self.totals[c]
                    })
            };
            let group_size = self.groups[g].rows.len();
            let unevenness = |p: usize| {
                let mut sum = 0.0;
                for (class, count) in counts {
                    let c = *class as usize;
                    let samples = |q: usize| filled[c * n_parts + q] + if q == p { *count } else { 0 };
                    sum += spread(weights, |q| f64::from(samples(q)) / f64::from(self.totals[c]));
                }
                if size_weight > 0.0 {
                    let size = |q: usize| sizes[q] + if q == p { group_size } else { 0 };
                    sum += size_weight * spread(weights, |q| size(q) as f64 / n_rows as f64);
                }
                sum
            };
            let best = best_part((0..n_parts).filter(|p| !would_lose(*p)), unevenness, &sizes);
            for (class, count) in counts {
                undealt[*class as usize] -= 1;
                if let Some(p) = best {
                    filled[*class as usize * n_parts + p] += count;
                }
            }
            if let Some(p) = best {
                part[g] = Some(p);
                sizes[p] += group_size;
            }
        }
        self.fill_empty(&mut part, n_removable);
        part
    }

    /// Gives every empty fold the smallest group of a fold that has several.
    /// No class can thereby end up in one fold: whatever class the group
    /// holds, another group holds it too.
    fn fill_empty(&self, part: &mut [Option<usize>], n_removable: usize) {
        if n_removable < 2 {
            return;
        }
        for empty in 0..n_removable {
            let size = |p: usize, part: &[Option<usize>]| part.iter().filter(|q| **q == Some(p)).count();
            if size(empty, part) > 0 {
                continue;
            }
            let Some(fullest) = (0..n_removable).rev().max_by_key(|p| size(*p, part)) else { return };
            if size(fullest, part) < 2 {
                return;
            }
            let smallest = (0..part.len())
                .filter(|g| part[*g] == Some(fullest))
                .min_by_key(|g| self.groups[*g].rows.len());
            if let Some(smallest) = smallest {
                part[smallest] = Some(empty);
            }
        }
    }
}

/// Standard deviation over parts of what each holds, relative to its weight.
fn spread(weights: &[f64], held: impl Fn(usize) -> f64) -> f64 {
    let n = weights.len() as f64;
    let share = |q: usize| held(q) / weights[q];
    let mean = (0..weights.len()).map(share).sum::<f64>() / n;
    let square = |q: usize| (share(q) - mean) * (share(q) - mean);
    ((0..weights.len()).map(square).sum::<f64>() / n).sqrt()
}

/// The part with the least unevenness; of equal ones the smallest.
fn best_part(
    parts: impl Iterator<Item = usize>,
    unevenness: impl Fn(usize) -> f64,
    sizes: &[usize],
) -> Option<usize> {
    /// Shares are of the order of 1; less than this is rounding.
    const ROUNDING: f64 = 1e-9;
    let mut best: Option<(usize, f64)> = None;
    for p in parts {
        let uneven = unevenness(p);
        let is_better = best.is_none_or(|(b, least)| {
            uneven < least - ROUNDING || (uneven <= least + ROUNDING && sizes[p] < sizes[b])
        });
        if is_better {
            best = Some((p, uneven));
        }
    }
    best.map(|(p, _)| p)
}
