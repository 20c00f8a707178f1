//! Evidence: what trained networks left behind, in the form that metrics read.
//!
//! Evidence says nothing about how the networks were trained or where they are
//! stored; it can be made from our own records or from predictions of networks
//! trained elsewhere. It holds outputs, never weights or features.
//!
//! A [`Study`] is what all trials share; a [`Trial`] is one training of every
//! network on one split with one seed. Trials are measured one at a time, so
//! that only one needs to be in memory.

mod align;
mod check;
mod given;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::num::Matrix;

pub use align::{AlignError, Files, FromFile};
pub use check::EvidenceError;
pub use given::{Answers, Given, GivenError};

/// What all trials share: the names, the labels and the design.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// One name per modality.
    pub modality_names: Vec<String>,
    /// One name per class.
    pub class_names: Vec<String>,
    /// The class of every sample of the data set, by row.
    pub labels: Vec<u32>,
    /// The group (patient, speaker, video) of every sample, by row: samples of
    /// one group are resampled together.
    pub groups: Option<Vec<u32>>,
    /// How the trials split the samples.
    pub design: Design,
    /// One per modality, or none where the features are not at hand.
    pub features: Vec<FeatureFacts>,
}

/// How the trials split the samples, which decides how intervals are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Design {
    /// The same test rows in every trial; trials differ by seed.
    GivenSplit,
    /// Repeated k-fold: each sample is tested once per repeat.
    Folds {
        /// Folds per repeat.
        k: usize,
    },
    /// Test rows drawn anew in every trial.
    HoldOut,
}

/// What is known of one modality's features, for checks of scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FeatureFacts {
    /// Number of features.
    pub n_features: usize,
    /// Features with the same value in every sample.
    pub n_constant: usize,
    /// Root mean square over samples and features, as given.
    pub rms_given: f64,
    /// Root mean square over samples and features, as the networks saw them
    /// (equal to `rms_given` when nothing was scaled).
    pub rms_seen: f64,
}

/// One training of every network: one split, one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The seed of the initial weights and of the batch order.
    pub seed: u64,
    /// Which repeat of the design this is (0 where nothing repeats).
    pub repeat: u64,
    /// Which fold of the repeat (0 where there are no folds).
    pub fold: usize,
    /// Rows trained on.
    pub train: Vec<u32>,
    /// Rows used for selection (early stopping, probe strength, temperature);
    /// may be empty.
    pub valid: Vec<u32>,
    /// Rows tested on.
    pub test: Vec<u32>,
    /// One entry per network.
    pub models: Vec<ModelOutputs>,
}

/// What one trained network left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelOutputs {
    /// Indices into [`Study::modality_names`], increasing.
    pub modalities: Vec<usize>,
    /// The strategy's name: `unimodal`, `naive`, `auxiliary` ...
    pub strategy: String,
    /// How training ended. Any but a completed network is named and left
    /// out.
    pub ended: Ending,
    /// Outputs on the training rows.
    pub train: PartOutputs,
    /// Outputs on the validation rows.
    pub valid: PartOutputs,
    /// Outputs on the test rows.
    pub test: PartOutputs,
    /// Losses and accuracies per epoch; empty vectors where none were kept.
    pub curves: Curves,
}

/// How the training of a network ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Ending {
    /// Usable: all epochs done, or stopped early by design.
    Completed,
    /// A quantity left the finite numbers; the outputs mean nothing.
    Diverged {
        /// The epoch in which it happened.
        epoch: u32,
        /// Which quantity.
        what: String,
    },
    /// What training was to reach, it did not: named and left out.
    NotConverged {
        /// The last epoch.
        epoch: u32,
        /// Why there was no further one.
        why: String,
    },
}

impl Ending {
    /// What happened instead of completion, in words.
    pub fn fate(&self) -> Option<&'static str> {
        match self {
            Self::Completed => None,
            Self::Diverged { .. } => Some("diverged"),
            Self::NotConverged { .. } => Some("did not converge"),
        }
    }
}

/// A network's outputs on some rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartOutputs {
    /// One `n_rows x n_classes` matrix per modality of the network, in the
    /// order of [`ModelOutputs::modalities`]; they sum to the fused logits.
    ///
    /// This is the centred cut: each modality's features centred on their
    /// training mean, the rest in the bias, the bias split equally (the raw
    /// cut is not identifiable). Where only fused outputs are known, a single
    /// matrix of fused logits (or log-probabilities).
    pub logits: Vec<Matrix<f32>>,
    /// One `n_rows x width` matrix per modality: the encoders' outputs, the
    /// input of the head. Empty where they were not kept.
    pub embeddings: Vec<Matrix<f32>>,
    /// The class given to every row, where that is all that is known: then
    /// there are neither logits nor embeddings.
    pub predicted: Vec<u32>,
}

/// Learning curves, one value per epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Mean cross-entropy on the training rows, in nats.
    pub train_loss: Vec<f64>,
    /// Mean cross-entropy on the validation rows, in nats.
    pub valid_loss: Vec<f64>,
    /// Accuracy on the validation rows, a fraction.
    pub valid_accuracy: Vec<f64>,
    /// What was read off every branch while the network trained, in the order
    /// of [`ModelOutputs::modalities`]; empty where nothing was.
    pub branches: Vec<BranchCurves>,
}

/// Readings of one branch of a joint network, one value per epoch
/// ([`crate::model::meters`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchCurves {
    /// Residual of the fused logits over that of the branch's own.
    pub residual_ratio: Vec<f64>,
    /// Confidence of the branch over that of the others.
    pub discrepancy_ratio: Vec<f64>,
    /// Accuracy of the branch on the training rows read, a fraction.
    pub train_accuracy: Vec<f64>,
    /// Cosine between the encoder's gradients of the joint and of its own loss.
    pub gradient_cosine: Vec<f64>,
    /// Length of the joint loss's gradient over that of its own loss's.
    pub gradient_ratio: Vec<f64>,
    /// Mean squared entry of the encoder's gradient of the joint loss.
    pub fisher_trace: Vec<f64>,
}

/// A study with its trials, all in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What all trials share.
    pub study: Study,
    /// At least one.
    pub trials: Vec<Trial>,
}

/// Which rows of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Rows trained on.
    Train,
    /// Rows used for selection.
    Valid,
    /// Rows tested on.
    Test,
}

impl Part {
    /// All three, in the order of use.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl Study {
    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.class_names.len()
    }

    /// The labels of the given rows.
    pub fn labels_of(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|row| self.labels[*row as usize]).collect()
    }

    /// The name of a set of modalities: joined by `+`.
    pub fn name_of(&self, modalities: &[usize]) -> String {
        modalities.iter().map(|m| self.modality_names[*m].as_str()).collect::<Vec<_>>().join("+")
    }
}

impl Curves {
    /// Everything by name; what was read off a branch as `WHAT.MODALITY`, the
    /// names of the network's modalities given in its order.
    pub fn by_name(&self, modalities: &[&str]) -> BTreeMap<String, &[f64]> {
        let own = [
            ("train_loss", &self.train_loss),
            ("valid_loss", &self.valid_loss),
            ("valid_accuracy", &self.valid_accuracy),
        ];
        let own = own.into_iter().map(|(name, values)| (name.to_owned(), values));
        let branches = modalities.iter().zip(&self.branches).flat_map(|(modality, branch)| {
            let read = [
                ("residual_ratio", &branch.residual_ratio),
                ("discrepancy_ratio", &branch.discrepancy_ratio),
                ("branch_train_accuracy", &branch.train_accuracy),
                ("gradient_cosine", &branch.gradient_cosine),
                ("gradient_ratio", &branch.gradient_ratio),
                ("fisher_trace", &branch.fisher_trace),
            ];
            read.map(|(what, values)| (format!("{what}.{modality}"), values))
        });
        own.chain(branches)
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| (name, values.as_slice()))
            .collect()
    }
}

impl Trial {
    /// The rows of a part.
    pub fn rows(&self, part: Part) -> &[u32] {
        match part {
            Part::Train => &self.train,
            Part::Valid => &self.valid,
            Part::Test => &self.test,
        }
    }

    /// The usable network of this strategy over exactly these modalities.
    pub fn model(&self, modalities: &[usize], strategy: &str) -> Option<&ModelOutputs> {
        self.models
            .iter()
            .find(|m| m.modalities == modalities && m.strategy == strategy && m.ended == Ending::Completed)
    }
}

impl ModelOutputs {
    /// The outputs on a part.
    pub fn outputs(&self, part: Part) -> &PartOutputs {
        match part {
            Part::Train => &self.train,
            Part::Valid => &self.valid,
            Part::Test => &self.test,
        }
    }
}
