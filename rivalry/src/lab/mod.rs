//! The theory of the talk as an instrument: trials of its model, what many of
//! them say, closed forms beside them, and every statement as a claim that is
//! measured.
//!
//! A trial is made of the same parts as everything else: a generator of data
//! sets, the late-fusion network, the one training loop, a strategy. Whatever
//! strategy exists can be raced here.

pub mod claims;
mod fit;
mod gaussian;
mod observe;
mod outcome;
mod quantities;
mod phase_results;
mod race;
mod results;
mod setting;
pub mod theory;
mod trial;

pub use outcome::{ClassOutcome, Decision, NetworkOutcome, Outcome, TrialEnd, Winner};
pub use phase_results::{DataPhase, PairResult, PhaseResults, ToyPhase, data_phase, toy_phase};
pub use quantities::{Counts, QUANTITIES, Quantity};
pub use race::{ByMargin, ClassesWon, LEVEL, MARGIN, RaceSummary, predicted_winner, summarise};
pub use results::{
    BranchResult, ClaimResult, ClassResult, CurvePoint, GridPoint, NetworkResult, RemedyResult, RunResults,
    SettingAt, SolverResult, SweepResults, Varied, VerifyResults, grid, run_results, verify_results,
};
pub use setting::{Fusion, KNOBS, Setting, SettingError};
pub(crate) use trial::{Drawn, run_on};
pub use trial::{Moment, Trial, TrialError, run as run_trial};
