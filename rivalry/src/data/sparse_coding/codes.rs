//! Labels, insufficiency and sparse codes; no features yet.
//!
//! A draw is a function of (seed, purpose, part, modality, sample, class): other
//! numbers of samples or modalities leave the draws that remain as they are.

use super::{SparseCoding, SparseCodingError};
use crate::num::{Draws, Matrix, Purpose};

pub(super) const LABELS: Purpose = Purpose::new("sparse coding labels");
pub(super) const TIES: Purpose = Purpose::new("sparse coding ties");
pub(super) const SHARES: Purpose = Purpose::new("sparse coding shares");
pub(super) const OFF_LABEL: Purpose = Purpose::new("sparse coding off-label");
pub(super) const LABEL_SIZES: Purpose = Purpose::new("sparse coding label sizes");
pub(super) const PAIRS: Purpose = Purpose::new("sparse coding pairs");
pub(super) const WRONG_CLASSES: Purpose = Purpose::new("sparse coding wrong classes");

/// Draws of the labels after which the classes are held to be too many.
const MAX_ATTEMPTS: u64 = 10_000;

/// What samples are made of, before dictionaries and noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    /// The class of each sample, from 0.
    pub labels: Vec<u32>,
    /// Per modality and sample: whether the code is insufficient.
    pub insufficient: Vec<Vec<bool>>,
    /// Per modality: z, samples x classes.
    pub z: Vec<Matrix<f64>>,
}

impl Codes {
    /// How many codes are insufficient in the modality at position `r`.
    pub fn n_insufficient(&self, r: usize) -> usize {
        self.insufficient[r].iter().filter(|is| **is).count()
    }
}

/// Index of the first draw for one cell of one modality: modalities do not
/// share indices, and 2^48 cells are more than fit into memory.
pub(super) fn index(r: usize, cell: usize) -> u64 {
    (r as u64) << 48 | cell as u64
}

impl SparseCoding {
    /// Codes of `n` samples whose labels are uniform on the classes. `part`
    /// tells samples of one seed apart: [`super::TRAIN`], [`super::TEST`] or any
    /// other number.
    ///
    /// # Panics
    /// When [`SparseCoding::check`] finds something.
    pub fn codes(&self, n: usize, seed: u64, part: u32) -> Codes {
        self.codes_of(self.labels(n, seed, part, 0), seed, part)
    }

    /// Codes of samples whose labels are given.
    ///
    /// # Panics
    /// When [`SparseCoding::check`] finds something or a label is not below K.
    pub fn codes_of(&self, labels: Vec<u32>, seed: u64, part: u32) -> Codes {
        let checked = self.check();
        assert!(checked.is_ok(), "codes of a model that cannot be: {checked:?}");
        assert!(labels.iter().all(|y| (*y as usize) < self.n_classes), "a label without a class");
        let insufficient = self.insufficient(labels.len(), seed, part);
        let z = (0..self.modalities.len()).map(|r| {
            let shown = self.shown(r, &labels, seed, part);
            self.z(r, &shown, &insufficient[r], seed, part)
        });
        Codes { z: z.collect(), labels, insufficient }
    }

    /// Codes of training samples: labels uniform on the classes, given that
    /// every class occurs. The first draw in which they all do is taken, which
    /// is the first one unless samples are few.
    pub fn train_codes(&self, n_train: usize, seed: u64) -> Result<Codes, Vec<SparseCodingError>> {
        self.check()?;
        let n_classes = self.n_classes;
        if n_train > u32::MAX as usize {
            return Err(vec![SparseCodingError::TooManySamples { n_samples: n_train }]);
        }
        if n_train < n_classes {
            return Err(vec![SparseCodingError::TooFewTrain { n_train, n_classes }]);
        }
        let mut occurs = vec![false; n_classes];
        for attempt in 0..MAX_ATTEMPTS {
            let labels = self.labels(n_train, seed, super::TRAIN, attempt);
            occurs.fill(false);
            for y in &labels {
                occurs[*y as usize] = true;
            }
            if occurs.iter().all(|o| *o) {
                return Ok(self.codes_of(labels, seed, super::TRAIN));
            }
        }
        Err(vec![SparseCodingError::ClassMissing { n_train, n_classes, attempts: MAX_ATTEMPTS }])
    }

    fn labels(&self, n: usize, seed: u64, part: u32, attempt: u64) -> Vec<u32> {
        let mut draws = Draws::new(seed, LABELS, part).at(index(attempt as usize, 0));
        (0..n).map(|_| draws.below(self.n_classes) as u32).collect()
    }

    /// With probability |c| one uniform u decides for all modalities: c > 0 makes
    /// r insufficient when u < mu_r, c < 0 when u lies in the r-th of adjacent
    /// intervals of lengths mu_r. Else every modality has a uniform of its own.
    fn insufficient(&self, n: usize, seed: u64, part: u32) -> Vec<Vec<bool>> {
        let mut ties = Draws::new(seed, TIES, part);
        let tied: Vec<Option<f64>> = (0..n)
            .map(|_| {
                let (decides, u) = (ties.uniform(), ties.uniform());
                (decides < self.dependence.abs()).then_some(u)
            })
            .collect();
        let mut start = 0.0;
        let flags = self.modalities.iter().enumerate().map(|(r, modality)| {
            let mut own = Draws::new(seed, SHARES, part).at(index(r, 0));
            let low = if self.dependence < 0.0 { start } else { 0.0 };
            let high = low + modality.mu;
            start += modality.mu;
            let is_insufficient = |tie: &Option<f64>| {
                let own = own.uniform();
                tie.map_or(own < modality.mu, |u| low <= u && u < high)
            };
            tied.iter().map(is_insufficient).collect()
        });
        flags.collect()
    }

    /// K_p: how many classes are paired, `paired` times K rounded to whole pairs.
    pub fn n_paired(&self) -> usize {
        let pairs = (self.paired * self.n_classes as f64 / 2.0).round() as usize;
        2 * pairs.min(self.n_classes / 2)
    }

    /// The class whose feature modality `r` shows of each sample: the label, or of a
    /// paired class either one of its pair, such that the modalities' bits sum to
    /// the label's.
    fn shown(&self, r: usize, labels: &[u32], seed: u64, part: u32) -> Vec<u32> {
        let (n_paired, last) = (self.n_paired(), self.modalities.len() - 1);
        if n_paired == 0 {
            return labels.to_vec();
        }
        let bits = |r: usize| {
            let mut coins = Draws::new(seed, PAIRS, part).at(index(r, 0));
            labels.iter().map(move |_| coins.below(2) as u32)
        };
        let mut shown = if r < last {
            bits(r).zip(labels).map(|(bit, y)| (y & !1) | bit).collect()
        } else {
            labels.to_vec()
        };
        // The last modality completes the parity.
        for other in 0..if r < last { 0 } else { last } {
            shown.iter_mut().zip(bits(other)).for_each(|(shown, bit)| *shown ^= bit);
        }
        let is_paired = |y: &u32| (*y as usize) < n_paired;
        shown.iter().zip(labels).map(|(shown, y)| if is_paired(y) { *shown } else { *y }).collect()
    }

    fn z(&self, r: usize, shown: &[u32], insufficient: &[bool], seed: u64, part: u32) -> Matrix<f64> {
        let (n, n_classes) = (shown.len(), self.n_classes);
        let modality = &self.modalities[r];
        let at = |purpose: Purpose| Draws::new(seed, purpose, part).at(index(r, 0));
        let (mut off_label, mut sizes, mut wrong) = (at(OFF_LABEL), at(LABEL_SIZES), at(WRONG_CLASSES));
        let p_active = self.off_label_count / n_classes as f64;
        let between = |low: f64, high: f64, u: f64| low + (high - low) * u;
        let mut z = Matrix::zeros(n, n_classes);
        for i in 0..n {
            let y = shown[i] as usize;
            let row = z.row_mut(i);
            for value in row.iter_mut() {
                let (is_active, u) = (off_label.uniform() < p_active, off_label.uniform());
                if is_active {
                    *value = between(self.off_label_low, self.off_label_high, u);
                }
            }
            let label_size = modality.strength * between(self.label_low, self.label_high, sizes.uniform());
            let other = wrong.below(n_classes - 1);
            if insufficient[i] {
                row[y] = modality.gamma;
                row[other + usize::from(other >= y)] = modality.rho;
            } else {
                row[y] = label_size;
            }
        }
        z
    }
}
