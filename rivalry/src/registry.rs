//! The one registration mechanism: everything that comes in kinds (formats,
//! encoders, strategies, metrics, renderers) is an [`Entry`] in a table, and
//! help texts, documentation tables, specs and bibliographies are generated
//! from the tables.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of something: its name, what it is, whom it cites, its knobs, and how
/// to build one.
pub struct Entry<T: ?Sized + 'static> {
    /// Stored in specs and typed on command lines, so stable for ever.
    pub name: &'static str,
    /// One line, no full stop.
    pub summary: &'static str,
    /// Where it comes from; reports print the bibliography of what was used.
    pub cites: &'static [Citation],
    /// What can be set.
    pub knobs: &'static [Knob],
    /// Builds one from settings that [`Entry::settle`] has checked.
    pub build: fn(&Settings) -> Box<T>,
}

/// All kinds in one drawer, in the order in which they are listed.
pub type Table<T> = &'static [Entry<T>];

/// A work that a kind comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// BibTeX-like key, unique in the project.
    pub key: &'static str,
    /// Authors, title, venue and year in one line.
    pub text: &'static str,
    /// Where to find it.
    pub url: &'static str,
}

/// One setting of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Name as typed in `--set name=value`.
    pub name: &'static str,
    /// The value when nothing is set.
    pub default: Default,
    /// What values are allowed.
    pub range: Range,
    /// One line: what it does and its unit.
    pub meaning: &'static str,
}

/// A knob's default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// A real number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// One of a few words.
    Word(&'static str),
    /// On or off.
    Flag(bool),
}

/// What values a knob allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Between two numbers, both included.
    Between(f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// True or false.
    Switch,
}

/// A value given to a knob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A real number.
    Number(f64),
    /// One of a few words.
    Word(String),
}

/// A kind asked for by name, with some of its knobs set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The entry's name.
    pub name: String,
    /// Knob values; knobs that are not named take their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
}

impl Choice {
    /// The kind with all its defaults.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), set: BTreeMap::new() }
    }

    /// The same choice with one knob set.
    pub fn with(mut self, knob: &str, value: impl Into<Value>) -> Self {
        self.set.insert(knob.to_owned(), value.into());
        self
    }
}

/// Every knob of a kind with its value: checked and complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings(BTreeMap<String, Value>);

impl Settings {
    /// The value of a numeric knob.
    ///
    /// # Panics
    /// When the kind has no such numeric knob: a bug in the kind's `build`.
    pub fn number(&self, knob: &str) -> f64 {
        match &self.0[knob] {
            Value::Number(x) => *x,
            Value::Whole(i) => *i as f64,
            other => panic!("knob `{knob}` is not a number: {other:?}"),
        }
    }

    /// The value of a whole-number knob.
    ///
    /// # Panics
    /// When the kind has no such knob: a bug in the kind's `build`.
    pub fn whole(&self, knob: &str) -> usize {
        match &self.0[knob] {
            Value::Whole(i) => usize::try_from(*i).unwrap_or(0),
            other => panic!("knob `{knob}` is not a whole number: {other:?}"),
        }
    }

    /// The value of a word knob.
    ///
    /// # Panics
    /// When the kind has no such knob: a bug in the kind's `build`.
    pub fn word(&self, knob: &str) -> &str {
        match &self.0[knob] {
            Value::Word(w) => w,
            other => panic!("knob `{knob}` is not a word: {other:?}"),
        }
    }

    /// The value of a switch.
    ///
    /// # Panics
    /// When the kind has no such knob: a bug in the kind's `build`.
    pub fn flag(&self, knob: &str) -> bool {
        match &self.0[knob] {
            Value::Flag(b) => *b,
            other => panic!("knob `{knob}` is not a switch: {other:?}"),
        }
    }

    /// All knobs with their values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }
}

/// A way in which a choice can be wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChoiceError {
    /// No entry has this name.
    #[error("unknown {drawer} `{name}`{}", suggest(.nearest))]
    UnknownName {
        /// What kind of thing was asked for.
        drawer: &'static str,
        /// The name that was asked for.
        name: String,
        /// Names close to it.
        nearest: Vec<String>,
    },
    /// The entry has no such knob.
    #[error("`{name}` has no knob `{knob}`{}", suggest(.nearest))]
    UnknownKnob {
        /// The entry.
        name: String,
        /// The knob that was set.
        knob: String,
        /// Knobs close to it.
        nearest: Vec<String>,
    },
    /// The value is of another type or out of range.
    #[error("`{name}.{knob}` must be {range}, not `{value}`")]
    BadValue {
        /// The entry.
        name: String,
        /// The knob.
        knob: String,
        /// What is allowed.
        range: String,
        /// What was given.
        value: String,
    },
}

fn suggest(nearest: &[String]) -> String {
    if nearest.is_empty() {
        String::new()
    } else {
        format!(
            ": did you mean {}?",
            nearest.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ")
        )
    }
}

impl<T: ?Sized> Entry<T> {
    /// Checks a choice against this entry's knobs and fills in the defaults.
    /// Reports all that is wrong, not only the first.
    pub fn settle(&self, choice: &Choice) -> Result<Settings, Vec<ChoiceError>> {
        let mut settings: BTreeMap<String, Value> =
            self.knobs.iter().map(|k| (k.name.to_owned(), k.default.into())).collect();
        let mut errors = Vec::new();
        for (name, value) in &choice.set {
            match self.knobs.iter().find(|k| k.name == name) {
                None => errors.push(ChoiceError::UnknownKnob {
                    name: self.name.to_owned(),
                    knob: name.clone(),
                    nearest: nearest(name, self.knobs.iter().map(|k| k.name)),
                }),
                Some(knob) => match knob.accept(value) {
                    Some(value) => {
                        settings.insert(name.clone(), value);
                    }
                    None => errors.push(ChoiceError::BadValue {
                        name: self.name.to_owned(),
                        knob: name.clone(),
                        range: knob.range_text(),
                        value: value.to_string(),
                    }),
                },
            }
        }
        if errors.is_empty() { Ok(Settings(settings)) } else { Err(errors) }
    }
}

impl Knob {
    /// The value if this knob allows it; whole numbers widen to numbers.
    pub(crate) fn accept(&self, value: &Value) -> Option<Value> {
        let inside = |x: f64| match self.range {
            Range::Between(low, high) => x >= low && x <= high,
            _ => false,
        };
        match (self.default, value) {
            (Default::Number(_), Value::Number(x)) if inside(*x) => Some(Value::Number(*x)),
            (Default::Number(_), Value::Whole(i)) if inside(*i as f64) => Some(Value::Number(*i as f64)),
            (Default::Whole(_), Value::Whole(i)) if inside(*i as f64) => Some(Value::Whole(*i)),
            (Default::Word(_), Value::Word(w)) => match self.range {
                Range::OneOf(words) if words.contains(&w.as_str()) => Some(value.clone()),
                _ => None,
            },
            (Default::Flag(_), Value::Flag(_)) => Some(value.clone()),
            _ => None,
        }
    }

    /// The allowed values in words.
    pub fn range_text(&self) -> String {
        match (self.default, self.range) {
            (Default::Whole(_), Range::Between(low, high)) => {
                format!("a whole number from {} to {}", written(low), written(high))
            }
            (_, Range::Between(low, high)) => format!("a number from {} to {}", written(low), written(high)),
            (_, Range::OneOf(words)) => {
                format!("one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "))
            }
            (_, Range::Switch) => "true or false".to_owned(),
        }
    }
}

/// The entry of that name.
pub fn find<T: ?Sized>(
    drawer: &'static str,
    table: Table<T>,
    name: &str,
) -> Result<&'static Entry<T>, ChoiceError> {
    table.iter().find(|e| e.name == name).ok_or_else(|| ChoiceError::UnknownName {
        drawer,
        name: name.to_owned(),
        nearest: nearest(name, table.iter().map(|e| e.name)),
    })
}

/// Up to two candidates within a third (rounded up) of the name's length in
/// edits that leave something of it, or that differ in case alone.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let length = name.chars().count();
    let limit = length.div_ceil(3).min(length.saturating_sub(1));
    let mut found: Vec<(usize, &str)> = candidates
        .map(|c| (if c.eq_ignore_ascii_case(name) { 0 } else { edit_distance(name, c) }, c))
        .filter(|(d, c)| *d <= limit || (name.len() >= 3 && c.starts_with(name)))
        .collect();
    found.sort_unstable();
    found.into_iter().take(2).map(|(_, c)| c.to_owned()).collect()
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitution = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitution.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl From<Default> for Value {
    fn from(default: Default) -> Self {
        match default {
            Default::Number(x) => Self::Number(x),
            Default::Whole(i) => Self::Whole(i),
            Default::Word(w) => Self::Word(w.to_owned()),
            Default::Flag(b) => Self::Flag(b),
        }
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Number(x)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Whole(i)
    }
}

impl From<&str> for Value {
    fn from(w: &str) -> Self {
        Self::Word(w.to_owned())
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Flag(b)
    }
}

impl Value {
    /// Reads a value as typed on a command line.
    pub fn parse(text: &str) -> Self {
        match text {
            "true" => Self::Flag(true),
            "false" => Self::Flag(false),
            _ => match (text.parse(), text.parse()) {
                (Ok(whole), _) => Self::Whole(whole),
                (_, Ok(number)) => Self::Number(number),
                _ => Self::Word(text.to_owned()),
            },
        }
    }
}

/// A number as people write it: `0.001`, `100000`, `1e-8`, `1e300`.
fn written(x: f64) -> String {
    let plain = x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs());
    if plain { format!("{x}") } else { format!("{x:e}") }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(b) => write!(f, "{b}"),
            Self::Whole(i) => write!(f, "{i}"),
            Self::Number(x) => f.write_str(&written(*x)),
            Self::Word(w) => write!(f, "{w}"),
        }
    }
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: Knob = Knob {
        name: "width",
        default: Default::Whole(64),
        range: Range::Between(1.0, 4096.0),
        meaning: "units per layer",
    };
    const RATE: Knob = Knob {
        name: "dropout",
        default: Default::Number(0.0),
        range: Range::Between(0.0, 0.9),
        meaning: "share of units dropped",
    };
    const ENTRY: Entry<str> =
        Entry { name: "mlp", summary: "", cites: &[], knobs: &[WIDTH, RATE], build: |_| "".into() };

    #[test]
    fn settle_fills_defaults_and_reports_everything_wrong() {
        let settings = ENTRY.settle(&Choice::new("mlp").with("dropout", 0_i64)).unwrap();
        assert_eq!((settings.whole("width"), settings.number("dropout")), (64, 0.0));
        let errors = ENTRY
            .settle(&Choice::new("mlp").with("widht", 3_i64).with("dropout", 2.0).with("width", "big"))
            .unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "`mlp.dropout` must be a number from 0 to 0.9, not `2`",
                "`mlp` has no knob `widht`: did you mean `width`?",
                "`mlp.width` must be a whole number from 1 to 4096, not `big`",
            ]
        );
    }

    #[test]
    fn numbers_are_written_as_people_write_them_and_read_back() {
        let texts = [0.0, 0.001, -2.5, 100_000.0, 1e-8, -1e300].map(written);
        assert_eq!(texts, ["0", "0.001", "-2.5", "100000", "1e-8", "-1e300"]);
        assert_eq!(Value::parse("1e-8"), Value::Number(1e-8));
    }

    #[test]
    fn unknown_names_come_with_the_nearest() {
        static TABLE: [Entry<str>; 1] = [ENTRY];
        let error = find("encoder", &TABLE, "mpl").err().unwrap();
        assert_eq!(error.to_string(), "unknown encoder `mpl`");
        let error = find("encoder", &TABLE, "ml").err().unwrap();
        assert_eq!(error.to_string(), "unknown encoder `ml`: did you mean `mlp`?");
    }
}
