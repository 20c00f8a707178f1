//! Values of all trials together, and the intervals that the design allows.
//!
//! One given split: a crossed bootstrap over trainings and test samples.
//! Folds and hold-outs: the corrected resampled variance over trials. A
//! comparison uses only trials in which both sides exist.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::metrics::{Design, Measured, ModelKey, Scale, Study, Subject, TrialMeasures, Values};
use crate::num::{Matrix, parallel, sums};
use crate::stats::{
    Bootstrap, Estimate, FoldDifferences, Interval, Practical, Replicates, crossed_linear,
    crossed_replicates, crossed_share,
};

/// All trials of a study, measured.
pub struct Series<'a> {
    /// What all trials share.
    pub study: &'a Study,
    /// In a fixed order: by repeat, fold and seed.
    pub trials: &'a [TrialMeasures],
    /// How to resample; on one thread, because estimates are computed side by side.
    pub bootstrap: Bootstrap,
    /// Threads for estimates.
    pub threads: usize,
    /// Kept by [`Series::drops`].
    drops: OnceLock<BTreeMap<Subject, Drop>>,
}

/// A model against the best modality alone.
#[derive(Clone, Debug)]
pub(super) struct Drop {
    /// The difference of accuracies.
    pub(super) estimate: Measured,
    law: Option<DropLaw>,
}

/// What the probabilities of a difference are read off.
#[derive(Clone, Debug)]
enum DropLaw {
    /// Replicates over so many samples.
    Samples(Replicates, usize),
    Folds(FoldDifferences),
}

impl Drop {
    /// The probabilities that the difference lies below, within and above
    /// `[-rope, rope]`, and the number of samples, or of folds; `None` where it has
    /// no interval.
    pub(super) fn practical(&self, rope: f64) -> Option<(Practical, usize)> {
        match self.law.as_ref()? {
            DropLaw::Samples(found, n) => Some((found.practical(rope)?, *n)),
            DropLaw::Folds(found) => Some((found.practical(rope)?, self.estimate.as_ref().ok()?.n)),
        }
    }
}

/// One quantity of one subject in every trial: a value per test row, where it
/// was measured.
#[derive(Clone, Debug)]
pub struct Cells(Vec<Result<Vec<f32>, String>>);

/// One training of every network, seen over all the test rows it was tested
/// on: a trial, or under folds the whole of a repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// The test rows.
    pub rows: Vec<u32>,
    /// One value per row.
    pub values: Vec<f32>,
}

impl Cells {
    /// One value per test row of every trial, or why there is none.
    pub fn of_trials(values: Vec<Result<Vec<f32>, String>>) -> Self {
        Self(values)
    }

    /// A linear combination, trial by trial; missing where a part is missing.
    pub fn combine(parts: &[(f32, &Self)]) -> Self {
        let n_trials = parts.first().map_or(0, |(_, cells)| cells.0.len());
        let one = |trial: usize| {
            let mut total: Option<Vec<f32>> = None;
            for (factor, cells) in parts {
                let values = cells.0[trial].as_ref().map_err(Clone::clone)?;
                let total = total.get_or_insert_with(|| vec![0.0; values.len()]);
                for (t, v) in total.iter_mut().zip(values) {
                    *t += factor * v;
                }
            }
            Ok(total.unwrap_or_default())
        };
        Self((0..n_trials).map(one).collect())
    }

    /// This minus another.
    pub fn minus(&self, other: &Self) -> Self {
        Self::combine(&[(1.0, self), (-1.0, other)])
    }

    /// Keeps the given positions of every trial's test rows.
    pub(super) fn restrict(&self, keep: &[Vec<usize>]) -> Self {
        let one = |(values, keep): (&Result<Vec<f32>, String>, &Vec<usize>)| match values {
            Ok(_) if keep.is_empty() => Err("the class is not among the test rows".to_owned()),
            Ok(values) => Ok(keep.iter().map(|i| values[*i]).collect()),
            Err(why) => Err(why.clone()),
        };
        Self(self.0.iter().zip(keep).map(one).collect())
    }

    /// The mean of every trial that has values.
    pub(super) fn means(&self) -> Vec<f64> {
        let mean =
            |values: &Vec<f32>| sums::sum_by(values.len(), |i| f64::from(values[i])) / values.len() as f64;
        self.0.iter().filter_map(|values| values.as_ref().ok()).map(mean).collect()
    }

    pub(super) fn reason(&self) -> String {
        let found = self.0.iter().find_map(|values| values.as_ref().err());
        found.cloned().unwrap_or_else(|| "there are no trials".to_owned())
    }
}

impl<'a> Series<'a> {
    /// Trials in their order, and how to resample; `bootstrap.threads` are for
    /// estimates side by side.
    pub fn new(study: &'a Study, trials: &'a [TrialMeasures], bootstrap: Bootstrap) -> Self {
        let threads = bootstrap.threads;
        let bootstrap = Bootstrap { threads: 1, ..bootstrap };
        Self { study, trials, bootstrap, threads, drops: OnceLock::new() }
    }

    /// Every model whose accuracy was measured in some trial.
    pub fn models(&self) -> Vec<Subject> {
        let of = |trial: &TrialMeasures| -> Vec<Subject> {
            trial.sheet.subjects().filter(|s| matches!(s, Subject::Model(_))).cloned().collect()
        };
        let mut found: Vec<Subject> = self.trials.iter().flat_map(of).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The per-sample values of a quantity.
    pub fn cells(&self, quantity: &str, subject: &Subject) -> Cells {
        let one = |trial: &TrialMeasures| match trial.sheet.get(quantity, subject) {
            Some(Values::Samples(values)) => Ok(values.clone()),
            Some(Values::Missing(why)) => Err(why.clone()),
            Some(_) => Err("it is not one value per test row".to_owned()),
            None => Err("there is nothing to measure it on".to_owned()),
        };
        Cells(self.trials.iter().map(one).collect())
    }

    /// The numbers per trial of a quantity, missing ones left out.
    pub fn numbers(&self, quantity: &str, subject: &Subject) -> Vec<f64> {
        let one = |trial: &TrialMeasures| match trial.sheet.get(quantity, subject) {
            Some(Values::Number(value)) => Some(*value),
            _ => None,
        };
        self.trials.iter().filter_map(one).collect()
    }

    /// The mean over trials of a quantity that is one number per trial.
    pub fn mean(&self, quantity: &str, subject: &Subject) -> Option<f64> {
        let numbers = self.numbers(quantity, subject);
        (!numbers.is_empty()).then(|| crate::num::sums::mean(&numbers))
    }

    /// Paired differences, trial by trial, of a number of two subjects.
    pub fn number_differences(&self, quantity: &str, first: &Subject, second: &Subject) -> Vec<f64> {
        let number = |trial: &TrialMeasures, subject| match trial.sheet.get(quantity, subject) {
            Some(Values::Number(value)) => Some(*value),
            _ => None,
        };
        let one = |trial: &TrialMeasures| Some(number(trial, first)? - number(trial, second)?);
        self.trials.iter().filter_map(one).collect()
    }

    /// The mean of per-sample values with its interval.
    pub fn estimate(&self, cells: &Cells, scale: Scale) -> Measured {
        if self.study.design == Design::GivenSplit {
            let (values, groups) = self.given_split(cells)?;
            return self.over_samples(&values, groups.as_deref(), scale);
        }
        let estimate = self.over_splits(&cells.means()).ok_or_else(|| cells.reason())?;
        Ok(within(estimate, scale))
    }

    /// Every model against the best modality alone, compared once for all who ask.
    pub(super) fn drops(&self, best: usize) -> &BTreeMap<Subject, Drop> {
        self.drops.get_or_init(|| {
            let alone = self.cells("accuracy", &Subject::Model(ModelKey::alone(best)));
            let models = self.models();
            let found = parallel::map(self.threads, &models, |_, model| {
                self.drop(&self.cells("accuracy", model).minus(&alone))
            });
            models.into_iter().zip(found).collect()
        })
    }

    /// A difference of accuracies with all that is read off its distribution.
    fn drop(&self, cells: &Cells) -> Drop {
        let (how, scale) = (&self.bootstrap, Scale::Difference(1.0));
        if self.study.design != Design::GivenSplit {
            let found = FoldDifferences::new(&cells.means(), self.test_over_train());
            let estimate = found.as_ref().map(|found| within(found.estimate(how.level), scale));
            let law = found.map(DropLaw::Folds);
            return Drop { estimate: estimate.ok_or_else(|| cells.reason()), law };
        }
        let found = self.given_split(cells).and_then(|(values, groups)| {
            let found = crossed_replicates(&values, groups.as_deref(), None, Some((-1.0, 1.0)), how);
            Ok((found.ok_or("there are no test rows")?, values.cols()))
        });
        let estimate = found.as_ref().map(|(found, _)| within(found.estimate(how.ends, how.level), scale));
        let estimate = estimate.map_err(Clone::clone);
        Drop { estimate, law: found.ok().map(|(found, n)| DropLaw::Samples(found, n)) }
    }

    /// The two-sided p value of a mean of per-sample differences (each in [-1, 1]) against zero, by what makes
    /// its interval; `None` where it has none.
    pub fn p_value(&self, cells: &Cells) -> Option<f64> {
        if self.study.design == Design::GivenSplit {
            let (values, groups) = self.given_split(cells).ok()?;
            let range = Some((-1.0, 1.0));
            return Some(
                crossed_replicates(&values, groups.as_deref(), None, range, &self.bootstrap)?.two_sided_p(),
            );
        }
        FoldDifferences::new(&cells.means(), self.test_over_train())?.p_value()
    }

    /// The mean of one number per trial with its interval.
    pub fn estimate_numbers(&self, numbers: &[f64], scale: Scale) -> Measured {
        if self.study.design == Design::GivenSplit {
            return self.estimate_trainings(numbers, scale);
        }
        let estimate = self.over_splits(numbers).ok_or_else(|| "no trial has a value".to_owned())?;
        Ok(within(estimate, scale))
    }

    /// The mean of one number per training of the whole design with its interval
    /// over trainings.
    pub fn estimate_trainings(&self, numbers: &[f64], scale: Scale) -> Measured {
        let values = Matrix::from_vec(numbers.len(), 1, numbers.to_vec());
        let found = crossed_replicates(&values, None, None, None, &self.bootstrap);
        let found = found.ok_or_else(|| "no training has a value".to_owned())?;
        Ok(within(found.estimate(self.bootstrap.ends, self.bootstrap.level), scale))
    }

    /// The trainings in which a quantity was measured on all test rows.
    pub fn trainings(&self, cells: &Cells) -> Vec<Training> {
        let Design::Folds { k } = self.study.design else {
            let one = |(trial, values): (&TrialMeasures, &Result<Vec<f32>, String>)| {
                Some(Training { rows: trial.test.clone(), values: values.clone().ok()? })
            };
            return self.trials.iter().zip(&cells.0).filter_map(one).collect();
        };
        let mut repeats: Vec<u64> = self.trials.iter().map(|trial| trial.repeat).collect();
        repeats.dedup();
        let one = |repeat: &u64| {
            let mut found: Vec<(u32, f32)> = Vec::new();
            let mut n_folds = 0;
            for (trial, values) in self.trials.iter().zip(&cells.0).filter(|(t, _)| t.repeat == *repeat) {
                found.extend(trial.test.iter().copied().zip(values.as_ref().ok()?.iter().copied()));
                n_folds += 1;
            }
            found.sort_unstable_by_key(|(row, _)| *row);
            let (rows, values) = found.into_iter().unzip();
            (n_folds == k).then_some(Training { rows, values })
        };
        repeats.iter().filter_map(one).collect()
    }

    /// Test rows per row of everything else, for the corrected resampled
    /// variance: validation rows are carved out of what a training is given, so
    /// they count as training rows (1 / (k - 1) for k folds).
    pub(super) fn test_over_train(&self) -> f64 {
        let total = |size: fn(&TrialMeasures) -> usize| self.trials.iter().map(size).sum::<usize>() as f64;
        total(|t| t.test.len()) / total(|t| t.n_train + t.n_valid).max(1.0)
    }

    fn over_splits(&self, means: &[f64]) -> Option<Estimate> {
        Some(FoldDifferences::new(means, self.test_over_train())?.estimate(self.bootstrap.level))
    }

    pub(super) fn over_samples(
        &self,
        values: &Matrix<f64>,
        groups: Option<&[u32]>,
        scale: Scale,
    ) -> Measured {
        let absent = || "there are no test rows".to_owned();
        match scale {
            Scale::Share => crossed_share(values, groups, None, self.bootstrap.level).ok_or_else(absent),
            Scale::Difference(bound) => {
                let range = Some((-bound, bound));
                let found =
                    crossed_replicates(values, groups, None, range, &self.bootstrap).ok_or_else(absent)?;
                Ok(within(found.estimate(self.bootstrap.ends, self.bootstrap.level), scale))
            }
            Scale::Linear(..) => {
                let found = crossed_linear(values, groups, self.bootstrap.level).ok_or_else(absent)?;
                Ok(within(found, scale))
            }
            Scale::Positive | Scale::Free => {
                let found =
                    crossed_replicates(values, groups, None, None, &self.bootstrap).ok_or_else(absent)?;
                Ok(found.estimate(self.bootstrap.ends, self.bootstrap.level))
            }
        }
    }

    fn given_split(&self, cells: &Cells) -> Result<(Matrix<f64>, Option<Vec<u32>>), String> {
        let found: Vec<&Vec<f32>> = cells.0.iter().filter_map(|v| v.as_ref().ok()).collect();
        let (Some(first), Some(trial)) = (found.first(), self.trials.first()) else {
            return Err(cells.reason());
        };
        let values = Matrix::from_fn(found.len(), first.len(), |r, c| f64::from(found[r][c]));
        Ok((values, self.groups_of(&trial.test)))
    }

    pub(super) fn groups_of(&self, rows: &[u32]) -> Option<Vec<u32>> {
        self.study.groups.as_ref().map(|groups| rows.iter().map(|row| groups[*row as usize]).collect())
    }
}

/// Cuts an interval at the bounds of what it estimates: a t interval does not
/// know them.
fn within(estimate: Estimate, scale: Scale) -> Estimate {
    let (low, high) = match scale {
        Scale::Share => (0.0, 1.0),
        Scale::Difference(bound) => (-bound, bound),
        Scale::Positive => (0.0, f64::INFINITY),
        Scale::Linear(low, high) => (low, high),
        Scale::Free => return estimate,
    };
    let Some(interval) = estimate.interval() else { return estimate };
    let cut = Interval::new(interval.low.clamp(low, high), interval.high.clamp(low, high));
    Estimate::new(estimate.value, cut, estimate.level, estimate.n, estimate.method)
}
