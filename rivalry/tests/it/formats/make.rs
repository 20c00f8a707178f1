//! Files for tests, right and wrong: every field can lie.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// An `.npy` file with any header and any bytes after it.
pub(super) fn npy_raw(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = dictionary.as_bytes().to_vec();
    header.resize((10 + dictionary.len() + 1).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header);
    file.extend(bytes);
    file
}

/// An `.npy` file of a type and shape as numpy writes them.
pub(super) fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    npy_raw(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"), bytes)
}

/// A matrix of `<f4`.
pub(super) fn floats(rows: usize, values: &[f32]) -> Vec<u8> {
    let cols = values.len() / rows;
    npy("<f4", &format!("({rows}, {cols})"), &le(values, f32::to_le_bytes))
}

/// A matrix of `<f8`.
pub(super) fn doubles(rows: usize, values: &[f64]) -> Vec<u8> {
    let cols = values.len() / rows;
    npy("<f8", &format!("({rows}, {cols})"), &le(values, f64::to_le_bytes))
}

/// A list of `<i8`.
pub(super) fn integers(values: &[i64]) -> Vec<u8> {
    npy("<i8", &format!("({},)", values.len()), &le(values, i64::to_le_bytes))
}

/// A list of truth values.
#[cfg(not(feature = "parquet"))]
pub(super) fn mask(values: &[u8]) -> Vec<u8> {
    npy("|b1", &format!("({},)", values.len()), values)
}

/// A list of `<U`.
pub(super) fn texts(values: &[&str]) -> Vec<u8> {
    let longest = values.iter().map(|t| t.chars().count()).max().unwrap().max(1);
    let mut bytes = Vec::new();
    for text in values {
        let mut points: Vec<u32> = text.chars().map(u32::from).collect();
        points.resize(longest, 0);
        bytes.extend(le(&points, u32::to_le_bytes));
    }
    npy(&format!("<U{longest}"), &format!("({},)", values.len()), &bytes)
}

fn le<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|v| bytes(*v)).collect()
}

/// A member of an archive.
#[derive(Clone)]
pub(super) struct Member {
    pub name: Vec<u8>,
    /// The name in the header before the member.
    pub local_name: Vec<u8>,
    pub method: u16,
    pub local_method: u16,
    pub flags: u16,
    pub crc32: u32,
    pub compressed: u32,
    pub size: u32,
    pub extra: Vec<u8>,
    pub data: Vec<u8>,
    /// Where the directory says that the member is, if not where it is.
    pub offset: Option<u32>,
}

impl Member {
    pub(super) fn stored(name: &str, bytes: &[u8]) -> Self {
        Self::new(name, bytes, 0, bytes.to_vec())
    }

    pub(super) fn deflated(name: &str, bytes: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(bytes).unwrap();
        Self::new(name, bytes, 8, encoder.finish().unwrap())
    }

    fn new(name: &str, bytes: &[u8], method: u16, data: Vec<u8>) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        Self {
            name: name.into(),
            local_name: name.into(),
            method,
            local_method: method,
            flags: 0,
            crc32: crc.sum(),
            compressed: data.len() as u32,
            size: bytes.len() as u32,
            extra: Vec::new(),
            data,
            offset: None,
        }
    }
}

/// What the end of an archive says.
#[derive(Clone, Copy, Default)]
pub(super) struct End {
    /// Added to the number of entries.
    pub entries: i32,
    /// Added to the directory's length.
    pub len: i32,
    /// Added to the directory's place.
    pub at: i32,
    /// Number of the volume.
    pub volume: u16,
}

/// An archive.
pub(super) fn zip(members: &[Member]) -> Vec<u8> {
    zip_with(members, End::default())
}

/// An archive whose end may lie.
pub(super) fn zip_with(members: &[Member], lies: End) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let at = member.offset.unwrap_or(file.len() as u32);
        file.extend(b"PK\x03\x04\x14\x00");
        for field in [member.flags, member.local_method, 0, 33] {
            file.extend(field.to_le_bytes());
        }
        for field in [member.crc32, member.compressed, member.size] {
            file.extend(field.to_le_bytes());
        }
        file.extend((member.local_name.len() as u16).to_le_bytes());
        file.extend([0, 0]);
        file.extend(&member.local_name);
        file.extend(&member.data);

        directory.extend(b"PK\x01\x02\x14\x03\x14\x00");
        for field in [member.flags, member.method, 0, 33] {
            directory.extend(field.to_le_bytes());
        }
        for field in [member.crc32, member.compressed, member.size] {
            directory.extend(field.to_le_bytes());
        }
        directory.extend((member.name.len() as u16).to_le_bytes());
        directory.extend((member.extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(&member.name);
        directory.extend(&member.extra);
    }
    let lie = |honest: usize, by: i32| (honest as i64 + i64::from(by)) as u32;
    let entries = (lie(members.len(), lies.entries) as u16).to_le_bytes();
    let directory_at = file.len();
    file.extend(&directory);
    file.extend(b"PK\x05\x06");
    file.extend(lies.volume.to_le_bytes());
    file.extend([0, 0]);
    file.extend(entries);
    file.extend(entries);
    file.extend(lie(directory.len(), lies.len).to_le_bytes());
    file.extend(lie(directory_at, lies.at).to_le_bytes());
    file.extend([0, 0]);
    file
}

/// An archive of stored arrays.
pub(super) fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<Member> =
        arrays.iter().map(|(name, bytes)| Member::stored(&format!("{name}.npy"), bytes)).collect();
    zip(&members)
}

/// Ten samples of two classes with two modalities; `change` says what is wrong
/// with them.
pub(super) fn ten(change: &[(&str, Option<Vec<u8>>)]) -> Vec<u8> {
    let image: Vec<f32> = (0..20).map(|i| i as f32 / 4.0).collect();
    let sound: Vec<f64> = (0..30).map(|i| f64::from(i * i)).collect();
    let mut arrays: Vec<(&str, Vec<u8>)> = vec![
        ("image", floats(10, &image)),
        ("sound", doubles(10, &sound)),
        ("y", integers(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1])),
    ];
    for (name, bytes) in change {
        arrays.retain(|(n, _)| n != name);
        if let Some(bytes) = bytes {
            arrays.push((name, bytes.clone()));
        }
    }
    npz(&arrays)
}
