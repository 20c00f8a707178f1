//! What is asked of a run, and the name that the question gives to its answer.
//!
//! A [`Spec`] is asked; [`Spec::check`] completes it into a [`Job`] or says
//! everything that is wrong with it. Equal questions have equal names.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::data::planted::Training;
use crate::registry::{Choice, ChoiceError, Entry, find, nearest};
use crate::strategies::Needs;
use crate::{encoders, solvers, strategies};

/// Changes whenever the same spec on the same data gives other numbers.
pub const ENGINE: &str = "1";

/// Without an answer of its own, a run trains at least this many epochs ...
const MIN_EPOCHS: u32 = 60;
/// ... and at least this many updates.
const MIN_UPDATES: u32 = 1500;
/// Early stopping is the default only with at least this many validation
/// samples: below, the best epoch is chosen by noise.
const MIN_VALID_FOR_STOPPING: usize = 100;
/// Epochs without improvement before early stopping, by default.
const DEFAULT_PATIENCE: u32 = 20;

/// Most training rows that meters are read on: enough for an accuracy within a
/// few points, and a quarter of an epoch's work on a thousand rows.
pub const METER_ROWS: usize = 256;

/// One run, as asked for. What is left out takes its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Names of the modalities to train on; empty for all.
    pub modalities: Vec<String>,
    /// How to train.
    pub strategy: Choice,
    /// Encoder of every modality ...
    pub encoder: Choice,
    /// ... except those named here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub encoders: BTreeMap<String, Choice>,
    /// Gradients -> weights.
    pub solver: Choice,
    /// Learning rate over epochs.
    pub schedule: Choice,
    /// Passes over the training samples; by default at least 60, and enough
    /// for 1,500 updates.
    pub epochs: Option<u32>,
    /// Samples per update.
    pub batch: u32,
    /// Epochs without improvement on the validation part before training
    /// stops and returns to the best epoch; 0 trains to the end and keeps the
    /// last weights. By default 20 with at least 100 validation samples and no
    /// [`Spec::until`], else 0.
    pub patience: Option<u32>,
    /// What ends training before the epochs are used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Until>,
    /// Whether rare classes count more.
    pub class_weights: ClassWeights,
    /// Whether features are standardised (on the training part).
    pub standardise: bool,
    /// Arithmetic of training.
    pub precision: Precision,
    /// Whether to read off every branch after each of the first 50 epochs and after
    /// every tenth later one, on at most [`METER_ROWS`] training rows, how much it still
    /// learns. Changes no weight.
    #[serde(skip_serializing_if = "is_off")]
    pub meters: bool,
    /// Share of the training part that becomes the validation part, where the
    /// data set does not give one.
    pub valid_share: f64,
    /// Which repeat of the partition.
    pub repeat: u64,
    /// Which fold of the repeat.
    pub fold: u32,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

/// Questions from before there were meters keep their names.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_off(meters: &bool) -> bool {
    !meters
}

/// What a run trains for: it ends after the first epoch in which both hold,
/// and says so if they never do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// No training sample is wrong (a tie is wrong) and the training loss of
    /// the fused logits, nats per sample, is at most this.
    pub train_loss: f64,
}

/// Weights of the classes in the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All samples count the same.
    #[default]
    None,
    /// Class k counts n / (K n_k) per sample (scikit-learn's `balanced`).
    Balanced,
}

/// Arithmetic of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// Single.
    #[default]
    F32,
    /// Double.
    F64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            modalities: Vec::new(),
            strategy: Choice::new("naive"),
            encoder: Choice::new("mlp"),
            encoders: BTreeMap::new(),
            solver: Choice::new("adam"),
            schedule: Choice::new("constant"),
            epochs: None,
            batch: 64,
            patience: None,
            until: None,
            class_weights: ClassWeights::None,
            standardise: true,
            precision: Precision::F32,
            meters: false,
            valid_share: 0.15,
            repeat: 0,
            fold: 0,
            seed: 0,
        }
    }
}

/// How a planted cause wants its networks trained. What is done to heads afterwards
/// ([`Training::head_gain`]) is no part of a run.
impl From<&Training> for Spec {
    fn from(training: &Training) -> Self {
        Self {
            encoder: training.encoder.clone(),
            encoders: training.encoders.clone(),
            solver: training.solver.clone(),
            epochs: Some(training.epochs),
            batch: training.batch,
            patience: Some(training.patience),
            standardise: training.standardise,
            ..Self::default()
        }
    }
}

/// A checked and completed spec: it will run.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    id: RunId,
    spec: Spec,
    needs: Needs,
}

impl Job {
    /// The run's name.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The spec with every default filled in.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// What the strategy asks for.
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Specs of the runs that must have ended first, in the strategy's order.
    pub fn needed_specs(&self) -> Vec<Spec> {
        self.needs
            .runs
            .iter()
            .map(|run| Spec {
                modalities: run.modalities.clone(),
                strategy: run.strategy.clone(),
                meters: false,
                epochs: run.epochs.or(self.spec.epochs),
                patience: if run.epochs.is_some() { Some(0) } else { self.spec.patience },
                ..self.spec.clone()
            })
            .collect()
    }
}

/// A way in which a spec can be wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// A modality that the data set does not have.
    #[error("{key}: the data set has no modality `{name}`; it has {known}")]
    UnknownModality {
        /// Where in the spec.
        key: String,
        /// What was asked for.
        name: String,
        /// What there is, the nearest first.
        known: String,
    },
    /// A modality named twice.
    #[error("modalities: `{0}` is named twice")]
    RepeatedModality(String),
    /// A choice that its drawer does not understand.
    #[error("{key}: {error}")]
    Choice {
        /// Where in the spec.
        key: String,
        /// What is wrong with it.
        error: ChoiceError,
    },
    /// A number outside what makes sense.
    #[error("{key}: must be {range}, not {value}")]
    OutOfRange {
        /// Where in the spec.
        key: &'static str,
        /// What is allowed.
        range: String,
        /// What was asked for.
        value: String,
    },
    /// The strategy does not apply to these modalities.
    #[error("strategy: {0}")]
    Refused(String),
}

impl Spec {
    /// Width of every modality's embedding, once its choices are complete.
    fn embedding_widths(&self, data: &Dataset) -> Vec<usize> {
        let width = |name: &String| {
            let choice = self.encoders.get(name).unwrap_or(&self.encoder);
            let entry = find("encoder", encoders::table::<f64>(), &choice.name).expect("it was checked");
            let encoder = (entry.build)(&entry.settle(choice).expect("it was checked"));
            let modality = data.modality_idx(name).expect("it was checked");
            encoder.shape(data.modalities()[modality].features.cols(), data.n_classes()).n_outputs
        };
        self.modalities.iter().map(width).collect()
    }

    /// Completes the spec for a data set, or says all that is wrong with it.
    pub fn check(&self, data: &Dataset) -> Result<Job, Vec<SpecError>> {
        let mut errors = Vec::new();
        let mut spec = self.clone();
        let names: Vec<&str> = data.modalities().iter().map(|m| m.name.as_str()).collect();
        if spec.modalities.is_empty() {
            spec.modalities = names.iter().map(ToString::to_string).collect();
        }
        for (i, name) in spec.modalities.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                errors.push(unknown_modality("modalities", name, &names));
            } else if spec.modalities[..i].contains(name) {
                errors.push(SpecError::RepeatedModality(name.clone()));
            }
        }
        for name in self.encoders.keys().filter(|name| !names.contains(&name.as_str())) {
            errors.push(unknown_modality("encoders", name, &names));
        }
        // One order of modalities, so that equal questions have equal names.
        spec.modalities.sort_by_key(|name| names.iter().position(|n| n == name));
        spec.encoders.retain(|name, _| spec.modalities.contains(name));

        complete("encoder", "encoder", encoders::table::<f64>(), &mut spec.encoder, &mut errors);
        for (name, choice) in &mut spec.encoders {
            complete(&format!("encoders.{name}"), "encoder", encoders::table::<f64>(), choice, &mut errors);
        }
        let solver = complete("solver", "solver", solvers::table::<f64>(), &mut spec.solver, &mut errors);
        complete("schedule", "schedule", solvers::schedule::table(), &mut spec.schedule, &mut errors);
        let strategy =
            complete("strategy", "strategy", strategies::table::<f64>(), &mut spec.strategy, &mut errors);

        let mut range = |key, ok: bool, range: &str, value: &dyn fmt::Display| {
            if !ok {
                let (range, value) = (range.to_owned(), value.to_string());
                errors.push(SpecError::OutOfRange { key, range, value });
            }
        };
        range("batch", spec.batch >= 1, "at least 1", &spec.batch);
        let epochs_ok = spec.epochs.is_none_or(|e| (1..=10_000_000).contains(&e));
        range("epochs", epochs_ok, "from 1 to 10,000,000", &spec.epochs.unwrap_or(0));
        let share_ok = (0.0..=0.5).contains(&spec.valid_share);
        range("valid_share", share_ok, "from 0 to 0.5", &spec.valid_share);
        if let Some(until) = spec.until {
            range("until.train_loss", until.train_loss > 0.0, "above 0", &until.train_loss);
            let patience = spec.patience.unwrap_or(0);
            range("patience", patience == 0, "0 together with `until`", &patience);
        }
        let n_folds = data.n_folds();
        range("fold", (spec.fold as usize) < n_folds, &format!("below {n_folds}"), &spec.fold);

        let needs = strategy.map_or_else(Needs::default, |build| build.needs(&spec.modalities));
        if let Some(reason) = &needs.refuses {
            errors.push(SpecError::Refused(reason.clone()));
        }
        if needs.stepwise && !solver.as_ref().is_none_or(|solver| solver.looks_once()) {
            let (strategy, solver) = (&spec.strategy.name, &spec.solver.name);
            errors.push(SpecError::Refused(format!(
                "strategy `{strategy}` changes with every step, and solver `{solver}` looks at several \
                 gradients per step; use `gradient_descent`"
            )));
        }
        if needs.resamples && solver.is_some_and(|solver| solver.full_batch()) {
            let (strategy, solver) = (&spec.strategy.name, &spec.solver.name);
            errors.push(SpecError::Refused(format!(
                "strategy `{strategy}` chooses the samples of an epoch, and solver `{solver}` sees them all; use `sgd` \
                 or `adam`"
            )));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let widths = spec.embedding_widths(data);
        if needs.equal_widths && widths.iter().any(|width| *width != widths[0]) {
            let strategy = &spec.strategy.name;
            return Err(vec![SpecError::Refused(format!(
                "strategy `{strategy}` shares one head among all modalities: give their encoders the same width"
            ))]);
        }
        let partition = data.partition(spec.repeat, spec.fold as usize, spec.seed, spec.valid_share);
        let updates_per_epoch = (partition.train.len() as u32).div_ceil(spec.batch).max(1);
        spec.epochs.get_or_insert(MIN_EPOCHS.max(MIN_UPDATES.div_ceil(updates_per_epoch)));
        let enough = partition.valid.len() >= MIN_VALID_FOR_STOPPING && spec.until.is_none();
        spec.patience.get_or_insert(if enough { DEFAULT_PATIENCE } else { 0 });
        let id = RunId::of(&spec, &data.fingerprint().0);
        Ok(Job { id, spec, needs })
    }
}

/// Fills in a choice's knobs; on success builds it.
fn complete<T: ?Sized>(
    key: &str,
    drawer: &'static str,
    table: crate::registry::Table<T>,
    choice: &mut Choice,
    errors: &mut Vec<SpecError>,
) -> Option<Box<T>> {
    let wrong = |error| SpecError::Choice { key: key.to_owned(), error };
    let entry: &Entry<T> = match find(drawer, table, &choice.name) {
        Ok(entry) => entry,
        Err(error) => {
            errors.push(wrong(error));
            return None;
        }
    };
    match entry.settle(choice) {
        Ok(settings) => {
            choice.set = settings.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
            Some((entry.build)(&settings))
        }
        Err(more) => {
            errors.extend(more.into_iter().map(wrong));
            None
        }
    }
}

fn unknown_modality(key: &str, name: &str, names: &[&str]) -> SpecError {
    let mut known = nearest(name, names.iter().copied());
    known.extend(
        names.iter().filter(|n| !known.iter().any(|k| k == **n)).map(ToString::to_string).collect::<Vec<_>>(),
    );
    let known = known.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    SpecError::UnknownModality { key: key.to_owned(), name: name.to_owned(), known }
}

/// The name of a run: a hash of the checked spec, the data's fingerprint and
/// the engine's version. Equal questions have equal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub [u8; 32]);

impl RunId {
    /// The name of a completed spec on data with this fingerprint.
    pub fn of(spec: &Spec, data: &[u8; 32]) -> Self {
        let spec = serde_json::to_vec(spec).expect("a spec is plain data");
        Self::hash(&[b"rivalry run", ENGINE.as_bytes(), data, &spec])
    }

    /// The name of any other question that leaves a file: a hash of the
    /// question, whose text must say what kind it is, and the engine's version.
    pub fn of_question(question: &serde_json::Value) -> Self {
        Self::hash(&[b"rivalry question", ENGINE.as_bytes(), question.to_string().as_bytes()])
    }

    fn hash(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RunId {
    type Err = &'static str;

    /// Reads 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a run's name is 64 lower-case hexadecimal digits";
        let digit = |c: u8| match c {
            b'0'..=b'9' => Ok(c - b'0'),
            b'a'..=b'f' => Ok(c - b'a' + 10),
            _ => Err(WRONG),
        };
        let mut id = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != id.len() || !rest.is_empty() {
            return Err(WRONG);
        }
        for (byte, [high, low]) in id.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(id))
    }
}
