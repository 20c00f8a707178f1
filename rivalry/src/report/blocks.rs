//! The blocks that people read.

use super::{Chart, DataTable, Work};
use crate::stats::Estimate;

/// One piece of a report.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Block {
    /// Starts a part of the report.
    Heading(String),
    /// Running text.
    Paragraph(String),
    /// Names and what they are, one per line.
    KeyValues(Vec<(String, Cell, Unit)>),
    /// Rows and columns.
    Table(Table),
    /// A figure.
    Chart(Chart),
    /// A table for programs.
    Data(DataTable),
    /// One quantity as the sum of others.
    Equation(Equation),
    /// The conclusion with its reasons.
    Verdict(Card),
    /// Conditions, each with what was measured and whether it holds.
    Checks(Vec<Check>),
    /// What the reader must know to read the rest rightly.
    Notes(Vec<String>),
    /// The works that the methods used come from.
    Bibliography(Vec<Work>),
    /// What produced the report: names and values in small print.
    Provenance(Vec<(String, String)>),
}

/// What a number counts, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// None: words, or exact whole numbers.
    None,
    /// A fraction, written in percent.
    Percent,
    /// A difference of fractions, written in percentage points with its sign.
    Points,
    /// A plain ratio.
    Ratio,
    /// A probability under a hypothesis, or one adjusted for multiplicity.
    Probability,
    /// Seconds of wall time.
    Seconds,
    /// Bytes.
    Bytes,
    /// A value of any size: four significant digits.
    Scientific,
}

/// Which direction is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither is better as such.
    Neither,
}

/// A table. The first column names the row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What the table shows.
    pub title: String,
    /// How to read it: definitions, intervals, numbers of samples and seeds.
    pub caption: Vec<String>,
    /// One per cell of a row.
    pub columns: Vec<Column>,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// A few words.
    pub head: String,
    /// What its numbers count.
    pub unit: Unit,
    /// Which direction is good news.
    pub better: Better,
    /// What exactly its numbers are; may be empty.
    pub definition: String,
    /// Keys of the works that the definition comes from.
    pub cites: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// How loud it is.
    pub emphasis: Emphasis,
    /// Whether a line sets it apart from the row above.
    pub apart: bool,
}

/// How loud a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emphasis {
    /// As it is.
    Plain,
    /// One of the rows that the reader came for.
    Strong,
    /// Context.
    Faint,
}

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing, on purpose.
    Empty,
    /// Words.
    Text(String),
    /// A measured quantity with its interval, or with the reason why it has none.
    Estimate(Estimate),
    /// A number that has no interval by nature: a count, a setting, a p-value.
    Number(f64),
    /// So many of so many.
    Of(usize, usize),
    /// A sign that reads without colour.
    Mark(Mark),
    /// A quantity that could not be measured, and the reason why.
    Missing(String),
}

/// A sign in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Something lost here.
    Bad,
    /// Look here.
    Attention,
}

/// `left = first + second + ...`.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    /// What is split.
    pub left: Term,
    /// The parts, in order.
    pub right: Vec<Term>,
    /// The unit of all of them.
    pub unit: Unit,
    /// What each term means, one sentence per line.
    pub meaning: Vec<String>,
}

/// A named quantity in an equation.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// A word or two.
    pub name: String,
    /// The quantity.
    pub cell: Cell,
}

/// The conclusion with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The rule that fired, e.g. `V2`.
    pub code: String,
    /// Its name in a few words.
    pub name: String,
    /// Whether it is good news.
    pub tone: Tone,
    /// The answer in a sentence or two.
    pub statement: String,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What was considered and rejected.
    pub ruled_out: Vec<Evidence>,
    /// What could not be decided with these data.
    pub open: Vec<Evidence>,
    /// What to do now.
    pub next: Vec<Step>,
}

/// A condition that was put to the results.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// A short name, such as the condition as it was typed.
    pub name: String,
    /// Whether it holds; nothing where that could not be decided.
    pub passed: Option<bool>,
    /// What was required and what came out, in a sentence.
    pub statement: String,
    /// What was measured.
    pub measured: Cell,
    /// What the measured number counts.
    pub unit: Unit,
}

/// Whether a conclusion is good news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to worry about.
    Good,
    /// Something is lost.
    Bad,
    /// Nobody knows yet.
    Uncertain,
}

/// A reason for or against a conclusion.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What it is about, in a word or two; may be empty.
    pub subject: String,
    /// The reason in a sentence.
    pub text: String,
}

/// Something to do next.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What and why, in a sentence.
    pub text: String,
    /// The command that does it, where there is one.
    pub command: Option<String>,
}

impl Column {
    /// A column of words or exact counts.
    pub fn plain(head: &str) -> Self {
        Self::of(head, Unit::None, Better::Neither)
    }

    /// A column of numbers.
    pub fn of(head: &str, unit: Unit, better: Better) -> Self {
        Self { head: head.to_owned(), unit, better, definition: String::new(), cites: Vec::new() }
    }

    /// The same column with what its numbers are and where that comes from.
    pub fn defined(self, definition: impl Into<String>, cites: Vec<String>) -> Self {
        Self { definition: definition.into(), cites, ..self }
    }
}

impl Row {
    /// A row like most.
    pub fn plain(cells: Vec<Cell>) -> Self {
        Self { cells, emphasis: Emphasis::Plain, apart: false }
    }
}

impl Cell {
    /// Words.
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A count.
    pub fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }
}

impl From<Estimate> for Cell {
    fn from(estimate: Estimate) -> Self {
        Self::Estimate(estimate)
    }
}
