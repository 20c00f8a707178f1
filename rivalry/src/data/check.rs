//! The checks between parts and a [`Dataset`], and the default split.

use std::collections::BTreeSet;

use super::error::{DataError, Named, Part, shown};
use super::names::{check_modality_name, check_name};
use super::{Dataset, Features, Labels, Modality, Split};

/// Below this many samples the default split is k-fold.
const FEW_SAMPLES: usize = 1000;
/// Folds of the default split.
const DEFAULT_FOLDS: usize = 5;
/// Fewer folds would take too much from training.
const FEWEST_DEFAULT_FOLDS: usize = 3;
/// Test share of the default hold-out.
pub(super) const DEFAULT_TEST_SHARE: f64 = 0.2;

pub(super) fn check_modalities(modalities: &[Modality], labels: &Labels) -> Result<(), DataError> {
    let Some(first) = modalities.first() else { return Err(DataError::NoModalities) };
    let mut seen = BTreeSet::new();
    for modality in modalities {
        check_modality_name(&modality.name)?;
        if !seen.insert(modality.name.as_str()) {
            return Err(DataError::DuplicateModality { name: shown(&modality.name) });
        }
    }
    let rows = |m: &Modality| m.features.rows();
    if rows(first) > u32::MAX as usize {
        return Err(DataError::TooManySamples { n_samples: rows(first) });
    }
    for modality in modalities {
        if rows(modality) != rows(first) {
            return Err(DataError::RowsDiffer {
                first: format!("modality `{}`", first.name),
                first_rows: rows(first),
                second: format!("modality `{}`", modality.name),
                second_rows: rows(modality),
            });
        }
    }
    if rows(first) != labels.codes().len() {
        return Err(DataError::RowsDiffer {
            first: format!("modality `{}`", first.name),
            first_rows: rows(first),
            second: "the labels".to_owned(),
            second_rows: labels.codes().len(),
        });
    }
    if rows(first) < 2 {
        return Err(DataError::TooFewSamples { n_samples: rows(first) });
    }
    for Modality { name, features } in modalities {
        if features.cols() == 0 {
            return Err(DataError::NoColumns { modality: name.clone() });
        }
        if let Some((row, column, value, count)) = Features::not_finite(features) {
            return Err(DataError::NotFinite { modality: name.clone(), row, column, value, more: count - 1 });
        }
    }
    Ok(())
}

pub(super) fn check_labels(labels: &Labels) -> Result<(), DataError> {
    let mut seen = BTreeSet::new();
    for name in labels.class_names() {
        check_name(Named::Class, name)?;
        if !seen.insert(name) {
            return Err(DataError::DuplicateClass { name: name.clone() });
        }
    }
    let mut has_sample = vec![false; seen.len()];
    labels.codes().iter().for_each(|c| has_sample[*c as usize] = true);
    if let [class] = labels.class_names() {
        return Err(DataError::OneClass { class: class.clone() });
    }
    match has_sample.iter().position(|h| !h) {
        Some(c) => Err(DataError::ClassWithoutSamples { class: labels.class_names()[c].clone() }),
        None => Ok(()),
    }
}

impl Dataset {
    pub(super) fn default_split(&self) -> Split {
        if self.n_samples() >= FEW_SAMPLES {
            return Split::HoldOut { test_share: DEFAULT_TEST_SHARE };
        }
        let holders = self.holders();
        let smallest = holders.iter().copied().min().unwrap_or_default();
        let k = smallest.clamp(FEWEST_DEFAULT_FOLDS, DEFAULT_FOLDS).min(self.n_movable(&holders)).max(2);
        Split::Folds { k }
    }

    pub(super) fn checked_split(&self, split: Split) -> Result<Split, DataError> {
        match split {
            Split::Given { train, valid, test } => self.checked_given(train, valid, test),
            Split::GivenFolds { fold } => self.checked_folds(&fold),
            Split::HoldOut { test_share } => {
                if !(test_share > 0.0 && test_share < 1.0) {
                    return Err(DataError::HoldOutShare { share: test_share });
                }
                if self.n_movable(&self.holders()) == 0 {
                    return Err(DataError::NothingToTest { what: self.unit_name() });
                }
                Ok(Split::HoldOut { test_share })
            }
            Split::Folds { k } => {
                let available = self.n_movable(&self.holders());
                if available == 0 {
                    return Err(DataError::NothingToTest { what: self.unit_name() });
                }
                if k < 2 || k > available {
                    let what = if self.groups().is_some() { "groups" } else { "samples" };
                    return Err(DataError::FoldCount { k, available, what });
                }
                Ok(Split::Folds { k })
            }
        }
    }

    fn checked_given(
        &self,
        train: Vec<u32>,
        valid: Option<Vec<u32>>,
        test: Vec<u32>,
    ) -> Result<Split, DataError> {
        let mut owner: Vec<Option<Part>> = vec![None; self.n_samples()];
        let mut take = |part: Part, mut rows: Vec<u32>| {
            if rows.is_empty() {
                return Err(DataError::EmptyPart { part });
            }
            for row in &rows {
                let Some(place) = owner.get_mut(*row as usize) else {
                    return Err(DataError::SplitOutOfRange { part, row: *row, n_samples: self.n_samples() });
                };
                match *place {
                    Some(first) if first == part => return Err(DataError::SplitRepeats { part, row: *row }),
                    Some(first) => return Err(DataError::SplitOverlaps { first, second: part, row: *row }),
                    None => *place = Some(part),
                }
            }
            rows.sort_unstable();
            Ok(rows)
        };
        let train = take(Part::Train, train)?;
        let valid = valid.map(|rows| take(Part::Valid, rows)).transpose()?;
        let test = take(Part::Test, test)?;
        let mut is_trained = vec![false; self.n_classes()];
        for row in &train {
            is_trained[self.labels()[*row as usize] as usize] = true;
        }
        if let Some(c) = is_trained.iter().position(|t| !t) {
            return Err(DataError::ClassNotInTrain { class: self.class_names()[c].clone(), fold: None });
        }
        Ok(Split::Given { train, valid, test })
    }

    fn checked_folds(&self, fold: &[u32]) -> Result<Split, DataError> {
        if fold.len() != self.n_samples() {
            return Err(DataError::RowsDiffer {
                first: "the labels".to_owned(),
                first_rows: self.n_samples(),
                second: "the folds".to_owned(),
                second_rows: fold.len(),
            });
        }
        let distinct: Vec<u32> = fold.iter().copied().collect::<BTreeSet<u32>>().into_iter().collect();
        if let [only] = distinct[..] {
            return Err(DataError::OneFold { fold: only });
        }
        // A class is missing from training when all its samples share a fold.
        let mut only_fold: Vec<Option<u32>> = vec![None; self.n_classes()];
        let mut is_spread = vec![false; self.n_classes()];
        for (class, fold) in self.labels().iter().zip(fold) {
            is_spread[*class as usize] |= *only_fold[*class as usize].get_or_insert(*fold) != *fold;
        }
        if let Some(c) = is_spread.iter().position(|s| !s) {
            return Err(DataError::ClassNotInTrain {
                class: self.class_names()[c].clone(),
                fold: only_fold[c],
            });
        }
        let code = |f: &u32| distinct.binary_search(f).unwrap_or_default() as u32;
        Ok(Split::GivenFolds { fold: fold.iter().map(code).collect() })
    }
}
