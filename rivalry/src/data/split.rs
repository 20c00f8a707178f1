//! Which samples train, validate and test.
//!
//! Rules, the same for every split that is made here:
//! * parts are stratified by class; with groups, no group lies in two parts;
//! * every class keeps a training sample: the only sample (or group) of a
//!   class always trains and is never tested;
//! * validation is carved out of training samples, never out of test samples;
//! * a part is a function of its numbers (repeat, fold, seed) alone.

use super::deal::{deal_folds, deal_hold_out};
use crate::num::{Draws, Purpose};

const FOLDS: Purpose = Purpose::new("data folds");
const HOLD_OUT: Purpose = Purpose::new("data hold-out");
const VALIDATION: Purpose = Purpose::new("data validation");

/// How a data set is to be divided.
#[derive(Clone, Debug, PartialEq)]
pub enum Split {
    /// Parts given as row numbers from 0. Rows in no part are not used.
    Given {
        /// Rows to train on.
        train: Vec<u32>,
        /// Rows to select on; carved out of `train` when not given.
        valid: Option<Vec<u32>>,
        /// Rows to test on.
        test: Vec<u32>,
    },
    /// A random share is tested, drawn anew for every repeat.
    HoldOut {
        /// Share of the samples, above 0 and below 1.
        test_share: f64,
    },
    /// Each of `k` folds is tested once; dealt anew for every repeat.
    Folds {
        /// Number of folds, at least 2.
        k: usize,
    },
    /// Folds given as a number per row; each distinct number is a fold.
    GivenFolds {
        /// The fold of each row.
        fold: Vec<u32>,
    },
}

/// Row numbers of the three parts: each sorted, no row in two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Rows to train on; every class is among them.
    pub train: Vec<u32>,
    /// Rows to select on; may be empty (no share asked for, or too few
    /// samples or groups to spare one).
    pub valid: Vec<u32>,
    /// Rows to test on; never empty.
    pub test: Vec<u32>,
}

/// What a split is made over.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    pub labels: &'a [u32],
    pub n_classes: usize,
    pub groups: Option<&'a [u32]>,
}

impl Samples<'_> {
    fn all_rows(&self) -> Vec<u32> {
        (0..self.labels.len() as u32).collect()
    }
}

impl Split {
    /// Number of train/test pairs in one repeat.
    pub(super) fn n_folds(&self) -> usize {
        match self {
            Self::Given { .. } | Self::HoldOut { .. } => 1,
            Self::Folds { k } => *k,
            Self::GivenFolds { fold } => fold.iter().max().map_or(0, |last| *last as usize + 1),
        }
    }

    /// The parts; `fold` numbers of given folds have been made consecutive.
    pub(super) fn partition(
        &self,
        samples: Samples<'_>,
        repeat: u64,
        fold: usize,
        seed: u64,
        valid_share: f64,
    ) -> Partition {
        assert!(fold < self.n_folds(), "fold {fold} of {}", self.n_folds());
        assert!((0.0..1.0).contains(&valid_share), "a validation share of {valid_share}");
        let (train, test) = match self {
            Self::Given { train, valid: Some(valid), test } => {
                return Partition { train: train.clone(), valid: valid.clone(), test: test.clone() };
            }
            Self::Given { train, valid: None, test } => (train.clone(), test.clone()),
            Self::HoldOut { test_share } => {
                let draws = Draws::new(repeat, HOLD_OUT, 0);
                part_off(
                    &samples.all_rows(),
                    deal_hold_out(samples, &samples.all_rows(), *test_share, true, draws),
                )
            }
            Self::Folds { k } => {
                let dealt = deal_folds(samples, *k, Draws::new(repeat, FOLDS, 0));
                samples.all_rows().iter().partition(|r| dealt[**r as usize] != fold as u32)
            }
            Self::GivenFolds { fold: folds } => {
                samples.all_rows().iter().partition(|r| folds[**r as usize] != fold as u32)
            }
        };
        let draws = Draws::new(seed, VALIDATION, fold as u32);
        let (train, valid) = part_off(&train, deal_hold_out(samples, &train, valid_share, false, draws));
        Partition { train, valid, test }
    }
}

/// The rows that are not held out, and those that are.
fn part_off(rows: &[u32], held_out: Vec<bool>) -> (Vec<u32>, Vec<u32>) {
    let (mut kept, mut held) = (Vec::with_capacity(rows.len()), Vec::new());
    for (row, out) in rows.iter().zip(held_out) {
        if out { held.push(*row) } else { kept.push(*row) }
    }
    (kept, held)
}
