//! Everything that a trial of the theory is made of, in the paper's letters:
//! data, network, training. A setting is a value; knobs are addressed by name,
//! which is what `--set`, `--vary` and configuration files use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::sparse_coding::{self, SparseCoding, SparseCodingError};
use crate::encoders::SmoothedRelu;
use crate::registry::{Choice, Default as KnobDefault, Knob, Range, Value, find, nearest};
use crate::spec::{Precision, Spec, Until};
use crate::{solvers, strategies};

/// Rate of gradient descent where nobody chose one: stable at the default setting.
const DESCENT_RATE: f64 = 2.0;

/// One point of the theory.
///
/// The paper states orders of magnitude only (`poly(K)`, `polylog(K)`); every
/// number here is our reconstruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setting {
    /// The data model, X^r = M^r z^r + xi^r.
    pub data: SparseCoding,
    /// n: training samples.
    pub n: usize,
    /// Fresh samples on which test errors are counted.
    pub n_test: usize,
    /// m: neurons per class, of every modality or of each.
    pub m: Vec<usize>,
    /// sigma_0: standard deviation of the initial weights, of every modality or
    /// of each.
    pub sigma0: Vec<f64>,
    /// q: power of the smooth part.
    pub q: u32,
    /// beta: where the power turns into the line.
    pub beta: f64,
    /// How the modalities are trained together.
    pub strategy: Choice,
    /// Where the modalities of the joint network meet.
    #[serde(skip_serializing_if = "Fusion::is_late")]
    pub fusion: Fusion,
    /// Gradient flow or gradient descent, with knobs.
    pub solver: Choice,
    /// Training stops when the training error is zero and the mean
    /// cross-entropy at most this, nats ...
    pub train_loss: f64,
    /// ... or after so many updates, which is told as not converged.
    pub max_updates: u32,
    /// Whether a race stops as soon as every class has a winner.
    pub until_decided: bool,
    /// Arithmetic of training.
    pub precision: Precision,
    /// The seed of the data, training and test, where all trials share them and
    /// differ in their initial weights only; else every trial draws its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_seed: Option<u64>,
}

/// Where the modalities of the joint network meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fusion {
    /// A branch of neurons per modality, logits added: the talk's network.
    #[default]
    Late,
    /// Features side by side: every neuron sees all modalities.
    Early,
}

impl Fusion {
    /// Settings from before there was a choice keep their names in stores.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_late(&self) -> bool {
        *self == Self::Late
    }
}

impl Default for Setting {
    /// The reference regime of `docs/lab.md`: K = 10, two modalities with
    /// mu = (0.005, 0.015) and nu = 1.5, d = 2000, n = 400, m = 12, q = 3,
    /// beta = 0.2, sigma_0 = 1e-5.
    fn default() -> Self {
        let mut data = SparseCoding::default();
        for (modality, mu) in data.modalities.iter_mut().zip([0.005, 0.015]) {
            modality.mu = mu;
            modality.noise = 1.5;
        }
        Self {
            data,
            n: 400,
            n_test: 4000,
            m: vec![12],
            sigma0: vec![1e-5],
            q: 3,
            beta: 0.2,
            strategy: Choice::new("naive"),
            fusion: Fusion::Late,
            solver: Choice::new("gradient_flow"),
            train_loss: 0.05,
            max_updates: 200_000,
            until_decided: false,
            precision: Precision::F32,
            data_seed: None,
        }
    }
}

/// A way in which a setting can be wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// There is no such knob.
    #[error("there is no knob `{key}`{}", did_you_mean(.nearest))]
    UnknownKey {
        /// What was asked for.
        key: String,
        /// Names close to it.
        nearest: Vec<String>,
    },
    /// A value that the knob does not allow.
    #[error("`{key}` must be {range}, not `{value}`")]
    BadValue {
        /// The knob.
        key: String,
        /// What is allowed.
        range: String,
        /// What was given.
        value: String,
    },
    /// A list that is neither one value nor one per modality.
    #[error("`{key}` has {found} values for {modalities} modalities; give one for all, or one for each")]
    Count {
        /// The knob.
        key: &'static str,
        /// Values given.
        found: usize,
        /// Modalities.
        modalities: usize,
    },
    /// Early fusion with what it has no place for.
    #[error("`fusion=early` has one branch of neurons, and {what}")]
    Early {
        /// What does not fit.
        what: &'static str,
    },
    /// The data model does not hold.
    #[error(transparent)]
    Data(#[from] SparseCodingError),
    /// A strategy or solver that is not there, or one of its knobs.
    #[error(transparent)]
    Choice(#[from] crate::registry::ChoiceError),
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!(": did you mean {}?", names.join(" or "))
        }
    }
}

/// The knobs beside those of the data model.
pub const KNOBS: &[Knob] = &[
    whole("n", 400, 2.0, 1e6, "training samples"),
    whole("n_test", 4000, 1.0, 1e7, "fresh samples on which test errors are counted"),
    whole("m", 12, 1.0, 4096.0, "neurons per class; `m.2` for the second modality alone"),
    number(
        "sigma0",
        1e-5,
        1e-12,
        10.0,
        "deviation of the initial weights; `sigma0.2` for the second modality",
    ),
    whole("q", 3, 3.0, 16.0, "power of the smoothed ReLU (3 or more)"),
    number("beta", 0.2, 1e-6, 1e6, "where the smoothed ReLU turns into a line"),
    number("train_loss", 0.05, 1e-12, 10.0, "training stops at error zero and a loss of at most this, nats"),
    whole("max_updates", 200_000, 1.0, 1e7, "updates after which a network counts as not converged"),
    Knob {
        name: "fusion",
        default: KnobDefault::Word("late"),
        range: Range::OneOf(&["late", "early"]),
        meaning: "where the joint network's modalities meet: logits added, or features side by side",
    },
    Knob {
        name: "precision",
        default: KnobDefault::Word("f32"),
        range: Range::OneOf(&["f32", "f64"]),
        meaning: "arithmetic of training",
    },
    whole("data_seed", -1, -1.0, 9e15, "seed of the data, the same for all trials; -1: every trial's own"),
    Knob {
        name: "until",
        default: KnobDefault::Word("converged"),
        range: Range::OneOf(&["converged", "decided"]),
        meaning: "train until the loss is low, or only until every class has a winner",
    },
];

const fn whole(name: &'static str, default: i64, low: f64, high: f64, meaning: &'static str) -> Knob {
    Knob { name, default: KnobDefault::Whole(default), range: Range::Between(low, high), meaning }
}

const fn number(name: &'static str, default: f64, low: f64, high: f64, meaning: &'static str) -> Knob {
    Knob { name, default: KnobDefault::Number(default), range: Range::Between(low, high), meaning }
}

impl Setting {
    /// Sets one knob: of the data model (`mu.1`, `dim`), of the network (`m`,
    /// `sigma0.2`), of training (`train_loss`), or of the solver or strategy
    /// (`solver=gradient_descent`, `solver.lr`, `strategy=auxiliary`,
    /// `strategy.weight`).
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), SettingError> {
        let (base, rest) = match key.split_once('.') {
            Some((base, rest)) => (base, Some(rest)),
            None => (key, None),
        };
        match (base, rest) {
            ("solver", None) => return Self::choose(key, &mut self.solver, value),
            ("strategy", None) => return Self::choose(key, &mut self.strategy, value),
            ("solver", Some(knob)) => {
                self.solver.set.insert(knob.to_owned(), value.clone());
                return Ok(());
            }
            ("strategy", Some(knob)) => {
                self.strategy.set.insert(knob.to_owned(), value.clone());
                return Ok(());
            }
            _ => {}
        }
        let Some(knob) = KNOBS.iter().find(|knob| knob.name == base) else {
            if sparse_coding::KNOBS.iter().any(|knob| knob.name == base) {
                return Ok(self.data.set(key, value)?);
            }
            return Err(SettingError::UnknownKey { key: key.to_owned(), nearest: nearest(base, names()) });
        };
        let wrong = || SettingError::BadValue {
            key: key.to_owned(),
            range: knob.range_text(),
            value: value.to_string(),
        };
        let value = knob.accept(value).ok_or_else(wrong)?;
        let n_modalities = self.data.modalities.len();
        let modality = match rest {
            None => None,
            Some(rest) if matches!(base, "m" | "sigma0") => match rest.parse::<usize>() {
                Ok(r) if (1..=n_modalities).contains(&r) => Some(r - 1),
                _ => {
                    return Err(SettingError::BadValue {
                        key: base.to_owned() + ".R",
                        range: format!("followed by a modality from 1 to {n_modalities}"),
                        value: rest.to_owned(),
                    });
                }
            },
            Some(_) => {
                return Err(SettingError::UnknownKey { key: key.to_owned(), nearest: vec![base.to_owned()] });
            }
        };
        match (base, &value) {
            ("n", Value::Whole(i)) => self.n = *i as usize,
            ("n_test", Value::Whole(i)) => self.n_test = *i as usize,
            ("m", Value::Whole(i)) => put(&mut self.m, *i as usize, modality, n_modalities),
            ("sigma0", Value::Number(x)) => put(&mut self.sigma0, *x, modality, n_modalities),
            ("q", Value::Whole(i)) => self.q = *i as u32,
            ("beta", Value::Number(x)) => self.beta = *x,
            ("train_loss", Value::Number(x)) => self.train_loss = *x,
            ("max_updates", Value::Whole(i)) => self.max_updates = *i as u32,
            ("precision", Value::Word(w)) => {
                self.precision = if w == "f64" { Precision::F64 } else { Precision::F32 };
            }
            ("data_seed", Value::Whole(i)) => self.data_seed = u64::try_from(*i).ok(),
            ("fusion", Value::Word(w)) => {
                self.fusion = if w == "early" { Fusion::Early } else { Fusion::Late };
            }
            ("until", Value::Word(w)) => self.until_decided = w == "decided",
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn choose(key: &str, choice: &mut Choice, value: &Value) -> Result<(), SettingError> {
        let Value::Word(name) = value else {
            return Err(SettingError::BadValue {
                key: key.to_owned(),
                range: "a name".to_owned(),
                value: value.to_string(),
            });
        };
        if choice.name != *name {
            *choice = Choice::new(name);
        }
        Ok(())
    }

    /// The same setting with steps short enough to draw curves (2 % of the time
    /// so far), where the solver is a flow and nothing else was asked.
    pub fn for_curves(mut self) -> Self {
        if self.solver.name == "gradient_flow" {
            self.solver.set.entry("stride".to_owned()).or_insert(Value::Number(0.02));
        }
        self
    }

    /// The same setting under gradient descent where its strategy changes with every step, which a flow
    /// has not: for whoever asked for no solver.
    pub fn for_strategy(mut self) -> Self {
        let names: Vec<String> = (1..=self.n_modalities()).map(|r| format!("m{r}")).collect();
        let is_stepwise = find("strategy", strategies::table::<f64>(), &self.strategy.name)
            .ok()
            .and_then(|entry| Some((entry.build)(&entry.settle(&self.strategy).ok()?)))
            .is_some_and(|strategy| strategy.needs(&names).stepwise);
        if is_stepwise {
            self.solver = Choice::new("gradient_descent").with("lr", DESCENT_RATE);
        }
        self
    }

    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<SettingError>> {
        let mut errors: Vec<SettingError> = match self.data.check() {
            Ok(()) => Vec::new(),
            Err(errors) => errors.into_iter().map(SettingError::Data).collect(),
        };
        let modalities = self.data.modalities.len();
        for (key, found) in [("m", self.m.len()), ("sigma0", self.sigma0.len())] {
            if found != 1 && found != modalities {
                errors.push(SettingError::Count { key, found, modalities });
            }
        }
        if self.fusion == Fusion::Early {
            let all = 1..modalities;
            if self.strategy.name != "naive" {
                errors.push(SettingError::Early { what: "no strategy but `naive`" });
            }
            if all.clone().any(|r| self.m.len() == modalities && self.neurons(r) != self.neurons(0)) {
                errors.push(SettingError::Early { what: "one `m` for all modalities" });
            }
            if all.clone().any(|r| self.sigma0.len() == modalities && self.sigma0(r) != self.sigma0(0)) {
                errors.push(SettingError::Early { what: "one `sigma0` for all modalities" });
            }
        }
        let solver = find("solver", solvers::table::<f64>(), &self.solver.name);
        match solver.map(|entry| entry.settle(&self.solver)) {
            Ok(Ok(_)) => {}
            Ok(Err(more)) => errors.extend(more.into_iter().map(SettingError::Choice)),
            Err(error) => errors.push(error.into()),
        }
        let strategy = find("strategy", strategies::table::<f64>(), &self.strategy.name);
        match strategy.map(|entry| entry.settle(&self.strategy)) {
            Ok(Ok(_)) => {}
            Ok(Err(more)) => errors.extend(more.into_iter().map(SettingError::Choice)),
            Err(error) => errors.push(error.into()),
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// R: number of modalities.
    pub fn n_modalities(&self) -> usize {
        self.data.modalities.len()
    }

    /// K: number of classes.
    pub fn n_classes(&self) -> usize {
        self.data.n_classes
    }

    /// m of a modality.
    pub fn neurons(&self, r: usize) -> usize {
        self.m[if self.m.len() == 1 { 0 } else { r }]
    }

    /// sigma_0 of a modality.
    pub fn sigma0(&self, r: usize) -> f64 {
        self.sigma0[if self.sigma0.len() == 1 { 0 } else { r }]
    }

    /// The smoothed ReLU of a modality's neurons.
    pub fn activation(&self, r: usize) -> SmoothedRelu {
        SmoothedRelu {
            n_neurons: self.neurons(r),
            power: self.q as i32,
            beta: self.beta,
            sigma0: self.sigma0(r),
        }
    }

    /// The spec that all networks of a trial share.
    pub(super) fn spec(&self, seed: u64) -> Spec {
        let encoder = |r: usize| {
            Choice::new("smoothed_relu")
                .with("m", self.neurons(r) as i64)
                .with("q", i64::from(self.q))
                .with("beta", self.beta)
                .with("sigma0", self.sigma0(r))
        };
        let encoders: BTreeMap<String, Choice> =
            (0..self.n_modalities()).map(|r| (sparse_coding::modality_name(r), encoder(r))).collect();
        Spec {
            encoder: encoder(0),
            encoders,
            solver: self.solver.clone(),
            epochs: Some(self.max_updates),
            patience: Some(0),
            until: Some(Until { train_loss: self.train_loss }),
            standardise: false,
            precision: self.precision,
            valid_share: 0.0,
            seed,
            ..Spec::default()
        }
    }
}

/// Every knob by name.
fn names() -> impl Iterator<Item = &'static str> {
    let own = KNOBS.iter().chain(sparse_coding::KNOBS).map(|knob| knob.name);
    own.chain(["solver", "strategy"])
}

fn put<T: Clone>(values: &mut Vec<T>, value: T, modality: Option<usize>, n_modalities: usize) {
    match modality {
        None => *values = vec![value],
        Some(r) => {
            if values.len() == 1 {
                *values = vec![values[0].clone(); n_modalities];
            }
            values.resize(n_modalities, value.clone());
            values[r] = value;
        }
    }
}
