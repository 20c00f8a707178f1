//! `rivalry compare`, `rivalry classes`, `rivalry check` and `rivalry monitor`:
//! models trained elsewhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::process::{Ended, command, folder};

fn run(folder: &Path, line: &str) -> Ended {
    command().current_dir(folder).args(line.split_whitespace()).output().unwrap().into()
}

#[expect(clippy::disallowed_methods, reason = "a test's own small files")]
fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), text).unwrap();
}

/// A table of 400 samples in four classes: `rgb` errs on every fourth sample,
/// `ir` on every second, `joint` where `rgb` does and on eight samples of class
/// `d` more; scores of `rgb` and `ir`; every sample twice a patient.
fn table(name: &str) -> PathBuf {
    let folder = folder(name);
    let classes = ["a", "b", "c", "d"];
    let mut text = String::from("id,y,patient,rgb,ir,joint,s_a,s_b,s_c,s_d\n");
    let mut names = String::new();
    for i in 0..400_usize {
        let label = i % 4;
        let given = |wrong: bool| classes[if wrong { (label + 1) % 4 } else { label }];
        let (rgb, ir) = (i / 4 % 4 == 0, i / 4 % 2 == 0);
        let joint = rgb || label == 3 && i / 4 % 12 == 1;
        let scores = (0..4).map(|k| if classes[k] == given(ir) { "0.7" } else { "0.1" });
        let scores: Vec<&str> = scores.collect();
        let (y, patient) = (classes[label], i / 2);
        writeln!(
            text,
            "s{i},{y},p{patient},{},{},{},{}",
            given(rgb),
            given(ir),
            given(joint),
            scores.join(",")
        )
        .unwrap();
    }
    for class in classes {
        writeln!(names, "{class}").unwrap();
    }
    write(&folder, "t.csv", text);
    write(&folder, "names.txt", names);
    folder
}

const MODELS: &str = "--labels t.csv:y --joint t.csv:joint --uni rgb=t.csv:rgb --uni ir=t.csv:s_*";

#[test]
fn a_comparison_says_whether_the_difference_is_real() {
    let folder = table("compare_table");
    let found = run(&folder, &format!("compare {MODELS} --json --out kept"));
    assert_eq!((found.status, found.stderr.as_str()), (0, ""), "{found}");
    let document = found.json();
    assert_eq!(document["command"], "compare");
    let results = &document["results"];
    assert_eq!(results["best_unimodal"], "rgb");
    // Nine samples of 400 are lost and none won.
    assert!((results["gap"]["value"].as_f64().unwrap() + 9.0 / 400.0).abs() < 1e-9, "{}", results["gap"]);
    assert!((results["tests"]["mcnemar_exact_p"]["value"].as_f64().unwrap() - 0.5_f64.powi(8)).abs() < 1e-12);
    assert!((results["tests"]["discordance"]["value"].as_f64().unwrap() - 9.0 / 400.0).abs() < 1e-12);
    let [worse, same, better] =
        ["p_worse", "p_same", "p_better"].map(|p| results["tests"][p]["value"].as_f64().unwrap());
    assert!(
        (worse + same + better - 1.0).abs() < 1e-9 && worse > 0.9 && better < 0.01,
        "{worse} {same} {better}"
    );
    let ir = results["models"].as_array().unwrap().iter().find(|m| m["name"] == "ir").unwrap();
    assert!((ir["accuracy"]["value"].as_f64().unwrap() - 0.5).abs() < 1e-9);
    assert!(ir["auc"]["value"].as_f64().unwrap() > 0.5, "probabilities have an area: {ir}");
    let d = results["classes"].as_array().unwrap().iter().find(|c| c["name"] == "d").unwrap();
    assert!((d["change"]["value"].as_f64().unwrap() + 0.09).abs() < 1e-9, "{d}");
    assert_eq!(document["verdict"]["code"], "V0");
    assert_eq!(document["verdict"]["variant"], "V0b");
    // The kept document is drawn again like the fresh one, and as a page.
    let shown = run(&folder, &format!("compare {MODELS}"));
    let again = run(&folder, "report kept");
    let body = |ended: &Ended| ended.stdout.split("wall time").next().unwrap().to_owned();
    assert_eq!(body(&shown), body(&again));
    assert!(std::fs::read_to_string(folder.join("kept/report.html")).unwrap().contains("rgb"));
    // Grouped samples are resampled together, and no test for single samples is given.
    let grouped = run(&folder, &format!("compare {MODELS} --groups t.csv:patient --json")).json();
    assert!(grouped["results"]["tests"]["mcnemar_exact_p"]["value"].is_null());
    assert_eq!(grouped["data"]["groups"], 200);
    let exit = run(&folder, &format!("compare {MODELS} --fail-on-inconclusive"));
    assert_eq!(exit.status, 4, "{exit}");
}

#[test]
fn threads_change_no_byte_of_a_comparison() {
    let folder = table("compare_threads");
    let [one, three] = [1, 3].map(|threads| {
        let mut document = run(&folder, &format!("compare {MODELS} --json --threads {threads}")).json();
        document["provenance"] = serde_json::Value::Null;
        document
    });
    assert_eq!(one, three);
}

#[test]
fn samples_follow_their_identifiers() {
    let folder = table("compare_ids");
    let text = std::fs::read_to_string(folder.join("t.csv")).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    write(&folder, "r.csv", format!("{head}\n{}\n", rows.join("\n")));
    let plain = run(&folder, &format!("compare {MODELS} --json")).json();
    let turned = MODELS
        .replace("joint=t.csv", "joint=r.csv")
        .replace("--joint t.csv", "--joint r.csv")
        .replace("rgb=t.csv", "rgb=r.csv");
    let turned = run(&folder, &format!("compare {turned} --json")).json();
    assert_eq!(plain["results"], turned["results"]);
}

#[test]
fn saved_embeddings_say_which_encoder_lost() {
    let folder = folder("compare_encoders");
    // Three classes; encoders put out the class and some noise, but the joint
    // encoder of `b` noise alone.
    let noise = |i: usize, k: usize| ((i * 7919 + k * 104_729) % 1009) as f64 / 1009.0 - 0.5;
    let embedding = |informative: bool| {
        let mut text = String::from("e0,e1,e2\n");
        for i in 0..600 {
            let value = |k: usize| noise(i, k) + if informative && i % 3 == k { 1.0 } else { 0.0 };
            writeln!(text, "{},{},{}", value(0), value(1), value(2)).unwrap();
        }
        text
    };
    for (name, informative) in [("ja", true), ("jb", false), ("aa", true), ("ab", true)] {
        write(&folder, &format!("{name}.csv"), embedding(informative));
    }
    let mut table = String::from("y,j,a,b\n");
    for i in 0..600 {
        let given = |wrong: bool| (i + usize::from(wrong)) % 3;
        writeln!(table, "{},{},{},{}", i % 3, given(i % 5 == 0), given(i % 7 == 0), given(i % 6 == 0))
            .unwrap();
    }
    write(&folder, "p.csv", table);
    let rows: Vec<String> = (0..600).filter(|i| i / 3 % 3 > 0).map(|i| i.to_string()).collect();
    write(&folder, "train.txt", rows.join("\n") + "\n");
    let models = "compare --labels p.csv:y --joint p.csv:j --uni a=p.csv:a --uni b=p.csv:b";
    let encoders =
        "--joint-encoder a=ja.csv --joint-encoder b=jb.csv --alone-encoder a=aa.csv --alone-encoder b=ab.csv";
    let found = run(&folder, &format!("{models} --train train.txt {encoders} --json"));
    assert_eq!(found.status, 0, "{found}");
    let results = &found.json()["results"];
    let deficit = |m: usize| results["modalities"][m]["encoder_deficit"].clone();
    assert_eq!(deficit(0)["value"], 0.0, "{}", deficit(0));
    let lost = deficit(1);
    assert!(lost["value"].as_f64().unwrap() > 0.5 && lost["low"].as_f64().unwrap() > 0.4, "{lost}");
    assert!(results["encoder_effect"]["value"].is_number() && results["fusion_effect"]["value"].is_number());
    // 201 test rows remain.
    assert_eq!(results["gap"]["n"], 201, "{}", results["gap"]);
    let bad = run(&folder, &format!("{models} {encoders}"));
    assert_eq!(bad.status, 2, "{bad}");
    let bad = run(&folder, &format!("{models} --train train.txt --joint-encoder a=ja.csv"));
    assert!(bad.status == 3 && bad.stderr.contains("hint: give joint embeddings of every modality"), "{bad}");
}

#[test]
fn classes_are_held_against_selection() {
    let folder = table("classes_table");
    let found = run(&folder, "classes --labels t.csv:y --a t.csv:joint --b t.csv:rgb --json");
    assert_eq!(found.status, 0, "{found}");
    let results = &found.json()["results"];
    assert_eq!(results["null_band"].as_array().unwrap().len(), 4);
    assert!(results["worst_classes"]["value"].as_f64().unwrap() < -0.04, "{}", results["worst_classes"]);
    assert!(results["worst_classes_p"]["value"].as_f64().unwrap() < 0.02);
    assert!(results["best_classes_p"]["value"].as_f64().unwrap() > 0.9);
    let d = results["classes"].as_array().unwrap().iter().find(|c| c["name"] == "d").unwrap();
    assert!(d["q_value"].as_f64().unwrap() < 0.05, "{d}");
    insta::assert_snapshot!(
        run(&folder, "classes --labels t.csv:y --a t.csv:joint --b t.csv:rgb")
            .stdout
            .split("Methods from")
            .next()
            .unwrap()
    );
}

#[test]
fn gates_pass_fail_and_stay_open() {
    let folder = table("check_table");
    let check = |more: &str| run(&folder, &format!("check {MODELS} {more}"));
    let passed = check("--require gap>-5 --require accuracy(ir)<60");
    assert_eq!(passed.status, 0, "{passed}");
    let failed = check("--require gap>-0.5 --require headroom<90 --junit j.xml --baseline joint=t.csv:rgb");
    assert_eq!(failed.status, 1, "{failed}");
    assert!(failed.stdout.contains("(baseline 0.000)"), "{failed}");
    let junit = std::fs::read_to_string(folder.join("j.xml")).unwrap();
    assert!(junit.contains("failures=\"1\"") && junit.contains("gap&gt;-0.5"), "{junit}");
    let open = check("--require gap>-2 --fail-on-inconclusive");
    assert_eq!(open.status, 4, "{open}");
    assert_eq!(check("--require gap>-2.5 --by-value").status, 0);
    // The same on a kept report.
    assert_eq!(run(&folder, &format!("compare {MODELS} --out kept")).status, 0);
    let kept = run(&folder, "check kept --require gap>-0.5 --json");
    assert_eq!((kept.status, kept.json()["results"]["n_failed"].clone()), (1, serde_json::json!(1)));
}

#[test]
fn a_log_shows_who_starved() {
    let folder = folder("monitor_log");
    let mut text = String::new();
    for epoch in 1..=6 {
        for i in 0..60 {
            let label = i % 3;
            let one =
                |size: f64| -> Vec<f64> { (0..3).map(|k| if k == label { size } else { 0.0 }).collect() };
            let (a, b) = (one(f64::from(epoch)), one(if i / 3 % 2 == 0 { 0.25 } else { 0.0 }));
            writeln!(text, "{{\"epoch\": {epoch}, \"label\": {label}, \"logits\": {{\"audio\": {a:?}, \"image\": {b:?}}}}}")
                .unwrap();
        }
    }
    write(&folder, "run.jsonl", text);
    let found = run(&folder, "monitor run.jsonl --out kept --fail-on-starvation");
    assert_eq!(found.status, 1, "{found}");
    insta::assert_snapshot!(found.stdout);
    assert_eq!(run(&folder, "report kept").stdout, found.stdout);
    let document = run(&folder, "monitor run.jsonl --json").json();
    assert_eq!(document["results"]["leader"], "audio");
    assert_eq!(document["results"]["modalities"][1]["starved_epoch"], 2);
    assert!(document["results"]["modalities"][0]["starved_epoch"].is_null());
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    let folder = table("compare_bad");
    write(&folder, "short.txt", "a\nb\n");
    write(&folder, "bad.jsonl", "{\"epoch\": 1}\n");
    let cases = [
        ("compare --labels t.csv:y --joint short.txt --uni rgb=t.csv:rgb", 3),
        ("compare --labels none.npy --joint t.csv:joint --uni rgb=t.csv:rgb", 3),
        ("compare --labels t.csv:y --uni rgb=t.csv:rgb", 2),
        ("compare --labels t.csv:y --joint t.csv:joint --uni rgb", 2),
        ("compare --labels t.csv:y --joint t.csv:joint --joint t.csv:joint --uni rgb=t.csv:rgb", 3),
        ("compare --labels t.csv:y --joint t.csv:jiont --uni rgb=t.csv:rgb", 3),
        ("classes --labels t.csv:y --a t.csv:joint --b short.txt", 3),
        ("check --require gap>1", 2),
        ("check none --require gap>1", 3),
        ("check --labels t.csv:y --joint t.csv:joint --uni rgb=t.csv:rgb --require gap", 2),
        ("check --labels t.csv:y --joint t.csv:joint --uni rgb=t.csv:rgb --require gapp>1", 2),
        ("check --labels t.csv:y --joint t.csv:joint --uni rgb=t.csv:rgb --require accuracy(x)>1", 2),
        ("monitor bad.jsonl", 3),
        ("monitor none.jsonl", 3),
    ];
    let mut said = String::new();
    for (line, status) in cases {
        let ended = run(&folder, line);
        assert_eq!(ended.status, status, "{line}\n{ended}");
        assert!(ended.stdout.is_empty() && ended.stderr.contains("hint:"), "{line}\n{ended}");
        writeln!(said, "$ rivalry {line}\n{}", ended.stderr).unwrap();
    }
    insta::assert_snapshot!(said);
}
