//! Modality dropout: while training, each sample's embedding of each modality is left out with
//! some probability, never all of them, so that no modality can do without the others learning.

use crate::model::Workspace;
use crate::num::{Purpose, Scalar};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::{Needs, Step, Strategy};

const DROP: Purpose = Purpose::new("modality dropout");

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "modality_dropout",
        summary: "leave out modalities of single samples at random while training",
        cites: &[Citation {
            key: "neverova2016moddrop",
            text: "N. Neverova, C. Wolf, G. Taylor, F. Nebout. ModDrop: Adaptive Multi-Modal Gesture Recognition. \
                   IEEE TPAMI 38(8), 2016",
            url: "https://arxiv.org/abs/1501.00102",
        }],
        knobs: &[
            Knob {
                name: "rate",
                default: Default::Number(0.2),
                range: Range::Between(0.0, 0.95),
                meaning: "probability that a sample's modality is left out; of a sample that would lose all, one \
                          stays; 0 is naive joint training",
            },
            Knob {
                name: "rescale",
                default: Default::Flag(true),
                range: Range::Switch,
                meaning: "multiply what stays by 1 / (1 - rate)",
            },
        ],
        build: |settings| {
            Box::new(ModalityDropout { rate: settings.number("rate"), rescale: settings.flag("rescale") })
        },
    }
}

struct ModalityDropout {
    rate: f64,
    rescale: bool,
}

impl<T: Scalar> Strategy<T> for ModalityDropout {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { stepwise: true, ..Needs::default() }
    }

    fn batch(&mut self, at: &Step<'_, T>, work: &mut Workspace<T>) {
        let n_branches = at.epoch.model.branches().len();
        if self.rate == 0.0 {
            return;
        }
        let stays = T::from_f64(if self.rescale { 1.0 / (1.0 - self.rate) } else { 1.0 });
        let mut draws = at.draws(DROP, n_branches + 1);
        let mut factors = vec![Vec::with_capacity(at.rows.len()); n_branches];
        for _ in at.rows {
            let mut kept: Vec<bool> = (0..n_branches).map(|_| !draws.bernoulli(self.rate)).collect();
            // Drawn in any case, so that every sample uses the same number of draws.
            let survivor = draws.below(n_branches);
            kept[survivor] |= !kept.contains(&true);
            let of = |kept: &bool| if *kept { stays } else { T::ZERO };
            factors.iter_mut().zip(&kept).for_each(|(factors, kept)| factors.push(of(kept)));
        }
        for (branch, factors) in factors.into_iter().enumerate() {
            work.scale_embedding(branch, Some(factors));
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/modality_dropout.py")
    }
}
