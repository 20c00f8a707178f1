//! A report's data as one parquet file: the table that [`csv`](super::csv)
//! writes, with typed columns.
//!
//! A column whose cells are all whole numbers is INT64, one of numbers DOUBLE,
//! any other one text, with numbers as they are written in decimal. Cells
//! without a value are null, and NaN and infinities stay what they are. Texts
//! keep every character: nothing obeys them here. Never draws what is for the
//! eye.

use std::io;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;

use super::Render;
use super::csv::table_of;
use crate::formats::PARQUET;
use crate::registry::{Default, Entry, Knob, Range};
use crate::report::{DataCell, DataTable, Report};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "parquet",
    summary: "the table of `csv` as a parquet file with typed columns; not for a terminal",
    cites: &[PARQUET],
    knobs: &[Knob {
        name: "table",
        default: Default::Whole(0),
        range: Range::Between(0.0, 10_000.0),
        meaning: "the one table for programs to write, counted from 1; 0 writes all, below each other",
    }],
    build: |settings| Box::new(Parquet { table: settings.whole("table") }),
};

struct Parquet {
    table: usize,
}

impl Render for Parquet {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let table = table_of(report, self.table)?;
        out.write_all(&encoded(&table).map_err(io::Error::other)?)
    }

    fn is_binary(&self) -> bool {
        true
    }
}

/// The values that a column has, without the cells that have none.
enum Values {
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Values {
    /// In the narrowest type that holds all of them.
    fn of(cells: &[&DataCell]) -> Self {
        let present = || cells.iter().filter(|cell| !matches!(cell, DataCell::Empty));
        let whole = |cell: &&&DataCell| match cell {
            DataCell::Whole(count) => i64::try_from(*count).ok(),
            _ => None,
        };
        let number = |cell: &&&DataCell| match cell {
            DataCell::Whole(count) => Some(*count as f64).filter(|value| *value as u64 == *count),
            DataCell::Number(value) => Some(*value),
            _ => None,
        };
        let text = |cell: &&DataCell| match cell {
            DataCell::Empty => String::new(),
            DataCell::Text(words) => words.clone(),
            DataCell::Whole(count) => count.to_string(),
            DataCell::Number(value) => super::csv::number(*value),
        };
        if present().next().is_none() {
            return Self::Text(Vec::new());
        }
        if let Some(values) = present().map(|cell| whole(&cell)).collect() {
            return Self::Whole(values);
        }
        match present().map(|cell| number(&cell)).collect() {
            Some(values) => Self::Number(values),
            None => Self::Text(present().map(|cell| ByteArray::from(text(cell).into_bytes())).collect()),
        }
    }

    fn schema(&self, name: &str) -> Result<Type> {
        let (physical, logical) = match self {
            Self::Whole(_) => (Physical::INT64, None),
            Self::Number(_) => (Physical::DOUBLE, None),
            Self::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
    }
}

/// The bytes of the file.
fn encoded(table: &DataTable) -> Result<Vec<u8>> {
    let column = |idx: usize| -> Vec<&DataCell> {
        table.rows.iter().map(|row| row.get(idx).unwrap_or(&DataCell::Empty)).collect()
    };
    let columns: Vec<(Vec<&DataCell>, Values)> = (0..table.columns.len())
        .map(|idx| {
            let cells = column(idx);
            let values = Values::of(&cells);
            (cells, values)
        })
        .collect();
    let fields: Result<Vec<Arc<Type>>> = table
        .columns
        .iter()
        .zip(&columns)
        .map(|(name, (_, values))| values.schema(name).map(Arc::new))
        .collect();
    let schema = Type::group_type_builder("table").with_fields(fields?).build()?;
    let created_by = concat!("rivalry ", env!("CARGO_PKG_VERSION")).to_owned();
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_created_by(created_by).build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut rows = file.next_row_group()?;
    for (cells, values) in &columns {
        let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!matches!(cell, DataCell::Empty))).collect();
        let mut writer = rows
            .next_column()?
            .ok_or_else(|| ParquetError::General("the file has fewer columns than its schema".to_owned()))?;
        match values {
            Values::Whole(values) => writer.typed::<Int64Type>().write_batch(values, Some(&levels), None)?,
            Values::Number(values) => {
                writer.typed::<DoubleType>().write_batch(values, Some(&levels), None)?
            }
            Values::Text(values) => {
                writer.typed::<ByteArrayType>().write_batch(values, Some(&levels), None)?
            }
        };
        writer.close()?;
    }
    rows.close()?;
    file.into_inner()
}
