//! `rivalry remedy` on the small demo data with few epochs: what is tested is the command, not the figures.

use serde_json::Value;

use crate::process::{Ended, folder, rivalry, rivalry_with};

const SMALL: &str = "remedy demo:nutrimouse --try ogm_ge,modality_dropout,umt --configurations 4 --seeds 2 --epochs 6 --quiet";

fn small(more: &[&str]) -> Ended {
    rivalry_with(SMALL.split_whitespace().chain(more.iter().copied()))
}

fn is_estimate(value: &Value) -> bool {
    let keys: Vec<&str> = value.as_object().map_or(Vec::new(), |o| o.keys().map(String::as_str).collect());
    keys == ["value", "low", "high", "level", "n", "method"]
        && (value["value"].is_number()
            || value["method"].as_str().is_some_and(|m| m.starts_with("not measured:")))
}

/// The document without what may differ between two runs of one command.
fn timeless(mut document: Value) -> Value {
    let provenance = document["provenance"].as_object_mut().unwrap();
    for key in ["wall_seconds", "threads", "run_seconds"] {
        provenance.remove(key);
    }
    document
}

#[test]
fn the_document_has_the_names_that_programs_rely_on() {
    let ended = small(&["--json"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{ended}");
    let document = ended.json();
    assert_eq!(document["command"], "remedy");
    let results = &document["results"];
    let rows = results["remedies"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    for control in
        ["gene alone", "lipid alone", "naive", "ensemble", "auxiliary", "auxiliary, encoder_rate 1.5"]
    {
        assert!(names.contains(&control), "{control} is not in {names:?}");
    }
    // In the order of the names.
    assert_eq!(names[names.len() - 3..], ["ogm_ge", "modality_dropout", "umt"]);
    for row in rows {
        for name in [
            "accuracy",
            "gain_over_joint",
            "gain_over_best_unimodal",
            "gain_over_ensemble",
            "gain_over_controls",
            "weakest_modality_probe",
            "weakest_modality_classes",
        ] {
            assert!(is_estimate(&row[name]), "{name}: {}", row[name]);
        }
        let is_method = row["kind"] == "remedy";
        assert_eq!(row["adjusted_p"].is_number(), is_method, "{row}");
        assert!(
            row["relative_cost"]["passes"].as_f64().unwrap() > 0.0 && row["chosen"].is_boolean(),
            "{row}"
        );
        assert!((0.0..=1.0).contains(&row["accuracy"]["value"].as_f64().unwrap()), "fractions, not percent");
    }
    assert_eq!(rows.iter().filter(|row| row["chosen"] == true).count(), 1);
    let search = &results["search"];
    assert_eq!((&search["configurations"], search["trials"].as_array().unwrap().len()), (&Value::from(4), 2));
    for method in search["methods"].as_array().unwrap() {
        assert!(method["spent_epochs"].as_f64().unwrap() <= search["budget_epochs"].as_f64().unwrap() + 1e-9);
    }
    let verdict = &document["verdict"];
    assert!(
        ["gain", "gain_not_chosen", "within_noise"].contains(&verdict["code"].as_str().unwrap()),
        "{verdict}"
    );
    assert!(names.contains(&verdict["use"].as_str().unwrap()), "{verdict}");
    let seconds = document["provenance"]["run_seconds"].as_object().unwrap();
    assert!(seconds["naive"].as_f64().unwrap() > 0.0 && seconds.contains_key("umt"), "{seconds:?}");
}

// promise: P24
#[test]
fn threads_change_no_bit_and_a_kept_report_is_drawn_to_the_letter() {
    let path = folder("remedy_kept");
    let path = path.to_str().unwrap();
    let fresh = small(&["--threads", "1", "--out", path]);
    assert_eq!(fresh.status, 0, "{fresh}");
    let kept = rivalry_with(["report", path]);
    assert_eq!((kept.status, kept.stdout), (0, fresh.stdout));
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{path}/report.json")).unwrap()).unwrap();
    assert_eq!(timeless(small(&["--threads", "3", "--json"]).json()), timeless(document.clone()));
    // Nothing is trained again, so nothing is timed; the rest is the same.
    let again = small(&["--out", path, "--json"]).json();
    assert!(again["provenance"].get("run_seconds").is_none());
    assert_eq!(timeless(again), timeless(document));
    for renderer in ["html", "markdown", "latex", "csv", "svg", "junit"] {
        let drawn = rivalry_with(["report", path, "--as", renderer]);
        assert!(drawn.status == 0 && !drawn.stdout.is_empty(), "{renderer}: {drawn}");
    }
    let page = rivalry_with(["report", path, "--as", "html"]).stdout;
    assert!(page.contains("What each method gains") && page.contains("How the settings were found"));
}

#[test]
fn a_small_report() {
    let line = "remedy demo:nutrimouse --try modality_dropout --quick --seeds 2 --epochs 4 -q";
    let ended = rivalry(line);
    assert_eq!(ended.status, 0, "{ended}");
    let verdict = ended.stdout.split("VERDICT").nth(1).unwrap();
    assert!(verdict.contains("within noise"), "{verdict}");
    let table: Vec<&str> =
        ended.stdout.lines().skip_while(|line| *line != "What each method gains").take(14).collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    What each method gains

      method                       accuracy           vs joint             vs best alone
                                   % ↑                points ↑             points ↑
      ────────────────────────────────────────────────────────────────────────────────────────
      gene alone                   31.2 [13.2, 49.3]  +2.5 [-14.8, +19.8]
      lipid alone                  25.0 [ 0.0, 53.4]  -3.8 [-32.2, +24.7]  -6.2 [-35.0, +22.5]
      naive                        28.7 [12.9, 44.6]                       -2.5 [-19.8, +14.8]
      ensemble                     28.7 [12.9, 44.6]   0.0 (1)             -2.5 [-19.8, +14.8]
      auxiliary                    31.2 [10.0, 52.5]  +2.5 [ -4.6,  +9.6]   0.0 [-20.9, +20.9]
      auxiliary, encoder_rate 1.5  30.0 [10.4, 49.6]  +1.2 [ -4.0,  +6.5]  -1.2 [-21.3, +18.8]
      ────────────────────────────────────────────────────────────────────────────────────────
      modality_dropout             28.7 [ 7.8, 49.7]   0.0 [-11.2, +11.2]  -2.5 [-24.5, +19.5]
    ");
}

#[test]
fn what_cannot_be_tried_is_told_before_anything_is_trained() {
    let cases = [
        (
            "remedy demo --try ogm,modality_dropuot",
            "error: `--try modality_dropuot`: unknown strategy `modality_dropuot`: did you mean `modality_dropout`?\n\n\
             hint: `rivalry list strategies` shows every method\n",
        ),
        (
            "remedy demo --try naive",
            "error: `--try naive`: it is a control, which is always there\n\nhint: `rivalry list strategies` shows every method\n",
        ),
        (
            "remedy demo --try ogm,",
            "error: `--try` names nothing\n\nhint: `rivalry list strategies` shows every method\n",
        ),
        (
            "remedy demo --configurations many",
            "error: `--configurations` does not accept `many`: expected a whole number from 0 to 1000\n\n\
             hint: `rivalry remedy --help` shows what is possible\n",
        ),
    ];
    for (line, expected) in cases {
        let ended = rivalry(line);
        assert_eq!((ended.status, ended.stdout.as_str(), ended.stderr.as_str()), (2, "", expected), "{line}");
    }
}

#[test]
fn a_method_that_does_not_apply_is_listed() {
    let line = "remedy demo:nutrimouse --try ogm,dgl --solver gradient_flow --configurations 1 --seeds 1 --epochs 1 -q --json";
    let ended = rivalry(line);
    assert_eq!(ended.status, 0, "{ended}");
    let results = &ended.json()["results"];
    let refused = results["refused"].as_array().unwrap();
    assert!(
        refused.iter().any(|one| one["name"] == "ogm" && one["why"].as_str().unwrap().contains("solver")),
        "{results}"
    );
}

#[test]
fn a_budget_leaves_out_and_says_what() {
    let line = "remedy demo:nutrimouse --try umt --seeds 5000 --epochs 6 --budget 2s -q --json";
    let ended = rivalry(line);
    assert_eq!(ended.status, 0, "{ended}");
    let document = ended.json();
    let left_out = document["settings"]["left_out"].as_array().unwrap();
    assert!(left_out.iter().any(|what| what.as_str().unwrap().ends_with("of 5000 seeds")), "{left_out:?}");
    assert!(document["settings"]["n_trials"].as_u64().unwrap() < 25_000);
}
