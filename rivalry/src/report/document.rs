//! The JSON document of a report; `docs/schema.md` describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::registry::Citation;

/// Everything that a program may want to read from a run of a command.
/// Fractions, not percent; keys in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Which document this is.
    pub schema: Schema,
    /// The command that was asked, e.g. `diagnose`.
    pub command: String,
    /// The data: fingerprint, n, classes, modalities with dimensions.
    pub data: Value,
    /// The settings after defaults were filled in.
    pub settings: Value,
    /// What was measured; its shape depends on the command.
    pub results: Value,
    /// What was concluded; null where the command concludes nothing.
    pub verdict: Value,
    /// The works that the methods used come from.
    pub citations: Vec<Work>,
    /// What produced the document.
    pub provenance: Provenance,
}

/// The name and version of a document's shape. The version rises when a name
/// disappears or changes meaning; new names may appear without that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// `rivalry`, for all documents of the command.
    pub name: String,
    /// Counts incompatible changes.
    pub version: u32,
}

impl Schema {
    /// The version that this library writes.
    pub const VERSION: u32 = 1;

    /// The schema that this library writes.
    pub fn current() -> Self {
        Self { name: "rivalry".to_owned(), version: Self::VERSION }
    }

    /// Whether this library reads documents of that schema.
    pub fn is_readable(&self) -> bool {
        self.name == Self::current().name && self.version <= Self::VERSION
    }
}

/// A work that a method comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// BibTeX-like key.
    pub key: String,
    /// Authors, title, venue and year in one line.
    pub text: String,
    /// Where to find it.
    pub url: String,
}

impl Work {
    /// The works of some citations, each once, in order.
    pub fn of<'a>(citations: impl IntoIterator<Item = &'a Citation>) -> Vec<Self> {
        let mut works: Vec<Self> = Vec::new();
        for citation in citations {
            if works.iter().all(|work| work.key != citation.key) {
                works.push(citation.into());
            }
        }
        works
    }
}

impl From<&Citation> for Work {
    fn from(citation: &Citation) -> Self {
        Self { key: citation.key.to_owned(), text: citation.text.to_owned(), url: citation.url.to_owned() }
    }
}

/// What produced a document. The clock and the number of threads are the
/// caller's: nothing else in a document depends on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the library.
    pub version: String,
    /// The first seed, where the command draws.
    pub seed: Option<u64>,
    /// Threads the command was allowed, where it computes.
    pub threads: Option<usize>,
    /// Seconds from start to end, where the caller measured them.
    pub wall_seconds: Option<f64>,
    /// Mean seconds of one training of each row of a comparison, networks that it builds on included,
    /// where the caller measured them: runs that were kept from before have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub run_seconds: BTreeMap<String, f64>,
}

impl Provenance {
    /// Of a command that neither draws nor computes for long.
    pub fn plain() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: None,
            threads: None,
            wall_seconds: None,
            run_seconds: BTreeMap::new(),
        }
    }
}

impl Document {
    /// The document of a command that reads no data and concludes nothing.
    pub fn plain(command: &str, settings: Value, results: Value) -> Self {
        Self {
            schema: Schema::current(),
            command: command.to_owned(),
            data: Value::Null,
            settings,
            results,
            verdict: Value::Null,
            citations: Vec::new(),
            provenance: Provenance::plain(),
        }
    }
}
