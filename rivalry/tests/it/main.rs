//! Integration tests.

mod documentation;
mod golden;
