//! Disentangled gradient learning: the joint loss trains the joint head and stops there; every
//! encoder is trained by the loss of its own part of the joint logits alone, whose gradient in
//! turn leaves the head alone. So no modality can take another's gradient away.

use crate::model::Workspace;
use crate::num::Scalar;
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "dgl",
        summary: "the joint loss trains the head only, each encoder its own loss only",
        cites: &[Citation {
            key: "wei2025dgl",
            text: "S. Wei, C. Luo, Y. Luo. Boosting Multimodal Learning via Disentangled Gradient Learning. ICCV 2025",
            url: "https://arxiv.org/abs/2507.10213",
        }],
        knobs: &[Knob {
            name: "weight",
            default: Default::Number(1.0),
            range: Range::Between(0.0, 1e3),
            meaning: "factor on each encoder's own loss",
        }],
        build: |settings| Box::new(Dgl { weight: settings.number("weight") }),
    }
}

struct Dgl {
    weight: f64,
}

impl<T: Scalar> Strategy<T> for Dgl {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0).stopped());
        for branch in 0..at.epoch.model.branches().len() {
            objective.add(Term::cross_entropy(On::Branch(branch), self.weight).apart());
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let (joint, own) = groups.split_at_mut(1);
        for (branch, own) in at.epoch.model.branches().iter().zip(own) {
            let encoder = branch.encoder_params();
            // An encoder that emits logits has no head between it and the joint loss.
            joint[0][encoder.clone()].copy_from_slice(&own[encoder]);
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/dgl.py")
    }
}
