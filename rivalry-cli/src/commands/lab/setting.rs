//! The setting as typed: a configuration file, then `--set`.

use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::lab::{Setting, SettingError};
use rivalry::registry::{Citation, Value};
use rivalry::{encoders, solvers, strategies};

use super::cited;
use crate::exit::{Failure, Problem, Status};
use crate::values;

/// Where knobs are listed.
pub(super) const KNOBS_HINT: &str = "`rivalry list lab` shows every knob with its range";

/// A configuration file larger than this is not one.
const LARGEST: u64 = 1 << 20;

/// What a trial is made of.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Setting")]
pub(super) struct SettingArgs {
    /// Set a knob, such as `m=16`, `mu.2=0.1`, `solver.tolerance=1e-5`; repeatable; see
    /// `rivalry list lab`
    #[arg(long, value_name = "KNOB=VALUE", value_parser = values::setting)]
    set: Vec<(String, Value)>,
    /// A TOML file with knobs, one per line; `--set` comes after it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the modalities are trained together; see `rivalry list strategies`
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// `gradient_flow`, or `gradient_descent` with `--set solver.lr=...` [default: gradient_flow;
    /// for strategies that change with every step gradient_descent, solver.lr=2]
    #[arg(long, value_name = "NAME")]
    solver: Option<String>,
}

/// A configuration file, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    /// Knobs with their values, in the order of the file.
    pub(super) set: Vec<(String, Value)>,
    /// What varies, from the table `vary`.
    pub(super) vary: Vec<(String, Vec<Value>)>,
}

impl SettingArgs {
    /// The configuration file; empty without one.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), read)
    }

    /// The setting, or all that is wrong with it.
    pub(super) fn setting(&self, config: &Config) -> Result<Setting, Failure> {
        let mut setting = Setting::default();
        let mut problems = Vec::new();
        let named = [("solver", &self.solver), ("strategy", &self.strategy)];
        let named =
            named.into_iter().filter_map(|(key, name)| Some((key.to_owned(), Value::Word(name.clone()?))));
        // The number of modalities first: the others may address one of them.
        let mut all: Vec<(String, Value)> =
            config.set.iter().cloned().chain(named).chain(self.set.iter().cloned()).collect();
        all.sort_by_key(|(key, _)| key != "modalities");
        for (key, value) in &all {
            if let Err(error) = setting.set(key, value) {
                problems.push(error);
            }
        }
        if !all.iter().any(|(key, _)| key.split('.').next() == Some("solver")) {
            setting = setting.for_strategy();
        }
        if problems.is_empty() {
            problems = setting.check().err().unwrap_or_default();
        }
        if problems.is_empty() { Ok(setting) } else { Err(wrong(&problems)) }
    }
}

/// All that is wrong with a setting.
pub(super) fn wrong(errors: &[SettingError]) -> Failure {
    let problems = errors
        .iter()
        .enumerate()
        .map(|(idx, error)| Problem {
            message: error.to_string(),
            hint: (idx + 1 == errors.len()).then(|| KNOBS_HINT.to_owned()),
        })
        .collect();
    Failure { status: Status::Usage, problems }
}

/// The works behind a setting.
pub(super) fn citations(setting: &Setting) -> Vec<Citation> {
    let encoder = cited(encoders::table::<f32>(), "smoothed_relu");
    let strategy = cited(strategies::table::<f32>(), &setting.strategy.name);
    let solver = cited(solvers::table::<f32>(), &setting.solver.name);
    [encoder, strategy, solver].concat()
}

fn read(path: &Path) -> Result<Config, Failure> {
    let bad = |why: String| {
        Failure::one(
            Status::Usage,
            format!("{}: {why}", path.display()),
            Some(
                "a line of the file is a knob, such as `m = 16` or `\"mu.2\" = 0.1`; see `rivalry list lab`"
                    .to_owned(),
            ),
        )
    };
    let length = std::fs::metadata(path).map_err(|error| bad(format!("cannot be read: {error}")))?.len();
    if length > LARGEST {
        return Err(bad("larger than any configuration".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| bad(format!("cannot be read: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        bad(error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "))
    })?;
    let mut config = Config::default();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("vary", toml::Value::Table(vary)) => {
                for (key, values) in flat("", vary) {
                    let toml::Value::Array(values) = values else {
                        return Err(bad(format!("`vary.{key}` must be a list of values")));
                    };
                    let values: Option<Vec<Value>> = values.iter().map(scalar).collect();
                    let values = values.ok_or_else(|| bad(format!("`vary.{key}` must hold plain values")))?;
                    config.vary.push((key, values));
                }
            }
            (_, toml::Value::Table(table)) => {
                for (knob, value) in flat(&format!("{key}."), table) {
                    let value = scalar(&value).ok_or_else(|| bad(format!("`{knob}` must be one value")))?;
                    config.set.push((knob, value));
                }
            }
            (_, value) => {
                let value = scalar(&value).ok_or_else(|| bad(format!("`{key}` must be one value")))?;
                config.set.push((key, value));
            }
        }
    }
    Ok(config)
}

/// `[mu] 2 = 0.1` and `mu.2 = 0.1` are the same.
fn flat(prefix: &str, table: toml::Table) -> Vec<(String, toml::Value)> {
    let mut all = Vec::new();
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            toml::Value::Table(inner) => all.extend(flat(&format!("{key}."), inner)),
            value => all.push((key, value)),
        }
    }
    all
}

fn scalar(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(word) => Some(Value::Word(word.clone())),
        toml::Value::Integer(i) => Some(Value::Whole(*i)),
        toml::Value::Float(x) => Some(Value::Number(*x)),
        toml::Value::Boolean(b) => Some(Value::Flag(*b)),
        _ => None,
    }
}
