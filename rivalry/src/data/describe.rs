//! What there is to know about a data set before training on it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Dataset, Features, Fingerprint, Partition, Split};

/// Below this many test samples a single one is more than half a point of
/// accuracy.
const FEW_TESTED: usize = 200;

/// A data set in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// What it is called.
    pub name: String,
    /// The hash of its content.
    pub fingerprint: Fingerprint,
    /// Number of samples.
    pub n_samples: usize,
    /// The classes in the order of their codes.
    pub classes: Vec<ClassDescription>,
    /// The modalities in their order.
    pub modalities: Vec<ModalityDescription>,
    /// The groups, if there are any.
    pub groups: Option<GroupsDescription>,
    /// How it is divided.
    pub split: SplitDescription,
    /// Samples that are there more than once.
    pub duplicates: Duplicates,
    /// What a reader of results should know, in sentences.
    pub notes: Vec<String>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassDescription {
    /// Its name.
    pub name: String,
    /// Its samples.
    pub n: usize,
    /// Those that train (and validate, where validation is carved out) in the
    /// first repeat and fold.
    pub n_train: usize,
    /// Those that test in the first repeat and fold.
    pub n_test: usize,
}

/// One modality.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModalityDescription {
    /// Its name.
    pub name: String,
    /// Its number of features.
    pub dim: usize,
    /// The precision it came in.
    pub dtype: &'static str,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Share of values that are exactly zero, from 0 to 1.
    pub zeros: f64,
    /// Features with one value in all samples, counted from 0.
    pub constant: Vec<usize>,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupsDescription {
    /// How many there are.
    pub n: usize,
    /// Samples of the smallest.
    pub smallest: usize,
    /// Samples of the largest.
    pub largest: usize,
}

/// The split.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SplitDescription {
    /// `given`, `hold-out`, `folds` or `given folds`.
    pub kind: &'static str,
    /// Train/test pairs in one repeat.
    pub n_folds: usize,
    /// Training samples in the first repeat and fold, before validation is
    /// carved out of them.
    pub n_train: usize,
    /// Validation samples, when they are given.
    pub n_valid: Option<usize>,
    /// Test samples in the first repeat and fold.
    pub n_test: usize,
}

/// Samples that equal another one in every feature of every modality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Samples that equal an earlier one.
    pub repeated: usize,
    /// Samples that equal an earlier one but have another label.
    pub contradictory: usize,
    /// Test samples that equal a training sample, in a given split.
    pub leaked: usize,
}

impl Dataset {
    /// Describes the data; looks at every value.
    pub fn describe(&self) -> Description {
        let parts = self.partition(0, 0, 0, 0.0);
        let groups = self.groups().map(|ids| {
            let sizes = counts(ids.iter(), self.group_names().len());
            GroupsDescription {
                n: sizes.len(),
                smallest: sizes.iter().copied().min().unwrap_or_default(),
                largest: sizes.iter().copied().max().unwrap_or_default(),
            }
        });
        let mut description = Description {
            name: self.name().to_owned(),
            fingerprint: self.fingerprint(),
            n_samples: self.n_samples(),
            classes: self.describe_classes(&parts),
            modalities: self.modalities().iter().map(|m| describe_modality(&m.name, &m.features)).collect(),
            groups,
            split: self.describe_split(&parts),
            duplicates: self.find_duplicates(&parts),
            notes: self.warnings().iter().map(ToString::to_string).collect(),
        };
        description.add_notes();
        description
    }

    fn describe_classes(&self, parts: &Partition) -> Vec<ClassDescription> {
        let of = |rows: &[u32]| counts(rows.iter().map(|r| &self.labels()[*r as usize]), self.n_classes());
        let all = counts(self.labels().iter(), self.n_classes());
        let (train, test) = (of(&parts.train), of(&parts.test));
        let names = self.class_names().iter().enumerate();
        names
            .map(|(c, name)| ClassDescription {
                name: name.clone(),
                n: all[c],
                n_train: train[c],
                n_test: test[c],
            })
            .collect()
    }

    fn describe_split(&self, parts: &Partition) -> SplitDescription {
        let (kind, n_valid) = match self.split() {
            Split::Given { valid, .. } => ("given", valid.as_ref().map(Vec::len)),
            Split::HoldOut { .. } => ("hold-out", None),
            Split::Folds { .. } => ("folds", None),
            Split::GivenFolds { .. } => ("given folds", None),
        };
        let (n_train, n_test) = (parts.train.len(), parts.test.len());
        SplitDescription { kind, n_folds: self.n_folds(), n_train, n_valid, n_test }
    }

    fn find_duplicates(&self, parts: &Partition) -> Duplicates {
        let is_given = matches!(self.split(), Split::Given { .. });
        let mut is_in_train = vec![false; self.n_samples()];
        parts.train.iter().for_each(|r| is_in_train[*r as usize] = is_given);
        // First sample with this content, and whether any such one trains.
        let mut seen: BTreeMap<[u8; 32], (u32, bool)> = BTreeMap::new();
        let hashes: Vec<[u8; 32]> = (0..self.n_samples()).map(|r| self.row_hash(r)).collect();
        let mut found = Duplicates::default();
        for (row, hash) in hashes.iter().enumerate() {
            let (first, trains) = seen.entry(*hash).or_insert((row as u32, false));
            *trains |= is_in_train[row];
            if *first as usize != row {
                found.repeated += 1;
                found.contradictory += usize::from(self.labels()[*first as usize] != self.labels()[row]);
            }
        }
        if is_given {
            found.leaked = parts.test.iter().filter(|r| seen[&hashes[**r as usize]].1).count();
        }
        found
    }

    fn row_hash(&self, row: usize) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut bytes = Vec::new();
        for modality in self.modalities() {
            bytes.clear();
            modality.features.for_row(row, |_, v| bytes.extend_from_slice(&v.to_le_bytes()));
            hasher.update(&bytes);
        }
        *hasher.finalize().as_bytes()
    }
}

impl Description {
    fn add_notes(&mut self) {
        let n_tested = if self.split.n_folds > 1 { self.n_samples } else { self.split.n_test };
        if n_tested < FEW_TESTED {
            self.notes.push(format!(
                "only {n_tested} samples are ever tested: one of them is {:.1} points of accuracy",
                100.0 / n_tested as f64
            ));
        }
        for modality in &self.modalities {
            if modality.constant.len() == modality.dim {
                self.notes.push(format!("modality `{}`: all features are constant", modality.name));
            } else if !modality.constant.is_empty() {
                let n = modality.constant.len();
                let verb = if n == 1 { "is" } else { "are" };
                self.notes.push(format!(
                    "modality `{}`: {n} of {} features {verb} constant and will be zero",
                    modality.name, modality.dim
                ));
            }
        }
        let Duplicates { repeated, contradictory, leaked } = self.duplicates;
        if repeated > 0 {
            self.notes.push(format!(
                "{repeated} sample{} an earlier one in every feature{}",
                if repeated == 1 { " equals" } else { "s equal" },
                if contradictory == 0 {
                    String::new()
                } else {
                    format!(", {contradictory} with another label")
                }
            ));
        }
        if leaked > 0 {
            self.notes.push(format!(
                "{leaked} test sample{} a training sample in every feature",
                if leaked == 1 { " equals" } else { "s equal" }
            ));
        }
    }
}

fn counts<'a>(codes: impl Iterator<Item = &'a u32>, n: usize) -> Vec<usize> {
    let mut counts = vec![0; n];
    codes.for_each(|c| counts[*c as usize] += 1);
    counts
}

fn describe_modality(name: &str, features: &Features) -> ModalityDescription {
    let (mut low, mut high, mut n_zeros) = (f64::INFINITY, f64::NEG_INFINITY, 0_usize);
    let mut is_constant = vec![true; features.cols()];
    let first: Vec<f64> = (0..features.cols()).map(|c| features.get(0, c)).collect();
    for r in 0..features.rows() {
        features.for_row(r, |c, v| {
            low = low.min(v);
            high = high.max(v);
            n_zeros += usize::from(v == 0.0);
            is_constant[c] &= v == first[c];
        });
    }
    let n_values = features.rows() * features.cols();
    ModalityDescription {
        name: name.to_owned(),
        dim: features.cols(),
        dtype: features.dtype(),
        low,
        high,
        zeros: n_zeros as f64 / n_values as f64,
        constant: (0..features.cols()).filter(|c| is_constant[*c]).collect(),
    }
}
