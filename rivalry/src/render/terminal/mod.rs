//! The report for a terminal or a text file: aligned tables within a given
//! width, colour only where asked for, and nothing from the data that a
//! terminal would obey.

mod chart;
mod numbers;
mod style;
mod table;
mod text;

use std::io;

pub use text::inert;
pub(super) use text::is_hostile;

pub(super) use self::numbers::{number, unit_sign, unit_suffix};
use self::style::{Paint, Style};
use self::text::{pad_right, width, wrap};
use super::Render;
use crate::registry::{Default, Entry, Knob, Range};
use crate::report::{
    Block, Card, Cell, Chart, Check, Equation, Evidence, Mark, Report, Step, Table, Unit, Work,
};
use crate::stats::Interval;

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "terminal",
    summary: "tables and a verdict for reading, as plain text or with colour",
    cites: &[],
    knobs: &[
        Knob {
            name: "width",
            default: Default::Whole(100),
            range: Range::Between(40.0, 400.0),
            meaning: "columns that a line may take",
        },
        Knob {
            name: "color",
            default: Default::Flag(false),
            range: Range::Switch,
            meaning: "colour on top of the signs and words",
        },
        Knob {
            name: "charts",
            default: Default::Flag(true),
            range: Range::Switch,
            meaning: "charts in characters among the tables",
        },
    ],
    build: |settings| {
        Box::new(Terminal {
            width: settings.whole("width"),
            paint: Paint { color: settings.flag("color") },
            charts: settings.flag("charts"),
        })
    },
};

/// More works than this are named by their keys: the verdict should stay in sight.
const WORKS_IN_FULL: usize = 8;
/// Everything but titles stands this far from the left edge.
const INDENT: &str = "  ";

struct Terminal {
    width: usize,
    paint: Paint,
    charts: bool,
}

impl Render for Terminal {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let mut lines = Vec::new();
        self.title(&report.title, &mut lines);
        for (idx, block) in report.blocks.iter().enumerate() {
            let is_chart = |block: Option<&Block>| matches!(block, Some(Block::Chart(_)));
            let heads_chart = matches!(block, Block::Heading(_)) && is_chart(report.blocks.get(idx + 1));
            if !self.charts && (is_chart(Some(block)) || heads_chart) {
                continue;
            }
            lines.push(String::new());
            self.block(block, &mut lines);
        }
        for line in &lines {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl Terminal {
    fn block(&self, block: &Block, lines: &mut Vec<String>) {
        match block {
            Block::Heading(words) => self.title(words, lines),
            Block::Paragraph(words) => self.paragraph(words, Style::Plain, lines),
            Block::KeyValues(pairs) => self.key_values(pairs, lines),
            Block::Table(table) => self.table(table, lines),
            Block::Chart(chart) => self.chart(chart, lines),
            Block::Data(table) => {
                let text = format!("{}: {} rows for programs (csv)", table.name, table.rows.len());
                self.paragraph(&text, Style::Faint, lines);
            }
            Block::Equation(equation) => self.equation(equation, lines),
            Block::Verdict(card) => self.verdict(card, lines),
            Block::Checks(checks) => self.checks(checks, lines),
            Block::Notes(notes) => {
                for note in notes {
                    self.hanging("! ", &inert(note), Style::Plain, lines);
                }
            }
            Block::Bibliography(works) => self.bibliography(works, lines),
            Block::Provenance(pairs) => {
                let text = pairs
                    .iter()
                    .map(|(name, value)| format!("{} {}", inert(name), inert(value)))
                    .collect::<Vec<_>>()
                    .join(" · ");
                self.paragraph_inert(&text, Style::Faint, lines);
            }
        }
    }

    /// Columns left for text after the indent.
    fn room(&self) -> usize {
        self.width.saturating_sub(INDENT.len())
    }

    fn title(&self, words: &str, lines: &mut Vec<String>) {
        lines
            .extend(wrap(&inert(words), self.width).iter().map(|line| self.paint.paint(Style::Strong, line)));
    }

    fn paragraph(&self, words: &str, style: Style, lines: &mut Vec<String>) {
        self.paragraph_inert(&inert(words), style, lines);
    }

    fn paragraph_inert(&self, words: &str, style: Style, lines: &mut Vec<String>) {
        for line in wrap(words, self.room()) {
            lines.push(format!("{INDENT}{}", self.paint.paint(style, &line)));
        }
    }

    /// Text whose first line starts with `lead` and whose others stand under it.
    fn hanging(&self, lead: &str, words: &str, style: Style, lines: &mut Vec<String>) {
        let room = self.room().saturating_sub(width(lead)).max(16);
        for (idx, line) in wrap(words, room).into_iter().enumerate() {
            let lead = if idx == 0 { lead.to_owned() } else { " ".repeat(width(lead)) };
            lines.push(format!("{INDENT}{lead}{}", self.paint.paint(style, &line)));
        }
    }

    fn key_values(&self, pairs: &[(String, Cell, Unit)], lines: &mut Vec<String>) {
        let names: Vec<String> = pairs.iter().map(|(name, ..)| inert(name)).collect();
        let name_width = names.iter().map(|name| width(name)).max().unwrap_or(0);
        for (name, (_, cell, unit)) in names.iter().zip(pairs) {
            self.hanging(
                &format!("{}  ", pad_right(name, name_width)),
                &in_words(cell, *unit),
                Style::Plain,
                lines,
            );
        }
    }

    fn table(&self, table: &Table, lines: &mut Vec<String>) {
        if !table.title.is_empty() {
            self.title(&table.title, lines);
            lines.push(String::new());
        }
        for line in table::draw(table, self.room(), self.paint) {
            lines.push(format!("{INDENT}{line}"));
        }
        if !table.caption.is_empty() {
            lines.push(String::new());
            for sentence in &table.caption {
                self.paragraph(sentence, Style::Faint, lines);
            }
        }
    }

    fn chart(&self, chart: &Chart, lines: &mut Vec<String>) {
        if !chart.title().is_empty() {
            self.title(chart.title(), lines);
            lines.push(String::new());
        }
        let (drawn, words) = chart::draw(chart, self.room(), self.paint);
        lines.extend(drawn.iter().map(|line| format!("{INDENT}{line}")));
        if !words.is_empty() {
            lines.push(String::new());
            for sentence in &words {
                self.paragraph(sentence, Style::Faint, lines);
            }
        }
    }

    fn equation(&self, equation: &Equation, lines: &mut Vec<String>) {
        let term = |name: &str, cell: &Cell| {
            format!("{} {}", inert(name), in_words(cell, equation.unit))
                .replace(unit_suffix(equation.unit), "")
        };
        let mut pieces = vec![term(&equation.left.name, &equation.left.cell)];
        for (idx, part) in equation.right.iter().enumerate() {
            let sign = if idx == 0 { "=" } else { "+" };
            pieces.push(format!("{sign} {}", term(&part.name, &part.cell)));
        }
        if let Some(last) = pieces.last_mut() {
            *last = format!("{last}  ({})", unit_suffix(equation.unit).trim());
        }
        // Terms stay whole: a line breaks between them, never inside.
        let mut line = String::new();
        for piece in pieces {
            if !line.is_empty() && width(&line) + 1 + width(&piece) > self.room() {
                lines.push(format!("{INDENT}{}", self.paint.paint(Style::Strong, &line)));
                line = format!("{INDENT}{piece}");
            } else {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
        lines.push(format!("{INDENT}{}", self.paint.paint(Style::Strong, &line)));
        for part in std::iter::once(&equation.left).chain(&equation.right) {
            if let Some(reason) = reason(&part.cell) {
                self.paragraph(&format!("{}: {reason}", part.name), Style::Faint, lines);
            }
        }
        for sentence in &equation.meaning {
            self.paragraph(sentence, Style::Faint, lines);
        }
    }

    fn verdict(&self, card: &Card, lines: &mut Vec<String>) {
        let style = Style::from(card.tone);
        let headline = format!("VERDICT {} · {}", inert(&card.code), inert(&card.name));
        lines.push(self.paint.paint(style, &"━".repeat(self.width)));
        for line in wrap(&headline, self.width) {
            lines.push(self.paint.paint(style, &line));
        }
        lines.push(String::new());
        self.paragraph(&card.statement, Style::Strong, lines);
        self.reasons("evidence", &card.evidence, lines);
        self.reasons("ruled out", &card.ruled_out, lines);
        self.reasons("undecided", &card.open, lines);
        self.steps(&card.next, lines);
        lines.push(self.paint.paint(style, &"━".repeat(self.width)));
    }

    fn reasons(&self, name: &str, reasons: &[Evidence], lines: &mut Vec<String>) {
        if reasons.is_empty() {
            return;
        }
        lines.push(String::new());
        lines.push(format!("{INDENT}{}", self.paint.paint(Style::Strong, name)));
        let subjects: Vec<String> = reasons.iter().map(|reason| inert(&reason.subject)).collect();
        let subject_width = subjects.iter().map(|subject| width(subject)).max().unwrap_or(0);
        for (subject, reason) in subjects.iter().zip(reasons) {
            let lead = if subject_width == 0 {
                "- ".to_owned()
            } else {
                format!("- {}  ", pad_right(subject, subject_width))
            };
            self.hanging(&lead, &inert(&reason.text), Style::Plain, lines);
        }
    }

    fn steps(&self, steps: &[Step], lines: &mut Vec<String>) {
        if steps.is_empty() {
            return;
        }
        lines.push(String::new());
        lines.push(format!("{INDENT}{}", self.paint.paint(Style::Strong, "next")));
        for (idx, step) in steps.iter().enumerate() {
            self.hanging(&format!("{}. ", idx + 1), &inert(&step.text), Style::Plain, lines);
            if let Some(command) = &step.command {
                // A command is one line however long: it is there to be copied.
                lines.push(format!("{INDENT}   $ {}", inert(command)));
            }
        }
    }

    fn checks(&self, checks: &[Check], lines: &mut Vec<String>) {
        for check in checks {
            let (sign, style) = match check.passed {
                Some(true) => ("✓ pass", Style::Good),
                Some(false) => ("✗ FAIL", Style::Bad),
                None => ("! open", Style::Uncertain),
            };
            let lead = format!("{}  ", self.paint.paint(style, sign));
            let name = inert(&check.name);
            for (idx, line) in wrap(&name, self.room().saturating_sub(8).max(16)).iter().enumerate() {
                let lead = if idx == 0 { lead.clone() } else { " ".repeat(8) };
                lines.push(format!("{INDENT}{lead}{}", self.paint.paint(Style::Strong, line)));
            }
            let measured = in_words(&check.measured, check.unit);
            let statement = inert(&check.statement);
            let text = if measured.is_empty() { statement } else { format!("{statement}: {measured}") };
            self.hanging("        ", &text, Style::Plain, lines);
        }
    }

    fn bibliography(&self, works: &[Work], lines: &mut Vec<String>) {
        if works.len() > WORKS_IN_FULL {
            let keys = works.iter().map(|work| inert(&work.key)).collect::<Vec<_>>().join(", ");
            let said = format!(
                "Methods from {} works, in full on the page and in the document: {keys}",
                works.len()
            );
            self.paragraph_inert(&said, Style::Faint, lines);
            return;
        }
        lines.push(self.paint.paint(Style::Strong, "Methods from"));
        for work in works {
            let text = format!("{} {}", inert(&work.text), inert(&work.url));
            self.hanging("- ", text.trim_end(), Style::Faint, lines);
        }
    }
}

/// Why a cell has no interval or no value.
fn reason(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Estimate(estimate) if estimate.interval().is_none() => Some(&estimate.method),
        Cell::Missing(reason) => Some(reason),
        _ => None,
    }
}

/// A cell outside a table, with its unit.
fn in_words(cell: &Cell, unit: Unit) -> String {
    quantity(cell, unit, unit_suffix(unit))
}

/// A cell outside a table; numbers are followed by the suffix.
fn quantity(cell: &Cell, unit: Unit, suffix: &str) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(words) => inert(words),
        Cell::Estimate(estimate) => {
            let value = number(estimate.value, unit);
            match estimate.interval() {
                Some(Interval { low, high }) => {
                    format!("{value} [{}, {}]{suffix}", number(low, unit), number(high, unit))
                }
                None => format!("{value}{suffix} ({})", inert(&estimate.method)),
            }
        }
        Cell::Number(value) => format!("{}{suffix}", number(*value, unit)),
        Cell::Of(part, whole) => format!("{part} of {whole}"),
        Cell::Mark(Mark::Good) => "✓".to_owned(),
        Cell::Mark(Mark::Bad) => "✗".to_owned(),
        Cell::Mark(Mark::Attention) => "!".to_owned(),
        Cell::Missing(reason) => format!("– ({})", inert(reason)),
    }
}
