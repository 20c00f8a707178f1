//! What a file promises, held against its bytes before anybody asks for memory
//! on its word: the tree of columns, the sizes of pages, their counts.
//!
//! The decoder of the `parquet` crate reserves what a header says. After this
//! no header says more than compression can have saved.

use crate::data::{DataError, ParquetError};

use super::thrift::{Walk, kind};

const MAGIC: &[u8] = b"PAR1";
/// How deep groups of columns may lie in each other: the decoder recurses.
const DEEPEST: usize = 32;
/// The most bytes that a byte of Snappy becomes: copies of 64 bytes take 3.
const SNAPPY: u64 = 22;
/// The least bytes of a value in a dictionary.
const DICTIONARY_VALUE: u64 = 4;

/// How pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Snappy,
}

/// Holds the footer against the bytes.
pub(super) fn check_footer(bytes: &[u8]) -> Result<(), DataError> {
    let at = bytes.len() as u64;
    let end = || ParquetError::End { at };
    let (rest, magic) = bytes.split_last_chunk::<4>().ok_or_else(end)?;
    let (rest, len) = rest.split_last_chunk::<4>().ok_or_else(end)?;
    if magic != MAGIC || !rest.starts_with(MAGIC) {
        return Err(end().into());
    }
    let damaged = |reason: &str| ParquetError::Footer { reason: reason.to_owned() };
    let len = u32::from_le_bytes(*len) as usize;
    let start = rest.len().checked_sub(len).filter(|start| *start >= MAGIC.len());
    let footer = start.and_then(|start| rest.get(start..));
    let footer = footer.ok_or_else(|| damaged(&format!("it promises {len} bytes, more than there are")))?;
    let mut children = Vec::new();
    let walked = Walk::new(footer).fields(0, &mut |walk, field, of| {
        if (field, of) != (2, kind::LIST) {
            return Some(false);
        }
        let (count, of) = walk.list()?;
        for _ in 0..count {
            children.push(element(walk, of)?);
        }
        Some(true)
    });
    walked.ok_or_else(|| damaged("a part of it is cut, or lies too deep"))?;
    check_tree(&children).ok_or_else(|| damaged("its columns are no tree").into())
}

/// The number of children of an element of the schema.
fn element(walk: &mut Walk<'_>, of: u8) -> Option<u64> {
    let mut children = 0;
    if of != kind::STRUCT {
        return None;
    }
    walk.fields(1, &mut |walk, field, of| {
        if (field, of) != (5, kind::I32) {
            return Some(false);
        }
        children = u64::try_from(walk.integer()?).ok()?;
        Some(true)
    })?;
    Some(children)
}

/// Elements lie in depth-first order, each with the number of its children:
/// exactly as many as there are, and not too deep.
fn check_tree(children: &[u64]) -> Option<()> {
    // Children that are still to come, per level.
    let mut open = vec![1_u64];
    for (i, count) in children.iter().enumerate() {
        let level = open.last_mut()?;
        *level = level.checked_sub(1)?;
        if *count > (children.len() - i) as u64 {
            return None;
        }
        open.push(*count);
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > DEEPEST {
            return None;
        }
    }
    open.is_empty().then_some(())
}

/// Holds the pages of a column in one row group against its bytes and its
/// number of rows; what is wrong, in words.
pub(super) fn check_pages(mut bytes: &[u8], packing: Packing, n_rows: u64) -> Result<(), String> {
    let mut n_values = 0_u64;
    while !bytes.is_empty() {
        let mut walk = Walk::new(bytes);
        let page = Page::read(&mut walk).ok_or("the header of a page is cut or damaged")?;
        let header = walk.at();
        let rest = bytes.get(header..).unwrap_or_default();
        let after = usize::try_from(page.packed).ok().and_then(|packed| rest.get(packed..));
        bytes = after
            .ok_or_else(|| format!("a page promises {} bytes where {} are left", page.packed, rest.len()))?;
        let most = match packing {
            Packing::None => page.packed,
            Packing::Snappy => page.packed.saturating_mul(SNAPPY) + 64,
        };
        if page.size > most {
            return Err(format!("a page of {} bytes promises {} after unpacking", page.packed, page.size));
        }
        if let Some(encoding) = page.encodings.into_iter().flatten().find(|e| !matches!(e, 0 | 2 | 3 | 4 | 8))
        {
            return Err(format!("{} is not read", encoding_name(encoding)));
        }
        if page.kind == Page::DICTIONARY {
            if page.n_values.saturating_mul(DICTIONARY_VALUE) > page.size {
                return Err(format!("a dictionary of {} bytes promises {} values", page.size, page.n_values));
            }
        } else if page.kind != Page::INDEX {
            n_values = n_values.saturating_add(page.n_values);
        }
    }
    if n_values == n_rows {
        Ok(())
    } else {
        Err(format!("expected {n_rows} values, its pages promise {n_values}"))
    }
}

fn encoding_name(encoding: i64) -> String {
    match encoding {
        5 => "the encoding DELTA_BINARY_PACKED".to_owned(),
        6 => "the encoding DELTA_LENGTH_BYTE_ARRAY".to_owned(),
        7 => "the encoding DELTA_BYTE_ARRAY".to_owned(),
        9 => "the encoding BYTE_STREAM_SPLIT".to_owned(),
        other => format!("the encoding {other}"),
    }
}

/// What the header of a page says.
#[derive(Default)]
struct Page {
    kind: i64,
    /// Bytes after unpacking, and as they lie in the file.
    size: u64,
    packed: u64,
    n_values: u64,
    /// The field that describes it: there must be one, that of its kind.
    described: Option<i64>,
    /// Of the values, and of the levels that say where there are none.
    encodings: [Option<i64>; 3],
}

impl Page {
    const INDEX: i64 = 1;
    const DICTIONARY: i64 = 2;

    fn read(walk: &mut Walk<'_>) -> Option<Self> {
        let mut page = Self::default();
        walk.fields(0, &mut |walk, field, of| {
            let size = |walk: &mut Walk<'_>| u64::try_from(walk.integer()?).ok();
            match (field, of) {
                (1, kind::I32) => page.kind = walk.integer()?,
                (2, kind::I32) => page.size = size(walk)?,
                (3, kind::I32) => page.packed = size(walk)?,
                // The headers of data pages (5, 8) and of dictionaries (7).
                (5 | 7 | 8, kind::STRUCT) => {
                    let encodings: &[i64] = match field {
                        5 => &[2, 3, 4],
                        7 => &[2],
                        _ => &[4],
                    };
                    if page.described.replace(field).is_some() {
                        return None;
                    }
                    walk.fields(1, &mut |walk, inner, of| {
                        if (inner, of) == (1, kind::I32) {
                            page.n_values = size(walk)?;
                            return Some(true);
                        }
                        let Some(place) = encodings.iter().position(|e| *e == inner) else {
                            return Some(false);
                        };
                        *page.encodings.get_mut(place)? = Some(walk.integer()?);
                        Some(true)
                    })?;
                }
                _ => return Some(false),
            }
            Some(true)
        })?;
        let fits = match page.kind {
            0 => page.described == Some(5),
            Self::DICTIONARY => page.described == Some(7),
            3 => page.described == Some(8),
            other => other == Self::INDEX,
        };
        fits.then_some(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_have_the_children_that_they_promise() {
        for (children, is_tree) in [
            (&[2, 0, 0][..], true),
            (&[0], true),
            (&[1, 1, 1, 0], true),
            (&[2, 1, 0, 0], true),
            (&[], false),
            (&[2, 0], false),
            (&[1, 0, 0], false),
            (&[u64::MAX, 0], false),
        ] {
            assert_eq!(check_tree(children).is_some(), is_tree, "{children:?}");
        }
        let deep = [vec![1; 100], vec![0]].concat();
        assert_eq!(check_tree(&deep), None);
    }

    /// A data page (version 1) of plain values with its header.
    fn page(size: u8, packed: u8, n_values: u8, encoding: u8) -> Vec<u8> {
        let twice = |n: u8| n * 2;
        let mut page = vec![0x15, 0, 0x15, twice(size), 0x15, twice(packed)];
        page.extend([0x2C, 0x15, twice(n_values), 0x15, twice(encoding), 0x15, 6, 0x15, 6, 0, 0]);
        page.resize(page.len() + usize::from(packed), 7);
        page
    }

    #[test]
    fn pages_hold_what_they_promise() {
        let two = [page(8, 8, 2, 0), page(4, 4, 1, 0)].concat();
        assert_eq!(check_pages(&two, Packing::None, 3), Ok(()));
        for (bytes, packing, says) in [
            (two.clone(), Packing::None, "expected 2 values, its pages promise 3"),
            (page(60, 2, 2, 0), Packing::None, "a page of 2 bytes promises 60 after unpacking"),
            (page(8, 8, 2, 7), Packing::None, "the encoding DELTA_BYTE_ARRAY is not read"),
            (two[..two.len() - 1].to_vec(), Packing::Snappy, "a page promises 4 bytes where 3 are left"),
            (two[..5].to_vec(), Packing::None, "the header of a page is cut or damaged"),
        ] {
            assert_eq!(check_pages(&bytes, packing, 2), Err(says.to_owned()));
        }
        assert_eq!(check_pages(&page(60, 2, 2, 0), Packing::Snappy, 2), Ok(()), "44 and 64 at most");
    }
}
