//! Checks that evidence is consistent before anything is computed from it.

use super::{Design, Ending, Evidence, ModelOutputs, Part, Study, Trial};

/// A way in which evidence can be inconsistent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Nothing was trained.
    #[error("the evidence holds no trial")]
    NoTrials,
    /// Classification needs two classes.
    #[error("the study names {0} classes; at least 2 are needed")]
    TooFewClasses(usize),
    /// No modality is named.
    #[error("the study names no modality")]
    NoModalities,
    /// A label is not a class.
    #[error("sample {row}: label {label} is not below the number of classes, {n_classes}")]
    BadLabel {
        /// The sample.
        row: usize,
        /// Its label.
        label: u32,
        /// The number of classes.
        n_classes: usize,
    },
    /// A per-sample or per-modality list has the wrong length.
    #[error("`{what}` has {found} entries; {expected} are needed")]
    WrongLength {
        /// Which list.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A row does not exist.
    #[error("seed {seed}, {part} rows: row {row} is not below the number of samples, {n_samples}")]
    BadRow {
        /// The trial's seed.
        seed: u64,
        /// Which rows.
        part: &'static str,
        /// The row.
        row: u32,
        /// The number of samples.
        n_samples: usize,
    },
    /// A row is used twice in one trial.
    #[error("seed {seed}: row {row} is in {first} and again in {second}")]
    RowUsedTwice {
        /// The trial's seed.
        seed: u64,
        /// The row.
        row: u32,
        /// Where it was first.
        first: &'static str,
        /// Where it was met again.
        second: &'static str,
    },
    /// A trial tests nothing.
    #[error("seed {0}: the trial has no test rows")]
    NoTestRows(u64),
    /// The modalities of a network are no increasing list of known modalities.
    #[error("seed {seed}, model {model}: modalities {modalities:?} are not increasing indices below {n}")]
    BadModalities {
        /// The trial's seed.
        seed: u64,
        /// Position of the network in the trial.
        model: usize,
        /// What was given.
        modalities: Vec<usize>,
        /// The number of modalities.
        n: usize,
    },
    /// A matrix has the wrong shape.
    #[error("seed {seed}, model {model}, {part} {what}: expected {expected}, found {found}")]
    BadShape {
        /// The trial's seed.
        seed: u64,
        /// Position of the network in the trial.
        model: usize,
        /// Which rows.
        part: &'static str,
        /// Logits or embeddings.
        what: &'static str,
        /// What was needed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A usable network has an output that is not finite.
    #[error("seed {seed}, model {model}, {part} {what}: row {row} is not finite")]
    NotFinite {
        /// The trial's seed.
        seed: u64,
        /// Position of the network in the trial.
        model: usize,
        /// Which rows.
        part: &'static str,
        /// Logits or embeddings.
        what: &'static str,
        /// Row of the part.
        row: usize,
    },
    /// Under the design of one given split all trials test the same rows.
    #[error(
        "seed {0}: the test rows differ from those of the first trial, but the split is said to be given"
    )]
    TestRowsDiffer(u64),
}

impl Study {
    /// Checks names, labels and lengths.
    pub fn check(&self) -> Result<(), EvidenceError> {
        if self.modality_names.is_empty() {
            return Err(EvidenceError::NoModalities);
        }
        if self.class_names.len() < 2 {
            return Err(EvidenceError::TooFewClasses(self.class_names.len()));
        }
        let n_classes = self.n_classes();
        if let Some((row, label)) = self.labels.iter().enumerate().find(|(_, l)| **l as usize >= n_classes) {
            return Err(EvidenceError::BadLabel { row, label: *label, n_classes });
        }
        if let Some(groups) = &self.groups {
            expect_length("groups", groups.len(), self.labels.len())?;
        }
        if !self.features.is_empty() {
            expect_length("features", self.features.len(), self.modality_names.len())?;
        }
        Ok(())
    }

    /// Checks one trial against the study: rows, shapes and finite outputs.
    pub fn check_trial(&self, trial: &Trial) -> Result<(), EvidenceError> {
        let seed = trial.seed;
        if trial.test.is_empty() {
            return Err(EvidenceError::NoTestRows(seed));
        }
        let mut seen: Vec<Option<Part>> = vec![None; self.labels.len()];
        for part in Part::ALL {
            for row in trial.rows(part) {
                let Some(slot) = seen.get_mut(*row as usize) else {
                    return Err(EvidenceError::BadRow {
                        seed,
                        part: part.name(),
                        row: *row,
                        n_samples: self.labels.len(),
                    });
                };
                if let Some(first) = slot.replace(part) {
                    let (first, second) = (first.name(), part.name());
                    return Err(EvidenceError::RowUsedTwice { seed, row: *row, first, second });
                }
            }
        }
        for (model_idx, model) in trial.models.iter().enumerate() {
            self.check_model(trial, model_idx, model)?;
        }
        Ok(())
    }

    fn check_model(
        &self,
        trial: &Trial,
        model_idx: usize,
        model: &ModelOutputs,
    ) -> Result<(), EvidenceError> {
        let n = self.modality_names.len();
        let increasing = model.modalities.windows(2).all(|pair| pair[0] < pair[1]);
        if model.modalities.is_empty() || !increasing || model.modalities.iter().any(|m| *m >= n) {
            return Err(EvidenceError::BadModalities {
                seed: trial.seed,
                model: model_idx,
                modalities: model.modalities.clone(),
                n,
            });
        }
        if model.ended != Ending::Completed {
            return Ok(());
        }
        for part in Part::ALL {
            let outputs = model.outputs(part);
            let n_rows = trial.rows(part).len();
            let bad = |what, expected: String, found: String| EvidenceError::BadShape {
                seed: trial.seed,
                model: model_idx,
                part: part.name(),
                what,
                expected,
                found,
            };
            // Validation may be absent, and training outputs of networks
            // trained elsewhere are seldom at hand: then both lists are empty.
            let may_be_absent = part != Part::Test;
            let counts = (outputs.logits.len(), outputs.embeddings.len());
            if !outputs.predicted.is_empty() {
                let found = outputs.predicted.len();
                if found != n_rows {
                    return Err(bad("predicted classes", n_rows.to_string(), found.to_string()));
                }
                if let Some(class) = outputs.predicted.iter().find(|c| **c as usize >= self.n_classes()) {
                    let expected = format!("below {}", self.n_classes());
                    return Err(bad("predicted classes", expected, class.to_string()));
                }
            }
            let only_classes = !outputs.predicted.is_empty() && counts.0 == 0;
            if may_be_absent && counts == (0, 0) {
                continue;
            }
            if !only_classes && counts.0 != 1 && counts.0 != model.modalities.len() {
                return Err(bad(
                    "logits",
                    format!("{} matrices", model.modalities.len()),
                    counts.0.to_string(),
                ));
            }
            if counts.1 != 0 && counts.1 != model.modalities.len() {
                return Err(bad(
                    "embeddings",
                    format!("{} matrices", model.modalities.len()),
                    counts.1.to_string(),
                ));
            }
            for (what, matrices, cols) in [
                ("logits", &outputs.logits, Some(self.n_classes())),
                ("embeddings", &outputs.embeddings, None),
            ] {
                for matrix in matrices {
                    let cols = cols.unwrap_or(matrix.cols());
                    if (matrix.rows(), matrix.cols()) != (n_rows, cols) {
                        let found = format!("{} x {}", matrix.rows(), matrix.cols());
                        return Err(bad(what, format!("{n_rows} x {cols}"), found));
                    }
                    if let Some(at) = matrix.as_slice().iter().position(|x| !x.is_finite()) {
                        return Err(EvidenceError::NotFinite {
                            seed: trial.seed,
                            model: model_idx,
                            part: part.name(),
                            what,
                            row: at / cols,
                        });
                    }
                }
            }
        }
        Ok(())
    }
}

impl Evidence {
    /// Checks the study, every trial, and that the trials fit the design.
    pub fn check(&self) -> Result<(), EvidenceError> {
        self.study.check()?;
        let Some(first) = self.trials.first() else {
            return Err(EvidenceError::NoTrials);
        };
        for trial in &self.trials {
            self.study.check_trial(trial)?;
            if self.study.design == Design::GivenSplit && trial.test != first.test {
                return Err(EvidenceError::TestRowsDiffer(trial.seed));
            }
        }
        Ok(())
    }
}

fn expect_length(what: &'static str, found: usize, expected: usize) -> Result<(), EvidenceError> {
    if found == expected { Ok(()) } else { Err(EvidenceError::WrongLength { what, found, expected }) }
}
