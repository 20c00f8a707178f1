//! Modality valuation: samples are shown again with other modalities left out, so that a
//! modality that contributes too little gets more to learn from.
//!
//! A modality's contribution to a sample is its Shapley value in the game v(S) = |S| if the
//! modalities S together are right, else 0; S is evaluated by the sum of its parts of the joint
//! logits. At the level of samples, each is repeated once, twice or three times for each
//! modality by how small its contribution is; at the level of modalities, a random share of
//! samples is repeated for the modality that contributes less on average.

use crate::model::{Outputs, Workspace, loss};
use crate::num::{Purpose, Scalar, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};
use crate::works;

use super::{Epoch, Needs, Plan, Step, Strategy};

const SUBSET: Purpose = Purpose::new("valuation subset");
/// More modalities have too many subsets.
const MOST: usize = 12;

const CITES: &[Citation] = &[works::WEI2024];

const WARM_UP: Knob = Knob {
    name: "warm_up",
    default: Default::Whole(5),
    range: Range::Between(0.0, 1e6),
    meaning: "epochs of plain joint training before",
};

/// Registration of the valuation of samples.
pub(super) const fn samples<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "sample_valuation",
        summary: "repeat samples with other modalities left out where one contributes little to them",
        cites: CITES,
        knobs: &[
            WARM_UP,
            Knob {
                name: "repeats",
                default: Default::Whole(3),
                range: Range::Between(0.0, 3.0),
                meaning: "most repeats of a sample per modality; 0 is naive joint training",
            },
        ],
        build: |settings| {
            let level = Level::Samples { repeats: settings.whole("repeats") };
            Box::new(Valuation { warm_up: settings.whole("warm_up") as u32, level, alone: Vec::new() })
        },
    }
}

/// Registration of the valuation of modalities.
pub(super) const fn modalities<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "modality_valuation",
        summary: "repeat random samples with the modality alone that contributes least",
        cites: CITES,
        knobs: &[
            WARM_UP,
            Knob {
                name: "alpha",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 10.0),
                meaning: "share repeated: 2/3 alpha times the gap of mean contributions; 0 is naive joint training",
            },
        ],
        build: |settings| {
            let level = Level::Modalities { alpha: settings.number("alpha") };
            Box::new(Valuation { warm_up: settings.whole("warm_up") as u32, level, alone: Vec::new() })
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    Samples { repeats: usize },
    Modalities { alpha: f64 },
}

struct Valuation {
    warm_up: u32,
    level: Level,
    /// For every entry of the epoch's samples, the only modality that is left in; `None` for
    /// all. Made anew by every plan.
    alone: Vec<Option<usize>>,
}

/// Shapley values of a sample in the game v(S) = |S| if `right(S)`; subsets as bit masks.
fn contributions(n: usize, right: impl Fn(usize) -> bool) -> Vec<f64> {
    let value = |set: usize| if right(set) { f64::from(set.count_ones()) } else { 0.0 };
    // 1 / (n binomial(n - 1, s)): the weight of a coalition of s others.
    let weight = |s: usize| (0..s).fold(1.0 / n as f64, |w, i| w * (i + 1) as f64 / (n - 1 - i) as f64);
    (0..n)
        .map(|m| {
            let others = (0..1_usize << n).filter(|set| set >> m & 1 == 0);
            others.map(|set| weight(set.count_ones() as usize) * (value(set | 1 << m) - value(set))).sum()
        })
        .collect()
}

/// How often a sample is repeated for a modality with a contribution.
fn repeats(contribution: f64) -> usize {
    match contribution {
        c if c >= 1.0 => 0,
        c if c > 0.4 => 1,
        c if c > -0.1 => 2,
        _ => 3,
    }
}

/// Contributions of every modality to one sample.
fn of_sample<T: Scalar>(outputs: &Outputs<T>, sample: usize, label: u32) -> Vec<f64> {
    let n = outputs.logits.len();
    contributions(n, |set| {
        let members = || (0..n).filter(|m| set >> m & 1 == 1);
        let sum = |k: usize| members().map(|m| outputs.logits[m].row(sample)[k].to_f64()).sum::<f64>();
        set != 0 && loss::is_right(&(0..outputs.fused.cols()).map(sum).collect::<Vec<_>>(), label)
    })
}

impl<T: Scalar> Strategy<T> for Valuation {
    fn needs(&self, modalities: &[String]) -> Needs {
        let refuses = (modalities.len() > MOST)
            .then(|| format!("valuation looks at every subset of modalities: at most {MOST}"));
        Needs { stepwise: true, resamples: true, refuses, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n = at.train.len();
        let off = matches!(self.level, Level::Samples { repeats: 0 })
            || self.level == Level::Modalities { alpha: 0.0 };
        self.alone.clear();
        if off || at.index < self.warm_up {
            return Plan::default();
        }
        let outputs = at.train_outputs();
        let n_modalities = outputs.logits.len();
        let mut extra: Vec<(u32, usize)> = Vec::new();
        match self.level {
            Level::Samples { repeats: most } => {
                for i in 0..n {
                    for (m, c) in of_sample(&outputs, i, at.train.y[i]).into_iter().enumerate() {
                        let times = repeats(c).min(most);
                        extra.extend(std::iter::repeat_n((i as u32, m), times));
                    }
                }
            }
            Level::Modalities { alpha } => {
                let order = at.draws(SUBSET).permutation(n);
                // A fifth of the samples tells the mean contributions.
                let some = &order[..n.div_ceil(5)];
                let all: Vec<Vec<f64>> =
                    some.iter().map(|i| of_sample(&outputs, *i as usize, at.train.y[*i as usize])).collect();
                let mean = |m: usize| sums::sum_by(all.len(), |i| all[i][m]) / all.len() as f64;
                let means: Vec<f64> = (0..n_modalities).map(mean).collect();
                let top = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                for (m, mean) in means.iter().enumerate() {
                    let share = (2.0 / 3.0 * alpha * (top - mean)).clamp(0.0, 1.0);
                    let shown = (share * n as f64).round() as usize;
                    let mut draws = at.draws(SUBSET).at(((m + 1) * n) as u64);
                    extra.extend(draws.permutation(n)[..shown].iter().map(|row| (*row, m)));
                }
            }
        }
        self.alone = (0..n).map(|_| None).chain(extra.iter().map(|(_, m)| Some(*m))).collect();
        let shown = (0..n as u32).chain(extra.into_iter().map(|(row, _)| row));
        Plan { samples: Some(shown.map(|row| (row, 1.0)).collect()), ..Plan::default() }
    }

    fn batch(&mut self, at: &Step<'_, T>, work: &mut Workspace<T>) {
        for b in 0..at.epoch.model.branches().len() {
            let shown = |pick: &u32| self.alone[*pick as usize].is_none_or(|only| only == b);
            let factor = |pick: &u32| if shown(pick) { T::ONE } else { T::ZERO };
            let factors = (!self.alone.is_empty()).then(|| at.picks.iter().map(factor).collect());
            work.scale_embedding(b, factors);
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/valuation.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contributions_are_shapley_values() {
        // Only a right alone, both right together.
        assert_eq!(contributions(2, |set| set & 1 == 1), [1.5, 0.5]);
        // Three modalities, only all together: 3 is shared.
        assert_eq!(contributions(3, |set| set == 7), [1.0, 1.0, 1.0]);
        let found = contributions(3, |set| set & 0b101 != 0);
        assert!((found.iter().sum::<f64>() - 3.0).abs() < 1e-12, "they sum to v of all");
        assert!((found[0] - found[2]).abs() < 1e-12 && found[0] > found[1]);
    }

    #[test]
    fn the_smaller_the_contribution_the_more_repeats() {
        assert_eq!([1.0, 0.9, 0.4, 0.0, -0.1, -0.5].map(repeats), [0, 1, 2, 2, 3, 3]);
    }
}
