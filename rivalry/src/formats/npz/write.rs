//! Archives that numpy reads: deflated members, dates fixed so that equal data
//! give equal bytes.

use std::io::{self, Write};
use std::path::Path;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::data::{DataError, Dataset, FileError, atomic};
use crate::formats::npy;
use crate::formats::reading::{Array, io_error};
use crate::formats::side::{refuse_reserved, side_lists};

/// 1 January 1980, the earliest date of the format.
const DATE: u16 = 1 << 5 | 1;
/// Version 2.0 of the format: deflate.
const VERSION: u16 = 20;
const DEFLATED: u16 = 8;

struct Written {
    name: String,
    crc32: u32,
    compressed: u32,
    size: u32,
    offset: u32,
}

/// Writes a data set as an archive.
pub(super) fn write(data: &Dataset, path: &Path) -> Result<(), DataError> {
    refuse_reserved(data)?;
    write_members(path, |archive| {
        for modality in data.modalities() {
            archive.member(&modality.name, |out| npy::write_features(&modality.features, out))?;
        }
        for (name, list) in side_lists(data) {
            let bytes = npy::list_bytes(list);
            archive.member(name, |out| out.write_all(&bytes))?;
        }
        Ok(())
    })
}

/// Writes named arrays as an archive.
pub(in crate::formats) fn write_arrays(arrays: &[Array], path: &Path) -> Result<(), DataError> {
    write_members(path, |archive| {
        arrays.iter().try_for_each(|array| archive.member(&array.name, |out| npy::write_array(array, out)))
    })
}

fn write_members(
    path: &Path,
    fill: impl FnOnce(&mut Archive<'_>) -> io::Result<()>,
) -> Result<(), DataError> {
    let mut too_large = false;
    let result = atomic::write_atomic_with(path, |out| {
        let mut archive = Archive { out, at: 0, members: Vec::new() };
        let written = fill(&mut archive).and_then(|()| archive.directory());
        written.inspect_err(|e| too_large = e.kind() == io::ErrorKind::FileTooLarge)
    });
    result.map_err(|e| {
        if too_large {
            FileError::Io {
                action: "write",
                reason: "an archive holds at most 4 GB: write a folder instead".to_owned(),
            }
            .into()
        } else {
            io_error("write", &e)
        }
    })
}

struct Archive<'a> {
    out: &'a mut dyn Write,
    at: u64,
    members: Vec<Written>,
}

impl Archive<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn member(&mut self, name: &str, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        // In memory, because the header comes first and states the sizes.
        let mut deflated =
            Summed { out: DeflateEncoder::new(Vec::new(), Compression::default()), crc: Crc::new(), size: 0 };
        fill(&mut deflated)?;
        let Summed { out, crc, size } = deflated;
        let bytes = out.finish()?;
        let narrow = |n: u64| u32::try_from(n).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge));
        let member = Written {
            name: format!("{name}.npy"),
            crc32: crc.sum(),
            compressed: narrow(bytes.len() as u64)?,
            size: narrow(size)?,
            offset: narrow(self.at)?,
        };
        let mut header = super::zip::LOCAL.to_vec();
        header.extend(member.common());
        header.extend(0_u16.to_le_bytes());
        header.extend(member.name.as_bytes());
        self.write(&header)?;
        self.write(&bytes)?;
        self.members.push(member);
        Ok(())
    }

    fn directory(mut self) -> io::Result<()> {
        let start = self.at;
        for member in std::mem::take(&mut self.members) {
            let mut entry = b"PK\x01\x02".to_vec();
            entry.extend(VERSION.to_le_bytes());
            entry.extend(member.common());
            // Extra field, comment, volume, attributes.
            entry.extend([0; 2 + 2 + 2 + 2 + 4]);
            entry.extend(member.offset.to_le_bytes());
            entry.extend(member.name.as_bytes());
            self.write(&entry)?;
            self.members.push(member);
        }
        let narrow = |n: u64| u32::try_from(n).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge));
        // Both 0xFFFF and more would mean zip64.
        let count = u16::try_from(self.members.len()).ok().filter(|n| *n < u16::MAX);
        let count = count.ok_or(io::ErrorKind::FileTooLarge)?.to_le_bytes();
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend([count, count].concat());
        end.extend(narrow(self.at - start)?.to_le_bytes());
        end.extend(narrow(start)?.to_le_bytes());
        end.extend([0; 2]);
        self.write(&end)
    }
}

impl Written {
    /// What the header and the directory entry both say, from the version to
    /// the length of the name.
    fn common(&self) -> Vec<u8> {
        /// The name is UTF-8.
        const FLAGS: u16 = 1 << 11;
        let mut bytes = Vec::new();
        for field in [VERSION, FLAGS, DEFLATED, 0, DATE] {
            bytes.extend(field.to_le_bytes());
        }
        for field in [self.crc32, self.compressed, self.size] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes
    }
}

/// Counts and sums what goes through.
struct Summed<W> {
    out: W,
    crc: Crc,
    size: u64,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.crc.update(bytes.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
