//! The columns of a file: their names, what they hold, and where their pages
//! lie.

use ::parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use ::parquet::errors::Result as ParquetResult;
use ::parquet::file::reader::FileReader;
use ::parquet::file::serialized_reader::SerializedFileReader;
use ::parquet::schema::types::{SchemaDescriptor, Type};
use bytes::Bytes;

use crate::data::{DataError, ParquetError, shown};

use super::column::Values;
use super::promises::{Packing, check_pages};

/// A column of the table.
pub(super) struct Field {
    pub name: String,
    /// What it holds and which of the file's columns it is, or the name of what
    /// it holds and is not read.
    kind: Result<(Kind, usize), &'static str>,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    Text,
}

impl Field {
    /// All columns, nested ones as one.
    pub(super) fn all(schema: &SchemaDescriptor) -> Vec<Self> {
        // Roots come in the order of their leaves: one pass finds them all.
        let mut leaf = 0;
        let fields = schema.root_schema().get_fields();
        fields
            .iter()
            .enumerate()
            .map(|(root, field)| {
                while leaf < schema.num_columns() && schema.get_column_root_idx(leaf) < root {
                    leaf += 1;
                }
                let kind = match kind_of(field) {
                    Ok(kind) if leaf < schema.num_columns() => Ok((kind, leaf)),
                    // The schema is a tree, so that every column has its leaf.
                    Ok(_) => Err("missing"),
                    Err(name) => Err(name),
                };
                Self { name: field.name().to_owned(), kind }
            })
            .collect()
    }

    /// Refuses what is not read.
    pub(super) fn check(&self) -> Result<(), DataError> {
        match self.kind {
            Ok(_) => Ok(()),
            Err(kind) => Err(ParquetError::Kind { column: shown(&self.name), kind }.into()),
        }
    }

    /// Holds the pages of a row group against their bytes.
    pub(super) fn check_pages(
        &self,
        reader: &SerializedFileReader<Bytes>,
        bytes: &Bytes,
        group: usize,
    ) -> Result<(), DataError> {
        let Ok((_, leaf)) = self.kind else { return self.check() };
        let column = || shown(&self.name);
        let rows = reader.metadata().row_group(group);
        let chunk = rows.column(leaf);
        let packing = match chunk.compression() {
            Compression::UNCOMPRESSED => Packing::None,
            Compression::SNAPPY => Packing::Snappy,
            other => {
                // Without the level, which some kinds have.
                let name = other.to_string();
                let what = format!("the compression {}", name.split('(').next().unwrap_or_default());
                return Err(ParquetError::Coding { column: column(), what: shown(&what) }.into());
            }
        };
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let range = || {
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(usize::try_from(chunk.compressed_size()).ok()?)?;
            bytes.get(start..end)
        };
        let pages = |reason: String| ParquetError::Pages { column: column(), group, reason };
        let lies = || pages(format!("{} bytes from byte {start} are not all there", chunk.compressed_size()));
        let chunk_bytes = range().ok_or_else(lies)?;
        check_pages(chunk_bytes, packing, rows.num_rows() as u64).map_err(|wrong| {
            match wrong.strip_suffix(" is not read") {
                Some(what) => ParquetError::Coding { column: column(), what: what.to_owned() }.into(),
                None => pages(wrong).into(),
            }
        })
    }

    /// Ready to decode a row group.
    pub(super) fn open(&self, reader: &SerializedFileReader<Bytes>, group: usize) -> ParquetResult<Values> {
        let (kind, leaf) =
            self.kind.map_err(|kind| ::parquet::errors::ParquetError::General(kind.to_owned()))?;
        let is_optional = reader.metadata().file_metadata().schema_descr().column(leaf).max_def_level() > 0;
        Ok(Values::new(reader.get_row_group(group)?.get_column_reader(leaf)?, kind, is_optional))
    }
}

/// What a column holds, or the name of what is not read.
fn kind_of(field: &Type) -> Result<Kind, &'static str> {
    let info = field.get_basic_info();
    if !field.is_primitive() {
        return Err(match (info.logical_type_ref(), info.converted_type()) {
            (Some(LogicalType::List), _) | (_, ConvertedType::LIST) => "list",
            (Some(LogicalType::Map), _) | (_, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => "map",
            _ => "nested",
        });
    }
    if info.has_repetition() && info.repetition() == Repetition::REPEATED {
        return Err("repeated");
    }
    let marked = match info.logical_type_ref() {
        None => of_converted(info.converted_type()),
        Some(logical) => match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Marked::Text,
            LogicalType::Integer(integer) if integer.is_signed => Marked::Plain,
            LogicalType::Integer(_) => Marked::Unsigned,
            LogicalType::Decimal(_) => Marked::Other("decimal"),
            LogicalType::Date => Marked::Other("date"),
            LogicalType::Time(_) => Marked::Other("time"),
            LogicalType::Timestamp(_) => Marked::Other("timestamp"),
            LogicalType::Float16 => Marked::Other("half-precision"),
            LogicalType::Uuid => Marked::Other("UUID"),
            LogicalType::Unknown => Marked::Other("null"),
            _ => Marked::Other("binary"),
        },
    };
    match (marked, field.get_physical_type()) {
        (Marked::Other(name), _) => Err(name),
        (Marked::Plain, Physical::BOOLEAN) => Ok(Kind::Bool),
        (Marked::Plain, Physical::INT32 | Physical::INT64) => Ok(Kind::Signed),
        (Marked::Unsigned, Physical::INT32 | Physical::INT64) => Ok(Kind::Unsigned),
        (Marked::Plain, Physical::FLOAT | Physical::DOUBLE) => Ok(Kind::Float),
        (Marked::Text, Physical::BYTE_ARRAY) => Ok(Kind::Text),
        (_, Physical::INT96) => Err("timestamp"),
        _ => Err("binary"),
    }
}

/// What a mark on a column says of its bytes.
enum Marked {
    Plain,
    Unsigned,
    Text,
    Other(&'static str),
}

/// The marks of older files.
fn of_converted(mark: ConvertedType) -> Marked {
    match mark {
        ConvertedType::NONE
        | ConvertedType::INT_8
        | ConvertedType::INT_16
        | ConvertedType::INT_32
        | ConvertedType::INT_64 => Marked::Plain,
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
            Marked::Unsigned
        }
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Marked::Text,
        ConvertedType::DECIMAL => Marked::Other("decimal"),
        ConvertedType::DATE => Marked::Other("date"),
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Marked::Other("time"),
        ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => Marked::Other("timestamp"),
        ConvertedType::INTERVAL => Marked::Other("interval"),
        _ => Marked::Other("nested"),
    }
}
