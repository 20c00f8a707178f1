//! Where damaged files go: moved, never deleted, each beside a text that says
//! what was wrong. The name carries a hash of the contents, so that equal
//! names mean equal files and moving twice loses nothing.

use std::io;
use std::path::{Path, PathBuf};

use super::error::{Damage, Damaged};
use super::{Lease, Store, StoreError, reading};
use crate::record::file::Container;

pub(super) const QUARANTINE: &str = "quarantine";
/// The end of the name of the text beside a file.
pub(super) const REASON: &str = ".reason.txt";

impl Store {
    /// Reads a file of a run whose lease is held. If the contents are damaged
    /// the file is set aside, and it is as if it had not been there.
    pub(super) fn read_or_set_aside(
        &self,
        path: &Path,
        lease: &Lease,
    ) -> Result<Result<Option<Container>, Damaged>, StoreError> {
        let damage = match reading::container(&*self.disk, path, lease.run()) {
            Ok(found) => return Ok(Ok(found)),
            Err(damage) => damage,
        };
        if !damage.is_final() {
            return Err(Damaged { path: path.to_owned(), damage, moved_to: None }.into());
        }
        let moved_to = Some(self.set_aside(path, &damage)?);
        Ok(Err(Damaged { path: path.to_owned(), damage, moved_to }))
    }

    /// Moves a damaged file; returns where it is now. The text comes first, so
    /// that no file is ever there without one.
    fn set_aside(&self, path: &Path, damage: &Damage) -> Result<PathBuf, StoreError> {
        let disk = &*self.disk;
        let folder = self.folder(&[QUARANTINE])?;
        let hash =
            |file| -> io::Result<blake3::Hash> { Ok(blake3::Hasher::new().update_reader(file)?.finalize()) };
        let hash = disk.open(path).and_then(hash).map_err(StoreError::io(path, "read"))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}.{}", hash.to_hex().get(..16).unwrap_or_default());
        let from = path.strip_prefix(&self.root).unwrap_or(path).display();
        let reason = format!("{damage}\nwas: {from}\nhint: {}\n", damage.hint());
        self.put(&folder.join(format!("{name}{REASON}")), reason.as_bytes())?;
        let target = folder.join(name);
        disk.rename(path, &target).map_err(StoreError::io(path, "move it to the quarantine"))?;
        disk.sync_dir(&folder).map_err(StoreError::io(&folder, "sync"))?;
        Ok(target)
    }
}
