//! `.npy`: one array, as `numpy.save` writes it (NEP 1, versions 1.0 to 3.0).
//!
//! Never unpickles: arrays of objects are refused by name. Never asks for
//! memory that the bytes of the file do not warrant.

mod header;
mod write;

use std::io::Read;
use std::path::Path;

use crate::data::{DataError, Dataset, FileError};
use crate::registry::{Citation, Entry};

use super::Format;
use super::reading::{Array, Choose, Limits, OpenOptions, Role, Source};

pub(super) use header::SIGNATURE;
pub(super) use write::{list_bytes, write_array, write_features};

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "npy",
    summary: "one numpy array per file; a data set is a folder of them",
    cites: &[Citation {
        key: "numpy-nep1",
        text: "R. Kern. NEP 1: A simple file format for NumPy arrays. 2007",
        url: "https://numpy.org/neps/nep-0001-npy-format.html",
    }],
    knobs: &[],
    build: |_| Box::new(Npy),
};

struct Npy;

impl Format for Npy {
    fn suffixes(&self) -> &'static [&'static str] {
        &["npy"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(SIGNATURE)
    }

    fn holds_data_set(&self) -> bool {
        false
    }

    fn read(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let mut input = source.open()?;
        let available = input.len();
        Ok(vec![(Role::Modality, read_array(&mut input, available, source.stem(), limits)?)])
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let read = |_| {
            let mut input = source.open()?;
            let available = input.len();
            read_array(&mut input, available, source.stem(), limits)
        };
        choose(&[source.stem()])?.iter().map(read).collect()
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::CannotHold { format: ENTRY.name }.into())
    }
}

/// Decodes an array whose type and shape are known from elsewhere.
pub(super) fn stream(
    name: &str,
    descr: &str,
    shape: &[usize],
    input: &mut dyn Read,
    limits: &Limits,
) -> Result<Array, DataError> {
    let raw = header::given(descr, shape, limits)?;
    let values = raw.read_values(input, limits)?;
    Ok(Array { name: name.to_owned(), rows: raw.rows, cols: raw.cols, values })
}

/// Reads an array that fills `available` bytes exactly.
pub(super) fn read_array(
    input: &mut dyn Read,
    available: u64,
    name: &str,
    limits: &Limits,
) -> Result<Array, DataError> {
    let header = header::read(input, available, limits)?;
    let values = header.read_values(input, limits)?;
    Ok(Array { name: name.to_owned(), rows: header.rows, cols: header.cols, values })
}
