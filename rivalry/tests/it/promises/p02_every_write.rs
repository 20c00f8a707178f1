//! A sweep that dies at every single step that writes anything.

use std::path::Path;
use std::sync::Arc;

use rivalry::store::{Claim, Store, What};

use super::disks::{Death, Dying, Unsynced, contents};
use super::real;
use super::toy::{Folder, On, Sweep, be_worker, digest, put, run_path, worker};

const SWEEP: Sweep = Sweep { runs: 3, epochs: 6, interval: 2, numbers: 5 };
const DAMAGED: &[u8] = b"what was once a run";

/// A store in which one run is damaged, and the newest checkpoint of another.
fn begin(root: &Path) {
    let store = Store::open_on(root, Arc::new(Unsynced)).unwrap();
    let plan = SWEEP.plan();
    put(&run_path(root, plan[0]), DAMAGED);
    let Claim::Mine(lease) = store.claim(plan[1]).unwrap() else { panic!("nobody else claims it") };
    for epochs in [2, 4] {
        store.checkpoint(&lease, &SWEEP.checkpoint(plan[1], epochs)).unwrap();
    }
    put(&root.join(format!("checkpoints/{}.0", plan[1])), DAMAGED);
}

/// Dies at one step and recovers. Returns whether the sweep ended before.
fn die_and_recover(at: usize, death: Death) -> bool {
    let context = format!("{death:?} at step {at}");
    let folder = Folder::fast("p02");
    let root = &folder.0.join("store");
    begin(root);

    let disk = Arc::new(Dying::at(at, death));
    let mut committed = Vec::new();
    let mut epochs = 0;
    let mut watch = |run, epoch| if epoch == 0 { committed.push(run) } else { epochs += 1 };
    let ended = Store::open_on(root, disk.clone()).and_then(|store| SWEEP.work(&store, &mut watch));
    // A step that cleans up may fail without anybody needing to know.
    let survived = ended.is_ok() && !disk.is_dead();
    disk.come_back();

    let store = Store::open_on(root, Arc::new(Unsynced)).unwrap();
    let checkup = store.doctor();
    let damaged = |what: &What| matches!(what, What::Run(_) | What::Checkpoint(_));
    let n_damaged = checkup.anomalies.iter().filter(|it| damaged(&it.what)).count();
    let n_set_aside = checkup.anomalies.iter().filter(|it| matches!(it.what, What::SetAside { .. })).count();
    assert!(n_damaged + n_set_aside <= 2, "{context}: only what was damaged before: {checkup:?}");
    // Both damaged files have the same bytes but not the same names.
    let kept = contents(root).values().filter(|it| *it == DAMAGED).count();
    assert_eq!(kept, 2, "{context}: what was damaged is moved, not deleted");
    for run in committed {
        assert!(store.read(run).unwrap().is_some(), "{context}: a committed run is gone");
    }

    SWEEP.work(&store, &mut |_, epoch| epochs += usize::from(epoch != 0)).unwrap();
    assert_eq!(digest(&store), SWEEP.expected(), "{context}: other results");
    // promise: P04
    let all = SWEEP.runs * SWEEP.epochs as usize;
    assert!(epochs <= all + SWEEP.interval as usize, "{context}: {epochs} epochs for {all}");
    for anomaly in store.doctor().anomalies {
        // What a dead worker could not clear away of a run that is done; a
        // living one leaves nothing.
        let left = matches!(anomaly.what, What::Stray | What::StaleCheckpoint | What::LeftLease);
        let lives = survived && death == Death::Before;
        let expected = left && !lives || matches!(anomaly.what, What::SetAside { .. });
        assert!(expected, "{context}: {anomaly}");
    }
    survived
}

// promise: P02
#[test]
fn a_sweep_that_dies_at_any_step_ends_with_the_same_records() {
    for death in Death::ALL {
        let mut at = 1;
        while !die_and_recover(at, death) {
            at += 1;
        }
        assert!(at > 80, "only {at} steps: the disk does not count them");
    }
}

// promise: P02
#[test]
fn a_process_that_ends_at_any_step_leaves_no_lock_and_no_damage() {
    be_worker(SWEEP);
    let test = "a_process_that_ends_at_any_step_leaves_no_lock_and_no_damage";
    for at in 1.. {
        let folder = Folder::fast("p02-exit");
        let died = worker(module_path!(), test, &folder.0, On::DyingAt(at)).output().unwrap();
        let text = String::from_utf8_lossy(&died.stdout);
        let survived = died.status.success();
        assert!(survived || died.status.code() == Some(9), "{text}");
        let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
        assert_eq!(store.doctor().in_progress, 0, "step {at}: a lock outlived its process");
        SWEEP.work(&store, &mut |_, _| {}).unwrap();
        assert_eq!(digest(&store), SWEEP.expected(), "step {at}: other results");
        if survived {
            assert!(at > 60, "only {at} steps: the disk does not count them");
            break;
        }
    }
}

// promise: P02
// promise: P04
#[test]
fn real_training_that_dies_at_any_step_ends_with_the_same_records() {
    let data = real::data(40, |_, _, _, x| x);
    let expected = real::undisturbed(&data);
    let all = expected.len() * real::EPOCHS as usize;
    for death in Death::ALL {
        for at in 1.. {
            let context = format!("{death:?} at step {at}");
            let folder = Folder::fast("p02-real");
            let root = &folder.0.join("store");
            let disk = Arc::new(Dying::at(at, death));
            let mut n_epochs = 0;
            let ended =
                Store::open_on(root, disk.clone()).and_then(|store| real::work(&store, &data, &mut n_epochs));
            let survived = ended.is_ok() && !disk.is_dead();
            disk.come_back();
            let store = Store::open_on(root, Arc::new(Unsynced)).unwrap();
            real::work(&store, &data, &mut n_epochs).unwrap();
            assert!(real::kept(&store, &data) == expected, "{context}: other results");
            // The epoch after a failed checkpoint is seen, and the run stops there.
            let most = all + real::INTERVAL as usize + 1;
            assert!((all..=most).contains(&n_epochs), "{context}: {n_epochs} epochs for {all}");
            if survived {
                assert!(at > 60, "only {at} steps: the disk does not count them");
                break;
            }
        }
    }
}
