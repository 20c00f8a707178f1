//! Joint training with auxiliary uni-modal losses: the joint loss plus the
//! loss of a classifier of each modality's own. The strong simple baseline that
//! remedies have to beat; the joint head alone predicts.

use crate::model::Workspace;
use crate::num::Scalar;
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::{Epoch, Needs, Objective, On, Plan, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "auxiliary",
        summary: "joint loss plus the loss of each modality's own classifier",
        cites: &[works::WANG2020],
        knobs: &[
            Knob {
                name: "weight",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on each modality's own loss; 0 is naive joint training",
            },
            Knob {
                name: "encoder_rate",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 100.0),
                meaning: "factor on the encoders' learning rate (1.5: what MMPareto does where nothing conflicts)",
            },
        ],
        build: |settings| {
            let encoder_rate = settings.number("encoder_rate");
            Box::new(Auxiliary { weight: settings.number("weight"), encoder_rate })
        },
    }
}

struct Auxiliary {
    weight: f64,
    encoder_rate: f64,
}

impl<T: Scalar> Strategy<T> for Auxiliary {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if self.encoder_rate == 1.0 {
            return Plan::default();
        }
        let encoder_rates = vec![self.encoder_rate; at.model.branches().len()];
        Plan::encoders(encoder_rates)
    }

    fn objective(&mut self, at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        for (on, factor) in self.sum(at.epoch.model.branches().len()) {
            objective.add(Term::cross_entropy(on, factor));
        }
    }

    fn terms(&self, n_branches: usize) -> Option<Vec<(On, f64)>> {
        (self.encoder_rate == 1.0).then(|| self.sum(n_branches))
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/auxiliary.py")
    }
}

impl Auxiliary {
    fn sum(&self, n_branches: usize) -> Vec<(On, f64)> {
        let own = if self.weight == 0.0 { 0 } else { n_branches };
        let own = (0..own).map(|branch| (On::Own(branch), self.weight));
        std::iter::once((On::Fused, 1.0)).chain(own).collect()
    }
}
