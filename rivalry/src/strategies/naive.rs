//! Naive joint training: cross-entropy on the summed logits, nothing else. It
//! is the empty strategy.

use crate::num::Scalar;
use crate::registry::Entry;

use super::{On, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "naive",
        summary: "joint training: one loss on the summed logits of all modalities",
        cites: &[],
        knobs: &[],
        build: |_| Box::new(Naive),
    }
}

struct Naive;

impl<T: Scalar> Strategy<T> for Naive {
    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        Some(vec![(On::Fused, 1.0)])
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/naive.py")
    }
}
