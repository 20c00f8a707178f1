//! Files of predictions, labels and groups -> answers to the same samples and
//! classes.

use super::{Answers, Given};
use crate::data::{DataError, Groups, Labels};
use crate::formats::predictions::{Identified, Ids, Predicted, Scores};
use crate::num::Matrix;

/// The score of a class for which a model has no column: below every other.
const NO_COLUMN: f64 = -1e30;

/// What one file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct FromFile<T> {
    /// The file, for messages.
    pub file: String,
    /// What it holds.
    pub content: Identified<T>,
}

/// All files of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Files {
    /// The class of every sample; its samples and their order count.
    pub labels: FromFile<Labels>,
    /// Names of classes that are numbered from 0 in the labels.
    pub class_names: Option<Vec<String>>,
    /// The group of every sample.
    pub groups: Option<FromFile<Groups>>,
    /// The joint network, a file per training.
    pub joint: Vec<FromFile<Predicted>>,
    /// The networks trained on one modality: name, and a file per training.
    pub alone: Vec<(String, Vec<FromFile<Predicted>>)>,
    /// The joint network's logits by modality: name, and a file per training.
    pub branches: Vec<(String, Vec<FromFile<Predicted>>)>,
    /// The rows that the models were trained on; empty where not known.
    pub train: Vec<u32>,
    /// Embeddings of the joint encoders by modality, a file per training.
    pub joint_embeddings: Vec<(String, Vec<FromFile<Predicted>>)>,
    /// Embeddings of the encoders trained alone by modality, a file per training.
    pub alone_embeddings: Vec<(String, Vec<FromFile<Predicted>>)>,
}

/// Why files do not fit together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AlignError {
    /// A file has another number of samples, and no identifiers to order them by.
    #[error("{file} has {found} samples, {labels} has {expected}")]
    Rows {
        /// The file.
        file: String,
        /// How many it has.
        found: usize,
        /// The labels' file.
        labels: String,
        /// How many that has.
        expected: usize,
    },
    /// Something in a file does not fit the labels.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What does not fit.
        error: Box<DataError>,
    },
    /// Names were given for other classes than there are.
    #[error("class {class} of {file} has no name: {n_names} names were given, for classes 0 to {}", n_names.saturating_sub(1))]
    ClassName {
        /// The labels' file.
        file: String,
        /// The class.
        class: String,
        /// How many names were given.
        n_names: usize,
    },
    /// Branches must be scores.
    #[error("{file} holds classes; the logits of a branch are needed, samples x classes")]
    NoScores {
        /// The file.
        file: String,
    },
    /// Embeddings of a modality that no model was named for.
    #[error("there are embeddings of `{0}` and no model of it")]
    NoModel(String),
    /// Embeddings of some modalities only.
    #[error("some modalities have joint embeddings and others have none, or fewer trainings")]
    Uneven,
    /// A modality has branches and others have not.
    #[error("`{0}` has no branch, but other modalities have: their sum must be the joint network")]
    NoBranch(String),
}

impl AlignError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Rows { .. } => {
                "every file needs the same samples in the same order, or a column `id` to order them by"
                    .into()
            }
            Self::File { error, .. } => {
                error.hint().unwrap_or_else(|| "check what the file holds".to_owned())
            }
            Self::ClassName { .. } => "give one name per line, in the order of the classes' numbers".into(),
            Self::NoScores { .. } => "write logits, not predicted classes".into(),
            Self::NoModel(_) => "give `--uni NAME=FILE` for every modality that has embeddings".into(),
            Self::Uneven => "give joint embeddings of every modality, one file per training".into(),
            Self::NoBranch(_) => "give `--branch NAME=FILE` for every modality, or for none".into(),
        }
    }
}

impl Files {
    /// Puts samples and classes of all files in the order of the labels. Also
    /// says, in sentences, what each file was taken for.
    ///
    /// # Errors
    /// When samples, identifiers or classes do not fit.
    pub fn align(mut self) -> Result<(Given, Vec<String>), AlignError> {
        let classes = self.classes()?;
        let mut notes = Vec::new();
        let mut modality_names: Vec<String> = Vec::new();
        let named = self.alone.iter().chain(&self.branches).map(|(name, _)| name);
        for name in named {
            if !modality_names.contains(name) {
                modality_names.push(name.clone());
            }
        }
        let (joint, alone_files) = (std::mem::take(&mut self.joint), std::mem::take(&mut self.alone));
        let mut all = |files: Vec<FromFile<Predicted>>| -> Result<Vec<Answers>, AlignError> {
            files.into_iter().map(|file| self.answers(file, &classes, &mut notes)).collect()
        };
        let joint = all(joint)?;
        let mut alone = vec![Vec::new(); modality_names.len()];
        for (name, files) in alone_files {
            alone[position(&modality_names, &name) as usize].extend(all(files)?);
        }
        let branches = self.branches(&modality_names, &classes)?;
        if modality_names.len() == 1 {
            // A joint network sees at least one modality more.
            let others = if modality_names[0] == "others" { "the others" } else { "others" };
            modality_names.push(others.to_owned());
            alone.push(Vec::new());
        }
        let groups = match &self.groups {
            None => None,
            Some(of) => {
                let rows = self.order(of, of.content.values.ids().len())?;
                Some(rows.iter().map(|row| of.content.values.ids()[*row as usize]).collect())
            }
        };
        let own = self.rename(&self.labels.content.values);
        let codes: Vec<u32> = own.iter().map(|name| position(&classes, name)).collect();
        let labels = self.labels.content.values.codes().iter().map(|c| codes[*c as usize]).collect();
        let by_modality = self.embeddings(&self.joint_embeddings, &modality_names)?;
        let alone_embeddings = self.embeddings(&self.alone_embeddings, &modality_names)?;
        let joint_embeddings = by_training(by_modality)?;
        let train = self.train.clone();
        let class_names = classes;
        let given = Given {
            modality_names,
            class_names,
            labels,
            groups,
            joint,
            alone,
            branches,
            train,
            joint_embeddings,
            alone_embeddings,
        };
        Ok((given, notes))
    }

    /// What a model said about the samples of the labels. Takes the file's values,
    /// so that those that lie as they are needed are not held twice.
    fn answers(
        &self,
        of: FromFile<Predicted>,
        classes: &[String],
        notes: &mut Vec<String>,
    ) -> Result<Answers, AlignError> {
        let rows = self.order(&of, of.content.values.n_rows())?;
        match of.content.values {
            Predicted::Classes(labels) => {
                let renamed = self.rename(&labels);
                if let Some(class) = renamed.iter().find(|class| !classes.contains(class)) {
                    let n_names = self.class_names.as_ref().map_or(0, Vec::len);
                    return Err(AlignError::ClassName { file: of.file, class: class.clone(), n_names });
                }
                let codes: Vec<u32> = renamed.iter().map(|name| position(classes, name)).collect();
                Ok(Answers::Classes(
                    rows.iter().map(|row| codes[labels.codes()[*row as usize] as usize]).collect(),
                ))
            }
            Predicted::Scores(scores) => {
                let at = self.places(&of.file, &scores, classes)?;
                let in_order = rows.len() == scores.n_rows()
                    && rows.iter().enumerate().all(|(i, row)| i == *row as usize)
                    && at.len() == scores.n_columns()
                    && at.iter().enumerate().all(|(k, column)| *column == Some(k));
                let (answers, probabilities) = match if in_order { scores.into_single() } else { Err(scores) }
                {
                    Ok(single) => Answers::from_single(single),
                    Err(scores) => {
                        let score = |r: usize, k: usize| {
                            at[k].map_or(NO_COLUMN, |column| scores.at(rows[r] as usize, column))
                        };
                        Answers::from_cells(rows.len(), classes.len(), score)
                    }
                };
                let kind = if probabilities { "probabilities" } else { "logits" };
                notes.push(format!("{}: read as {kind}", of.file));
                Ok(answers)
            }
        }
    }

    /// The names of some labels' classes, as given by the user where they are.
    fn rename(&self, labels: &Labels) -> Vec<String> {
        let named = |class: &String| {
            let names = self.class_names.as_ref()?;
            names.get(class.parse::<usize>().ok()?).cloned()
        };
        labels.class_names().iter().map(|class| named(class).unwrap_or_else(|| class.clone())).collect()
    }

    /// Every class that is a label, a prediction or a column of scores.
    fn classes(&self) -> Result<Vec<String>, AlignError> {
        let known = self.labels.content.values.class_names();
        if let Some(names) = &self.class_names {
            let lacks = |class: &&String| {
                !names.contains(*class) && !class.parse::<usize>().is_ok_and(|i| i < names.len())
            };
            if let Some(class) = known.iter().find(lacks) {
                let (file, class) = (self.labels.file.clone(), class.clone());
                return Err(AlignError::ClassName { file, class, n_names: names.len() });
            }
            return Ok(names.clone());
        }
        let mut classes: Vec<String> = known.to_vec();
        let alone = self.alone.iter().chain(&self.branches).flat_map(|(_, files)| files);
        for of in self.joint.iter().chain(alone) {
            let more = match &of.content.values {
                Predicted::Classes(labels) => labels.class_names().to_vec(),
                Predicted::Scores(scores) => self.columns(&of.file, scores)?,
            };
            for class in more {
                if !classes.contains(&class) {
                    classes.push(class);
                }
            }
        }
        // Numbers in their own order: an unseen class 7 stands between 6 and 8.
        let numbers: Option<Vec<i64>> = classes.iter().map(|c| c.parse().ok()).collect();
        if let Some(numbers) = numbers {
            let mut order: Vec<(i64, String)> = numbers.into_iter().zip(classes).collect();
            order.sort();
            classes = order.into_iter().map(|(_, class)| class).collect();
        }
        Ok(classes)
    }

    fn columns(&self, file: &str, scores: &Scores) -> Result<Vec<String>, AlignError> {
        let known = match &self.class_names {
            Some(names) => names,
            None => self.labels.content.values.class_names(),
        };
        let wrong = |error| AlignError::File { file: file.to_owned(), error: Box::new(error) };
        scores.classes(known).map_err(wrong)
    }

    /// In which column of a file's scores each of all classes is.
    fn places(
        &self,
        file: &str,
        scores: &Scores,
        classes: &[String],
    ) -> Result<Vec<Option<usize>>, AlignError> {
        let columns = self.columns(file, scores)?;
        Ok(classes.iter().map(|class| columns.iter().position(|column| column == class)).collect())
    }

    /// Which row of a file each sample of the labels is.
    fn order<T>(&self, of: &FromFile<T>, n_rows: usize) -> Result<Vec<u32>, AlignError> {
        let expected = self.labels.content.values.codes().len();
        let by_id = |own: &Ids, other: &Ids| {
            let wrong = |error| AlignError::File { file: of.file.clone(), error: Box::new(error) };
            own.rows_of(other).map_err(wrong)
        };
        match (&self.labels.content.ids, &of.content.ids) {
            (Some(labels), Some(own)) => by_id(own, labels),
            _ if n_rows == expected => Ok((0..n_rows as u32).collect()),
            _ => Err(AlignError::Rows {
                file: of.file.clone(),
                found: n_rows,
                labels: self.labels.file.clone(),
                expected,
            }),
        }
    }

    /// Embeddings by modality and training, samples in the order of the labels.
    fn embeddings(
        &self,
        of: &[(String, Vec<FromFile<Predicted>>)],
        modalities: &[String],
    ) -> Result<Vec<Vec<Matrix<f32>>>, AlignError> {
        let mut found = vec![Vec::new(); modalities.len()];
        for (name, files) in of {
            let own = modalities.iter().position(|other| other == name);
            let own = own.ok_or_else(|| AlignError::NoModel(name.clone()))?;
            for file in files {
                let Predicted::Scores(values) = &file.content.values else {
                    return Err(AlignError::NoScores { file: file.file.clone() });
                };
                let rows = self.order(file, values.n_rows())?;
                let value = |r: usize, k: usize| values.at(rows[r] as usize, k) as f32;
                found[own].push(Matrix::from_fn(rows.len(), values.n_columns(), value));
            }
        }
        Ok(found)
    }

    fn branches(
        &self,
        modalities: &[String],
        classes: &[String],
    ) -> Result<Vec<Vec<Matrix<f32>>>, AlignError> {
        if self.branches.is_empty() {
            return Ok(Vec::new());
        }
        let n_trainings = self.branches.iter().map(|(_, files)| files.len()).min().unwrap_or(0);
        let mut found = vec![Vec::new(); n_trainings];
        for name in modalities {
            let own = self.branches.iter().find(|(other, _)| other == name);
            let (_, files) = own.ok_or_else(|| AlignError::NoBranch(name.clone()))?;
            for (training, of) in files.iter().take(n_trainings).enumerate() {
                let Predicted::Scores(scores) = &of.content.values else {
                    return Err(AlignError::NoScores { file: of.file.clone() });
                };
                let rows = self.order(of, scores.n_rows())?;
                let at = self.places(&of.file, scores, classes)?;
                let logit = |r: usize, k: usize| {
                    at[k].map_or(NO_COLUMN, |column| scores.at(rows[r] as usize, column)) as f32
                };
                found[training].push(Matrix::from_fn(rows.len(), classes.len(), logit));
            }
        }
        Ok(found)
    }
}

/// From a list per modality to a list per training; nothing where there is
/// nothing.
fn by_training(by_modality: Vec<Vec<Matrix<f32>>>) -> Result<Vec<Vec<Matrix<f32>>>, AlignError> {
    let n_trainings = by_modality.iter().map(Vec::len).max().unwrap_or(0);
    if by_modality.iter().any(|of| of.len() != n_trainings) {
        return Err(AlignError::Uneven);
    }
    let mut found = vec![Vec::new(); n_trainings];
    for of in by_modality {
        for (training, matrix) in found.iter_mut().zip(of) {
            training.push(matrix);
        }
    }
    Ok(found)
}

/// Where a name stands; every name asked for is there.
fn position(names: &[String], name: &str) -> u32 {
    names.iter().position(|other| other == name).unwrap_or(0) as u32
}
