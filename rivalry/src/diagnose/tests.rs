use super::rules::RULES;
use super::*;
use crate::metrics::planted::{Arc, Plan, Planted, measured, quick};
use crate::metrics::{Design, Ending, Evidence, aggregate, measure_trial};
use crate::num::Matrix;

fn conclude(evidence: &Evidence) -> Diagnosis {
    diagnose(&evidence.study, &measured(evidence), &Metrics::all(), Thresholds::default())
}

fn verdict(plan: &Plan) -> Verdict {
    conclude(&plan.evidence()).verdict
}

fn two(a: Arc, b: Arc, joint: Arc) -> Plan {
    Plan::new(vec![Planted::new("a", a), Planted::new("b", b)], joint)
}

/// Joint training loses seven points; the encoder of `a` reads eight points less.
fn competition() -> Plan {
    let mut plan = two((0.0, 0.1), (0.5, 0.15), (0.0, 0.17));
    plan.modalities[0].probe_joint = (0.0, 0.18);
    plan.winner = |_, _| 1;
    plan
}

#[test]
fn v1_when_fusion_helps() {
    let found = verdict(&two((0.0, 0.1), (0.05, 0.15), (0.05, 0.05)));
    assert_eq!((found.code, found.variant, found.settled), ("V1", Some("V1a"), true), "{found:#?}");
    assert!(found.sentence.starts_with("Fusion helps: joint training is +"), "{}", found.sentence);
    assert!(found.ruled_out.iter().any(|r| r.code == "V2"), "{found:#?}");
}

#[test]
fn v1_without_a_loss_still_tells_of_encoder_deficits() {
    let mut plan = two((0.0, 0.01), (0.0, 0.1), (0.0, 0.01));
    plan.modalities[1].probe_joint = (0.0, 0.14);
    let found = verdict(&plan);
    assert_eq!((found.code, found.variant, found.settled), ("V1", Some("V1b"), true), "{found:#?}");
    assert!(
        found.sentence.starts_with("Fusion is fine: joint training does not lose 1 point or more to `a`")
    );
    assert!(found.sentence.ends_with("Even so, the encoder of `b` learned less jointly than alone."));
    let deficit = found.notes.iter().find(|n| n.starts_with("encoder deficits")).unwrap();
    assert!(deficit.contains("although the fused accuracy is fine: `b` +"), "{deficit}");
    assert!(found.notes.iter().any(|n| n.contains("hardly anything to gain")));
}

#[test]
fn v4_when_nothing_is_added() {
    let found = verdict(&two((0.0, 0.2), (0.0, 0.3), (0.0, 0.2)));
    assert_eq!((found.code, found.settled), ("V4", true), "{found:#?}");
    assert!(found.next[0].contains("best modality alone"));
}

#[test]
fn v2_when_an_encoder_was_starved() {
    let systematic = verdict(&competition());
    assert_eq!((systematic.code, systematic.variant), ("V2", Some("V2b")), "{systematic:#?}");
    assert_eq!((systematic.loser.as_deref(), systematic.settled), (Some("a"), true));
    assert!(
        systematic.evidence.iter().any(|e| e.starts_with("encoder deficit of `a`: +")),
        "{systematic:#?}"
    );
    assert!(systematic.evidence.iter().any(|e| e.contains("`a` wins 0.0 of 10 classes; luck 0.00")));
    assert!(systematic.next[0].contains("ensemble"));

    let mut plan = competition();
    plan.winner = |seed, class| (seed as usize + class) % 2;
    let lucky = verdict(&plan);
    assert_eq!((lucky.code, lucky.variant), ("V2", Some("V2a")), "{lucky:#?}");

    // Too few trainings to speak of luck.
    plan.n_seeds = 4;
    assert_eq!(verdict(&plan).variant, None);
}

#[test]
fn v2_when_only_the_ensemble_shows_it() {
    // Joint equals best alone, the ensemble is ten points better, `b` lost nine.
    let mut plan = two((0.0, 0.1), (0.5, 0.2), (0.0, 0.1));
    plan.modalities[1].probe_joint = (0.5, 0.29);
    let found = verdict(&plan);
    assert_eq!((found.code, found.loser.as_deref()), ("V2", Some("b")), "{found:#?}");
    assert!(
        found.sentence.contains("But the ensemble of the networks trained alone is +"),
        "{}",
        found.sentence
    );
}

#[test]
fn v7_when_the_head_wastes_what_encoders_know() {
    let found = verdict(&two((0.0, 0.1), (0.5, 0.15), (0.0, 0.2)));
    assert_eq!((found.code, found.settled), ("V7", true), "{found:#?}");
    assert!(found.ruled_out.iter().any(|r| r.code == "V2"), "{found:#?}");
}

#[test]
fn v3_when_only_the_curves_explain_a_loss() {
    let mut plan = two((0.0, 0.1), (0.0, 0.15), (0.0, 0.2));
    plan.embeddings = false;
    plan.losses = Some([(0.2, 0.5), (0.05, 0.8)]);
    let found = verdict(&plan);
    assert_eq!((found.code, found.settled), ("V3", true), "{found:#?}");
    plan.losses = Some([(0.2, 0.5), (0.3, 0.8)]);
    let found = verdict(&plan);
    assert!(found.ruled_out.iter().any(|r| r.code == "V3"), "{found:#?}");
}

#[test]
fn v5_is_never_more_than_likely() {
    let mut plan = two((0.0, 0.1), (0.5, 0.15), (0.0, 0.2));
    plan.embeddings = false;
    plan.paired = false;
    let found = verdict(&plan);
    assert_eq!((found.code, found.settled), ("V5", false), "{found:#?}");
    assert!(found.sentence.contains("The cause is not settled"), "{}", found.sentence);
    plan.paired = true;
    let found = verdict(&plan);
    assert!(found.ruled_out.iter().any(|r| r.code == "V5"), "{found:#?}");
    assert_eq!((found.code, found.variant), ("V0", Some("V0b")), "{found:#?}");
}

#[test]
fn v5_is_settled_when_only_the_test_rows_are_unrelated() {
    let mut plan = two((0.0, 0.1), (0.5, 0.15), (0.0, 0.2));
    plan.embeddings = false;
    plan.test_paired = false;
    let found = verdict(&plan);
    assert_eq!((found.code, found.settled), ("V5", true), "{found:#?}");
    assert!(found.sentence.contains("do not belong together"), "{}", found.sentence);
    assert!(found.ruled_out.iter().all(|r| r.code != "V5"), "{found:#?}");
    // Where the test rows are drawn from the same pool nothing of the kind can be said.
    plan.test_paired = true;
    plan.design = Design::HoldOut;
    let found = conclude(&plan.evidence());
    assert!(found.results.modalities[0].more["pairing_p_valid"].0.is_err());
}

#[test]
fn v2_when_the_head_starved_with_its_encoder() {
    // Twenty points are lost, eight of them in the encoder that the network hardly uses.
    let mut plan = competition();
    plan.joint = (0.0, 0.3);
    let found = verdict(&plan);
    assert_eq!((found.code, found.loser.as_deref(), found.settled), ("V2", Some("a"), true), "{found:#?}");
    let said = found.evidence.iter().filter(|e| e.starts_with("shuffling `a` costs the joint network"));
    assert_eq!(said.count(), 1, "{found:#?}");
    plan.winner = |_, _| 0;
    let found = verdict(&plan);
    assert_ne!(found.code, "V2", "a modality that is used did not lose this: {found:#?}");
}

#[test]
fn v3_before_v7_when_the_losses_say_so() {
    let mut plan = two((0.0, 0.1), (0.5, 0.15), (0.0, 0.2));
    plan.losses = Some([(0.2, 0.5), (0.05, 0.8)]);
    assert_eq!(verdict(&plan).code, "V3");
    plan.losses = Some([(0.2, 0.5), (0.05, 0.3)]);
    assert_eq!(verdict(&plan).code, "V7");
}

#[test]
fn v6_when_scales_differ_and_harm_is_done() {
    let mut plan = competition();
    plan.rms_seen = Some(vec![1.0, 50.0]);
    assert_eq!(verdict(&plan).code, "V6");
    plan.rms_seen = Some(vec![1.0, 5.0]);
    assert_eq!(verdict(&plan).code, "V2");
    // Without harm it is a note.
    let mut plan = two((0.0, 0.1), (0.05, 0.15), (0.05, 0.05));
    plan.rms_seen = Some(vec![1.0, 50.0]);
    let found = verdict(&plan);
    assert_eq!(found.code, "V1");
    assert!(found.notes.iter().any(|n| n.contains("differ 50 times in scale")), "{found:#?}");
}

#[test]
fn v8_for_noise_and_for_shortcuts() {
    let found = verdict(&two((0.0, 0.1), (0.0, 0.9), (0.0, 0.16)));
    assert_eq!(
        (found.code, found.variant, found.loser.as_deref()),
        ("V8", Some("V8a"), Some("b")),
        "{found:#?}"
    );

    let mut plan = two((0.0, 0.05), (0.0, 0.01), (0.0, 0.5));
    plan.modalities[1].alone_test = Some((0.0, 0.6));
    let found = verdict(&plan);
    // Validation rows praise the shortcut, so it is also "best alone"; the
    // verdict must name it all the same ...
    let named = |found: &Verdict| (found.code, found.variant, found.loser.clone());
    let expected = ("V8", Some("V8b"), Some("b".to_owned()));
    assert_eq!(named(&found), expected, "{found:#?}");
    // ... also where nothing of it is left on test rows, so that joint training looks good beside it.
    plan.modalities[1].alone_test = Some((0.0, 0.9));
    plan.joint = (0.0, 0.2);
    let found = verdict(&plan);
    assert_eq!(named(&found), expected, "{found:#?}");
    assert!(found.evidence.iter().any(|e| e.contains("from validation to test rows")), "{found:#?}");
}

#[test]
fn v9_when_a_linear_model_on_raw_features_is_better() {
    let evidence = two((0.0, 0.2), (0.5, 0.3), (0.0, 0.25)).evidence();
    let metrics = Metrics::all();
    let n = evidence.study.labels.len();
    // Features of `a` that tell the class of all but five in a hundred samples.
    let told = |r: usize| (evidence.study.labels[r] as usize + usize::from(r.is_multiple_of(20))) % 10;
    let first = Matrix::from_fn(n, 10, |r, c| if c == told(r) { 1.0_f32 } else { 0.0 });
    let second = Matrix::from_fn(n, 2, |r, c| ((r * 7 + c * 3) % 11) as f32);
    let features = [first.view(), second.view()];
    let trials =
        evidence.trials.iter().map(|t| measure_trial(&evidence.study, t, &features, &metrics)).collect();
    let measured = aggregate(&evidence.study, trials, &metrics, quick());
    let found = diagnose(&evidence.study, &measured, &metrics, Thresholds::default()).verdict;
    assert_eq!((found.code, found.settled), ("V9", true), "{found:#?}");
    assert!(found.sentence.contains("The networks are weak"), "{}", found.sentence);
}

#[test]
fn v9_does_not_explain_a_loss_that_is_larger_than_the_weakness() {
    let facts = |joint: Arc| {
        let evidence = two((0.0, 0.2), (0.5, 0.3), joint).evidence();
        let n = evidence.study.labels.len();
        let told = |r: usize| (evidence.study.labels[r] as usize + usize::from(r.is_multiple_of(8))) % 10;
        let first = Matrix::from_fn(n, 10, |r, c| if c == told(r) { 1.0_f32 } else { 0.0 });
        let second = Matrix::from_fn(n, 2, |r, c| ((r * 7 + c * 3) % 11) as f32);
        let features = [first.view(), second.view()];
        let metrics = Metrics::all();
        let one = |t| measure_trial(&evidence.study, t, &features, &metrics);
        let measured =
            aggregate(&evidence.study, evidence.trials.iter().map(one).collect(), &metrics, quick());
        diagnose(&evidence.study, &measured, &metrics, Thresholds::default()).verdict
    };
    // The probe leads by about seven points; joint training loses two, then twenty.
    assert_eq!(facts((0.0, 0.22)).code, "V9");
    let found = facts((0.0, 0.4));
    assert_ne!(found.code, "V9", "{found:#?}");
    assert!(found.notes.iter().any(|n| n.contains("is beaten by a linear probe")), "{found:#?}");
}

#[test]
fn v0_says_what_could_have_been_seen() {
    let mut plan = two((0.0, 0.2), (0.0, 0.3), (0.1, 0.2));
    plan.rows = [60, 20, 40];
    plan.n_classes = 4;
    let found = verdict(&plan);
    assert_eq!((found.code, found.variant), ("V0", Some("V0a")), "{found:#?}");
    assert!(found.sentence.contains("the smallest difference they would show is"), "{}", found.sentence);
    assert!(found.sentence.contains("Only n = 40 samples were tested"), "{}", found.sentence);
    assert!(found.evidence[0].starts_with("n = 40 tested samples, 10 trainings"), "{found:#?}");
    assert!(found.next[0].contains("samples are needed instead of 40"), "{found:#?}");
}

#[test]
fn v0_when_harm_has_no_known_cause() {
    let found = verdict(&two((0.0, 0.1), (0.5, 0.2), (0.0, 0.1)));
    assert_eq!((found.code, found.variant), ("V0", Some("V0b")), "{found:#?}");
    assert!(found.next[0].contains("use the ensemble"), "{found:#?}");
}

#[test]
fn a_cause_of_a_small_study_is_likely_at_most() {
    let mut plan = competition();
    plan.design = Design::Folds { k: 5 };
    plan.rows = [24, 8, 8];
    plan.n_classes = 4;
    plan.modalities[0].probe_joint = (0.0, 0.14);
    plan.joint = (0.0, 0.3);
    let found = verdict(&plan);
    assert!(!found.settled || found.code == "V7", "{found:#?}");
    assert!(found.sentence.contains("n = 40"), "{}", found.sentence);
}

#[test]
fn diverged_networks_are_named_and_left_out() {
    let mut evidence = competition().evidence();
    let joint = evidence.trials[3].models.last_mut().unwrap();
    joint.ended = Ending::Diverged { epoch: 7, what: "training loss".into() };
    joint.test.logits[0].as_mut_slice().fill(f32::NAN);
    let found = conclude(&evidence);
    let excluded = &found.results.excluded[0];
    assert_eq!((excluded.model.as_str(), excluded.seed, excluded.epoch), ("a+b", 3, 7));
    let note =
        "the network on a+b (naive) diverged in seed 3, fold 0, epoch 7 (training loss): it is in no number";
    assert!(found.verdict.notes.iter().any(|n| n == note), "{:#?}", found.verdict.notes);
    assert_eq!(found.verdict.code, "V2");
    assert_eq!(found.results.excluded.len(), 1);
    let joint = found.results.models.iter().find(|m| m.name == "a+b").unwrap();
    assert!(joint.accuracy.0.as_ref().unwrap().method.contains("9 seeds"), "{joint:#?}");
}

#[test]
fn networks_that_all_diverged_are_told_once_a_kind() {
    let mut evidence = competition().evidence();
    for trial in &mut evidence.trials {
        for model in &mut trial.models {
            model.ended = Ending::Diverged { epoch: 4, what: "the training loss".into() };
        }
    }
    let found = conclude(&evidence);
    let n_networks: usize = evidence.trials.iter().map(|trial| trial.models.len()).sum();
    assert_eq!(found.results.excluded.len(), n_networks);
    let notes: Vec<&String> = found.verdict.notes.iter().filter(|note| note.contains("diverged")).collect();
    assert_eq!(notes.len(), evidence.trials[0].models.len(), "{notes:#?}");
    let first = "the network on a (unimodal) diverged 10 times, first in seed 0, fold 0, epoch 4 (the training loss): it \
                 is in no number";
    assert!(notes.iter().any(|note| *note == first), "{notes:#?}");
    assert_eq!(found.verdict.code, "V0");
    assert_eq!(found.verdict.sentence, "There is nothing to compare: too many networks diverged.");
    assert!(found.verdict.next[0].starts_with("lower the learning rate"), "{:?}", found.verdict.next);
}

#[test]
fn degenerate_evidence_gives_reasons_and_no_nan() {
    // One modality, one seed; nothing joint; one test row; all diverged.
    let mut single = Plan::new(vec![Planted::new("a", (0.0, 0.2))], (0.0, 0.2)).evidence();
    single.trials.truncate(1);
    single.trials[0].models.truncate(1);
    let mut one_row = competition();
    (one_row.rows, one_row.n_seeds) = ([30, 10, 1], 2);
    let mut diverged = competition().evidence();
    for trial in &mut diverged.trials {
        for model in &mut trial.models {
            model.ended = Ending::Diverged { epoch: 0, what: "training loss".into() };
        }
    }
    let mut bare = competition().evidence();
    for trial in &mut bare.trials {
        trial.valid.clear();
        for model in &mut trial.models {
            (model.train, model.valid) = Default::default();
            model.test.embeddings.clear();
        }
    }
    for evidence in [single, one_row.evidence(), diverged, bare] {
        let found = conclude(&evidence);
        let text = serde_json::to_string(&found).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_finite(&json);
        assert!(json["results"]["gap"]["method"].is_string());
        assert!(!found.verdict.sentence.contains("NaN"));
    }
}

/// Every `value` is a number, or null with a reason.
fn assert_finite(json: &serde_json::Value) {
    match json {
        serde_json::Value::Object(fields) => {
            if let (Some(value), Some(method)) = (fields.get("value"), fields.get("method")) {
                let told = method.as_str().unwrap().starts_with("not measured: ");
                assert!(value.is_number() != told, "{fields:?}");
            }
            fields.values().for_each(assert_finite);
        }
        serde_json::Value::Array(items) => items.iter().for_each(assert_finite),
        _ => {}
    }
}

#[test]
fn the_document_has_the_promised_names() {
    let json = serde_json::to_value(conclude(&competition().evidence())).unwrap();
    for name in ["gap", "encoder_effect", "fusion_effect", "headroom"] {
        let estimate = json["results"][name].as_object().unwrap();
        let names: Vec<&str> = estimate.keys().map(String::as_str).collect();
        assert_eq!(names, ["value", "low", "high", "level", "n", "method"]);
    }
    let models = json["results"]["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "a+b", "ensemble", "ensemble (temperature-scaled)"]);
    let kinds: Vec<&str> = models.iter().map(|m| m["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["unimodal", "unimodal", "joint", "ensemble", "ensemble"]);
    assert!(models.iter().all(|m| m["modalities"].is_array() && m["accuracy"]["value"].is_number()));
    assert!(models[2]["drop_vs_best_unimodal"]["value"].as_f64().unwrap() < -0.05);
    for name in [
        "alone",
        "branch_in_joint",
        "probe_alone",
        "probe_in_joint",
        "encoder_deficit",
        "permutation_drop",
        "residual_ratio",
        "classes_won",
    ] {
        assert!(json["results"]["modalities"][0][name]["value"].is_number(), "{name}");
    }
    let class = json["results"]["classes"][0].as_object().unwrap();
    for name in ["joint", "best_unimodal", "change", "shrunken_change"] {
        assert!(class[name]["value"].is_number(), "{name}");
    }
    assert!(class["n"].is_u64() && class["q_value"].is_number() && class["winner"] == "b");
    assert_eq!(json["verdict"]["code"], "V2");
    assert!(json["verdict"]["evidence"].is_array() && json["verdict"]["next"].is_array());
    assert!(json["verdict"]["ruled_out"][0]["code"].is_string());
    let definition = &json["results"]["definitions"]["encoder_deficit"];
    assert!(definition["definition"].as_str().unwrap().starts_with("probe on the encoder trained alone"));
}

#[test]
fn documentation_and_program_agree_on_rules_and_thresholds() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verdicts.md");
    let page = std::fs::read_to_string(path).unwrap();
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let rows_after = |heading: &str| -> Vec<Vec<String>> {
        let section = page.split_once(heading).unwrap().1;
        section.lines().skip(3).take_while(|line| line.starts_with('|')).map(cells).collect()
    };
    let thresholds: serde_json::Value = serde_json::to_value(Thresholds::default()).unwrap();
    let rows = rows_after("## Thresholds\n");
    assert_eq!(rows.len(), thresholds.as_object().unwrap().len());
    for row in rows {
        assert_eq!(thresholds[&row[0]].as_f64(), row[1].parse().ok(), "{row:?}");
    }
    let rows = rows_after("## Rules, in order of precedence\n");
    assert_eq!(rows.len(), RULES.len() + 1);
    for (row, rule) in rows.iter().zip(RULES) {
        let conditions: Vec<&str> = rule.conditions.iter().map(|c| c.text).collect();
        assert_eq!(row, &[rule.code.to_owned(), rule.name.to_owned(), conditions.join("; ")]);
    }
    let causes: Vec<&str> = RULES.iter().filter(|r| r.is_cause).map(|r| r.code).collect();
    assert!(page.contains(&format!("({})", causes.join(", "))), "{causes:?}");
}

#[test]
fn meters_of_usage_that_disagree_are_named_with_their_conventions() {
    let noted =
        |plan: &Plan| verdict(plan).notes.into_iter().find(|note| note.contains("most used modality"));
    // `a` speaks, and a probe reads more from it too.
    let mut plan = two((0.0, 0.1), (0.5, 0.2), (0.0, 0.1));
    assert_eq!(noted(&plan), None);
    plan.modalities[1].probe_joint = (0.5, 0.01);
    assert_eq!(
        noted(&plan).as_deref(),
        Some(
            "meters of the most used modality disagree: `a` by permutation (other test rows stand in), removal (mean \
             logits stand in), Shapley value (mean logits stand in), margin share (nothing is removed); `b` by probe on the \
             joint encoder (what could be read)"
        )
    );
}
