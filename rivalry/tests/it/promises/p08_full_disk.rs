//! Disks without room, at every amount of room.

use std::process::Command;
use std::sync::Arc;

use rivalry::data::atomic::DiskError;
use rivalry::store::{Store, StoreError, What};

use super::disks::{Full, Unsynced, contents};
use super::figure;
use super::toy::{Folder, On, Sweep, be_worker, digest, worker};

const SWEEP: Sweep = Sweep { runs: 4, epochs: 4, interval: 2, numbers: 700 };

/// Whatever is in the store is whole, and with room again the sweep ends as if
/// there had been room all the time.
fn recovers(folder: &Folder, context: &str) {
    let store = Store::open_on(&folder.0, Arc::new(Unsynced)).unwrap();
    for anomaly in store.doctor().anomalies {
        let damaged = matches!(anomaly.what, What::Run(_) | What::Checkpoint(_) | What::Stray);
        assert!(!damaged, "{context}: {anomaly}");
    }
    SWEEP.work(&store, &mut |_, _| {}).unwrap();
    assert_eq!(digest(&store), SWEEP.expected(), "{context}");
}

// promise: P08
#[test]
fn a_full_disk_is_named_and_nothing_is_damaged() {
    let mut room = 0;
    loop {
        let folder = Folder::fast("p08-full");
        let context = format!("room for {room} bytes");
        let ended = Store::open_on(&folder.0, Arc::new(Full::with_room_for(room)))
            .and_then(|store| SWEEP.work(&store, &mut |_, _| {}));
        let Err(error) = ended else { break };
        let StoreError::Disk(DiskError::Full { path, bytes, .. }) = &error else {
            panic!("{context}: {error}")
        };
        let message = error.to_string();
        assert!(path.starts_with(&folder.0), "{message}");
        let needed = if *bytes == 0 { "one more name is".into() } else { format!("{bytes} bytes are") };
        let expected = format!("{}: no room on the disk: {needed} needed", path.display());
        assert!(message.starts_with(&expected), "{message}");
        assert!(error.hint().contains("running the same command again resumes"));
        recovers(&folder, &context);
        room += figure(512, 1);
    }
    let least = SWEEP.runs * 2 * SWEEP.numbers * 8;
    assert!(room > least, "{room} bytes cannot hold a checkpoint and a record of each run");
}

// promise: P08
#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_named_and_nothing_is_damaged() {
    be_worker(SWEEP);
    let largest = {
        let folder = Folder::fast("p08-largest");
        recovers(&folder, "no limit");
        contents(&folder.0).values().map(Vec::len).max().unwrap()
    };
    // In units of 512 bytes, as POSIX has it.
    for limit in 0..=largest.div_ceil(512) {
        let folder = Folder::fast("p08-limit");
        let test = "a_limit_on_the_size_of_files_is_named_and_nothing_is_damaged";
        let inner = worker(module_path!(), test, &folder.0, On::Disk);
        // With the signal ignored the write itself fails, as on a full disk.
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\""));
        limited.arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            limited.env(name, value.unwrap());
        }
        let output = limited.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let room = limit * 512;
        let fits = room >= largest;
        assert_eq!(output.status.code(), Some(if fits { 0 } else { 3 }), "{room}: {text}");
        if !fits {
            let line = text.lines().find(|it| it.starts_with("error ")).unwrap();
            assert!(line.contains("no room on the disk: ") && line.contains(" bytes are needed"), "{line}");
            assert!(line.contains(&folder.0.display().to_string()), "{line}");
        }
        recovers(&folder, &format!("files of up to {room} bytes"));
    }
}
