//! The whole command killed without warning, again and again.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rivalry::num::{Draws, Purpose};

use crate::process::{Ended, command, folder};

const WHAT: &[&str] =
    &["diagnose", "demo:nutrimouse", "--seeds", "2", "--epochs", "400", "--json", "--quiet"];

/// Every kept run by its path within the folder, byte for byte.
fn runs(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rivalry") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn run(out: &Path, threads: &str) -> Ended {
    let mut command = command();
    command.args(WHAT).args(["--threads", threads]).arg("--out").arg(out);
    command.output().unwrap().into()
}

// promise: P01
#[test]
fn a_diagnosis_killed_at_any_moment_ends_with_the_same_runs() {
    let undisturbed = folder("killed_undisturbed");
    let whole = run(&undisturbed, "2");
    assert_eq!(whole.status, 0, "{whole}");

    let soak = std::env::var_os("RIVALRY_SOAK").is_some();
    let mut draws = Draws::new(1, Purpose::new("kill test"), 0);
    let (mut kills, mut rounds, mut n_compared) = (0, 0, 0);
    while kills < if soak { 2_000 } else { 200 } {
        let disturbed = folder("killed_disturbed");
        loop {
            let mut child = command()
                .args(WHAT)
                .args(["--threads", "2", "--out"])
                .arg(&disturbed)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Short delays for every change; a soak also reaches far into the work.
            let longest = if soak { 400 } else { 60 };
            std::thread::sleep(Duration::from_millis(1 + draws.below(longest) as u64));
            // SIGKILL: the process cannot answer.
            let _ = child.kill();
            if child.wait().unwrap().success() {
                break;
            }
            kills += 1;
            // A slow machine may not finish one run between two kills, and what
            // is left after fewer is worth comparing too.
            if kills % 25 == 0 {
                break;
            }
        }
        let ended = run(&disturbed, "1");
        assert_eq!(ended.status, 0, "{ended}");
        assert_eq!(ended.json()["results"], whole.json()["results"]);
        let (left, right) = (runs(&disturbed), runs(&undisturbed));
        assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
        assert!(left == right, "a run differs after {kills} kills");
        n_compared += left.len();
        assert!(left.len() >= 40, "{} runs", left.len());
        rounds += 1;
    }
    assert!(rounds >= 8 && n_compared >= 320, "{rounds} rounds, {n_compared} runs");
}
