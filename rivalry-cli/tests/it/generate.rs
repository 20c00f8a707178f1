//! `rivalry data generate`.

use std::path::Path;

use crate::process::{Ended, command, folder};

fn in_folder(folder: &Path, line: &str) -> Ended {
    command().current_dir(folder).args(line.split_whitespace()).output().unwrap().into()
}

const SMALL: &str = "--classes 4 --train 80 --test 50 --set dim=60 --set dim.2=40";

#[test]
fn what_is_made_is_shown() {
    let folder = folder("generate_shown");
    let shown = in_folder(&folder, &format!("data generate lab.npz {SMALL}")).to_string();
    let fingerprint = in_folder(&folder, "data inspect lab.npz --json").json()["data"]["fingerprint"].clone();
    insta::assert_snapshot!(shown.replace(fingerprint.as_str().unwrap(), "FINGERPRINT"), @r#"
exit status: 0
---- stdout
sparse coding data written to lab.npz

  samples      80 to train, 50 to test
  classes      4
  seed         0
  truth        lab.truth.npz
  settings     lab.truth.json
  fingerprint  FINGERPRINT

Modalities

  modality  features  asked  train    test
                      %
  ───────────────────────────────────────────
  m1        60        2.0    0 of 80  1 of 50
  m2        40        6.0    2 of 80  4 of 50

  Insufficient samples: the share that was asked for, and how many there are.

  ! X^r = M^r z^r + xi^r is the talk's; the laws of z and xi and all constants are our
    reconstruction, not the paper's
"#);
}

#[test]
fn every_form_holds_the_same_data_and_the_document_is_kept() {
    let folder = folder("generate_forms");
    let mut fingerprints = Vec::new();
    for out in ["a.npz", "b.csv", "c"] {
        let made = in_folder(&folder, &format!("data generate {out} {SMALL} --seed 3 --json"));
        assert_eq!((made.status, made.stderr.as_str()), (0, ""), "{made}");
        let document = made.json();
        let kept = folder.join(document["results"]["settings"].as_str().unwrap());
        assert_eq!(std::fs::read_to_string(kept).unwrap(), made.stdout);
        assert!(document["settings"]["origin"].as_str().unwrap().contains("our reconstruction"));
        assert_eq!(document["settings"]["model"]["modalities"][1]["dim"], 40);
        assert_eq!(document["settings"]["seed"], 3);
        assert_eq!(document["provenance"]["seed"], 3);
        assert_eq!(document["citations"][0]["key"], "huang2022competition");
        let read = in_folder(&folder, &format!("data inspect {out} --json")).json();
        assert_eq!(read["data"]["modalities"], document["data"]["modalities"], "no truth among the features");
        assert_eq!(read["data"]["split"]["n_train"], 80);
        assert_eq!(read["data"]["fingerprint"], document["data"]["fingerprint"], "{out}");
        fingerprints.push(read["data"]["fingerprint"].clone());
    }
    assert!(fingerprints.iter().all(|f| *f == fingerprints[0]));
    let other = in_folder(&folder, &format!("data generate d.npz {SMALL} --seed 4 --json")).json();
    assert_ne!(other["data"]["fingerprint"], fingerprints[0]);
}

#[test]
fn the_talks_network_trains_on_it() {
    let folder = folder("generate_trains");
    in_folder(&folder, &format!("data generate lab.npz {SMALL} --modalities 3"));
    let training = "--encoder smoothed_relu --solver gradient_descent --no-standardise --quick --json";
    let ended = in_folder(&folder, &format!("diagnose lab.npz {training}"));
    assert_eq!(ended.status, 0, "{ended}");
    assert_eq!(ended.json()["results"]["modalities"].as_array().unwrap().len(), 3);
}

#[test]
fn the_truth_is_no_data_set() {
    let folder = folder("generate_truth");
    in_folder(&folder, &format!("data generate lab.npz {SMALL}"));
    let ended = in_folder(&folder, "data inspect lab.truth.npz");
    assert_eq!(ended.status, 3, "{ended}");
    assert!(ended.stderr.contains("no labels"), "{ended}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they read")]
fn nothing_is_overwritten_not_even_the_truth() {
    let folder = folder("generate_kept");
    for taken in ["lab.npz", "lab.truth.npz", "lab.truth.json"] {
        std::fs::write(folder.join(taken), "precious").unwrap();
        let ended = in_folder(&folder, &format!("data generate lab.npz {SMALL}"));
        assert_eq!(ended.status, 2, "{ended}");
        assert!(ended.stderr.contains(&format!("{taken}: exists already")), "{ended}");
        assert_eq!(std::fs::read_to_string(folder.join(taken)).unwrap(), "precious");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::remove_file(folder.join(taken)).unwrap();
    }
}

#[test]
fn a_planted_cause_comes_with_its_truth_and_acts_when_trained_as_told() {
    let folder = folder("generate_planted");
    let made = in_folder(
        &folder,
        "data generate weak.npz --planted weak_baseline --strength 0.8 --classes 4 --modalities 2 --seed 5 --json",
    );
    assert_eq!((made.status, made.stderr.as_str()), (0, ""), "{made}");
    let document = made.json();
    assert_eq!(std::fs::read_to_string(folder.join("weak.truth.json")).unwrap(), made.stdout);
    let planted = &document["results"]["planted"];
    assert_eq!((&planted["code"], &planted["knobs"]["strength"]), (&"V9".into(), &0.8.into()));
    assert_eq!(planted["bayes_alone"].as_array().unwrap().len(), 2);
    let read = in_folder(&folder, "data inspect weak.npz --json").json();
    assert_eq!(read["data"]["fingerprint"], document["data"]["fingerprint"]);
    let told = document["results"]["diagnose"].as_str().unwrap().strip_prefix("rivalry ").unwrap();
    let found = in_folder(&folder, &format!("{told} --seeds 3 --json"));
    assert_eq!(found.status, 0, "{found}");
    assert_eq!(found.json()["verdict"]["code"], "V9", "{found}");

    let shown = in_folder(&folder, "data generate head --planted broken_head --dim 20").to_string();
    assert!(shown.contains("right verdict  V7") && shown.contains("which no option does"), "{shown}");
}
