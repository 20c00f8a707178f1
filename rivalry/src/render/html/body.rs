//! The blocks of a report as sections with headings in order: the verdict first,
//! small print last.

use std::fmt::Write as _;

use super::{Extent, figure, tables};
use crate::render::markup::escaped;
use crate::report::{Block, Card, Check, Equation, Evidence, Report, Step, Term, Tone, Work};

/// A sentence; names in backticks stand out.
pub(super) fn prose(text: &str) -> String {
    let escaped = escaped(text);
    let parts: Vec<&str> = escaped.split('`').collect();
    let mut out = String::with_capacity(escaped.len());
    for (idx, part) in parts.iter().enumerate() {
        // The last of an odd number of backticks is one.
        match idx % 2 {
            1 if idx + 1 < parts.len() => {
                let _ = write!(out, "<code>{part}</code>");
            }
            1 => {
                let _ = write!(out, "`{part}");
            }
            _ => out.push_str(part),
        }
    }
    out
}

/// What the sections are made with.
pub(super) struct Body<'a> {
    works: &'a [Work],
    extent: Extent,
}

/// Sections, written one after the other.
#[derive(Default)]
pub(super) struct Sections {
    out: String,
    titles: Vec<String>,
    is_open: bool,
}

impl Sections {
    /// The sections.
    pub(super) fn text(&self) -> &str {
        &self.out
    }

    /// Links to the sections, where there are several.
    pub(super) fn contents(&self) -> String {
        if self.titles.len() < 2 {
            return String::new();
        }
        let mut out = String::from("<nav aria-label=\"Contents\">\n<ol>\n");
        for (idx, title) in self.titles.iter().enumerate() {
            let _ = writeln!(out, "<li><a href=\"#part-{}\">{}</a></li>", idx + 1, escaped(title));
        }
        out.push_str("</ol>\n</nav>\n");
        out
    }

    /// Ends the section before and starts one; the heading's attribute.
    fn start(&mut self, title: &str, class: &str) -> String {
        self.end();
        self.titles.push(title.to_owned());
        let idx = self.titles.len();
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = writeln!(self.out, "<section{class} aria-labelledby=\"part-{idx}\">");
        self.is_open = true;
        format!(" id=\"part-{idx}\"")
    }

    fn headed(&mut self, title: &str, class: &str) {
        let id = self.start(title, class);
        let _ = writeln!(self.out, "<h2{id}>{}</h2>", escaped(title));
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.out.push_str("</section>\n");
        }
    }
}

impl<'a> Body<'a> {
    pub(super) fn of(report: &'a Report, extent: Extent) -> Self {
        let works = report.blocks.iter().find_map(|block| match block {
            Block::Bibliography(works) => Some(works.as_slice()),
            _ => None,
        });
        Self { works: works.unwrap_or(&[]), extent }
    }

    /// The sections, and what stands below them.
    pub(super) fn parts(&self, blocks: &[Block]) -> (Sections, String) {
        let mut sections = Sections::default();
        let mut footer = String::new();
        // What the reader came for stands first, with the notes that belong to it.
        let at = blocks.iter().position(|block| matches!(block, Block::Verdict(_)));
        let is_told = |idx: usize| {
            at.is_some_and(|at| {
                idx == at || (idx == at + 1 && matches!(blocks.get(idx), Some(Block::Notes(_))))
            })
        };
        for block in blocks.iter().enumerate().filter(|(idx, _)| is_told(*idx)).map(|(_, block)| block) {
            self.block(block, &mut sections, &mut footer);
        }
        for block in blocks.iter().enumerate().filter(|(idx, _)| !is_told(*idx)).map(|(_, block)| block) {
            self.block(block, &mut sections, &mut footer);
        }
        sections.end();
        (sections, footer)
    }

    fn block(&self, block: &Block, to: &mut Sections, footer: &mut String) {
        match block {
            Block::Heading(words) => to.headed(words, ""),
            Block::Paragraph(words) => {
                let _ = writeln!(to.out, "<p>{}</p>", prose(words));
            }
            Block::KeyValues(pairs) => {
                to.out.push_str("<dl class=\"pairs\">\n");
                for (name, cell, unit) in pairs {
                    let value = tables::alone(cell, *unit);
                    let _ = writeln!(to.out, "<dt>{}</dt>\n<dd>{value}</dd>", escaped(name));
                }
                to.out.push_str("</dl>\n");
            }
            Block::Table(table) => {
                to.headed(&table.title, "");
                to.out.push_str(&tables::draw(table, self.works, self.extent));
            }
            Block::Chart(chart) if to.is_open => to.out.push_str(&figure::draw(chart, 3, "")),
            Block::Chart(chart) => {
                let id = to.start(chart.title(), "");
                to.out.push_str(&figure::draw(chart, 2, &id));
                to.end();
            }
            Block::Data(table) => {
                let _ = writeln!(
                    to.out,
                    "<p class=\"note\">{}: {} rows for programs</p>",
                    escaped(&table.name),
                    table.rows.len()
                );
                if self.extent < Extent::Beginnings {
                    to.out.push_str(&tables::download(block, &table.name));
                }
            }
            Block::Equation(equation) => terms(equation, &mut to.out),
            Block::Verdict(card) => verdict(card, to),
            Block::Checks(list) => checks(list, to),
            Block::Notes(notes) => {
                to.out.push_str("<ul class=\"aside\">\n");
                for note in notes {
                    let _ = writeln!(to.out, "<li>{}</li>", prose(note));
                }
                to.out.push_str("</ul>\n");
            }
            Block::Bibliography(works) => bibliography(works, to),
            Block::Provenance(pairs) => {
                footer.push_str("<dl class=\"small\">\n");
                for (name, value) in pairs {
                    let (name, value) = (escaped(name), escaped(value));
                    let _ = writeln!(footer, "<div><dt>{name}</dt><dd>{value}</dd></div>");
                }
                footer.push_str("</dl>\n");
            }
        }
    }
}

fn terms(equation: &Equation, out: &mut String) {
    let names: Vec<&str> = equation.right.iter().map(|term| term.name.as_str()).collect();
    let _ = writeln!(out, "<h3>{} = {}</h3>", escaped(&equation.left.name), escaped(&names.join(" + ")));
    out.push_str("<div class=\"equation\">\n");
    let mut one = |sign: &str, term: &Term| {
        let sign =
            if sign.is_empty() { String::new() } else { format!("<span class=\"sign\">{sign}</span>") };
        let (name, value) = (escaped(&term.name), tables::alone(&term.cell, equation.unit));
        let _ = writeln!(
            out,
            "<div class=\"part\">{sign}<dl class=\"term\"><dt>{name}</dt><dd>{value}</dd></dl></div>"
        );
    };
    one("", &equation.left);
    for (idx, term) in equation.right.iter().enumerate() {
        one(if idx == 0 { "=" } else { "+" }, term);
    }
    out.push_str("</div>\n");
    tables::note(&equation.meaning, out);
}

fn verdict(card: &Card, to: &mut Sections) {
    let (class, said) = match card.tone {
        Tone::Good => ("good", "\u{2713} nothing is lost"),
        Tone::Bad => ("bad", "\u{2717} something is lost"),
        Tone::Uncertain => ("open", "? not decided"),
    };
    let id = to.start("Verdict", "verdict");
    let _ = write!(
        to.out,
        "<div class=\"card {class}\">\n<p class=\"tone\">{said}</p>\n<h2{id}>{} \u{b7} {}</h2>\n\
         <p class=\"statement\">{}</p>\n",
        escaped(&card.code),
        escaped(&card.name),
        prose(&card.statement)
    );
    steps(&card.next, &mut to.out);
    reasons("Evidence", &card.evidence, &mut to.out);
    reasons("Ruled out", &card.ruled_out, &mut to.out);
    reasons("Undecided", &card.open, &mut to.out);
    to.out.push_str("</div>\n");
}

fn reasons(title: &str, reasons: &[Evidence], out: &mut String) {
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h3>{title}</h3>\n<ul>");
    for reason in reasons {
        let subject = if reason.subject.is_empty() {
            String::new()
        } else {
            format!("<strong>{}</strong>: ", escaped(&reason.subject))
        };
        let _ = writeln!(out, "<li>{subject}{}</li>", prose(&reason.text));
    }
    out.push_str("</ul>\n");
}

fn steps(steps: &[Step], out: &mut String) {
    if steps.is_empty() {
        return;
    }
    out.push_str("<h3>What to do next</h3>\n<ol>\n");
    for step in steps {
        let command = step
            .command
            .as_ref()
            .map_or_else(String::new, |command| format!("<br/><code>{}</code>", escaped(command)));
        let _ = writeln!(out, "<li>{}{command}</li>", prose(&step.text));
    }
    out.push_str("</ol>\n");
}

fn checks(checks: &[Check], to: &mut Sections) {
    to.headed("Checks", "");
    to.out.push_str(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Checks\">\n<table>\n<caption \
         class=\"vh\">Checks</caption>\n<thead>\n<tr><th scope=\"col\">check</th><th \
         scope=\"col\">outcome</th><th scope=\"col\">measured</th><th scope=\"col\">what it means</th></tr>\n\
         </thead>\n<tbody>\n",
    );
    for check in checks {
        let (class, outcome) = match check.passed {
            Some(true) => ("yes", "\u{2713} pass"),
            Some(false) => ("no", "\u{2717} fail"),
            None => ("look", "! open"),
        };
        let _ = writeln!(
            to.out,
            "<tr><th scope=\"row\">{}</th><td class=\"{class}\">{outcome}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escaped(&check.name),
            tables::alone(&check.measured, check.unit),
            escaped(&check.statement)
        );
    }
    to.out.push_str("</tbody>\n</table>\n</div>\n");
}

fn bibliography(works: &[Work], to: &mut Sections) {
    if works.is_empty() {
        return;
    }
    to.headed("Methods from", "");
    to.out.push_str("<ol class=\"works\">\n");
    for work in works {
        let _ = writeln!(to.out, "<li>{}{}</li>", escaped(&work.text), link(&work.url));
    }
    to.out.push_str("</ol>\n");
}

/// A link where the address is one of the web and of plain characters; else its
/// words.
fn link(url: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$()*+,;=%".contains(&b);
    if url.is_empty() {
        String::new()
    } else if url.starts_with("https://") && url.bytes().all(is_plain) {
        let url = escaped(url);
        format!(" <a href=\"{url}\" rel=\"noreferrer\">{url}</a>")
    } else {
        format!(" {}", escaped(url))
    }
}
