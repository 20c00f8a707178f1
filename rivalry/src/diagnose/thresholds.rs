//! The thresholds of the rules, in one place. `docs/verdicts.md` shows this
//! table, and a test compares the two.

use serde::Serialize;

/// The numbers that the rules compare with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thresholds {
    /// Region of practical equivalence: smaller differences are never acted on.
    pub rope: f64,
    /// Less than this above chance: the modality alone predicts nothing.
    pub near_chance: f64,
    /// A validation accuracy more than this above the test accuracy says that
    /// the test rows come from elsewhere.
    pub transfer_loss: f64,
    /// Features of one modality this many times larger than another's.
    pub scale_ratio: f64,
    /// Region of practical equivalence of losses, in nats: the right class gets a
    /// probability 1 % larger or smaller.
    pub loss_rope: f64,
    /// At least this share of a loss in the encoder effect: a loss of encoders.
    pub encoder_share: f64,
    /// Shuffling a modality costs the joint network less than this share of what
    /// the modality alone reaches above chance: it is little used.
    pub little_use: f64,
    /// Errors, in ROPEs, that best alone must leave before "nothing to gain"
    /// means anything.
    pub room: f64,
    /// Luck at or above: the winner changes from training to training.
    pub lucky: f64,
    /// Luck at or below: the same modality wins almost always.
    pub steady: f64,
    /// Fewer trainings say nothing about luck.
    pub luck_trials: f64,
    /// A p value above: no dependence between paired samples was found.
    pub pairing_p: f64,
    /// A p value at or below: a dependence between paired samples was found.
    pub pairing_found: f64,
    /// Fewer samples say nothing about pairing.
    pub pairing_samples: f64,
    /// Fewer tested samples are named in the verdict's own sentence.
    pub few_samples: f64,
    /// Standard errors of a difference that is found in 80 % of studies.
    pub detect: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            rope: 0.01,
            near_chance: 0.05,
            transfer_loss: 0.10,
            scale_ratio: 10.0,
            loss_rope: 0.01,
            encoder_share: 0.5,
            little_use: 0.5,
            room: 2.0,
            lucky: 0.5,
            steady: 0.25,
            luck_trials: 10.0,
            pairing_p: 0.05,
            pairing_found: 0.01,
            pairing_samples: 100.0,
            few_samples: 200.0,
            detect: 2.80,
        }
    }
}
