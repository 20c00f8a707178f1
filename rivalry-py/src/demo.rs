//! The data sets that are compiled in.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use rivalry::data::{Dataset, Features, Split};
use rivalry::formats::embedded;

use crate::failure::guarded;

/// A data set that is compiled in: `handwritten` or `nutrimouse`; None where
/// there is no such. Features are (type, rows, columns, bytes).
#[pyfunction]
pub(crate) fn demo<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
    let data = match name {
        "handwritten" => guarded(embedded::handwritten)?,
        "nutrimouse" => guarded(embedded::nutrimouse)?,
        _ => return Ok(None),
    };
    filled(py, &data).map(Some)
}

fn filled<'py>(py: Python<'py>, data: &Dataset) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    let modalities = PyDict::new(py);
    for modality in data.modalities() {
        let (kind, bytes): (&str, Vec<u8>) = match &modality.features {
            Features::F32(m) => ("<f4", m.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect()),
            Features::F64(m) => ("<f8", m.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        let (rows, cols) = (modality.features.rows(), modality.features.cols());
        modalities.set_item(&modality.name, (kind, rows, cols, PyBytes::new(py, &bytes)))?;
    }
    found.set_item("modalities", modalities)?;
    found.set_item("labels", PyList::new(py, data.labels())?)?;
    found.set_item("class_names", data.class_names())?;
    if let Split::Given { train, valid, test } = data.split() {
        found.set_item("train", PyList::new(py, train)?)?;
        found.set_item("test", PyList::new(py, test)?)?;
        if let Some(valid) = valid {
            found.set_item("valid", PyList::new(py, valid)?)?;
        }
    }
    Ok(found)
}
