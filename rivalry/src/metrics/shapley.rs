//! What each modality is worth to the joint prediction: Shapley values of the
//! game whose players are the modalities.
//!
//! phi_r = sum over S without r of |S|! (M - |S| - 1)! / M! (v(S + r) - v(S)).
//! What v(S) is decides what phi_r says, so every quantity names it:
//!
//! - retrained: accuracy of the network trained on S; v(empty) is the prediction
//!   of the most frequent training class;
//! - removed: accuracy of the joint network where the branches outside S give
//!   their mean logits over the training rows;
//! - permuted: the same where they take the logits of another test row, drawn
//!   anew for every branch, mean over shuffles;
//! - sample value (Wei et al., CVPR 2024): removed, and v(S) = |S| where S is
//!   right, else 0, for every sample.
//!
//! The values add up to v(all) - v(empty).

use crate::metrics::outputs::Cut;
use crate::metrics::{
    Cells, Direction, Metric, ModelKey, NAIVE, Need, Quantity, Reading, Scale, Series, Sheet, Subject, Table,
    cites,
};
use crate::model::loss;
use crate::num::{Draws, Purpose, parallel};
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "shapley",
    summary: "value of each modality to the prediction, by networks retrained on subsets and by stated replacement",
    cites: &[cites::SHAPLEY1953, cites::HU2022, cites::WEI2024],
    knobs: &[Knob {
        name: "shuffles",
        default: Default::Whole(20),
        range: Range::Between(1.0, 1000.0),
        meaning: "shuffles over which the permuted values are averaged",
    }],
    build: |settings| Box::new(Shapley { shuffles: settings.whole("shuffles") }),
};

const QUANTITIES: &[Quantity] = &[
    value(
        "shapley_retrained",
        "accuracy",
        Scale::Difference(1.0),
        "Shapley value in test accuracy; a subset is the network trained on it, no modality the most frequent \
         training class",
    ),
    value(
        "shapley_removed",
        "accuracy",
        Scale::Difference(1.0),
        "Shapley value in the joint network's test accuracy; absent branches give their mean training logits",
    ),
    value(
        "shapley_permuted",
        "accuracy",
        Scale::Difference(1.0),
        "Shapley value in the joint network's test accuracy; absent branches take the logits of other test rows",
    ),
    value(
        "sample_value",
        "modalities",
        Scale::Free,
        "mean over test rows of the sample's Shapley value, where a subset is worth its size if the joint network \
         with the other branches at their mean logits is right, else 0",
    ),
];

const fn value(name: &'static str, unit: &'static str, scale: Scale, definition: &'static str) -> Quantity {
    Quantity { name, unit, scale, direction: Direction::Neither, definition }
}

const SHUFFLES: Purpose = Purpose::new("shapley shuffles");
/// More modalities have too many subsets.
const MOST: usize = 12;

struct Shapley {
    shuffles: usize,
}

impl Metric for Shapley {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::TrainingOutputs, Need::Subsets]
    }

    fn cost(&self) -> &'static str {
        "2^M n K times the number of shuffles"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let n = trial.n_modalities();
        let cut = if n > MOST { Err(too_many(n)) } else { Cut::of(trial) };
        let values = cut.map(|cut| self.values(&cut, trial.trial.seed, trial.trial.fold));
        for (i, name) in ["shapley_removed", "shapley_permuted", "sample_value"].into_iter().enumerate() {
            for modality in 0..n {
                let own = values.as_ref().map(|v| v[i][modality].clone()).map_err(Clone::clone);
                sheet.samples_or(name, Subject::Modality(modality), own);
            }
        }
    }

    /// The values by retraining are sums of accuracies with signs, sample by sample.
    fn derive(&self, series: &Series<'_>, table: &mut Table) {
        let n = series.study.modality_names.len();
        let subsets = subsets(series, n);
        let modalities: Vec<usize> = (0..n).collect();
        let found = parallel::map(series.threads, &modalities, |_, modality| {
            let subsets = subsets.as_ref().map_err(Clone::clone)?;
            let part = |(set, cells)| (coefficient(set, *modality, n) as f32, cells);
            let parts: Vec<(f32, &Cells)> = subsets.iter().enumerate().map(part).collect();
            series.estimate(&Cells::combine(&parts), Scale::Difference(1.0))
        });
        for (modality, measured) in found.into_iter().enumerate() {
            table.put("shapley_retrained", Subject::Modality(modality), measured);
        }
    }
}

/// The per-sample accuracy of every subset, by bit mask, or why one is missing.
fn subsets(series: &Series<'_>, n: usize) -> Result<Vec<Cells>, String> {
    if n < 2 {
        return Err("there is only one modality".to_owned());
    }
    if n > MOST {
        return Err(too_many(n));
    }
    let trained = series.models();
    let of = |set: usize| {
        let members: Vec<usize> = (0..n).filter(|m| set >> m & 1 == 1).collect();
        let key = match members.as_slice() {
            [] => return Ok(series.cells("chance", &Subject::Study)),
            [one] => ModelKey::alone(*one),
            _ => ModelKey::new(&members, NAIVE),
        };
        let subject = Subject::Model(key);
        if trained.contains(&subject) {
            return Ok(series.cells("accuracy", &subject));
        }
        let missing = series.study.name_of(&members);
        Err(format!(
            "it needs a network on every combination of modalities, and none was trained on {missing}: `--subsets all`"
        ))
    };
    (0..1 << n).map(of).collect()
}

fn too_many(n: usize) -> String {
    format!("{n} modalities have too many subsets; at most {MOST}")
}

impl Shapley {
    /// Per modality and test row: the values removed, permuted, and the sample's.
    fn values(&self, cut: &Cut<'_>, seed: u64, fold: usize) -> [Vec<Vec<f32>>; 3] {
        let (n, rows, n_classes) = (cut.branches.len(), cut.fused.rows(), cut.fused.cols());
        let n_sets = 1_usize << n;
        let weights: Vec<Vec<f64>> =
            (0..n).map(|m| (0..n_sets).map(|set| coefficient(set, m, n)).collect()).collect();
        let mut found = [(); 3].map(|()| vec![vec![0.0_f32; rows]; n]);
        let mut sums = vec![0.0; n_sets * n_classes];
        let mut worth = vec![0.0; n_sets];
        for row in 0..rows {
            let absent: Vec<&[f64]> = cut.means.iter().map(Vec::as_slice).collect();
            fill(cut, row, &absent, &mut sums);
            right(&sums, n_classes, cut.labels[row], &mut worth, 1.0);
            put(&mut found[0], &weights, &worth, row);
            worth.iter_mut().enumerate().for_each(|(set, worth)| *worth *= f64::from(set.count_ones()));
            put(&mut found[2], &weights, &worth, row);
        }
        let mut shares = vec![0.0; rows * n_sets];
        for shuffle in 0..self.shuffles {
            let order = |m: usize| {
                let stream = (fold as u32) << 8 | m as u32;
                let draws = Draws::new(seed, SHUFFLES, stream);
                draws.at((shuffle * rows) as u64).permutation(rows)
            };
            let orders: Vec<Vec<u32>> = (0..n).map(order).collect();
            for (row, share) in shares.chunks_exact_mut(n_sets).enumerate() {
                let absent: Vec<&[f64]> =
                    (0..n).map(|m| cut.branches[m].row(orders[m][row] as usize)).collect();
                fill(cut, row, &absent, &mut sums);
                right(&sums, n_classes, cut.labels[row], &mut worth, 1.0 / self.shuffles as f64);
                share.iter_mut().zip(&worth).for_each(|(share, worth)| *share += worth);
            }
        }
        for (row, share) in shares.chunks_exact(n_sets).enumerate() {
            put(&mut found[1], &weights, share, row);
        }
        found
    }
}

/// The fused logits of every subset: the branches of one row where they are in
/// it, what stands in for them where not. Each subset is one without its lowest
/// modality, and that modality's difference.
fn fill(cut: &Cut<'_>, row: usize, absent: &[&[f64]], sums: &mut [f64]) {
    let n_classes = cut.fused.cols();
    for k in 0..n_classes {
        sums[k] = absent.iter().map(|logits| logits[k]).sum();
    }
    for set in 1..sums.len() / n_classes {
        let lowest = set.trailing_zeros() as usize;
        let (own, other) = (cut.branches[lowest].row(row), absent[lowest]);
        let (before, here) = ((set & (set - 1)) * n_classes, set * n_classes);
        for k in 0..n_classes {
            sums[here + k] = sums[before + k] + own[k] - other[k];
        }
    }
}

fn right(sums: &[f64], n_classes: usize, label: u32, worth: &mut [f64], unit: f64) {
    for (logits, worth) in sums.chunks_exact(n_classes).zip(worth) {
        *worth = if loss::is_right(logits, label) { unit } else { 0.0 };
    }
}

fn put(found: &mut [Vec<f32>], weights: &[Vec<f64>], worth: &[f64], row: usize) {
    for (found, weights) in found.iter_mut().zip(weights) {
        found[row] = weights.iter().zip(worth).map(|(w, v)| w * v).sum::<f64>() as f32;
    }
}

/// The factor of a subset's value (a bit mask) in the Shapley value of a player
/// among `n`: (|S| - 1)! (n - |S|)! / n! with the player in it, else
/// -|S|! (n - |S| - 1)! / n!.
pub fn coefficient(set: usize, player: usize, n: usize) -> f64 {
    let size = set.count_ones() as usize;
    // s! (n - s - 1)! / n! = 1 / (n choose(n - 1, s)).
    let weight = |s: usize| {
        let choose = (0..s).fold(1.0, |c, i| c * (n - 1 - i) as f64 / (i + 1) as f64);
        1.0 / (n as f64 * choose)
    };
    if set >> player & 1 == 1 { weight(size - 1) } else { -weight(size) }
}

/// The Shapley values of a game given by the value of every subset, by bit
/// mask (Shapley, 1953). `values` has 2^n entries.
///
/// # Examples
/// ```
/// let phi = rivalry::metrics::shapley::values(&[0.2, 0.6, 0.3, 0.7]);
/// assert!((phi[0] - 0.4).abs() < 1e-12 && (phi[1] - 0.1).abs() < 1e-12);
/// ```
///
/// # Panics
/// When the number of values is not a power of two.
pub fn values(values: &[f64]) -> Vec<f64> {
    assert!(values.len().is_power_of_two(), "a game has a value for each of 2^n subsets");
    let n = values.len().trailing_zeros() as usize;
    let one = |player: usize| values.iter().enumerate().map(|(set, v)| coefficient(set, player, n) * v).sum();
    (0..n).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn published_vectors() {
        let close = |found: &[f64], expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12), "{found:?}");
        };
        close(&values(&[0.2, 0.6, 0.3, 0.7]), &[0.4, 0.1]);
        // Only the first is right alone, and both are: worth 1, 0 and 2.
        close(&values(&[0.0, 1.0, 0.0, 2.0]), &[1.5, 0.5]);
        // Three players, of whom any two win.
        let majority: Vec<f64> = (0_usize..8).map(|s| f64::from(u8::from(s.count_ones() >= 2))).collect();
        close(&values(&majority), &[1.0 / 3.0; 3]);
        close(&values(&[0.5, 0.75]), &[0.25]);
    }

    #[test]
    fn values_add_up_to_what_all_are_worth() {
        let v: Vec<f64> = (0..64).map(|s| f64::from((s * 37 + 11) % 64) / 64.0).collect();
        assert!((values(&v).iter().sum::<f64>() - (v[63] - v[0])).abs() < 1e-12);
    }

    #[test]
    fn the_modality_that_speaks_has_the_value() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        for name in ["shapley_removed", "shapley_permuted"] {
            assert!(of(name, 0) > 0.3 && of(name, 0) > of(name, 1), "{name}");
        }
        assert!(of("sample_value", 0) > of("sample_value", 1));
        // v(a) 0.9, v(b) 0.8, v(ab) 0.9 and chance.
        let chance = found.table.get("chance", &Subject::Study).unwrap().value;
        let total = of("shapley_retrained", 0) + of("shapley_retrained", 1);
        assert!((total - (0.9 - chance)).abs() < 0.02, "{total}");
        assert!((of("shapley_retrained", 0) - of("shapley_retrained", 1) - 0.1).abs() < 0.02);
    }

    #[test]
    fn a_missing_subset_says_what_to_do() {
        let one = |name| Planted::new(name, (0.0, 0.2));
        let mut plan = Plan::new(vec![one("a"), one("b"), one("c")], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let why = found.table.get("shapley_retrained", &Subject::Modality(0)).unwrap_err();
        assert!(why.contains("a+b") && why.contains("--subsets all"), "{why}");
        assert!(found.table.get("shapley_removed", &Subject::Modality(2)).is_ok());
    }
}
