//! Knobs by name.

use super::super::knobs::{KNOBS, is_per_modality};
use super::*;
use crate::registry::Value;

fn set(values: &[(&str, &str)]) -> Result<SparseCoding, Vec<SparseCodingError>> {
    let mut model = SparseCoding::default();
    let values: Vec<(String, Value)> =
        values.iter().map(|(key, value)| ((*key).to_owned(), Value::parse(value))).collect();
    model.set_all(&values).map(|()| model)
}

#[test]
fn defaults_of_the_table_are_those_of_the_model() {
    let model = SparseCoding::default();
    for knob in KNOBS {
        let key = if is_per_modality(knob.name) { format!("{}.1", knob.name) } else { knob.name.to_owned() };
        assert_eq!(model.get(&key), Ok(Some(knob.default.into())), "{key}");
    }
    assert_eq!(model.get("mu.2"), Ok(Some(Value::Number(0.06))));
}

#[test]
fn every_knob_is_written_where_it_is_read() {
    for knob in KNOBS {
        let mut model = SparseCoding::default();
        let other = match model.values().iter().find(|(key, _)| key.starts_with(knob.name)).unwrap().1 {
            Value::Whole(_) => Value::Whole(17),
            _ => Value::Number(0.125),
        };
        model.set(knob.name, &other).unwrap();
        assert_eq!(model.get(knob.name), Ok(Some(other.clone())), "{}", knob.name);
        let n_changed =
            model.values().iter().zip(SparseCoding::default().values()).filter(|(a, b)| **a != *b).count();
        if knob.name != "modalities" {
            assert_eq!(n_changed, if is_per_modality(knob.name) { 2 } else { 1 }, "{}", knob.name);
        }
    }
}

#[test]
fn one_modality_or_all_can_be_meant() {
    let model = set(&[("mu.2", "0.5"), ("mu", "0.25"), ("modalities", "3"), ("dim.3", "50")]).unwrap();
    assert_eq!(model.modalities.iter().map(|m| m.mu).collect::<Vec<_>>(), [0.25, 0.5, 0.25]);
    assert_eq!(model.modalities.iter().map(|m| m.dim).collect::<Vec<_>>(), [2000, 2000, 50]);
    let owned = set(&[("data.mu.2", "0.5"), ("data.mu", "0.25"), ("data.modalities", "3"), ("dim.3", "50")]);
    assert_eq!(owned, Ok(model.clone()));
    assert_eq!(model.get("mu"), Ok(None));
    assert_eq!(model.get("noise"), Ok(Some(Value::Number(2.0))));
    // New modalities copy the last one; too many go from the end.
    assert_eq!(set(&[("modalities", "3")]).unwrap().modalities[2].mu, 0.06);
    assert_eq!(set(&[("modalities", "1")]).unwrap().modalities[0].mu, 0.02);
}

#[test]
fn all_values_make_an_equal_model() {
    let model =
        set(&[("modalities", "3"), ("classes", "7"), ("mu.2", "0.5"), ("dependence", "-0.5")]).unwrap();
    let mut again = SparseCoding::default();
    again.set_all(&model.values()).unwrap();
    assert_eq!(again, model);
}

#[test]
fn wrong_keys_and_values_are_told_apart_and_all_told() {
    let errors = set(&[
        ("mu.3", "0.1"),
        ("nu", "1"),
        ("noize", "1"),
        ("classes.1", "3"),
        ("mu", "1.5"),
        ("dim.2", "many"),
        ("mu.0", "0.1"),
        ("mu.", "0.1"),
        ("classes", "2.5"),
    ]);
    let mut texts: Vec<String> = errors.unwrap_err().iter().map(ToString::to_string).collect();
    texts.sort();
    assert_eq!(
        texts,
        [
            "`classes.1`: `classes` is one for all modalities",
            "`classes` must be a whole number from 2 to 10000, not `2.5`",
            "`data` has no knob `noize`: did you mean `noise`?",
            "`data` has no knob `nu`: did you mean `mu`?",
            "`dim.2` must be a whole number from 2 to 1000000, not `many`",
            "`mu.0`: there is no modality 0, but 2",
            "`mu.3`: there is no modality 3, but 2",
            "`mu.`: there is no modality , but 2",
            "`mu` must be a number from 0 to 1, not `1.5`",
        ]
    );
}

#[test]
fn models_are_kept_as_json() {
    let model = set(&[("modalities", "3"), ("dim.3", "50"), ("dependence", "-0.5")]).unwrap();
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<SparseCoding>(&text).unwrap(), model);
    let partial: SparseCoding =
        serde_json::from_str(r#"{ "n_classes": 4, "modalities": [{ "mu": 0.1 }] }"#).unwrap();
    assert_eq!((partial.n_classes, partial.modalities.len(), partial.modalities[0].dim), (4, 1, 2000));
    for text in [r#"{ "classes": 4 }"#, r#"{ "modalities": [{ "nu": 1 }] }"#] {
        assert!(serde_json::from_str::<SparseCoding>(text).is_err(), "{text}");
    }
}
