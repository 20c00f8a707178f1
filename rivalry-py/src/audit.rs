//! The numbers of an audit: Python asks the model, the library judges the
//! answers and measures.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rivalry::data::{DataError, Groups, Labels};
use rivalry::formats::predictions::{Predicted, groups_from, labels_from, predictions_from};
use rivalry::formats::{Limits, PickOptions, Source};
use rivalry::metrics::audit::{self, Asked};
use rivalry::metrics::emap::Scores;
use rivalry::num::{Draws, Purpose};
use rivalry::report::{audit as audit_report, audit_document};
use rivalry::stats::Bootstrap;
use rivalry_cli::Held;

use crate::failure::{bad_data, guarded};
use crate::memory::Memory;
use crate::report::Report;

const ORDER: Purpose = Purpose::new("audit of a black box");

/// The right classes of some samples, and the rules by which answers are judged.
#[pyclass(frozen, module = "rivalry._core")]
pub(crate) struct Judge {
    labels: Labels,
    groups: Option<Groups>,
}

fn read<T>(
    memory: &Memory,
    key: &str,
    read: impl Fn(&Source<'_>, &PickOptions, &Limits) -> Result<T, DataError>,
) -> PyResult<Option<T>> {
    match memory.take().remove(key) {
        Some(Held::Arrays { arrays, .. }) => {
            let source = Source::arrays(key, &arrays);
            let found = guarded(|| read(&source, &PickOptions::default(), &Limits::default()))?;
            found.map(Some).map_err(|error| bad_data(&error))
        }
        _ => Ok(None),
    }
}

#[pymethods]
impl Judge {
    /// By the labels and the groups that are held under these names; each in a
    /// memory of its own, which is used up.
    #[new]
    #[pyo3(signature = (labels, groups=None, class_names=None))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
    fn new(labels: &Memory, groups: Option<&Memory>, class_names: Option<Vec<String>>) -> PyResult<Self> {
        let missing = || PyValueError::new_err("there are no labels");
        let mut labels = read(labels, "<y>", labels_from)?.ok_or_else(missing)?.values;
        if let Some(names) = class_names {
            labels = labels.with_class_names(&names).map_err(|error| bad_data(&error))?;
        }
        let groups = groups.map(|memory| read(memory, "<groups>", groups_from)).transpose()?.flatten();
        Ok(Self { labels, groups: groups.map(|groups| groups.values) })
    }

    /// The class of each sample, as a number.
    fn codes(&self) -> Vec<u32> {
        self.labels.codes().to_vec()
    }

    /// Whether the answers held as `<answers>` are right about these samples.
    #[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
    fn right(&self, rows: Vec<u32>, answers: &Memory) -> PyResult<Vec<f32>> {
        let predicted = given_answers(rows.len(), answers)?;
        let labels = self.of(&rows)?;
        guarded(|| audit::right(&predicted, &labels, self.labels.class_names()))?
            .map_err(|error| bad_data(&error))
    }

    /// The scores of the answers held as `<answers>` to so many samples: one
    /// list per sample, a score per class.
    fn scores(&self, n: usize, answers: &Memory) -> PyResult<Vec<Vec<f64>>> {
        let predicted = given_answers(n, answers)?;
        let scores = guarded(|| audit::scores(&predicted, self.labels.class_names()))?;
        let scores = scores.map_err(|error| bad_data(&error))?;
        Ok((0..scores.rows()).map(|row| scores.row(row).to_vec()).collect())
    }
}

/// The answers of a model to so many samples.
fn given_answers(n: usize, answers: &Memory) -> PyResult<Predicted> {
    let missing = || PyValueError::new_err("there are no answers");
    let found = read(answers, "<answers>", predictions_from)?.ok_or_else(missing)?.values;
    if found.n_rows() == n {
        return Ok(found);
    }
    Err(PyValueError::new_err(format!("{} answers to {n} samples", found.n_rows())))
}

impl Judge {
    fn of(&self, rows: &[u32]) -> PyResult<Vec<u32>> {
        let class = |row: &u32| self.labels.codes().get(*row as usize).copied();
        let found: Option<Vec<u32>> = rows.iter().map(class).collect();
        found.ok_or_else(|| PyValueError::new_err("there is no such sample"))
    }
}

/// The numbers below `n` in an order that only `seed` and `stream` decide.
#[pyfunction]
pub(crate) fn order(seed: u64, stream: u32, n: usize) -> Vec<u32> {
    Draws::new(seed, ORDER, stream).permutation(n)
}

/// Measures what a model answered: see `rivalry::metrics::audit::Asked` for the
/// lists. `settings` and `data` are JSON for the document.
#[pyfunction]
#[pyo3(signature = (judge, rows, modalities, whole, without, within, subsets, added, combinations, replicates, seed, data, settings))]
#[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
pub(crate) fn measure(
    py: Python<'_>,
    judge: &Judge,
    rows: Vec<u32>,
    modalities: Vec<String>,
    whole: Vec<f32>,
    without: Vec<Vec<f32>>,
    within: Vec<Vec<f32>>,
    subsets: Vec<Vec<f32>>,
    added: Vec<Vec<f32>>,
    combinations: Option<(usize, Vec<Vec<f64>>)>,
    replicates: usize,
    seed: u64,
    data: &str,
    settings: &str,
) -> PyResult<Report> {
    let wrong = |error: &dyn std::fmt::Display| PyValueError::new_err(error.to_string());
    let group =
        |ids: &[u32]| rows.iter().map(|row| ids.get(*row as usize).copied()).collect::<Option<Vec<u32>>>();
    let combinations = match combinations {
        None => None,
        Some((n, scores)) => {
            let n_classes = scores.first().map_or(0, Vec::len);
            let values: Vec<f64> = scores.into_iter().flatten().collect();
            let table = Scores::new(vec![n; modalities.len()], n_classes, values);
            let labels = judge.of(rows.get(..n).unwrap_or_default())?;
            Some((table.map_err(|error| wrong(&error))?, labels))
        }
    };
    let groups = judge.groups.as_ref().and_then(|groups| group(groups.ids()));
    let asked = Asked { modalities, groups, whole, without, within, subsets, added, combinations };
    let bootstrap = Bootstrap { seed, replicates, ..Bootstrap::bca() };
    let found = guarded(|| py.detach(|| asked.audit(&bootstrap)))?.map_err(|error| wrong(&error))?;
    let parsed = |text: &str| serde_json::from_str(text).map_err(|error| wrong(&error));
    let mut data: serde_json::Value = parsed(data)?;
    data["classes"] = judge.labels.class_names().into();
    let document = audit_document(data, parsed(settings)?, &found);
    let report = guarded(|| audit_report(document))?.map_err(|error| wrong(&error))?;
    Ok(Report { report, status: 0 })
}
