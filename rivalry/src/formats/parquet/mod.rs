//! `.parquet`: a table of typed columns, as pandas, polars and Spark write it.
//!
//! Compiled with the feature `parquet` alone: the decoder is the `parquet`
//! crate's, which reserves what a file promises and panics on some damage. What
//! it could reserve is held against the bytes first ([`promises`]), and its
//! panics become errors. Columns are numbers, truth values and texts; whatever
//! else a column holds is refused by name unless nobody asks for it. Never
//! guesses a missing value.

mod column;
mod promises;
mod schema;
mod thrift;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::SerializedFileReader;
use bytes::Bytes;

use crate::data::{DataError, Dataset, FileError, ParquetError, TableError, shown};
use crate::registry::{Citation, Entry};

use super::Format;
use super::reading::{Array, Choose, Limits, OpenOptions, Role, Source, io_error, within};
use super::table::{Cell, Column, Columns, Kept, Table, refuse_duplicates};
use schema::Field;

/// What everybody who reads or writes such files goes by.
pub(crate) const FORMAT: Citation = Citation {
    key: "parquet",
    text: "Apache Parquet. File format specification, version 2",
    url: "https://parquet.apache.org/docs/file-format/",
};

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "parquet",
    summary: "table of typed columns, as pandas, polars and Spark write it (uncompressed or Snappy); read, not written",
    cites: &[FORMAT],
    knobs: &[],
    build: |_| Box::new(Parquet),
};

struct Parquet;

impl Format for Parquet {
    fn suffixes(&self) -> &'static [&'static str] {
        &["parquet", "pq"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(b"PAR1")
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let file = Opened::new(source, limits)?;
        let columns = Columns::new(&file.names(), options)?;
        let used: Vec<usize> = columns
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| **column != Column::Ignored)
            .map(|(i, _)| i)
            .collect();
        // Grows by the values that are there, whatever the footer says.
        let mut table = Table::new(&columns, 0);
        let n_rows = file.for_each_cell(&used, limits, |place, cell| {
            let column = used.get(place).and_then(|i| columns.columns.get(*i));
            table.push(column.copied().unwrap_or(Column::Ignored), cell, limits)
        })?;
        table.arrays(columns, n_rows, limits)
    }

    fn is_table(&self) -> bool {
        true
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let file = Opened::new(source, limits)?;
        let names = file.names();
        refuse_duplicates(&names)?;
        let picks = choose(&names)?;
        let mut kept: Vec<Kept> = picks.iter().map(|pick| Kept::new(pick, 0)).collect();
        let (mut used, mut owner) = (Vec::new(), Vec::new());
        for (i, pick) in picks.iter().enumerate() {
            used.extend(pick.positions());
            owner.extend(pick.positions().iter().map(|_| i));
        }
        let n_rows = file.for_each_cell(&used, limits, |place, cell| {
            let kept = owner.get(place).and_then(|i| kept.get_mut(*i));
            kept.map_or(Ok(()), |kept| kept.push(cell, limits))
        })?;
        Ok(kept.into_iter().map(|kept| kept.into_array(n_rows)).collect())
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::ReadOnly { format: ENTRY.name }.into())
    }
}

/// A file whose footer was read.
struct Opened {
    bytes: Bytes,
    reader: SerializedFileReader<Bytes>,
    fields: Vec<Field>,
    n_rows: u64,
}

impl Opened {
    fn new(source: &Source<'_>, limits: &Limits) -> Result<Self, DataError> {
        let mut input = source.open()?;
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|e| io_error("read", &e))?;
        promises::check_footer(&bytes)?;
        let bytes = Bytes::from(bytes);
        let footer = |reason: String| -> DataError { ParquetError::Footer { reason }.into() };
        let reader = guarded(|| SerializedFileReader::new(bytes.clone())).map_err(footer)?;
        let metadata = reader.metadata();
        within("row groups", metadata.num_row_groups() as u64, limits.max_members as u64)?;
        let fields = Field::all(metadata.file_metadata().schema_descr());
        within("columns", fields.len() as u64, limits.max_cols as u64)?;
        for field in &fields {
            within("bytes in a name", field.name.len() as u64, limits.max_name_bytes as u64)?;
        }
        let mut n_rows = 0_u64;
        for group in metadata.row_groups() {
            let rows = u64::try_from(group.num_rows());
            let rows = rows.map_err(|_| footer(format!("{} rows in a row group", group.num_rows())))?;
            n_rows = n_rows.saturating_add(rows);
        }
        within("rows", n_rows, limits.max_rows as u64)?;
        let promised = metadata.file_metadata().num_rows();
        if u64::try_from(promised) != Ok(n_rows) {
            return Err(footer(format!("it promises {promised} rows, its row groups {n_rows}")));
        }
        if n_rows == 0 {
            return Err(TableError::NoRows.into());
        }
        Ok(Self { bytes, reader, fields, n_rows })
    }

    fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.name.as_str()).collect()
    }

    /// Calls `visit(place in used, cell)` on the cells of these columns, row by
    /// row; the number of rows.
    fn for_each_cell(
        &self,
        used: &[usize],
        limits: &Limits,
        mut visit: impl FnMut(usize, Cell<'_>) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        /// Bytes of a value in memory.
        const VALUE: u64 = 8;
        // Runs of one value cost next to nothing in the file.
        let bytes = self.n_rows.saturating_mul(used.len() as u64).saturating_mul(VALUE);
        let most = limits.max_inflation.saturating_mul(self.bytes.len() as u64);
        within("bytes after unpacking", bytes, most.max(limits.max_inflated_bytes))?;
        let fields: Vec<&Field> = used.iter().filter_map(|i| self.fields.get(*i)).collect();
        for field in &fields {
            field.check()?;
        }
        let mut row = 0;
        for group in 0..self.reader.metadata().num_row_groups() {
            row = self.visit_group(group, row, &fields, &mut visit)?;
        }
        Ok(row)
    }

    /// The same for one row group; `row` is its first, and that of the next.
    fn visit_group(
        &self,
        group: usize,
        mut row: usize,
        fields: &[&Field],
        visit: &mut dyn FnMut(usize, Cell<'_>) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        const BATCH: usize = 1024;
        let here = |field: &Field, reason: String| -> DataError {
            ParquetError::Pages { column: shown(&field.name), group, reason }.into()
        };
        let rows = self.reader.metadata().row_group(group).num_rows() as usize;
        let mut open = Vec::with_capacity(fields.len());
        for field in fields {
            field.check_pages(&self.reader, &self.bytes, group)?;
            let opened = guarded(|| field.open(&self.reader, group));
            open.push(opened.map_err(|reason| here(field, reason))?);
        }
        let mut left = rows;
        while left > 0 {
            let count = left.min(BATCH);
            for (column, field) in open.iter_mut().zip(fields) {
                let got = guarded(|| column.fill(count)).map_err(|reason| here(field, reason))?;
                if got != count {
                    return Err(here(field, format!("expected {rows} rows, found {}", rows - left + got)));
                }
            }
            for _ in 0..count {
                for (place, (column, field)) in open.iter_mut().zip(fields).enumerate() {
                    let pushed = column.next().and_then(|cell| visit(place, cell));
                    pushed.map_err(|e| e.at(&format!("row {row}, column `{}`", shown(&field.name))))?;
                }
                row += 1;
            }
            left -= count;
        }
        Ok(row)
    }
}

/// What the decoder gives, or what it says is wrong, made fit to be shown. Its
/// panics are errors like any other: nothing of it is used after one.
fn guarded<T>(work: impl FnOnce() -> ::parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| shown(&error.to_string())),
        Err(_) => Err("the decoder gave up".to_owned()),
    }
}
