//! Integration tests.

mod contract;
mod documentation;
mod figures;
mod flow;
mod formats;
mod golden;
mod html;
mod lab;
mod promises;
mod specimen;
mod stats;
mod verdicts;
mod xml;
