//! Every document of the lab is drawn by every renderer, fresh and read back.

use rivalry::lab::claims::{Chosen, Claim, Found, Size};
use rivalry::lab::{
    GridPoint, PhaseResults, SweepResults, Varied, claims, data_phase, grid, run_results, run_trial,
    summarise, toy_phase, verify_results,
};
use rivalry::registry::{Choice, Value};
use rivalry::render::{RENDERERS, renderer};
use rivalry::report::{Document, Report, Work, lab};
use serde_json::json;

use super::{small, trial, trials};

fn rendered(name: &str, report: &Report) -> String {
    let mut out = Vec::new();
    renderer(&Choice::new(name)).unwrap().render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn document(command: &str, settings: serde_json::Value, results: serde_json::Value) -> Document {
    let cites = claims::table()[0].cites;
    Document { citations: Work::of(cites), ..Document::plain(command, settings, results) }
}

/// Draws the document in every way, and again after it went through its text;
/// the terminal's text.
fn draw(document: &Document) -> String {
    let report = lab(document).unwrap().unwrap();
    let json = rendered("json", &report);
    let kept: Document = serde_json::from_str(&json).unwrap();
    assert_eq!(kept, *document, "{}", document.command);
    let again = lab(&kept).unwrap().unwrap();
    for entry in RENDERERS {
        if renderer(&Choice::new(entry.name)).unwrap().is_binary() {
            continue;
        }
        let text = rendered(entry.name, &report);
        assert!(!text.is_empty(), "{} as {}", document.command, entry.name);
        assert!(!text.contains("NaN"), "{} as {}:\n{text}", document.command, entry.name);
        assert!(rendered(entry.name, &again) == text, "{} as {}", document.command, entry.name);
    }
    rendered("terminal", &report)
}

#[test]
fn one_trial() {
    for changes in [&[][..], &[("until", "decided")], &[("max_updates", "3")], &[("modalities", "3")]] {
        let setting = small(changes);
        let trial = run_trial(&setting, 1, true, &false.into()).unwrap();
        let results = run_results(&setting, &trial);
        assert_eq!(results.classes.len(), 3);
        let text = draw(&document("lab run", json!({ "setting": setting }), json!(results)));
        assert!(text.contains("smoothed") || text.contains("K = 3"), "{text}");
    }
}

#[test]
fn a_race() {
    for changes in [&[][..], &[("until", "decided")], &[("strategy", "warm_start"), ("modalities", "3")]] {
        let setting = small(changes);
        let summary = summarise(&setting, &trials(&setting, 0, 3)).unwrap();
        let settings = json!({ "setting": setting, "trials": 3 });
        let text = draw(&document("lab race", settings, json!(summary)));
        assert!(text.contains("modality 2 alone wins"), "{text}");
        assert!(!text.contains("did not converge"), "{text}");
    }
    // A trial that did not converge is spoken of.
    let setting = small(&[]);
    let mut outcomes = trials(&setting, 0, 2);
    outcomes[1].joint.ended = rivalry::lab::TrialEnd::NotConverged;
    let summary = summarise(&setting, &outcomes).unwrap();
    let text = draw(&document("lab race", json!({ "setting": setting, "trials": 2 }), json!(summary)));
    assert!(text.contains("1 of 2 trials did not converge"), "{text}");
}

#[test]
fn a_map() {
    let base = small(&[]);
    let varied = |key: &str, values: &[&str]| Varied {
        key: key.to_owned(),
        values: values.iter().map(|value| Value::parse(value)).collect(),
    };
    let maps = [
        vec![varied("m", &["4", "8"])],
        vec![varied("m", &["4", "8"]), varied("mu.2", &["0.05", "0.1"])],
        vec![varied("m", &["4"]), varied("mu.2", &["0.05"]), varied("q", &["3", "4"])],
        vec![varied("strategy", &["naive", "auxiliary"])],
    ];
    let all: Vec<&str> = rivalry::lab::QUANTITIES.iter().map(|quantity| quantity.name).collect();
    for vary in maps {
        let points: Vec<GridPoint> = grid(&base, &vary)
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(i, (at, setting))| {
                // One point of each map has nothing to show.
                let outcomes = if i == 1 { Vec::new() } else { vec![trial(&setting, 0), trial(&setting, 1)] };
                GridPoint { at, summary: summarise(&setting, &outcomes), n_trials: 2 }
            })
            .collect();
        let n_points = points.len();
        let results = SweepResults { vary: vary.clone(), points };
        for show in [&["p_win", "joint_minus_best"][..], &all] {
            let settings = json!({ "setting": base, "trials": 2, "show": show });
            let document = document("lab sweep", settings, json!(results));
            draw(&document);
            let table = rendered("csv", &lab(&document).unwrap().unwrap());
            let of = table.lines().filter(|line| line.contains(",undecided,")).count();
            assert_eq!(of, n_points, "{table}");
        }
    }
}

#[test]
fn a_verification() {
    let on_reference = |claim: &dyn Claim| {
        let experiments = claim.experiments(Size::Quick);
        !experiments.is_empty() && experiments.iter().all(|experiment| experiment.name == "reference")
    };
    let chosen: Vec<Chosen> = claims::table()
        .iter()
        .map(|entry| (entry, (entry.build)(&entry.settle(&Choice::new(entry.name)).unwrap())))
        .filter(|(_, claim)| on_reference(&**claim))
        .collect();
    assert!(chosen.len() > 5);
    let mut experiment = chosen[0].1.experiments(Size::Quick).remove(0);
    experiment.setting = small(&[]);
    let outcomes = trials(&experiment.setting, 0, 3);
    let experiments = [(experiment, outcomes)];
    let found = Found { experiments: &experiments, size: Size::Quick, threads: 1 };
    let results = verify_results(&chosen, &found);
    let text = draw(&document("lab verify", json!({ "quick": true }), json!(results)));
    for (entry, _) in &chosen {
        assert!(text.contains(entry.name), "{}:\n{text}", entry.name);
    }
}

#[test]
fn a_phase() {
    for (ratio, correlation, depth, fusion) in [(2.0, 0.0, 2, 2), (3.0, 0.3, 4, 2), (2.0, -0.7, 3, 1)] {
        let toy = toy_phase(ratio, correlation, depth, fusion, 0.05);
        assert_eq!((toy.ratio, toy.depth, toy.fusion), (ratio, depth, fusion));
        let results = PhaseResults { toy: Some(toy), data: None };
        let text = draw(&document("lab phase", json!({}), json!(results)));
        assert!(text.contains("after layer"), "{text}");
    }
    let data = small(&[("strength.1", "2")]).data.explicit(60, 5, 0).unwrap().data;
    let phase = data_phase(&data, 0);
    assert_eq!(phase.order[0], ("m1".to_owned(), Some(1.0)));
    let results = PhaseResults { toy: None, data: Some(phase) };
    let text = draw(&document("lab phase", json!({}), json!(results)));
    assert!(text.contains("m1 before m2"), "{text}");
}

#[test]
fn what_is_no_document_of_the_lab_is_told() {
    let plain = |command: &str| Document::plain(command, json!({ "setting": 3 }), json!(1));
    assert!(lab(&plain("diagnose")).is_none());
    assert!(lab(&plain("lab")).is_none());
    for command in ["lab run", "lab race", "lab sweep", "lab verify", "lab phase"] {
        let error = lab(&plain(command)).unwrap().unwrap_err().to_string();
        assert!(error.contains("setting") || error.contains("results"), "{command}: {error}");
    }
}
