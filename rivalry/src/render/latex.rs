//! A report as a LaTeX fragment to `\input` into a paper: tables of `booktabs`,
//! numbers as value and interval, the verdict as a quotation. Charts are named:
//! the SVG renderer draws them.
//!
//! Names come from strangers: every character that TeX could take for a command
//! is written as one of its own. Names in other scripts than Latin need LuaLaTeX
//! or XeLaTeX with a font that has them.

use std::fmt::Write as _;
use std::io;

use super::Render;
use super::prose::{Medium, gaps, in_order, is_numeric, line};
use super::terminal::inert;
use crate::registry::{Citation, Entry};
use crate::report::{Block, Card, Check, Equation, Mark, Report, Table, Work};

const BOOKTABS: Citation = Citation {
    key: "fear2020booktabs",
    text: "S. Fear. Publication quality tables in LaTeX: the booktabs package, version 1.61803398. 2020.",
    url: "https://ctan.org/pkg/booktabs",
};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "latex",
    summary: "verdict and tables as a LaTeX fragment for a paper (booktabs)",
    cites: &[BOOKTABS],
    knobs: &[],
    build: |_| Box::new(Latex),
};

struct Latex;

impl Medium for Latex {
    fn words(&self, text: &str) -> String {
        escaped(text)
    }

    fn digits(&self, text: &str) -> String {
        // A minus sign is one in mathematics only.
        format!("${}$", text.replace('%', "\\%"))
    }

    fn strong(&self, escaped: &str) -> String {
        if escaped.is_empty() { String::new() } else { format!("\\textbf{{{escaped}}}") }
    }

    fn mark(&self, mark: Mark) -> String {
        match mark {
            Mark::Good => "yes".to_owned(),
            Mark::Bad => "no".to_owned(),
            Mark::Attention => "(!)".to_owned(),
        }
    }

    fn dash(&self) -> String {
        "--".to_owned()
    }

    fn code(&self, command: &str) -> String {
        format!("\\texttt{{{}}}", escaped(command))
    }
}

impl Render for Latex {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let mut text = String::from(
            "% Needs \\usepackage[T1]{fontenc} and \\usepackage{booktabs}; \\input this file where the tables belong.\n",
        );
        line(&mut text, &format!("\\section*{{{}}}", escaped(&report.title)));
        for (idx, block) in in_order(report).into_iter().enumerate() {
            let before = text.len();
            text.push('\n');
            self.block(block, idx, &mut text);
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
    for character in inert(text).chars() {
        match character {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => {
                out.push('\\');
                out.push(character);
            }
            '^' => out.push_str("\\textasciicircum{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("\\textquotedbl{}"),
            '\'' => out.push_str("\\textquotesingle{}"),
            '`' => out.push_str("\\textasciigrave{}"),
            // Two of them would become a dash, and a bracket at the start of a
            // row an argument of the row before.
            '-' | '[' | ']' | '*' | '?' | '!' => {
                let _ = write!(out, "{{{character}}}");
            }
            '·' => out.push_str("\\textperiodcentered{}"),
            '\u{2212}' => out.push_str("$-$"),
            _ => out.push(character),
        }
    }
    out
}

impl Latex {
    fn block(&self, block: &Block, idx: usize, out: &mut String) {
        match block {
            Block::Heading(words) => line(out, &format!("\\subsection*{{{}}}", escaped(words))),
            Block::Paragraph(words) => line(out, &escaped(words)),
            Block::KeyValues(pairs) => {
                for (name, cell, unit) in pairs {
                    line(out, &format!("\\noindent {}: {}.\\par", escaped(name), self.alone(cell, *unit)));
                }
            }
            Block::Table(table) => self.table(table, idx, out),
            Block::Chart(chart) => line(out, &format!("% chart (svg, html): {}", self.chart(chart))),
            Block::Data(table) => {
                let name = escaped(&table.name);
                line(out, &format!("% {name}: {} rows for programs (csv)", table.rows.len()));
            }
            Block::Equation(equation) => self.equation(equation, out),
            Block::Verdict(card) => self.verdict(card, out),
            Block::Checks(checks) => self.checks(checks, out),
            Block::Notes(notes) => {
                for note in notes {
                    line(out, &format!("\\noindent\\emph{{Note:}} {}\\par", escaped(note)));
                }
            }
            Block::Bibliography(works) => self.bibliography(works, out),
            Block::Provenance(pairs) => {
                line(out, &format!("{{\\footnotesize {}\\par}}", self.pairs(pairs).join("; ")));
            }
        }
    }

    fn table(&self, table: &Table, idx: usize, out: &mut String) {
        let caption: Vec<String> =
            table.caption.iter().chain(&gaps(table)).map(|words| sentence(&escaped(words))).collect();
        let sides: String =
            (0..table.columns.len()).map(|idx| if is_numeric(table, idx) { 'r' } else { 'l' }).collect();
        line(out, "\\begin{table}[htbp]\n\\centering\\small");
        let title = sentence(&escaped(&table.title));
        line(out, format!("\\caption{{{title} {}", caption.join(" ")).trim_end());
        line(
            out,
            &format!("}}\n\\label{{tab:rivalry-{idx}}}\n\\begin{{tabular}}{{@{{}}{sides}@{{}}}}\n\\toprule"),
        );
        line(out, &format!("{} \\\\\n\\midrule", self.heads(table).join(" & ")));
        for row in &table.rows {
            if row.apart {
                line(out, "\\addlinespace");
            }
            line(out, &format!("{} \\\\", self.cells(table, row).join(" & ")));
        }
        line(out, "\\bottomrule\n\\end{tabular}\n\\end{table}");
    }

    fn equation(&self, equation: &Equation, out: &mut String) {
        let (left, right) = self.sides(equation);
        line(out, &format!("\\noindent {left} $=$ {}.\\par", right.join(" $+$ ")));
        for words in &equation.meaning {
            line(out, &sentence(&escaped(words)));
        }
    }

    fn verdict(&self, card: &Card, out: &mut String) {
        line(out, "\\begin{quote}");
        let headline = format!("{}: {}.", escaped(&card.code), escaped(&card.name));
        line(out, &format!("{} {}", self.strong(&headline), escaped(&card.statement)));
        let items = |name: &str, items: &[String], out: &mut String| {
            if items.is_empty() {
                return;
            }
            line(out, &format!("\n{name}:\n\\begin{{itemize}}"));
            for item in items {
                line(out, &format!("\\item {item}"));
            }
            line(out, "\\end{itemize}");
        };
        items("Next", &self.steps(card), out);
        for (name, reasons) in self.reasons(card) {
            items(name, &reasons, out);
        }
        line(out, "\\end{quote}");
    }

    fn checks(&self, checks: &[Check], out: &mut String) {
        line(
            out,
            "\\begin{tabular}{@{}llrl@{}}\n\\toprule\ncheck & outcome & measured & what it means \\\\\n\\midrule",
        );
        for check in checks {
            let outcome = match check.passed {
                Some(true) => "pass",
                Some(false) => "\\textbf{fail}",
                None => "open",
            };
            let measured = self.alone(&check.measured, check.unit);
            let (name, statement) = (escaped(&check.name), escaped(&check.statement));
            line(out, &format!("{name} & {outcome} & {measured} & {statement} \\\\"));
        }
        line(out, "\\bottomrule\n\\end{tabular}");
    }

    fn bibliography(&self, works: &[Work], out: &mut String) {
        if works.is_empty() {
            return;
        }
        line(out, "\\subsection*{Methods from}\n\\begin{itemize}");
        for work in works {
            line(out, &format!("\\item {}", self.work(work)));
        }
        line(out, "\\end{itemize}");
    }
}

fn sentence(words: &str) -> String {
    if words.is_empty() || words.ends_with(['.', '!', '?']) { words.to_owned() } else { format!("{words}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_names_are_text() {
        for (name, expected) in [
            ("\\input{x}", "\\textbackslash{}input\\{x\\}"),
            ("50 % & $x$", "50 \\% \\& \\$x\\$"),
            ("a_b^c~d#1", "a\\_b\\textasciicircum{}c\\textasciitilde{}d\\#1"),
            ("[x]--", "{[}x{]}{-}{-}"),
            ("image+audio", "image+audio"),
        ] {
            assert_eq!(escaped(name), expected);
        }
    }
}
