//! Knobs by name, and grids over them.

use rivalry::data::sparse_coding::knobs::is_per_modality;
use rivalry::data::sparse_coding::{self, SparseCodingError};
use rivalry::lab::{KNOBS, Setting, SettingError, Varied, grid};
use rivalry::registry::{Choice, Default as At, Knob, Range, Value};
use serde_json::json;

/// A value that the knob allows and that is not its default.
fn another(knob: &Knob) -> Value {
    match (knob.default, knob.range) {
        (At::Whole(default), Range::Between(low, high)) => {
            Value::Whole(if default as f64 + 1.0 <= high { default + 1 } else { low as i64 })
        }
        (At::Number(default), Range::Between(low, high)) => {
            let halfway = default + (high - default) / 2.0;
            Value::Number(if halfway > default { halfway.min(default + 0.25) } else { low.midpoint(default) })
        }
        (At::Word(default), Range::OneOf(words)) => {
            Value::Word((*words.iter().find(|word| **word != default).unwrap()).to_owned())
        }
        (At::Flag(default), _) => Value::Flag(!default),
        other => panic!("a knob without another value: {other:?}"),
    }
}

/// Values of other types, outside of the range, and none at all.
fn wrong(knob: &Knob) -> Vec<Value> {
    let mut values = vec![Value::Word("neither".to_owned()), Value::Number(f64::NAN)];
    if let Range::Between(low, high) = knob.range {
        values.extend([Value::Number(low - 1.0), Value::Number(high * 2.0 + 1.0), Value::Flag(true)]);
        if matches!(knob.default, At::Whole(_)) {
            values.extend([
                Value::Whole(low as i64 - 1),
                Value::Whole(high as i64 + 1),
                Value::Number(low + 0.5),
            ]);
        }
    } else {
        values.push(Value::Whole(1));
    }
    values
}

/// Where two documents differ, as paths to the values of the second.
fn differences(path: &str, a: &serde_json::Value, b: &serde_json::Value, found: &mut Vec<String>) {
    use serde_json::Value::{Array, Object};
    match (a, b) {
        (Object(a), Object(b)) => {
            for (key, value) in b {
                differences(&format!("{path}.{key}"), a.get(key).unwrap_or(&json!(null)), value, found);
            }
        }
        (Array(a), Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{i}]"), a, b, found);
            }
        }
        _ if a == b => {}
        _ => found.push(format!("{path} = {b}")),
    }
}

fn changed(from: &Setting, to: &Setting) -> Vec<String> {
    let mut found = Vec::new();
    differences("", &json!(from), &json!(to), &mut found);
    found
}

#[test]
fn every_knob_can_be_set_and_shows() {
    for knob in KNOBS.iter().chain(sparse_coding::KNOBS) {
        let mut setting = Setting::default();
        let value = another(knob);
        setting.set(knob.name, &value).unwrap();
        let found = changed(&Setting::default(), &setting);
        assert!(!found.is_empty(), "{} = {value} does not show", knob.name);
        match &value {
            Value::Word(word) if knob.name == "until" => assert_eq!(word, "decided"),
            _ if knob.name == "modalities" => assert_eq!(setting.n_modalities(), 3),
            value => {
                let text = json!(value).to_string();
                assert!(found.iter().all(|path| path.contains(&text)), "{}: {found:?}", knob.name);
            }
        }
        // What is written down is read again.
        let again: Setting = serde_json::from_value(json!(setting)).unwrap();
        assert_eq!(again, setting);
        // The default that the help names is the one that holds.
        if knob.name != "mu" && knob.name != "noise" && knob.name != "modalities" {
            setting.set(knob.name, &default(knob)).unwrap();
            assert_eq!(setting, Setting::default(), "{}", knob.name);
        }
    }
}

fn default(knob: &Knob) -> Value {
    match knob.default {
        At::Whole(i) => Value::Whole(i),
        At::Number(x) => Value::Number(x),
        At::Word(word) => Value::Word(word.to_owned()),
        At::Flag(flag) => Value::Flag(flag),
    }
}

#[test]
fn wrong_values_are_named_and_change_nothing() {
    for knob in KNOBS.iter().chain(sparse_coding::KNOBS) {
        for value in wrong(knob) {
            let mut setting = Setting::default();
            let error = setting.set(knob.name, &value).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&format!("{}` must be {}", knob.name, knob.range_text())), "{text}");
            assert!(text.ends_with(&format!("not `{value}`")), "{text}");
            assert_eq!(setting, Setting::default());
        }
    }
    let mut setting = Setting::default();
    for (key, expected) in [
        ("sigma", "there is no knob `sigma`: did you mean `sigma0`?"),
        ("clases", "there is no knob `clases`: did you mean `classes`?"),
        ("q.1", "there is no knob `q.1`: did you mean `q`?"),
        ("", "there is no knob ``"),
        ("zzzzzz", "there is no knob `zzzzzz`"),
        ("m.0", "`m.R` must be followed by a modality from 1 to 2, not `0`"),
        ("sigma0.3", "`sigma0.R` must be followed by a modality from 1 to 2, not `3`"),
        ("m.x", "`m.R` must be followed by a modality from 1 to 2, not `x`"),
        ("dim.3", "`dim.3`: there is no modality 3, but 2"),
        ("classes.1", "`classes.1`: `classes` is one for all modalities"),
        ("solver", "`solver` must be a name, not `3`"),
        ("strategy", "`strategy` must be a name, not `3`"),
    ] {
        assert_eq!(setting.set(key, &Value::Whole(3)).unwrap_err().to_string(), expected);
    }
    assert_eq!(setting, Setting::default());
    assert!(matches!(
        setting.set("dim.3", &Value::Whole(300)),
        Err(SettingError::Data(SparseCodingError::NoSuchModality { .. }))
    ));
}

#[test]
fn a_knob_of_one_modality_leaves_the_others() {
    for knob in KNOBS.iter().chain(sparse_coding::KNOBS) {
        let own = matches!(knob.name, "m" | "sigma0");
        if !own && !is_per_modality(knob.name) {
            continue;
        }
        let mut second = Setting::default();
        second.set(&format!("{}.2", knob.name), &another(knob)).unwrap();
        let mut both = second.clone();
        both.set(&format!("{}.1", knob.name), &another(knob)).unwrap();
        let mut all = Setting::default();
        all.set(knob.name, &another(knob)).unwrap();
        if own {
            let values = |s: &Setting| [0, 1].map(|r| (s.neurons(r), s.sigma0(r)));
            assert_eq!(values(&second)[0], values(&Setting::default())[0], "{}", knob.name);
            assert_eq!(values(&second)[1], values(&all)[1], "{}", knob.name);
            assert_eq!(values(&both), values(&all), "{}", knob.name);
        } else {
            let first = &second.data.modalities[0];
            assert_eq!(first, &Setting::default().data.modalities[0], "{}", knob.name);
            assert_eq!(second.data.modalities[1], all.data.modalities[1], "{}", knob.name);
            assert_eq!(both, all, "{}", knob.name);
        }
        second.check().unwrap();
    }
    // A list that was made for two modalities does not fit three.
    let mut setting = Setting::default();
    setting.set("m.2", &Value::Whole(5)).unwrap();
    setting.set("modalities", &Value::Whole(3)).unwrap();
    let errors = setting.check().unwrap_err();
    assert_eq!(errors, [SettingError::Count { key: "m", found: 2, modalities: 3 }]);
    setting.set("m.3", &Value::Whole(7)).unwrap();
    setting.check().unwrap();
    assert_eq!([0, 1, 2].map(|r| setting.neurons(r)), [12, 5, 7]);
}

#[test]
fn solver_and_strategy_are_chosen_with_their_knobs() {
    let mut setting = Setting::default();
    setting.set("solver.tolerance", &Value::Number(1e-6)).unwrap();
    setting.set("solver", &Value::parse("gradient_flow")).unwrap();
    assert_eq!(setting.solver, Choice::new("gradient_flow").with("tolerance", 1e-6));
    // Another solver has other knobs.
    setting.set("solver", &Value::parse("gradient_descent")).unwrap();
    assert_eq!(setting.solver, Choice::new("gradient_descent"));
    setting.set("solver.lr", &Value::Number(0.5)).unwrap();
    setting.set("strategy", &Value::parse("warm_start")).unwrap();
    setting.check().unwrap();
    setting.set("solver.tolerance", &Value::Number(1e-6)).unwrap();
    setting.set("strategy", &Value::parse("warm_strat")).unwrap();
    setting.set("dim.1", &Value::Whole(3)).unwrap();
    let texts: Vec<String> = setting.check().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[0].starts_with("`dim.1` must be at least the number of classes"), "{texts:?}");
    assert!(texts[1].starts_with("`gradient_descent` has no knob `tolerance`"), "{texts:?}");
    assert_eq!(texts[2], "unknown strategy `warm_strat`: did you mean `warm_start`?");
}

fn varied(key: &str, values: &[&str]) -> Varied {
    Varied { key: key.to_owned(), values: values.iter().map(|value| Value::parse(value)).collect() }
}

#[test]
fn grids_run_through_every_combination_the_last_fastest() {
    let base = Setting::default();
    let vary = [varied("m", &["4", "8"]), varied("mu.2", &["0.1", "0.2", "0.3"])];
    let points = grid(&base, &vary).unwrap();
    let at: Vec<(usize, f64)> = points.iter().map(|(_, s)| (s.neurons(0), s.data.modalities[1].mu)).collect();
    assert_eq!(at, [(4, 0.1), (4, 0.2), (4, 0.3), (8, 0.1), (8, 0.2), (8, 0.3)]);
    for (names, setting) in &points {
        assert_eq!(names["m"], Value::Whole(setting.neurons(1) as i64));
        assert_eq!(names["mu.2"], Value::Number(setting.data.modalities[1].mu));
        assert_eq!(setting.data.modalities[0], base.data.modalities[0]);
    }
    assert_eq!(grid(&base, &[]).unwrap(), [(std::collections::BTreeMap::new(), base.clone())]);
    assert_eq!(grid(&base, &[varied("m", &[])]).unwrap(), []);
    // Solvers vary like everything else.
    let points = grid(&base, &[varied("solver", &["gradient_flow", "gradient_descent"])]).unwrap();
    assert_eq!(points[1].1.solver.name, "gradient_descent");
}

#[test]
fn all_that_is_wrong_with_a_grid_is_told_once() {
    let vary = [varied("m", &["0", "4", "x"]), varied("q", &["2", "3"]), varied("mm", &["1", "2"])];
    let texts: Vec<String> =
        grid(&Setting::default(), &vary).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "`m` must be a whole number from 1 to 4096, not `0`",
            "`m` must be a whole number from 1 to 4096, not `x`",
            "`q` must be a whole number from 3 to 16, not `2`",
            "there is no knob `mm`: did you mean `m` or `mu`?",
        ]
    );
    // Values that are fine alone and not together.
    let vary = [varied("classes", &["10", "300"]), varied("dim", &["100", "400"])];
    let errors = grid(&Setting::default(), &vary).unwrap_err();
    assert_eq!(errors.len(), 2, "one for each modality: {errors:?}");
    let too_small = |e: &SettingError| matches!(e, SettingError::Data(SparseCodingError::DimTooSmall { .. }));
    assert!(errors.iter().all(too_small), "{errors:?}");
}

#[test]
fn early_fusion_says_what_it_has_no_place_for() {
    let mut setting = Setting::default();
    setting.set("fusion", &Value::parse("early")).unwrap();
    setting.check().unwrap();
    for key in ["m.2", "sigma0.2"] {
        setting.set(key, &Value::parse("1")).unwrap();
    }
    setting.set("strategy", &Value::parse("auxiliary")).unwrap();
    let texts: Vec<String> = setting.check().unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "`fusion=early` has one branch of neurons, and no strategy but `naive`",
            "`fusion=early` has one branch of neurons, and one `m` for all modalities",
            "`fusion=early` has one branch of neurons, and one `sigma0` for all modalities",
        ]
    );
    setting.set("fusion", &Value::parse("late")).unwrap();
    setting.check().unwrap();
}

/// Shards of trials are named by their setting: those of earlier versions are found again.
#[test]
fn settings_without_the_new_knobs_keep_their_names() {
    let text = json!(Setting::default()).to_string();
    assert!(!["fusion", "paired", "data_seed"].iter().any(|knob| text.contains(knob)), "{text}");
}
