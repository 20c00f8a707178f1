//! A report in GitHub-flavoured Markdown: for issues, notebooks and pages. The
//! verdict is a block quote, tables are tables, charts are named: their numbers
//! are in the tables and in the document.
//!
//! Names come from strangers: every character that Markdown or HTML could take
//! for markup is escaped with a backslash or as an entity.

use std::io;

use super::Render;
use super::prose::{Medium, gaps, in_order, is_numeric, line};
use super::terminal::inert;
use crate::registry::{Citation, Entry};
use crate::report::{Block, Card, Check, Equation, Mark, Report, Table, Work};

const GFM: Citation = Citation {
    key: "gfm",
    text: "GitHub Flavored Markdown Spec, version 0.29-gfm. 2019.",
    url: "https://github.github.com/gfm/",
};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "markdown",
    summary: "verdict and tables for issues, notebooks and pages, in GitHub's Markdown",
    cites: &[GFM],
    knobs: &[],
    build: |_| Box::new(Markdown),
};

struct Markdown;

impl Medium for Markdown {
    fn words(&self, text: &str) -> String {
        escaped(text)
    }

    fn digits(&self, text: &str) -> String {
        text.replace('<', "&lt;")
    }

    fn strong(&self, escaped: &str) -> String {
        // Emphasis around nothing or around spaces would be shown as asterisks.
        if escaped.trim().is_empty() { escaped.to_owned() } else { format!("**{}**", escaped.trim()) }
    }

    fn mark(&self, mark: Mark) -> String {
        match mark {
            Mark::Good => "✓".to_owned(),
            Mark::Bad => "✗".to_owned(),
            Mark::Attention => "\\!".to_owned(),
        }
    }

    fn dash(&self) -> String {
        "–".to_owned()
    }

    fn code(&self, command: &str) -> String {
        code(command)
    }
}

impl Render for Markdown {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let mut text = format!("# {}\n", escaped(&report.title));
        for block in in_order(report) {
            let before = text.len();
            text.push('\n');
            self.block(block, &mut text);
            if text.len() == before + 1 {
                text.truncate(before);
            }
        }
        out.write_all(text.as_bytes())
    }
}

/// A string of the report as words on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let shown = inert(text);
    let mut before = ' ';
    for (idx, character) in shown.char_indices() {
        let next = shown[idx + character.len_utf8()..].chars().next().unwrap_or(' ');
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | '|' | '~' | '#' | '$' | '!' | '@' => {
                out.push('\\');
                out.push(character);
            }
            // Addresses and `:smiles:` begin with what follows a colon.
            ':' if !next.is_whitespace() => out.push_str("\\:"),
            // `www.` becomes a link by itself.
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("\\."),
            // Lists, rules and quotes begin a line.
            '-' | '+' | '=' if idx == 0 => {
                out.push('\\');
                out.push(character);
            }
            '.' | ')'
                if idx > 0 && next.is_whitespace() && shown[..idx].bytes().all(|b| b.is_ascii_digit()) =>
            {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
        before = character;
    }
    out
}

impl Markdown {
    fn block(&self, block: &Block, out: &mut String) {
        match block {
            Block::Heading(words) => line(out, &format!("## {}", escaped(words))),
            Block::Paragraph(words) => line(out, &escaped(words)),
            Block::KeyValues(pairs) => {
                for (name, cell, unit) in pairs {
                    line(out, &format!("- {}: {}", escaped(name), self.alone(cell, *unit)));
                }
            }
            Block::Table(table) => self.table(table, out),
            Block::Chart(chart) => {
                line(out, &format!("Chart (svg, html): {}", self.chart(chart)));
            }
            Block::Data(table) => {
                line(out, &format!("{}: {} rows for programs (csv)", escaped(&table.name), table.rows.len()));
            }
            Block::Equation(equation) => self.equation(equation, out),
            Block::Verdict(card) => self.verdict(card, out),
            Block::Checks(checks) => self.checks(checks, out),
            Block::Notes(notes) => {
                for note in notes {
                    line(out, &format!("- **Note:** {}", escaped(note)));
                }
            }
            Block::Bibliography(works) => self.bibliography(works, out),
            Block::Provenance(pairs) => line(out, &self.pairs(pairs).join(" · ")),
        }
    }

    fn table(&self, table: &Table, out: &mut String) {
        line(out, &format!("## {}\n", escaped(&table.title)));
        line(out, &format!("| {} |", self.heads(table).join(" | ")));
        let sides: Vec<&str> =
            (0..table.columns.len()).map(|idx| if is_numeric(table, idx) { "---:" } else { "---" }).collect();
        line(out, &format!("| {} |", sides.join(" | ")));
        for row in &table.rows {
            line(out, &format!("| {} |", self.cells(table, row).join(" | ")));
        }
        for (idx, sentence) in table.caption.iter().chain(&gaps(table)).enumerate() {
            if idx == 0 {
                out.push('\n');
            }
            line(out, &format!("- {}", escaped(sentence)));
        }
    }

    fn equation(&self, equation: &Equation, out: &mut String) {
        let (left, right) = self.sides(equation);
        line(out, &self.strong(&format!("{left} = {}", right.join(" + "))));
        for (idx, sentence) in equation.meaning.iter().enumerate() {
            if idx == 0 {
                out.push('\n');
            }
            line(out, &format!("- {}", escaped(sentence)));
        }
    }

    fn verdict(&self, card: &Card, out: &mut String) {
        let headline = format!("{} · {}", escaped(&card.code), escaped(&card.name));
        line(out, &format!("> {}\n>", self.strong(&headline)));
        line(out, &format!("> {}", escaped(&card.statement)));
        if !card.next.is_empty() {
            line(out, ">\n> Next:\n>");
            for (idx, step) in self.steps(card).iter().enumerate() {
                line(out, &format!("> {}. {step}", idx + 1));
            }
        }
        for (name, reasons) in self.reasons(card) {
            if !reasons.is_empty() {
                line(out, &format!(">\n> {name}:\n>"));
            }
            for reason in reasons {
                line(out, &format!("> - {reason}"));
            }
        }
    }

    fn checks(&self, checks: &[Check], out: &mut String) {
        line(out, "| check | outcome | measured | what it means |\n| --- | --- | ---: | --- |");
        for check in checks {
            let outcome = match check.passed {
                Some(true) => "✓ pass",
                Some(false) => "✗ **fail**",
                None => "open",
            };
            let measured = self.alone(&check.measured, check.unit);
            let (name, statement) = (escaped(&check.name), escaped(&check.statement));
            line(out, &format!("| {name} | {outcome} | {measured} | {statement} |"));
        }
    }

    fn bibliography(&self, works: &[Work], out: &mut String) {
        if works.is_empty() {
            return;
        }
        line(out, "## Methods from\n");
        for work in works {
            line(out, &format!("- {}", self.work(work)));
        }
    }
}

/// Between as many backticks as the text does not hold.
fn code(text: &str) -> String {
    let text = inert(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_text() {
        for (name, expected) in [
            ("a|b", "a\\|b"),
            ("<b>", "&lt;b&gt;"),
            ("[x](y)", "\\[x](y)"),
            ("https://a.b", "https\\://a.b"),
            ("www.a.b", "www\\.a.b"),
            ("1. one", "1\\. one"),
            ("- item", "\\- item"),
            ("accuracy: 0.5", "accuracy: 0.5"),
            ("image+audio", "image+audio"),
        ] {
            assert_eq!(escaped(name), expected);
        }
        assert_eq!(code("a`b"), "`` a`b ``");
    }
}
