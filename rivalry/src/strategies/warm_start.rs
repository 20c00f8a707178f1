//! Uni-modal warm start: joint training begins from the weights of the networks
//! trained alone. In the theory of the talk a modality that has already learned
//! its features cannot lose the race for them; how long it trains alone sets its strength in
//! that race.

use crate::num::Scalar;
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::{Epoch, NeededRun, Needs, On, Plan, Settle, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "warm_start",
        summary: "joint training from the weights of the separately trained networks",
        cites: &[works::TANG2025],
        knobs: &[
            Knob {
                name: "epochs",
                default: Default::Whole(0),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs that each modality trains alone before; 0 for as long as training alone takes",
            },
            Knob {
                name: "freeze",
                default: Default::Flag(false),
                range: Range::Switch,
                meaning: "keep the encoders as they were trained alone and train the joint head only",
            },
        ],
        build: |settings| {
            let epochs = settings.whole("epochs") as u32;
            Box::new(WarmStart { epochs: (epochs > 0).then_some(epochs), freeze: settings.flag("freeze") })
        },
    }
}

struct WarmStart {
    epochs: Option<u32>,
    freeze: bool,
}

impl<T: Scalar> Strategy<T> for WarmStart {
    fn needs(&self, modalities: &[String]) -> Needs {
        let each = NeededRun::each_alone(modalities).into_iter();
        let runs = each.map(|run| NeededRun { epochs: self.epochs, ..run }).collect();
        Needs { runs, ..Needs::default() }
    }

    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        (!self.freeze).then(|| vec![(On::Fused, 1.0)])
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        if at.index == 0 {
            at.copy_teachers(params);
        }
        Settle::Go
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if !self.freeze {
            return Plan::default();
        }
        let encoder_rates = vec![0.0; at.model.branches().len()];
        Plan::encoders(encoder_rates)
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/warm_start.py")
    }
}
