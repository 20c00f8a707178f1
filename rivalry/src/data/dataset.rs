//! The one type of data: a [`Dataset`] that exists is valid.

use std::collections::BTreeSet;
use std::fmt;

use super::error::{DataError, Named, Part, shown};
use super::fingerprint::{Content, Fingerprint};
use super::labels::{Groups, Labels};
use super::names::{check_modality_name, check_name};
use super::split::{Partition, Samples, Split};
use super::{Features, Modality};

/// Below this many samples the default split is k-fold.
const FEW_SAMPLES: usize = 1000;
/// Folds of the default split.
const DEFAULT_FOLDS: usize = 5;
/// Fewer folds would take too much from training.
const FEWEST_DEFAULT_FOLDS: usize = 3;
/// Test share of the default hold-out.
const DEFAULT_TEST_SHARE: f64 = 0.2;

/// Samples seen through any number of modalities, with a class each: finite,
/// aligned, labelled, named and split. Nobody can change one.
#[derive(Clone, Debug)]
pub struct Dataset {
    name: String,
    modalities: Vec<Modality>,
    labels: Labels,
    groups: Option<Groups>,
    split: Split,
    warnings: Vec<Warning>,
    fingerprint: Fingerprint,
}

/// Something about valid data that a reader of results should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Groups that a given split puts into more than one part.
    GroupsLeak {
        /// How many.
        n_groups: usize,
        /// One of them.
        example: String,
    },
    /// Classes that a given test part lacks.
    NotTested {
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes whose only sample, or only group, always trains.
    AlwaysTrained {
        /// Their names.
        classes: Vec<String>,
        /// Sample or group.
        what: &'static str,
    },
    /// Rows that are in no given part.
    Unused {
        /// How many.
        n_rows: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |classes: &[String]| {
            let shown: Vec<String> = classes.iter().take(5).map(|c| format!("`{c}`")).collect();
            let more = classes.len().saturating_sub(5);
            let tail = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{}{tail}", shown.join(", "))
        };
        match self {
            Self::GroupsLeak { n_groups, example } => write!(
                f,
                "the given split separates {n_groups} group{} (for example `{example}`): test results may be too good",
                if *n_groups == 1 { "" } else { "s" }
            ),
            Self::NotTested { classes } => write!(f, "no test sample of class {}", list(classes)),
            Self::AlwaysTrained { classes, what } => {
                write!(f, "never tested, because one {what} is all there is of class {}", list(classes))
            }
            Self::Unused { n_rows } => {
                write!(f, "{n_rows} row{} in no part of the split", if *n_rows == 1 { " is" } else { "s are" })
            }
        }
    }
}

impl Dataset {
    /// Checks everything and takes ownership.
    ///
    /// Modality names are unique, printable, at most [`super::MAX_NAME_CHARS`]
    /// characters, without `/`, `\`, `+`, a leading full stop or surrounding
    /// blanks. Every class has a sample, and a training sample in a given split.
    ///
    /// Without a split: under 1,000 samples k-fold with k = 5, or as many as the
    /// smallest class has samples but not fewer than 3, and no more than there
    /// are groups to deal; from 1,000 samples on a hold-out of one fifth.
    pub fn new(
        name: &str,
        modalities: Vec<Modality>,
        labels: Labels,
        groups: Option<Groups>,
        split: Option<Split>,
    ) -> Result<Self, DataError> {
        check_modalities(&modalities, &labels)?;
        check_labels(&labels)?;
        if let Some(groups) = &groups {
            let n_samples = labels.codes().len();
            if groups.ids().len() != n_samples {
                return Err(DataError::RowsDiffer {
                    first: "the labels".to_owned(),
                    first_rows: n_samples,
                    second: "the groups".to_owned(),
                    second_rows: groups.ids().len(),
                });
            }
            groups.names().iter().try_for_each(|n| check_name(Named::Group, n))?;
        }
        let mut data = Self {
            name: name.to_owned(),
            modalities,
            labels,
            groups,
            split: Split::HoldOut { test_share: DEFAULT_TEST_SHARE },
            warnings: Vec::new(),
            fingerprint: Fingerprint([0; 32]),
        };
        data.split = match split {
            Some(split) => data.checked_split(split)?,
            None => data.checked_split(data.default_split())?,
        };
        data.warnings = data.find_warnings();
        data.fingerprint = data.hash();
        Ok(data)
    }

    /// The same data with another split.
    pub fn with_split(mut self, split: Split) -> Result<Self, DataError> {
        self.split = self.checked_split(split)?;
        self.warnings = self.find_warnings();
        self.fingerprint = self.hash();
        Ok(self)
    }

    /// What to call it in reports; no part of its identity.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.labels.codes().len()
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.labels.class_names().len()
    }

    /// The name of each class.
    pub fn class_names(&self) -> &[String] {
        self.labels.class_names()
    }

    /// The class of each sample, as a position in [`Dataset::class_names`].
    pub fn labels(&self) -> &[u32] {
        self.labels.codes()
    }

    /// The modalities, in the order in which they were given.
    pub fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    /// The position of a modality.
    pub fn modality_idx(&self, name: &str) -> Option<usize> {
        self.modalities.iter().position(|m| m.name == name)
    }

    /// The group of each sample, as a position in [`Dataset::group_names`].
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_ref().map(Groups::ids)
    }

    /// The name of each group; none without groups.
    pub fn group_names(&self) -> &[String] {
        self.groups.as_ref().map_or(&[], Groups::names)
    }

    /// How it is divided. Row numbers are sorted, and the numbers of given
    /// folds consecutive from 0.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// What readers of results should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The hash of the content.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Number of train/test pairs in one repeat: 1 for a given split or a
    /// hold-out, else the number of folds.
    pub fn n_folds(&self) -> usize {
        self.split.n_folds()
    }

    /// The parts of one repeat and fold. `repeat` deals folds and hold-outs
    /// anew (given splits ignore it); validation is a share of the training
    /// samples, stratified (and grouped), drawn with `seed`, unless it is given.
    ///
    /// # Panics
    /// When there is no such fold, or the share is not in [0, 1).
    pub fn partition(&self, repeat: u64, fold: usize, seed: u64, valid_share: f64) -> Partition {
        self.split.partition(self.samples(), repeat, fold, seed, valid_share)
    }

    fn samples(&self) -> Samples<'_> {
        Samples { labels: self.labels(), n_classes: self.n_classes(), groups: self.groups() }
    }

    /// Numbers of groups (or, without groups, samples) that hold each class.
    fn holders(&self) -> Vec<usize> {
        let pairs = self.labels().iter().enumerate().map(|(i, c)| (*c, self.unit(i)));
        let distinct: BTreeSet<(u32, u32)> = pairs.collect();
        let mut holders = vec![0; self.n_classes()];
        distinct.iter().for_each(|(c, _)| holders[*c as usize] += 1);
        holders
    }

    /// What is dealt as a whole: the sample's group, or the sample.
    fn unit(&self, i: usize) -> u32 {
        self.groups().map_or(i as u32, |g| g[i])
    }

    fn unit_name(&self) -> &'static str {
        if self.groups.is_some() { "group" } else { "sample" }
    }

    /// Groups or samples that are not the only one of some class.
    fn n_movable(&self, holders: &[usize]) -> usize {
        let units: BTreeSet<u32> = (0..self.n_samples()).map(|i| self.unit(i)).collect();
        let alone = self.labels().iter().enumerate().filter(|(_, c)| holders[**c as usize] == 1);
        let fixed: BTreeSet<u32> = alone.map(|(i, _)| self.unit(i)).collect();
        units.len() - fixed.len()
    }

    fn default_split(&self) -> Split {
        if self.n_samples() >= FEW_SAMPLES {
            return Split::HoldOut { test_share: DEFAULT_TEST_SHARE };
        }
        let holders = self.holders();
        let smallest = holders.iter().copied().min().unwrap_or_default();
        let k = smallest.clamp(FEWEST_DEFAULT_FOLDS, DEFAULT_FOLDS).min(self.n_movable(&holders)).max(2);
        Split::Folds { k }
    }

    fn checked_split(&self, split: Split) -> Result<Split, DataError> {
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
                    let what = if self.groups.is_some() { "groups" } else { "samples" };
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
        self.classes_in_train(train.iter().copied(), None)?;
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
        for tested in &distinct {
            let train = (0..fold.len()).filter(|i| fold[*i] != *tested).map(|i| i as u32);
            self.classes_in_train(train, Some(*tested))?;
        }
        let code = |f: &u32| distinct.binary_search(f).unwrap_or_default() as u32;
        Ok(Split::GivenFolds { fold: fold.iter().map(code).collect() })
    }

    fn classes_in_train(
        &self,
        train: impl Iterator<Item = u32>,
        fold: Option<u32>,
    ) -> Result<(), DataError> {
        let mut present = vec![false; self.n_classes()];
        train.for_each(|r| present[self.labels()[r as usize] as usize] = true);
        match present.iter().position(|p| !p) {
            Some(c) => Err(DataError::ClassNotInTrain { class: self.class_names()[c].clone(), fold }),
            None => Ok(()),
        }
    }

    fn find_warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let names = |lacking: &dyn Fn(usize) -> bool| -> Vec<String> {
            (0..self.n_classes()).filter(|c| lacking(*c)).map(|c| self.class_names()[c].clone()).collect()
        };
        let part_of: Vec<Option<u32>> = match &self.split {
            Split::Given { train, valid, test } => {
                let mut part_of = vec![None; self.n_samples()];
                let valid = valid.as_deref().unwrap_or_default();
                for (part, rows) in [&train[..], valid, &test[..]].into_iter().enumerate() {
                    rows.iter().for_each(|r| part_of[*r as usize] = Some(part as u32));
                }
                let tested: BTreeSet<u32> = test.iter().map(|r| self.labels()[*r as usize]).collect();
                let classes = names(&|c| !tested.contains(&(c as u32)));
                if !classes.is_empty() {
                    warnings.push(Warning::NotTested { classes });
                }
                let n_rows = part_of.iter().filter(|p| p.is_none()).count();
                if n_rows > 0 {
                    warnings.push(Warning::Unused { n_rows });
                }
                part_of
            }
            Split::GivenFolds { fold } => fold.iter().map(|f| Some(*f)).collect(),
            Split::HoldOut { .. } | Split::Folds { .. } => {
                let holders = self.holders();
                let classes = names(&|c| holders[c] == 1);
                if !classes.is_empty() {
                    warnings.push(Warning::AlwaysTrained { classes, what: self.unit_name() });
                }
                Vec::new()
            }
        };
        if let (Some(groups), false) = (self.groups(), part_of.is_empty()) {
            let mut first = vec![None; self.group_names().len()];
            let mut leaking = BTreeSet::new();
            for (group, part) in groups.iter().zip(&part_of) {
                let Some(part) = part else { continue };
                if *first[*group as usize].get_or_insert(*part) != *part {
                    leaking.insert(*group);
                }
            }
            if let Some(example) = leaking.first() {
                let example = self.group_names()[*example as usize].clone();
                warnings.insert(0, Warning::GroupsLeak { n_groups: leaking.len(), example });
            }
        }
        warnings
    }

    fn hash(&self) -> Fingerprint {
        let mut content = Content::new();
        content.number(self.modalities.len());
        for modality in &self.modalities {
            content.text(&modality.name);
            content.features(&modality.features);
        }
        content.texts(self.class_names());
        content.codes(self.labels());
        content.number(usize::from(self.groups.is_some()));
        content.texts(self.group_names());
        content.codes(self.groups().unwrap_or_default());
        content.split(&self.split);
        content.finish()
    }
}

fn check_modalities(modalities: &[Modality], labels: &Labels) -> Result<(), DataError> {
    let Some(first) = modalities.first() else { return Err(DataError::NoModalities) };
    let mut seen = BTreeSet::new();
    for modality in modalities {
        check_modality_name(&modality.name)?;
        if !seen.insert(modality.name.as_str()) {
            return Err(DataError::DuplicateModality { name: shown(&modality.name) });
        }
    }
    let rows = |m: &Modality| m.features.rows();
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
    if rows(first) == 0 {
        return Err(DataError::NoSamples);
    }
    if rows(first) > u32::MAX as usize {
        return Err(DataError::TooManySamples { n_samples: rows(first) });
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

fn check_labels(labels: &Labels) -> Result<(), DataError> {
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
