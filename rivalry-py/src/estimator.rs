//! One network for predictions elsewhere: what the scikit-learn estimator stands
//! on. Trains on everything it is handed but a validation share; measures
//! nothing.
//!
//! A fitted network is the file of its run ([`rivalry::record::file`], which
//! gives away every damage) with the scaling of the features beside the weights.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rivalry::data::{Dataset, FARTHEST, Features, Labels, Modality, Scaler, Split};
use rivalry::num::{Matrix, Numbers};
use rivalry::record::file::{Container, decode, encode};
use rivalry::record::{Ended, Predictions, Record};
use rivalry::spec::{Job, Precision, Spec};
use rivalry::train::{Control, EpochReport, Trained, Watch, fused_scores, prepare, train};

use crate::failure::{bad_data, bug, guarded};

/// A modality: its name, its number of columns, and its values, rows x columns,
/// as little-endian doubles.
type Block = (String, usize, Vec<u8>);

/// Names of the arrays beside those of a run.
const MEAN: &str = "estimator.mean";
const SCALE: &str = "estimator.scale";
const VALID: &str = "estimator.valid";
const VALID_LABELS: &str = "estimator.valid.labels";

#[allow(clippy::needless_pass_by_value, reason = "errors are handed over by `map_err`")]
fn wrong(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Trains the network that `spec` (JSON of a [`Spec`]) asks for on these samples,
/// whose classes are numbered from 0, all of which occur; the bytes of its file.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    modalities: Vec<Block>,
    labels: Vec<u32>,
    n_classes: usize,
    spec: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let asked: Spec = serde_json::from_str(spec).map_err(wrong)?;
    let n = labels.len();
    let blocks: Vec<(String, Matrix<f64>)> =
        modalities.into_iter().map(|block| matrix(block, n)).collect::<PyResult<_>>()?;
    let mut signals = Signals::default();
    let fitted = guarded(|| py.detach(|| fitted(&asked, &blocks, &labels, n_classes, &mut signals)))?;
    Ok(PyBytes::new(py, &fitted?))
}

/// The scores of a fitted network, rows x classes as little-endian doubles: their
/// softmax is the predicted distribution.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
pub(crate) fn scores<'py>(
    py: Python<'py>,
    network: &[u8],
    modalities: Vec<Block>,
    n: usize,
) -> PyResult<Bound<'py, PyBytes>> {
    let blocks: Vec<(String, Matrix<f64>)> =
        modalities.into_iter().map(|block| matrix(block, n)).collect::<PyResult<_>>()?;
    let scores = guarded(|| py.detach(|| scored(network, &blocks, n)))??;
    let bytes: Vec<u8> = scores.as_slice().iter().flat_map(|score| score.to_le_bytes()).collect();
    Ok(PyBytes::new(py, &bytes))
}

fn matrix((name, cols, bytes): Block, rows: usize) -> PyResult<(String, Matrix<f64>)> {
    let (chunks, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() || rows.checked_mul(cols) != Some(chunks.len()) {
        return Err(wrong(format!("{} bytes of `{name}` for {rows} x {cols} doubles", bytes.len())));
    }
    let values = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect();
    Ok((name, Matrix::from_vec(rows, cols, values)))
}

/// Looks for Ctrl-C after every epoch.
#[derive(Default)]
struct Signals {
    raised: Option<PyErr>,
}

impl Watch for Signals {
    fn epoch(&mut self, _report: &EpochReport<'_>) -> Control {
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general enough in lifetimes"
        )]
        let raised = Python::attach(|py| py.check_signals());
        match raised {
            Ok(()) => Control::Continue,
            Err(raised) => {
                self.raised = Some(raised);
                Control::Stop
            }
        }
    }

    fn wants_weights(&mut self) -> bool {
        false
    }
}

/// A data set has a test part; here it is one row of zeros that nobody looks at.
fn fitted(
    asked: &Spec,
    blocks: &[(String, Matrix<f64>)],
    labels: &[u32],
    n_classes: usize,
    signals: &mut Signals,
) -> PyResult<Vec<u8>> {
    let n = labels.len() as u32;
    let codes: Vec<u32> = labels.iter().copied().chain([0]).collect();
    let everything = Split::Given { train: (0..n).collect(), valid: None, test: vec![n] };
    let raw: Vec<(&str, Matrix<f64>)> =
        blocks.iter().map(|(name, x)| (&name[..], stacked(&[x, &Matrix::zeros(1, x.cols())]))).collect();
    let raw = dataset(raw, codes.clone(), n_classes, everything)?;
    checked(asked, &raw)?;
    let parts = raw.partition(0, 0, asked.seed, asked.valid_share);
    let scalings: Vec<Scaling> = raw
        .modalities()
        .iter()
        .map(|modality| Scaling::fit(&modality.features, &parts.train, asked.standardise))
        .collect();
    let mut scaled = Vec::with_capacity(blocks.len());
    for ((name, x), scaling) in blocks.iter().zip(&scalings) {
        scaled.push((&name[..], stacked(&[&scaling.apply(x), &Matrix::zeros(1, x.cols())])));
    }
    let given = (!parts.valid.is_empty()).then(|| parts.valid.clone());
    let split = Split::Given { train: parts.train, valid: given, test: vec![n] };
    let data = dataset(scaled, codes, n_classes, split)?;
    let spec = Spec {
        modalities: Vec::new(),
        standardise: false,
        precision: Precision::F64,
        valid_share: 0.0,
        repeat: 0,
        fold: 0,
        ..asked.clone()
    };
    let (job, mut record) = trained(&spec, &data, signals)?;
    record.predictions = Predictions { n_classes, ..Predictions::default() };

    let mut container = record.to_container();
    for (i, scaling) in scalings.iter().enumerate() {
        let width = scaling.mean.len();
        container.push(&format!("{MEAN}.{i}"), &[width], scaling.mean.clone()).map_err(wrong)?;
        container.push(&format!("{SCALE}.{i}"), &[width], scaling.scale.clone()).map_err(wrong)?;
    }
    // Whoever fits something to validation when it predicts needs these rows.
    if job.needs().fuses && !parts.valid.is_empty() {
        for (i, modality) in data.modalities().iter().enumerate() {
            let (rows, cols) = (parts.valid.len(), modality.features.cols());
            let x = Matrix::from_fn(rows, cols, |r, c| modality.features.get(parts.valid[r] as usize, c));
            container.push(&format!("{VALID}.{i}"), &[rows, cols], x.as_slice().to_vec()).map_err(wrong)?;
        }
        let labels: Vec<u32> = parts.valid.iter().map(|row| labels[*row as usize]).collect();
        container.push(VALID_LABELS, &[labels.len()], labels).map_err(wrong)?;
    }
    Ok(encode(&container))
}

/// A run and, before it, those that its strategy builds on.
fn trained(spec: &Spec, data: &Dataset, signals: &mut Signals) -> PyResult<(Job, Record)> {
    let job = checked(spec, data)?;
    let mut needed = Vec::new();
    for spec in job.needed_specs() {
        needed.push(trained(&spec, data, signals)?.1);
    }
    match train(&job, data, &needed, None, signals).map_err(wrong)? {
        Trained::Done(record) => match &record.ended {
            Ended::Diverged { epoch, what } => Err(wrong(format!(
                "training diverged in epoch {}: {what} left the finite numbers; lower the learning rate `lr`",
                epoch + 1
            ))),
            _ => Ok((job, *record)),
        },
        Trained::Interrupted(_) => Err(signals.raised.take().unwrap_or_else(bug)),
    }
}

fn checked(spec: &Spec, data: &Dataset) -> PyResult<Job> {
    spec.check(data).map_err(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        wrong(told.join("\n"))
    })
}

fn scored(network: &[u8], blocks: &[(String, Matrix<f64>)], n: usize) -> PyResult<Matrix<f64>> {
    let container = decode(network).map_err(wrong)?;
    let record = Record::from_container(&container).map_err(wrong)?;
    let n_classes = record.predictions.n_classes;
    let Numbers::F64(params) = &record.params else {
        return Err(wrong("the file holds no network of an estimator"));
    };
    // Every class has weights: what is promised is there.
    if !(2..=params.len()).contains(&n_classes) {
        return Err(wrong("the file holds no network of an estimator"));
    }
    let valid_labels = container.get::<u32>(VALID_LABELS).map_or_else(|_| Vec::new(), |(_, it)| it.to_vec());
    let n_valid = valid_labels.len();
    let mut stacks = Vec::new();
    for (i, (name, x)) in blocks.iter().enumerate() {
        let scaling = Scaling::read(&container, i, x.cols())?;
        let mut valid = Matrix::zeros(n_valid, x.cols());
        if n_valid > 0 {
            let (shape, values) = container.get::<f64>(&format!("{VALID}.{i}")).map_err(wrong)?;
            if shape != [n_valid, x.cols()] {
                return Err(wrong("the file's validation rows have other columns"));
            }
            valid = Matrix::from_vec(n_valid, x.cols(), values.to_vec());
        }
        // A data set has a training sample of every class; here they are rows of zeros.
        stacks.push((&name[..], stacked(&[&Matrix::zeros(n_classes, x.cols()), &valid, &scaling.apply(x)])));
    }
    let (first_valid, first) = (n_classes as u32, (n_classes + n_valid) as u32);
    let codes: Vec<u32> = (0..first_valid).chain(valid_labels).chain(std::iter::repeat_n(0, n)).collect();
    let split = Split::Given {
        train: (0..first_valid).collect(),
        valid: (n_valid > 0).then(|| (first_valid..first).collect()),
        test: (first..first + n as u32).collect(),
    };
    let data = dataset(stacks, codes, n_classes, split)?;
    let job = checked(&record.spec, &data)?;
    let prepared = prepare::<f64>(&job, &data);
    let model = &prepared.model;
    if params.len() != model.n_params() {
        return Err(wrong(format!(
            "the network has {} weights; these modalities need {}",
            params.len(),
            model.n_params()
        )));
    }
    let valid = (n_valid > 0).then(|| model.evaluate(params, &prepared.valid));
    let valid = valid.as_ref().map(|outputs| (outputs, &prepared.valid.y[..]));
    let outputs = model.evaluate(params, &prepared.test);
    Ok(fused_scores(&job, model, params, valid, &outputs))
}

fn dataset(
    blocks: Vec<(&str, Matrix<f64>)>,
    codes: Vec<u32>,
    n_classes: usize,
    split: Split,
) -> PyResult<Dataset> {
    let names = (0..n_classes).map(|class| class.to_string()).collect();
    let labels = Labels::from_codes(codes, names).map_err(|error| bad_data(&error))?;
    let modalities = blocks.into_iter().map(|(name, x)| Modality::new(name, x)).collect();
    Dataset::new("estimator", modalities, labels, None, Some(split)).map_err(|error| bad_data(&error))
}

/// One above the other.
fn stacked(parts: &[&Matrix<f64>]) -> Matrix<f64> {
    let values: Vec<f64> = parts.iter().flat_map(|part| part.as_slice().iter().copied()).collect();
    let cols = parts.first().map_or(0, |part| part.cols());
    Matrix::from_vec(parts.iter().map(|part| part.rows()).sum(), cols, values)
}

/// Mean and standard deviation of each feature over the training rows.
struct Scaling {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Scaling {
    fn fit(features: &Features, rows: &[u32], standardise: bool) -> Self {
        if !standardise {
            return Self { mean: vec![0.0; features.cols()], scale: vec![1.0; features.cols()] };
        }
        let fitted = Scaler::fit(features, rows);
        Self { mean: fitted.mean().to_vec(), scale: fitted.scale().to_vec() }
    }

    fn read(container: &Container, i: usize, cols: usize) -> PyResult<Self> {
        let vector = |name: &str| -> PyResult<Vec<f64>> {
            let (_, values) = container.get::<f64>(&format!("{name}.{i}")).map_err(wrong)?;
            if values.len() == cols {
                return Ok(values.to_vec());
            }
            Err(wrong(format!("{cols} columns; the network was fitted on {}", values.len())))
        };
        Ok(Self { mean: vector(MEAN)?, scale: vector(SCALE)? })
    }

    /// Constant features are 0; no value is farther than training takes.
    fn apply(&self, x: &Matrix<f64>) -> Matrix<f64> {
        Matrix::from_fn(x.rows(), x.cols(), |r, c| {
            let (mean, scale) = (self.mean[c], self.scale[c]);
            if scale == 0.0 { 0.0 } else { ((x.row(r)[c] - mean) / scale).clamp(-FARTHEST, FARTHEST) }
        })
    }
}
