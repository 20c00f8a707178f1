//! Readers and writers: what they must bring back, what they must refuse, and
//! how much memory they may ask for. Everything that has a kind of file in it
//! goes over the table of formats.

mod alone;
// Its page lists the suffixes of a build without optional features.
#[cfg(not(feature = "parquet"))]
mod bad_input;
mod cuts;
mod foreign;
mod lies;
mod make;
mod memory;
mod mutations;
mod names;
#[cfg(feature = "parquet")]
mod parquet;
mod pickles;
mod predictions;
mod readers;
mod round_trip;
mod truth;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rivalry::data::{DataError, Dataset};
use rivalry::formats::predictions::predictions_from;
use rivalry::formats::{FORMATS, Format, Limits, OpenOptions, PickOptions, Source, open_source};
use rivalry::registry::Choice;

/// The kind of file of that name.
fn format(name: &str) -> Box<dyn Format> {
    let entry = FORMATS.iter().find(|e| e.name == name).unwrap();
    (entry.build)(&entry.settle(&Choice::new(name)).unwrap())
}

/// Reads bytes as a file of that name.
fn open_bytes(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
    open_source(&Source::bytes(name, bytes), &OpenOptions::default(), &Limits::default())
}

/// Reads bytes by whatever reader there is for a file of that name, also one
/// that cannot hold a data set.
fn read_bytes(name: &str, bytes: &[u8]) -> Result<(), DataError> {
    if is(name, "npy") {
        let source = Source::bytes(name, bytes);
        let arrays = format("npy").read(&source, &OpenOptions::default(), &Limits::default());
        return arrays.map(drop).map_err(|e| e.at(name));
    }
    if is(name, "jsonl") {
        let source = Source::bytes(name, bytes);
        return predictions_from(&source, &PickOptions::default(), &Limits::default()).map(drop);
    }
    open_bytes(name, bytes).map(drop)
}

/// Whether a file's name has this suffix.
fn is(name: &str, suffix: &str) -> bool {
    Path::new(name).extension().is_some_and(|s| s == suffix)
}

/// The committed files that readers are attacked with.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.is_file())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect()
}

/// A folder that goes with the test, in memory where the system has such a
/// place: these tests write often and never lose power.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = place.join(format!("rivalry-formats-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Puts a file here; folders on the way are made.
    #[expect(clippy::disallowed_methods, reason = "a test's files need not survive anything")]
    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Everything below, relative to here, sorted.
    fn list(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.strip_prefix(&self.0).unwrap().display().to_string());
                }
            }
        }
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
