//! Sequential modality prioritisation: the modalities that are confident alone wait while the
//! others train. The networks trained alone say which are weak; for the first stretch of
//! epochs only the weakest encoder trains, then the two weakest, and so on to all of them.
//!
//! This is the freezing of G2D; its distillation from the same networks is the strategy `umt`.

use crate::num::{Scalar, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{of_labels, softmax};
use super::{Epoch, NeededRun, Needs, Plan, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "g2d",
        summary: "freeze the encoders that are confident alone while the weaker ones train first",
        cites: &[Citation {
            key: "rakib2025g2d",
            text: "M. Rakib, A. Bagavathi. G2D: Boosting Multimodal Learning with Gradient-Guided Distillation. \
                   ICCV 2025",
            url: "https://arxiv.org/abs/2506.21514",
        }],
        knobs: &[Knob {
            name: "epochs",
            default: Default::Whole(10),
            range: Range::Between(0.0, 1e6),
            meaning: "epochs before the next modality joins in; 0 is naive joint training",
        }],
        build: |settings| Box::new(G2d { epochs: settings.whole("epochs") as u32, confidence: Vec::new() }),
    }
}

struct G2d<T> {
    epochs: u32,
    /// Mean probability of the right class on training rows of each network trained alone.
    confidence: Vec<T>,
}

/// Which modalities train in an epoch.
fn trains(confidence: &[f64], epochs: u32, index: u32) -> Vec<bool> {
    let n_joined = index.checked_div(epochs).map_or(confidence.len(), |stage| stage as usize + 1);
    // Of equally confident ones, the first counts as weaker.
    let weaker =
        |a: usize, b: usize| confidence[a] < confidence[b] || (confidence[a] == confidence[b] && a < b);
    let rank = |b: usize| (0..confidence.len()).filter(|other| weaker(*other, b)).count();
    (0..confidence.len()).map(|b| rank(b) < n_joined).collect()
}

impl<T: Scalar> Strategy<T> for G2d<T> {
    fn needs(&self, modalities: &[String]) -> Needs {
        Needs { runs: NeededRun::each_alone(modalities), stepwise: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if self.confidence.is_empty() {
            let confidence = |teacher| {
                let outputs = at.outputs_of(teacher, teacher.params, at.train);
                let right = of_labels(&softmax(outputs.fused.view()), &at.train.y);
                T::from_f64(sums::sum(&right) / right.len() as f64)
            };
            self.confidence = at.needed.iter().map(confidence).collect();
        }
        let confidence: Vec<f64> = self.confidence.iter().map(|c| c.to_f64()).collect();
        let trains = trains(&confidence, self.epochs, at.index);
        if !trains.contains(&false) {
            return Plan::default();
        }
        let encoder_rates = trains.iter().map(|trains| if *trains { 1.0 } else { 0.0 }).collect();
        Plan::encoders(encoder_rates)
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("confidence", &mut self.confidence)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/g2d.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modalities_join_from_the_weakest_on() {
        let at = |index| trains(&[0.9, 0.2, 0.5], 10, index);
        assert_eq!(at(0), [false, true, false]);
        assert_eq!(at(9), [false, true, false]);
        assert_eq!(at(10), [false, true, true]);
        assert_eq!(at(20), [true, true, true]);
        assert_eq!(trains(&[0.9, 0.2], 0, 0), [true, true]);
        assert_eq!(trains(&[0.5, 0.5], 5, 0), [true, false]);
    }
}
