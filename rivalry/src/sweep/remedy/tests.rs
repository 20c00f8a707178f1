//! The comparison's contracts: same bits for any number of threads, resuming, equal budgets, the rules of
//! choice and answer on trials made by hand.

use std::sync::atomic::Ordering;

use super::arms::Kind;
use super::measure::{Outcome, Said};
use super::*;
use crate::metrics::Design;
use crate::registry::{Choice, Value};
use crate::store::Store;
use crate::sweep::tests::Counter;
use crate::train::tests::small_data;

fn asked(methods: &[&str], configurations: usize) -> RemedyAsked {
    RemedyAsked {
        base: Spec {
            encoder: Choice::new("mlp").with("width", 6_i64),
            epochs: Some(6),
            batch: 16,
            seed: 10,
            ..Spec::default()
        },
        seeds: 2,
        methods: methods.iter().map(ToString::to_string).collect(),
        configurations,
        rope: 0.01,
        bootstrap: Bootstrap { replicates: 200, ..Bootstrap::default() },
    }
}

fn go(
    asked: &RemedyAsked,
    threads: usize,
    store: Option<&Store>,
    watch: &Counter,
) -> Result<Remedied, RemedyError> {
    let engine = Engine { store, threads, stop: &watch.stop };
    remedy(&small_data(90), asked, engine, None, watch)
}

fn row<'a>(found: &'a Remedied, name: &str) -> &'a RemedyRow {
    found.results.remedies.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
}

// promise: P24
#[test]
fn threads_a_store_and_an_interruption_change_no_bit() {
    let asked = asked(&["umt", "ogm", "modality_dropout"], 4);
    let one = go(&asked, 1, None, &Counter::default()).unwrap();
    assert_eq!(go(&asked, 3, None, &Counter::default()).unwrap(), one);
    let folder = std::env::temp_dir().join(format!("rivalry-remedy-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let store = Store::open(&folder).unwrap();
    let first = Counter { stop_after: 9, ..Counter::default() };
    let stopped = go(&asked, 2, Some(&store), &first);
    assert!(matches!(stopped, Err(RemedyError::Sweep(SweepError::Interrupted { .. }))), "{stopped:?}");
    let second = Counter::default();
    assert_eq!(go(&asked, 2, Some(&store), &second).unwrap(), one);
    assert!(second.reused.load(Ordering::SeqCst) >= 9);
    let third = Counter::default();
    assert_eq!(go(&asked, 2, Some(&store), &third).unwrap(), one);
    assert_eq!(third.computed.load(Ordering::SeqCst), 0);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn controls_are_always_there_and_costs_count_what_a_method_builds_on() {
    let found = go(&asked(&["umt", "etmc", "functional_entropy"], 1), 2, None, &Counter::default()).unwrap();
    let names: Vec<&str> = found.results.remedies.iter().map(|row| row.name.as_str()).collect();
    let data = small_data(90);
    let mut expected: Vec<String> = data.modalities().iter().map(|m| format!("{} alone", m.name)).collect();
    let controls = ["naive", "ensemble", "auxiliary", "auxiliary, encoder_rate 1.5"];
    expected.extend(controls.into_iter().chain(["umt", "etmc", "functional_entropy"]).map(str::to_owned));
    assert_eq!(names, expected);
    let passes = |name: &str| row(&found, name).relative_cost.passes.unwrap();
    let alone: f64 = expected[..3].iter().map(|name| passes(name)).sum();
    // No early stopping with so few rows: three networks alone are one joint training.
    assert!((alone - 1.0).abs() < 1e-12 && (passes("ensemble") - alone).abs() < 1e-12);
    assert!((passes("umt") - 2.0).abs() < 1e-12);
    // One branch more than three modalities have; three noisy copies of each batch, four passes each.
    assert!((passes("etmc") - 4.0 / 3.0).abs() < 1e-12);
    assert!((passes("functional_entropy") - 13.0).abs() < 1e-12);
    assert!(row(&found, "auxiliary").relative_cost.parameters.unwrap() > 1.0);
    let umt = row(&found, "umt");
    assert_eq!(umt.settings["weight"], Value::Number(10.0));
    assert!(umt.adjusted_p.is_some() && umt.hardest_control.is_some());
    assert!(umt.weakest_modality_probe.0.is_ok() && row(&found, "naive").adjusted_p.is_none());
    assert_eq!(found.results.remedies.iter().filter(|row| row.chosen).count(), 1);
    assert!(found.results.search.methods.is_empty() && found.results.search.configurations == 1);
}

#[test]
fn a_search_keeps_to_its_budget_and_ends_with_a_whole_training() {
    let found = go(&asked(&["umt", "modality_dropout", "dgl"], 6), 2, None, &Counter::default()).unwrap();
    let search = &found.results.search;
    assert_eq!(search.rungs, [Rung { epochs: 2, candidates: 6 }, Rung { epochs: 6, candidates: 2 }]);
    // (6 x 2 + 2 x 6) epochs on each of two trials.
    assert_eq!((search.budget_epochs, search.trials.len()), (48.0, 2));
    let names: Vec<&str> = search.methods.iter().map(|method| method.name.as_str()).collect();
    assert_eq!(names, ["umt", "modality_dropout", "dgl", "auxiliary"]);
    for method in &search.methods {
        assert!(method.spent_epochs <= search.budget_epochs + 1e-9, "{method:?}");
        let default = &method.candidates[0];
        assert!(method.knobs.iter().all(|knob| default.settings[&knob.name] == knob.default));
        assert!(method.candidates.iter().all(|c| !c.rungs.is_empty()));
        let chosen = &method.candidates[method.chosen];
        let reached = method.candidates.iter().map(|c| c.rungs.len()).max().unwrap();
        assert_eq!(chosen.rungs.len(), reached);
        if method.name != "auxiliary" {
            let row = row(&found, &method.name);
            assert!(chosen.settings.iter().all(|(knob, value)| row.settings[knob] == *value));
        }
    }
    // The teachers of `umt` cost it candidates; the others have no such cost.
    let count = |name: &str| search.methods.iter().find(|m| m.name == name).unwrap().candidates.len();
    assert!(count("umt") < count("modality_dropout"));
}

#[test]
fn a_method_that_does_not_apply_is_listed_with_the_reason() {
    let mut asked = asked(&["mla", "ogm"], 1);
    let first = small_data(90).modalities()[0].name.clone();
    asked.base.encoders.insert(first, Choice::new("mlp").with("width", 5_i64));
    let found = go(&asked, 2, None, &Counter::default()).unwrap();
    let refused: Vec<&str> = found.results.refused.iter().map(|refused| refused.name.as_str()).collect();
    assert_eq!(refused, ["mla"]);
    assert!(found.results.refused[0].why.contains("same width"), "{:?}", found.results.refused);
    assert!(row(&found, "ogm").warnings[0].contains("`adam`"));
    asked.base.solver = Choice::new("sgd");
    let found = go(&asked, 2, None, &Counter::default()).unwrap();
    assert!(row(&found, "ogm").warnings.is_empty());
    asked.methods = vec!["ogmm".to_owned()];
    let error = go(&asked, 1, None, &Counter::default()).unwrap_err();
    assert!(error.to_string().contains("did you mean `ogm`"), "{error}");
}

const ROWS: usize = 400;

/// Three trials in which arm `i` is right on the first `right[i]` of all rows, of test and of validation rows alike,
/// a little less or more from trial to trial.
fn trials(right: &[usize], passes: &[f64]) -> Vec<TrialOutcome> {
    let share = |n: usize| (0..ROWS).map(|row| f32::from(u8::from(row < n))).collect::<Vec<f32>>();
    let outcome = |(n, passes): (&usize, &f64), shift: usize| Outcome {
        said: Ok(Said {
            right: share(n + shift),
            valid_right: share(n + shift * (1 + n % 2)),
            valid_loss: 1.0,
            probes: vec![None, None],
        }),
        passes: *passes,
        n_params: 10,
        passes_per_epoch: 1.0,
        teacher_passes: 0.0,
    };
    let rows: Vec<u32> = (0..ROWS as u32).collect();
    let trial = |s: u64| TrialOutcome {
        at: TrialPlan { seed: s, repeat: s, fold: 0 },
        n_train: ROWS,
        valid: rows.clone(),
        test: rows.clone(),
        arms: right.iter().zip(passes).map(|pair| outcome(pair, s as usize)).collect(),
    };
    (0..3).map(trial).collect()
}

/// Two modalities alone, the joint network, the ensemble, then methods, with `right` test rows right.
fn compared(right: &[usize], passes: &[f64]) -> (Remedies, Answer) {
    compared_with(right, passes, |_| {})
}

/// The same after something was done to the trials; the second modality is the loser.
fn compared_with(
    right: &[usize],
    passes: &[f64],
    change: impl FnOnce(&mut [TrialOutcome]),
) -> (Remedies, Answer) {
    let data = small_data(ROWS);
    let kinds = [Kind::Alone, Kind::Alone, Kind::Joint, Kind::Control];
    let arms: Vec<Arm> = (0..right.len())
        .map(|i| Arm {
            name: format!("arm {i}"),
            summary: "",
            kind: kinds.get(i).copied().unwrap_or(Kind::Method),
            modalities: if i < 2 { vec![i] } else { vec![0, 1] },
            choice: Choice::new(if i == 3 { "ensemble" } else { "naive" }),
            warnings: Vec::new(),
        })
        .collect();
    let mut trials = trials(right, passes);
    change(&mut trials);
    let study = Study {
        modality_names: vec!["a".to_owned(), "b".to_owned()],
        class_names: data.class_names().to_vec(),
        labels: data.labels().to_vec(),
        groups: None,
        design: Design::GivenSplit,
        features: Vec::new(),
    };
    let sizes: Vec<_> = trials.iter().map(TrialOutcome::sizes).collect();
    let bootstrap = Bootstrap { replicates: 2_000, ..Bootstrap::default() };
    let series = Series::new(&study, &sizes, bootstrap);
    let facts = Facts {
        data: &data,
        study: &study,
        series,
        arms: &arms,
        trials: &trials,
        loser: Some(1),
        rope: 0.01,
    };
    facts.compare(Vec::new(), Search::default())
}

#[test]
fn a_gain_over_every_control_is_named_and_used() {
    let (found, answer) = compared(&[200, 180, 210, 240, 300, 215], &[0.5, 0.5, 1.0, 1.0, 1.2, 0.9]);
    assert_eq!((answer.code, answer.advice.as_deref()), ("gain", Some("arm 4")));
    assert_eq!(answer.proven, ["arm 4"]);
    assert_eq!(found.chosen.as_deref(), Some("arm 4"));
    let row = &found.remedies[4];
    assert_eq!(row.hardest_control.as_deref(), Some("arm 3"));
    let value = |cell: &crate::diagnose::Cell| cell.0.as_ref().unwrap().value;
    assert!((value(&row.gain_over_controls) - 60.0 / 400.0).abs() < 1e-6);
    assert!((value(&row.gain_over_joint) - 90.0 / 400.0).abs() < 1e-6);
    assert!((value(&row.gain_over_best_unimodal) - 0.25).abs() < 1e-6);
    assert_eq!(found.best_unimodal, "a");
    assert!(row.adjusted_p.unwrap() < 0.05 && found.remedies[5].adjusted_p == Some(1.0));
    assert!(found.remedies[5].adjusted_p_over_joint.is_some());
}

#[test]
fn within_noise_the_best_control_is_to_be_used() {
    // The ensemble is as good as any; the method is ahead by less than the region of equivalence.
    let (found, answer) = compared(&[200, 180, 210, 240, 242], &[0.5, 0.5, 1.0, 0.9, 1.2]);
    assert_eq!((answer.code, answer.advice.as_deref()), ("within_noise", Some("arm 3")));
    assert!(answer.sentence.contains("more than noise"), "{}", answer.sentence);
    assert!(answer.sentence.ends_with("(of all rows validation prefers arm 4)."), "{}", answer.sentence);
    assert!(answer.proven.is_empty());
    // The method is best on validation by half a point: chosen, and still no remedy.
    assert_eq!(found.chosen.as_deref(), Some("arm 4"));
    assert!(found.remedies[4].within_one_standard_error && !found.remedies[0].within_one_standard_error);
}

#[test]
fn of_equal_rows_the_simplest_is_chosen() {
    // Equal on every row: controls first, then the fewest passes.
    let (found, _) = compared(&[240, 180, 240, 240, 240, 240], &[0.5, 0.5, 1.0, 1.0, 0.2, 0.1]);
    assert_eq!(found.chosen.as_deref(), Some("arm 0"));
    let (found, _) = compared(&[100, 100, 100, 100, 240, 240], &[0.5, 0.5, 1.0, 1.0, 0.2, 0.1]);
    assert_eq!(found.chosen.as_deref(), Some("arm 5"));
}

/// A document with these results, as the command writes it.
fn document(results: &Remedies, answer: &Answer) -> crate::report::Document {
    let settings = serde_json::json!({
        "seeds": 3, "n_trials": 3, "rope": 0.01, "level": 0.95, "budget_seconds": 60.0, "left_out": ["2 of 5 seeds"],
    });
    let mut document = crate::report::Document::plain("remedy", settings, serde_json::json!(results));
    document.data = crate::report::data_summary(&small_data(ROWS).describe());
    document.verdict = serde_json::json!(answer);
    document
}

fn drawn(document: crate::report::Document, renderer: &str) -> String {
    let report = crate::report::remedy(document).unwrap();
    let mut bytes = Vec::new();
    crate::render::renderer(&Choice::new(renderer)).unwrap().render(&report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_report_of_a_gain_says_what_to_train_with() {
    let (mut results, answer) = compared(&[200, 180, 210, 240, 300], &[0.5, 0.5, 1.0, 1.0, 1.2]);
    results.remedies[4].settings.insert("alpha".to_owned(), Value::Number(0.3));
    results.remedies[4].excluded.push("seed 7, fold 0: the network diverged".to_owned());
    let text = drawn(document(&results, &answer), "markdown");
    for part in [
        "Use arm 4: it beats every control, the closest of them (arm 3) by 15.0 points",
        "alpha=0.3",
        "a remedy helps",
        "validation chooses arm 4; no other row is within one standard error",
        "the network diverged",
        "2 of 5 seeds",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let (results, answer) = compared(&[200, 180, 210, 240, 242], &[0.5, 0.5, 1.0, 0.9, 1.2]);
    for renderer in ["terminal", "html", "latex", "csv", "junit"] {
        assert!(!drawn(document(&results, &answer), renderer).is_empty());
    }
    // What others wrote into a document is refused, never a panic.
    let mut wrong = document(&results, &answer);
    wrong.results["remedies"][0]["accuracy"] = serde_json::json!("much");
    assert!(crate::report::remedy(wrong).unwrap_err().to_string().contains("results"));
    let mut wrong = document(&results, &answer);
    wrong.results["search"]["methods"] = serde_json::json!([
        { "name": "m", "spent_epochs": 1.0, "candidates": [], "chosen": 7, "knobs": [{ "name": "k", "default": 1.0, "log": true }] }
    ]);
    assert!(!drawn(wrong, "html").is_empty());
}

#[test]
fn a_gain_that_validation_does_not_choose_is_told_apart() {
    // The last arm is far ahead on test rows, and equal to the ensemble on validation rows.
    let (results, answer) = compared_with(&[200, 180, 210, 240, 300], &[0.5, 0.5, 1.0, 1.0, 1.2], |trials| {
        for trial in trials {
            let ensemble = trial.arms[3].said.clone().unwrap();
            trial.arms[4].said.as_mut().unwrap().valid_right = ensemble.valid_right;
        }
    });
    assert_eq!((answer.code, answer.advice.as_deref()), ("gain_not_chosen", Some("arm 4")));
    assert_eq!(
        answer.sentence,
        "Use arm 4: it beats every control, the closest of them (arm 3) by 15.0 points. Of all rows validation prefers \
         arm 3, a control."
    );
    assert!(answer.notes.is_empty(), "{:?}", answer.notes);
    assert_eq!((answer.proven.len(), results.chosen.as_deref()), (1, Some("arm 3")));
    // A network that diverged is in no number of its row, and cannot be chosen.
    let (results, answer) = compared_with(&[200, 180, 210, 240, 300], &[0.5, 0.5, 1.0, 1.0, 1.2], |trials| {
        trials[1].arms[4].said = Err("the network diverged".to_owned());
    });
    assert_eq!((answer.code, answer.advice.as_deref()), ("gain_not_chosen", Some("arm 3")));
    assert_eq!(results.chosen.as_deref(), Some("arm 3"));
    assert_eq!(results.remedies[4].excluded.len(), 1);
    assert!(results.remedies[4].accuracy.0.is_ok() && results.remedies[4].valid_accuracy.is_none());
}

#[test]
fn what_validation_rows_do_not_show_is_said() {
    // The ensemble is far ahead on test rows and behind on validation rows.
    let (_, answer) = compared_with(&[200, 180, 210, 300, 200], &[0.5, 0.5, 1.0, 1.0, 1.2], |trials| {
        for trial in trials {
            trial.arms[3].said.as_mut().unwrap().valid_right.fill(0.0);
        }
    });
    assert_eq!((answer.code, answer.advice.as_deref()), ("within_noise", Some("arm 2")));
    assert_eq!(
        answer.notes,
        [
            "on test rows arm 3 is 22.5 points ahead of arm 2, by more than noise, and validation rows do not show it: are they \
             drawn like the test rows?"
        ]
    );
}

#[test]
fn the_losers_classes_are_those_it_tells_relatively_best() {
    let (results, _) = compared_with(&[200, 200, 210, 240], &[0.5, 0.5, 1.0, 1.0], |trials| {
        let labels = small_data(ROWS).labels().to_vec();
        for trial in trials {
            // The second modality is right on class 2 alone, the first on all but a third of every class.
            let said = trial.arms[1].said.as_mut().unwrap();
            said.valid_right = labels.iter().map(|label| f32::from(u8::from(*label == 2))).collect();
            let said = trial.arms[0].said.as_mut().unwrap();
            said.valid_right = (0..ROWS).map(|row| f32::from(u8::from(row / 3 % 3 > 0))).collect();
        }
    });
    assert_eq!(results.weakest_classes, ["2"]);
    assert_eq!(results.weakest_modality.as_deref(), Some("b"));
}
