//! `.jsonl`: an object per line, as evaluation scripts log predictions.
//!
//! Holds predictions, labels and groups, never a data set. Only keys that are
//! asked for are kept. A file cut exactly after a line cannot be told from a
//! shorter one, as in a text table.

mod cell;
mod column;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::data::{DataError, Dataset, FileError, PredictionError};
use crate::registry::{Citation, Entry};

use super::Format;
use super::reading::{Array, Choose, Input, Limits, OpenOptions, Pick, Role, Source, io_error, within};
use cell::{Cell, keys, read_line};
use column::Column;

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "jsonl",
    summary: "an object per line (`id`, `pred` or `scores`): predictions, labels, groups; no data sets",
    cites: &[Citation {
        key: "rfc8259",
        text: "T. Bray. RFC 8259: The JavaScript Object Notation (JSON) data interchange format. 2017",
        url: "https://www.rfc-editor.org/rfc/rfc8259",
    }],
    knobs: &[],
    build: |_| Box::new(Jsonl),
};

struct Jsonl;

impl Format for Jsonl {
    fn suffixes(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson"]
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn holds_data_set(&self) -> bool {
        false
    }

    fn read(&self, _: &Source<'_>, _: &OpenOptions, _: &Limits) -> Result<Vec<(Role, Array)>, DataError> {
        Err(FileError::CannotHold { format: ENTRY.name }.into())
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
        let mut lines = Lines::open(source, limits)?;
        let Some((number, first)) = lines.next()? else {
            return Err(PredictionError::NoRows { what: "values" }.into());
        };
        let names = keys(first, limits).map_err(|e| DataError::from(e).at(&at_line(number)))?;
        let picks = choose(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let positions: Vec<usize> = picks.iter().flat_map(Pick::positions).copied().collect();
        let asked: Vec<&str> =
            positions.iter().map(|i| names.get(*i).map(String::as_str).unwrap_or_default()).collect();
        let mut columns: Vec<Column> = picks.iter().map(Column::new).collect();
        let mut lines = Lines::open(source, limits)?;
        let mut n_rows = 0_u64;
        while let Some((number, line)) = lines.next()? {
            n_rows += 1;
            within("rows", n_rows, limits.max_rows as u64)?;
            let here = |e: DataError| e.at(&at_line(number));
            let cells = read_line(line, &asked, limits).map_err(|e| here(e.into()))?;
            let mut cells = asked.iter().zip(cells);
            for (pick, column) in picks.iter().zip(&mut columns) {
                for (key, cell) in cells.by_ref().take(pick.positions().len()) {
                    column.push(key, cell.unwrap_or(Cell::Null), limits).map_err(here)?;
                }
            }
        }
        Ok(columns.into_iter().map(|column| column.into_array(n_rows as usize)).collect())
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::CannotHold { format: ENTRY.name }.into())
    }
}

fn at_line(number: u64) -> String {
    format!("line {number}")
}

/// The lines that are not blank, each with its number from 1.
struct Lines<'a> {
    input: BufReader<Input<'a>>,
    line: Vec<u8>,
    number: u64,
    max_line_bytes: u64,
}

impl<'a> Lines<'a> {
    fn open(source: &Source<'a>, limits: &Limits) -> Result<Self, DataError> {
        let input = source.open()?;
        if input.len() == 0 {
            return Err(FileError::Empty.into());
        }
        let max_line_bytes = limits.max_line_bytes as u64;
        Ok(Self { input: BufReader::new(input), line: Vec::new(), number: 0, max_line_bytes })
    }

    fn next(&mut self) -> Result<Option<(u64, &[u8])>, DataError> {
        loop {
            self.line.clear();
            let mut bounded = self.input.by_ref().take(self.max_line_bytes + 1);
            let read = bounded.read_until(b'\n', &mut self.line).map_err(|e| io_error("read", &e))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            within("bytes in a line", read as u64, self.max_line_bytes)
                .map_err(|e| e.at(&at_line(self.number)))?;
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some((self.number, &self.line)));
            }
        }
    }
}
