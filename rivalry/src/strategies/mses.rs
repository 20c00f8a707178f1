//! Modality-specific early stopping: each modality has a validation loss and a patience of its
//! own; one that stops improving goes back to its best encoder, which then stays fixed while
//! the others train on.
//!
//! The loss is that of the modality's part of the joint logits, centred on the training mean,
//! smoothed over epochs.

use crate::model::loss;
use crate::num::{Matrix, Scalar};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Epoch, Needs, Plan, Settle, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mses",
        summary: "early stopping per modality: back to its best encoder, then fixed",
        cites: &[Citation {
            key: "fujimori2020mses",
            text: "N. Fujimori, R. Endo, Y. Kawai, T. Mochizuki. Modality-Specific Learning Rate Control for \
                   Multimodal Classification. ACPR 2019 (published 2020)",
            url: "https://doi.org/10.1007/978-3-030-41299-9_33",
        }],
        knobs: &[
            Knob {
                name: "patience",
                default: Default::Whole(10),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs without a lower smoothed loss before a modality stops; 0 never stops one: naive \
                          joint training",
            },
            Knob {
                name: "smooth",
                default: Default::Number(0.4),
                range: Range::Between(0.0, 0.99),
                meaning: "weight of the epochs before in the smoothed loss",
            },
        ],
        build: |settings| {
            Box::new(Mses {
                patience: settings.number("patience"),
                smooth: settings.number("smooth"),
                losses: Vec::new(),
                best: Vec::new(),
            })
        },
    }
}

/// What is remembered of a modality: the smoothed loss, the least so far, epochs since then,
/// and whether it has stopped (0 or 1).
const KEPT: usize = 4;

struct Mses<T> {
    patience: f64,
    smooth: f64,
    /// [`KEPT`] values per branch.
    losses: Vec<T>,
    /// The weights with every encoder as it was at its least loss.
    best: Vec<T>,
}

/// One more epoch of a modality; whether it now is at its best.
fn follow(kept: &mut [f64], loss: f64, smooth: f64, patience: f64) -> bool {
    let first = kept[1].is_infinite();
    kept[0] = if first { loss } else { smooth * kept[0] + (1.0 - smooth) * loss };
    let better = kept[0] < kept[1];
    if better {
        (kept[1], kept[2]) = (kept[0], 0.0);
    } else {
        kept[2] += 1.0;
    }
    kept[3] = f64::from(u8::from(kept[3] > 0.0 || kept[2] >= patience));
    better
}

impl<T: Scalar> Strategy<T> for Mses<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { stepwise: true, ..Needs::default() }
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        if self.patience == 0.0 || at.valid.is_empty() || at.index == 0 {
            return Settle::Go;
        }
        let n_branches = at.model.branches().len();
        if self.losses.is_empty() {
            let fresh = [0.0, f64::INFINITY, 0.0, 0.0].map(T::from_f64);
            self.losses = fresh.repeat(n_branches);
            self.best = params.to_vec();
        }
        let cut: Vec<Matrix<T>> = at.valid_outputs().centred(&at.train_outputs().mean_logits());
        for (b, branch) in at.model.branches().iter().enumerate() {
            let mut kept: Vec<f64> =
                self.losses[b * KEPT..(b + 1) * KEPT].iter().map(|v| v.to_f64()).collect();
            if kept[3] > 0.0 {
                continue;
            }
            let loss = loss::mean_cross_entropy(cut[b].view(), &at.valid.y);
            let encoder = branch.encoder_params();
            if follow(&mut kept, loss, self.smooth, self.patience) {
                self.best[encoder.clone()].copy_from_slice(&params[encoder.clone()]);
            }
            if kept[3] > 0.0 {
                params[encoder.clone()].copy_from_slice(&self.best[encoder]);
            }
            self.losses[b * KEPT..(b + 1) * KEPT].iter_mut().zip(kept).for_each(|(v, k)| *v = T::from_f64(k));
        }
        Settle::Go
    }

    fn plan(&mut self, _at: &Epoch<'_, T>) -> Plan {
        if self.losses.is_empty() {
            return Plan::default();
        }
        let stopped = self.losses.chunks_exact(KEPT).map(|kept| kept[3] > T::ZERO);
        let encoder_rates: Vec<f64> = stopped.map(|stopped| if stopped { 0.0 } else { 1.0 }).collect();
        // When all have stopped, the head trains on alone.
        Plan::encoders(encoder_rates)
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("losses", &mut self.losses), ("best", &mut self.best)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mses.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modality_stops_when_its_smoothed_loss_has_not_fallen_for_its_patience() {
        let mut kept = [0.0, f64::INFINITY, 0.0, 0.0];
        assert!(follow(&mut kept, 1.0, 0.5, 2.0) && kept == [1.0, 1.0, 0.0, 0.0]);
        assert!(follow(&mut kept, 0.5, 0.5, 2.0) && kept == [0.75, 0.75, 0.0, 0.0]);
        assert!(!follow(&mut kept, 1.75, 0.5, 2.0) && kept == [1.25, 0.75, 1.0, 0.0]);
        assert!(!follow(&mut kept, 1.25, 0.5, 2.0) && kept == [1.25, 0.75, 2.0, 1.0]);
    }
}
