//! A trial is a function of setting and seed, whoever computes it, in whatever
//! portions, and wherever it was kept.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rivalry::lab::{Outcome, Setting, TrialError, run_trial};
use rivalry::record::file::Container;
use rivalry::store::{Claim, Store};
use rivalry::sweep::{
    Engine, Quiet, TrialSet, TrialWatch, TrialsError, run_trial_files, run_trials, trial_files,
};
use serde_json::json;

use super::{small, trial};

/// A folder of its own that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rivalry-lab-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn quick() -> Setting {
    small(&[("until", "decided")])
}

fn set(setting: &Setting, first_seed: u64, trials: u64) -> TrialSet {
    TrialSet { setting: setting.clone(), first_seed, trials }
}

fn run(sets: &[TrialSet], threads: usize, store: Option<&Store>) -> Result<Vec<Vec<Outcome>>, TrialsError> {
    run_trials(sets, Engine { store, threads, stop: &AtomicBool::new(false) }, &Quiet)
}

#[test]
fn a_trial_is_a_function_of_setting_and_seed() {
    let setting = small(&[]);
    let first = trial(&setting, 5);
    assert!(first.is_complete());
    assert_eq!(first.seed, 5);
    assert_eq!(trial(&setting, 5), first);
    assert_ne!(trial(&setting, 6), first);
    // Looking on changes no bit.
    let watched = run_trial(&setting, 5, true, &AtomicBool::new(false)).unwrap();
    assert_eq!(watched.outcome, first);
    let last = watched.joint_curve.last().unwrap();
    for (j, class) in first.classes.iter().enumerate() {
        for r in 0..2 {
            assert_eq!(last.gamma[r][j], class.gamma_final[r]);
            assert_eq!(watched.alone_curves[r].last().unwrap().gamma[0][j], class.gamma_alone[r]);
        }
    }
    assert_eq!(last.time, first.joint.time);
}

#[test]
fn many_trials_are_the_same_on_any_number_of_threads_in_any_portions() {
    // 21 seeds from 3: the first and the last shard are not whole.
    let (a, b) = (quick(), small(&[("until", "decided"), ("m", "4")]));
    let sets = [set(&a, 3, 21), set(&b, 0, 5)];
    let expected = run(&sets, 1, None).unwrap();
    assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [21, 5]);
    assert!(expected[0].iter().zip(3..).all(|(outcome, seed)| outcome.seed == seed));
    assert_eq!(expected[0][7], trial(&a, 10));
    for threads in [2, 3] {
        assert_eq!(run(&sets, threads, None).unwrap(), expected, "{threads} threads");
    }
    let folder = Folder::new("portions");
    let store = Store::open(&folder.0).unwrap();
    let half = run(&[set(&a, 3, 10)], 2, Some(&store)).unwrap();
    assert_eq!(half[0], expected[0][..10]);
    for threads in [1, 3] {
        // Now with some of it in the store, then with all.
        assert_eq!(run(&sets, threads, Some(&store)).unwrap(), expected, "{threads} threads");
    }
    let other = run(&[set(&a, 13, 11)], 1, Some(&store)).unwrap();
    assert_eq!(other[0], expected[0][10..]);
    assert!(run(&[set(&a, 0, 0)], 1, Some(&store)).unwrap()[0].is_empty());
}

/// Counts what it is told of, and stops after some.
struct StopAfter<'a> {
    stop: &'a AtomicBool,
    seen: std::sync::atomic::AtomicU64,
    after: u64,
}

impl TrialWatch for StopAfter<'_> {
    fn trials_done(&self, _set: usize, n: u64) {
        if self.seen.fetch_add(n, Ordering::SeqCst) + n >= self.after {
            self.stop.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn trials_that_were_interrupted_go_on() {
    let folder = Folder::new("interrupted");
    let store = Store::open(&folder.0).unwrap();
    let sets = [set(&quick(), 0, 20)];
    let stop = AtomicBool::new(false);
    let watch = StopAfter { stop: &stop, seen: 0.into(), after: 11 };
    let engine = Engine { store: Some(&store), threads: 1, stop: &stop };
    let error = run_trials(&sets, engine, &watch).unwrap_err();
    assert!(matches!(error, TrialsError::Interrupted { done: 8, total: 20 }), "{error}");
    assert_eq!(run(&sets, 2, Some(&store)).unwrap(), run(&sets, 1, None).unwrap());
    let stopped = run_trial(&sets[0].setting, 0, false, &AtomicBool::new(true));
    assert_eq!(stopped.unwrap_err(), TrialError::Interrupted);
}

#[test]
fn a_trial_that_cannot_be_says_why() {
    let error = run(&[set(&small(&[("n", "2")]), 0, 1)], 1, None).unwrap_err();
    assert_eq!(error.to_string(), "expected a training sample per class, 3, found 2 training samples");
}

/// The files of a store's runs.
fn files(root: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root.join("runs")).unwrap().map(|entry| entry.unwrap().path());
    let inside = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    inside.map(|entry| entry.unwrap().path()).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a damaged file is what is tested")]
fn a_damaged_shard_is_told_and_computed_again() {
    let folder = Folder::new("damaged");
    let store = Store::open(&folder.0).unwrap();
    let sets = [set(&quick(), 0, 8)];
    let expected = run(&sets, 1, Some(&store)).unwrap();
    let [file] = &files(&folder.0)[..] else { panic!("8 trials are a shard") };
    let whole = std::fs::read(file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x11;
        std::fs::write(file, bytes).unwrap();
        // Set aside and told by the first that meets it, or computed anew.
        let mut found = run(&sets, 1, Some(&store));
        if let Err(error) = &found {
            assert!(matches!(error, TrialsError::Store(_)), "byte {at}: {error}");
            found = run(&sets, 1, Some(&store));
        }
        assert_eq!(found.unwrap(), expected, "byte {at}");
    }
    assert!(std::fs::read_dir(folder.0.join("quarantine")).unwrap().count() >= 12);
}

#[test]
fn a_whole_file_of_another_content_is_not_taken_for_a_shard() {
    let folder = Folder::new("foreign");
    let store = Store::open(&folder.0).unwrap();
    let sets = [set(&quick(), 0, 3)];
    let outcomes = run(&sets, 1, Some(&store)).unwrap().remove(0);
    let run_id = store.list().next().unwrap().unwrap().run;
    let texts = [
        ("outcomes.json", json!({ "not": "outcomes" }).to_string()),
        ("other.json", json!(outcomes).to_string()),
        // Fewer trials than the name promises, and those of other seeds.
        ("outcomes.json", json!(outcomes[..2]).to_string()),
        ("outcomes.json", json!([outcomes[0], outcomes[2], outcomes[1]]).to_string()),
    ];
    for (array, text) in texts {
        std::fs::remove_file(&files(&folder.0)[0]).unwrap();
        let Claim::Mine(lease) = store.claim(run_id).unwrap() else { panic!("nobody else claims it") };
        let bytes = text.clone().into_bytes();
        let container = Container::new(json!({ "kind": "rivalry.trials", "run": run_id.to_string() }))
            .and_then(|container| container.with(array, &[bytes.len()], bytes))
            .unwrap();
        store.commit(lease, &container).unwrap();
        let found = run(&sets, 1, Some(&store));
        assert!(matches!(found, Err(TrialsError::Unreadable { .. })), "{text}: {found:?}");
    }
}

/// Trials on one data set, whose parts are drawn once for several of them, are what each is
/// by itself.
#[test]
fn trials_that_share_their_data_are_those_that_draw_them() {
    for more in [&[("until", "decided")][..], &[("m", "4")], &[("fusion", "early"), ("m", "4")]] {
        let shared = small(&[&[("data_seed", "7")], more].concat());
        let each: Vec<Outcome> = (6..8).map(|seed| trial(&shared, seed)).collect();
        assert_eq!(run(&[set(&shared, 6, 2)], 1, None).unwrap()[0], each);
        // The trial whose seed is that of the data has nothing to share.
        assert_eq!(each[1], trial(&small(more), 7));
        for (a, b) in each[0].classes.iter().zip(&each[1].classes) {
            assert_eq!(a.strength, b.strength, "the same data");
            assert_ne!(a.gamma_initial, b.gamma_initial, "other weights");
        }
    }
    // In portions, on several threads, from a store.
    let shared = small(&[("data_seed", "7"), ("until", "decided")]);
    let all = run(&[set(&shared, 0, 10)], 1, None).unwrap();
    assert_eq!(run(&[set(&shared, 3, 7)], 2, None).unwrap()[0], all[0][3..]);
    let folder = Folder::new("shared-data");
    let store = Store::open(&folder.0).unwrap();
    assert_eq!(run(&[set(&shared, 0, 8)], 2, Some(&store)).unwrap()[0], all[0][..8]);
    assert_eq!(run(&[set(&shared, 0, 10)], 2, Some(&store)).unwrap(), all);
}

#[test]
fn files_computed_one_by_one_are_those_of_all_trials() {
    let setting = quick();
    let sets = [set(&setting, 5, 9), set(&small(&[("until", "decided"), ("m", "4")]), 0, 3)];
    let files = trial_files(&sets);
    let seeds: Vec<_> = files.iter().map(|file| (file.set, file.seeds.clone())).collect();
    assert_eq!(seeds, [(0, 5..8), (0, 8..14), (1, 0..3)]);
    assert_eq!(sets.each_ref().map(TrialSet::n_files), [2, 1]);
    let folder = Folder::new("files");
    let store = Store::open(&folder.0).unwrap();
    for file in files.iter().rev() {
        let engine = Engine { store: Some(&store), threads: 1, stop: &AtomicBool::new(false) };
        run_trial_files(&sets, std::slice::from_ref(file), engine, &Quiet).unwrap();
        assert!(matches!(store.claim(file.run(&sets)).unwrap(), Claim::Done));
    }
    assert_eq!(store.records().count(), 3);
    assert_eq!(run(&sets, 2, Some(&store)).unwrap(), run(&sets, 1, None).unwrap());
    assert_eq!(set(&setting, 8, 8).n_files(), 1);
    assert_eq!(set(&setting, 0, 0).n_files(), 0);
    assert_eq!(set(&setting, u64::MAX - 1, 9).n_files(), 1);
}
