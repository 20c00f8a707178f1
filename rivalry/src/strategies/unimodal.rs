//! One modality trained alone. The loop does the same as for naive joint
//! training; the network has one branch.

use crate::num::Scalar;
use crate::registry::Entry;

use super::{Needs, On, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "unimodal",
        summary: "one modality trained alone",
        cites: &[],
        knobs: &[],
        build: |_| Box::new(Unimodal),
    }
}

struct Unimodal;

impl<T: Scalar> Strategy<T> for Unimodal {
    fn needs(&self, modalities: &[String]) -> Needs {
        let refuses = (modalities.len() != 1)
            .then(|| format!("strategy `unimodal` trains exactly one modality, not {}", modalities.len()));
        Needs { refuses, ..Needs::default() }
    }

    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        Some(vec![(On::Fused, 1.0)])
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/unimodal.py")
    }
}
