//! The values of [`SparseCoding`] by name, as command lines and grids set them.
//!
//! `dim=500` sets all modalities, `dim.2=500` the second; other knobs belong to
//! the whole model.

use crate::registry::{ChoiceError, Default as At, Knob, Range, Value, nearest};

use super::{CodedModality, MAX_MODALITIES, MAX_SIZE, SparseCoding, SparseCodingError};

/// What the errors call the thing that has the knobs.
const OWNER: &str = "data";

/// Where the value of a knob is.
enum Place {
    Model(fn(&mut SparseCoding) -> Slot<'_>),
    /// The number of modalities itself.
    Count,
    Modality(fn(&mut CodedModality) -> Slot<'_>),
}

enum Slot<'a> {
    Whole(&'a mut usize),
    Number(&'a mut f64),
}

const fn whole(name: &'static str, default: i64, low: f64, high: f64, meaning: &'static str) -> Knob {
    Knob { name, default: At::Whole(default), range: Range::Between(low, high), meaning }
}

const fn number(name: &'static str, default: f64, low: f64, high: f64, meaning: &'static str) -> Knob {
    Knob { name, default: At::Number(default), range: Range::Between(low, high), meaning }
}

/// Knobs of the whole model, then those that every modality has.
static PLACES: [Place; N_KNOBS] = [
    Place::Model(|model| Slot::Whole(&mut model.n_classes)),
    Place::Count,
    Place::Model(|model| Slot::Number(&mut model.off_label_count)),
    Place::Model(|model| Slot::Number(&mut model.off_label_low)),
    Place::Model(|model| Slot::Number(&mut model.off_label_high)),
    Place::Model(|model| Slot::Number(&mut model.label_low)),
    Place::Model(|model| Slot::Number(&mut model.label_high)),
    Place::Model(|model| Slot::Number(&mut model.dependence)),
    Place::Model(|model| Slot::Number(&mut model.paired)),
    Place::Modality(|modality| Slot::Whole(&mut modality.dim)),
    Place::Modality(|modality| Slot::Number(&mut modality.mu)),
    Place::Modality(|modality| Slot::Number(&mut modality.strength)),
    Place::Modality(|modality| Slot::Number(&mut modality.rho)),
    Place::Modality(|modality| Slot::Number(&mut modality.gamma)),
    Place::Modality(|modality| Slot::Number(&mut modality.noise)),
];

const N_KNOBS: usize = 15;

/// All knobs; those from `dim` on are per modality.
pub const KNOBS: &[Knob] = &[
    whole("classes", 10, 2.0, 10_000.0, "K, the number of classes"),
    whole("modalities", 2, 1.0, MAX_MODALITIES as f64, "R, the number of modalities; new ones copy the last"),
    number(
        "off_label_count",
        2.0,
        0.0,
        10_000.0,
        "s: another class's feature is active with probability s / K; at most K",
    ),
    number("off_label_low", 0.2, 0.0, MAX_SIZE, "smallest active feature of another class"),
    number(
        "off_label_high",
        0.4,
        0.0,
        MAX_SIZE,
        "largest active feature of another class; theory: below 1/2",
    ),
    number("label_low", 1.0, 0.0, MAX_SIZE, "smallest feature of the label in a sufficient code"),
    number("label_high", 1.4, 0.0, MAX_SIZE, "largest feature of the label in a sufficient code"),
    number(
        "dependence",
        0.0,
        -1.0,
        1.0,
        "insufficient together: -1 never, 0 independent, 1 whenever the shares allow",
    ),
    number("paired", 0.0, 0.0, 1.0, "share of classes that only all modalities together tell (XOR)"),
    whole("dim", 2000, 2.0, 1e6, "d, the number of features; at least K"),
    number("mu", 0.02, 0.0, 1.0, "share of insufficient samples; 0.06 in the second modality"),
    number("strength", 1.0, 0.0, MAX_SIZE, "factor on the label's feature in sufficient codes"),
    number("rho", 0.5, 0.0, MAX_SIZE, "a wrong class's feature in insufficient codes"),
    number(
        "gamma",
        0.03,
        0.0,
        MAX_SIZE,
        "the label's feature in insufficient codes; theory: far below `rho`",
    ),
    number("noise", 2.0, 0.0, MAX_SIZE, "nu, the root mean square length of the noise"),
];

/// Whether `name.2` means the second modality's.
pub fn is_per_modality(name: &str) -> bool {
    let mut places = KNOBS.iter().zip(&PLACES);
    places.any(|(knob, place)| knob.name == name && matches!(place, Place::Modality(_)))
}

impl SparseCoding {
    /// Sets one knob: `mu` in all modalities, `mu.1` in the first; `data.mu` is
    /// `mu`, where knobs of other things are set beside it. What values
    /// must fulfil together is looked at by [`SparseCoding::check`].
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), SparseCodingError> {
        let (knob, place, chosen) = self.find(key)?;
        let Some(value) = knob.accept(value) else {
            return Err(SparseCodingError::BadValue {
                key: key.to_owned(),
                range: knob.range_text(),
                value: value.to_string(),
            });
        };
        match place {
            Place::Model(slot) => slot(self).put(&value),
            Place::Count => {
                let mut n_modalities = self.modalities.len();
                Slot::Whole(&mut n_modalities).put(&value);
                let last = self.modalities.last().cloned().unwrap_or_default();
                self.modalities.resize(n_modalities, last);
            }
            Place::Modality(slot) => {
                let all = 0..self.modalities.len();
                for r in chosen.map_or(all, |r| r..r + 1) {
                    slot(&mut self.modalities[r]).put(&value);
                }
            }
        }
        Ok(())
    }

    /// Sets several knobs, the numbers of classes and modalities first, values
    /// for all modalities before those for one: the order in which they are
    /// typed does not matter. All that is wrong, not only the first, and then
    /// what [`SparseCoding::check`] finds.
    pub fn set_all(&mut self, values: &[(String, Value)]) -> Result<(), Vec<SparseCodingError>> {
        let mut ordered: Vec<&(String, Value)> = values.iter().collect();
        ordered.sort_by_key(|(key, _)| (bare(key) != "modalities", bare(key).contains('.')));
        let set = ordered.into_iter().map(|(key, value)| self.set(key, value));
        let errors: Vec<SparseCodingError> = set.filter_map(Result::err).collect();
        if errors.is_empty() { self.check() } else { Err(errors) }
    }

    /// The value of one knob. Without a number, a knob of modalities has one
    /// only where all agree.
    pub fn get(&self, key: &str) -> Result<Option<Value>, SparseCodingError> {
        let (_, place, chosen) = self.find(key)?;
        let mut model = self.clone();
        Ok(match (place, chosen) {
            (Place::Model(slot), _) => Some(slot(&mut model).value()),
            (Place::Count, _) => Some(Value::Whole(self.modalities.len() as i64)),
            (Place::Modality(slot), Some(r)) => Some(slot(&mut model.modalities[r]).value()),
            (Place::Modality(slot), None) => {
                let mut values = model.modalities.iter_mut().map(|modality| slot(modality).value());
                let first = values.next();
                first.filter(|first| values.all(|value| value == *first))
            }
        })
    }

    /// Every knob with its value, `name.1`, `name.2`, ... where modalities have
    /// one each: setting them all makes an equal model.
    pub fn values(&self) -> Vec<(String, Value)> {
        let mut model = self.clone();
        let mut values = Vec::new();
        for (knob, place) in KNOBS.iter().zip(&PLACES) {
            match place {
                Place::Model(slot) => values.push((knob.name.to_owned(), slot(&mut model).value())),
                Place::Count => {
                    values.push((knob.name.to_owned(), Value::Whole(self.modalities.len() as i64)));
                }
                Place::Modality(slot) => {
                    for (r, modality) in model.modalities.iter_mut().enumerate() {
                        values.push((format!("{}.{}", knob.name, r + 1), slot(modality).value()));
                    }
                }
            }
        }
        values
    }

    /// The knob of a key, and the position of the modality that is chosen.
    fn find(&self, key: &str) -> Result<(&'static Knob, &'static Place, Option<usize>), SparseCodingError> {
        let key = bare(key);
        let (name, number) = key.split_once('.').map_or((key, None), |(name, number)| (name, Some(number)));
        let Some(at) = KNOBS.iter().position(|knob| knob.name == name) else {
            return Err(ChoiceError::UnknownKnob {
                name: OWNER.to_owned(),
                knob: name.to_owned(),
                nearest: nearest(name, KNOBS.iter().map(|knob| knob.name)),
            }
            .into());
        };
        let (knob, place) = (&KNOBS[at], &PLACES[at]);
        let Some(number) = number else { return Ok((knob, place, None)) };
        if !matches!(place, Place::Modality(_)) {
            return Err(SparseCodingError::NotPerModality { key: key.to_owned(), knob: knob.name });
        }
        let n_modalities = self.modalities.len();
        match number.parse::<usize>() {
            Ok(r) if (1..=n_modalities).contains(&r) => Ok((knob, place, Some(r - 1))),
            _ => Err(SparseCodingError::NoSuchModality {
                key: key.to_owned(),
                modality: number.to_owned(),
                n_modalities,
            }),
        }
    }
}

/// The key without the name of the owner.
fn bare(key: &str) -> &str {
    key.strip_prefix(OWNER).and_then(|rest| rest.strip_prefix('.')).unwrap_or(key)
}

impl Slot<'_> {
    fn put(self, value: &Value) {
        match (self, value) {
            (Self::Whole(slot), Value::Whole(value)) => *slot = *value as usize,
            (Self::Number(slot), Value::Number(value)) => *slot = *value,
            (_, other) => unreachable!("a knob has accepted {other:?}"),
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Whole(slot) => Value::Whole(*slot as i64),
            Self::Number(slot) => Value::Number(*slot),
        }
    }
}
