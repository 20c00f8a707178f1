//! Options that several verbs share, each group under its own heading in the
//! help pages.

mod data;
pub(crate) mod predictions;
mod running;
mod training;

pub(crate) use data::{DataArgs, ReadingArgs, SplitArgs, bad as bad_data};
pub(crate) use running::{RunningArgs, threads};
pub(crate) use training::TrainingArgs;
