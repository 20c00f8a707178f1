//! `.npz`: a zip archive of arrays, as `numpy.savez` and `numpy.savez_compressed`
//! write it.
//!
//! Members are read one after the other, and only those that have a role.
//! Never writes a member to disk, so their names reach no path. Never asks for
//! much memory on the word of the directory: a member that claims to be large
//! is inflated once without keeping anything, to see whether it is.

mod write;
mod zip;

use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::data::{DataError, Dataset, FileError, ZipError};
use crate::registry::{Citation, Entry};

use super::reading::{
    Array, Choose, Input, Limits, OpenOptions, Pick, Role, Source, io_error, wanted, within,
};
use super::{Format, npy};
use zip::{Member, Method, place};

pub(super) use write::write_arrays;

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "npz",
    summary: "numpy archive: a 2-D array per modality, `y`, and what else has a reserved name",
    cites: &[Citation {
        key: "pkware-appnote",
        text: "PKWARE. APPNOTE: .ZIP file format specification, version 6.3.10. 2022",
        url: "https://support.pkware.com/pkzip/appnote",
    }],
    knobs: &[],
    build: |_| Box::new(Npz),
};

/// Largest array that is allocated before its bytes have been seen.
const ON_TRUST: u64 = 1 << 24;

struct Npz;

impl Format for Npz {
    fn suffixes(&self) -> &'static [&'static str] {
        &["npz"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(zip::LOCAL) || head.starts_with(b"PK\x05\x06")
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let mut archive = Archive::open(source, limits)?;
        let wanted = wanted(&archive.names(), options)?;
        let chosen = wanted.iter().map(|w| (w.position, w.name.as_str())).collect::<Vec<_>>();
        let arrays = archive.read(&chosen, limits)?;
        Ok(wanted.iter().map(|w| w.role).zip(arrays).collect())
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let mut archive = Archive::open(source, limits)?;
        let picks = choose(&archive.names())?;
        let positions = picks.iter().flat_map(Pick::positions);
        let chosen: Vec<(usize, &str)> = positions.map(|position| (*position, "")).collect();
        archive.read(&chosen, limits)
    }

    fn write(&self, data: &Dataset, path: &Path) -> Result<(), DataError> {
        write::write(data, path)
    }
}

/// An opened archive.
struct Archive<'a> {
    input: Input<'a>,
    members: Vec<Member>,
}

impl<'a> Archive<'a> {
    fn open(source: &Source<'a>, limits: &Limits) -> Result<Self, DataError> {
        let mut input = source.open()?;
        let members = zip::members(&mut input, limits)?;
        refuse_foreign(&members)?;
        Ok(Self { input, members })
    }

    fn names(&self) -> Vec<&str> {
        self.members.iter().map(|m| array_name(m).unwrap_or(&m.name)).collect()
    }

    /// The members at these positions, each under this name.
    fn read(&mut self, chosen: &[(usize, &str)], limits: &Limits) -> Result<Vec<Array>, DataError> {
        let Self { input, members } = self;
        let chosen: Vec<(&Member, &str)> =
            chosen.iter().filter_map(|(position, name)| Some((members.get(*position)?, *name))).collect();
        let most = limits.max_inflated_bytes.max(input.len().saturating_mul(limits.max_inflation));
        let total = chosen.iter().fold(0_u64, |sum, (member, _)| sum.saturating_add(member.size));
        within("bytes after inflating", total, most)?;
        let read = |(member, name): &(&Member, &str)| {
            read_member(input, member, name, limits).map_err(|e| e.at(&place(&member.name)))
        };
        chosen.iter().map(read).collect()
    }
}

fn array_name(member: &Member) -> Option<&str> {
    member.name.strip_suffix(".npy")
}

/// Zip archives that are something else.
fn refuse_foreign(members: &[Member]) -> Result<(), DataError> {
    for member in members {
        let name = member.name.rsplit('/').next().unwrap_or_default();
        if name == "data.pkl" {
            return Err(FileError::Pickled { what: "a file of `torch.save`".to_owned() }.into());
        }
        if member.name == "[Content_Types].xml" {
            return Err(FileError::Foreign { what: "a spreadsheet", advice: "export it as `.csv`" }.into());
        }
    }
    Ok(())
}

fn read_member(
    input: &mut Input<'_>,
    member: &Member,
    name: &str,
    limits: &Limits,
) -> Result<Array, DataError> {
    if array_name(member).is_none() {
        return Err(ZipError::NotAnArray.into());
    }
    if member.method == Method::Deflated && member.size > ON_TRUST {
        let mut checked = Checked::new(input, member)?;
        io::copy(&mut checked, &mut io::sink()).map_err(|e| io_error("read", &e))?;
        checked.finish()?;
    }
    let mut checked = Checked::new(input, member)?;
    let array = npy::read_array(&mut checked, member.size, name, limits)?;
    checked.finish()?;
    Ok(array)
}

/// A member's bytes, counted and summed: more or fewer than the directory says
/// are an error, not an early end.
struct Checked<'a, 'b> {
    bytes: Bytes<'a, 'b>,
    crc: Crc,
    expected: u64,
    crc32: u32,
    compressed: u64,
    read: u64,
}

enum Bytes<'a, 'b> {
    Stored(Take<&'a mut Input<'b>>),
    Deflated(Box<DeflateDecoder<Take<&'a mut Input<'b>>>>),
}

impl<'a, 'b> Checked<'a, 'b> {
    fn new(input: &'a mut Input<'b>, member: &Member) -> Result<Self, DataError> {
        input.seek(SeekFrom::Start(member.start)).map_err(|e| io_error("read", &e))?;
        let raw = input.take(member.compressed);
        let bytes = match member.method {
            Method::Stored => Bytes::Stored(raw),
            Method::Deflated => Bytes::Deflated(Box::new(DeflateDecoder::new(raw))),
        };
        let (expected, crc32, compressed) = (member.size, member.crc32, member.compressed);
        Ok(Self { bytes, crc: Crc::new(), expected, crc32, compressed, read: 0 })
    }

    /// To be called after the last byte: there is no other, and the checksum
    /// is right.
    fn finish(mut self) -> Result<(), DataError> {
        let more = ZipError::Size { expected: self.expected, more: true };
        if self.read(&mut [0]).map_err(|e| io_error("read", &e))? > 0 {
            return Err(more.into());
        }
        if let Bytes::Deflated(decoder) = &self.bytes
            && decoder.total_in() != self.compressed
        {
            return Err(ZipError::Deflate.into());
        }
        if self.crc.sum() == self.crc32 { Ok(()) } else { Err(ZipError::Checksum.into()) }
    }
}

impl Read for Checked<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let ours = |error: ZipError| io::Error::other(DataError::from(error));
        let count = match &mut self.bytes {
            Bytes::Stored(bytes) => bytes.read(buffer),
            Bytes::Deflated(bytes) => bytes.read(buffer).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    ours(ZipError::Deflate)
                }
                _ => error,
            }),
        }?;
        self.read += count as u64;
        if self.read > self.expected || (count == 0 && self.read < self.expected) {
            return Err(ours(ZipError::Size { expected: self.expected, more: count > 0 }));
        }
        self.crc.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
