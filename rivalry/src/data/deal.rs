//! Dealing samples, or whole groups of samples, into parts that each look like
//! the whole.
//!
//! Samples are dealt class by class, round-robin (the allocation of
//! scikit-learn's `StratifiedKFold`). Groups are dealt greedily, the least
//! evenly mixed first, each to the part where the class shares then differ
//! least between parts (scikit-learn's `StratifiedGroupKFold`, after
//! J. Wasikowski), with one rule more: a group never goes where its class
//! would then be missing from training.

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
    let dealt = pile.deal(&pile.least_even_first(order), &vec![1.0; k], k);
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
        let mut dealt =
            pile.deal(&pile.least_even_first(order.clone()), &[2.0 * share, 2.0 * (1.0 - share)], 1);
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
    /// Samples of each class.
    counts: Vec<u32>,
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
        let n_groups = ids.iter().max().map_or(0, |last| *last as usize + 1);
        let n_classes = samples.n_classes;
        let mut groups: Vec<Group> =
            (0..n_groups).map(|_| Group { rows: Vec::new(), counts: vec![0; n_classes] }).collect();
        for (i, r) in rows.iter().enumerate() {
            let group = &mut groups[ids[*r as usize] as usize];
            group.rows.push(i as u32);
            group.counts[samples.labels[*r as usize] as usize] += 1;
        }
        groups.retain(|g| !g.rows.is_empty());
        let totals = (0..n_classes).map(|c| groups.iter().map(|g| g.counts[c]).sum()).collect();
        let holders =
            (0..n_classes).map(|c| groups.iter().filter(|g| g.counts[c] > 0).count() as u32).collect();
        Self { groups, n_classes, totals, holders }
    }

    /// Whether some class lives in this group only.
    fn is_alone(&self, group: usize) -> bool {
        (0..self.n_classes).any(|c| self.groups[group].counts[c] > 0 && self.holders[c] == 1)
    }

    /// The given order, sorted by descending spread of class counts.
    fn least_even_first(&self, mut order: Vec<u32>) -> Vec<u32> {
        // K^2 times the variance: exact in whole numbers.
        let spread = |g: &u32| {
            let counts = &self.groups[*g as usize].counts;
            let sum: u64 = counts.iter().map(|c| u64::from(*c)).sum();
            let squares: u64 = counts.iter().map(|c| u64::from(*c) * u64::from(*c)).sum();
            u128::from(squares) * self.n_classes as u128 - u128::from(sum) * u128::from(sum)
        };
        order.sort_by_key(|g| std::cmp::Reverse(spread(g)));
        order
    }

    /// The part of each group. The first `n_removable` parts are ones that
    /// training may be without. `None`: in no such part, always trained.
    fn deal(&self, order: &[u32], weights: &[f64], n_removable: usize) -> Vec<Option<usize>> {
        let n_parts = weights.len();
        let mut part: Vec<Option<usize>> = vec![None; self.groups.len()];
        let mut filled = vec![0_u32; n_parts * self.n_classes];
        let mut sizes = vec![0_usize; n_parts];
        let mut undealt = self.holders.clone();
        for g in order.iter().map(|g| *g as usize) {
            let counts = &self.groups[g].counts;
            let is_last = |c: usize| counts[c] > 0 && undealt[c] == 1;
            // Without all that has been dealt to `p`, the class has no sample.
            let would_lose = |p: usize| {
                p < n_removable
                    && (0..self.n_classes)
                        .any(|c| is_last(c) && filled[p * self.n_classes + c] + counts[c] == self.totals[c])
            };
            let best = self.best_part(counts, &filled, &sizes, weights, |p| !would_lose(p));
            if let Some(p) = best {
                part[g] = Some(p);
                sizes[p] += self.groups[g].rows.len();
                (0..self.n_classes).for_each(|c| filled[p * self.n_classes + c] += counts[c]);
            }
            (0..self.n_classes).filter(|c| counts[*c] > 0).for_each(|c| undealt[c] -= 1);
        }
        self.fill_empty(&mut part, n_removable);
        part
    }

    fn best_part(
        &self,
        counts: &[u32],
        filled: &[u32],
        sizes: &[usize],
        weights: &[f64],
        allowed: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let n_parts = weights.len();
        let mut best: Option<(usize, f64)> = None;
        for p in (0..n_parts).filter(|p| allowed(*p)) {
            let mut spread = 0.0;
            for c in (0..self.n_classes).filter(|c| self.totals[*c] > 0) {
                let share = |q: usize| {
                    let count = filled[q * self.n_classes + c] + if q == p { counts[c] } else { 0 };
                    f64::from(count) / f64::from(self.totals[c]) / weights[q]
                };
                let mean = (0..n_parts).map(share).sum::<f64>() / n_parts as f64;
                let variance =
                    (0..n_parts).map(|q| (share(q) - mean) * (share(q) - mean)).sum::<f64>() / n_parts as f64;
                spread += variance.sqrt();
            }
            spread /= self.n_classes as f64;
            let better = best.is_none_or(|(b, least)| {
                // Equal as `numpy.isclose` has it; then the smaller part.
                spread < least || ((spread - least).abs() <= 1e-8 + 1e-5 * least && sizes[p] < sizes[b])
            });
            if better {
                best = Some((p, spread));
            }
        }
        best.map(|(p, _)| p)
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
