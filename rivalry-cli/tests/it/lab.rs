//! `rivalry lab`, run as a process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rivalry::num::{Draws, Purpose};

use crate::process::{Ended, command, folder, rivalry};

/// A setting that trains in a blink: few classes, few samples, short noise.
const SMALL: &str = "--set classes=3 --set n=60 --set n_test=200 --set dim=100 --set m=6 --set noise=1 \
                     --set sigma0=1e-3 --set mu=0.1";

fn lab(line: &str) -> Ended {
    rivalry(&format!("lab {line} {SMALL}"))
}

fn is_estimate(value: &serde_json::Value) -> bool {
    ["value", "low", "high", "level", "n", "method"].iter().all(|key| value.get(key).is_some())
}

#[test]
fn a_trial_shows_every_network_and_every_class() {
    let ended = lab("run --seed 3 --json");
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    assert_eq!(document["command"], "lab run");
    let results = &document["results"];
    assert_eq!(results["unimodal"].as_array().unwrap().len(), 2);
    for network in results["unimodal"].as_array().unwrap() {
        assert!(is_estimate(&network["test_error"]) && network["mu"] == 0.1, "{network}");
        assert_eq!(network["train_error"]["value"], 0.0);
    }
    assert!(is_estimate(&results["joint"]["test_error"]));
    assert_eq!(results["branches"].as_array().unwrap().len(), 2);
    let classes = results["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 3);
    for class in classes {
        let winner = class["winner"].as_str().unwrap();
        assert!(["m1", "m2", "shared", "nobody"].contains(&winner), "{winner}");
        let learned: Vec<bool> =
            class["gamma_final"].as_array().unwrap().iter().map(|g| g.as_f64().unwrap() >= 0.2).collect();
        match winner {
            "m1" => assert_eq!(learned, [true, false]),
            "m2" => assert_eq!(learned, [false, true]),
            "shared" => assert_eq!(learned, [true, true]),
            _ => assert_eq!(learned, [false, false]),
        }
    }
    let solver = &results["solver"];
    assert_eq!(solver["ended"], "converged");
    assert!(solver["gradient_evaluations"].as_u64().unwrap() > 0 && solver["time"].as_f64().unwrap() > 0.0);
    // The curve ends where the classes table ends.
    let last = results["curve"].as_array().unwrap().last().unwrap();
    for (j, class) in classes.iter().enumerate() {
        for r in 0..2 {
            assert_eq!(last["gamma"][r][j], class["gamma_final"][r]);
        }
    }
}

#[test]
fn a_race_counts_the_same_whatever_the_threads_and_is_read_again_from_the_store() {
    let out = folder("lab_race");
    let line = format!("race --trials 20 --json --quiet --out {}", out.display());
    let first = lab(&format!("{line} --threads 2"));
    assert_eq!(first.status, 0, "{first}");
    let results = first.json()["results"].clone();
    assert_eq!(results["n_trials"], 20);
    let p: Vec<f64> =
        results["p_win"].as_array().unwrap().iter().map(|p| p["value"].as_f64().unwrap()).collect();
    let undecided = results["undecided"]["value"].as_f64().unwrap();
    assert!((p.iter().sum::<f64>() + undecided - 1.0).abs() < 1e-12, "{p:?} {undecided}");
    assert!(results["p_win"].as_array().unwrap().iter().all(is_estimate));
    assert_eq!(results["closed_form"].as_array().unwrap().len(), 2);
    // Again from the store, and anew without it on another number of threads.
    assert_eq!(lab(&format!("{line} --threads 1")).json()["results"], results);
    assert_eq!(lab("race --trials 20 --json --quiet --threads 3").json()["results"], results);
    // A kept report is drawn again, as tables, figures and a tidy table.
    for form in ["terminal", "svg", "csv", "json"] {
        let again = rivalry(&format!("report {} --as {form}", out.display()));
        assert_eq!(again.status, 0, "{again}");
        assert!(!again.stdout.is_empty(), "{form}");
    }
    let listed = rivalry(&format!("store list {} --json", out.display()));
    assert_eq!(listed.status, 0, "{listed}");
    let trials: u64 = listed.json()["results"]["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["trials"].as_u64().unwrap())
        .sum();
    assert_eq!(trials, 20);
    let doctor = rivalry(&format!("store doctor {}", out.display()));
    assert_eq!(doctor.status, 0, "{doctor}");
}

#[test]
fn a_race_under_every_strategy() {
    // What changes with every step, which a flow has not, descends unless something else is asked.
    let small = "--set classes=3 --set n=60 --set dim=40 --set m=4 --set sigma0=0.01";
    for (strategy, setting, solver) in [
        ("naive", "", "gradient_flow"),
        ("auxiliary", "", "gradient_flow"),
        ("warm_start", "", "gradient_flow"),
        ("ogm_ge", small, "gradient_descent"),
        ("agm", small, "gradient_descent"),
        ("mmpareto", small, "gradient_flow"),
    ] {
        let ended = lab(&format!("race --trials 2 --strategy {strategy} {setting} --json --quiet"));
        assert_eq!(ended.status, 0, "{strategy}: {ended}");
        let setting = &ended.json()["settings"]["setting"];
        assert_eq!(setting["strategy"]["name"], strategy);
        assert_eq!(setting["solver"]["name"], solver);
    }
    let ended = lab(&format!("race --trials 2 --strategy ogm_ge --solver gradient_flow {small} --quiet"));
    assert_eq!(ended.status, 2, "{ended}");
}

#[test]
fn a_map_is_a_tidy_table_with_a_row_per_point_and_quantity() {
    let out = folder("lab_map");
    let line = "sweep --trials 2 --vary m=4,8 --vary mu.2=0.05,0.1,0.2 --show joint_minus_best --quiet";
    let ended = lab(&format!("{line} --json --out {}", out.display()));
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    let points = document["results"]["points"].as_array().unwrap();
    assert_eq!(points.len(), 6);
    assert_eq!(points[1]["at"], serde_json::json!({ "m": 4, "mu.2": 0.1 }));
    let table = std::fs::read_to_string(out.join("table.csv")).unwrap();
    let head = table.lines().next().unwrap();
    assert!(head.starts_with("m,mu.2,quantity,modality,predicted,value,low,high,level,n,method"), "{head}");
    let map = table.lines().filter(|line| line.contains(",joint_minus_best,")).count();
    assert_eq!(map, 6);
    let figure = std::fs::read_to_string(out.join("figures.svg")).unwrap();
    assert!(figure.starts_with("<svg") || figure.starts_with("<?xml"), "{}", &figure[..60]);
    assert!(figure.contains("joint minus best"));
}

#[expect(clippy::disallowed_methods, reason = "a test's own scratch file")]
fn scratch(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_configuration_file_says_the_same_as_options() {
    let folder = folder("lab_config");
    let path = folder.join("map.toml");
    scratch(
        &path,
        "classes = 3\nn = 60\nn_test = 200\ndim = 100\nm = 6\nnoise = 1\nsigma0 = 1e-3\nmu = 0.1\n\
         [vary]\nq = [3, 4]\n",
    );
    let from_file = rivalry(&format!("lab sweep --config {} --trials 2 --json --quiet", path.display()));
    assert_eq!(from_file.status, 0, "{from_file}");
    let typed = lab("sweep --vary q=3,4 --trials 2 --json --quiet");
    assert_eq!(from_file.json()["results"], typed.json()["results"]);
}

#[test]
fn wrong_settings_are_told_with_what_to_do() {
    let cases = [
        ("run --set mm=3", "there is no knob `mm`"),
        ("run --set m=0", "`m` must be a whole number from 1 to 4096, not `0`"),
        ("run --set m.3=4", "a modality from 1 to 2"),
        ("run --solver adm", "unknown solver `adm`: did you mean `adam`?"),
        ("run --set solver.tolerence=1", "has no knob `tolerence`: did you mean `tolerance`?"),
        ("race --strategy naiv", "unknown strategy `naiv`: did you mean `naive`?"),
        ("sweep", "nothing varies"),
        ("sweep --vary m=2,,4", "expected values between the commas"),
        ("sweep --vary m=2,x", "not `x`"),
        ("sweep --vary m=2 --vary m=4", "`m` varies twice"),
        ("sweep --vary m=2 --show p_wim", "did you mean `p_win`?"),
        ("verify winner_rul", "unknown claim `winner_rul`: did you mean `winner_rule`?"),
        ("run --config nowhere.toml", "nowhere.toml: cannot be read"),
        ("run --set mu.1=2", "mu"),
        ("run --set dim=2", "dim"),
    ];
    for (line, expected) in cases {
        let ended = rivalry(&format!("lab {line}"));
        assert_eq!(ended.status, 2, "{line}: {ended}");
        assert!(ended.stderr.contains(expected), "{line}: {ended}");
        assert!(ended.stderr.contains("hint:") && !ended.stderr.contains("panicked"), "{line}: {ended}");
    }
}

#[test]
fn every_command_says_what_it_does_unless_it_is_to_be_quiet() {
    for (line, told) in [
        (format!("run {SMALL}"), "one trial: 2 networks alone, one jointly, 1 thread\n"),
        (format!("run --set until=decided {SMALL}"), "one trial: 0 networks alone, one jointly, 1 thread\n"),
        ("phase".to_owned(), "2 layers, fused after layer 2\n"),
        ("phase demo".to_owned(), "handwritten: 2000 samples, 6 modalities\n"),
        (format!("race --trials 1 --threads 1 {SMALL}"), "1 trials, 1 thread\n"),
    ] {
        let (loud, quiet) = (rivalry(&format!("lab {line}")), rivalry(&format!("lab {line} --quiet")));
        assert!(loud.stderr.starts_with(told), "{line}: {loud}");
        assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""), "{line}");
        assert_eq!(quiet.stdout.lines().next(), loud.stdout.lines().next(), "{line}");
    }
}

#[test]
fn a_claim_is_judged_by_its_rule() {
    let ended = rivalry("lab verify comparison_lemma --json --quiet");
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    let claims = document["results"]["claims"].as_array().unwrap();
    assert!(!claims.is_empty());
    for claim in claims {
        for key in ["id", "statement", "source", "prediction", "measurement", "rule", "passed"] {
            assert!(claim.get(key).is_some(), "{key}: {claim}");
        }
        assert_eq!(claim["passed"], true, "{claim}");
    }
}

// promise: P01
#[test]
fn a_race_killed_at_any_moment_ends_with_the_same_table() {
    const TRIALS: &str = "race --trials 40 --json --quiet --set until=decided";
    let whole = lab(TRIALS);
    assert_eq!(whole.status, 0, "{whole}");
    let mut draws = Draws::new(1, Purpose::new("lab kill test"), 0);
    for round in 0..3 {
        let out = folder(&format!("lab_killed_{round}"));
        let line = format!("lab {TRIALS} {SMALL} --threads 2 --out {}", out.display());
        for _ in 0..6 {
            let mut child = command()
                .args(line.split_whitespace())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_millis(5 + draws.below(300) as u64));
            let _ = child.kill();
            child.wait().unwrap();
        }
        assert_same(&out, &line, &whole);
    }
}

fn assert_same(out: &Path, line: &str, whole: &Ended) {
    let ended = rivalry(line);
    assert_eq!(ended.status, 0, "{ended}");
    assert_eq!(ended.json()["results"], whole.json()["results"], "{}", out.display());
}
