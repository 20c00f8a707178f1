//! Evidence from what models trained elsewhere said about the same samples.

use super::{Curves, Design, Ending, Evidence, EvidenceError, ModelOutputs, PartOutputs, Study, Trial};
use crate::metrics::{NAIVE, UNIMODAL};
use crate::model::{loss, meters};
use crate::num::{Draws, Matrix, Purpose, special};

/// Row sums this close to one, with nothing below zero, are probabilities.
const PROBABILITIES: f64 = 1e-2;
/// Probabilities of zero are no further away than this.
const SMALLEST: f64 = 1e-30;
/// Share of samples on which summed branches may give another class than the
/// joint network whose branches they are said to be.
const ROUNDING: f64 = 0.01;

/// Share of the training rows that choices are made on, where nobody named any.
const VALID_SHARE: f64 = 0.15;
const VALID: Purpose = Purpose::new("validation rows of given models");

/// What one model said, once.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// A class per sample.
    Classes(Vec<u32>),
    /// Samples x classes: logits, or logarithms of probabilities.
    Scores(Matrix<f32>),
}

impl Answers {
    /// Answers from logits or probabilities, samples x classes: rows that are
    /// not negative and sum to one are probabilities, and their logarithms are
    /// kept, so that whatever reads them as logits finds the same probabilities.
    /// Says whether they were.
    pub fn from_scores(scores: &Matrix<f64>) -> (Self, bool) {
        Self::from_cells(scores.rows(), scores.cols(), |i, k| scores.row(i)[k])
    }

    /// [`Answers::from_scores`] of scores that are given one by one.
    pub(super) fn from_cells(
        n: usize,
        n_classes: usize,
        score: impl Fn(usize, usize) -> f64,
    ) -> (Self, bool) {
        let probabilities = are_probabilities(n, n_classes, &score);
        let single = |i, k| if probabilities { log_probability(score(i, k)) } else { score(i, k) as f32 };
        (Self::Scores(Matrix::from_fn(n, n_classes, single)), probabilities)
    }

    /// [`Answers::from_scores`] of scores in single precision, which are kept.
    pub(super) fn from_single(mut scores: Matrix<f32>) -> (Self, bool) {
        let probabilities =
            are_probabilities(scores.rows(), scores.cols(), |i, k| f64::from(scores.row(i)[k]));
        if probabilities {
            scores.as_mut_slice().iter_mut().for_each(|z| *z = log_probability(f64::from(*z)));
        }
        (Self::Scores(scores), probabilities)
    }

    fn n_samples(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Scores(scores) => scores.rows(),
        }
    }

    fn outputs(&self, rows: &[u32]) -> PartOutputs {
        match self {
            Self::Classes(classes) => {
                let predicted = rows.iter().map(|row| classes[*row as usize]).collect();
                PartOutputs { predicted, ..PartOutputs::default() }
            }
            Self::Scores(scores) => {
                PartOutputs { logits: vec![scores.gather(rows)], ..PartOutputs::default() }
            }
        }
    }

    /// The outputs on training, validation and test rows; without a copy where
    /// all rows are test rows.
    fn into_outputs(self, parts: &[Vec<u32>; 3]) -> [PartOutputs; 3] {
        let [train, valid, test] = parts;
        let (train, valid) = (self.outputs(train), self.outputs(valid));
        let test = match self {
            Self::Scores(scores) if test.len() == scores.rows() => {
                PartOutputs { logits: vec![scores], ..PartOutputs::default() }
            }
            other => other.outputs(test),
        };
        [train, valid, test]
    }
}

/// Whether every row is not negative and sums to one.
fn are_probabilities(n: usize, n_classes: usize, score: impl Fn(usize, usize) -> f64) -> bool {
    let is_one = |i: usize| {
        let row = || (0..n_classes).map(|k| score(i, k));
        row().all(|p| p >= 0.0) && (row().sum::<f64>() - 1.0).abs() <= PROBABILITIES
    };
    n_classes > 1 && (0..n).all(is_one)
}

fn log_probability(p: f64) -> f32 {
    special::ln(p.max(SMALLEST)) as f32
}

/// What models trained elsewhere said about some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// One name per modality, at least two; one that only the joint network
    /// sees is named too.
    pub modality_names: Vec<String>,
    /// One name per class.
    pub class_names: Vec<String>,
    /// The class of every sample.
    pub labels: Vec<u32>,
    /// The group of every sample: samples of a group are resampled together.
    pub groups: Option<Vec<u32>>,
    /// The joint network, one entry per training.
    pub joint: Vec<Answers>,
    /// The networks trained on one modality, by modality: one entry per
    /// training, or none at all.
    pub alone: Vec<Vec<Answers>>,
    /// The joint network's logits cut into modalities: for every training one
    /// samples x classes matrix per modality. Empty where they are not known.
    pub branches: Vec<Vec<Matrix<f32>>>,
    /// The rows that the models were trained on; empty where they are not
    /// known. All other rows are test rows.
    pub train: Vec<u32>,
    /// Embeddings of the joint network's encoders: for every training one
    /// samples x width matrix per modality. Empty where they are not known.
    pub joint_embeddings: Vec<Vec<Matrix<f32>>>,
    /// Embeddings of the encoders trained alone, by modality: one samples x
    /// width matrix per training, or none at all.
    pub alone_embeddings: Vec<Vec<Matrix<f32>>>,
}

/// Why there is no evidence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GivenError {
    /// Models were trained a different number of times.
    #[error("{what} has {found} trainings, the joint network {expected}: a comparison is paired by training")]
    Trainings {
        /// Which model.
        what: String,
        /// How many it has.
        found: usize,
        /// How many the joint network has.
        expected: usize,
    },
    /// Models speak of different numbers of samples.
    #[error("{what} has {found} samples, the labels have {expected}")]
    Samples {
        /// Which model.
        what: String,
        /// How many it has.
        found: usize,
        /// How many labels there are.
        expected: usize,
    },
    /// The branches are not those of the joint network.
    #[error("the branches' sum gives another class than the joint network on {differ} of {n} samples")]
    Branches {
        /// On how many samples.
        differ: usize,
        /// Of how many.
        n: usize,
    },
    /// Probes are fitted on training rows.
    #[error("there are embeddings and no training rows to fit probes on")]
    NoTrainingRows,
    /// A training row does not exist.
    #[error("training row {row} is not below the number of samples, {n}")]
    BadTrainingRow {
        /// The row.
        row: u32,
        /// The number of samples.
        n: usize,
    },
    /// Anything else that is inconsistent.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

impl Given {
    /// The evidence: one trial per training, every sample a test row.
    ///
    /// # Errors
    /// When models speak of different samples or trainings, or the branches do
    /// not sum to the joint network's answers.
    pub fn into_evidence(self) -> Result<Evidence, GivenError> {
        let n = self.labels.len();
        let n_trainings = self.joint.len().max(self.branches.len());
        let check = |what: String, found: &[usize]| {
            if found.len() != n_trainings {
                return Err(GivenError::Trainings { what, found: found.len(), expected: n_trainings });
            }
            match found.iter().find(|rows| **rows != n) {
                Some(rows) => Err(GivenError::Samples { what, found: *rows, expected: n }),
                None => Ok(()),
            }
        };
        let sizes = |answers: &[Answers]| answers.iter().map(Answers::n_samples).collect::<Vec<_>>();
        if !self.joint.is_empty() {
            check("the joint network".to_owned(), &sizes(&self.joint))?;
        }
        for (name, alone) in self.modality_names.iter().zip(&self.alone) {
            if !alone.is_empty() {
                check(format!("`{name}`"), &sizes(alone))?;
            }
        }
        for (training, branches) in self.branches.iter().enumerate() {
            let rows: Vec<usize> = branches.iter().map(Matrix::rows).collect();
            if let Some(rows) = rows.iter().find(|rows| **rows != n) {
                let what = "a branch".to_owned();
                return Err(GivenError::Samples { what, found: *rows, expected: n });
            }
            if let Some(joint) = self.joint.get(training) {
                agree(branches, joint, &self.labels)?;
            }
        }
        for (what, matrices) in [
            ("the joint encoders", &self.joint_embeddings),
            ("encoders trained alone", &self.alone_embeddings),
        ] {
            let rows = matrices.iter().flatten().map(Matrix::rows).find(|rows| *rows != n);
            if let Some(found) = rows {
                return Err(GivenError::Samples { what: what.to_owned(), found, expected: n });
            }
        }
        let has_embeddings =
            !self.joint_embeddings.is_empty() || self.alone_embeddings.iter().any(|of| !of.is_empty());
        if has_embeddings && self.train.is_empty() {
            return Err(GivenError::NoTrainingRows);
        }
        if let Some(row) = self.train.iter().find(|row| **row as usize >= n) {
            return Err(GivenError::BadTrainingRow { row: *row, n });
        }
        let evidence = self.trials(n_trainings);
        evidence.check()?;
        Ok(evidence)
    }

    /// Training, validation and test rows. Validation rows are drawn from the
    /// training rows, as everywhere.
    fn parts(&self) -> [Vec<u32>; 3] {
        let mut train = self.train.clone();
        train.sort_unstable();
        train.dedup();
        let test = (0..self.labels.len() as u32).filter(|row| train.binary_search(row).is_err()).collect();
        let n_valid = (VALID_SHARE * train.len() as f64) as usize;
        Draws::new(0, VALID, 0).shuffle(&mut train);
        let mut valid = train.split_off(train.len() - n_valid);
        train.sort_unstable();
        valid.sort_unstable();
        [train, valid, test]
    }

    fn trials(self, n_trainings: usize) -> Evidence {
        let all: Vec<usize> = (0..self.modality_names.len()).collect();
        let parts = self.parts();
        let mut joint = self.joint.into_iter();
        let mut branches = self.branches.into_iter();
        let mut alone: Vec<_> = self.alone.into_iter().map(Vec::into_iter).collect();
        let mut trials = Vec::with_capacity(n_trainings);
        for training in 0..n_trainings {
            let with_embeddings = |mut outputs: [PartOutputs; 3], of: &[&Matrix<f32>]| {
                for (outputs, rows) in outputs.iter_mut().zip(&parts) {
                    outputs.embeddings = of.iter().map(|of| of.gather(rows)).collect();
                }
                outputs
            };
            let mut models = Vec::new();
            for (modality, answers) in alone.iter_mut().enumerate() {
                let own = self.alone_embeddings.get(modality).and_then(|of| of.get(training));
                let embeddings: Vec<&Matrix<f32>> = own.into_iter().collect();
                models.extend(answers.next().map(|answers| {
                    let outputs = with_embeddings(answers.into_outputs(&parts), &embeddings);
                    model(vec![modality], UNIMODAL, outputs)
                }));
            }
            let embeddings: Vec<&Matrix<f32>> =
                self.joint_embeddings.get(training).into_iter().flatten().collect();
            let outputs = match (branches.next(), joint.next()) {
                (Some(cut), _) => Some(parts.each_ref().map(|rows| {
                    let logits = cut.iter().map(|logits| logits.gather(rows)).collect();
                    PartOutputs { logits, ..PartOutputs::default() }
                })),
                (None, fused) => fused.map(|fused| fused.into_outputs(&parts)),
            };
            if let Some(outputs) = outputs {
                models.push(model(all.clone(), NAIVE, with_embeddings(outputs, &embeddings)));
            }
            let [train, valid, test] = parts.clone();
            trials.push(Trial { seed: training as u64, repeat: 0, fold: 0, train, valid, test, models });
        }
        let study = Study {
            modality_names: self.modality_names,
            class_names: self.class_names,
            labels: self.labels,
            groups: self.groups,
            design: Design::GivenSplit,
            features: Vec::new(),
        };
        Evidence { study, trials }
    }
}

fn model(modalities: Vec<usize>, strategy: &str, parts: [PartOutputs; 3]) -> ModelOutputs {
    let [train, valid, test] = parts;
    ModelOutputs {
        modalities,
        strategy: strategy.to_owned(),
        ended: Ending::Completed,
        train,
        valid,
        test,
        curves: Curves::default(),
    }
}

/// Whether the summed branches say what the joint network says.
fn agree(branches: &[Matrix<f32>], joint: &Answers, labels: &[u32]) -> Result<(), GivenError> {
    let views: Vec<_> = branches.iter().map(Matrix::view).collect();
    let sum = meters::fused(&views);
    let right = |i: usize| loss::is_right(sum.row(i), labels[i]);
    let said = |i: usize| match joint {
        Answers::Classes(classes) => classes[i] == labels[i],
        Answers::Scores(scores) => loss::is_right(scores.row(i), labels[i]),
    };
    let n = labels.len();
    let differ = (0..n).filter(|i| right(*i) != said(*i)).count();
    if differ as f64 > ROUNDING * n as f64 { Err(GivenError::Branches { differ, n }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Given {
        let scores = |right: [bool; 4]| {
            Answers::Scores(Matrix::from_fn(4, 2, |i, k| f32::from(u8::from((k == i % 2) == right[i]))))
        };
        Given {
            modality_names: vec!["a".into(), "b".into()],
            class_names: vec!["x".into(), "y".into()],
            labels: vec![0, 1, 0, 1],
            groups: None,
            joint: vec![scores([true, true, true, false])],
            alone: vec![vec![Answers::Classes(vec![0, 1, 0, 1])], vec![scores([true, false, false, false])]],
            branches: vec![],
            train: vec![],
            joint_embeddings: vec![],
            alone_embeddings: vec![],
        }
    }

    #[test]
    fn training_rows_are_set_apart_and_probes_have_embeddings() {
        let mut known = given();
        known.alone[0] = vec![Answers::Classes(vec![0, 1, 0, 1])];
        known.joint_embeddings = vec![vec![Matrix::zeros(4, 3), Matrix::zeros(4, 2)]];
        assert_eq!(known.clone().into_evidence(), Err(GivenError::NoTrainingRows));
        known.train = vec![2, 0];
        let trial = &known.clone().into_evidence().unwrap().trials[0];
        assert_eq!((&trial.train, &trial.test), (&vec![0, 2], &vec![1, 3]));
        assert_eq!(trial.models[2].train.embeddings[0].rows(), 2);
        assert_eq!(trial.models[2].test.embeddings[1].cols(), 2);
        known.train = vec![4];
        assert_eq!(known.into_evidence(), Err(GivenError::BadTrainingRow { row: 4, n: 4 }));
    }

    #[test]
    fn every_sample_is_a_test_row_of_every_training() {
        let evidence = given().into_evidence().unwrap();
        assert_eq!((evidence.trials.len(), evidence.trials[0].test.len()), (1, 4));
        let strategies: Vec<&str> = evidence.trials[0].models.iter().map(|m| m.strategy.as_str()).collect();
        assert_eq!(strategies, [UNIMODAL, UNIMODAL, NAIVE]);
    }

    #[test]
    fn probabilities_become_their_logarithms() {
        let p = Matrix::from_vec(2, 2, vec![0.25, 0.75, 1.0, 0.0]);
        let (Answers::Scores(z), true) = Answers::from_scores(&p) else { panic!("they sum to one") };
        assert!((z.row(0)[1] + 0.287_682_07).abs() < 1e-6 && z.row(1)[1] < -60.0);
        let logits = Matrix::from_vec(1, 2, vec![0.25, 0.5]);
        assert!(!Answers::from_scores(&logits).1);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut short = given();
        short.alone[0] = vec![Answers::Classes(vec![0, 1])];
        let error = short.into_evidence().unwrap_err();
        assert_eq!(error.to_string(), "`a` has 2 samples, the labels have 4");
        let mut twice = given();
        let again = twice.alone[0][0].clone();
        twice.alone[0].push(again);
        assert!(matches!(twice.into_evidence(), Err(GivenError::Trainings { found: 2, expected: 1, .. })));
        let mut foreign = given();
        foreign.branches = vec![vec![Matrix::from_fn(4, 2, |_, k| k as f32), Matrix::zeros(4, 2)]];
        assert!(matches!(foreign.into_evidence(), Err(GivenError::Branches { differ: 1.., n: 4 })));
    }
}
