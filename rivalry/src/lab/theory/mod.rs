//! What the theory predicts, in closed form or from equations of a few numbers:
//! who wins the race, how strong a modality is in the data, how far the loser
//! gets, how long the uni-modal phase lasts.
//!
//! Trains no network of [`crate::model`]; the lab holds these numbers against
//! runs that do. `docs/theory.md` lists the formulas, each with its source and
//! with what is quoted and what is our reconstruction.

pub mod comparison;
pub mod early;
pub mod laws;
mod ode;
pub mod paired;
pub mod phase;
mod quadrature;
pub mod race;
pub mod simulated_race;
pub mod strength;
