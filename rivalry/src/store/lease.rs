//! Who computes a run: a lock of the kernel on a file named by the run, which
//! vanishes with the process that holds it. There are no process ids, no
//! clocks and nothing to clean up after a crash.
//!
//! Where a file system has no working locks, every claim succeeds and the
//! worst case is work done twice: a run's file is named by the question, so
//! both workers write the same answer, each in a temporary file of its own.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Store, StoreError, reading};
use crate::data::atomic::{Disk, create_temporary};
use crate::spec::RunId;

pub(super) const LEASES: &str = "leases";

/// What came of asking for a run.
#[derive(Debug)]
pub enum Claim {
    /// It is yours to compute.
    Mine(Lease),
    /// Another worker is computing it.
    Busy,
    /// It is there.
    Done,
}

/// The right to compute a run; it ends when this value or its process does.
#[derive(Debug)]
pub struct Lease {
    run: RunId,
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// Nothing where locks do not work.
    lock: Option<File>,
    /// Whether the file goes with the lease.
    goes: bool,
}

/// What the file system of a store can do, found out by trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Locks {
    /// No locks, or locks that keep nobody out.
    None,
    /// Locks, but it cannot be seen whether a path still names an open file:
    /// lease files stay for ever.
    Staying,
    /// Locks, and lease files go with their leases.
    Going,
}

impl Lease {
    /// The run that was claimed.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Whether no other worker can have the same run.
    pub fn is_exclusive(&self) -> bool {
        self.lock.is_some()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Removed while locked: whoever opened it before will see that the
        // name no longer means the file that it locked.
        if self.goes {
            let _ = self.disk.remove(&self.path);
        }
    }
}

impl Store {
    /// The lease of a run, or nothing if another worker holds it.
    pub(super) fn lease(&self, run: RunId) -> Result<Option<Lease>, StoreError> {
        let folder = self.folder(&[LEASES])?;
        let path = folder.join(run.to_string());
        let locks = self.locks(&folder)?;
        let goes = locks == Locks::Going;
        let lease = |lock| Some(Lease { run, disk: Arc::clone(&self.disk), path: path.clone(), lock, goes });
        if locks == Locks::None {
            return Ok(lease(None));
        }
        // Each further round means that another worker finished in between.
        for _ in 0..1000 {
            let Some(file) = self.open_lease(&path)? else { continue };
            match self.disk.try_lock(&file) {
                Ok(()) if !goes || names(&path, &file) => return Ok(lease(Some(file))),
                // Its last holder removed it between our opening and locking.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(source)) => return Err(StoreError::io(&path, "lock")(source)),
            }
        }
        Ok(None)
    }

    /// The file of a lease, created if missing; nothing if it vanished.
    fn open_lease(&self, path: &Path) -> Result<Option<File>, StoreError> {
        match self.disk.create_new(path) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io(path, "create")(error)),
        }
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => {}
            Ok(metadata) => {
                let what = reading::kind(metadata.file_type());
                return Err(super::Damaged {
                    path: path.to_owned(),
                    damage: super::Damage::NotAFile { what },
                    moved_to: None,
                }
                .into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(path, "look at it")(error)),
        }
        match self.disk.open_to_lock(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(path, "open")(error)),
        }
    }

    /// Tries once whether a lock on a file keeps out a second one.
    fn locks(&self, folder: &Path) -> Result<Locks, StoreError> {
        if let Some(known) = self.locks.get() {
            return Ok(*known);
        }
        let (first, path) = create_temporary(&*self.disk, folder, "trial")
            .map_err(StoreError::io(folder, "create a file"))?;
        let keeps_out = |path: &Path| {
            let second = self.disk.open_to_lock(path);
            second.is_ok_and(|it| matches!(self.disk.try_lock(&it), Err(TryLockError::WouldBlock)))
        };
        let found = match self.disk.try_lock(&first) {
            Ok(()) if !keeps_out(&path) => Locks::None,
            Ok(()) if names(&path, &first) => Locks::Going,
            Ok(()) => Locks::Staying,
            Err(_) => Locks::None,
        };
        self.disk.remove(&path).map_err(StoreError::io(&path, "remove"))?;
        Ok(*self.locks.get_or_init(|| found))
    }
}

/// Whether a path still names an open file, as far as the system tells.
#[cfg(unix)]
fn names(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |it: std::fs::Metadata| (it.dev(), it.ino());
    match (path.symlink_metadata(), file.metadata()) {
        (Ok(named), Ok(open)) => identity(named) == identity(open),
        _ => false,
    }
}

/// Whether a path still names an open file: other systems do not tell.
#[cfg(not(unix))]
fn names(_: &Path, _: &File) -> bool {
    false
}
