//! What can be wrong with a store, and with one file in it.

use std::io;
use std::path::{Path, PathBuf};

use crate::data::atomic::DiskError;
use crate::record::file::FileError;
use crate::spec::RunId;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused something; whatever was to be written is not
    /// there, and what was there still is.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no store at this place.
    #[error("{}: not a store: it has no file `{}`", .path.display(), super::MARKER)]
    NotAStore {
        /// The folder that was named.
        path: PathBuf,
    },
    /// A folder holds something else than a store.
    #[error("{}: holds other files and is no kept run", .path.display())]
    Occupied {
        /// The folder that was named.
        path: PathBuf,
    },
    /// A later program made the store.
    #[error("{}: store format {found}, this program knows formats up to {}", .path.display(), super::FORMAT)]
    NewerStore {
        /// The folder of the store.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The marker is there but does not say what it should.
    #[error("{}: does not say that this folder is a store", .path.display())]
    BadMarker {
        /// The marker.
        path: PathBuf,
    },
    /// A folder of the store is a link or a file. Nothing is written there,
    /// because it may lead anywhere.
    #[error("{}: {what} where the store needs a folder", .path.display())]
    NotAFolder {
        /// Where the folder should be.
        path: PathBuf,
        /// What is there.
        what: &'static str,
    },
    /// A file is there but is not what it should be.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// The header of what should be written does not name the run of the lease.
    #[error("the header names run `{found}`, the lease is for run `{lease}`")]
    WrongRun {
        /// The run that was claimed.
        lease: RunId,
        /// What stands in the header.
        found: String,
    },
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Disk(error) => error.hint(),
            Self::NotAStore { .. } => "name the folder that an earlier command wrote with `--out`",
            Self::Occupied { .. } => {
                "name a new or an empty folder, or one that an earlier command wrote with `--out`"
            }
            Self::NewerStore { .. } => "use the program that wrote it, or a newer one",
            Self::BadMarker { .. } => "if the folder is a store, remove this file: it is written again",
            Self::NotAFolder { .. } => "move it away: the store follows no links inside itself",
            Self::Damaged(damaged) => damaged.damage.hint(),
            Self::WrongRun { .. } => "the header's field `run` must name the run that was claimed",
        }
    }

    pub(super) fn io(path: &Path, step: &'static str) -> impl FnOnce(io::Error) -> Self {
        // A full disk also refuses names, and is the same trouble then.
        move |source| Self::Disk(DiskError::new(path, step, 0, source))
    }
}

/// A file of the store that cannot be used, and where it is now.
#[derive(Debug, thiserror::Error)]
#[error("{}: {damage}{}", .path.display(), set_aside(.moved_to.as_deref()))]
pub struct Damaged {
    /// Where it was found.
    pub path: PathBuf,
    /// What is wrong.
    pub damage: Damage,
    /// Where it was moved; nothing if it stayed, because it is not damaged but
    /// unreadable, because another worker has the run, or because the store
    /// cannot be written.
    pub moved_to: Option<PathBuf>,
}

fn set_aside(moved_to: Option<&Path>) -> String {
    moved_to.map_or_else(String::new, |path| format!("; moved to {}", path.display()))
}

/// What is wrong with one file.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The file is not whole, or not of this format.
    #[error(transparent)]
    File(#[from] FileError),
    /// A whole file under the name of another run.
    #[error("holds run `{found}`, not the run of its name")]
    WrongRun {
        /// What stands in the header.
        found: String,
    },
    /// A whole file that does not say whose it is.
    #[error("whole, but its header names no run")]
    NoRun,
    /// Not a file but something else, which is not opened.
    #[error("{what} where a file belongs")]
    NotAFile {
        /// What it is.
        what: &'static str,
    },
    /// The system does not let it be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

impl Damage {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::File(error) => error.hint(),
            Self::WrongRun { .. } | Self::NoRun => "run the command that made it again",
            Self::NotAFile { .. } => "move it away: the store follows no links inside itself",
            Self::Unreadable(_) => "check the permissions and the disk",
        }
    }

    /// Whether the contents are at fault, so that the file should be set aside
    /// and computed again. A file from a later program and a file that cannot
    /// be read may well be whole: they stay.
    pub fn is_final(&self) -> bool {
        match self {
            Self::File(error) => !matches!(error, FileError::NewerFormat { .. }),
            Self::WrongRun { .. } | Self::NoRun => true,
            Self::NotAFile { .. } | Self::Unreadable(_) => false,
        }
    }
}
