//! Integration tests.

mod documentation;
mod contract;
mod golden;
mod promises;
