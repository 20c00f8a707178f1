//! Gates: conditions on the numbers of a document, for continuous integration.
//!
//! A condition is decided by the interval: it passes when the whole interval
//! keeps to it, fails when the whole interval breaks it, and is undecided
//! otherwise; [`Decide::Value`] decides by the value alone.

use std::fmt;

use serde_json::Value;

use super::diagnosis::reading::part;
use super::diagnosis::{NotADiagnosis, is_of};
use super::{Block, Cell, Check, Document, Report, Unit};
use crate::registry::nearest;
use crate::stats::Estimate;

/// How a condition is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decide {
    /// By the whole interval.
    Interval,
    /// By the value alone.
    Value,
}

/// A condition such as `gap > -0.5` or `permutation_drop(lidar) > 2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    /// As typed.
    pub text: String,
    quantity: String,
    subject: Option<String>,
    sign: Sign,
    bound: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Why a condition cannot be put to a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// It is not a condition.
    #[error("`{0}` is not a condition")]
    Syntax(String),
    /// The document is of another program or of a later version.
    #[error("the document is of schema `{name}` version {version}")]
    Schema {
        /// The schema's name.
        name: String,
        /// Its version.
        version: u32,
    },
    /// The document has no such quantity.
    #[error("there is no quantity `{name}`{}{}", subject.as_ref().map_or_else(String::new, |s| format!(" of `{s}`")), nearest.as_ref().map_or_else(String::new, |n| format!("; did you mean `{n}`?")))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Of what.
        subject: Option<String>,
        /// What is called nearly so.
        nearest: Option<String>,
    },
    /// The document has no such modality, model or class.
    #[error("there is no modality, model or class `{name}`; there are {known}")]
    Subject {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
}

impl RequirementError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Syntax(_) => {
                "write a quantity, one of > >= < <= and a number, such as `gap > -0.5` or `permutation_drop(lidar) > 2`"
            }
            Self::Schema { .. } => "use the program that wrote it, or a newer one",
            _ => {
                "`rivalry list metrics` names all quantities; accuracies and their differences are in points"
            }
        }
    }
}

/// Names that people use for quantities.
const ALIASES: [(&str, &str); 5] = [
    ("permute_drop", "permutation_drop"),
    ("drop", "drop_vs_best_unimodal"),
    ("deficit", "encoder_deficit"),
    ("kappa", "residual_ratio"),
    ("change", "change"),
];

impl Requirement {
    /// Reads a condition.
    ///
    /// # Errors
    /// [`RequirementError::Syntax`] when it is none.
    ///
    /// # Examples
    /// ```
    /// use rivalry::report::Requirement;
    /// assert!(Requirement::parse("permutation_drop(lidar) > 2").is_ok());
    /// assert!(Requirement::parse("gap").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, RequirementError> {
        let wrong = || RequirementError::Syntax(text.to_owned());
        let at = text.find(['<', '>']).ok_or_else(wrong)?;
        let (left, right) = text.split_at(at);
        let (sign, bound) = match (right.as_bytes(), right.get(2..)) {
            ([b'>', b'=', ..], Some(rest)) => (Sign::AtLeast, rest),
            ([b'<', b'=', ..], Some(rest)) => (Sign::AtMost, rest),
            ([b'>', ..], _) => (Sign::Above, &right[1..]),
            _ => (Sign::Below, &right[1..]),
        };
        let bound: f64 = bound.trim().parse().ok().filter(|b: &f64| b.is_finite()).ok_or_else(wrong)?;
        let left = left.trim();
        let (quantity, subject) = match left.split_once('(') {
            Some((quantity, rest)) => {
                let subject = rest.strip_suffix(')').filter(|s| !s.is_empty()).ok_or_else(wrong)?;
                (quantity.trim(), Some(subject.to_owned()))
            }
            None => (left, None),
        };
        if quantity.is_empty() || !quantity.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong());
        }
        let full = ALIASES.iter().find(|(alias, _)| *alias == quantity).map_or(quantity, |(_, full)| full);
        Ok(Self { text: text.trim().to_owned(), quantity: full.to_owned(), subject, sign, bound })
    }

    /// Puts the condition to a document's numbers.
    ///
    /// # Errors
    /// When the document has no such quantity or subject.
    pub fn check(
        &self,
        document: &Document,
        baseline: Option<&Document>,
        decide: Decide,
    ) -> Result<Check, RequirementError> {
        let cell = self.find(document)?;
        let unit = self.unit(document);
        let scale = if matches!(unit, Unit::Percent | Unit::Points) { 100.0 } else { 1.0 };
        let bound = self.bound / scale;
        let was = match baseline {
            None => String::new(),
            Some(document) => match self.find(document).ok().and_then(|cell| estimate(&cell)) {
                Some(before) => format!(" (baseline {:.3})", scale * before.value),
                None => " (not measured on the baseline)".to_owned(),
            },
        };
        let (passed, measured) = match estimate(&cell) {
            None => {
                let why = cell.get("method").and_then(Value::as_str).unwrap_or("not measured");
                (None, Cell::Missing(why.to_owned()))
            }
            Some(found) => (self.holds(&found, bound, decide), Cell::Estimate(found)),
        };
        let statement = format!("required {}{was}", Bound { sign: self.sign, bound: self.bound });
        Ok(Check { name: self.text.clone(), passed, statement, measured, unit })
    }

    fn holds(&self, found: &Estimate, bound: f64, decide: Decide) -> Option<bool> {
        let keeps = |value: f64| match self.sign {
            Sign::Above => value > bound,
            Sign::AtLeast => value >= bound,
            Sign::Below => value < bound,
            Sign::AtMost => value <= bound,
        };
        let ends = match (decide, found.interval()) {
            (Decide::Interval, Some(interval)) => [interval.low, interval.high],
            _ => [found.value; 2],
        };
        (keeps(ends[0]) == keeps(ends[1])).then(|| keeps(ends[0]))
    }

    fn find(&self, document: &Document) -> Result<Value, RequirementError> {
        let results = &document.results;
        let unknown = |known: Vec<&str>| RequirementError::Unknown {
            name: self.quantity.clone(),
            subject: self.subject.clone(),
            nearest: nearest(&self.quantity, known.iter().copied()).first().map(|n| (*n).clone()),
        };
        let Some(subject) = &self.subject else {
            let places = [results, &results["tests"]];
            let found = places.iter().find_map(|place| place.get(&self.quantity).filter(|v| v.is_object()));
            let known =
                || places.iter().filter_map(|p| p.as_object()).flat_map(|p| p.keys()).map(String::as_str);
            return found.cloned().ok_or_else(|| unknown(known().collect()));
        };
        let mut names = Vec::new();
        let mut known = Vec::new();
        for list in ["modalities", "models", "classes"] {
            for row in results[list].as_array().into_iter().flatten() {
                let name = row["name"].as_str().unwrap_or_default();
                // The joint network is called so, whatever its modalities are called.
                let is_joint = subject == "joint" && row["kind"] == "joint" && row["strategy"] == "naive";
                if name == subject || is_joint {
                    if let Some(found) = row.get(&self.quantity).filter(|v| v.is_object()) {
                        return Ok(found.clone());
                    }
                    known.extend(row.as_object().into_iter().flat_map(|row| row.keys()).map(String::as_str));
                } else if list != "classes" {
                    names.push(name);
                }
            }
        }
        if known.is_empty() {
            let known = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            return Err(RequirementError::Subject { name: subject.clone(), known });
        }
        Err(unknown(known))
    }

    fn unit(&self, document: &Document) -> Unit {
        let defined = &document.results["definitions"][&self.quantity];
        match (defined["unit"].as_str(), self.quantity.as_str()) {
            (_, "accuracy" | "alone" | "joint" | "best_unimodal") => Unit::Percent,
            (_, "change" | "shrunken_change") => Unit::Points,
            (Some("accuracy" | "F1" | "area"), name) => {
                let is_level =
                    name.ends_with("accuracy") || name.starts_with("probe") || name.starts_with("branch");
                if is_level || matches!(name, "macro_f1" | "auc" | "chance" | "raw_probe") {
                    Unit::Percent
                } else {
                    Unit::Points
                }
            }
            (Some("probability" | "p value" | "q value"), _) => Unit::Probability,
            (Some("ratio"), _) => Unit::Ratio,
            _ => Unit::None,
        }
    }
}

struct Bound {
    sign: Sign,
    bound: f64,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.sign {
            Sign::Above => ">",
            Sign::AtLeast => ">=",
            Sign::Below => "<",
            Sign::AtMost => "<=",
        };
        write!(f, "{sign} {}", self.bound)
    }
}

fn estimate(cell: &Value) -> Option<Estimate> {
    serde_json::from_value(cell.clone()).ok()
}

/// Puts conditions to a document and draws up the report; its document holds
/// the outcomes under `results.checks`.
///
/// # Errors
/// The first condition that the document cannot answer.
pub fn checks(
    document: &Document,
    baseline: Option<&Document>,
    requirements: &[Requirement],
    decide: Decide,
) -> Result<Report, RequirementError> {
    let schema = &document.schema;
    if !schema.is_readable() {
        return Err(RequirementError::Schema { name: schema.name.clone(), version: schema.version });
    }
    let found: Vec<Check> = requirements
        .iter()
        .map(|requirement| requirement.check(document, baseline, decide))
        .collect::<Result<_, _>>()?;
    let one = |check: &Check| {
        let measured = match &check.measured {
            Cell::Estimate(estimate) => serde_json::json!(estimate),
            Cell::Missing(why) => serde_json::json!({ "value": null, "method": why }),
            _ => Value::Null,
        };
        serde_json::json!({
            "requirement": check.name, "passed": check.passed, "statement": check.statement,
            "measured": measured, "unit": word(check.unit),
        })
    };
    let count = |outcome: Option<bool>| found.iter().filter(|check| check.passed == outcome).count();
    let results = serde_json::json!({
        "checks": found.iter().map(one).collect::<Vec<_>>(),
        "n_passed": count(Some(true)), "n_failed": count(Some(false)), "n_undecided": count(None),
    });
    let settings = serde_json::json!({ "decide": match decide { Decide::Interval => "interval", Decide::Value => "value" } });
    let mut of = Document::plain("check", settings, results);
    of.data.clone_from(&document.data);
    Ok(report(found, of))
}

fn report(checks: Vec<Check>, document: Document) -> Report {
    let count = |outcome: Option<bool>| checks.iter().filter(|check| check.passed == outcome).count();
    let (passed, failed, open) = (count(Some(true)), count(Some(false)), count(None));
    let title = format!("{passed} passed, {failed} failed, {open} undecided");
    Report { title, blocks: vec![Block::Checks(checks)], document }
}

/// Draws up the report on checks again from its document.
///
/// # Errors
/// When the document is not one of `check`.
pub fn kept_checks(document: Document) -> Result<Report, NotADiagnosis> {
    #[derive(serde::Deserialize)]
    struct Kept {
        requirement: String,
        passed: Option<bool>,
        statement: String,
        measured: Value,
        unit: String,
    }
    is_of(&document, &["check"])?;
    let kept: Vec<Kept> = part("results.checks", &document, |d| &d.results["checks"])?;
    let one = |check: Kept| {
        let missing =
            || Cell::Missing(check.measured["method"].as_str().unwrap_or("not measured").to_owned());
        Check {
            measured: estimate(&check.measured).map_or_else(missing, Cell::Estimate),
            unit: UNITS.iter().find(|(_, word)| *word == check.unit).map_or(Unit::None, |(unit, _)| *unit),
            name: check.requirement,
            passed: check.passed,
            statement: check.statement,
        }
    };
    Ok(report(kept.into_iter().map(one).collect(), document))
}

/// Units as the document calls them.
const UNITS: [(Unit, &str); 5] = [
    (Unit::Percent, "percent"),
    (Unit::Points, "points"),
    (Unit::Probability, "probability"),
    (Unit::Ratio, "ratio"),
    (Unit::None, "none"),
];

fn word(unit: Unit) -> &'static str {
    UNITS.iter().find(|(other, _)| *other == unit).map_or("none", |(_, word)| word)
}
