//! The values of one column in one row group, a batch at a time.

use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::{ParquetError as Foreign, Result as ParquetResult};

use crate::data::{DataError, ParquetError};
use crate::formats::table::Cell;

use super::schema::Kind;

/// A column as it is decoded.
pub(super) struct Values {
    reader: ColumnReader,
    kind: Kind,
    batch: Batch,
    /// Whether each row of the batch has a value, where that is written.
    levels: Option<Vec<i16>>,
    row: usize,
    value: usize,
}

/// Decoded values, without the rows that have none.
enum Batch {
    Bool(Vec<bool>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bytes(Vec<ByteArray>),
}

impl Values {
    pub(super) fn new(reader: ColumnReader, kind: Kind, is_optional: bool) -> Self {
        let batch = match &reader {
            ColumnReader::BoolColumnReader(_) => Batch::Bool(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Batch::I32(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Batch::F32(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Batch::F64(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Batch::Bytes(Vec::new()),
            _ => Batch::I64(Vec::new()),
        };
        Self { reader, kind, batch, levels: is_optional.then(Vec::new), row: 0, value: 0 }
    }

    /// Decodes the next rows; how many there were.
    pub(super) fn fill(&mut self, count: usize) -> ParquetResult<usize> {
        (self.row, self.value) = (0, 0);
        if let Some(levels) = &mut self.levels {
            levels.clear();
        }
        let levels = self.levels.as_mut();
        macro_rules! read {
            ($reader:expr, $values:expr) => {{
                $values.clear();
                $reader.read_records(count, levels, None, $values).map(|(rows, ..)| rows)
            }};
        }
        match (&mut self.reader, &mut self.batch) {
            (ColumnReader::BoolColumnReader(reader), Batch::Bool(values)) => read!(reader, values),
            (ColumnReader::Int32ColumnReader(reader), Batch::I32(values)) => read!(reader, values),
            (ColumnReader::Int64ColumnReader(reader), Batch::I64(values)) => read!(reader, values),
            (ColumnReader::FloatColumnReader(reader), Batch::F32(values)) => read!(reader, values),
            (ColumnReader::DoubleColumnReader(reader), Batch::F64(values)) => read!(reader, values),
            (ColumnReader::ByteArrayColumnReader(reader), Batch::Bytes(values)) => read!(reader, values),
            _ => Err(Foreign::General("the column is of another type".to_owned())),
        }
    }

    /// The cell of the next row of the batch.
    pub(super) fn next(&mut self) -> Result<Cell<'_>, DataError> {
        let has_value = match &self.levels {
            Some(levels) => levels.get(self.row).is_some_and(|level| *level > 0),
            None => true,
        };
        self.row += 1;
        if !has_value {
            return Ok(Cell::Null);
        }
        let at = self.value;
        self.value += 1;
        let is_unsigned = self.kind == Kind::Unsigned;
        let cell = match &self.batch {
            Batch::Bool(values) => values.get(at).map(|v| Cell::Bool(*v)),
            Batch::I32(values) if is_unsigned => {
                values.get(at).map(|v| Cell::Integer(i128::from(v.cast_unsigned())))
            }
            Batch::I32(values) => values.get(at).map(|v| Cell::Integer(i128::from(*v))),
            Batch::I64(values) if is_unsigned => {
                values.get(at).map(|v| Cell::Integer(i128::from(v.cast_unsigned())))
            }
            Batch::I64(values) => values.get(at).map(|v| Cell::Integer(i128::from(*v))),
            Batch::F32(values) => values.get(at).map(|v| Cell::Single(*v)),
            Batch::F64(values) => values.get(at).map(|v| Cell::Number(*v)),
            Batch::Bytes(values) => match values.get(at) {
                Some(value) => {
                    // Decoded bytes always have a place.
                    let text = std::str::from_utf8(value.data()).map_err(|_| ParquetError::NotUtf8)?;
                    Some(Cell::Text(text))
                }
                None => None,
            },
        };
        Ok(cell.unwrap_or(Cell::Null))
    }
}
