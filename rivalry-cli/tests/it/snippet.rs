//! `rivalry snippet`.

use std::path::Path;

use crate::process::rivalry;

/// The file as it lies in the library, with nothing before or behind it.
fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rivalry/src/strategies/pytorch");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_strategy_is_printed_as_its_file() {
    for (line, name) in [
        ("snippet naive", "naive.py"),
        ("snippet ogm_ge --framework pytorch", "ogm.py"),
        ("snippet mla --color always", "mla.py"),
    ] {
        let ended = rivalry(line);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{line}");
        assert_eq!(ended.stdout, file(name), "{line}");
    }
}

#[test]
fn the_document_holds_the_text() {
    let document = rivalry("snippet umt --json").json();
    assert_eq!(document["command"], "snippet");
    assert_eq!(document["settings"]["framework"], "pytorch");
    assert_eq!(document["results"]["name"], "umt");
    assert_eq!(document["citations"][0]["key"], "du2023unimodal");
    assert_eq!(document["results"]["text"].as_str().unwrap(), file("umt.py"));
}

#[test]
fn every_strategy_is_listed_and_has_one() {
    let listed = rivalry("snippet --json").json();
    let strategies = rivalry("list strategies --json").json();
    let names = |kinds: &serde_json::Value| -> Vec<String> {
        kinds.as_array().unwrap().iter().map(|kind| kind["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = names(&listed["results"]["snippets"]);
    assert_eq!(all, names(&strategies["results"]["drawers"][0]["kinds"]));
    for name in all {
        let printed = rivalry(&format!("snippet {name}"));
        assert!(printed.status == 0 && printed.stdout.starts_with("\"\"\""), "{name}: {printed}");
    }
    assert_eq!(rivalry("snippet --list").stdout, rivalry("snippet").stdout);
}
