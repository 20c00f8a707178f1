//! Plans: shares computed by processes that do not know of each other, killed and started again, merged.

mod bad_plans;
#[cfg(target_os = "linux")]
mod batch_systems;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rivalry::num::{Draws, Purpose};
use serde_json::Value;

use crate::process::{Ended, command, folder};

/// A diagnosis of 40 short runs.
const SHORT: &str = "diagnose demo:nutrimouse --seeds 2 --epochs 3";
/// A map of four settings, seeds that do not begin where a file does.
const MAP: &str = "lab sweep --vary m=2,4 --vary q=3,4 --trials 9 --seed 5 --set n=60 --set n_test=50 --set dim=100 \
                   --set noise=1 --set sigma0=1e-2 --set until=decided";

/// Runs the binary in a folder.
pub(super) fn at(folder: &Path, line: &str) -> Ended {
    command().current_dir(folder).args(line.split_whitespace()).output().unwrap().into()
}

/// The same, where it must end well.
fn well(folder: &Path, line: &str) -> Ended {
    let ended = at(folder, line);
    assert_eq!(ended.status, 0, "rivalry {line}\n{ended}");
    ended
}

/// A document without what depends on the clock and the number of threads.
pub(super) fn timeless(ended: &Ended) -> Value {
    let mut document = ended.json();
    for key in ["wall_seconds", "threads"] {
        document["provenance"][key] = Value::Null;
    }
    document
}

/// Every kept run by its name, byte for byte.
pub(super) fn runs(store: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in std::fs::read_dir(store.join("runs")).into_iter().flatten() {
        for entry in std::fs::read_dir(part.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|suffix| suffix == "rivalry") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A folder with a plan of a command, and the command's own result with its store in `local`.
pub(super) fn planned(name: &str, line: &str) -> (PathBuf, Value) {
    let folder = folder(name);
    well(&folder, &format!("sweep plan {line} --out plan.json"));
    let local = well(&folder, &format!("{line} --out local --json --quiet"));
    let document = timeless(&local);
    (folder, document)
}

// promise: P07
#[test]
fn shares_in_any_order_make_the_result_of_the_command() {
    for (name, line, n_runs) in [("sweep_networks", SHORT, 40), ("sweep_trials", MAP, 8)] {
        let (folder, local) = planned(name, line);
        let mut computed = 0;
        for shard in [3, 1, 5, 4, 2] {
            let run = format!("sweep run plan.json --shard {shard}/5 --store kept --json --quiet");
            let first = well(&folder, &run).json();
            computed += first["results"]["computed"].as_u64().unwrap();
            let again = well(&folder, &run).json();
            assert_eq!(again["results"]["computed"], 0);
            assert_eq!(again["results"]["kept"], first["results"]["n_runs"]);
        }
        assert_eq!(computed, n_runs, "{line}");
        let merged = well(&folder, "sweep merge plan.json --store kept --json");
        assert_eq!(timeless(&merged), local, "{line}");
        assert!(runs(&folder.join("kept")) == runs(&folder.join("local")), "{line}");
        // The report is kept beside the runs, as by the command.
        let kept = |of: &str| std::fs::read(folder.join(of).join("report.html")).unwrap();
        assert!(!kept("kept").is_empty());
        // All at once is the command itself.
        let whole = well(&folder, "sweep run plan.json --store whole --json --quiet --threads 2");
        assert_eq!(timeless(&whole), local, "{line}");
    }
}

#[test]
fn a_plan_is_a_function_of_the_command_and_the_data() {
    let folder = folder("sweep_plan");
    well(&folder, &format!("sweep plan {SHORT} --out one.json"));
    well(&folder, &format!("sweep plan --out two.json {SHORT}"));
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert_eq!(read("one.json"), read("two.json"));
    let plan: Value = serde_json::from_slice(&read("one.json")).unwrap();
    let listed: Vec<&str> =
        plan["results"]["runs"].as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap()).collect();
    // The list names the files that the command leaves.
    well(&folder, &format!("{SHORT} --out local --json --quiet"));
    let mut names: Vec<String> = listed.iter().map(|run| format!("{run}.rivalry")).collect();
    names.sort();
    assert!(runs(&folder.join("local")).into_keys().eq(names));
    assert_eq!(plan["results"]["runs"][0]["what"], "gene+lipid auxiliary, seed 0, fold 0");
    well(&folder, "sweep plan diagnose demo:nutrimouse --seeds 2 --epochs 4 --out other.json");
    let other: Value = serde_json::from_slice(&read("other.json")).unwrap();
    assert_ne!(other["results"]["plan"], plan["results"]["plan"]);
}

#[test]
fn what_is_missing_is_said_and_what_makes_it() {
    let (folder, local) = planned("sweep_missing", SHORT);
    let none = at(&folder, "sweep merge plan.json --store a");
    assert_eq!((none.status, none.stdout.as_str()), (3, ""), "{none}");
    let share = |shard: usize, store: &str| {
        let run = format!("sweep run plan.json --shard {shard}/4 --store {store} --quiet --json");
        well(&folder, &run).json()["results"]["n_runs"].as_u64().unwrap()
    };
    let (first, second) = (share(1, "a"), share(2, "b"));
    assert_eq!((first, second), (11, 11));
    insta::assert_snapshot!(at(&folder, "sweep merge plan.json --store a"), @r"
    exit status: 1
    ---- stderr
    error: 29 of 40 runs are missing from a

    hint: `rivalry sweep run plan.json --store a` makes them and leaves the others
    ");
    let status = well(&folder, "sweep status plan.json --store a --shards 4 --json").json();
    let results = &status["results"];
    assert_eq!((&results["done"], &results["absent"]), (&Value::from(11), &Value::from(29)));
    assert_eq!(results["shards"][0]["done"], 11);
    assert_eq!(results["shards"][3]["done"], 0);

    let both = "sweep merge plan.json --store a --store b";
    let ended = at(&folder, both);
    assert_eq!(ended.status, 2, "{ended}");
    assert!(ended.stderr.contains("`--into DIR`"), "{ended}");
    let ended = at(&folder, &format!("{both} --into c --quiet"));
    assert_eq!(ended.status, 1, "{ended}");
    assert!(ended.stderr.contains("18 of 40 runs are missing from c"), "{ended}");
    assert_eq!(share(3, "b") + share(4, "b"), 18);
    let merged = well(&folder, &format!("{both} --into c --json --quiet"));
    assert_eq!(timeless(&merged), local);
    // A file that was damaged later is missing, and is made again.
    let (name, mut bytes) = runs(&folder.join("c")).pop_first().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    overwrite(&folder.join("c/runs").join(&name[..2]).join(&name), &bytes);
    let ended = at(&folder, "sweep merge plan.json --store c");
    assert_eq!(ended.status, 1, "{ended}");
    assert!(ended.stderr.starts_with("error: 1 of 40 runs in c are damaged\n"), "{ended}");
    let again = well(&folder, "sweep run plan.json --store c --json --quiet");
    assert_eq!(timeless(&again), local);
}

#[expect(clippy::disallowed_methods, reason = "the test damages a file")]
pub(super) fn overwrite(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

// promise: P01
#[test]
fn workers_killed_at_any_moment_leave_the_same_runs() {
    let (folder, local) = planned("sweep_killed", "diagnose demo:nutrimouse --seeds 2 --epochs 400");
    let mut draws = Draws::new(2, Purpose::new("kill workers"), 0);
    let start = |shard: usize| {
        command()
            .current_dir(&folder)
            .args(["sweep", "run", "plan.json", "--store", "kept", "--quiet", "--threads", "1", "--shard"])
            .arg(format!("{shard}/2"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut kills = 0;
    for _ in 0..60 {
        let mut workers = [1, 2].map(start);
        std::thread::sleep(Duration::from_millis(1 + draws.below(60) as u64));
        for worker in &mut workers {
            // SIGKILL: the process cannot answer.
            let _ = worker.kill();
            kills += usize::from(!worker.wait().unwrap().success());
        }
    }
    assert!(kills >= 60, "{kills} kills");
    for shard in [1, 2] {
        assert!(start(shard).wait().unwrap().success());
    }
    let merged = well(&folder, "sweep merge plan.json --store kept --json");
    assert_eq!(timeless(&merged), local);
    assert!(runs(&folder.join("kept")) == runs(&folder.join("local")));
}

/// Commands that decide their runs as they go need no plan to be shared.
#[test]
fn two_remedies_over_one_folder_share_the_work() {
    let folder = folder("sweep_remedy");
    let line =
        "remedy demo:nutrimouse --try modality_dropout,umt --seeds 1 --epochs 20 --configurations 3 --json";
    let local = well(&folder, &format!("{line} --out local --quiet"));
    let start = || {
        command()
            .current_dir(&folder)
            .args(line.split_whitespace())
            .args(["--out", "kept", "--threads", "1", "--quiet"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [start(), start()].map(|child| Ended::from(child.wait_with_output().unwrap()));
    let plain = |ended: &Ended| {
        assert_eq!(ended.status, 0, "{ended}");
        let document = ended.json();
        (document["results"].clone(), document["verdict"].clone())
    };
    for ended in &both {
        assert_eq!(plain(ended), plain(&local));
    }
    assert!(runs(&folder.join("kept")) == runs(&folder.join("local")));
}
