//! `rivalry data`.

use std::path::Path;

use crate::process::{folder, rivalry, rivalry_with};

#[expect(clippy::disallowed_methods, reason = "tests make the files that they read")]
fn file(path: &Path, content: &str) {
    std::fs::write(path, content).expect("a file can be written");
}

#[test]
fn a_small_set() {
    insta::assert_snapshot!(rivalry("data inspect demo:nutrimouse --folds 4"), @r#"
exit status: 0
---- stdout
nutrimouse: 40 samples

  samples      40
  classes      5
  modalities   2
  split        4 folds, stratified by class, dealt anew per seed
  fingerprint  17c101406d9bf50958c21a87571ec809e9b6225310c75b8d8436e0e45a74c3d8

Modalities

  modality  features  constant  zeros  lowest  highest  type
                                %
  ──────────────────────────────────────────────────────────
  gene      120       0          0.2   -1.89    1.78    f64
  lipid      21       0         17.5       0   41.23    f64

Classes

  class  samples  share  train  test
                  %
  ──────────────────────────────────
  coc    8        20.0   6      2
  fish   8        20.0   6      2
  lin    8        20.0   6      2
  ref    8        20.0   6      2
  sun    8        20.0   6      2

  Train and test samples of the first seed (and fold).

  ! only 40 samples are ever tested: one of them is 2.5 points of accuracy
"#);
}

#[test]
fn the_document_describes_the_data() {
    let document = rivalry("data inspect demo --json").json();
    assert_eq!(document["command"], "data inspect");
    assert_eq!(document["data"]["n"], 2000);
    assert_eq!(document["data"]["classes"].as_array().unwrap().len(), 10);
    assert_eq!(document["data"]["modalities"][0], serde_json::json!({ "name": "pix", "dim": 240 }));
    assert_eq!(document["data"]["split"]["n_test"], 400);
    assert_eq!(document["data"]["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(document["results"]["modalities"][5]["high"], 17572.0);
}

// promise: P15
#[test]
fn data_survive_being_written_and_read() {
    let folder = folder("data_survive");
    let original = rivalry("data inspect demo:nutrimouse --json").json();
    let mut from = "demo:nutrimouse".to_owned();
    for name in ["a.npz", "b.csv", "c"] {
        let to = folder.join(name).display().to_string();
        let written = rivalry_with(["data", "convert", &from, &to, "--json"]);
        assert_eq!((written.status, written.stderr.as_str()), (0, ""), "{written}");
        assert_eq!(written.json()["data"]["fingerprint"], original["data"]["fingerprint"], "{name}");
        // From the second file on the labels have the name that the first gave them.
        from = to;
    }
    let again = rivalry_with(["data", "inspect", &from, "--json"]).json();
    assert_eq!(again["data"]["fingerprint"], original["data"]["fingerprint"]);
}

#[test]
fn nothing_is_overwritten() {
    let path = folder("nothing_is_overwritten").join("kept.npz");
    file(&path, "precious");
    let ended = rivalry_with(["data", "convert", "demo:nutrimouse", &path.display().to_string()]);
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.contains("kept.npz: exists already"), "{ended}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

// promise: P14
#[test]
fn bad_data_have_status_3_a_place_and_a_hint() {
    let folder = folder("bad_data");
    let table = |name: &str, content: &str| {
        let path = folder.join(name);
        file(&path, content);
        path.display().to_string()
    };
    let rows = [
        (table("empty.csv", ""), "empty.csv: "),
        (table("letters.csv", "m.a,m.b,y\n1,2,x\n1,n/a,z\n"), "letters.csv, line 3, column 2: "),
        (table("ragged.csv", "m.a,m.b,y\n1,2,x\n1,z\n"), "ragged.csv, line 3"),
        (table("nan.csv", "m.a,m.b,y\n1,2,x\n1,nan,z\n"), "nan.csv"),
        (table("one.csv", "m.a,m.b,y\n1,2,x\n1,3,x\n"), "one.csv"),
        (table("nolabel.csv", "m.a,m.b\n1,2\n1,3\n"), "nolabel.csv"),
        (table("pickled.pkl", "\u{80}\u{4}"), "pickled.pkl"),
        (table("unknown.xyz", "hello"), "unknown.xyz"),
        (folder.join("missing.npz").display().to_string(), "missing.npz: "),
        ("demo:digits".to_owned(), "there is no demo data set `demo:digits`"),
    ];
    for (path, expected) in rows {
        let ended = rivalry_with(["data", "inspect", &path]);
        assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{path}\n{ended}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(expected), "{path}\n{ended}");
        assert!(ended.stderr.contains("\n\nhint: "), "{path}\n{ended}");
        assert!(!ended.stderr.contains("panicked"), "{path}\n{ended}");
    }
}

// promise: P29
#[test]
fn hostile_names_in_files_and_of_files_do_not_drive_the_terminal() {
    let path = folder("hostile").join("a\u{1b}[31m\u{202e}.csv");
    file(&path, "m.a,m.b,y\n1,2,x\n1,\u{1b}[2J,z\n");
    let ended = rivalry_with(["data", "inspect", &path.display().to_string()]);
    assert_eq!(ended.status, 3, "{ended}");
    assert!(!ended.to_string().contains(['\u{1b}', '\u{202e}']), "{ended:?}");
}

#[test]
fn demo_data_know_their_parts() {
    let ended = rivalry("data inspect demo --label y");
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.contains("compiled in"), "{ended}");
}
