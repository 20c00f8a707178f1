//! The JSON document of a report; `docs/schema.md` describes it.

use serde::Serialize;
use serde_json::Value;

use crate::registry::Citation;

/// Everything that a program may want to read from a run of a command.
/// Fractions, not percent; keys in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    pub citations: Vec<Citation>,
    /// What produced the document.
    pub provenance: Provenance,
}

/// The name and version of a document's shape. The version rises when a name
/// disappears or changes meaning; new names may appear without that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// `rivalry`, for all documents of the command.
    pub name: &'static str,
    /// Counts incompatible changes.
    pub version: u32,
}

impl Schema {
    /// The schema that this version of the library writes.
    pub const CURRENT: Self = Self { name: "rivalry", version: 1 };
}

/// What produced a document. The clock and the number of threads are the
/// caller's: nothing else in a document depends on them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provenance {
    /// The version of the library.
    pub version: &'static str,
    /// The first seed, where the command draws.
    pub seed: Option<u64>,
    /// Threads the command was allowed, where it computes.
    pub threads: Option<usize>,
    /// Seconds from start to end, where the caller measured them.
    pub wall_seconds: Option<f64>,
}

impl Provenance {
    /// Of a command that neither draws nor computes for long.
    pub fn plain() -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), seed: None, threads: None, wall_seconds: None }
    }
}
