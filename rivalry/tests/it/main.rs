//! Integration tests.

mod contract;
mod documentation;
mod golden;
mod promises;
mod specimen;
