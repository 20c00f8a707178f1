//! Diagnosis: measurements -> findings -> one verdict with its evidence, what
//! was ruled out, and the next step.
//!
//! The rules are data (`rules`), their thresholds stand in one place
//! ([`Thresholds`]), and `docs/verdicts.md` states both. Nothing here reads
//! networks or trains anything, and no verdict says more than its conditions.

mod conditions;
mod facts;
mod notes;
mod results;
mod rules;
mod status;
#[cfg(test)]
mod tests;
mod thresholds;
mod verdict;

use serde::Serialize;

use crate::metrics::{Measurements, Metrics, Study};

pub use results::{
    Cell, ClassModalityRow, ClassRow, CurvesRow, Definition, Excluded, ModalityRow, ModelRow, Results,
};
pub use status::Status;
pub use thresholds::Thresholds;
pub use verdict::{Alternative, Verdict};

/// A study's numbers and what they mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The numbers.
    pub results: Results,
    /// What they mean.
    pub verdict: Verdict,
    /// The thresholds that the rules used.
    pub thresholds: Thresholds,
}

/// Concludes from measurements: a pure function.
pub fn diagnose(
    study: &Study,
    measured: &Measurements,
    metrics: &Metrics,
    thresholds: Thresholds,
) -> Diagnosis {
    let facts = facts::Facts { study, measured, at: thresholds };
    Diagnosis {
        results: Results::new(study, measured, metrics),
        verdict: verdict::conclude(&facts),
        thresholds,
    }
}
