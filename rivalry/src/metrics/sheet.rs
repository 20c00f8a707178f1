//! What metrics write: values per trial, then estimates per study.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stats::Estimate;

/// Strategy of the networks trained on one modality.
pub const UNIMODAL: &str = "unimodal";
/// Strategy of plain joint training.
pub const NAIVE: &str = "naive";
/// The softmax probabilities of the networks trained alone, averaged.
pub const ENSEMBLE: &str = "ensemble";
/// The same after each network's temperature was fitted on validation rows.
pub const TEMPERED_ENSEMBLE: &str = "ensemble-tempered";

/// Which model: a trained network or an ensemble of the networks trained alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelKey {
    /// Indices of its modalities, increasing.
    pub modalities: Vec<usize>,
    /// The name of its strategy, or [`ENSEMBLE`] or [`TEMPERED_ENSEMBLE`].
    pub strategy: String,
}

impl ModelKey {
    /// The key of a model.
    pub fn new(modalities: &[usize], strategy: &str) -> Self {
        Self { modalities: modalities.to_vec(), strategy: strategy.to_owned() }
    }

    /// The network trained on one modality.
    pub fn alone(modality: usize) -> Self {
        Self::new(&[modality], UNIMODAL)
    }
}

/// What a number is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The study as a whole.
    Study,
    /// One modality.
    Modality(usize),
    /// One class.
    Class(usize),
    /// A place in a ranking of the classes, 0 = the largest drop.
    Rank(usize),
    /// One class and one modality, in this order.
    ClassModality(usize, usize),
    /// One model.
    Model(ModelKey),
}

/// The bounds of a quantity's values per sample, which choose its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Right or wrong, or a probability: 0 to 1.
    Share,
    /// A difference of shares, within these bounds either way.
    Difference(f64),
    /// Nothing below 0.
    Positive,
    /// Any finite number.
    Free,
    /// Pseudo-values of a statistic within these bounds that is no mean over
    /// samples ([`crate::stats::pseudo_values`]).
    Linear(f64, f64),
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it describes.
    Neither,
}

/// One number that a metric produces, for as many subjects as there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// Name in JSON and tables, stable for ever.
    pub name: &'static str,
    /// Unit: `accuracy` (a fraction), `nats`, `bits`, `ratio`, `classes`, `entropy`, `logits`, `epochs` ...
    pub unit: &'static str,
    /// Bounds per sample.
    pub scale: Scale,
    /// Which way is better.
    pub direction: Direction,
    /// One line: what exactly it is and on which rows.
    pub definition: &'static str,
}

/// A metric's answer for one subject in one trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// One value per test row.
    Samples(Vec<f32>),
    /// One number for the trial.
    Number(f64),
    /// A statistic, then its values under shuffles: for tests by shuffling,
    /// never an estimate.
    Replicates(Vec<f64>),
    /// Not measured, with the reason (completes "not measured: ...").
    Missing(String),
}

/// All values of one trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet(BTreeMap<Subject, BTreeMap<&'static str, Values>>);

impl Sheet {
    /// Writes one value per test row.
    pub fn samples(&mut self, quantity: &'static str, subject: Subject, values: Vec<f32>) {
        self.put(quantity, subject, Values::Samples(values));
    }

    /// Writes one number; one that is not finite is written as missing.
    pub fn number(&mut self, quantity: &'static str, subject: Subject, value: f64) {
        let value = if value.is_finite() {
            Values::Number(value)
        } else {
            Values::Missing("the value is not finite".to_owned())
        };
        self.put(quantity, subject, value);
    }

    /// Writes a statistic and its values under shuffles.
    pub fn replicates(&mut self, quantity: &'static str, subject: Subject, values: Vec<f64>) {
        self.put(quantity, subject, Values::Replicates(values));
    }

    /// Writes that there is no value, and why.
    pub fn missing(&mut self, quantity: &'static str, subject: Subject, why: impl Into<String>) {
        self.put(quantity, subject, Values::Missing(why.into()));
    }

    /// Writes per-sample values or the reason why there are none.
    pub fn samples_or(&mut self, quantity: &'static str, subject: Subject, values: Result<Vec<f32>, String>) {
        match values {
            Ok(values) => self.samples(quantity, subject, values),
            Err(why) => self.missing(quantity, subject, why),
        }
    }

    /// Writes a number or the reason why there is none.
    pub fn number_or(&mut self, quantity: &'static str, subject: Subject, value: Result<f64, String>) {
        match value {
            Ok(value) => self.number(quantity, subject, value),
            Err(why) => self.missing(quantity, subject, why),
        }
    }

    /// What was written, if anything.
    pub fn get(&self, quantity: &str, subject: &Subject) -> Option<&Values> {
        self.0.get(subject)?.get(quantity)
    }

    /// The subjects that something was written about.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.0.keys()
    }

    fn put(&mut self, quantity: &'static str, subject: Subject, values: Values) {
        self.0.entry(subject).or_default().insert(quantity, values);
    }
}

/// An estimate, or why there is none (completes "not measured: ...").
pub type Measured = Result<Estimate, String>;

/// All estimates of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    estimates: BTreeMap<Subject, BTreeMap<&'static str, Measured>>,
    choices: BTreeMap<Subject, BTreeMap<&'static str, usize>>,
}

impl Table {
    /// The estimate, or the reason why there is none.
    pub fn get(&self, quantity: &str, subject: &Subject) -> Measured {
        let found = self.estimates.get(subject).and_then(|of| of.get(quantity));
        found.cloned().unwrap_or_else(|| Err("there is nothing to measure it on".to_owned()))
    }

    /// The modality chosen under this name, such as the best or a winner.
    pub fn choice(&self, name: &str, subject: &Subject) -> Option<usize> {
        self.choices.get(subject)?.get(name).copied()
    }

    /// Everything, by subject and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, &'static str, &Measured)> {
        self.estimates.iter().flat_map(|(subject, of)| of.iter().map(move |(name, m)| (subject, *name, m)))
    }

    /// Writes an estimate or a reason.
    pub fn put(&mut self, quantity: &'static str, subject: Subject, measured: Measured) {
        self.estimates.entry(subject).or_default().insert(quantity, measured);
    }

    /// Writes a chosen modality.
    pub fn choose(&mut self, name: &'static str, subject: Subject, modality: usize) {
        self.choices.entry(subject).or_default().insert(name, modality);
    }
}
