//! Claiming, writing and reading finished runs.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::Value;

use super::error::{Damage, Damaged};
use super::{Claim, Lease, Store, StoreError, reading};
use crate::data::atomic::{DiskError, temporary_name};
use crate::record::file::{ArrayHead, Container, encode};
use crate::spec::RunId;

pub(super) const RUNS: &str = "runs";
/// The end of a run's file name.
pub(super) const SUFFIX: &str = ".rivalry";

/// A run as its file's head shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The run.
    pub run: RunId,
    /// The length of its file.
    pub bytes: u64,
    /// The header of its container.
    pub header: Value,
    /// Its arrays without their numbers.
    pub arrays: Vec<ArrayHead>,
}

/// What [`Store::copy_to`] did.
#[derive(Debug, Default)]
pub struct Copied {
    /// Runs that were copied.
    pub copied: usize,
    /// Runs that the other store has.
    pub already: usize,
    /// Runs that a worker of the other store is computing.
    pub busy: usize,
    /// Runs that could not be read.
    pub damaged: Vec<Damaged>,
}

impl Store {
    /// Asks for a run: to compute it, or to learn that it is done or being
    /// done. A damaged file under its name is set aside, and the run is to be
    /// computed again.
    pub fn claim(&self, run: RunId) -> Result<Claim, StoreError> {
        let path = self.run_path(run)?;
        match reading::container(&*self.disk, &path, run) {
            Ok(Some(_)) => return Ok(Claim::Done),
            Ok(None) => {}
            Err(damage) if damage.is_final() => {}
            Err(damage) => return Err(Damaged { path, damage, moved_to: None }.into()),
        }
        let Some(lease) = self.lease(run)? else { return Ok(Claim::Busy) };
        // Its last holder may have finished it in the meantime.
        if let Ok(Some(_)) = self.read_or_set_aside(&path, &lease)? {
            return Ok(Claim::Done);
        }
        self.clear_strays(&lease)?;
        Ok(Claim::Mine(lease))
    }

    /// Keeps a finished run; its header names the run in the field `run`. When
    /// this returns the run is on the medium, and its checkpoints are gone. If
    /// another worker was faster its file stays.
    pub fn commit(&self, lease: Lease, record: &Container) -> Result<(), StoreError> {
        check_run(record, lease.run())?;
        self.folder(&[RUNS, &prefix(lease.run())])?;
        let path = self.run_path(lease.run())?;
        if !matches!(self.read_or_set_aside(&path, &lease)?, Ok(Some(_))) {
            self.put(&path, &encode(record))?;
        }
        self.forget_checkpoints(lease.run());
        // Only now may another worker have it.
        drop(lease);
        Ok(())
    }

    /// A run, or nothing if it is not there. A damaged one is an error, and is
    /// set aside unless a worker has it.
    pub fn read(&self, run: RunId) -> Result<Option<Container>, StoreError> {
        let path = self.run_path(run)?;
        let damage = match reading::container(&*self.disk, &path, run) {
            Ok(found) => return Ok(found),
            Err(damage) => damage,
        };
        let moved_to = None;
        if !damage.is_final() {
            return Err(Damaged { path, damage, moved_to }.into());
        }
        // The store may be one that cannot be written, or a worker may be
        // about to replace the file: then the damage is only reported.
        let Ok(Some(lease)) = self.lease(run) else {
            return Err(Damaged { path, damage, moved_to }.into());
        };
        match self.read_or_set_aside(&path, &lease) {
            Ok(found) => Ok(found?),
            Err(StoreError::Damaged(damaged)) => Err(damaged.into()),
            Err(_) => Err(Damaged { path, damage, moved_to }.into()),
        }
    }

    /// All runs in the order of their names, each with what it left behind.
    /// Damaged files are set aside as [`Store::read`] does; whatever is wrong
    /// with one, the others follow.
    pub fn records(&self) -> impl Iterator<Item = Result<(RunId, Container), Damaged>> + '_ {
        self.each(|run| self.read(run).map(|found| found.map(|record| (run, record))))
    }

    /// All runs in the order of their names as their heads show them, without
    /// reading the numbers. Nothing is moved.
    pub fn list(&self) -> impl Iterator<Item = Result<Listed, Damaged>> + '_ {
        self.each(|run| {
            let path = self.run_path(run)?;
            match reading::head(&*self.disk, &path, run) {
                Ok(found) => Ok(found.map(|(head, bytes)| Listed {
                    run,
                    bytes,
                    header: head.header,
                    arrays: head.arrays,
                })),
                Err(damage) => Err(Damaged { path, damage, moved_to: None }.into()),
            }
        })
    }

    /// Copies the runs whose header is wanted into another store, which is how
    /// the stores of several machines become one.
    pub fn copy_to(
        &self,
        other: &Self,
        mut wanted: impl FnMut(RunId, &Value) -> bool,
    ) -> Result<Copied, StoreError> {
        let mut done = Copied::default();
        for listed in self.list() {
            let run = match listed {
                Ok(listed) if wanted(listed.run, &listed.header) => listed.run,
                Ok(_) => continue,
                Err(damaged) => {
                    done.damaged.push(damaged);
                    continue;
                }
            };
            match other.claim(run)? {
                Claim::Done => done.already += 1,
                Claim::Busy => done.busy += 1,
                Claim::Mine(lease) => match self.read(run) {
                    Ok(None) => {}
                    Ok(Some(record)) => {
                        other.commit(lease, &record)?;
                        done.copied += 1;
                    }
                    Err(StoreError::Damaged(damaged)) => done.damaged.push(damaged),
                    Err(error) => return Err(error),
                },
            }
        }
        Ok(done)
    }

    /// What a reader makes of every run that has a file, in order. Folders
    /// that cannot be read come first.
    fn each<T>(
        &self,
        read: impl Fn(RunId) -> Result<Option<T>, StoreError>,
    ) -> impl Iterator<Item = Result<T, Damaged>> {
        let (runs, problems) = self.names();
        problems.into_iter().map(Err).chain(runs.into_iter().filter_map(move |run| match read(run) {
            Ok(found) => found.map(Ok),
            Err(StoreError::Damaged(damaged)) => Some(Err(damaged)),
            Err(error) => Some(Err(self.unreadable(run, &error))),
        }))
    }

    fn unreadable(&self, run: RunId, error: &StoreError) -> Damaged {
        let path = self.root.join(RUNS).join(prefix(run)).join(format!("{run}{SUFFIX}"));
        Damaged { path, damage: Damage::Unreadable(std::io::Error::other(error.to_string())), moved_to: None }
    }

    /// The runs that have a file, by name, and the folders that cannot be read.
    pub(super) fn names(&self) -> (Vec<RunId>, Vec<Damaged>) {
        let (mut runs, mut problems) = (Vec::new(), Vec::new());
        let mut names_in = |parts: &[&str]| -> Vec<String> {
            let path = self.root.join(parts.join("/"));
            let listed = self
                .existing_folder(parts)
                .and_then(|it| self.disk.list(&it).map_err(StoreError::io(&it, "list")));
            match listed {
                Ok(names) => names.into_iter().filter_map(|(name, _)| name.into_string().ok()).collect(),
                Err(StoreError::Disk(DiskError::Io { source, .. }))
                    if source.kind() == ErrorKind::NotFound =>
                {
                    Vec::new()
                }
                Err(StoreError::NotAFolder { what, .. }) => {
                    problems.push(Damaged { path, damage: Damage::NotAFile { what }, moved_to: None });
                    Vec::new()
                }
                Err(error) => {
                    let error = std::io::Error::other(error.to_string());
                    problems.push(Damaged { path, damage: Damage::Unreadable(error), moved_to: None });
                    Vec::new()
                }
            }
        };
        for folder in names_in(&[RUNS]).into_iter().filter(|it| is_prefix(it)) {
            let names = names_in(&[RUNS, &folder]);
            let found = names.iter().filter_map(|name| name.strip_suffix(SUFFIX)?.parse().ok());
            runs.extend(found.filter(|run| prefix(*run) == folder));
        }
        runs.sort_unstable();
        (runs, problems)
    }

    /// Removes what an interrupted write of this run left. Only the holder of
    /// the lease writes there, so whatever is found is nobody's; where there
    /// are no locks it stays.
    fn clear_strays(&self, lease: &Lease) -> Result<(), StoreError> {
        if !lease.is_exclusive() {
            return Ok(());
        }
        let run = lease.run();
        let [newest, _] = self.checkpoint_paths(run)?;
        for path in [self.run_path(run)?, newest] {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            for n in 0.. {
                let stray = path.with_file_name(temporary_name(&name, n));
                match self.disk.remove(&stray) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => break,
                    Err(error) => return Err(StoreError::io(&stray, "remove")(error)),
                }
            }
        }
        Ok(())
    }

    /// Where the run's file is or will be; what is above it is no link.
    pub(super) fn run_path(&self, run: RunId) -> Result<PathBuf, StoreError> {
        Ok(self.existing_folder(&[RUNS, &prefix(run)])?.join(format!("{run}{SUFFIX}")))
    }
}

/// The folder of a run's file.
pub(super) fn prefix(run: RunId) -> String {
    let [first, ..] = run.0;
    format!("{first:02x}")
}

/// Whether a folder can hold runs by its name.
pub(super) fn is_prefix(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn check_run(container: &Container, lease: RunId) -> Result<(), StoreError> {
    match reading::named_run(container.header()) {
        Some(found) if found == lease.to_string() => Ok(()),
        found => Err(StoreError::WrongRun { lease, found: reading::printable(found.unwrap_or("")) }),
    }
}
