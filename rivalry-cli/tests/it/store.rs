//! `rivalry store`, on stores that the library made.

use std::path::Path;
use std::sync::Arc;

use rivalry::formats::embedded;
use rivalry::registry::Choice;
use rivalry::spec::Spec;
use rivalry::store::{Claim, Store};
use rivalry::train::{Trained, Unwatched, train};

use crate::process::{folder, rivalry_with};

/// Three short runs on the small demo data.
fn fill(path: &Path) {
    let data = embedded::nutrimouse();
    let store = Store::open(path).unwrap();
    let specs = [
        (vec!["gene".to_owned()], "unimodal", 1),
        (vec!["lipid".to_owned()], "unimodal", 1),
        (Vec::new(), "naive", 2),
    ];
    for (modalities, strategy, seed) in specs {
        let spec =
            Spec { modalities, strategy: Choice::new(strategy), epochs: Some(2), seed, ..Spec::default() };
        let job = spec.check(&data).unwrap();
        let Claim::Mine(lease) = store.claim(job.id()).unwrap() else { panic!("the run is new") };
        let Trained::Done(record) = train(&job, &data, &[], None, &mut Unwatched).unwrap() else {
            panic!("nobody interrupts")
        };
        store.commit(lease, &record.to_container()).unwrap();
    }
}

fn store(verb: &str, path: &Path, more: &[&str]) -> crate::process::Ended {
    let path = path.display().to_string();
    rivalry_with([&["store", verb, &path], more].concat())
}

/// The one file below a folder whose path holds the text.
fn find(folder: &Path, holds: &str) -> std::path::PathBuf {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(holds) {
                return path;
            }
        }
    }
    panic!("no file holds {holds}");
}

#[test]
fn list_shows_every_run() {
    let path = folder("store_list");
    fill(&path);
    let text = store("list", &path, &[]);
    assert_eq!((text.status, text.stderr.as_str()), (0, ""), "{text}");
    let rows: Vec<&str> = text.stdout.lines().filter(|line| line.contains("finished")).collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows[0].contains("gene") && rows[0].contains("unimodal"), "{text}");
    assert!(rows[2].contains("gene+lipid") && rows[2].contains("naive"), "{text}");

    let document = store("list", &path, &["--json"]).json();
    let runs = document["results"]["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3);
    assert_eq!(runs[2]["spec"]["seed"], 2);
    assert_eq!(runs[2]["ended"]["how"], "finished");
    assert_eq!(runs[0]["run"].as_str().unwrap().len(), 64);
}

// promise: P10
#[test]
fn doctor_explains_and_changes_nothing() {
    let path = folder("store_doctor");
    fill(&path);
    let healthy = store("doctor", &path, &["--json"]);
    assert_eq!(healthy.status, 0, "{healthy}");
    assert_eq!(healthy.json()["results"]["whole"], 3);

    let victim = find(&path, ".rivalry");
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    overwrite(&victim, &bytes);
    overwrite(&path.join("notes\u{1b}[2J.txt"), b"mine");

    let ill = store("doctor", &path, &[]);
    assert_eq!(ill.status, 1, "{ill}");
    assert!(!ill.stdout.contains('\u{1b}'), "{ill:?}");
    let document = store("doctor", &path, &["--json"]).json();
    assert_eq!(document["results"]["whole"], 2);
    let anomalies = document["results"]["anomalies"].as_array().unwrap();
    assert_eq!(anomalies.len(), 2, "{anomalies:?}");
    assert_eq!(std::fs::read(&victim).unwrap(), bytes, "nothing was moved or mended");

    let listed = store("list", &path, &[]);
    assert_eq!(listed.status, 0, "the head of the damaged run is whole: {listed}");
}

#[expect(clippy::disallowed_methods, reason = "the test damages files")]
fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn export_merges_stores() {
    let from = folder("store_export_from");
    fill(&from);
    let to = folder("store_export_to");
    let to_text = to.display().to_string();
    for (copied, already) in [(3, 0), (0, 3)] {
        let done = store("export", &from, &[&to_text, "--json"]);
        assert_eq!(done.status, 0, "{done}");
        let results = &done.json()["results"];
        assert_eq!((&results["copied"], &results["already"]), (&copied.into(), &already.into()));
    }
    let runs = |path: &Path| {
        Store::open_existing(path).unwrap().records().map(|r| Arc::new(r.unwrap().1)).collect::<Vec<_>>()
    };
    assert_eq!(runs(&from).len(), runs(&to).len());
}

#[test]
fn what_is_not_there_is_bad_data_whoever_is_asked() {
    let nothing = folder("store_nothing").join("nothing");
    let path = nothing.to_str().unwrap();
    for verb in [&["store", "list"][..], &["store", "doctor"], &["report"]] {
        let ended = rivalry_with([verb, &[path]].concat());
        assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{ended}");
        assert!(ended.stderr.contains("nothing: there is no such f"), "{ended}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's files need not survive anything")]
fn a_folder_that_holds_something_else_is_not_taken() {
    let path = folder("store_occupied");
    std::fs::write(path.join("thesis.tex"), "precious").unwrap();
    for command in ["lab run --set m=2 --out", "lab race --trials 1 --out"] {
        let words: Vec<&str> = command.split(' ').chain([path.to_str().unwrap()]).collect();
        let ended = rivalry_with(words);
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{ended}");
        assert!(ended.stderr.contains("holds other files and is no kept run\n\nhint: name a new"), "{ended}");
    }
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_no_store_is_told() {
    let path = folder("store_none");
    for verb in ["list", "doctor"] {
        let ended = store(verb, &path, &[]);
        assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{ended}");
        assert!(ended.stderr.contains("not a store") && ended.stderr.contains("\n\nhint: "), "{ended}");
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0, "looking makes nothing");
    }
}
