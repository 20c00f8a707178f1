//! Many texts, few of them distinct.

use std::collections::BTreeMap;

use crate::data::DataError;

use super::array::Values;
use super::limits::{Limits, within};

/// Numbers texts in order of first appearance, so that a list of labels costs
/// four bytes per row.
#[derive(Default)]
pub(in crate::formats) struct Texts {
    codes: Vec<u32>,
    known: BTreeMap<String, u32>,
}

impl Texts {
    pub(in crate::formats) fn with_capacity(n: usize) -> Self {
        Self { codes: Vec::with_capacity(n), known: BTreeMap::new() }
    }

    pub(in crate::formats) fn push(&mut self, text: &str, limits: &Limits) -> Result<(), DataError> {
        let code = if let Some(code) = self.known.get(text) {
            *code
        } else {
            let next = self.known.len();
            within("distinct texts", next as u64 + 1, limits.max_distinct as u64)?;
            // A byte-length test first: counting characters is linear.
            if text.len() > limits.max_text_chars {
                within("characters in a text", text.chars().count() as u64, limits.max_text_chars as u64)?;
            }
            self.known.insert(text.to_owned(), next as u32);
            next as u32
        };
        self.codes.push(code);
        Ok(())
    }

    pub(in crate::formats) fn len(&self) -> usize {
        self.codes.len()
    }

    /// The same texts after one that comes before them.
    pub(in crate::formats) fn led_by(mut self, text: &str, limits: &Limits) -> Result<Self, DataError> {
        self.push(text, limits)?;
        self.codes.rotate_right(1);
        Ok(self)
    }

    pub(in crate::formats) fn into_values(self, untyped: bool) -> Values {
        let mut by_code: Vec<(u32, String)> =
            self.known.into_iter().map(|(text, code)| (code, text)).collect();
        by_code.sort_unstable_by_key(|(code, _)| *code);
        Values::Text {
            codes: self.codes,
            distinct: by_code.into_iter().map(|(_, text)| text).collect(),
            untyped,
        }
    }
}
