//! Uni-modal warm start: joint training begins from the weights of the networks
//! trained alone. In the theory of the talk a modality that has already learned
//! its features cannot lose the race for them.

use crate::num::Scalar;
use crate::registry::{Citation, Entry};

use super::{Epoch, NeededRun, Needs, On, Settle, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "warm_start",
        summary: "joint training from the weights of the separately trained networks",
        cites: &[Citation {
            key: "tang2025strength",
            text: "Tang et al. Effective Competitive Strength: shaping initial strengths by uni-modal training \
                   before joint training. 2025",
            url: "https://arxiv.org/abs/2509.20840",
        }],
        knobs: &[],
        build: |_| Box::new(WarmStart),
    }
}

struct WarmStart;

impl<T: Scalar> Strategy<T> for WarmStart {
    fn needs(&self, modalities: &[String]) -> Needs {
        Needs { runs: NeededRun::each_alone(modalities), ..Needs::default() }
    }

    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        Some(vec![(On::Fused, 1.0)])
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        if at.index == 0 {
            at.copy_teachers(params);
        }
        Settle::Go
    }
}
