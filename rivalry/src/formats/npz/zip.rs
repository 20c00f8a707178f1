//! The directory of a zip archive, read from its end, with every number in it
//! checked against the bytes that are there (PKWARE APPNOTE 6.3.10; zip64 as
//! numpy writes it).

use std::collections::BTreeSet;

use crate::data::{DataError, ZipError};
use crate::formats::reading::{Input, Limits, within};

const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const ENTRY: &[u8] = b"PK\x01\x02";
/// Begins the header before each member, and so the file.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";

const END_LEN: u64 = 22;
const ENTRY_LEN: usize = 46;
const LOCAL_LEN: u64 = 30;
/// Bytes of one directory entry beside its name; zip's own fields allow more.
const MOST_ENTRY_BYTES: u64 = 1024;

/// How a member is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// One file in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub name: String,
    pub method: Method,
    pub crc32: u32,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes when inflated, as the directory says.
    pub size: u64,
    /// Where its bytes begin.
    pub start: u64,
}

/// Little-endian numbers at fixed places of a record that is long enough.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn number(&self, at: usize, width: usize) -> u64 {
        let bytes = self.0.get(at..at + width).unwrap_or_default();
        bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }

    fn u16(&self, at: usize) -> u16 {
        self.number(at, 2) as u16
    }

    fn u32(&self, at: usize) -> u32 {
        self.number(at, 4) as u32
    }
}

/// How many entries the directory has, its length, and where it begins.
struct Directory {
    entries: u64,
    len: u64,
    at: u64,
}

/// All members in the order of the directory.
pub(super) fn members(input: &mut Input<'_>, limits: &Limits) -> Result<Vec<Member>, DataError> {
    let end = find_end(input)?;
    within("members", end.entries, limits.max_members as u64)?;
    let most = end.entries * (limits.max_name_bytes as u64 + MOST_ENTRY_BYTES);
    within("bytes in the archive's directory", end.len, most)?;
    let directory = input.bytes_at(end.at, end.len)?.ok_or(ZipError::Directory { at: end.at })?;
    let mut members = Vec::new();
    let mut offsets = Vec::new();
    let mut at = 0;
    while at < directory.len() {
        let (member, offset, len) = entry(&directory, at, end.at, limits)?;
        at += len;
        members.push(member);
        offsets.push(offset);
    }
    if members.len() as u64 != end.entries {
        return Err(ZipError::Entries { found: members.len() as u64, expected: end.entries }.into());
    }
    let mut names = BTreeSet::new();
    for (member, offset) in members.iter_mut().zip(&offsets) {
        locate(input, member, *offset, end.at).map_err(|e| e.at(&place(&member.name)))?;
        if !names.insert(member.name.clone()) {
            return Err(DataError::from(ZipError::Duplicate).at(&place(&member.name)));
        }
    }
    no_overlap(&members, &offsets)?;
    Ok(members)
}

/// A member as messages name it.
pub(super) fn place(name: &str) -> String {
    format!("member `{}`", crate::data::shown(name))
}

fn find_end(input: &mut Input<'_>) -> Result<Directory, DataError> {
    let no_end = ZipError::NoEnd { end: input.len() };
    // The record is followed by a comment of at most 65,535 bytes, whose
    // length it states.
    let tail_len = input.len().min(END_LEN + u64::from(u16::MAX));
    let tail_at = input.len() - tail_len;
    let tail = input.bytes_at(tail_at, tail_len)?.ok_or(no_end.clone())?;
    let fits = |at: &usize| {
        let record = tail.get(*at..).unwrap_or_default();
        record.starts_with(END)
            && record.len() as u64 >= END_LEN
            && record.len() as u64 == END_LEN + Record(record).number(20, 2)
    };
    let at = (0..tail.len()).rev().find(fits).ok_or(no_end)?;
    let record = Record(tail.get(at..).unwrap_or_default());
    let at = tail_at + at as u64;
    if (record.u16(4), record.u16(6), record.u16(8)) != (0, 0, record.u16(10)) {
        return Err(ZipError::Volumes.into());
    }
    let small =
        Directory { entries: record.number(10, 2), len: record.number(12, 4), at: record.number(16, 4) };
    let is_too_small = small.entries == 0xFFFF || small.len == 0xFFFF_FFFF || small.at == 0xFFFF_FFFF;
    let (end, end_at) = match find_end_64(input, at)? {
        Some((wide, wide_at)) if wide.agrees(&small) => (wide, wide_at),
        None if !is_too_small => (small, at),
        _ => return Err(ZipError::Directory { at }.into()),
    };
    if end.at.checked_add(end.len) != Some(end_at) {
        return Err(ZipError::Directory { at: end_at }.into());
    }
    Ok(end)
}

impl Directory {
    /// Whether a record with narrower fields says the same, as far as it can.
    fn agrees(&self, small: &Self) -> bool {
        self.entries.min(0xFFFF) == small.entries
            && self.len.min(0xFFFF_FFFF) == small.len
            && self.at.min(0xFFFF_FFFF) == small.at
    }
}

/// The zip64 record and where it is, if a locator just before the end record
/// points to one.
fn find_end_64(input: &mut Input<'_>, end_at: u64) -> Result<Option<(Directory, u64)>, DataError> {
    const LOCATOR_LEN: u64 = 20;
    const RECORD_LEN: u64 = 56;
    let wrong = |at, what| ZipError::Record { at, what };
    let Some(locator_at) = end_at.checked_sub(LOCATOR_LEN) else { return Ok(None) };
    let locator = input.bytes_at(locator_at, LOCATOR_LEN)?.filter(|b| b.starts_with(LOCATOR_64));
    let Some(locator) = locator else { return Ok(None) };
    let at = Record(&locator).number(8, 8);
    let record = input.bytes_at(at, RECORD_LEN)?.filter(|b| b.starts_with(END_64));
    let record = record.ok_or(wrong(at, "a zip64 end record"))?;
    // Extensible data after the record would lie between it and the locator.
    if at.checked_add(RECORD_LEN) != Some(locator_at) {
        return Err(wrong(at, "a zip64 end record just before its locator").into());
    }
    let record = Record(&record);
    if record.number(16, 8) != 0 || record.number(24, 8) != record.number(32, 8) {
        return Err(ZipError::Volumes.into());
    }
    let directory =
        Directory { entries: record.number(32, 8), len: record.number(40, 8), at: record.number(48, 8) };
    Ok(Some((directory, at)))
}

/// One directory entry: the member without its start, where its header is,
/// and the length of the entry.
fn entry(
    directory: &[u8],
    at: usize,
    directory_at: u64,
    limits: &Limits,
) -> Result<(Member, u64, usize), DataError> {
    let absolute = directory_at + at as u64;
    let rest = directory.get(at..).unwrap_or_default();
    let wrong = ZipError::Record { at: absolute, what: "a directory entry" };
    if !rest.starts_with(ENTRY) || rest.len() < ENTRY_LEN {
        return Err(wrong.into());
    }
    let record = Record(rest);
    let (name_len, extra_len) = (record.number(28, 2) as usize, record.number(30, 2) as usize);
    let len = ENTRY_LEN + name_len + extra_len + record.number(32, 2) as usize;
    let name = rest.get(ENTRY_LEN..ENTRY_LEN + name_len).ok_or(wrong.clone())?;
    let extra = rest.get(ENTRY_LEN + name_len..ENTRY_LEN + name_len + extra_len).ok_or(wrong.clone())?;
    if rest.len() < len {
        return Err(wrong.into());
    }
    let name = std::str::from_utf8(name).map_err(|_| ZipError::Name { at: absolute })?;
    let shown = place(name);
    let here = |error: ZipError| DataError::from(error).at(&shown);
    within("bytes in a member's name", name_len as u64, limits.max_name_bytes as u64)
        .map_err(|e| e.at(&shown))?;
    let flags = record.u16(8);
    if flags & 0x0041 != 0 {
        return Err(here(ZipError::Encrypted));
    }
    let method = match record.u16(10) {
        0 => Method::Stored,
        8 => Method::Deflated,
        method => return Err(here(ZipError::Compression { method })),
    };
    let mut wide = Wide::find(extra);
    let mut number = |at: usize| -> Result<u64, DataError> {
        match record.number(at, 4) {
            0xFFFF_FFFF => wide.next().ok_or_else(|| here(wrong.clone())),
            small => Ok(small),
        }
    };
    // The order of the zip64 field: size, compressed size, offset.
    let (size, compressed, offset) = (number(24)?, number(20)?, number(42)?);
    if method == Method::Stored && size != compressed {
        return Err(here(ZipError::Size { expected: size, more: compressed > size }));
    }
    let member = Member { name: name.to_owned(), method, crc32: record.u32(16), compressed, size, start: 0 };
    Ok((member, offset, len))
}

/// The 8-byte numbers of the zip64 extra field, one after the other.
struct Wide<'a>(&'a [u8]);

impl<'a> Wide<'a> {
    fn find(mut extra: &'a [u8]) -> Self {
        while extra.len() >= 4 {
            let record = Record(extra);
            let len = record.number(2, 2) as usize;
            let Some(field) = extra.get(4..4 + len) else { break };
            if record.u16(0) == 1 {
                return Self(field);
            }
            extra = extra.get(4 + len..).unwrap_or_default();
        }
        Self(&[])
    }

    fn next(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_at_checked(8)?;
        self.0 = rest;
        Some(Record(first).number(0, 8))
    }
}

/// Reads the header before a member: its bytes begin after it.
fn locate(input: &mut Input<'_>, member: &mut Member, at: u64, directory_at: u64) -> Result<(), DataError> {
    let header = input.bytes_at(at, LOCAL_LEN)?.filter(|b| b.starts_with(LOCAL));
    let header = header.ok_or(ZipError::Record { at, what: "the header of a member" })?;
    let record = Record(&header);
    let name_len = record.number(26, 2);
    let name = input.bytes_at(at + LOCAL_LEN, name_len)?;
    let method = match member.method {
        Method::Stored => 0,
        Method::Deflated => 8,
    };
    if name.as_deref() != Some(member.name.as_bytes()) || record.u16(8) != method {
        return Err(ZipError::Disagree { at }.into());
    }
    member.start = at + LOCAL_LEN + name_len + record.number(28, 2);
    let end = member.start.checked_add(member.compressed);
    if end.is_none_or(|end| end > directory_at) {
        return Err(ZipError::Overlap { at }.into());
    }
    Ok(())
}

/// Members that share bytes make small archives inflate to huge ones.
fn no_overlap(members: &[Member], offsets: &[u64]) -> Result<(), DataError> {
    let mut spans: Vec<(u64, u64, &str)> =
        members.iter().zip(offsets).map(|(m, at)| (*at, m.start + m.compressed, m.name.as_str())).collect();
    spans.sort_unstable();
    let mut free_from = 0;
    for (at, end, name) in spans {
        if at < free_from {
            return Err(DataError::from(ZipError::Overlap { at }).at(&place(name)));
        }
        free_from = end;
    }
    Ok(())
}
