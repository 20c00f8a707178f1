//! Somebody else's training, watched through its logged logits: how far every
//! modality has come, how much of its own signal it still receives, and when it
//! starved.
//!
//! Accuracies of branches are of the centred cut ([`meters::centred`]): raw
//! logits per modality are not identifiable up to constants of a class.

use serde::{Deserialize, Serialize};

use super::meters;
use crate::formats::training_log::{LoggedEpoch, TrainingLog};
use crate::num::{Matrix, MatrixView};
use crate::stats::{Estimate, crossed_linear, pseudo_values, wilson};

/// A branch is starved while its residual ratio is below this ...
const STARVED: f64 = 0.5;
/// ... and its own accuracy is below this share of the joint network's.
const LEARNED: f64 = 0.9;
/// An accuracy within this of chance is none.
const NEAR_CHANCE: f64 = 0.05;
const LEVEL: f64 = 0.95;

/// What a log shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// One per epoch that holds logits or scores.
    pub epochs: Vec<EpochReading>,
    /// One per modality.
    pub modalities: Vec<ModalityStory>,
    /// The modality that wins most classes in the last epoch.
    pub leader: Option<String>,
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReading {
    /// Its number.
    pub epoch: u64,
    /// Number of logged rows.
    pub n: usize,
    /// Accuracy of the joint network on them; a tie is an error.
    pub accuracy: Option<Estimate>,
    /// One per modality, in the order of [`Watched::modalities`].
    pub modalities: Vec<ModalityReading>,
}

/// One modality in one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModalityReading {
    /// Accuracy of its branch alone (centred cut).
    pub accuracy: Option<Estimate>,
    /// Mean |p - `e_y`| over mean |p_r - `e_y`|: 1 = learns as if alone, 0 = starved.
    pub residual_ratio: Option<Estimate>,
    /// Its mean probability of the right class over that of the others (OGM).
    pub discrepancy_ratio: Option<f64>,
    /// Number of classes in which it has the largest part of the margin.
    pub classes_won: Option<usize>,
}

/// What became of a modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModalityStory {
    /// Its name.
    pub name: String,
    /// The first epoch in which its residual ratio is below one half while its
    /// own accuracy is below nine tenths of the joint network's.
    pub starved_epoch: Option<u64>,
    /// The first epoch in which its accuracy is half way from chance to where it
    /// ends; nothing if it ends near chance.
    pub half_way_epoch: Option<u64>,
    /// Its accuracy in the last epoch.
    pub final_accuracy: Option<f64>,
    /// Its residual ratio in the last epoch.
    pub final_residual_ratio: Option<f64>,
}

/// Reads a log.
pub fn watch(log: &TrainingLog) -> Watched {
    let epochs: Vec<EpochReading> = log.epochs.iter().map(|epoch| reading(log, epoch)).collect();
    let modalities =
        log.modalities.iter().enumerate().map(|(r, name)| story(name, r, log, &epochs)).collect::<Vec<_>>();
    let last = epochs.iter().rev().find(|e| e.modalities.iter().any(|m| m.classes_won.is_some()));
    let leader = last.and_then(|epoch| {
        let won = |r: &usize| epoch.modalities[*r].classes_won.unwrap_or(0);
        (0..log.modalities.len()).rev().max_by_key(won).map(|r| log.modalities[r].clone())
    });
    Watched { epochs, modalities, leader }
}

fn reading(log: &TrainingLog, epoch: &LoggedEpoch) -> EpochReading {
    if epoch.logits.is_empty() || epoch.labels.is_empty() {
        return scores(log, epoch);
    }
    let labels = &epoch.labels;
    let raw: Vec<MatrixView<'_, f64>> = epoch.logits.iter().map(Matrix::view).collect();
    let fused = meters::fused(&raw);
    let cut = meters::centred(&raw);
    let views: Vec<MatrixView<'_, f64>> = cut.iter().map(Matrix::view).collect();
    let ratios = meters::discrepancy_ratios(&views, labels);
    let joint = meters::residuals(fused.view(), labels);
    let won = classes_won(&cut, labels, log.n_classes);
    let modalities = cut.iter().enumerate().map(|(r, logits)| ModalityReading {
        accuracy: share_right(logits, labels),
        residual_ratio: ratio(&joint, &meters::residuals(logits.view(), labels)),
        discrepancy_ratio: ratios[r],
        classes_won: Some(won[r]),
    });
    EpochReading {
        epoch: epoch.epoch,
        n: labels.len(),
        accuracy: share_right(&fused, labels),
        modalities: modalities.collect(),
    }
}

/// What was logged as scores, under the names that other programs use too.
fn scores(log: &TrainingLog, epoch: &LoggedEpoch) -> EpochReading {
    let find = |modality: Option<usize>, names: &[&str]| {
        names.iter().find_map(|name| epoch.scores.get(&(modality, (*name).to_owned())).copied())
    };
    let bare = |value: f64| Estimate::without_interval(value, LEVEL, 0, "logged without its rows");
    let accuracy = |modality| find(modality, &["accuracy", "acc"]).map(bare);
    let modalities = (0..log.modalities.len()).map(|r| ModalityReading {
        accuracy: accuracy(Some(r)),
        residual_ratio: find(Some(r), &["residual_ratio", "kappa"]).map(bare),
        discrepancy_ratio: find(Some(r), &["discrepancy_ratio", "rho"]),
        classes_won: None,
    });
    EpochReading { epoch: epoch.epoch, n: 0, accuracy: accuracy(None), modalities: modalities.collect() }
}

fn share_right(logits: &Matrix<f64>, labels: &[u32]) -> Option<Estimate> {
    let right =
        (0..labels.len()).filter(|i| crate::model::loss::is_right(logits.row(*i), labels[*i])).count();
    wilson(right as u64, labels.len() as u64, LEVEL)
}

/// The ratio of two means with its delta-method interval; nothing where the
/// branch fits its rows already.
fn ratio(joint: &[f64], own: &[f64]) -> Option<Estimate> {
    let n = own.len() as f64;
    let mean = own.iter().sum::<f64>() / n;
    if mean < meters::FITTED {
        return None;
    }
    let ratio = joint.iter().sum::<f64>() / (n * mean);
    let influence: Vec<f64> = joint.iter().zip(own).map(|(j, o)| (j - ratio * o) / (n * mean)).collect();
    let values = Matrix::from_vec(1, own.len(), pseudo_values(ratio, &influence));
    crossed_linear(&values, None, LEVEL)
}

fn classes_won(cut: &[Matrix<f64>], labels: &[u32], n_classes: usize) -> Vec<usize> {
    let mut margins = vec![vec![0.0; n_classes]; cut.len()];
    let mut present = vec![false; n_classes];
    for (i, label) in labels.iter().enumerate() {
        present[*label as usize] = true;
        for (own, logits) in margins.iter_mut().zip(cut) {
            own[*label as usize] += meters::margin(logits.row(i), *label as usize);
        }
    }
    let mut won = vec![0; cut.len()];
    for class in (0..n_classes).filter(|class| present[*class]) {
        let best = (0..cut.len()).rev().max_by(|a, b| margins[*a][class].total_cmp(&margins[*b][class]));
        if let Some(best) = best {
            won[best] += 1;
        }
    }
    won
}

fn story(name: &str, r: usize, log: &TrainingLog, epochs: &[EpochReading]) -> ModalityStory {
    let accuracy = |e: &EpochReading| e.modalities[r].accuracy.as_ref().map(|a| a.value);
    let ratio = |e: &EpochReading| e.modalities[r].residual_ratio.as_ref().map(|a| a.value);
    let starved = epochs.iter().find(|e| {
        let (Some(own), Some(joint), Some(ratio)) = (accuracy(e), &e.accuracy, ratio(e)) else {
            return false;
        };
        ratio < STARVED && own < LEARNED * joint.value
    });
    let last = epochs.iter().rev().find_map(accuracy);
    let chance = if log.n_classes > 0 { 1.0 / log.n_classes as f64 } else { 0.0 };
    let half_way = last.filter(|last| *last > chance + NEAR_CHANCE).and_then(|last| {
        epochs.iter().find(|e| accuracy(e).is_some_and(|a| a >= f64::midpoint(chance, last)))
    });
    ModalityStory {
        name: name.to_owned(),
        starved_epoch: starved.map(|e| e.epoch),
        half_way_epoch: half_way.map(|e| e.epoch),
        final_accuracy: last,
        final_residual_ratio: epochs.iter().rev().find_map(ratio),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three classes; the margin of `a` grows by one an epoch, `b` scores the
    /// right class by a quarter on every second row.
    fn log() -> TrainingLog {
        let labels: Vec<u32> = (0..60).map(|i| i % 3).collect();
        let logits = |margin: f64, every: usize| {
            Matrix::from_fn(60, 3, |i, k| if k == i % 3 && i / 3 % every == 0 { margin } else { 0.0 })
        };
        let epoch = |t: u64| LoggedEpoch {
            epoch: t,
            labels: labels.clone(),
            logits: vec![logits(t as f64, 1), logits(0.25, 2)],
            ..LoggedEpoch::default()
        };
        TrainingLog {
            modalities: vec!["a".into(), "b".into()],
            n_classes: 3,
            epochs: (1..=6).map(epoch).collect(),
            splits: vec!["train".into()],
        }
    }

    #[test]
    fn the_slower_modality_starves() {
        let found = watch(&log());
        assert_eq!(found.leader.as_deref(), Some("a"));
        assert_eq!((found.modalities[0].starved_epoch, found.modalities[0].half_way_epoch), (None, Some(1)));
        let b = &found.modalities[1];
        // |p - e_y| with margin m of three classes: p = e^m / (e^m + 2), times sqrt(3/2).
        let left = |m: f64| 1.0 - crate::num::special::exp(m) / (crate::num::special::exp(m) + 2.0);
        for e in &found.epochs {
            let m = e.epoch as f64;
            let (joint, own) = (left(m + 0.25) + left(m), left(0.25) + left(0.0));
            let ratio = e.modalities[1].residual_ratio.as_ref().unwrap();
            // The cut's centring moves b's constants a little: none here, classes being equal.
            assert!((ratio.value - joint / own).abs() < 1e-9, "{m}: {} {}", ratio.value, joint / own);
            assert!(ratio.interval().is_some_and(|i| i.low < ratio.value && ratio.value < i.high));
        }
        let first =
            found.epochs.iter().find(|e| e.modalities[1].residual_ratio.as_ref().unwrap().value < 0.5);
        assert_eq!(b.starved_epoch, first.map(|e| e.epoch));
        assert!((b.final_accuracy.unwrap() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn scores_alone_tell_the_same_story() {
        let mut log = log();
        for epoch in &mut log.epochs {
            let t = epoch.epoch as f64;
            epoch.logits.clear();
            epoch.labels.clear();
            epoch.scores.insert((None, "acc".into()), 0.9);
            epoch.scores.insert((Some(1), "acc".into()), 0.2 + 0.02 * t);
            epoch.scores.insert((Some(1), "kappa".into()), 0.8 - 0.1 * t);
        }
        let found = watch(&log);
        assert_eq!(found.modalities[1].starved_epoch, Some(4));
        assert_eq!((found.leader, found.modalities[0].starved_epoch), (None, None));
    }
}
