//! Workers that are killed at random moments and started again.

use std::time::Duration;

use rivalry::num::{Draws, Purpose};
use rivalry::store::Store;

use super::figure;
use super::toy::{Folder, On, Sweep, be_worker, digest, told, worker};

const SWEEP: Sweep = Sweep { runs: 40, epochs: 12, interval: 3, numbers: 100 };
const N_WORKERS: usize = 2;

// promise: P01
// promise: P04
#[test]
fn workers_killed_at_any_moment_leave_the_same_records() {
    be_worker(SWEEP);
    let mut delays = Draws::new(1, Purpose::new("kill"), 0);
    let expected = SWEEP.expected();
    let mut n_kills = 0;
    while n_kills < figure(200, 10_000) {
        let folder = Folder::new("p01");
        let (mut n_epochs, mut n_lost) = (0, 0);
        // Short delays for every change; a soak also reaches far into runs.
        let mut longest = figure(50, 400) as f64;
        loop {
            let mut workers: Vec<_> = (0..N_WORKERS)
                .map(|_| {
                    let test = "workers_killed_at_any_moment_leave_the_same_records";
                    worker(module_path!(), test, &folder.0, On::Disk).spawn().unwrap()
                })
                .collect();
            std::thread::sleep(Duration::from_secs_f64(1e-3 * (1.0 + delays.uniform() * longest)));
            for child in &mut workers {
                // Fails only if it has ended.
                let _ = child.kill();
            }
            let (mut done, before) = (true, n_epochs);
            for child in workers {
                let output = child.wait_with_output().unwrap();
                let killed = output.status.code().is_none();
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(killed || output.status.success(), "{text}");
                n_epochs += told(&output.stdout).0;
                n_lost += usize::from(killed);
                done &= !killed;
            }
            if done {
                break;
            }
            if n_epochs == before {
                // A busy machine may take longer than this to start a process.
                longest *= 1.5;
            }
            let store = Store::open(&folder.0).unwrap();
            assert!(store.records().all(|it| it.is_ok()), "a kill damaged a run");
        }
        n_kills += n_lost;
        let store = Store::open(&folder.0).unwrap();
        assert_eq!(digest(&store), expected, "after {n_lost} kills");
        let all = SWEEP.runs * SWEEP.epochs as usize;
        let most = all + n_lost * SWEEP.interval as usize;
        assert!((all..=most).contains(&n_epochs), "{n_epochs} epochs, {all} to {most} expected");
    }
}
