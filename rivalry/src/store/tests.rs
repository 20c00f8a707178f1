use std::fs::{File, TryLockError};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::data::atomic::write_atomic;
use crate::record::file::{Container, FileError, encode};
use crate::spec::RunId;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("rivalry-store-{}-{count}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(byte: u8) -> RunId {
    RunId([byte; 32])
}

fn record(byte: u8, value: f64) -> Container {
    Container::new(json!({"run": run(byte).to_string(), "value": value}))
        .and_then(|it| it.with("x", &[2], vec![value, f64::NAN]))
        .unwrap()
}

fn mine(store: &Store, byte: u8) -> Lease {
    match store.claim(run(byte)).unwrap() {
        Claim::Mine(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_is_created_once_and_recognised() {
    let folder = Folder::new();
    let error = Store::open_existing(&folder.0).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }) && !folder.0.exists(), "{error}");
    assert_eq!(Store::open(&folder.0).unwrap().root(), folder.0);
    assert_eq!(std::fs::read_to_string(folder.0.join(MARKER)).unwrap(), "rivalry store, format 1\n");
    assert!(Store::open(&folder.0).is_ok() && Store::open_existing(&folder.0).is_ok());

    let marker = folder.0.join(MARKER);
    write_atomic(&marker, b"rivalry store, format 2\n").unwrap();
    let error = Store::open(&folder.0).unwrap_err().to_string();
    assert!(error.ends_with(": store format 2, this program knows formats up to 1"), "{error}");
    write_atomic(&marker, b"a note to myself").unwrap();
    let error = Store::open(&folder.0).unwrap_err().to_string();
    assert!(error.ends_with("STORE: does not say that this folder is a store"), "{error}");

    let error = Store::open(&marker).unwrap_err().to_string();
    assert!(error.contains("STORE"), "{error}");
}

#[test]
fn a_run_has_one_worker_until_it_is_done() {
    let folder = Folder::new();
    let store = Store::open(&folder.0).unwrap();
    let lease = mine(&store, 7);
    assert!(lease.is_exclusive() && lease.run() == run(7));
    // Another handle is like another process: the lock belongs to the handle.
    let other = Store::open(&folder.0).unwrap();
    assert!(matches!(other.claim(run(7)).unwrap(), Claim::Busy));
    assert!(matches!(other.claim(run(8)).unwrap(), Claim::Mine(_)));
    drop(lease);
    let lease = mine(&other, 7);
    assert!(matches!(store.claim(run(7)).unwrap(), Claim::Busy));
    other.checkpoint(&lease, &record(7, 0.5)).unwrap();
    other.commit(lease, &record(7, 1.0)).unwrap();
    assert!(matches!(store.claim(run(7)).unwrap(), Claim::Done));
    assert_eq!(store.read(run(7)).unwrap(), Some(record(7, 1.0)));
    assert_eq!(store.read(run(9)).unwrap(), None);
    for emptied in ["leases", "checkpoints"] {
        assert_eq!(std::fs::read_dir(folder.0.join(emptied)).unwrap().count(), 0, "{emptied}");
    }
}

#[test]
fn only_the_claimed_run_is_written() {
    let folder = Folder::new();
    let store = Store::open(&folder.0).unwrap();
    let lease = mine(&store, 1);
    let error = store.checkpoint(&lease, &record(2, 0.0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the header names run `{}`, the lease is for run `{}`", run(2), run(1))
    );
    let nameless = Container::new(json!([1])).unwrap();
    assert!(matches!(store.commit(lease, &nameless), Err(StoreError::WrongRun { .. })));
    assert_eq!(store.records().count(), 0);
}

#[test]
fn the_first_of_two_answers_stays() {
    let folder = Folder::new();
    let store = Store::open_on(&folder.0, Arc::new(FakeLocks)).unwrap();
    let (first, second) = (mine(&store, 1), mine(&store, 1));
    assert!(!first.is_exclusive(), "a lock that keeps nobody out is none");
    store.commit(first, &record(1, 1.0)).unwrap();
    store.commit(second, &record(1, 2.0)).unwrap();
    assert_eq!(store.read(run(1)).unwrap(), Some(record(1, 1.0)));
}

/// Locks that are granted to everybody, as on file systems where they work
/// within one machine only.
#[derive(Debug)]
struct FakeLocks;

impl Disk for FakeLocks {
    fn try_lock(&self, _: &File) -> Result<(), TryLockError> {
        Ok(())
    }
}

/// A disk on which a lease ends between the opening and the locking of its
/// file by somebody else.
#[derive(Debug, Default)]
struct Ending(Mutex<Option<Lease>>);

impl Disk for Ending {
    fn try_lock(&self, file: &File) -> Result<(), TryLockError> {
        drop(self.0.lock().unwrap().take());
        file.try_lock()
    }
}

#[test]
fn a_lock_on_a_file_that_lost_its_name_is_no_lease() {
    let folder = Folder::new();
    let (first, third) = (Store::open(&folder.0).unwrap(), Store::open(&folder.0).unwrap());
    let disk = Arc::new(Ending::default());
    let second = Store::open_on(&folder.0, disk.clone()).unwrap();
    drop(mine(&second, 2));
    *disk.0.lock().unwrap() = Some(mine(&first, 1));
    let lease = mine(&second, 1);
    assert!(disk.0.lock().unwrap().is_none(), "the first lease ended");
    assert!(matches!(third.claim(run(1)).unwrap(), Claim::Busy));
    drop(lease);
    drop(mine(&third, 1));
}

/// A disk on which the first temporary file of a run vanishes before it is
/// renamed: another worker took it for a stray.
#[derive(Debug, Default)]
struct Vanishing(Mutex<bool>);

impl Disk for Vanishing {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if to.to_string_lossy().contains("/runs/") && !std::mem::replace(&mut *self.0.lock().unwrap(), true) {
            std::fs::remove_file(from)?;
        }
        std::fs::rename(from, to)
    }
}

#[test]
fn a_temporary_file_that_vanishes_is_written_again() {
    let folder = Folder::new();
    let disk = Arc::new(Vanishing::default());
    let store = Store::open_on(&folder.0, disk.clone()).unwrap();
    store.commit(mine(&store, 1), &record(1, 1.0)).unwrap();
    assert!(*disk.0.lock().unwrap(), "the temporary file vanished");
    assert_eq!(store.read(run(1)).unwrap(), Some(record(1, 1.0)));
    assert!(store.doctor().anomalies.is_empty());
}

#[test]
fn a_list_is_in_order_and_shows_heads_and_moves_nothing() {
    let folder = Folder::new();
    let store = Store::open(&folder.0).unwrap();
    for byte in [0xff, 0x10, 0x02, 0x11] {
        store.commit(mine(&store, byte), &record(byte, f64::from(byte))).unwrap();
    }
    let damaged = store.run_path(run(0x10)).unwrap();
    write_atomic(&damaged, b"damaged").unwrap();
    let listed: Vec<_> = store.list().collect();
    let [Ok(first), Err(bad), Ok(third), Ok(last)] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((first.run, third.run, last.run), (run(2), run(0x11), run(0xff)));
    assert_eq!(first.header, json!({"run": run(2).to_string(), "value": 2.0}));
    assert_eq!(first.bytes, encode(&record(2, 2.0)).len() as u64);
    assert_eq!((first.arrays[0].name.as_str(), first.arrays[0].shape.as_slice()), ("x", &[2][..]));
    assert!(matches!(bad.damage, Damage::File(FileError::TooShort { bytes: 7 })) && bad.moved_to.is_none());
    assert!(damaged.exists());
    assert_eq!(store.records().flatten().count(), 3);
    assert!(!damaged.exists());
    assert_eq!(store.list().flatten().count(), 3);
}

#[test]
fn copying_joins_stores() {
    let folders = [Folder::new(), Folder::new()];
    let [from, to] = [0, 1].map(|n| Store::open(&folders[n].0).unwrap());
    for byte in 1..=5 {
        from.commit(mine(&from, byte), &record(byte, f64::from(byte))).unwrap();
    }
    to.commit(mine(&to, 2), &record(2, 2.0)).unwrap();
    let busy = mine(&to, 3);
    write_atomic(&from.run_path(run(4)).unwrap(), b"damaged").unwrap();
    let done = from.copy_to(&to, |_, header| header["value"] != 5.0).unwrap();
    assert_eq!((done.copied, done.already, done.busy, done.damaged.len()), (1, 1, 1, 1), "{done:?}");
    drop(busy);
    let done = from.copy_to(&to, |_, _| true).unwrap();
    assert_eq!((done.copied, done.already, done.busy, done.damaged.len()), (2, 2, 0, 1), "{done:?}");
    let copied: Vec<_> = to.records().map(|it| it.unwrap().0).collect();
    assert_eq!(copied, [1, 2, 3, 5].map(run));
}

#[test]
fn stray_temporary_files_go_with_the_next_claim() {
    let folder = Folder::new();
    let store = Store::open(&folder.0).unwrap();
    let lease = mine(&store, 1);
    store.checkpoint(&lease, &record(1, 0.0)).unwrap();
    drop(lease);
    let run_path = store.run_path(run(1)).unwrap();
    ensure_dir(&RealDisk, run_path.parent().unwrap()).unwrap();
    for path in [&run_path, &store.checkpoint_paths(run(1)).unwrap()[0]] {
        let name = path.file_name().unwrap().to_str().unwrap();
        for n in 0..2 {
            let stray = path.with_file_name(crate::data::atomic::temporary_name(name, n));
            RealDisk.create_new(&stray).unwrap();
        }
    }
    assert_eq!(store.doctor().anomalies.len(), 4);
    drop(mine(&store, 1));
    assert!(store.doctor().anomalies.is_empty());
}

#[test]
fn how_far_a_run_is_can_be_seen_from_outside() {
    let folder = Folder::new();
    let store = Store::open(&folder.0).unwrap();
    let other = Store::open(&folder.0).unwrap();
    let standing = || other.standing(run(7)).unwrap();
    assert_eq!(standing(), Standing::Absent);
    let lease = mine(&store, 7);
    assert_eq!(standing(), Standing::Running);
    store.checkpoint(&lease, &record(7, 0.5)).unwrap();
    assert_eq!(standing(), Standing::Running);
    drop(lease);
    assert_eq!(standing(), Standing::Begun);
    store.commit(mine(&store, 7), &record(7, 1.0)).unwrap();
    assert_eq!(standing(), Standing::Done);
    // Looking has moved and left nothing.
    let path = folder.0.join("runs/07").join(format!("{}.rivalry", run(7)));
    std::fs::rename(&path, folder.0.join("elsewhere")).unwrap();
    write_atomic(&path, b"not a run").unwrap();
    assert_eq!(standing(), Standing::Absent);
    assert!(path.exists() && !folder.0.join("quarantine").exists());
    assert_eq!(std::fs::read_dir(folder.0.join("leases")).unwrap().count(), 0);
}
