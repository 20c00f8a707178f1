//! Integration tests.

mod documentation;
mod golden;
mod promises;
