//! Explains everything in a store that is not as it should be, one line each.
//! It reads every byte, and it moves, writes and deletes nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{FileType, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use super::checkpoints::CHECKPOINTS;
use super::error::Damage;
use super::lease::LEASES;
use super::quarantine::{QUARANTINE, REASON};
use super::runs::{RUNS, SUFFIX, is_prefix, prefix};
use super::{MARKER, Store, StoreError, reading};
use crate::data::atomic::DiskError;
use crate::spec::RunId;

/// The state of a store.
#[derive(Debug, Default)]
pub struct Checkup {
    /// Runs that are finished and whole.
    pub whole: usize,
    /// Runs that a worker is computing now.
    pub in_progress: usize,
    /// Runs that were interrupted and go on from a checkpoint.
    pub resumable: usize,
    /// What is not as it should be, by path.
    pub anomalies: Vec<Anomaly>,
}

/// Something that is not as it should be; its display is one line of
/// printable characters, whatever the names and contents of files.
#[derive(Debug)]
pub struct Anomaly {
    /// The path below the store's folder.
    pub path: PathBuf,
    /// What it is.
    pub what: What,
}

/// What is not as it should be.
#[derive(Debug)]
pub enum What {
    /// The folder does not say that it is a store.
    NoMarker,
    /// What it says is not understood.
    BadMarker,
    /// The file of a run cannot be used.
    Run(Damage),
    /// A checkpoint cannot be used.
    Checkpoint(Damage),
    /// A checkpoint of a run that is finished.
    StaleCheckpoint,
    /// A lease that nobody holds.
    LeftLease,
    /// The temporary file of a write that did not end.
    Stray,
    /// A run's file in the folder of other runs.
    Misplaced {
        /// The path below the store's folder where it would be found.
        belongs: PathBuf,
    },
    /// Nothing of the store's making.
    Foreign {
        /// What it is.
        kind: &'static str,
    },
    /// A link or a file where a folder of the store belongs.
    NotAFolder {
        /// What it is.
        kind: &'static str,
    },
    /// The system does not let it be read.
    Unreadable(io::Error),
    /// A file that was set aside because it was damaged.
    SetAside {
        /// The first line of the text beside it.
        reason: String,
    },
    /// A file that lies there without a text that says why.
    Unexplained,
    /// A text that says why a file was set aside, without the file.
    Unmatched,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", reading::printable(&self.path.to_string_lossy()))?;
        match &self.what {
            What::NoMarker => write!(f, "missing; the next command that writes here makes it again"),
            What::BadMarker => {
                write!(f, "does not say that this is a store; remove it and it is made again")
            }
            What::Run(damage) if damage.is_final() => {
                write!(f, "{damage}; its next run sets it aside and computes it again")
            }
            What::Checkpoint(damage) if damage.is_final() => {
                write!(f, "{damage}; its next run sets it aside and resumes from an older state")
            }
            What::Run(damage) | What::Checkpoint(damage) => write!(f, "{damage}; {}", damage.hint()),
            What::StaleCheckpoint => write!(f, "state of a run that is finished; can be deleted"),
            What::LeftLease => {
                write!(f, "lease of a worker that is gone; harmless, the next claim takes it")
            }
            What::Stray => write!(f, "temporary file of a write that was interrupted; can be deleted"),
            What::Misplaced { belongs } => {
                write!(f, "not found here; move it to {}", reading::printable(&belongs.to_string_lossy()))
            }
            What::Foreign { kind } => write!(f, "{kind} that no store makes; it is ignored"),
            What::NotAFolder { kind } => {
                write!(f, "{kind} where the store needs a folder; it is not followed, move it away")
            }
            What::Unreadable(error) => {
                write!(f, "cannot be read: {error}; check the permissions and the disk")
            }
            What::SetAside { reason } => write!(f, "set aside: {reason}; can be deleted"),
            What::Unexplained => write!(f, "set aside without a reason; not put here by the store"),
            What::Unmatched => {
                write!(f, "says why a file was set aside, but the file is not here; can be deleted")
            }
        }
    }
}

impl Store {
    /// Examines every file of the store.
    pub fn doctor(&self) -> Checkup {
        let mut examination = Examination {
            store: self,
            found: Checkup::default(),
            finished: BTreeSet::new(),
            held: BTreeSet::new(),
        };
        examination.root();
        examination.leases();
        examination.runs();
        examination.checkpoints();
        examination.quarantine();
        let mut found = examination.found;
        found.anomalies.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }
}

/// Whether commands write their results under this name.
fn is_kept_report(name: &str) -> bool {
    name.starts_with("report.") || matches!(name, "figures.svg" | "table.csv")
}

/// A doctor at work.
struct Examination<'a> {
    store: &'a Store,
    found: Checkup,
    /// Runs whose file is whole.
    finished: BTreeSet<RunId>,
    /// Runs whose lease a worker holds.
    held: BTreeSet<RunId>,
}

impl Examination<'_> {
    fn report(&mut self, parts: &[&str], what: What) {
        self.found.anomalies.push(Anomaly { path: parts.iter().collect(), what });
    }

    fn foreign(&mut self, parts: &[&str], kind: FileType) {
        self.report(parts, What::Foreign { kind: reading::kind(kind) });
    }

    /// The names in a folder of the store, in order; what cannot be listed is
    /// reported.
    fn names(&mut self, parts: &[&str]) -> Vec<(String, FileType)> {
        let listed = self
            .store
            .existing_folder(parts)
            .and_then(|path| self.store.disk.list(&path).map_err(StoreError::io(&path, "list")));
        let mut names: Vec<_> = match listed {
            Ok(names) => {
                names.into_iter().map(|(name, kind)| (name.to_string_lossy().into_owned(), kind)).collect()
            }
            Err(StoreError::Disk(DiskError::Io { source, .. })) if source.kind() == ErrorKind::NotFound => {
                Vec::new()
            }
            Err(StoreError::NotAFolder { what, .. }) => {
                self.report(parts, What::NotAFolder { kind: what });
                Vec::new()
            }
            Err(StoreError::Disk(DiskError::Io { source, .. })) => {
                self.report(parts, What::Unreadable(source));
                Vec::new()
            }
            Err(other) => {
                self.report(parts, What::Unreadable(io::Error::other(other.to_string())));
                Vec::new()
            }
        };
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names
    }

    fn root(&mut self) {
        match self.store.format() {
            Ok(Some(_)) => {}
            Ok(None) => self.report(&[MARKER], What::NoMarker),
            Err(_) => self.report(&[MARKER], What::BadMarker),
        }
        for (name, kind) in self.names(&[]) {
            match name.as_str() {
                MARKER | RUNS | LEASES | CHECKPOINTS | QUARANTINE => {}
                // What commands keep beside the runs: report, figures, table.
                _ if is_kept_report(&name) && kind.is_file() => {}
                _ if is_temporary(&name) => self.report(&[&name], What::Stray),
                _ => self.foreign(&[&name], kind),
            }
        }
    }

    fn leases(&mut self) {
        for (name, kind) in self.names(&[LEASES]) {
            let parts = [LEASES, &name];
            let run: Option<RunId> = name.parse().ok();
            match run {
                Some(run) if kind.is_file() => {
                    let path = self.store.root.join(LEASES).join(&name);
                    // A lock that is granted here ends with this statement.
                    match self.store.disk.open(&path).map(|file| self.store.disk.try_lock(&file)) {
                        Ok(Err(TryLockError::WouldBlock)) => {
                            self.held.insert(run);
                            self.found.in_progress += 1;
                        }
                        // Its worker finished just now.
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Ok(_) => self.report(&parts, What::LeftLease),
                        Err(error) => self.report(&parts, What::Unreadable(error)),
                    }
                }
                Some(_) => self.report(&parts, What::Run(Damage::NotAFile { what: reading::kind(kind) })),
                None => self.stray_or_foreign(&parts, &name, kind),
            }
        }
    }

    fn runs(&mut self) {
        for (folder, kind) in self.names(&[RUNS]) {
            if !is_prefix(&folder) {
                self.foreign(&[RUNS, &folder], kind);
                continue;
            }
            for (name, kind) in self.names(&[RUNS, &folder]) {
                self.run(&folder, &name, kind);
            }
        }
    }

    fn run(&mut self, folder: &str, name: &str, kind: FileType) {
        let parts = [RUNS, folder, name];
        let run: Option<RunId> = name.strip_suffix(SUFFIX).and_then(|it| it.parse().ok());
        match run {
            Some(run) if prefix(run) != folder => {
                self.report(&parts, What::Misplaced { belongs: [RUNS, &prefix(run), name].iter().collect() });
            }
            Some(run) => {
                let path = self.store.root.join(RUNS).join(folder).join(name);
                match reading::container(&*self.store.disk, &path, run) {
                    Ok(Some(_)) => {
                        self.found.whole += 1;
                        self.finished.insert(run);
                    }
                    Ok(None) => {}
                    Err(damage) => self.report(&parts, What::Run(damage)),
                }
            }
            None => self.stray_or_foreign(&parts, name, kind),
        }
    }

    fn checkpoints(&mut self) {
        let mut resumable = BTreeSet::new();
        for (name, kind) in self.names(&[CHECKPOINTS]) {
            let parts = [CHECKPOINTS, &name];
            let stem = name.strip_suffix(".0").or_else(|| name.strip_suffix(".1"));
            let run: Option<RunId> = stem.and_then(|it| it.parse().ok());
            match run {
                Some(run) if self.finished.contains(&run) && !self.held.contains(&run) => {
                    self.report(&parts, What::StaleCheckpoint);
                }
                Some(run) => {
                    let path = self.store.root.join(CHECKPOINTS).join(&name);
                    match reading::container(&*self.store.disk, &path, run) {
                        Ok(Some(_)) if !self.held.contains(&run) => {
                            resumable.insert(run);
                        }
                        Ok(_) => {}
                        Err(damage) => self.report(&parts, What::Checkpoint(damage)),
                    }
                }
                None => self.stray_or_foreign(&parts, &name, kind),
            }
        }
        self.found.resumable = resumable.len();
    }

    /// A temporary file is no stray while its run is being computed.
    fn stray_or_foreign(&mut self, parts: &[&str], name: &str, kind: FileType) {
        let run: Option<RunId> = name.get(1..65).and_then(|it| it.parse().ok());
        if !is_temporary(name) {
            self.foreign(parts, kind);
        } else if !run.is_some_and(|run| self.held.contains(&run)) {
            self.report(parts, What::Stray);
        }
    }

    fn quarantine(&mut self) {
        let names = self.names(&[QUARANTINE]);
        let all: BTreeSet<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        for (name, kind) in &names {
            let parts = [QUARANTINE, name];
            let reason = format!("{name}{REASON}");
            match name.strip_suffix(REASON) {
                Some(file) if all.contains(file) => {}
                Some(_) => self.report(&parts, What::Unmatched),
                None if is_temporary(name) => self.report(&parts, What::Stray),
                None if !kind.is_file() => self.foreign(&parts, *kind),
                None if all.contains(reason.as_str()) => {
                    let what = self.reason(&reason);
                    self.report(&parts, what);
                }
                None => self.report(&parts, What::Unexplained),
            }
        }
    }

    /// The first line of a text in the quarantine.
    fn reason(&self, name: &str) -> What {
        let path = self.store.root.join(QUARANTINE).join(name);
        let mut text = Vec::new();
        let read = match path.symlink_metadata() {
            Ok(metadata) if metadata.is_file() => {
                self.store.disk.open(&path).and_then(|file| file.take(4096).read_to_end(&mut text))
            }
            Ok(_) => return What::Unexplained,
            Err(error) => Err(error),
        };
        match read {
            Ok(_) => {
                let text = String::from_utf8_lossy(&text);
                What::SetAside { reason: reading::printable(text.lines().next().unwrap_or_default()) }
            }
            Err(error) => What::Unreadable(error),
        }
    }
}

/// Whether a name is one of those that writes use before they rename.
fn is_temporary(name: &str) -> bool {
    let tail = name.strip_prefix('.').and_then(|it| it.strip_suffix(".tmp"));
    tail.and_then(|it| it.rsplit_once('.')).is_some_and(|(_, n)| n.parse::<u32>().is_ok())
}
