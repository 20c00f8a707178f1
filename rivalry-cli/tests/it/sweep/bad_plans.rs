//! A plan is a file from anywhere: whatever it holds, a sentence says what is wrong with it.

use std::path::Path;

use serde_json::{Value, json};

use super::{at, overwrite, well};
use crate::process::{Ended, folder};

const TABLE: &str = "a_1,a_2,b_1,y\n";

fn table(rows: usize) -> String {
    let row = |i: usize| format!("{},{},{},{}\n", i % 7, i % 5, i % 3, i % 2);
    TABLE.to_owned() + &(0..rows).map(row).collect::<String>()
}

/// What the program says to a plan, by every verb that reads one.
fn said(folder: &Path, plan: &str) -> Ended {
    let runs = at(folder, &format!("sweep run {plan} --store kept --shard 1/1"));
    for verb in ["merge", "status"] {
        let other = at(folder, &format!("sweep {verb} {plan} --store kept"));
        assert_eq!((other.status, &other.stderr), (runs.status, &runs.stderr), "{verb}");
    }
    assert_eq!(runs.stdout, "", "{runs}");
    // One sentence, and what to do.
    assert_eq!(runs.stderr.matches("error: ").count(), 1, "{runs}");
    assert_eq!(runs.stderr.matches("hint: ").count(), 1, "{runs}");
    runs
}

#[test]
fn whatever_a_plan_holds_a_sentence_says_what_is_wrong() {
    let folder = folder("sweep_bad_plans");
    overwrite(&folder.join("t.csv"), table(60).as_bytes());
    let line = "diagnose t.csv --label y --modality a=a_* --modality b=b_* --seeds 1 --epochs 2";
    well(&folder, &format!("sweep plan {line} --out plan.json"));
    let good: Value = serde_json::from_slice(&std::fs::read(folder.join("plan.json")).unwrap()).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut plan = good.clone();
        *plan.pointer_mut(pointer).unwrap() = value;
        plan.to_string()
    };
    let mut reordered = good.clone();
    reordered["settings"]["command"].as_array_mut().unwrap().extend([json!("--batch"), json!("32")]);
    let cases: Vec<(String, i32, &str)> = vec![
        (String::new(), 3, "not a plan: EOF"),
        (format!("{{\"data\":{}", "[".repeat(100_000)), 3, "not a plan: recursion limit exceeded"),
        ("{}".to_owned(), 3, "not a plan: missing field `schema`"),
        (with("/schema/version", json!(99)), 3, "written in schema `rivalry` 99"),
        (with("/schema/name", json!("other")), 3, "written in schema `other` 1"),
        (with("/command", json!("diagnose")), 3, "not a plan but what `diagnose` printed"),
        (with("/settings/command", json!("diagnose t.csv")), 3, "the plan names no command"),
        (with("/settings/command", json!(["diagnose", "--help"])), 3, "the planned command asks for help"),
        (
            with("/settings/command", json!(["diagnose", "t.csv", "--sedes", "1"])),
            3,
            "the planned command is wrong: there is no option `--sedes`",
        ),
        (with("/settings/command", json!([])), 2, "this command has no list of runs"),
        (
            with("/settings/command", json!(["store", "doctor", "kept"])),
            2,
            "this command has no list of runs",
        ),
        (
            with("/settings/command", json!(["sweep", "plan", "diagnose", "demo"])),
            2,
            "this command has no list of runs",
        ),
        (with("/settings/command", json!(["remedy", "t.csv"])), 2, "`remedy` decides its runs as it goes"),
        (
            with("/settings/command", json!(["diagnose", "t.csv", "--out", "elsewhere"])),
            3,
            "`--out` has no place in a plan",
        ),
        (reordered.to_string(), 3, "the runs that the plan lists (version"),
        (with("/results/plan", json!("0".repeat(64))), 3, "the runs that the plan lists (version"),
        (with("/results/plan", json!(7)), 3, "the runs that the plan lists (version"),
        (with("/data", Value::Null), 3, "`t` is not as it was when the plan was made"),
        (with("/data/fingerprint", json!("ff")), 3, "`t` is not as it was when the plan was made"),
    ];
    for (text, status, expected) in cases {
        overwrite(&folder.join("bad.json"), text.as_bytes());
        let ended = said(&folder, "bad.json");
        assert_eq!(ended.status, status, "{expected}: {ended}");
        assert!(ended.stderr.contains(expected), "{expected}: {ended}");
    }
    let ended = said(&folder, "none.json");
    assert!(ended.stderr.starts_with("error: none.json: there is no such file"), "{ended}");

    // Another engine is named, so that nobody wonders about other runs.
    let mut other = good.clone();
    other["results"]["engine"] = json!("0");
    other["results"]["plan"] = json!("0".repeat(64));
    overwrite(&folder.join("bad.json"), other.to_string().as_bytes());
    let ended = said(&folder, "bad.json");
    assert!(ended.stderr.contains("made for engine 0 (version "), "{ended}");

    // The data have changed since.
    overwrite(&folder.join("t.csv"), table(61).as_bytes());
    let ended = said(&folder, "plan.json");
    assert_eq!(ended.status, 3, "{ended}");
    assert!(
        ended.stderr.contains("`t` is not as it was") || ended.stderr.contains("`t.csv` is not as it was"),
        "{ended}"
    );
    std::fs::remove_file(folder.join("t.csv")).unwrap();
    assert_eq!(said(&folder, "plan.json").status, 3);
    assert!(!folder.join("kept").exists(), "nothing was made for a bad plan");
}

#[test]
fn a_plan_cut_at_any_byte_is_none() {
    let folder = folder("sweep_cut_plans");
    well(
        &folder,
        "sweep plan diagnose demo:nutrimouse --seeds 1 --epochs 2 --test-share 0.3 --out plan.json",
    );
    let whole = std::fs::read(folder.join("plan.json")).unwrap();
    // The last byte is a line break.
    for length in (0..whole.len() - 1).step_by(61) {
        overwrite(&folder.join("cut.json"), &whole[..length]);
        let ended = at(&folder, "sweep status cut.json --store kept");
        assert_eq!(ended.status, 3, "{length} bytes: {ended}");
        assert!(ended.stderr.contains("cut.json: not a plan: "), "{length} bytes: {ended}");
    }
}

#[test]
fn what_has_no_place_in_a_plan_is_refused() {
    let folder = folder("sweep_refused");
    for (line, expected) in [
        ("sweep plan diagnose demo --threads 2", "`--threads` has no place in a plan"),
        ("sweep plan diagnose demo --budget 2m", "`--budget` has no place in a plan"),
        ("sweep plan diagnose demo --json", "`--json` has no place in a plan"),
        ("sweep plan diagnose demo --out a.json --out b.json", "`--out` is given more than once"),
        ("sweep plan --out a.json diagnose demo --out b.json", "`--out` is given more than once"),
        ("sweep plan diagnose demo --out", "`--out` needs a value"),
        ("sweep plan", "COMMAND is missing"),
        ("sweep plan store doctor kept", "this command has no list of runs"),
        ("sweep plan remedy demo", "`remedy` decides its runs as it goes"),
        ("sweep plan lab run", "this command of the lab has no list of runs"),
        ("sweep plan lab verify comparison_lemma", "what is asked needs no runs"),
        (
            "sweep plan lab race --trials 100000000",
            "12500000 runs are more than the 200000 that a plan may have",
        ),
        ("sweep plan diagnose demo --seeds 0", "`--seeds` does not accept `0`"),
        ("sweep run plan.json --store kept --shard 0/4", "`--shard` does not accept `0/4`"),
        ("sweep run plan.json --store kept --shard 5/4", "`--shard` does not accept `5/4`"),
        ("sweep run plan.json --store kept --engine pbs", "`--engine` must be"),
        (
            "sweep run plan.json --store kept --engine slurm --shard 1/4",
            "`--engine` and `--shard` exclude each other",
        ),
        ("sweep run plan.json", "--store is missing"),
    ] {
        let ended = at(&folder, line);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{line}: {ended}");
        assert!(ended.stderr.contains(expected), "{line}: {ended}");
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing was written");
    well(&folder, "sweep plan diagnose demo:nutrimouse --seeds 1 --epochs 2");
    let ended = at(&folder, "sweep run plan.json --store kept --shards 4");
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.contains("`--shards` is for what a batch system is asked"), "{ended}");
}
