//! What goes wrong, as Python sees it. The package turns [`Failed`] into its own
//! errors, whose words are Python's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use rivalry::data::DataError;
use rivalry::registry::ChoiceError;
use rivalry_cli::{Failure, Problem, Status};

pyo3::create_exception!(
    rivalry._core,
    Failed,
    PyException,
    "What the command would say: its exit status, and pairs of message and hint."
);

/// The command's failure.
pub(crate) fn failed(failure: Failure) -> PyErr {
    let problems: Vec<(String, Option<String>)> =
        failure.problems.into_iter().map(|problem| (problem.message, problem.hint)).collect();
    Failed::new_err((failure.status as u8, problems))
}

/// Data that cannot be used.
pub(crate) fn bad_data(error: &DataError) -> PyErr {
    failed(Failure {
        status: Status::Data,
        problems: vec![Problem { message: error.to_string(), hint: error.hint() }],
    })
}

/// Settings that no renderer accepts.
pub(crate) fn choices(errors: &[ChoiceError]) -> PyErr {
    let problem = |error: &ChoiceError| Problem { message: error.to_string(), hint: None };
    failed(Failure { status: Status::Usage, problems: errors.iter().map(problem).collect() })
}

/// Work on the thread that asks: a panic in it is a bug and becomes an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| bug())
}

/// The error for a panic, whose words the panic itself has written to stderr.
pub(crate) fn bug() -> PyErr {
    PyRuntimeError::new_err(
        "this is a bug in rivalry, not in your data; please report it with the lines above and what you called",
    )
}
