//! Modality-specific learning rates (the dynamic form): a modality whose validation accuracy
//! is above its mean over the last epochs learns faster, one that falls behind its own
//! history slower.
//!
//! The accuracy is that of the modality's part of the joint logits, centred on the training
//! mean; without a validation part it is read on the training part.

use crate::model::loss;
use crate::num::Scalar;
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Epoch, Needs, Plan, Strategy};

/// Epochs that the present accuracy is compared with.
const WINDOW: usize = 5;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mslr",
        summary: "a learning rate per modality that follows its own progress",
        cites: &[Citation {
            key: "yao2022mslr",
            text: "Y. Yao, R. Mihalcea. Modality-specific Learning Rates for Effective Multimodal Additive \
                   Late-fusion. Findings of ACL 2022",
            url: "https://aclanthology.org/2022.findings-acl.143",
        }],
        knobs: &[
            Knob {
                name: "strength",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 4.0),
                meaning: "exponent of the ratio of accuracies; 0 with tilt 0 is naive joint training",
            },
            Knob {
                name: "tilt",
                default: Default::Number(0.0),
                range: Range::Between(-0.9, 0.9),
                meaning: "the first modality's rate times 1 + tilt, the last's times 1 - tilt (a toolkit uses 0.3)",
            },
        ],
        build: |settings| {
            Box::new(Mslr {
                strength: settings.number("strength"),
                tilt: settings.number("tilt"),
                accuracies: Vec::new(),
            })
        },
    }
}

struct Mslr<T> {
    strength: f64,
    tilt: f64,
    /// Per epoch, the accuracy of every modality.
    accuracies: Vec<T>,
}

/// A modality's rate given its accuracies up to now.
fn rate(accuracies: &[f64], strength: f64) -> f64 {
    let last = &accuracies[accuracies.len().saturating_sub(WINDOW)..];
    let mean = last.iter().sum::<f64>() / last.len().max(1) as f64;
    match accuracies.last() {
        Some(now) if mean > 0.0 && strength > 0.0 => crate::num::special::powf(now / mean, strength),
        _ => 1.0,
    }
}

impl<T: Scalar> Strategy<T> for Mslr<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { stepwise: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n_branches = at.model.branches().len();
        if self.strength > 0.0 && at.index > 0 {
            let part = if at.valid.is_empty() { at.train } else { at.valid };
            let cut = at.model.evaluate(at.params, part).centred(&at.train_outputs().mean_logits());
            let accuracy = |z: &crate::num::Matrix<T>| T::from_f64(loss::accuracy(z.view(), &part.y));
            self.accuracies.extend(cut.iter().map(accuracy));
        }
        let tilt = |b: usize| match n_branches {
            1 => 1.0,
            n => 1.0 + self.tilt * (1.0 - 2.0 * b as f64 / (n - 1) as f64),
        };
        let of = |b: usize| -> Vec<f64> {
            self.accuracies.chunks_exact(n_branches).map(|epoch| epoch[b].to_f64()).collect()
        };
        let rates: Vec<f64> = (0..n_branches).map(|b| tilt(b) * rate(&of(b), self.strength)).collect();
        Plan::branches(rates)
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("accuracies", &mut self.accuracies)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mslr.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_accuracy_over_its_mean_of_the_last_five_epochs() {
        assert_eq!(rate(&[], 1.0), 1.0);
        assert_eq!(rate(&[0.7], 1.0), 1.0);
        // The last five: 0.4, 0.5, 0.6, 0.7, 0.8.
        assert!((rate(&[0.1, 0.4, 0.5, 0.6, 0.7, 0.8], 1.0) - 0.8 / 0.6).abs() < 1e-12);
        assert!((rate(&[0.6, 0.3], 2.0) - (0.3_f64 / 0.45).powi(2)).abs() < 1e-12);
        assert_eq!(rate(&[0.0, 0.0], 1.0), 1.0);
        assert_eq!(rate(&[0.6, 0.3], 0.0), 1.0);
    }
}
