//! `rivalry diagnose` and `rivalry report`, on the small demo data with few
//! epochs: what is tested is the command, not the figures.

use std::fmt::Write as _;

use std::path::Path;

use serde_json::Value;

use crate::process::{Ended, command, folder, rivalry, rivalry_with};

const SMALL: &str = "diagnose demo:nutrimouse --seeds 2 --epochs 8 --threads 2";

fn small(more: &[&str]) -> Ended {
    rivalry_with(SMALL.split_whitespace().chain(more.iter().copied()))
}

/// The document without what may differ between two runs of one command.
fn timeless(mut document: Value) -> Value {
    document["provenance"]["wall_seconds"] = Value::Null;
    document["provenance"]["threads"] = Value::Null;
    document
}

fn is_estimate(value: &Value) -> bool {
    let keys: Vec<&str> = value.as_object().map_or(Vec::new(), |o| o.keys().map(String::as_str).collect());
    keys == ["value", "low", "high", "level", "n", "method"]
        && (value["value"].is_number()
            || value["method"].as_str().is_some_and(|m| m.starts_with("not measured:")))
        && (value["low"].is_number() || !value["method"].as_str().unwrap_or("").is_empty())
}

#[test]
fn the_document_has_the_names_that_programs_rely_on() {
    let ended = small(&["--json"]);
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["schema", "command", "data", "settings", "results", "verdict", "citations", "provenance"]
    );
    assert_eq!(document["schema"], serde_json::json!({ "name": "rivalry", "version": 1 }));
    assert_eq!(document["data"]["n"], 40);
    assert_eq!(document["provenance"]["seed"], 0);
    assert!(document["provenance"]["wall_seconds"].as_f64().unwrap() > 0.0);

    let results = &document["results"];
    for name in ["gap", "encoder_effect", "fusion_effect", "headroom"] {
        assert!(is_estimate(&results[name]), "{name}: {}", results[name]);
    }
    let models = results["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    for name in ["gene", "lipid", "gene+lipid", "ensemble"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    for model in models {
        assert!(["unimodal", "joint", "ensemble"].contains(&model["kind"].as_str().unwrap()), "{model}");
        assert!(is_estimate(&model["accuracy"]) && is_estimate(&model["drop_vs_best_unimodal"]), "{model}");
        assert!(
            (0.0..=1.0).contains(&model["accuracy"]["value"].as_f64().unwrap()),
            "fractions, not percent"
        );
        assert!(!model["modalities"].as_array().unwrap().is_empty());
    }
    for modality in results["modalities"].as_array().unwrap() {
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
            assert!(is_estimate(&modality[name]), "{name}: {}", modality[name]);
        }
    }
    let classes = results["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 5);
    for class in classes {
        for name in ["joint", "best_unimodal", "change", "shrunken_change"] {
            assert!(is_estimate(&class[name]), "{name}: {}", class[name]);
        }
        for name in ["name", "n", "q_value", "winner"] {
            assert!(class.get(name).is_some(), "{name}: {class}");
        }
    }
    let verdict = &document["verdict"];
    let code = verdict["code"].as_str().unwrap();
    assert!(code.len() == 2 && code.starts_with('V'), "{code}");
    assert!(verdict.get("loser").is_some());
    for name in ["evidence", "ruled_out", "next"] {
        assert!(verdict[name].is_array(), "{name}");
    }
    assert!(!document["citations"].as_array().unwrap().is_empty());
}

// promise: P24
#[test]
fn the_number_of_threads_changes_no_bit() {
    let with = |threads: &str| {
        timeless(
            rivalry_with(SMALL.replace("--threads 2", threads).split_whitespace().chain(["--json"])).json(),
        )
    };
    let one = with("--threads 1");
    for threads in ["2", "3", "8"] {
        assert_eq!(with(&format!("--threads {threads}")), one, "{threads} threads");
    }
}

// promise: P25
#[test]
fn a_kept_report_is_drawn_to_the_letter() {
    let path = folder("diagnose_kept");
    let path = path.to_str().unwrap();
    let fresh = small(&["--out", path]);
    assert_eq!(fresh.status, 0, "{fresh}");
    let kept = rivalry_with(["report", path]);
    assert_eq!((kept.status, &kept.stderr[..]), (0, ""), "{kept}");
    assert_eq!(kept.stdout, fresh.stdout);
    let file = std::fs::read_to_string(format!("{path}/report.json")).unwrap();
    assert_eq!(rivalry_with(["report", path, "--json"]).stdout, file);
    let line = rivalry_with(["report", path, "--as", "json", "--set", "indent=false"]);
    assert_eq!(line.stdout.lines().count(), 1);
    assert_eq!(line.json(), serde_json::from_str::<Value>(&file).unwrap());

    // To a file: the same bytes, or no file.
    let csv = format!("{path}.csv");
    let saved = rivalry_with(["report", path, "--as", "csv", "--output", &csv]);
    assert_eq!((saved.status, saved.stdout.as_str(), saved.stderr.as_str()), (0, "", ""), "{saved}");
    let text = std::fs::read_to_string(&csv).unwrap();
    assert_eq!(rivalry_with(["report", path, "--as", "csv"]).stdout, text);
    assert!(text.starts_with("table,row,column,value,low,high,level,n,method,text\n"), "{text}");
    let svg = format!("{path}.svg");
    let none = rivalry_with(["report", path, "--as", "svg", "--set", "chart=100", "-o", &svg]);
    let expected = "error: there is no chart 100 in this report, which has 8\n\n\
                    hint: `rivalry list renderers` says what the knobs of renderers choose\n";
    assert_eq!((none.status, none.stderr.as_str()), (2, expected), "{none}");
    assert!(!Path::new(&svg).exists());

    // What was kept is not computed again, and says the same.
    let again = small(&["--out", path, "--json"]);
    assert_eq!(timeless(again.json()), timeless(serde_json::from_str(&file).unwrap()));
    let runs = rivalry_with(["store", "list", path, "--json"]).json();
    let n_runs = runs["results"]["runs"].as_array().unwrap().len();
    assert_eq!(again.json()["settings"]["n_runs"], n_runs);
    assert_eq!(rivalry_with(["store", "doctor", path]).status, 0);
}

// promise: P25
#[test]
fn a_report_does_not_depend_on_where_and_when_it_is_drawn() {
    let path = folder("diagnose_places");
    let kept = small(&["--out", path.to_str().unwrap(), "-q"]);
    assert_eq!(kept.status, 0, "{kept}");
    let page = std::fs::read_to_string(path.join("report.html")).unwrap();
    for name in ["terminal", "json", "csv", "svg", "html", "markdown", "latex", "junit"] {
        let here = rivalry_with(["report", path.to_str().unwrap(), "--as", name]);
        assert_eq!(here.status, 0, "{here}");
        for (zone, language) in
            [("UTC", "C"), ("Pacific/Kiritimati", "tr_TR.UTF-8"), ("America/Adak", "de_DE")]
        {
            let mut there = command();
            there.current_dir(&path).env("TZ", zone).env("LC_ALL", language).env("LANG", language);
            let there = Ended::from(there.args(["report", ".", "--as", name]).output().unwrap());
            assert!(there.stdout == here.stdout, "`{name}` in {zone}, {language}");
        }
        assert!(name != "html" || here.stdout == page, "the kept page is another one");
    }
}

#[test]
fn tiny_data_are_said_to_be_tiny() {
    let ended = small(&[]);
    assert_eq!(ended.status, 0, "{ended}");
    assert!(ended.stdout.contains("! n = 40 tested samples"), "{ended}");
    for words in ["2 seeds", "gap ", "encoder effect", "fusion effect", "VERDICT V", "best alone", "ensemble"]
    {
        assert!(ended.stdout.contains(words), "{words} is not in\n{ended}");
    }
    for definition in ["alone: ", "branch in joint: ", "probe alone: ", "probe in joint: "] {
        assert!(
            ended.stdout.contains(&format!("\n  {definition}")),
            "{definition} is not defined in\n{ended}"
        );
    }
    for line in ended.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(ended.stderr.starts_with("nutrimouse: 40 samples"), "{ended}");
}

#[test]
fn quiet_is_quiet() {
    assert_eq!(small(&["--quiet"]).stderr, "");
}

#[test]
fn an_inconclusive_verdict_can_be_a_status() {
    let ended = small(&["--json", "--fail-on-inconclusive", "--rope", "40"]);
    let is_open = ended.json()["verdict"]["code"] == "V0";
    assert_eq!(ended.status, if is_open { 4 } else { 0 }, "{ended}");
    let path = folder("diagnose_one_seed");
    let table = path.join("noise.csv");
    noise(&table);
    let open = rivalry_with(
        ["diagnose", table.to_str().unwrap(), "--label", "y", "--modality", "a=a*", "--modality", "b=b*"]
            .into_iter()
            .chain(["--seeds", "2", "--epochs", "3", "--json", "--fail-on-inconclusive", "--quiet"]),
    );
    assert_eq!(open.json()["verdict"]["code"], "V0", "{open}");
    assert_eq!(open.status, 4, "{open}");
}

/// Thirty samples whose features say nothing of their labels.
#[expect(clippy::disallowed_methods, reason = "the test makes the file that it reads")]
fn noise(path: &std::path::Path) {
    let mut text = "a1,a2,b1,b2,y\n".to_owned();
    let mut state: u32 = 1;
    for row in 0..30 {
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            write!(text, "{},", f64::from(state >> 8) / 1e6).unwrap();
        }
        text += if row % 2 == 0 { "x\n" } else { "z\n" };
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn a_budget_says_what_it_left_out() {
    let ended = rivalry("diagnose demo:nutrimouse --seeds 5000 --budget 3s --json");
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    let left_out = document["settings"]["left_out"].as_array().unwrap();
    assert!(left_out.iter().any(|what| what.as_str().unwrap().contains("of 5000 seeds")), "{left_out:?}");
    assert_eq!(document["settings"]["budget_seconds"], 3.0);
    // Machines differ in load; that the budget governs the time is the point.
    assert!(document["provenance"]["wall_seconds"].as_f64().unwrap() < 30.0);
}

// promise: P16
#[test]
fn everything_wrong_with_the_settings_is_told_at_once() {
    let ended = rivalry(
        "diagnose nofile.npz --encoder mpl --solver adm --set widht=3 --set solver.lr=0 --set data.x=1",
    );
    assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
    insta::assert_snapshot!(ended, @r#"
exit status: 2
---- stderr
error: `--set data.x`: `data` has no knobs; `encoder`, `solver` and `schedule` have
error: unknown encoder `mpl`
error: unknown solver `adm`: did you mean `adam`?

hint: `rivalry list` shows every kind, `rivalry list DRAWER` its knobs
"#);
    let ended = rivalry("diagnose demo --set widht=3 --set dropout=2 --set schedule.every=1");
    insta::assert_snapshot!(ended, @r#"
exit status: 2
---- stderr
error: `mlp.dropout` must be a number from 0 to 0.95, not `2`
error: `mlp` has no knob `widht`: did you mean `width`?
error: `constant` has no knob `every`

hint: `rivalry list` shows every kind, `rivalry list DRAWER` its knobs
"#);
}

#[test]
fn one_modality_cannot_compete() {
    let table = folder("diagnose_one_modality").join("one.csv");
    noise(&table);
    let ended =
        rivalry_with(["diagnose", table.to_str().unwrap(), "--label", "y", "--modality", "a=*", "--quiet"]);
    assert_eq!(ended.status, 3, "{ended}");
    assert!(ended.stderr.contains("competition needs at least two"), "{ended}");
    assert!(ended.stderr.contains("\n\nhint: "), "{ended}");
}

#[test]
fn what_is_no_report_is_told() {
    let path = folder("report_none");
    let file = |name: &str, text: &str| {
        let path = path.join(name);
        overwrite(&path, text);
        path.to_str().unwrap().to_owned()
    };
    let listed = rivalry("list --json").stdout;
    let later = listed.replace("\"version\": 1", "\"version\": 99");
    let hollow = listed.replace("\"command\": \"list\"", "\"command\": \"diagnose\"");
    for (path, expected) in [
        (path.join("nothing").to_str().unwrap().to_owned(), "there is no such file or folder"),
        (path.to_str().unwrap().to_owned(), "report.json: there is no such file or folder"),
        (file("text.json", "hello"), "not a report"),
        (file("cut.json", &listed[..listed.len() / 2]), "not a report"),
        (file("deep.json", &"[".repeat(100_000)), "not a report"),
        (file("list.json", &listed), "a document of `list`"),
        (file("later.json", &later), "version 99"),
        (file("hollow.json", &hollow), "has not the shape of a diagnosis"),
    ] {
        let ended = rivalry_with(["report", &path]);
        assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{path}\n{ended}");
        assert!(ended.stderr.contains(expected) && ended.stderr.contains("\n\nhint: "), "{path}\n{ended}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the test makes the files that it reads")]
fn overwrite(path: &std::path::Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
