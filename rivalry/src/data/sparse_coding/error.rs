//! Every way in which a data model, or a wish for samples of it, can be wrong.

use crate::registry::ChoiceError;

use super::{MAX_MODALITIES, MAX_SIZE};

/// Why there are no data of this model. Modalities count from 1, as in
/// formulas and on command lines.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SparseCodingError {
    /// A value that the knob does not allow.
    #[error("`{key}` must be {range}, not `{value}`")]
    BadValue {
        /// The knob as it was typed.
        key: String,
        /// What is allowed.
        range: String,
        /// What was given.
        value: String,
    },
    /// Fewer than two classes.
    #[error("`classes` must be at least 2, not {n_classes}")]
    TooFewClasses {
        /// How many were asked for.
        n_classes: usize,
    },
    /// No modality, or too many.
    #[error("`modalities` must be from 1 to {MAX_MODALITIES}, not {n_modalities}")]
    ModalityCount {
        /// How many were asked for.
        n_modalities: usize,
    },
    /// Orthonormal features of all classes do not fit.
    #[error("`dim.{modality}` must be at least the number of classes, {n_classes}, not {dim}")]
    DimTooSmall {
        /// Which modality.
        modality: usize,
        /// Its number of features.
        dim: usize,
        /// How many have to fit.
        n_classes: usize,
    },
    /// A share of samples outside [0, 1].
    #[error("`mu.{modality}` must be from 0 to 1, not {mu}")]
    Share {
        /// Which modality.
        modality: usize,
        /// The value.
        mu: f64,
    },
    /// A size that is negative, too large or no number.
    #[error("`{knob}{}` must be from 0 to {MAX_SIZE}, not {value}", suffix(*.modality))]
    Size {
        /// Which knob.
        knob: &'static str,
        /// Of which modality, if of one.
        modality: Option<usize>,
        /// The value.
        value: f64,
    },
    /// More active features than there are.
    #[error("`off_label_count` must be from 0 to the number of classes, {n_classes}, not {count}")]
    OffLabelCount {
        /// The value.
        count: f64,
        /// The most.
        n_classes: usize,
    },
    /// A range that ends before it begins.
    #[error("`{knob}_low` must not be above `{knob}_high`: {low} is above {high}")]
    Reversed {
        /// `label` or `off_label`.
        knob: &'static str,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
    /// A dependence outside [-1, 1].
    #[error("`dependence` must be from -1 to 1, not {dependence}")]
    Dependence {
        /// The value.
        dependence: f64,
    },
    /// A share of paired classes outside [0, 1].
    #[error("`paired` must be from 0 to 1, not {paired}")]
    Paired {
        /// The value.
        paired: f64,
    },
    /// Insufficient samples that exclude each other do not fit into all samples.
    #[error("a `dependence` below 0 needs shares `mu` that sum to at most 1, not {sum}")]
    Crowded {
        /// Their sum.
        sum: f64,
    },

    /// Fewer training samples than classes.
    #[error("expected a training sample per class, {n_classes}, found {n_train} training samples")]
    TooFewTrain {
        /// How many were asked for.
        n_train: usize,
        /// How many there have to be.
        n_classes: usize,
    },
    /// A class was missing in every draw of the labels.
    #[error(
        "{n_train} training samples are too few for {n_classes} classes: one was missing in each of {attempts} draws of the labels"
    )]
    ClassMissing {
        /// How many samples were asked for.
        n_train: usize,
        /// How many classes have to occur.
        n_classes: usize,
        /// How many draws there were.
        attempts: u64,
    },
    /// Nothing to test on.
    #[error("expected at least 1 test sample, found none")]
    NoTest,
    /// More samples than row numbers can count.
    #[error("too many samples: {n_samples}, at most {}", u32::MAX)]
    TooManySamples {
        /// How many were asked for.
        n_samples: usize,
    },

    /// A knob that does not exist, or a value that it does not allow.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// A knob of a modality that does not exist.
    #[error("`{key}`: there is no modality {modality}, but {n_modalities}")]
    NoSuchModality {
        /// The knob as typed.
        key: String,
        /// What was typed behind the full stop.
        modality: String,
        /// How many there are.
        n_modalities: usize,
    },
    /// A knob of the whole model with the number of a modality.
    #[error("`{key}`: `{knob}` is one for all modalities")]
    NotPerModality {
        /// The knob as typed.
        key: String,
        /// Without the number.
        knob: &'static str,
    },
}

impl SparseCodingError {
    /// What to do about it, where the message does not say.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::DimTooSmall { modality, n_classes, .. } => {
                Some(format!("set `dim.{modality}` to {n_classes} or more, or `classes` lower"))
            }
            Self::Crowded { .. } => {
                Some("lower the shares, or let insufficiency be independent: `dependence=0`".to_owned())
            }
            Self::TooFewTrain { n_classes, .. } => {
                Some(format!("ask for at least {n_classes}, better for several times as many"))
            }
            Self::ClassMissing { n_classes, .. } => {
                let enough = n_classes * (usize::BITS - n_classes.leading_zeros()) as usize;
                Some(format!("ask for {enough} or more"))
            }
            Self::NoSuchModality { .. } => {
                Some("modalities count from 1; `modalities=N` says how many there are".to_owned())
            }
            Self::NotPerModality { knob, .. } => Some(format!("write `{knob}=...`")),
            _ => None,
        }
    }
}

fn suffix(modality: Option<usize>) -> String {
    modality.map_or(String::new(), |number| format!(".{number}"))
}
