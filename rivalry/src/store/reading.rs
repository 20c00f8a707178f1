//! Reading one file of the store, with all that can be wrong with it.

use std::fs::{File, FileType};
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde_json::Value;

use super::error::Damage;
use crate::data::atomic::Disk;
use crate::record::file::{self, Container, FIXED_BYTES, FileError, Head};
use crate::spec::RunId;

/// What something in a folder is, in words.
pub(super) fn kind(it: FileType) -> &'static str {
    if it.is_symlink() {
        "a symbolic link"
    } else if it.is_dir() {
        "a folder"
    } else if it.is_file() {
        "a file"
    } else {
        "a special file"
    }
}

/// The container in a file that should belong to that run; nothing if there is
/// no such file.
pub(super) fn container(disk: &dyn Disk, path: &Path, run: RunId) -> Result<Option<Container>, Damage> {
    let Some((mut file, bytes)) = open(disk, path)? else { return Ok(None) };
    let mut contents = begin(&mut file, bytes)?;
    // A header that does not fit the length of the file is reported before the
    // rest is read.
    match file::decode_head(&contents, bytes) {
        Ok(_) | Err(FileError::NewerFormat { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    file.read_to_end(&mut contents).map_err(Damage::Unreadable)?;
    let container = file::decode(&contents)?;
    check_run(container.header(), run)?;
    Ok(Some(container))
}

/// The header of such a file, the table of its arrays and the file's length,
/// without reading the numbers.
pub(super) fn head(disk: &dyn Disk, path: &Path, run: RunId) -> Result<Option<(Head, u64)>, Damage> {
    let Some((mut file, bytes)) = open(disk, path)? else { return Ok(None) };
    let contents = begin(&mut file, bytes)?;
    match file::decode_head(&contents, bytes) {
        Ok(head) => {
            check_run(&head.header, run)?;
            Ok(Some((head, bytes)))
        }
        // Only the whole file tells whether it is newer or damaged.
        Err(error @ FileError::NewerFormat { .. }) => match container(disk, path, run) {
            Err(damage) => Err(damage),
            Ok(_) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// A regular file with its length; nothing if there is none.
fn open(disk: &dyn Disk, path: &Path) -> Result<Option<(File, u64)>, Damage> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) => return Err(Damage::NotAFile { what: kind(metadata.file_type()) }),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Damage::Unreadable(error)),
    }
    let opened = disk.open(path).and_then(|file| file.metadata().map(|it| (file, it.len())));
    match opened {
        Ok(found) => Ok(Some(found)),
        // Another worker moved it away just now.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Damage::Unreadable(error)),
    }
}

/// The bytes of a file up to its body, or fewer if it is no such file.
fn begin(file: &mut File, bytes: u64) -> Result<Vec<u8>, Damage> {
    let mut contents = Vec::new();
    let mut append = |n_bytes: usize, contents: &mut Vec<u8>| {
        file.take(n_bytes as u64).read_to_end(contents).map_err(Damage::Unreadable)
    };
    append(FIXED_BYTES, &mut contents)?;
    if let Ok(needed) = file::head_bytes(&contents, bytes) {
        append(needed.saturating_sub(contents.len()), &mut contents)?;
    }
    Ok(contents)
}

fn check_run(header: &Value, run: RunId) -> Result<(), Damage> {
    match named_run(header) {
        None => Err(Damage::NoRun),
        Some(found) if found == run.to_string() => Ok(()),
        Some(found) => Err(Damage::WrongRun { found: printable(found) }),
    }
}

/// The run that a header names.
pub(super) fn named_run(header: &Value) -> Option<&str> {
    header.get("run")?.as_str()
}

/// A text from a file or a file's name, safe to show on one line of a
/// terminal: what does not print is escaped, and the length is bounded.
pub(super) fn printable(text: &str) -> String {
    const MOST: usize = 200;
    let mut shown = String::new();
    for (n, character) in text.chars().enumerate() {
        if n == MOST {
            shown.push_str("...");
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}
