//! What a model that can only be asked makes of its modalities: from whether
//! it was right about samples as they are, and with modalities replaced.
//!
//! Calls nothing and draws nothing: whoever asks the model says what it
//! answered. Every value is one number per sample, and its interval is over
//! samples; which values stood in for which is part of that spread.

use std::fmt;

use super::emap::Scores;
use super::{Measured, cites, shapley};
use crate::data::DataError;
use crate::formats::predictions::Predicted;
use crate::model::loss;
use crate::num::Matrix;
use crate::registry::Citation;
use crate::stats::{Bootstrap, crossed_replicates, crossed_share};

/// The works that an audit comes from.
pub const CITES: &[Citation] = &[cites::GAT2021, cites::SHAPLEY1953, cites::HESSEL2020];

/// Whether a model was right about samples of these classes, 0 or 1 each, by
/// the rule for predictions of files; a tie is an error.
///
/// # Errors
/// When its scores fit no classes.
pub fn right(predicted: &Predicted, labels: &[u32], class_names: &[String]) -> Result<Vec<f32>, DataError> {
    let judged = |is_right: &dyn Fn(usize, &String, u32) -> bool| {
        let one = |(row, label): (usize, &u32)| is_right(row, &class_names[*label as usize], *label);
        labels.iter().enumerate().map(|pair| f32::from(u8::from(one(pair)))).collect()
    };
    match predicted {
        Predicted::Classes(classes) => {
            Ok(judged(&|row, name, _| classes.class_names()[classes.codes()[row] as usize] == *name))
        }
        Predicted::Scores(_) => {
            let scores = scores(predicted, class_names)?;
            Ok(judged(&|row, _, label| loss::is_right(scores.row(row), label)))
        }
    }
}

/// The scores of a model with one column per class, those of the samples first.
///
/// # Errors
/// When they fit no classes. Predicted classes are scores of 0 and 1.
pub fn scores(predicted: &Predicted, class_names: &[String]) -> Result<Matrix<f64>, DataError> {
    let at = |names: &[String], name: &String| names.iter().position(|other| other == name);
    match predicted {
        Predicted::Classes(classes) => {
            let (names, codes) = (classes.class_names(), classes.codes());
            let is = |row: usize, class: usize| names[codes[row] as usize] == class_names[class];
            Ok(Matrix::from_fn(codes.len(), class_names.len(), |row, class| {
                f64::from(u8::from(is(row, class)))
            }))
        }
        Predicted::Scores(scores) => {
            let names = scores.classes(class_names)?;
            let known = class_names.iter().filter_map(|name| at(&names, name));
            let others = (0..names.len()).filter(|i| at(class_names, &names[*i]).is_none());
            let order: Vec<usize> = known.chain(others).collect();
            Ok(Matrix::from_fn(scores.n_rows(), order.len(), |row, class| scores.at(row, order[class])))
        }
    }
}

/// Whether a model was right, sample by sample: 0 or 1, or the share of several
/// askings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// One name per modality.
    pub modalities: Vec<String>,
    /// The group of every sample, where there are groups.
    pub groups: Option<Vec<u32>>,
    /// About the samples as they are.
    pub whole: Vec<f32>,
    /// By modality: with this one replaced.
    pub without: Vec<Vec<f32>>,
    /// By modality: with this one taken from another sample of the same class.
    pub within: Vec<Vec<f32>>,
    /// By bit mask of the modalities that are there: with all others replaced.
    /// All 2^M, or none.
    pub subsets: Vec<Vec<f32>>,
    /// By modality: what it added to those that were there before it, in orders
    /// drawn for every sample; where `subsets` is empty.
    pub added: Vec<Vec<f32>>,
    /// On every combination of the modalities of some samples, with the classes
    /// of these; a reason where that was not asked.
    pub combinations: Option<(Scores, Vec<u32>)>,
}

/// What is wrong with answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedError(String);

impl fmt::Display for AskedError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for AskedError {}

/// What the modalities are to the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Share of samples that it is right about.
    pub accuracy: Measured,
    /// One per modality.
    pub modalities: Vec<AuditedModality>,
    /// What it owes to modalities together.
    pub interaction: Result<Interaction, String>,
}

/// What one modality is to the model. Drops are differences of accuracies: more
/// than zero where the model needs it, less where it does harm.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditedModality {
    /// Its name.
    pub name: String,
    /// Accuracy minus that with this one replaced.
    pub drop: Measured,
    /// Accuracy minus that with this one from samples of the same class: what
    /// lies in its pairing with the others.
    pub within_class_drop: Measured,
    /// Its Shapley value: the mean over all orders of what it adds; the values
    /// of all add up to accuracy minus that with everything replaced.
    pub shapley: Measured,
    /// Accuracy with this one replaced.
    pub accuracy_without: Measured,
    /// Accuracy with all others replaced.
    pub accuracy_alone: Measured,
}

/// Accuracy on some samples, and that of the additive projection of the
/// model's scores (EMAP; Hessel, Lee, EMNLP 2020).
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    /// Of the scores.
    pub accuracy: Measured,
    /// Of their projection on sums of one term per modality.
    pub additive_accuracy: Measured,
    /// The first minus the second.
    pub gap: Measured,
}

impl Asked {
    /// Checks that everything speaks of the same samples.
    fn check(&self) -> Result<(), AskedError> {
        let (n, m) = (self.whole.len(), self.modalities.len());
        let wrong = |what: &str| Err(AskedError(format!("{what} do not fit {m} modalities and {n} samples")));
        if n == 0 || m == 0 {
            return wrong("answers");
        }
        let fits = |answers: &[Vec<f32>], count: usize| {
            answers.is_empty()
                || (answers.len() == count
                    && answers.iter().all(|one| one.len() == n && one.iter().all(|v| v.is_finite())))
        };
        if !self.whole.iter().all(|v| v.is_finite()) || self.groups.as_ref().is_some_and(|g| g.len() != n) {
            return wrong("answers or groups");
        }
        let lists = [&self.without, &self.within, &self.added];
        if !lists.into_iter().all(|answers| fits(answers, m)) {
            return wrong("answers by modality");
        }
        if !fits(&self.subsets, 1_usize.checked_shl(m as u32).unwrap_or_default()) {
            return wrong("answers by subset");
        }
        Ok(())
    }

    /// Measures: `bootstrap` says how intervals of differences are drawn.
    ///
    /// # Errors
    /// When lists have other lengths than the modalities and samples ask for, or
    /// hold numbers that are not finite.
    pub fn audit(&self, bootstrap: &Bootstrap) -> Result<Audit, AskedError> {
        self.check()?;
        let measure = Measure { groups: self.groups.as_deref(), bootstrap };
        let one = |m: usize| AuditedModality {
            name: self.modalities[m].clone(),
            drop: measure.difference(&self.whole, self.without.get(m)),
            within_class_drop: measure.difference(&self.whole, self.within.get(m)),
            shapley: self.shapley(m).and_then(|values| measure.mean(&values)),
            accuracy_without: measure.share(self.without.get(m)),
            accuracy_alone: measure.share(self.subsets.get(1 << m)),
        };
        Ok(Audit {
            accuracy: measure.share(Some(&self.whole)),
            modalities: (0..self.modalities.len()).map(one).collect(),
            interaction: self.interaction(bootstrap),
        })
    }

    /// The Shapley value of a modality for every sample.
    fn shapley(&self, modality: usize) -> Result<Vec<f32>, String> {
        if let Some(added) = self.added.get(modality) {
            return Ok(added.clone());
        }
        if self.subsets.is_empty() {
            return Err(NOT_ASKED.to_owned());
        }
        let n = self.modalities.len();
        let mut values = vec![0.0_f64; self.whole.len()];
        for (set, right) in self.subsets.iter().enumerate() {
            let weight = shapley::coefficient(set, modality, n);
            values.iter_mut().zip(right).for_each(|(value, right)| *value += weight * f64::from(*right));
        }
        Ok(values.into_iter().map(|value| value as f32).collect())
    }

    fn interaction(&self, bootstrap: &Bootstrap) -> Result<Interaction, String> {
        let (scores, labels) = self.combinations.as_ref().ok_or(NOT_ASKED)?;
        let (own, additive) = scores.right(labels).map_err(|error| error.to_string())?;
        let measure = Measure { groups: None, bootstrap };
        Ok(Interaction {
            accuracy: measure.share(Some(&own)),
            additive_accuracy: measure.share(Some(&additive)),
            gap: measure.difference(&own, Some(&additive)),
        })
    }
}

const NOT_ASKED: &str = "the model was not asked for it";

/// Means over samples with their intervals.
struct Measure<'a> {
    groups: Option<&'a [u32]>,
    bootstrap: &'a Bootstrap,
}

impl Measure<'_> {
    fn share(&self, right: Option<&Vec<f32>>) -> Measured {
        let values = row(right.ok_or(NOT_ASKED)?);
        // Shares of several askings are no counts.
        if values.as_slice().iter().any(|v| *v != 0.0 && *v != 1.0) {
            return self.over(&values, (0.0, 1.0));
        }
        crossed_share(&values, self.groups, None, self.bootstrap.level).ok_or_else(|| NOT_ASKED.to_owned())
    }

    fn difference(&self, first: &[f32], second: Option<&Vec<f32>>) -> Measured {
        let second = second.ok_or(NOT_ASKED)?;
        self.mean(&first.iter().zip(second).map(|(a, b)| a - b).collect::<Vec<_>>())
    }

    fn mean(&self, values: &[f32]) -> Measured {
        self.over(&row(values), (-1.0, 1.0))
    }

    fn over(&self, values: &Matrix<f64>, range: (f64, f64)) -> Measured {
        let found = crossed_replicates(values, self.groups, None, Some(range), self.bootstrap);
        let found = found.ok_or_else(|| NOT_ASKED.to_owned())?;
        Ok(found.estimate(self.bootstrap.ends, self.bootstrap.level))
    }
}

/// One value per sample, asked once.
fn row(values: &[f32]) -> Matrix<f64> {
    Matrix::from_vec(1, values.len(), values.iter().map(|v| f64::from(*v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Right where the first of two is there, whatever the second.
    fn dictator() -> Asked {
        let (right, wrong) = (vec![1.0_f32; 8], vec![0.0_f32; 8]);
        Asked {
            modalities: vec!["first".to_owned(), "second".to_owned()],
            whole: right.clone(),
            without: vec![wrong.clone(), right.clone()],
            within: vec![right.clone(), right.clone()],
            subsets: vec![wrong.clone(), right.clone(), wrong, right],
            ..Asked::default()
        }
    }

    #[test]
    fn a_dictator_has_all_and_a_dummy_nothing() {
        let audit = dictator().audit(&Bootstrap::default()).unwrap();
        let value = |measured: &Measured| measured.as_ref().unwrap().value;
        assert_eq!(value(&audit.accuracy), 1.0);
        let (first, second) = (&audit.modalities[0], &audit.modalities[1]);
        assert_eq!((value(&first.drop), value(&second.drop)), (1.0, 0.0));
        assert_eq!((value(&first.shapley), value(&second.shapley)), (1.0, 0.0));
        assert_eq!((value(&first.within_class_drop), value(&first.accuracy_alone)), (0.0, 1.0));
        assert_eq!(value(&second.accuracy_alone), 0.0);
        assert!(audit.interaction.is_err());
    }

    #[test]
    fn shapley_values_add_up() {
        let draws =
            |seed: usize| -> Vec<f32> { (0..20).map(|i| ((i * 7 + seed * 13) % 3) as f32 / 2.0).collect() };
        let subsets: Vec<Vec<f32>> = (0..8).map(draws).collect();
        let asked = Asked {
            modalities: ["a", "b", "c"].map(str::to_owned).to_vec(),
            whole: subsets[7].clone(),
            subsets: subsets.clone(),
            ..Asked::default()
        };
        let audit = asked.audit(&Bootstrap::default()).unwrap();
        let sum: f64 = audit.modalities.iter().map(|m| m.shapley.as_ref().unwrap().value).sum();
        let mean = |v: &[f32]| v.iter().map(|x| f64::from(*x)).sum::<f64>() / v.len() as f64;
        assert!((sum - (mean(&subsets[7]) - mean(&subsets[0]))).abs() < 1e-6);
        assert!(audit.modalities[0].drop.is_err(), "it was not asked");
    }

    #[test]
    fn answers_that_do_not_fit_are_refused() {
        for spoil in [
            (|a: &mut Asked| a.whole.clear()) as fn(&mut Asked),
            |a| a.modalities.clear(),
            |a| a.without[1].truncate(3),
            |a| a.subsets.truncate(3),
            |a| a.within.truncate(1),
            |a| a.groups = Some(vec![0; 3]),
            |a| a.whole[2] = f32::NAN,
        ] {
            let mut asked = dictator();
            spoil(&mut asked);
            assert!(asked.audit(&Bootstrap::default()).is_err());
        }
    }
}
