//! A folder with one file per modality and a label file, each an `.npy` or a
//! text table without roles.
//!
//! Never follows a name out of the folder: names come from listing it. Written
//! whole or not at all, and never over something else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::data::{DataError, Dataset, FileError, LayoutError, atomic, shown};
use crate::registry::Entry;

use super::reading::{Array, Choose, Limits, OpenOptions, Role, Source, Wanted, io_error, wanted, within};
use super::side::{List, refuse_reserved, side_lists};
use super::{Format, csv, npy};

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "folder",
    summary: "a folder with a file (`.npy`, `.csv`, `.tsv`, `.txt`) per modality and `y` for the labels",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(Folder),
};

/// Suffixes of files that are read; the first is binary.
const SUFFIXES: [&str; 5] = ["npy", "csv", "tsv", "tab", "txt"];

struct Folder;

impl Format for Folder {
    fn suffixes(&self) -> &'static [&'static str] {
        &[]
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let Some(path) = source.path().filter(|_| source.is_folder()) else {
            return Err(FileError::Kind { expected: "folder, found a file" }.into());
        };
        let files = files(path, limits)?;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let mut arrays = Vec::new();
        for Wanted { position, role, name } in wanted(&names, options)? {
            let Some((_, file)) = files.get(position) else { continue };
            let mut array = read_file(file, role, options, limits).map_err(|e| e.at(&file_place(file)))?;
            array.name = name;
            arrays.push((role, array));
        }
        Ok(arrays)
    }

    /// A folder is no file: the file that is meant can be named itself.
    fn pick(
        &self,
        _: &Source<'_>,
        _: &OpenOptions,
        _: &Limits,
        _: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        Err(FileError::Kind { expected: "file, found a folder" }.into())
    }

    fn write(&self, data: &Dataset, path: &Path) -> Result<(), DataError> {
        write(data, path)
    }
}

/// Names without suffix and paths of the arrays in a folder, sorted by name.
fn files(folder: &Path, limits: &Limits) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    let mut n_entries = 0_u64;
    for entry in fs::read_dir(folder).map_err(|e| io_error("list", &e))? {
        n_entries += 1;
        within("files in the folder", n_entries, limits.max_members as u64)?;
        let path = entry.map_err(|e| io_error("list", &e))?.path();
        let file_name = path.file_name().unwrap_or_default();
        let Some(text) = file_name.to_str() else {
            return Err(LayoutError::FileName { name: shown(&file_name.to_string_lossy()) }.into());
        };
        if text.starts_with('.') || text.to_ascii_uppercase().starts_with("README") {
            continue;
        }
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        if !SUFFIXES.contains(&suffix(&path).as_str()) || path.is_dir() {
            let known = SUFFIXES.map(|s| format!("`.{s}`")).join(", ");
            return Err(LayoutError::StrayFile { name: shown(text), known }.into());
        }
        files.push((name, path));
    }
    files.sort();
    if files.is_empty() {
        return Err(LayoutError::EmptyFolder.into());
    }
    let twice = files.windows(2).find_map(|pair| match pair {
        [(a, first), (b, second)] if a == b => Some((a.clone(), first.clone(), second.clone())),
        _ => None,
    });
    match twice {
        None => Ok(files),
        Some((name, first, second)) => {
            let (first, second) = (file_place(&first), file_place(&second));
            Err(LayoutError::TwoFiles { name: shown(&name), first, second }.into())
        }
    }
}

fn suffix(path: &Path) -> String {
    path.extension().and_then(|s| s.to_str()).unwrap_or_default().to_ascii_lowercase()
}

fn file_place(path: &Path) -> String {
    shown(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn read_file(path: &Path, role: Role, options: &OpenOptions, limits: &Limits) -> Result<Array, DataError> {
    let source = Source::file(path);
    if suffix(path) == SUFFIXES[0] {
        let mut input = source.open()?;
        let available = input.len();
        return npy::read_array(&mut input, available, source.stem(), limits);
    }
    match role {
        Role::Modality => csv::read_matrix(&source, options, limits),
        Role::Label => csv::read_list(&source, options, limits, "labels"),
        Role::ClassNames => csv::read_list(&source, options, limits, "class_names"),
        Role::Groups => csv::read_list(&source, options, limits, "groups"),
        Role::Part(_) => csv::read_list(&source, options, limits, "split"),
        Role::Fold => csv::read_list(&source, options, limits, "fold"),
        Role::Order => csv::read_list(&source, options, limits, "modalities"),
    }
}

/// Writes a data set as `.npy` files.
fn write(data: &Dataset, path: &Path) -> Result<(), DataError> {
    refuse_reserved(data)?;
    if let Some(modality) = data.modalities().iter().find(|m| !is_file_name(&m.name)) {
        return Err(FileError::UnfitName { name: shown(&modality.name), what: "a file name" }.into());
    }
    atomic::create_folder_with(path, |folder| fill(data, folder)).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Exists.into(),
        _ => io_error("write", &e),
    })
}

fn fill(data: &Dataset, folder: &Path) -> std::io::Result<()> {
    for modality in data.modalities() {
        let path = folder.join(format!("{}.npy", modality.name));
        atomic::write_atomic_with(&path, |out| npy::write_features(&modality.features, out))?;
    }
    let order = List::Texts(data.modalities().iter().map(|m| m.name.as_str()).collect());
    for (name, list) in side_lists(data).into_iter().chain([("modalities", order)]) {
        let bytes = npy::list_bytes(list);
        atomic::write_atomic_with(&folder.join(format!("{name}.npy")), |out| out.write_all(&bytes))?;
    }
    Ok(())
}

/// Whether a modality's name is a file name on every system, and is not one
/// that listing would skip or split differently.
fn is_file_name(name: &str) -> bool {
    const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
    const MOST_BYTES: usize = 200;
    let upper = name.to_ascii_uppercase();
    let stem = upper.split('.').next().unwrap_or_default();
    let is_port = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|n| n.chars().count() == 1 && n.chars().all(char::is_numeric))
    };
    name.len() <= MOST_BYTES
        && !name.contains([':', '*', '?', '"', '<', '>', '|'])
        && !DEVICES.contains(&stem)
        && !is_port("COM")
        && !is_port("LPT")
        && !upper.starts_with("README")
        && !name.ends_with('.')
}
