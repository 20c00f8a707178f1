//! A report as text with a little markup: what Markdown and LaTeX share is the
//! order of the blocks and how cells are written. Charts are named, not drawn.

use super::terminal::{number, unit_sign, unit_suffix};
use crate::report::{Block, Card, Cell, Column, Mark, Report, Table, Unit};
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
}

/// Whether a column holds numbers, which stand on the right.
pub(super) fn is_numeric(table: &Table, column: usize) -> bool {
    let is_number = |cell: &Cell| matches!(cell, Cell::Estimate(_) | Cell::Number(_) | Cell::Of(..));
    column > 0 && table.rows.iter().any(|row| row.cells.get(column).is_some_and(is_number))
}

/// The lists of a verdict with their names.
pub(super) fn reasons(card: &Card) -> [(&'static str, &[crate::report::Evidence]); 3] {
    [("Evidence", &card.evidence), ("Ruled out", &card.ruled_out), ("Undecided", &card.open)]
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
