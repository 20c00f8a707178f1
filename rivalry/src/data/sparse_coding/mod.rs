//! The talk's data model as a generator of data sets: sparse codes of labels,
//! orthonormal dictionaries, isotropic noise, any number of modalities.
//!
//! From the talk (Huang et al., ICML 2022): X^r = M^r z^r + xi^r with sparse
//! z^1, z^2 that share the label, and a share mu_r of samples whose code is
//! insufficient in modality r. The laws of z and xi and all constants are OUR
//! RECONSTRUCTION, not the paper's, which was not at hand; every one is a knob:
//!
//! ```text
//! y ~ Unif{1..K}; in every modality r:
//!   insufficient_r with probability mu_r, tied across r by `dependence`
//!   z_j (j != y) = Unif[off_label_low, off_label_high] with probability s / K, else 0
//!   sufficient:    z_y = strength_r Unif[label_low, label_high]
//!   insufficient:  z_y = gamma_r, and z_j' = rho_r for one j' != y drawn uniformly
//!   X^r = M^r z^r + xi^r,  M^r Haar among d_r x K matrices with orthonormal columns,
//!   xi^r ~ N(0, (nu_r^2 / d_r) I), so that |xi^r| has root mean square nu_r
//! ```
//!
//! With `paired` above 0, the first classes come in pairs (2p, 2p + 1) that take
//! all modalities to tell apart: modality r shows the feature of class 2p + b_r in
//! place of y's, with b_1, ..., b_{R-1} fair coins and b_R such that the sum of all
//! b_r is y mod 2 (XOR). Given the pair, each modality is independent of y.
//!
//! [`SparseCoding::explicit`] makes it as it stands; [`SparseCoding::compact`]
//! makes data of min(d, K + n) columns in which networks with isotropic initial
//! weights train by the same law. `docs/lab-data.md` derives it. Knows nothing
//! of networks, and trains none.

mod codes;
mod compact;
mod error;
mod explicit;
pub mod knobs;

use serde::{Deserialize, Serialize};

pub use codes::Codes;
pub use compact::Compact;
pub(crate) use compact::{DRAWS_PER_LENGTH, chi};
pub use error::SparseCodingError;
pub(super) use explicit::orthonormal;
pub use explicit::{Generated, Truth};
pub use knobs::KNOBS;

use super::{Features, Modality};
use crate::num::{Matrix, Numbers, Scalar};
use crate::registry::Citation;
use crate::works;

#[cfg(test)]
mod tests;

/// The talk's paper, which the form of the model is from.
pub const SOURCE: Citation = works::HUANG2022;

/// What documents say of where the model comes from.
pub const ORIGIN: &str = "X^r = M^r z^r + xi^r is the talk's; the laws of z and xi and all constants are our \
                          reconstruction, not the paper's";

/// Most modalities that a model may have.
pub const MAX_MODALITIES: usize = 64;

/// The `part` of training samples in [`SparseCoding::codes`].
pub const TRAIN: u32 = 0;
/// The `part` of the test samples of the data sets that are made here; further
/// samples take further numbers.
pub const TEST: u32 = 1;

/// X^r = M^r z^r + xi^r for K classes and R modalities: our reconstruction of
/// the talk's data model. The letters are those of the formulas above.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SparseCoding {
    /// K, the number of classes; at least 2.
    pub n_classes: usize,
    /// The modalities in their order; data sets call them `m1`, `m2`, ...
    pub modalities: Vec<CodedModality>,
    /// s: every feature of another class is active with probability s / K, so
    /// s (K - 1) / K of them are on average.
    pub off_label_count: f64,
    /// Smallest value of an active feature of another class.
    pub off_label_low: f64,
    /// Largest value of an active feature of another class. The theory wants it
    /// below 1/2; it may be larger, and other classes then look like the label.
    pub off_label_high: f64,
    /// Smallest value of the label's feature in a sufficient code.
    pub label_low: f64,
    /// Largest value of the label's feature in a sufficient code.
    pub label_high: f64,
    /// How insufficiency in one modality goes with that in another, from -1
    /// (never in two at once) over 0 (independent) to 1 (nested: where a rarer
    /// one is insufficient, so are all the others). The shares mu_r stay.
    pub dependence: f64,
    /// Share of classes that come in pairs which no modality tells apart by
    /// itself: the first [`SparseCoding::n_paired`] classes.
    #[serde(skip_serializing_if = "is_zero")]
    pub paired: f64,
}

/// Models from before there were paired classes keep their names in stores.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

/// One modality of [`SparseCoding`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodedModality {
    /// d, the number of features; at least K.
    pub dim: usize,
    /// Probability that a code is insufficient.
    pub mu: f64,
    /// Factor on the label's feature in sufficient codes.
    pub strength: f64,
    /// The feature of the wrong class in insufficient codes.
    pub rho: f64,
    /// The label's feature in insufficient codes. The theory wants it far below
    /// `rho`.
    pub gamma: f64,
    /// nu, the root mean square of the length of the noise.
    pub noise: f64,
}

impl Default for CodedModality {
    fn default() -> Self {
        Self { dim: 2000, mu: 0.02, strength: 1.0, rho: 0.5, gamma: 0.03, noise: 2.0 }
    }
}

impl Default for SparseCoding {
    fn default() -> Self {
        Self {
            n_classes: 10,
            modalities: vec![
                CodedModality::default(),
                CodedModality { mu: 0.06, ..CodedModality::default() },
            ],
            off_label_count: 2.0,
            off_label_low: 0.2,
            off_label_high: 0.4,
            label_low: 1.0,
            label_high: 1.4,
            dependence: 0.0,
            paired: 0.0,
        }
    }
}

impl CodedModality {
    /// Standard deviation of one component of the noise, nu / sqrt d.
    pub fn noise_sd(&self) -> f64 {
        self.noise / (self.dim as f64).sqrt()
    }
}

impl SparseCoding {
    /// All that is wrong with the values; codes can be drawn when nothing is.
    pub fn check(&self) -> Result<(), Vec<SparseCodingError>> {
        let mut errors = Vec::new();
        if self.n_classes < 2 {
            errors.push(SparseCodingError::TooFewClasses { n_classes: self.n_classes });
        }
        if !(1..=MAX_MODALITIES).contains(&self.modalities.len()) {
            errors.push(SparseCodingError::ModalityCount { n_modalities: self.modalities.len() });
        }
        let sizes = [
            ("off_label_low", self.off_label_low),
            ("off_label_high", self.off_label_high),
            ("label_low", self.label_low),
            ("label_high", self.label_high),
        ];
        errors.extend(bad_sizes(&sizes, None));
        if !(0.0..=self.n_classes as f64).contains(&self.off_label_count) {
            let (count, n_classes) = (self.off_label_count, self.n_classes);
            errors.push(SparseCodingError::OffLabelCount { count, n_classes });
        }
        for (knob, low, high) in [
            ("off_label", self.off_label_low, self.off_label_high),
            ("label", self.label_low, self.label_high),
        ] {
            if low > high {
                errors.push(SparseCodingError::Reversed { knob, low, high });
            }
        }
        for (r, modality) in self.modalities.iter().enumerate() {
            modality.check(r + 1, self.n_classes, &mut errors);
        }
        if !(0.0..=1.0).contains(&self.paired) {
            errors.push(SparseCodingError::Paired { paired: self.paired });
        }
        if !(-1.0..=1.0).contains(&self.dependence) {
            errors.push(SparseCodingError::Dependence { dependence: self.dependence });
        } else if self.dependence < 0.0 {
            // Written so that sums of decimal fractions may round up to 1.
            let sum: f64 = self.modalities.iter().map(|m| m.mu).sum();
            if sum > 1.0 + 1e-12 {
                errors.push(SparseCodingError::Crowded { sum });
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl CodedModality {
    fn check(&self, number: usize, n_classes: usize, errors: &mut Vec<SparseCodingError>) {
        if self.dim < n_classes {
            errors.push(SparseCodingError::DimTooSmall { modality: number, dim: self.dim, n_classes });
        }
        if !(0.0..=1.0).contains(&self.mu) {
            errors.push(SparseCodingError::Share { modality: number, mu: self.mu });
        }
        let sizes =
            [("strength", self.strength), ("rho", self.rho), ("gamma", self.gamma), ("noise", self.noise)];
        errors.extend(bad_sizes(&sizes, Some(number)));
    }
}

/// Sizes are finite and not negative, and small enough for single precision.
fn bad_sizes(sizes: &[(&'static str, f64)], modality: Option<usize>) -> Vec<SparseCodingError> {
    let is_bad = |value: f64| !(0.0..=MAX_SIZE).contains(&value);
    let bad = sizes.iter().filter(|(_, value)| is_bad(*value));
    bad.map(|(knob, value)| SparseCodingError::Size { knob, modality, value: *value }).collect()
}

/// Largest value of a feature, a factor or a noise.
pub(super) const MAX_SIZE: f64 = 1e6;

/// The name of the modality at position `r`.
pub fn modality_name(r: usize) -> String {
    format!("m{}", r + 1)
}

/// A modality from values in a precision that is known at compile time.
fn modality<T: Scalar>(r: usize, matrix: Matrix<T>) -> Modality {
    let (rows, cols) = (matrix.rows(), matrix.cols());
    let features = match T::into_numbers(matrix.into_vec()) {
        Numbers::F32(values) => Features::F32(Matrix::from_vec(rows, cols, values)),
        Numbers::F64(values) => Features::F64(Matrix::from_vec(rows, cols, values)),
    };
    Modality { name: modality_name(r), features }
}

/// The classes are called `0`, `1`, ...
fn class_names(n_classes: usize) -> Vec<String> {
    (0..n_classes).map(|class| class.to_string()).collect()
}
