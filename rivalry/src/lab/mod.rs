//! The theory lab: what the theory predicts, beside what the lab measures.
//!
//! Knows nothing of reports, files and the clock.

pub mod theory;
