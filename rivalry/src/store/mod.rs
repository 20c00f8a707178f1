//! Runs on disk: one immutable file per run, named by the run's question.
//!
//! ```text
//! STORE                          "rivalry store, format 1"
//! runs/ab/ab....rivalry          a finished run, named by its RunId
//! checkpoints/ab.....0 and .1    the newest and the one before, of a run under way
//! leases/ab....                  locked by the worker that computes the run
//! quarantine/                    what was damaged, each beside a text that says why
//! ```
//!
//! No file is ever written by two workers at once, none is changed once it has
//! its name, and a file that has its name is whole ([`crate::data::atomic`])
//! or gives its damage away ([`crate::record::file`]). So a worker may be
//! killed at any moment, and running the same command again is resuming:
//!
//! ```
//! # use rivalry::{record::file::Container, spec::RunId, store::{Claim, Store, StoreError}};
//! # fn compute(run: RunId, from: Option<Container>) -> Container {
//! #     Container::new(serde_json::json!({"run": run.to_string()})).unwrap()
//! # }
//! fn work(store: &Store, plan: &[RunId]) -> Result<(), StoreError> {
//!     for run in plan {
//!         match store.claim(*run)? {
//!             Claim::Done => {}
//!             Claim::Busy => {} // Another worker has it: look again later.
//!             Claim::Mine(lease) => {
//!                 let record = compute(*run, store.latest_checkpoint(&lease)?);
//!                 store.commit(lease, &record)?;
//!             }
//!         }
//!     }
//!     Ok(())
//! }
//! # let root = std::env::temp_dir().join(format!("rivalry-doc-{}", std::process::id()));
//! # let store = Store::open(&root)?;
//! # work(&store, &[RunId([7; 32])])?;
//! # assert!(matches!(store.claim(RunId([7; 32]))?, Claim::Done));
//! # std::fs::remove_dir_all(root).unwrap();
//! # Ok::<(), StoreError>(())
//! ```
//!
//! The store never deletes a file that holds anything: a checkpoint goes when
//! its run is finished, what is damaged is moved aside with a reason. It never
//! follows a link inside its folder, and no name in it comes from a user.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod checkpoints;
mod doctor;
mod error;
mod lease;
mod quarantine;
mod reading;
mod runs;
mod standing;
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::data::atomic::{Disk, DiskError, RealDisk, ensure_dir, write_atomic_on};

pub use doctor::{Anomaly, Checkup, What};
pub use error::{Damage, Damaged, StoreError};
pub use lease::{Claim, Lease};
pub use runs::{Copied, Listed};
pub use standing::Standing;

/// The name of the file that marks a folder as a store.
pub const MARKER: &str = "STORE";
/// The format of the folder that this program writes.
pub const FORMAT: u32 = 1;
const MARKER_TEXT: &str = "rivalry store, format ";

/// A folder of runs. It may be shared by threads, processes and machines.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    /// Whether the kernel's locks work here; found out by the first claim.
    locks: Arc<OnceLock<lease::Locks>>,
}

impl Store {
    /// The store in that folder, which is created if it is missing.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Self::open_on(root, Arc::new(RealDisk))
    }

    /// [`Store::open`] on a given disk.
    pub fn open_on(root: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        ensure_dir(&*disk, root)?;
        match Self::open_existing_on(root, Arc::clone(&disk)) {
            Err(StoreError::NotAStore { .. }) => {
                let text = format!("{MARKER_TEXT}{FORMAT}\n");
                write_atomic_on(&*disk, &root.join(MARKER), text.as_bytes())?;
                Self::open_existing_on(root, disk)
            }
            other => other,
        }
    }

    /// A store that must be there. Nothing is written, so that a store on a
    /// medium that cannot be written is readable too.
    pub fn open_existing(root: &Path) -> Result<Self, StoreError> {
        Self::open_existing_on(root, Arc::new(RealDisk))
    }

    fn open_existing_on(root: &Path, disk: Arc<dyn Disk>) -> Result<Self, StoreError> {
        let store = Self { root: root.to_owned(), disk, locks: Arc::default() };
        match store.format()? {
            None => Err(StoreError::NotAStore { path: root.to_owned() }),
            Some(found) if found > FORMAT => Err(StoreError::NewerStore { path: root.to_owned(), found }),
            Some(_) => Ok(store),
        }
    }

    /// The folder of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the marker says; nothing if there is no marker.
    fn format(&self) -> Result<Option<u32>, StoreError> {
        let path = self.root.join(MARKER);
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io(&path, "look at it")(error)),
            Ok(metadata) if !metadata.is_file() => return Err(StoreError::BadMarker { path }),
            Ok(_) => {}
        }
        let mut text = String::new();
        let read = self.disk.open(&path).and_then(|file| file.take(64).read_to_string(&mut text));
        match read {
            Err(error) if error.kind() != ErrorKind::InvalidData => {
                return Err(StoreError::io(&path, "read")(error));
            }
            _ => {}
        }
        let number = text.strip_prefix(MARKER_TEXT).and_then(|rest| rest.trim_end().parse().ok());
        number.map(Some).ok_or(StoreError::BadMarker { path })
    }

    /// Writes a file of the store. The temporary file may vanish where locks
    /// only seem to work, on file systems that keep them within one machine: a
    /// worker elsewhere takes it for a stray. Then it is written again.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        for _ in 0..3 {
            match write_atomic_on(&*self.disk, path, bytes) {
                Err(DiskError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
                other => return Ok(other?),
            }
        }
        Ok(write_atomic_on(&*self.disk, path, bytes)?)
    }

    /// A folder of the store for writing: created if missing, never a link.
    fn folder(&self, parts: &[&str]) -> Result<PathBuf, StoreError> {
        let folder = self.existing_folder(parts)?;
        ensure_dir(&*self.disk, &folder)?;
        Ok(folder)
    }

    /// The path of a folder of the store, which need not be there; whatever is
    /// there on the way to it is a folder and no link.
    fn existing_folder(&self, parts: &[&str]) -> Result<PathBuf, StoreError> {
        let mut path = self.root.clone();
        for part in parts {
            path.push(part);
            match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(metadata) => {
                    return Err(StoreError::NotAFolder { path, what: reading::kind(metadata.file_type()) });
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&path, "look at it")(error)),
            }
        }
        Ok(path)
    }
}
