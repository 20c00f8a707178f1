//! Options that several verbs share, each group under its own heading in the
//! help pages.

mod data;

pub(crate) use data::{DataArgs, SplitArgs, bad as bad_data};
