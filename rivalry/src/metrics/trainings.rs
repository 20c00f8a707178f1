//! What every single training showed, for figures that show seeds beside
//! intervals, and learning curves over all trainings. Describes; concludes
//! nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Curves, ModelKey, Study, Subject, TrialMeasures, Values};
use crate::num::sums;

/// The quantities that are kept for every training.
const KEPT: [&str; 7] = [
    "accuracy",
    "probe_alone",
    "probe_in_joint",
    "encoder_deficit",
    "branch_in_joint",
    "permutation_drop",
    "residual_ratio",
];
/// Most epochs that a curve shows.
const EPOCHS: usize = 100;

/// One training of every network: a seed, or under folds the whole of a repeat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OneTraining {
    /// The seed (the first of the repeat's).
    pub seed: u64,
    /// Means over the test rows, by quantity.
    #[serde(flatten)]
    pub values: BTreeMap<&'static str, f64>,
}

/// Learning curves of one model over all trainings that completed.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCurves {
    /// Which model.
    pub model: ModelKey,
    /// Number of trainings.
    pub n_trainings: usize,
    /// The epochs shown, from 0: all, or some that are equally far apart; up to the last
    /// that half of the trainings reached.
    pub epochs: Vec<usize>,
    /// `train_loss`, `valid_loss` (nats) and what else was kept per epoch.
    pub quantities: BTreeMap<String, Course>,
}

/// A quantity over epochs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Course {
    /// Mean over the trainings that reached the epoch.
    pub mean: Vec<f64>,
    /// The least of them.
    pub low: Vec<f64>,
    /// The most of them.
    pub high: Vec<f64>,
}

/// The kept quantities of a subject, training by training; a training in which
/// one is missing in some fold lacks it. `trials` are ordered by repeat and seed.
pub(super) fn trainings_of(study: &Study, trials: &[TrialMeasures], subject: &Subject) -> Vec<OneTraining> {
    // The folds of a repeat are one training; under other designs every trial is.
    let is_same = |a: &TrialMeasures, b: &TrialMeasures| {
        a.repeat == b.repeat && (matches!(study.design, super::Design::Folds { .. }) || a.seed == b.seed)
    };
    trials
        .chunk_by(is_same)
        .filter_map(|folds| {
            let of = |quantity: &&'static str| Some((*quantity, mean_of(folds, quantity, subject)?));
            let values: BTreeMap<_, _> = KEPT.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| OneTraining { seed: folds[0].seed, values })
        })
        .collect()
}

/// The mean over all test rows of the folds, or over the folds' numbers.
fn mean_of(folds: &[TrialMeasures], quantity: &str, subject: &Subject) -> Option<f64> {
    let mut values: Vec<f64> = Vec::new();
    for fold in folds {
        match fold.sheet.get(quantity, subject)? {
            Values::Samples(of_rows) => values.extend(of_rows.iter().map(|v| f64::from(*v))),
            Values::Number(value) => values.push(*value),
            Values::Replicates(_) | Values::Missing(_) => return None,
        }
    }
    let mean = if values.is_empty() { return None } else { sums::mean(&values) };
    mean.is_finite().then_some(mean)
}

/// The curves of every model, in the order of their keys.
pub(super) fn curves_of(study: &Study, trials: &[TrialMeasures]) -> Vec<ModelCurves> {
    let mut by_model: BTreeMap<&ModelKey, Vec<&Curves>> = BTreeMap::new();
    for (model, curves) in trials.iter().flat_map(|trial| &trial.curves) {
        by_model.entry(model).or_default().push(curves);
    }
    by_model.into_iter().filter_map(|(model, curves)| over_trainings(study, model, &curves)).collect()
}

fn over_trainings(study: &Study, model: &ModelKey, curves: &[&Curves]) -> Option<ModelCurves> {
    let names: Vec<&str> = model.modalities.iter().map(|m| study.modality_names[*m].as_str()).collect();
    let all: Vec<BTreeMap<String, &[f64]>> = curves.iter().map(|one| one.by_name(&names)).collect();
    let longest = |one: &BTreeMap<String, &[f64]>| one.values().map(|values| values.len()).max();
    let mut lengths: Vec<usize> = all.iter().filter_map(longest).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let n_epochs = *lengths.get((lengths.len().max(1) - 1) / 2)?;
    let epochs = thinned(n_epochs);
    let mut names: Vec<&str> = all.iter().flat_map(|one| one.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let quantities: BTreeMap<String, Course> =
        names.into_iter().filter_map(|name| Some((name.to_owned(), course(name, &all, &epochs)?))).collect();
    (!epochs.is_empty() && !quantities.is_empty()).then(|| ModelCurves {
        model: model.clone(),
        n_trainings: curves.len(),
        epochs,
        quantities,
    })
}

/// One quantity at the given epochs; nothing where an epoch has no value, for a
/// curve with holes would have other epochs than its neighbours.
fn course(name: &str, all: &[BTreeMap<String, &[f64]>], epochs: &[usize]) -> Option<Course> {
    let mut course = Course::default();
    for at in epochs {
        let values: Vec<f64> = all
            .iter()
            .filter_map(|one| one.get(name)?.get(*at).copied())
            .filter(|value| value.is_finite())
            .collect();
        if values.is_empty() {
            return None;
        }
        course.mean.push(sums::mean(&values));
        course.low.push(values.iter().copied().fold(f64::INFINITY, f64::min));
        course.high.push(values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
    Some(course)
}

/// The first, the last, and equally many between them.
fn thinned(n_epochs: usize) -> Vec<usize> {
    if n_epochs <= EPOCHS {
        return (0..n_epochs).collect();
    }
    (0..EPOCHS).map(|idx| idx * (n_epochs - 1) / (EPOCHS - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    fn curves(train: Vec<f64>, valid: Vec<f64>) -> Curves {
        Curves { train_loss: train, valid_loss: valid, ..Curves::default() }
    }

    #[test]
    fn many_epochs_are_thinned_with_both_ends_kept() {
        assert_eq!(thinned(3), [0, 1, 2]);
        let many = thinned(1000);
        assert_eq!((many.len(), many[0], many[EPOCHS - 1]), (EPOCHS, 0, 999));
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn curves_end_where_half_of_the_trainings_do() {
        let model = ModelKey::alone(0);
        let study = Plan::new(vec![Planted::new("a", (0.0, 0.1))], (0.0, 0.1)).evidence().study;
        let short = curves(vec![3.0, 1.0], vec![3.0, 2.0]);
        let long = curves(vec![5.0, 3.0, 2.0, 1.0], vec![5.0, 3.0, 2.0, 1.5]);
        let found = over_trainings(&study, &model, &[&short, &long, &long]).unwrap();
        assert_eq!(found.epochs, [0, 1, 2, 3]);
        assert_eq!(found.quantities["train_loss"].low, [3.0, 1.0, 2.0, 1.0]);
        assert_eq!(found.quantities["train_loss"].high[0], 5.0);
        let found = over_trainings(&study, &model, &[&short, &short, &long]).unwrap();
        assert_eq!(found.epochs, [0, 1]);
        assert!((found.quantities["valid_loss"].mean[1] - 7.0 / 3.0).abs() < 1e-12);
        assert_eq!(over_trainings(&study, &model, &[&Curves::default()]), None);
    }

    #[test]
    fn the_mean_over_trainings_is_the_estimate() {
        let modalities = vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))];
        let measured = measured(&Plan { n_seeds: 3, ..Plan::new(modalities, (0.05, 0.15)) }.evidence());
        let subject = Subject::Model(ModelKey::alone(0));
        let each = &measured.trainings[&subject];
        assert_eq!(each.len(), measured.n_trainings);
        let accuracies: Vec<f64> = each.iter().map(|one| one.values["accuracy"]).collect();
        let estimate = measured.table.get("accuracy", &subject).unwrap();
        assert!((sums::mean(&accuracies) - estimate.value).abs() < 1e-6);
    }
}
