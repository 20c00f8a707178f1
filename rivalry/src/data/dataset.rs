//! The one type of data: a [`Dataset`] that exists is valid.

use super::check::{DEFAULT_TEST_SHARE, check_labels, check_modalities};
use super::error::{DataError, Named};
use super::fingerprint::{Content, Fingerprint};
use super::labels::{Groups, Labels};
use super::names::check_name;
use super::split::{Partition, Samples, Split};
use super::{Modality, Warning};

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

    /// What is dealt as a whole.
    pub(super) fn unit_name(&self) -> &'static str {
        if self.groups.is_some() { "group" } else { "sample" }
    }

    /// For each class, how many groups (or, without groups, samples) hold it.
    pub(super) fn holders(&self) -> Vec<usize> {
        let mut holders = vec![0; self.n_classes()];
        self.for_units(|classes| {
            for class in classes {
                holders[*class as usize] += 1;
            }
        });
        holders
    }

    /// Groups or samples that are not the only one of some class.
    pub(super) fn n_movable(&self, holders: &[usize]) -> usize {
        let mut n_movable = 0;
        self.for_units(|classes| {
            n_movable += usize::from(classes.iter().all(|c| holders[*c as usize] > 1));
        });
        n_movable
    }

    /// Calls `visit` with the distinct classes of each group or sample.
    fn for_units(&self, mut visit: impl FnMut(&[u32])) {
        let Some(groups) = self.groups() else {
            self.labels().iter().for_each(|class| visit(std::slice::from_ref(class)));
            return;
        };
        let mut order: Vec<u32> = (0..groups.len() as u32).collect();
        order.sort_unstable_by_key(|i| groups[*i as usize]);
        let mut classes = Vec::new();
        for members in order.chunk_by(|a, b| groups[*a as usize] == groups[*b as usize]) {
            classes.clear();
            classes.extend(members.iter().map(|i| self.labels()[*i as usize]));
            classes.sort_unstable();
            classes.dedup();
            visit(&classes);
        }
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
