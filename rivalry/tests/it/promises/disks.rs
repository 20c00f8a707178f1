//! Disks on which things go wrong: one that dies with the process or with the
//! power, one that is full, one without locks, one that refuses a path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rivalry::data::atomic::Disk;

use super::toy::put;

/// A real disk that does not wait for the medium: fast, and as good as any for
/// a test in which the power stays on.
#[derive(Debug)]
pub(super) struct Unsynced;

impl Disk for Unsynced {
    fn sync(&self, _: &File, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// A disk whose locks are refused, as on some network file systems.
#[derive(Debug)]
pub(super) struct NoLocks;

impl Disk for NoLocks {
    fn try_lock(&self, _: &File) -> Result<(), TryLockError> {
        Err(TryLockError::Error(ErrorKind::Unsupported.into()))
    }
}

/// A disk that lets one path not be read.
#[derive(Debug)]
pub(super) struct Refusing(pub(super) PathBuf);

impl Disk for Refusing {
    fn open(&self, path: &Path) -> io::Result<File> {
        if path == self.0 { Err(ErrorKind::PermissionDenied.into()) } else { File::open(path) }
    }
    fn list(&self, path: &Path) -> io::Result<Vec<(std::ffi::OsString, std::fs::FileType)>> {
        if path == self.0 { Err(ErrorKind::PermissionDenied.into()) } else { Unsynced.list(path) }
    }
}

/// A disk with room for so many bytes; without room there are no new names
/// either.
#[derive(Debug)]
pub(super) struct Full(Mutex<usize>);

impl Full {
    pub(super) fn with_room_for(bytes: usize) -> Self {
        Self(Mutex::new(bytes))
    }

    fn name(&self) -> io::Result<()> {
        if *self.0.lock().unwrap() == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Disk for Full {
    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.name()?;
        Unsynced.create_new(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.name()?;
        std::fs::create_dir(path)
    }
    fn write(&self, file: &mut File, _: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut room = self.0.lock().unwrap();
        let fits = bytes.len().min(*room);
        *room -= fits;
        file.write_all(&bytes[..fits])?;
        if fits < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
    fn sync(&self, _: &File, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// What happens at the step at which a disk dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Death {
    /// The process dies before it.
    Before,
    /// The process dies within it: half of a write, all of any other step.
    Within,
    /// The power fails before it. Names survive, contents only if synced.
    PowerKeepingNames,
    /// The power fails before it. Names survive only if their folder was
    /// synced, contents only if they were.
    PowerLosingNames,
    /// The process really ends within it, with status 9, and the kernel closes
    /// and unlocks its files.
    Exit,
}

impl Death {
    /// Those that a test survives.
    pub(super) const ALL: [Self; 4] =
        [Self::Before, Self::Within, Self::PowerKeepingNames, Self::PowerLosingNames];
}

/// A disk that dies at the n-th step that changes anything; from then on every
/// such step fails, as a dead process takes none.
#[derive(Debug)]
pub(super) struct Dying {
    at: usize,
    death: Death,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    steps: usize,
    /// Files whose contents the medium does not have yet.
    unsynced: BTreeSet<PathBuf>,
    /// Changes of names that the medium does not have yet, oldest first, each
    /// with the folder whose sync settles it.
    unsettled: Vec<(PathBuf, Undo)>,
}

/// How the medium still sees things.
#[derive(Debug)]
enum Undo {
    Created(PathBuf),
    CreatedFolder(PathBuf),
    Renamed { from: PathBuf, to: PathBuf, replaced: Option<Vec<u8>> },
    Removed(PathBuf, Vec<u8>),
}

impl Dying {
    pub(super) fn at(at: usize, death: Death) -> Self {
        Self { at, death, state: Mutex::default() }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state.lock().unwrap().steps >= self.at
    }

    /// One step: whether it is to be taken, and whether the process lives on.
    fn step<T>(&self, take: impl FnOnce(&mut State, bool) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        state.steps += 1;
        let dead = || io::Error::other("dead");
        if state.steps < self.at {
            return take(&mut state, true);
        }
        if state.steps == self.at && matches!(self.death, Death::Within | Death::Exit) {
            let _ = take(&mut state, false);
            if self.death == Death::Exit {
                std::process::exit(9);
            }
        }
        Err(dead())
    }

    /// Leaves the folder as the medium has it when the power comes back.
    pub(super) fn come_back(&self) {
        let state = std::mem::take(&mut *self.state.lock().unwrap());
        if matches!(self.death, Death::Before | Death::Within | Death::Exit) {
            return;
        }
        for (n, path) in state.unsynced.iter().enumerate().filter(|(_, path)| path.is_file()) {
            // Some file systems leave nothing, others the length and zeros.
            let length = std::fs::metadata(path).unwrap().len() as usize;
            put(path, &vec![0; if n % 2 == 0 { 0 } else { length }]);
        }
        if self.death == Death::PowerKeepingNames {
            return;
        }
        for (_, undo) in state.unsettled.into_iter().rev() {
            match undo {
                Undo::Created(path) => drop(std::fs::remove_file(path)),
                Undo::CreatedFolder(path) => drop(std::fs::remove_dir_all(path)),
                Undo::Removed(path, contents) => put(&path, &contents),
                Undo::Renamed { from, to, replaced } => {
                    std::fs::rename(&to, from).unwrap();
                    if let Some(contents) = replaced {
                        put(&to, &contents);
                    }
                }
            }
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap().to_owned()
}

impl Disk for Dying {
    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.step(|state, _| {
            let file = Unsynced.create_new(path)?;
            state.unsettled.push((folder_of(path), Undo::Created(path.to_owned())));
            state.unsynced.insert(path.to_owned());
            Ok(file)
        })
    }
    fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(|state, lives| {
            state.unsynced.insert(path.to_owned());
            file.write_all(&bytes[..if lives { bytes.len() } else { bytes.len() / 2 }])
        })
    }
    fn sync(&self, _: &File, path: &Path) -> io::Result<()> {
        self.step(|state, _| {
            state.unsynced.remove(path);
            Ok(())
        })
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|state, _| {
            let replaced = std::fs::read(to).ok();
            std::fs::rename(from, to)?;
            if state.unsynced.remove(from) {
                state.unsynced.insert(to.to_owned());
            }
            let undo = Undo::Renamed { from: from.to_owned(), to: to.to_owned(), replaced };
            state.unsettled.push((folder_of(to), undo));
            Ok(())
        })
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|state, _| {
            let contents = std::fs::read(path);
            std::fs::remove_file(path)?;
            state.unsettled.push((folder_of(path), Undo::Removed(path.to_owned(), contents?)));
            Ok(())
        })
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.step(|state, _| {
            std::fs::create_dir(path)?;
            state.unsettled.push((folder_of(path), Undo::CreatedFolder(path.to_owned())));
            Ok(())
        })
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(|state, _| {
            state.unsettled.retain(|(folder, _)| folder != path);
            Ok(())
        })
    }
}

/// Every file below a folder with its contents.
pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (name, kind) in Unsynced.list(folder).unwrap() {
        let path = folder.join(name);
        if kind.is_dir() {
            found.extend(contents(&path));
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}
