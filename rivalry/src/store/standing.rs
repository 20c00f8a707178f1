//! How far a run is, seen from outside: nothing is claimed, moved or written.

use std::fs::TryLockError;

use super::lease::LEASES;
use super::{Store, StoreError, reading};
use crate::spec::RunId;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is there, as [`Store::is_done`] sees it.
    Done,
    /// A worker holds its lease.
    Running,
    /// There is a checkpoint of it, and nobody works on it.
    Begun,
    /// There is nothing, or nothing that is whole.
    Absent,
}

impl Store {
    /// Whether a run's file is there and its head is whole; the numbers are not read.
    pub fn is_done(&self, run: RunId) -> Result<bool, StoreError> {
        Ok(matches!(reading::head(&*self.disk, &self.run_path(run)?, run), Ok(Some(_))))
    }

    /// How far a run is. The answer may be old when it arrives: workers do not wait for whoever looks.
    pub fn standing(&self, run: RunId) -> Result<Standing, StoreError> {
        if self.is_done(run)? {
            return Ok(Standing::Done);
        }
        let lease = self.existing_folder(&[LEASES])?.join(run.to_string());
        let is_file = |path: &std::path::Path| path.symlink_metadata().is_ok_and(|it| it.is_file());
        // A lock that is granted here ends with this statement.
        let held = is_file(&lease)
            && self
                .disk
                .open(&lease)
                .is_ok_and(|file| matches!(self.disk.try_lock(&file), Err(TryLockError::WouldBlock)));
        if held {
            return Ok(Standing::Running);
        }
        let begun = self.checkpoint_paths(run)?.iter().any(|path| is_file(path));
        Ok(if begun { Standing::Begun } else { Standing::Absent })
    }
}
