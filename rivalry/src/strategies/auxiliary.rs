//! Joint training with auxiliary uni-modal losses: the joint loss plus the
//! loss of a classifier of each modality's own. The strong simple baseline that
//! remedies have to beat; the joint head alone predicts.

use crate::model::Workspace;
use crate::num::Scalar;
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "auxiliary",
        summary: "joint loss plus the loss of each modality's own classifier",
        cites: &[Citation {
            key: "wang2020gblend",
            text: "W. Wang, D. Tran, M. Feiszli. What Makes Training Multi-Modal Classification Networks \
                   Hard? CVPR 2020 (Table 5, auxiliary loss with equal weights)",
            url: "https://arxiv.org/abs/1905.12681",
        }],
        knobs: &[Knob {
            name: "weight",
            default: Default::Number(1.0),
            range: Range::Between(0.0, 1e3),
            meaning: "factor on each modality's own loss; 0 is naive joint training",
        }],
        build: |settings| Box::new(Auxiliary { weight: settings.number("weight") }),
    }
}

struct Auxiliary {
    weight: f64,
}

impl<T: Scalar> Strategy<T> for Auxiliary {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        for (on, factor) in self.sum(at.epoch.model.branches().len()) {
            objective.add(Term::cross_entropy(on, factor));
        }
    }

    fn terms(&self, n_branches: usize) -> Option<Vec<(On, f64)>> {
        Some(self.sum(n_branches))
    }
}

impl Auxiliary {
    fn sum(&self, n_branches: usize) -> Vec<(On, f64)> {
        let own = if self.weight == 0.0 { 0 } else { n_branches };
        let own = (0..own).map(|branch| (On::Own(branch), self.weight));
        std::iter::once((On::Fused, 1.0)).chain(own).collect()
    }
}
