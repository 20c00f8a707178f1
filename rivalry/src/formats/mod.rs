//! DRAWER: files -> data sets, and back.
//!
//! A format is one file (or folder) here, a `mod` line and a line in
//! [`FORMATS`]. Readers turn bytes into named arrays with roles; one common
//! step makes a data set of them. Readers never execute anything, never write,
//! never reach outside the path they were given, and ask for memory only in
//! proportion to bytes that are there.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

mod csv;
#[allow(clippy::expect_used, clippy::indexing_slicing, reason = "its bytes are ours: damage is a bug")]
pub mod embedded;
mod folder;
mod jsonl;
mod mat;
mod memory;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
pub mod predictions;
mod reading;
mod safetensors;
mod side;
mod table;
pub mod training_log;
mod truth;

use std::path::Path;

use crate::data::sparse_coding::Truth;
use crate::data::{DataError, Dataset, FileError};
use crate::registry::{Choice, Entry, Table, find};

pub(crate) use csv::RFC_4180;
pub use memory::Arrays;
#[cfg(feature = "parquet")]
pub(crate) use parquet::FORMAT as PARQUET;
pub use predictions::{groups, labels, predictions};
pub use reading::{
    Array, Choose, Kind, Limits, ModalityChoice, OpenOptions, Pick, PickOptions, Role, Source, Values,
};

use memory::Memory;
use reading::assemble;

/// A kind of file.
pub trait Format: Send + Sync {
    /// Suffixes of such files, in lower case, without the full stop.
    fn suffixes(&self) -> &'static [&'static str];

    /// Whether the first bytes of a file can only be of this kind.
    fn recognises(&self, head: &[u8]) -> bool;

    /// Whether a file of this kind can be a whole data set.
    fn holds_data_set(&self) -> bool {
        true
    }

    /// The arrays that have a role, each with its role.
    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError>;

    /// Whether a file of this kind is a table: named columns, one row per
    /// sample, and not named arrays.
    fn is_table(&self) -> bool {
        false
    }

    /// The arrays, or columns of a table, that are picked by their names, one
    /// array per pick.
    fn pick(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError>;

    /// Writes a data set that reads back as an equal one.
    fn write(&self, data: &Dataset, path: &Path) -> Result<(), DataError>;
}

/// All kinds of files.
pub const FORMATS: Table<dyn Format> = &[
    csv::ENTRY,
    folder::ENTRY,
    jsonl::ENTRY,
    mat::ENTRY,
    npy::ENTRY,
    npz::ENTRY,
    #[cfg(feature = "parquet")]
    parquet::ENTRY,
    safetensors::ENTRY,
];

/// Reads the data set at a path. The kind of file follows from its content, or
/// else from its suffix.
///
/// # Errors
/// Whatever is wrong, with its place: the file, the member, the line.
pub fn open(path: &Path, options: &OpenOptions, limits: &Limits) -> Result<Dataset, DataError> {
    open_source(&Source::file(path), options, limits)
}

/// [`open`] for any source.
pub fn open_source(
    source: &Source<'_>,
    options: &OpenOptions,
    limits: &Limits,
) -> Result<Dataset, DataError> {
    let opened = || {
        let (name, format) = kind(source, options.format.as_deref())?;
        if !format.holds_data_set() {
            return Err(FileError::CannotHold { format: name }.into());
        }
        let arrays = format.read(source, options, limits)?;
        assemble(source.stem(), arrays, limits)
    };
    opened().map_err(|e| e.at(source.name()))
}

/// Writes a data set; the suffix says the kind, and a path without one is a
/// folder.
pub fn save(data: &Dataset, path: &Path) -> Result<(), DataError> {
    let saved = || {
        let suffix = Source::file(path).suffix();
        let entry = if suffix.is_empty() { Some(&folder::ENTRY) } else { by_suffix(&suffix) };
        build(entry.ok_or_else(unknown)?).write(data, path)
    };
    saved().map_err(|e| e.at(&path.display().to_string()))
}

/// Writes named arrays that are no data set as an `.npz`: truth values, single
/// and double precision, integers of 64 bits, texts.
///
/// # Panics
/// When an array has not as many values as its shape says.
pub fn save_arrays(arrays: &[Array], path: &Path) -> Result<(), DataError> {
    npz::write_arrays(arrays, path).map_err(|e| e.at(&path.display().to_string()))
}

/// Writes the truth of generated data as an `.npz`: `insufficient` (samples x
/// modalities, truth values), `z_m1`, ... (samples x classes), `dictionary_m1`,
/// ... (features x classes). Without labels, so that it is no data set.
pub fn save_truth(truth: &Truth, path: &Path) -> Result<(), DataError> {
    save_arrays(&truth::arrays(truth), path)
}

/// Reads one list (of labels, groups, folds) from an `.npy` or a text file.
pub fn read_list(path: &Path, limits: &Limits) -> Result<Array, DataError> {
    read_alone(path, limits, |source, options| csv::read_list(source, options, limits, "values"))
}

/// Reads one matrix of numbers (logits, probabilities, features) from an `.npy`
/// or a text file.
pub fn read_matrix(path: &Path, limits: &Limits) -> Result<Array, DataError> {
    read_alone(path, limits, |source, options| csv::read_matrix(source, options, limits))
}

fn read_alone(
    path: &Path,
    limits: &Limits,
    read_text: impl Fn(&Source<'_>, &OpenOptions) -> Result<Array, DataError>,
) -> Result<Array, DataError> {
    let source = Source::file(path);
    let read = || {
        let entry = recognise(&source)?;
        if entry.name == csv::ENTRY.name {
            return read_text(&source, &OpenOptions::default());
        }
        if entry.name != npy::ENTRY.name {
            return Err(FileError::Kind { expected: "single array (`.npy` or a text file)" }.into());
        }
        let arrays = build(entry).read(&source, &OpenOptions::default(), limits)?;
        arrays.into_iter().next().map(|(_, array)| array).ok_or_else(|| FileError::Empty.into())
    };
    read().map_err(|e| e.at(source.name()))
}

/// What a source is read by, and its name: the kind that is asked for, or what
/// the source itself says.
fn kind(source: &Source<'_>, asked: Option<&str>) -> Result<(&'static str, Box<dyn Format>), DataError> {
    if let Some(arrays) = source.in_memory() {
        return Ok(("memory", Box::new(Memory::new(arrays))));
    }
    let entry = match asked {
        Some(name) => named(name)?,
        None => recognise(source)?,
    };
    Ok((entry.name, build(entry)))
}

fn build(entry: &Entry<dyn Format>) -> Box<dyn Format> {
    let Ok(settings) = entry.settle(&Choice::new(entry.name)) else { unreachable!("formats have no knobs") };
    (entry.build)(&settings)
}

fn named(name: &str) -> Result<&'static Entry<dyn Format>, DataError> {
    find("format", FORMATS, name).map_err(|_| unknown())
}

fn by_suffix(suffix: &str) -> Option<&'static Entry<dyn Format>> {
    FORMATS.iter().find(|entry| build(entry).suffixes().contains(&suffix))
}

fn unknown() -> DataError {
    let known: Vec<String> =
        FORMATS.iter().flat_map(|entry| build(entry).suffixes()).map(|s| format!("`.{s}`")).collect();
    FileError::Unknown { known: known.join(", ") }.into()
}

fn recognise(source: &Source<'_>) -> Result<&'static Entry<dyn Format>, DataError> {
    const HEAD: u64 = 512;
    if source.is_folder() {
        return named(folder::ENTRY.name);
    }
    let mut input = source.open()?;
    if input.len() == 0 {
        return Err(FileError::Empty.into());
    }
    let head = input.head(HEAD)?;
    if let Some(entry) = FORMATS.iter().find(|entry| build(entry).recognises(&head)) {
        return Ok(entry);
    }
    refuse_foreign(&head, &source.suffix())?;
    match by_suffix(&source.suffix()) {
        None => Err(unknown()),
        Some(entry) if entry.name == npz::ENTRY.name => {
            Err(FileError::NameLies { expected: "it is an archive (`.npz`)" }.into())
        }
        Some(entry) if entry.name == npy::ENTRY.name => {
            Err(FileError::NameLies { expected: "it is an array (`.npy`)" }.into())
        }
        Some(entry) => Ok(entry),
    }
}

/// Known kinds of files that are not read, with the way out.
fn refuse_foreign(head: &[u8], suffix: &str) -> Result<(), DataError> {
    /// Numbers of the pickle protocols that begin with a byte of their own.
    const PICKLE_PROTOCOLS: std::ops::RangeInclusive<u8> = 2..=5;
    if let [0x80, protocol, ..] = head
        && PICKLE_PROTOCOLS.contains(protocol)
    {
        return Err(FileError::Pickled { what: format!("pickle protocol {protocol}") }.into());
    }
    // The oldest protocols are text without a signature.
    if matches!(suffix, "pkl" | "pickle" | "joblib" | "pt" | "pth") {
        return Err(FileError::Pickled { what: format!("a file named `.{suffix}`") }.into());
    }
    let to_npz = "load it in Python and save it with `numpy.savez(path, image=x1, text=x2, y=labels)`";
    let kinds: [(&[u8], &'static str, &'static str); 8] = [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file", to_npz),
        (
            b"MATLAB 7.3",
            "a MATLAB file of version 7.3 (HDF5)",
            "save it again with `save -v7 FILE X Y`, or load it in Python with `h5py.File(path)` and save it with `numpy.savez`",
        ),
        (
            b"PAR1",
            "a parquet file",
            "build with the feature that reads it (`cargo install --path rivalry-cli --features parquet`), write it as `.csv`, or load it in Python and save an `.npz`",
        ),
        (b"ARROW1", "an Arrow file", to_npz),
        (b"\x1f\x8b", "a gzip file", "unpack it first: `gunzip FILE`"),
        (b"BZh", "a bzip2 file", "unpack it first: `bunzip2 FILE`"),
        (b"\xfd7zXZ\0", "an xz file", "unpack it first: `unxz FILE`"),
        (b"\x28\xb5\x2f\xfd", "a zstandard file", "unpack it first: `unzstd FILE`"),
    ];
    match kinds.iter().find(|(signature, ..)| head.starts_with(signature)) {
        Some((_, what, advice)) => Err(FileError::Foreign { what, advice }.into()),
        None => Ok(()),
    }
}
