//! What a metric needs to have been kept.

use serde::Serialize;

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Labels and the fused scores of every network on test rows.
    Predictions,
    /// The joint network's test logits, one matrix per modality.
    Logits,
    /// Outputs on training rows.
    TrainingOutputs,
    /// Outputs on validation rows.
    ValidationOutputs,
    /// What the encoders hand to the heads, on every part.
    Embeddings,
    /// The features of every sample.
    Features,
    /// Losses per epoch.
    Curves,
    /// The joint network's branches, read off while it trained ([`crate::spec::Spec::meters`]).
    Meters,
    /// Joint networks on every combination of modalities.
    Subsets,
    /// Several trainings.
    Seeds,
}

impl Need {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Predictions => "predictions",
            Self::Logits => "logits per modality",
            Self::TrainingOutputs => "outputs on training rows",
            Self::ValidationOutputs => "outputs on validation rows",
            Self::Embeddings => "embeddings",
            Self::Features => "features",
            Self::Curves => "losses per epoch",
            Self::Meters => "branch readings per epoch",
            Self::Subsets => "networks on every combination",
            Self::Seeds => "several trainings",
        }
    }
}
