//! A report as Python holds it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict};
use rivalry::registry::{Choice, Value};
use rivalry::render::renderer;

use crate::failure::{choices, guarded};

/// One content, for people and for programs.
#[pyclass(frozen, module = "rivalry._core")]
pub(crate) struct Report {
    /// The report.
    pub(crate) report: rivalry::report::Report,
    /// The exit status that the command would have had.
    #[pyo3(get)]
    pub(crate) status: u8,
}

#[pymethods]
impl Report {
    /// What the report is about.
    #[getter]
    fn title(&self) -> &str {
        &self.report.title
    }

    /// What fits a glance: the verdict with its notes, or the first table.
    fn card(&self) -> PyResult<Self> {
        guarded(|| Self { report: self.report.card(), status: self.status })
    }

    /// The report's bytes by a renderer of the command, with its knobs.
    #[pyo3(signature = (name, knobs=None))]
    fn render<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        knobs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut choice = Choice::new(name);
        for (knob, value) in knobs.into_iter().flatten() {
            choice.set.insert(knob.extract()?, given(&value)?);
        }
        let renderer = renderer(&choice).map_err(|errors| choices(&errors))?;
        let mut bytes = Vec::new();
        guarded(|| py.detach(|| renderer.render(&self.report, &mut bytes)))?
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PyBytes::new(py, &bytes))
    }
}

/// A knob's value. Truth values first: they are integers to Python.
fn given(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if value.is_instance_of::<PyBool>() {
        return Ok(Value::Flag(value.extract()?));
    }
    if let Ok(whole) = value.extract() {
        return Ok(Value::Whole(whole));
    }
    match value.extract() {
        Ok(number) => Ok(Value::Number(number)),
        Err(_) => Ok(Value::Word(value.extract()?)),
    }
}
