//! The name that content gives itself: a hash of what a data set says, not of
//! how it was stored.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Features;
use super::split::Split;

/// BLAKE3 of a data set's content: modality names, shapes and values, class
/// names, labels, groups and split, in that order. Values are hashed as `f64`,
/// so a data set read from `.npz` in single precision and from a table in
/// double precision has one fingerprint when the values are equal. The name
/// of the data set and the path of its file do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Feeds a hash with fields that cannot run into each other: every text and
/// every list is preceded by its length.
pub(super) struct Content(blake3::Hasher);

impl Content {
    pub(super) fn new() -> Self {
        let mut content = Self(blake3::Hasher::new());
        content.text("rivalry data 1");
        content
    }

    pub(super) fn number(&mut self, value: usize) {
        self.0.update(&(value as u64).to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }

    pub(super) fn texts(&mut self, texts: &[String]) {
        self.number(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    pub(super) fn codes(&mut self, codes: &[u32]) {
        self.number(codes.len());
        let mut buffer = Vec::with_capacity(4 * 1024);
        for chunk in codes.chunks(1024) {
            buffer.clear();
            buffer.extend(chunk.iter().flat_map(|c| c.to_le_bytes()));
            self.0.update(&buffer);
        }
    }

    pub(super) fn features(&mut self, features: &Features) {
        self.number(features.rows());
        self.number(features.cols());
        let mut buffer = Vec::with_capacity(8 * features.cols());
        for r in 0..features.rows() {
            buffer.clear();
            features.for_row(r, |_, v| buffer.extend_from_slice(&v.to_le_bytes()));
            self.0.update(&buffer);
        }
    }

    pub(super) fn split(&mut self, split: &Split) {
        match split {
            Split::Given { train, valid, test } => {
                self.text("given");
                self.codes(train);
                self.number(usize::from(valid.is_some()));
                self.codes(valid.as_deref().unwrap_or_default());
                self.codes(test);
            }
            Split::HoldOut { test_share } => {
                self.text("hold-out");
                self.0.update(&test_share.to_le_bytes());
            }
            Split::Folds { k } => {
                self.text("folds");
                self.number(*k);
            }
            Split::GivenFolds { fold } => {
                self.text("given folds");
                self.codes(fold);
            }
        }
    }

    pub(super) fn finish(self) -> Fingerprint {
        Fingerprint(*self.0.finalize().as_bytes())
    }
}
