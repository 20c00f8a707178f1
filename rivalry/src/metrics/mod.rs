//! Metrics: evidence -> measurements. Nothing here concludes; that is
//! `diagnose`.

mod evidence;

pub use evidence::{
    Curves, Design, Ending, Evidence, EvidenceError, FeatureFacts, ModelOutputs, Part, PartOutputs, Study,
    Trial,
};
