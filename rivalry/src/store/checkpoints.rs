//! States of runs under way: the newest and the one before it, so that a
//! newest one that the disk has damaged costs one interval and not the run.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::runs::check_run;
use super::{Lease, Store, StoreError};
use crate::record::file::{Container, encode};
use crate::spec::RunId;

pub(super) const CHECKPOINTS: &str = "checkpoints";

impl Store {
    /// Keeps the state of a run under way; its header names the run in the
    /// field `run`. The one before is kept too, older ones go.
    pub fn checkpoint(&self, lease: &Lease, state: &Container) -> Result<(), StoreError> {
        check_run(state, lease.run())?;
        self.folder(&[CHECKPOINTS])?;
        let [newest, before] = self.checkpoint_paths(lease.run())?;
        match self.disk.rename(&newest, &before) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(StoreError::io(&newest, "rename")(error));
            }
            _ => {}
        }
        self.put(&newest, &encode(state))
    }

    /// The newest state of a run that is whole; nothing if there is none. What
    /// is damaged is set aside.
    pub fn latest_checkpoint(&self, lease: &Lease) -> Result<Option<Container>, StoreError> {
        for path in self.checkpoint_paths(lease.run())? {
            if let Ok(Some(state)) = self.read_or_set_aside(&path, lease)? {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }

    /// Removes the states of a finished run. The run is safe whether or not
    /// this succeeds, so a state that stays is for the doctor to explain.
    pub(super) fn forget_checkpoints(&self, run: RunId) {
        for path in self.checkpoint_paths(run).into_iter().flatten() {
            let _ = self.disk.remove(&path);
        }
    }

    /// The newest and the one before.
    pub(super) fn checkpoint_paths(&self, run: RunId) -> Result<[PathBuf; 2], StoreError> {
        let folder = self.existing_folder(&[CHECKPOINTS])?;
        Ok(["0", "1"].map(|generation| folder.join(format!("{run}.{generation}"))))
    }
}
