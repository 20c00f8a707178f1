//! A store in which every byte of a file has been damaged once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rivalry::record::file::encode;
use rivalry::store::{Claim, Store, StoreError};

use super::disks::{Unsynced, contents};
use super::figure;
use super::toy::{Folder, Sweep, put, run_path};

const SWEEP: Sweep = Sweep { runs: 3, epochs: 3, interval: 1, numbers: 20 };

/// Every cut of a file, and every byte changed in three ways, or in every bit.
fn damaged(file: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flips = [0x01, 0x80, 0xff, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40];
    let flips = flips[..figure(3, 9)].to_vec();
    let cuts = (0..file.len()).map(|at| file[..at].to_vec());
    let changes = (0..file.len()).flat_map(move |at| {
        flips.clone().into_iter().map(move |flip| {
            let mut changed = file.to_vec();
            changed[at] ^= flip;
            changed
        })
    });
    cuts.chain(changes)
}

fn in_quarantine(root: &Path) -> BTreeSet<Vec<u8>> {
    let files = contents(&root.join("quarantine")).into_iter();
    files
        .filter(|(path, _)| !path.to_string_lossy().ends_with(".reason.txt"))
        .map(|(_, bytes)| bytes)
        .collect()
}

// promise: P06
#[test]
fn a_run_damaged_anywhere_is_reported_and_set_aside_and_the_others_stay_readable() {
    let folder = Folder::fast("p06-runs");
    let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
    SWEEP.work(&store, &mut |_, _| {}).unwrap();
    let mut plan = SWEEP.plan();
    plan.sort_unstable();
    let path = run_path(&folder.0, plan[1]);
    let file = std::fs::read(&path).unwrap();
    let mut expected = BTreeSet::new();
    for bytes in damaged(&file) {
        put(&path, &bytes);
        let found: Vec<_> = store.records().collect();
        let [Ok(first), Err(damaged), Ok(last)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((first.0, last.0), (plan[0], plan[2]));
        assert_eq!((&first.1, &last.1), (&SWEEP.record(plan[0]), &SWEEP.record(plan[2])));
        assert_eq!(damaged.path, path);
        let moved_to = damaged.moved_to.as_deref().unwrap();
        assert!(std::fs::read(moved_to).unwrap() == bytes && !path.exists());
        assert!(store.read(plan[1]).unwrap().is_none());
        expected.insert(bytes);
    }
    assert_eq!(in_quarantine(&folder.0), expected);

    let summary = store.doctor();
    assert_eq!((summary.whole, summary.anomalies.len()), (2, expected.len()));
    SWEEP.work(&store, &mut |_, _| {}).unwrap();
    assert_eq!(super::toy::digest(&store), SWEEP.expected());
}

// promise: P06
#[test]
fn a_checkpoint_damaged_anywhere_costs_one_interval() {
    let folder = Folder::fast("p06-checkpoints");
    let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
    let run = SWEEP.plan()[0];
    let Claim::Mine(lease) = store.claim(run).unwrap() else { panic!("nobody else claims it") };
    let states = [1, 2].map(|epochs| SWEEP.checkpoint(run, epochs));
    let newest = folder.0.join(format!("checkpoints/{run}.0"));
    for bytes in damaged(&encode(&states[1])) {
        store.checkpoint(&lease, &states[0]).unwrap();
        store.checkpoint(&lease, &states[1]).unwrap();
        assert_eq!(store.latest_checkpoint(&lease).unwrap().unwrap(), states[1]);
        put(&newest, &bytes);
        assert_eq!(store.latest_checkpoint(&lease).unwrap().unwrap(), states[0]);
        assert!(!newest.exists());
    }
    for name in ["0", "1"] {
        put(&newest.with_extension(name), b"gone");
    }
    assert!(store.latest_checkpoint(&lease).unwrap().is_none());
    assert!(in_quarantine(&folder.0).contains(&b"gone"[..]));
}

#[test]
fn a_damaged_run_that_a_worker_has_is_reported_and_stays() {
    let folder = Folder::fast("p06-busy");
    let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
    let run = SWEEP.plan()[0];
    let Claim::Mine(lease) = store.claim(run).unwrap() else { panic!("nobody else claims it") };
    let path = run_path(&folder.0, run);
    put(&path, b"damaged");
    let error = store.read(run).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged(it) if it.moved_to.is_none()), "{error}");
    assert!(path.exists());
    store.commit(lease, &SWEEP.record(run)).unwrap();
    assert_eq!(store.read(run).unwrap().unwrap(), SWEEP.record(run));
    assert!(in_quarantine(&folder.0).contains(&b"damaged"[..]));
}

#[test]
fn a_run_of_another_name_or_none_is_set_aside_and_a_later_format_stays() {
    let folder = Folder::fast("p06-names");
    let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
    let [run, other, later] = SWEEP.plan()[..] else { unreachable!() };
    put(&run_path(&folder.0, run), &encode(&SWEEP.record(other)));
    let error = store.read(run).unwrap_err().to_string();
    assert!(error.contains(&format!("holds run `{other}`, not the run of its name; moved to ")), "{error}");
    let nameless = rivalry::record::file::Container::new(serde_json::json!({"rum": 1})).unwrap();
    put(&run_path(&folder.0, run), &encode(&nameless));
    let error = store.read(run).unwrap_err().to_string();
    assert!(error.contains("whole, but its header names no run; moved to "), "{error}");
    assert!(matches!(store.claim(run).unwrap(), Claim::Mine(_)));

    let mut newer = encode(&SWEEP.record(later));
    newer.truncate(newer.len() - 32);
    newer[8] = 2;
    newer.extend(blake3::hash(&newer).as_bytes());
    put(&run_path(&folder.0, later), &newer);
    for error in [store.read(later).unwrap_err(), store.claim(later).unwrap_err()] {
        assert!(error.to_string().ends_with("written in format 2, this program reads formats up to 1"));
        assert_eq!(error.hint(), "read it with the program that wrote it, or a newer one");
    }
    assert_eq!(std::fs::read(run_path(&folder.0, later)).unwrap(), newer);
    assert!(store.list().last().unwrap().is_err());
}
