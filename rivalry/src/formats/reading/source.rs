//! Where bytes come from: a file or memory. Arrays in memory are a source too,
//! without bytes.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::data::{DataError, FileError};
use crate::formats::Arrays;

/// Bytes with a name and a known length. Opening it twice reads them twice.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    name: String,
    content: Content<'a>,
}

#[derive(Clone, Debug)]
enum Content<'a> {
    File(PathBuf),
    Bytes(&'a [u8]),
    Arrays(&'a Arrays),
}

impl<'a> Source<'a> {
    /// A regular file, or a folder.
    pub fn file(path: &Path) -> Self {
        Self { name: path.display().to_string(), content: Content::File(path.to_owned()) }
    }

    /// Bytes in memory; the name is for messages, its suffix says the kind.
    pub fn bytes(name: &str, bytes: &'a [u8]) -> Self {
        Self { name: name.to_owned(), content: Content::Bytes(bytes) }
    }

    /// Arrays in memory, or the columns of a table; the name is for messages.
    pub fn arrays(name: &str, arrays: &'a Arrays) -> Self {
        Self { name: name.to_owned(), content: Content::Arrays(arrays) }
    }

    /// The arrays, when this is such.
    pub(in crate::formats) fn in_memory(&self) -> Option<&'a Arrays> {
        match &self.content {
            Content::Arrays(arrays) => Some(arrays),
            Content::File(_) | Content::Bytes(_) => None,
        }
    }

    /// For messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path, when this is not memory.
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::File(path) => Some(path),
            Content::Bytes(_) | Content::Arrays(_) => None,
        }
    }

    /// The file's name without folder and suffix; the whole name of arrays.
    pub fn stem(&self) -> &str {
        if self.in_memory().is_some() {
            return &self.name;
        }
        Path::new(&self.name).file_stem().and_then(|s| s.to_str()).unwrap_or_default()
    }

    /// The suffix in lower case, without the full stop.
    pub fn suffix(&self) -> String {
        let suffix = Path::new(&self.name).extension().and_then(|s| s.to_str());
        suffix.unwrap_or_default().to_ascii_lowercase()
    }

    /// Whether this is a folder.
    pub fn is_folder(&self) -> bool {
        self.path().is_some_and(Path::is_dir)
    }

    /// The bytes from the start.
    pub(in crate::formats) fn open(&self) -> Result<Input<'a>, DataError> {
        match &self.content {
            Content::Bytes(bytes) => {
                Ok(Input { bytes: Bytes::Memory(Cursor::new(bytes)), len: bytes.len() as u64 })
            }
            Content::Arrays(_) => Err(FileError::NotAFile.into()),
            Content::File(path) => {
                // Looked at before it is opened: opening a pipe would wait for
                // a writer.
                let found = fs::metadata(path).map_err(|e| io_error("open", &e))?;
                if found.is_dir() {
                    return Err(FileError::Kind { expected: "file, found a folder" }.into());
                }
                if !found.is_file() {
                    return Err(FileError::NotAFile.into());
                }
                let file = File::open(path).map_err(|e| io_error("open", &e))?;
                let len = file.metadata().map_err(|e| io_error("open", &e))?.len();
                Ok(Input { bytes: Bytes::File(file), len })
            }
        }
    }
}

/// An opened source.
#[derive(Debug)]
pub(in crate::formats) struct Input<'a> {
    bytes: Bytes<'a>,
    len: u64,
}

#[derive(Debug)]
enum Bytes<'a> {
    File(File),
    Memory(Cursor<&'a [u8]>),
}

impl Input<'_> {
    /// Number of bytes in all.
    pub(in crate::formats) fn len(&self) -> u64 {
        self.len
    }

    /// Up to `most` bytes from the start, and back to the start.
    pub(in crate::formats) fn head(&mut self, most: u64) -> Result<Vec<u8>, DataError> {
        let mut head = Vec::new();
        let read = self.by_ref().take(most).read_to_end(&mut head);
        read.and_then(|_| self.rewind()).map_err(|e| io_error("read", &e))?;
        Ok(head)
    }

    /// Exactly `count` bytes from `at`, or `None` when there are not as many.
    pub(in crate::formats) fn bytes_at(&mut self, at: u64, count: u64) -> Result<Option<Vec<u8>>, DataError> {
        if at.checked_add(count).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let read =
            self.seek(SeekFrom::Start(at)).and_then(|_| self.by_ref().take(count).read_to_end(&mut bytes));
        read.map_err(|e| io_error("read", &e))?;
        Ok(Some(bytes).filter(|b| b.len() as u64 == count))
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::File(file) => file.read(buffer),
            Bytes::Memory(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Input<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.bytes {
            Bytes::File(file) => file.seek(to),
            Bytes::Memory(bytes) => bytes.seek(to),
        }
    }
}

/// What the system said, as an error of ours; an error of ours that came
/// through a reader is itself.
pub(in crate::formats) fn io_error(action: &'static str, error: &io::Error) -> DataError {
    if let Some(ours) = error.get_ref().and_then(|inner| inner.downcast_ref::<DataError>()) {
        return ours.clone();
    }
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound.into(),
        _ => FileError::Io { action, reason: error.to_string() }.into(),
    }
}
