//! The values of one line. Asks for memory by values that are there: what is
//! not asked for is parsed and dropped, and lists are numbers alone.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::data::{PredictionError, shown};
use crate::formats::reading::Limits;

/// A value of one line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<f64>),
    Object,
}

impl Cell {
    /// What it is, for messages.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Null => "nothing (`null`)".to_owned(),
            Self::Bool(_) => "a truth value".to_owned(),
            Self::Int(_) => "a whole number".to_owned(),
            Self::Float(_) => "a number".to_owned(),
            Self::Text(_) => "a text".to_owned(),
            Self::List(list) => format!("a list of {}", list.len()),
            Self::Object => "an object".to_owned(),
        }
    }
}

/// The keys of a line in their order.
pub(super) fn keys(line: &[u8], limits: &Limits) -> Result<Vec<String>, PredictionError> {
    let mut keys = Vec::new();
    let mut visit = |key: &str| {
        let is_known = keys.iter().any(|k| k == key);
        if !is_known {
            keys.push(key.to_owned());
        }
        (None, is_known)
    };
    parse(line, Line { visit: &mut visit, max_keys: limits.max_members, max_cols: limits.max_cols })?;
    Ok(keys)
}

/// The values of the keys asked for, in the order of asking.
pub(super) fn read_line(
    line: &[u8],
    asked: &[&str],
    limits: &Limits,
) -> Result<Vec<Option<Cell>>, PredictionError> {
    let mut seen = vec![false; asked.len()];
    let mut visit = |key: &str| {
        let position = asked.iter().position(|k| *k == key);
        let was_seen =
            position.and_then(|i| seen.get_mut(i)).is_some_and(|seen| std::mem::replace(seen, true));
        (position, was_seen)
    };
    let found =
        parse(line, Line { visit: &mut visit, max_keys: limits.max_members, max_cols: limits.max_cols })?;
    let mut cells = vec![None; asked.len()];
    for (position, cell) in found {
        if let Some(place) = cells.get_mut(position) {
            *place = Some(cell);
        }
    }
    Ok(cells)
}

fn parse(line: &[u8], seed: Line<'_>) -> Result<Vec<(usize, Cell)>, PredictionError> {
    let mut parser = serde_json::Deserializer::from_slice(line.trim_ascii_end());
    let found = seed.deserialize(&mut parser).and_then(|found| parser.end().map(|()| found));
    found.map_err(|error| {
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        PredictionError::Json { at: error.column(), reason: shown(reason) }
    })
}

/// One object; `visit` says of each key where its value goes and whether it
/// was there before.
struct Line<'a> {
    visit: &'a mut dyn FnMut(&str) -> (Option<usize>, bool),
    max_keys: usize,
    max_cols: usize,
}

impl<'de> DeserializeSeed<'de> for Line<'_> {
    type Value = Vec<(usize, Cell)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Line<'_> {
    type Value = Vec<(usize, Cell)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        let mut n_keys = 0;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            n_keys += 1;
            if n_keys > self.max_keys {
                return Err(A::Error::custom(format!("more than {} keys", self.max_keys)));
            }
            match (self.visit)(&key) {
                (_, true) => return Err(A::Error::custom(format!("key `{key}` is there twice"))),
                (Some(position), _) => {
                    found.push((position, map.next_value_seed(CellSeed { max_cols: self.max_cols })?));
                }
                (None, _) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

struct CellSeed {
    max_cols: usize,
}

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a list of numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Cell, E> {
        i64::try_from(value).map(Cell::Int).map_err(|_| E::custom(format!("{value} is above {}", i64::MAX)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Cell, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element::<f64>()? {
            if values.len() == self.max_cols {
                return Err(A::Error::custom(format!("a list of more than {}", self.max_cols)));
            }
            values.push(value);
        }
        Ok(Cell::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Object)
    }
}
