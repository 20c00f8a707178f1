//! Record and checkpoint <-> container.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::file::{Container, FileError};
use super::{Best, Checkpoint, Cost, Ended, Predictions, Record, TensorInfo, Trajectory};
use crate::num::Numbers;
use crate::spec::{RunId, Spec};

const RECORD: &str = "rivalry.record";
const CHECKPOINT: &str = "rivalry.checkpoint";
const CONTENT_VERSION: u32 = 1;

/// Why a sound file is not the record that was looked for.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The header is not that of a record or checkpoint of a known version.
    #[error("not a {expected}: {why}")]
    Header {
        /// What was looked for.
        expected: &'static str,
        /// What does not fit.
        why: String,
    },
    /// An array is missing or has another type.
    #[error(transparent)]
    Array(#[from] FileError),
    /// An array has another shape than the header says.
    #[error("array `{name}` has {found} values where the header implies {expected}")]
    Length {
        /// The array.
        name: String,
        /// Values there.
        found: usize,
        /// Values implied.
        expected: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordHeader {
    kind: String,
    content_version: u32,
    run: String,
    spec: Spec,
    data: String,
    engine: String,
    ended: Ended,
    cost: Cost,
    tensors: Vec<TensorInfo>,
    quantities: Vec<String>,
    n_classes: usize,
    n_branches: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointHeader {
    kind: String,
    content_version: u32,
    run: String,
    epoch: u32,
    best: Option<Best>,
    cost: Cost,
    quantities: Vec<String>,
    vectors: Vec<String>,
    solver_steps: Vec<u64>,
}

impl Record {
    /// The record as a container: a pure function of it.
    pub fn to_container(&self) -> Container {
        let header = RecordHeader {
            kind: RECORD.to_owned(),
            content_version: CONTENT_VERSION,
            run: self.id.to_string(),
            spec: self.spec.clone(),
            data: self.data.clone(),
            engine: self.engine.clone(),
            ended: self.ended.clone(),
            cost: self.cost,
            tensors: self.tensors.clone(),
            quantities: self.trajectory.quantities.keys().cloned().collect(),
            n_classes: self.predictions.n_classes,
            n_branches: self.predictions.branches.len(),
        };
        let mut container = new_container(&header);
        push(&mut container, "params", &self.params);
        push_trajectory(&mut container, &self.trajectory);
        let Predictions { rows, n_classes, scores, branches } = &self.predictions;
        let shape = [rows.len(), *n_classes];
        let sound = "names and shapes are ours";
        container.push("test.rows", &[rows.len()], rows.clone()).expect(sound);
        container.push("test.scores", &shape, scores.clone()).expect(sound);
        for (b, branch) in branches.iter().enumerate() {
            container.push(&format!("test.branch.{b}"), &shape, branch.clone()).expect(sound);
        }
        container
    }

    /// Reads a record back, checking every length against the header.
    pub fn from_container(container: &Container) -> Result<Self, RecordError> {
        let header: RecordHeader = header(container, RECORD)?;
        let id = run_id(&header.run, RECORD)?;
        let params = numbers(container, "params")?;
        let n_params = header
            .tensors
            .iter()
            .try_fold(0_usize, |sum, t| t.rows.checked_mul(t.cols).and_then(|n| sum.checked_add(n)));
        expect_length("params", length(&params), n_params.unwrap_or(usize::MAX))?;
        let rows = container.get::<u32>("test.rows")?.1.to_vec();
        let n_scores = rows.len().saturating_mul(header.n_classes);
        let scores_of = |name: &str| {
            let values = container.get::<f32>(name)?.1.to_vec();
            expect_length(name, values.len(), n_scores)?;
            Ok::<_, RecordError>(values)
        };
        let scores = scores_of("test.scores")?;
        let branches = (0..header.n_branches)
            .map(|b| scores_of(&format!("test.branch.{b}")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id,
            spec: header.spec,
            data: header.data,
            engine: header.engine,
            ended: header.ended,
            cost: header.cost,
            trajectory: trajectory(container, &header.quantities)?,
            tensors: header.tensors,
            params,
            predictions: Predictions { rows, n_classes: header.n_classes, scores, branches },
        })
    }
}

impl Checkpoint {
    /// The checkpoint as a container.
    pub fn to_container(&self) -> Container {
        let header = CheckpointHeader {
            kind: CHECKPOINT.to_owned(),
            content_version: CONTENT_VERSION,
            run: self.id.to_string(),
            epoch: self.epoch,
            best: self.best,
            cost: self.cost,
            quantities: self.trajectory.quantities.keys().cloned().collect(),
            vectors: self.vectors.iter().map(|(name, _)| name.clone()).collect(),
            solver_steps: self.solver_steps.clone(),
        };
        let mut container = new_container(&header);
        for (name, values) in &self.vectors {
            push(&mut container, name, values);
        }
        push_trajectory(&mut container, &self.trajectory);
        container
    }

    /// Reads a checkpoint back.
    pub fn from_container(container: &Container) -> Result<Self, RecordError> {
        let header: CheckpointHeader = header(container, CHECKPOINT)?;
        let vectors = header
            .vectors
            .into_iter()
            .map(|name| Ok((name.clone(), numbers(container, &name)?)))
            .collect::<Result<_, RecordError>>()?;
        Ok(Self {
            id: run_id(&header.run, CHECKPOINT)?,
            epoch: header.epoch,
            best: header.best,
            cost: header.cost,
            trajectory: trajectory(container, &header.quantities)?,
            vectors,
            solver_steps: header.solver_steps,
        })
    }
}

fn new_container(header: &impl Serialize) -> Container {
    Container::new(json!(header)).expect("headers are small and shallow")
}

fn header<H: for<'a> Deserialize<'a>>(
    container: &Container,
    expected: &'static str,
) -> Result<H, RecordError> {
    let header = container.header();
    let wrong = |why: String| RecordError::Header { expected, why };
    match header.get("kind").and_then(|k| k.as_str()) {
        Some(kind) if kind == expected => {}
        Some(kind) => return Err(wrong(format!("the file holds a `{kind}`"))),
        None => return Err(wrong("the header names no kind".to_owned())),
    }
    let version = header.get("content_version").and_then(serde_json::Value::as_u64);
    if version != Some(u64::from(CONTENT_VERSION)) {
        return Err(wrong(format!(
            "its content has version {version:?}, this program reads {CONTENT_VERSION}"
        )));
    }
    H::deserialize(header).map_err(|e| wrong(e.to_string()))
}

fn run_id(text: &str, expected: &'static str) -> Result<RunId, RecordError> {
    text.parse().map_err(|why: &str| RecordError::Header { expected, why: why.to_owned() })
}

fn push(container: &mut Container, name: &str, numbers: &Numbers) {
    let shape = [length(numbers)];
    match numbers {
        Numbers::F32(values) => container.push(name, &shape, values.clone()),
        Numbers::F64(values) => container.push(name, &shape, values.clone()),
    }
    .expect("names and shapes are ours");
}

fn numbers(container: &Container, name: &str) -> Result<Numbers, RecordError> {
    if let Ok((_, values)) = container.get::<f32>(name) {
        return Ok(Numbers::F32(values.to_vec()));
    }
    Ok(Numbers::F64(container.get::<f64>(name)?.1.to_vec()))
}

fn length(numbers: &Numbers) -> usize {
    match numbers {
        Numbers::F32(values) => values.len(),
        Numbers::F64(values) => values.len(),
    }
}

fn expect_length(name: &str, found: usize, expected: usize) -> Result<(), RecordError> {
    if found == expected {
        return Ok(());
    }
    Err(RecordError::Length { name: name.to_owned(), found, expected })
}

fn push_trajectory(container: &mut Container, trajectory: &Trajectory) {
    for (name, values) in &trajectory.quantities {
        let name = format!("trajectory.{name}");
        container.push(&name, &[values.len()], values.clone()).expect("names and shapes are ours");
    }
}

fn trajectory(container: &Container, quantities: &[String]) -> Result<Trajectory, RecordError> {
    let mut trajectory = Trajectory::default();
    for name in quantities {
        let values = container.get::<f64>(&format!("trajectory.{name}"))?.1.to_vec();
        trajectory.quantities.insert(name.clone(), values);
    }
    Ok(trajectory)
}
