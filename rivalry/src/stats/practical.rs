//! "Is it practically the same?": three probabilities against a region of
//! practical equivalence (ROPE).

use serde::{Deserialize, Serialize};

/// Where a difference lies against the region of practical equivalence
/// `[-rope, rope]`. The three sum to one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Practical {
    /// Probability that the difference lies below `-rope`.
    pub p_worse: f64,
    /// Probability that it lies within the region.
    pub p_same: f64,
    /// Probability that it lies above `rope`.
    pub p_better: f64,
}

/// The three shares of bootstrap replicates of a difference; `rope` is its half
/// width, as a fraction. `None` without replicates.
///
/// Read as probabilities they are a confidence distribution: what a flat prior
/// would give, to the accuracy of the bootstrap. A replicate on the border
/// counts as the same.
///
/// # Panics
/// When a replicate is not finite, or `rope` is negative or not a number.
pub fn rope(replicates: &[f64], rope: f64) -> Option<Practical> {
    check_rope(rope);
    assert!(replicates.iter().all(|r| r.is_finite()), "a replicate is not finite");
    if replicates.is_empty() {
        return None;
    }
    let share = |count: usize| count as f64 / replicates.len() as f64;
    let worse = replicates.iter().filter(|r| **r < -rope).count();
    let better = replicates.iter().filter(|r| **r > rope).count();
    Some(Practical {
        p_worse: share(worse),
        p_same: share(replicates.len() - worse - better),
        p_better: share(better),
    })
}

/// # Panics
/// When `rope` is not a finite number that is at least zero.
pub(super) fn check_rope(rope: f64) {
    assert!(rope >= 0.0 && rope.is_finite(), "half the width of a ROPE is at least zero, not {rope}");
}
