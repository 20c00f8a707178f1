//! Data sets whose verdict is known: for every cause of `docs/verdicts.md` a
//! recipe that makes it real in training, in doses, with what the best
//! classifier would reach.
//!
//! A planted case is a data set and how to train on it: a weak baseline or a
//! broken head is no property of data. [`CASES`] is the table; all cases draw
//! from one law ([`Source`]). Knows no verdict rule and trains nothing: whether
//! a cause did harm is measured by whoever trains (`benches/verdicts`).

mod bayes;
mod cases;
mod recipe;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Dataset, Labels, Split};
use crate::registry::{Choice, ChoiceError, nearest};

pub use cases::CASES;
pub use recipe::{Code, Source};

/// Classes that a planted data set may have.
pub const CLASSES: std::ops::RangeInclusive<usize> = 2..=50;
/// Modalities that it may have.
pub const MODALITIES: std::ops::RangeInclusive<usize> = 2..=3;
/// Most features of a modality.
pub const MAX_DIM: usize = 500;

/// A cause, and how it is planted.
pub struct Case {
    /// As typed: `--planted NAME`.
    pub name: &'static str,
    /// The verdict that is right.
    pub code: &'static str,
    /// The form of the verdict that is right, where one form alone is.
    pub variant: Option<&'static str>,
    /// Position of the modality that a right verdict names, where it names one.
    pub loser: Option<usize>,
    /// What is planted, in one line without a full stop.
    pub summary: &'static str,
    /// What takes the cause away, in one line without a full stop.
    pub cure: &'static str,
    recipe: fn(&Knobs) -> Recipe,
}

/// How large, and how strong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knobs {
    /// Training rows, of which validation rows are carved.
    pub n_train: usize,
    /// Test rows.
    pub n_test: usize,
    /// K, in [`CLASSES`].
    pub n_classes: usize,
    /// In [`MODALITIES`]; the third is a small clean one, or a further copy.
    pub n_modalities: usize,
    /// Features of the widest modality; at least K, at most [`MAX_DIM`].
    pub dim: usize,
    /// The dose, from 0 (next to nothing is planted) to 1.
    pub strength: f64,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self { n_train: 600, n_test: 1000, n_classes: 5, n_modalities: 2, dim: 40, strength: 1.0, seed: 0 }
    }
}

/// What a data set is drawn from and how to train on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The modalities `a`, `b`, `c`.
    pub sources: Vec<Source>,
    /// How the cause becomes real.
    pub training: Training,
}

/// How networks have to be trained for a planted cause to act; names and knobs
/// are those of a `Spec`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// Encoder of every modality ...
    pub encoder: Choice,
    /// ... except those named here.
    pub encoders: BTreeMap<String, Choice>,
    /// Solver.
    pub solver: Choice,
    /// Passes over the training rows.
    pub epochs: u32,
    /// Samples per update.
    pub batch: u32,
    /// Epochs without improvement before training stops; 0 trains to the end.
    pub patience: u32,
    /// Whether features are standardised.
    pub standardise: bool,
    /// After training: factors on the modalities' parts of the joint head, as
    /// when a sum is trained and something else is used. Empty: as trained.
    pub head_gain: Vec<f64>,
}

impl Default for Training {
    /// A small network that is trained well.
    fn default() -> Self {
        Self {
            encoder: Choice::new("mlp").with("width", 32_i64),
            encoders: BTreeMap::new(),
            solver: Choice::new("adam").with("lr", 3e-3),
            epochs: 40,
            batch: 32,
            patience: 10,
            standardise: true,
            head_gain: Vec::new(),
        }
    }
}

/// What is known of planted data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Name of the case.
    pub case: &'static str,
    /// The verdict that is right.
    pub code: &'static str,
    /// Its form, where one form alone is right.
    pub variant: Option<&'static str>,
    /// The modality that a right verdict names, where it names one.
    pub loser: Option<String>,
    /// What was asked for.
    pub knobs: Knobs,
    /// What the data were drawn from, and how to train on them.
    pub recipe: Recipe,
    /// Accuracy of the best classifier on test rows, from each modality alone.
    pub bayes_alone: Vec<f64>,
    /// From all modalities together, where there is a closed form.
    pub bayes_together: Option<f64>,
}

/// A data set with its truth.
#[derive(Clone, Debug)]
pub struct Planted {
    /// Modalities `a`, `b`, `c` in single precision; training rows first, and
    /// the split is given.
    pub data: Dataset,
    /// What the data do not tell.
    pub truth: Truth,
}

/// Why there are no planted data.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlantedError {
    /// No case has this name.
    #[error(transparent)]
    Unknown(#[from] ChoiceError),
    /// A knob outside its range.
    #[error("`{knob}` must be {range}, not {value}")]
    OutOfRange {
        /// Which knob.
        knob: &'static str,
        /// What is allowed.
        range: String,
        /// What was asked for.
        value: String,
    },
}

/// The case of this name, or an error with the nearest.
pub fn find(name: &str) -> Result<&'static Case, PlantedError> {
    CASES.iter().find(|case| case.name == name).ok_or_else(|| {
        let nearest = nearest(name, CASES.iter().map(|case| case.name));
        ChoiceError::UnknownName { drawer: "planted case", name: name.to_owned(), nearest }.into()
    })
}

impl Knobs {
    /// All knobs that are outside their ranges.
    pub fn check(&self) -> Result<(), Vec<PlantedError>> {
        let mut errors = Vec::new();
        let mut range = |knob, is_in: bool, range: String, value: &dyn std::fmt::Display| {
            if !is_in {
                errors.push(PlantedError::OutOfRange { knob, range, value: value.to_string() });
            }
        };
        let between = |low: usize, high: usize| format!("from {low} to {high}");
        let classes = between(*CLASSES.start(), *CLASSES.end());
        range("classes", CLASSES.contains(&self.n_classes), classes, &self.n_classes);
        let modalities = between(*MODALITIES.start(), *MODALITIES.end());
        range("modalities", MODALITIES.contains(&self.n_modalities), modalities, &self.n_modalities);
        let dims = self.n_classes..=MAX_DIM;
        range("dim", dims.contains(&self.dim), between(*dims.start(), MAX_DIM), &self.dim);
        // Two training rows of a class leave one when validation rows are carved.
        let rows = 2 * self.n_classes..=10_000_000;
        for (knob, n) in [("train", self.n_train), ("test", self.n_test)] {
            range(knob, rows.contains(&n), between(*rows.start(), *rows.end()), &n);
        }
        range("strength", (0.0..=1.0).contains(&self.strength), "from 0 to 1".to_owned(), &self.strength);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Case {
    /// What this case is drawn from with these knobs.
    pub fn recipe(&self, knobs: &Knobs) -> Recipe {
        let mut recipe = (self.recipe)(knobs);
        recipe.sources.truncate(knobs.n_modalities);
        recipe
    }

    /// The data and their truth.
    pub fn plant(&self, knobs: &Knobs) -> Result<Planted, Vec<PlantedError>> {
        knobs.check()?;
        let recipe = self.recipe(knobs);
        let truth = Truth {
            case: self.name,
            code: self.code,
            variant: self.variant,
            loser: self.loser.map(recipe::name),
            knobs: *knobs,
            bayes_alone: recipe.sources.iter().map(|s| bayes::alone(s, knobs.n_classes)).collect(),
            bayes_together: bayes::together(&recipe.sources, knobs.n_classes),
            recipe,
        };
        let data = truth.recipe.draw(&format!("planted {}", self.name), knobs);
        Ok(Planted { data, truth })
    }
}

impl Recipe {
    /// Draws a data set of this name; of the knobs, sizes and the seed count.
    ///
    /// # Panics
    /// When [`Knobs::check`] finds something, or a modality has fewer features
    /// than there are classes.
    pub fn draw(&self, name: &str, knobs: &Knobs) -> Dataset {
        let sizes = [knobs.n_train, knobs.n_test];
        let [train, test] =
            [0, 1].map(|part| recipe::labels(sizes[part], knobs.n_classes, knobs.seed, part as u32));
        let modalities = self.sources.iter().enumerate();
        let modalities = modalities
            .map(|(r, source)| recipe::modality(r, source, [&train, &test], knobs.n_classes, knobs.seed));
        let modalities = modalities.collect();
        let (n_train, n_samples) = (train.len() as u32, (train.len() + test.len()) as u32);
        let split =
            Split::Given { train: (0..n_train).collect(), valid: None, test: (n_train..n_samples).collect() };
        let class_names = (0..knobs.n_classes).map(|class| class.to_string()).collect();
        let made = Labels::from_codes([train, test].concat(), class_names)
            .and_then(|labels| Dataset::new(name, modalities, labels, None, Some(split)));
        match made {
            Ok(data) => data,
            Err(error) => panic!("a data set of checked knobs is valid: {error}"),
        }
    }
}
