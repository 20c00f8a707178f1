//! A report as text with a little markup: what Markdown and LaTeX share is the
//! order of the blocks and how cells are written. Charts are named, not drawn.

use std::fmt::Write as _;

use super::terminal::{number, unit_sign, unit_suffix};
use crate::report::{
    Block, Card, Cell, Chart, Column, Emphasis, Equation, Evidence, Mark, Report, Row, Step, Table, Unit,
    Work,
};
use crate::stats::Estimate;

/// The blocks with the verdict first, and the notes that belong to it.
pub(super) fn in_order(report: &Report) -> Vec<&Block> {
    let blocks = &report.blocks;
    let Some(at) = blocks.iter().position(|block| matches!(block, Block::Verdict(_))) else {
        return blocks.iter().collect();
    };
    let has_notes = matches!(blocks.get(at + 1), Some(Block::Notes(_)));
    let end = at + 1 + usize::from(has_notes);
    let about = usize::from(matches!(blocks.first(), Some(Block::Paragraph(_))) && at > 0);
    let (first, told) = (&blocks[..about], &blocks[at..end]);
    first.iter().chain(told).chain(&blocks[about..at]).chain(&blocks[end..]).collect()
}

/// A medium's ways to write.
pub(super) trait Medium {
    /// A string of the report as words that do nothing.
    fn words(&self, text: &str) -> String;

    /// A number of ours.
    fn digits(&self, text: &str) -> String;

    /// Words that stand out.
    fn strong(&self, escaped: &str) -> String;

    /// A sign.
    fn mark(&self, mark: Mark) -> String;

    /// Nothing, where a number was expected.
    fn dash(&self) -> String;

    /// A command to type.
    fn code(&self, command: &str) -> String;

    /// A cell; its unit stands elsewhere.
    fn cell(&self, cell: &Cell, unit: Unit) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(words) => self.words(words),
            Cell::Estimate(estimate) => self.estimate(estimate, unit),
            Cell::Number(value) => self.digits(&number(*value, unit)),
            Cell::Of(part, whole) => format!("{part} of {whole}"),
            Cell::Mark(mark) => self.mark(*mark),
            Cell::Missing(_) => self.dash(),
        }
    }

    /// `value [low, high]`.
    fn estimate(&self, estimate: &Estimate, unit: Unit) -> String {
        let digits = |value: f64| self.digits(&number(value, unit));
        match estimate.interval() {
            Some(i) => format!("{} [{}, {}]", digits(estimate.value), digits(i.low), digits(i.high)),
            None => digits(estimate.value),
        }
    }

    /// A cell that stands alone, with its unit, or with the reason for what it
    /// lacks.
    fn alone(&self, cell: &Cell, unit: Unit) -> String {
        let shown = self.cell(cell, unit);
        let suffix = self.words(unit_suffix(unit));
        match cell {
            Cell::Estimate(estimate) if estimate.interval().is_none() => {
                format!("{shown}{suffix} ({})", self.words(&estimate.method))
            }
            Cell::Estimate(_) | Cell::Number(_) => format!("{shown}{suffix}"),
            Cell::Missing(reason) => format!("{shown} ({})", self.words(reason)),
            _ => shown,
        }
    }

    /// A column's head with its unit.
    fn head(&self, column: &Column) -> String {
        match unit_sign(column.unit) {
            "" => self.words(&column.head),
            _ if column.head.is_empty() => String::new(),
            unit => format!("{} ({})", self.words(&column.head), self.words(unit)),
        }
    }

    /// The heads of a table.
    fn heads(&self, table: &Table) -> Vec<String> {
        table.columns.iter().map(|column| self.head(column)).collect()
    }

    /// The cells of one of its rows.
    fn cells(&self, table: &Table, row: &Row) -> Vec<String> {
        let shown = |(column, cell): (&Column, &Cell)| {
            let shown = self.cell(cell, column.unit);
            if row.emphasis == Emphasis::Strong { self.strong(&shown) } else { shown }
        };
        table.columns.iter().zip(&row.cells).map(shown).collect()
    }

    /// What is equal to the sum of what.
    fn sides(&self, equation: &Equation) -> (String, Vec<String>) {
        let term = |name: &str, cell| format!("{} {}", self.words(name), self.alone(cell, equation.unit));
        let right = equation.right.iter().map(|part| term(&part.name, &part.cell)).collect();
        (term(&equation.left.name, &equation.left.cell), right)
    }

    /// What a chart is about.
    fn chart(&self, chart: &Chart) -> String {
        let words = std::iter::once(chart.title()).chain(chart.caption().iter().map(String::as_str));
        words.map(|words| self.words(words)).collect::<Vec<_>>().join(". ")
    }

    /// What to do next, with the commands to type.
    fn steps(&self, card: &Card) -> Vec<String> {
        let told = |step: &Step| match &step.command {
            Some(command) => format!("{}: {}", self.words(&step.text), self.code(command)),
            None => self.words(&step.text),
        };
        card.next.iter().map(told).collect()
    }

    /// The lists of a verdict with their names.
    fn reasons(&self, card: &Card) -> [(&'static str, Vec<String>); 3] {
        let told = |reason: &Evidence| match self.words(&reason.subject) {
            subject if subject.is_empty() => self.words(&reason.text),
            subject => format!("{}: {}", self.strong(&subject), self.words(&reason.text)),
        };
        let lists = [("Evidence", &card.evidence), ("Ruled out", &card.ruled_out), ("Undecided", &card.open)];
        lists.map(|(name, reasons)| (name, reasons.iter().map(told).collect()))
    }

    /// A work that is cited.
    fn work(&self, work: &Work) -> String {
        format!("{} {}", self.words(&work.text), self.words(&work.url)).trim_end().to_owned()
    }

    /// Names with their values.
    fn pairs(&self, pairs: &[(String, String)]) -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("{} {}", self.words(name), self.words(value))).collect()
    }
}

/// Writes a line.
pub(super) fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

/// Whether a column holds numbers, which stand on the right.
pub(super) fn is_numeric(table: &Table, column: usize) -> bool {
    let is_number = |cell: &Cell| matches!(cell, Cell::Estimate(_) | Cell::Number(_) | Cell::Of(..));
    column > 0 && table.rows.iter().any(|row| row.cells.get(column).is_some_and(is_number))
}

/// Why cells have no value or no interval, each reason once with the rows and
/// columns that it is about.
pub(super) fn gaps(table: &Table) -> Vec<String> {
    let mut found: Vec<(&str, Vec<String>)> = Vec::new();
    for row in &table.rows {
        let name = match row.cells.first() {
            Some(Cell::Text(words)) => words.as_str(),
            _ => "",
        };
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            let reason = match cell {
                Cell::Missing(reason) => reason,
                Cell::Estimate(estimate) if estimate.interval().is_none() => &estimate.method,
                _ => continue,
            };
            let place = format!("{name} ({})", column.head);
            match found.iter_mut().find(|(known, _)| known == reason) {
                Some((_, places)) => places.push(place),
                None => found.push((reason, vec![place])),
            }
        }
    }
    let told = |(reason, places): (&str, Vec<String>)| match places.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{} and {} more: {reason}", first.join(", "), rest.len())
        }
        _ => format!("{}: {reason}", places.join(", ")),
    };
    found.into_iter().map(told).collect()
}
