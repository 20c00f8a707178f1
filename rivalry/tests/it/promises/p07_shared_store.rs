//! Many processes on one store.

use std::sync::Arc;

use rivalry::store::{Claim, Store};

use super::disks::NoLocks;
use super::figure;
use super::toy::{Folder, On, Sweep, be_worker, digest, told, worker};

fn sweep() -> Sweep {
    Sweep { runs: figure(200, 2000), epochs: 2, interval: 2, numbers: 10 }
}

/// Starts the processes at once; returns how often a run was computed by each.
fn work_together(test: &str, folder: &Folder, on: On) -> Vec<usize> {
    let workers: Vec<_> =
        (0..figure(8, 16)).map(|_| worker(module_path!(), test, &folder.0, on).spawn().unwrap()).collect();
    workers
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
            told(&output.stdout).1
        })
        .collect()
}

// promise: P07
#[test]
fn with_locks_every_run_is_computed_once() {
    be_worker(sweep());
    let folder = Folder::new("p07-locks");
    let computed = work_together("with_locks_every_run_is_computed_once", &folder, On::Disk);
    assert_eq!(computed.iter().sum::<usize>(), sweep().runs, "{computed:?}");
    let store = Store::open_existing(&folder.0).unwrap();
    assert_eq!(digest(&store), sweep().expected());
    let checkup = store.doctor();
    assert!(checkup.anomalies.is_empty() && checkup.whole == sweep().runs, "{checkup:?}");
}

// promise: P07
#[test]
fn without_locks_runs_may_be_computed_twice_and_come_out_the_same() {
    be_worker(sweep());
    let folder = Folder::new("p07-no-locks");
    let unlocked = Store::open_on(&folder.0, Arc::new(NoLocks)).unwrap();
    let claims = [0, 1].map(|_| unlocked.claim(sweep().plan()[0]).unwrap());
    assert!(matches!(claims, [Claim::Mine(_), Claim::Mine(_)]), "nobody is kept out: {claims:?}");
    let test = "without_locks_runs_may_be_computed_twice_and_come_out_the_same";
    let computed = work_together(test, &folder, On::NoLocks);
    // Each worker computes a run once at most, and none is left out.
    assert!(computed.iter().all(|it| *it <= sweep().runs), "{computed:?}");
    assert!(computed.iter().sum::<usize>() >= sweep().runs, "{computed:?}");
    let store = Store::open_existing(&folder.0).unwrap();
    assert_eq!(digest(&store), sweep().expected());
    let checkup = store.doctor();
    assert!(checkup.anomalies.is_empty() && checkup.whole == sweep().runs, "{checkup:?}");
}
