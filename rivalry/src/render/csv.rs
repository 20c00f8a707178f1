//! A report's data as one table for other programs: RFC 4180 with a header, a
//! comma, a full stop, and a newline after every record.
//!
//! The report's tables for programs, one below the other; columns that only
//! some of them have are empty in the others, and a first column `table` tells
//! them apart where there are several. A report without one gives the tables
//! that people read, one row per cell: `table, row, column, value, low, high,
//! level, n, method, text`.
//!
//! Numbers are in the shortest form that reads back to the same bits; fractions
//! stay fractions. What is not a number is `NaN`, `inf` or `-inf`.
//!
//! Names come from strangers, and a spreadsheet runs what looks like a formula:
//! a text that begins with `=`, `+`, `-` or `@` and is no number gets an
//! apostrophe in front, also behind a semicolon, where some spreadsheets split.
//! Control characters, newlines among them, are written out as `\n`, `\u{1b}`.

use std::borrow::Cow;
use std::io;

use super::Render;
use super::terminal::inert;
use crate::formats::RFC_4180;
use crate::registry::{Default, Entry, Knob, Range};
use crate::report::{Block, Cell, DataCell, DataTable, Mark, Report};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "csv",
    summary: "the numbers as one tidy table for other programs: fractions, not percent",
    cites: &[RFC_4180],
    knobs: &[Knob {
        name: "table",
        default: Default::Whole(0),
        range: Range::Between(0.0, 10_000.0),
        meaning: "the one table for programs to write, counted from 1; 0 writes all, below each other",
    }],
    build: |settings| Box::new(Csv { table: settings.whole("table") }),
};

struct Csv {
    table: usize,
}

impl Render for Csv {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let table = table_of(report, self.table)?;
        write(&table, out)
    }
}

/// The table for programs that is asked for, counted from 1; all below each
/// other for 0; without any, what people read.
pub(super) fn table_of(report: &Report, asked: usize) -> io::Result<Cow<'_, DataTable>> {
    let tables: Vec<&DataTable> = report
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Data(table) => Some(table),
            _ => None,
        })
        .collect();
    Ok(match super::part("table for programs", &tables, asked)? {
        [] => Cow::Owned(flattened(&report.blocks)),
        [only] => Cow::Borrowed(*only),
        several => Cow::Owned(stacked(several)),
    })
}

fn write(table: &DataTable, out: &mut dyn io::Write) -> io::Result<()> {
    record(table.columns.iter().map(|name| text(name)), out)?;
    for row in &table.rows {
        record(row.iter().map(field), out)?;
    }
    Ok(())
}

fn record<'a>(fields: impl Iterator<Item = Cow<'a, str>>, out: &mut dyn io::Write) -> io::Result<()> {
    for (idx, field) in fields.enumerate() {
        if idx > 0 {
            out.write_all(b",")?;
        }
        out.write_all(field.as_bytes())?;
    }
    out.write_all(b"\n")
}

fn field(cell: &DataCell) -> Cow<'_, str> {
    match cell {
        DataCell::Empty => Cow::Borrowed(""),
        DataCell::Text(words) => text(words),
        DataCell::Whole(count) => Cow::Owned(count.to_string()),
        DataCell::Number(value) => Cow::Owned(number(*value)),
    }
}

/// The shortest digits that read back to the same bits, without a run of zeros.
pub(super) fn number(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
    if is_plain { format!("{value}") } else { format!("{value:e}") }
}

/// A text that no program obeys, in quotes where the format asks for them.
fn text(words: &str) -> Cow<'_, str> {
    let shown = inert(words);
    let mut safe = String::with_capacity(shown.len());
    for (idx, part) in shown.split(';').enumerate() {
        if idx > 0 {
            safe.push(';');
        }
        let begins = part.trim_start().starts_with(['=', '+', '-', '@']);
        if begins && part.trim().parse::<f64>().is_err() {
            safe.push('\'');
        }
        safe.push_str(part);
    }
    let is_quoted = safe.contains([',', '"', ' ', ';']);
    Cow::Owned(if is_quoted { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe })
}

/// Several tables as one.
fn stacked(tables: &[&DataTable]) -> DataTable {
    // A table may have a column of that name itself.
    let mut columns = vec!["table".to_owned()];
    for name in tables.iter().flat_map(|table| &table.columns) {
        if !columns[1..].contains(name) {
            columns.push(name.clone());
        }
    }
    let rows = tables
        .iter()
        .flat_map(|table| {
            let columns = &columns;
            table.rows.iter().map(move |row| {
                let of = |name: &String| {
                    let idx = table.columns.iter().position(|column| column == name)?;
                    row.get(idx).cloned()
                };
                let cells = columns[1..].iter().map(|name| of(name).unwrap_or(DataCell::Empty));
                std::iter::once(DataCell::from(table.name.as_str())).chain(cells).collect()
            })
        })
        .collect();
    DataTable { name: String::new(), columns, rows }
}

/// One block as a table for programs.
pub(super) fn of_block(block: &Block) -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail, and only text was written.
    let _ = match block {
        Block::Data(table) => write(table, &mut out),
        other => write(&flattened(std::slice::from_ref(other)), &mut out),
    };
    String::from_utf8_lossy(&out).into_owned()
}

/// What people read, one row per cell.
fn flattened(blocks: &[Block]) -> DataTable {
    let columns = ["table", "row", "column"].into_iter().chain(DataTable::OF_ESTIMATE).chain(["text"]);
    let mut rows = Vec::new();
    let mut push = |table: &str, row: &str, column: &str, cell: &Cell| {
        if let Some(parts) = parts(cell) {
            rows.push([table, row, column].map(DataCell::from).into_iter().chain(parts).collect());
        }
    };
    for block in blocks {
        match block {
            Block::KeyValues(pairs) => {
                for (name, cell, _) in pairs {
                    push("", name, "", cell);
                }
            }
            Block::Table(table) => {
                for row in &table.rows {
                    let name = match row.cells.first() {
                        Some(Cell::Text(words)) => words.as_str(),
                        _ => "",
                    };
                    for (column, cell) in table.columns.iter().zip(&row.cells).skip(1) {
                        push(&table.title, name, &column.head, cell);
                    }
                }
            }
            Block::Equation(equation) => {
                for term in std::iter::once(&equation.left).chain(&equation.right) {
                    push("", &term.name, "", &term.cell);
                }
            }
            Block::Checks(checks) => {
                for check in checks {
                    let passed = match check.passed {
                        Some(true) => "pass",
                        Some(false) => "fail",
                        None => "open",
                    };
                    push("checks", &check.name, "passed", &Cell::text(passed));
                    push("checks", &check.name, "measured", &check.measured);
                    push("checks", &check.name, "statement", &Cell::text(&check.statement));
                }
            }
            _ => {}
        }
    }
    DataTable { name: String::new(), columns: columns.map(str::to_owned).collect(), rows }
}

/// A cell as value, low, high, level, n, method, text; nothing for an empty one.
fn parts(cell: &Cell) -> Option<[DataCell; 7]> {
    let only = |value: DataCell, n: DataCell, method: DataCell, text: DataCell| {
        [value, DataCell::Empty, DataCell::Empty, DataCell::Empty, n, method, text]
    };
    let none = || DataCell::Empty;
    Some(match cell {
        Cell::Empty => return None,
        Cell::Estimate(estimate) => {
            let [value, low, high, level, n, method] = DataCell::of_estimate(estimate);
            [value, low, high, level, n, method, DataCell::Empty]
        }
        Cell::Number(value) => only((*value).into(), none(), none(), none()),
        Cell::Of(part, whole) => only((*part).into(), (*whole).into(), none(), none()),
        Cell::Text(words) => only(none(), none(), none(), words.as_str().into()),
        Cell::Mark(mark) => {
            let word = match mark {
                Mark::Good => "good",
                Mark::Bad => "bad",
                Mark::Attention => "attention",
            };
            only(none(), none(), none(), word.into())
        }
        Cell::Missing(reason) => only(none(), none(), format!("no value: {reason}").into(), none()),
    })
}
