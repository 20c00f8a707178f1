//! The lines of a text table: cells between delimiters (RFC 4180) or between
//! blanks, trimmed, with the line that each row begins on.

use std::io::{self, BufRead, BufReader, Read};

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::data::{DataError, FileError, TableError};
use crate::formats::reading::{Input, Limits, OpenOptions, Source, io_error, within};

const BUFFER: usize = 1 << 16;

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delimiter {
    Byte(u8),
    Blanks,
}

/// Reads a table row by row.
pub(super) struct Rows<'a> {
    lines: Lines<'a>,
    record: StringRecord,
    allow_unterminated: bool,
}

enum Lines<'a> {
    Delimited(Box<csv::Reader<Guard<'a>>>),
    Blanks { input: BufReader<Guard<'a>>, text: String, line: u64, n_cells: Option<usize> },
}

impl<'a> Rows<'a> {
    pub(super) fn open(
        source: &Source<'a>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Self, DataError> {
        let mut input = source.open()?;
        if input.len() == 0 {
            return Err(FileError::Empty.into());
        }
        let head = input.head(BUFFER as u64)?;
        if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
            return Err(TableError::Utf16.into());
        }
        let delimiter = sniff(&head, &source.suffix());
        let guard = Guard::new(input, limits, delimiter != Delimiter::Blanks);
        let lines = match delimiter {
            Delimiter::Byte(byte) => Lines::Delimited(Box::new(
                ReaderBuilder::new()
                    .has_headers(false)
                    .delimiter(byte)
                    .trim(Trim::All)
                    .buffer_capacity(BUFFER)
                    .from_reader(guard),
            )),
            Delimiter::Blanks => Lines::Blanks {
                input: BufReader::with_capacity(BUFFER, guard),
                text: String::new(),
                line: 0,
                n_cells: None,
            },
        };
        Ok(Self { lines, record: StringRecord::new(), allow_unterminated: options.allow_unterminated })
    }

    /// The next row and its line, counted from 1. After the last row the end
    /// of the file is checked.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &StringRecord)>, DataError> {
        let line = match &mut self.lines {
            Lines::Delimited(reader) => match reader.read_record(&mut self.record) {
                Ok(true) => Some(self.record.position().map_or(0, csv::Position::line)),
                Ok(false) => None,
                Err(error) => return Err(table_error(error)),
            },
            Lines::Blanks { input, text, line, n_cells } => {
                next_line(input, text, line, n_cells, &mut self.record)?
            }
        };
        if let Some(line) = line {
            return Ok(Some((line, &self.record)));
        }
        let guard = match &self.lines {
            Lines::Delimited(reader) => reader.get_ref(),
            Lines::Blanks { input, .. } => input.get_ref(),
        };
        if guard.open_quote {
            return Err(TableError::Quote.into());
        }
        if !matches!(guard.last, Some(b'\n' | b'\r')) && !self.allow_unterminated {
            return Err(TableError::Unterminated.into());
        }
        Ok(None)
    }
}

/// A line as messages name it.
pub(super) fn at_line(line: u64) -> String {
    format!("line {line}")
}

/// A cell as messages name it; columns are counted from 1.
pub(super) fn at_cell(line: u64, column: usize) -> String {
    format!("line {line}, column {}", column + 1)
}

fn next_line(
    input: &mut BufReader<Guard<'_>>,
    text: &mut String,
    line: &mut u64,
    n_cells: &mut Option<usize>,
    record: &mut StringRecord,
) -> Result<Option<u64>, DataError> {
    loop {
        text.clear();
        let read = input.read_line(text).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => DataError::from(TableError::NotUtf8).at(&at_line(*line + 1)),
            _ => io_error("read", &error),
        })?;
        if read == 0 {
            return Ok(None);
        }
        *line += 1;
        record.clear();
        let cells = text.split_whitespace();
        // numpy and R mark the header as a comment.
        let is_marked = n_cells.is_none() && text.trim_start().starts_with("# ");
        for cell in cells.skip(usize::from(is_marked)) {
            record.push_field(cell);
        }
        if record.is_empty() {
            continue;
        }
        let expected = *n_cells.get_or_insert(record.len());
        if record.len() != expected {
            return Err(
                DataError::from(TableError::Cells { expected, found: record.len() }).at(&at_line(*line))
            );
        }
        return Ok(Some(*line));
    }
}

fn table_error(error: csv::Error) -> DataError {
    let line = |position: &Option<csv::Position>| position.as_ref().map(csv::Position::line);
    let (error, line) = match error.into_kind() {
        csv::ErrorKind::Io(error) => return io_error("read", &error),
        csv::ErrorKind::Utf8 { pos, .. } => (TableError::NotUtf8, line(&pos)),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            (TableError::Cells { expected: expected_len as usize, found: len as usize }, line(&pos))
        }
        other => return FileError::Io { action: "read", reason: format!("{other:?}") }.into(),
    };
    match line {
        Some(line) => DataError::from(error).at(&at_line(line)),
        None => error.into(),
    }
}

/// The delimiter: a tab in a `.tsv`, else the first of comma, semicolon and tab
/// that the first line holds, else blanks (but a comma in a `.csv`).
fn sniff(head: &[u8], suffix: &str) -> Delimiter {
    if matches!(suffix, "tsv" | "tab") {
        return Delimiter::Byte(b'\t');
    }
    let end = head.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(head.len());
    let mut quoted = false;
    let bare: Vec<u8> = head
        .iter()
        .take(end)
        .copied()
        .filter(|b| {
            quoted ^= *b == b'"';
            !quoted
        })
        .collect();
    match [b',', b';', b'\t'].into_iter().find(|d| bare.contains(d)) {
        Some(byte) => Delimiter::Byte(byte),
        None if suffix == "csv" => Delimiter::Byte(b','),
        None => Delimiter::Blanks,
    }
}

/// Passes bytes on and remembers what the parser forgives: a last line without
/// end, a quote without partner, a line beyond all measure. Drops a byte-order
/// mark.
struct Guard<'a> {
    input: Input<'a>,
    at_start: bool,
    last: Option<u8>,
    quotes_matter: bool,
    open_quote: bool,
    line_bytes: usize,
    max_line_bytes: usize,
}

impl<'a> Guard<'a> {
    fn new(input: Input<'a>, limits: &Limits, quotes_matter: bool) -> Self {
        let max_line_bytes = limits.max_line_bytes;
        Self {
            input,
            at_start: true,
            last: None,
            quotes_matter,
            open_quote: false,
            line_bytes: 0,
            max_line_bytes,
        }
    }
}

impl Read for Guard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        if self.at_start {
            self.at_start = false;
            if self.input.head(3).map_err(io::Error::other)? == MARK {
                self.input.read_exact(&mut [0; 3])?;
            }
        }
        let count = self.input.read(buffer)?;
        for byte in buffer.iter().take(count) {
            match byte {
                b'\n' | b'\r' => self.line_bytes = 0,
                b'"' if self.quotes_matter => self.open_quote ^= true,
                _ => {}
            }
            self.line_bytes += 1;
            self.last = Some(*byte);
        }
        let limit = self.max_line_bytes as u64;
        within("bytes in a line", self.line_bytes as u64, limit).map_err(io::Error::other)?;
        Ok(count)
    }
}
