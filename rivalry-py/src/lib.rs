//! The compiled half of the Python package `rivalry`: hands questions of Python
//! to the command's own code and its reports back.
//!
//! Computes nothing, and decides nothing about options: what keywords mean,
//! their defaults and what is wrong with them is settled by the command. No
//! panic leaves it: a bug is a `RuntimeError` that says so.

mod ask;
mod audit;
mod demo;
mod estimator;
mod failure;
mod memory;
mod report;

use std::ffi::OsString;

use pyo3::prelude::*;

/// The compiled half of `rivalry`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::ask::ask;
    #[pymodule_export]
    use super::audit::{Judge, measure, order};
    #[pymodule_export]
    use super::demo::demo;
    #[pymodule_export]
    use super::estimator::{fit, scores};
    #[pymodule_export]
    use super::failure::Failed;
    #[pymodule_export]
    use super::memory::Memory;
    #[pymodule_export]
    use super::report::Report;
    #[pymodule_export]
    use super::{command, options, version};
}

/// Runs the command `rivalry` with these words, its name first, and returns the
/// exit status of the process.
#[pyfunction]
fn command(py: Python<'_>, words: Vec<OsString>) -> PyResult<u8> {
    failure::guarded(|| py.detach(|| rivalry_cli::run(words)))
}

/// The options of a verb of the command and their help, or None.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
fn options(verb: Vec<String>) -> PyResult<Option<Vec<(String, String)>>> {
    let words: Vec<&str> = verb.iter().map(String::as_str).collect();
    failure::guarded(|| rivalry_cli::options(&words))
}

/// The version of the library.
#[pyfunction]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
