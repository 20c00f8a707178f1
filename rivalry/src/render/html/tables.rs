//! Tables of the page: cells that sort by their value and say on hover and focus
//! how it was made.

use std::fmt::Write as _;

use super::Extent;
use super::body::prose;
use crate::render::csv;
use crate::render::markup::escaped;
use crate::render::terminal::{number, unit_sign, unit_suffix};
use crate::report::{Better, Block, Cell, Column, Emphasis, Mark, Row, Table, Unit, Work};

/// Rows that a page which would be too large shows of a table.
const BEGINNING: usize = 100;
/// With more columns than this, intervals stand below their values.
const MANY: usize = 6;

/// A number with a minus sign.
fn proper(value: f64, unit: Unit) -> String {
    escaped(&number(value, unit).replace('-', "\u{2212}"))
}

/// The table with what leads to it and follows it, without its title.
pub(super) fn draw(table: &Table, works: &[Work], extent: Extent) -> String {
    let mut out = String::new();
    let is_cut = extent == Extent::Beginnings && table.rows.len() > BEGINNING;
    let rows = if is_cut { &table.rows[..BEGINNING] } else { &table.rows[..] };
    let _ = write!(
        out,
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{title}\">\n<table{}>\n\
         <caption class=\"vh\">{title}</caption>\n<thead>\n<tr>\n",
        match (sorts(table), table.columns.len() > MANY) {
            (true, true) => " class=\"sortable many\"",
            (true, false) => " class=\"sortable\"",
            (false, true) => " class=\"many\"",
            (false, false) => "",
        },
        title = escaped(&table.title),
    );
    for (idx, column) in table.columns.iter().enumerate() {
        out.push_str(&head(column, is_numeric(table, idx), works));
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in rows {
        let classes = [
            match row.emphasis {
                Emphasis::Strong => "strong",
                Emphasis::Faint => "faint",
                Emphasis::Plain => "",
            },
            if row.apart { "apart" } else { "" },
        ];
        let _ = match classes.join(" ").trim() {
            "" => writeln!(out, "<tr>"),
            classes => writeln!(out, "<tr class=\"{classes}\">"),
        };
        let name = match row.cells.first() {
            Some(Cell::Text(words)) => words.as_str(),
            _ => "",
        };
        for (idx, cell) in row.cells.iter().enumerate() {
            match table.columns.get(idx) {
                Some(_) if idx == 0 => {
                    let _ = writeln!(out, "<th scope=\"row\">{}</th>", in_words(cell, Unit::None));
                }
                Some(column) => out.push_str(&data(cell, column, name, is_numeric(table, idx), works)),
                None => {}
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    note(&table.caption, &mut out);
    if is_cut {
        let _ = writeln!(out, "<p class=\"note\">The first {BEGINNING} of {} rows.</p>", table.rows.len());
    }
    if extent < Extent::Beginnings {
        out.push_str(&download(&Block::Table(table.clone()), &table.title));
    }
    out
}

/// Sentences in small print.
pub(super) fn note(sentences: &[String], out: &mut String) {
    if sentences.is_empty() {
        return;
    }
    out.push_str("<div class=\"note\">\n");
    for sentence in sentences {
        let _ = writeln!(out, "<p>{}</p>", prose(sentence));
    }
    out.push_str("</div>\n");
}

/// A link that saves a block as CSV, without a script.
pub(super) fn download(block: &Block, title: &str) -> String {
    let mut encoded = String::new();
    for byte in csv::of_block(block).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,;:/ ()[]=+*!|".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!(
        "<p class=\"downloads\"><a download=\"table.csv\" href=\"data:text/csv;charset=utf-8,{encoded}\">CSV<span \
         class=\"vh\"> of {}</span></a></p>\n",
        escaped(title)
    )
}

/// Rows that name a part of the table would be torn from it.
fn sorts(table: &Table) -> bool {
    let is_part = |row: &Row| row.cells.len() > 1 && row.cells[1..].iter().all(|cell| *cell == Cell::Empty);
    table.rows.len() > 2 && !table.rows.iter().any(is_part)
}

fn is_numeric(table: &Table, column: usize) -> bool {
    let is_number = |cell: &Cell| matches!(cell, Cell::Estimate(_) | Cell::Number(_) | Cell::Of(..));
    column > 0 && table.rows.iter().any(|row| row.cells.get(column).is_some_and(is_number))
}

fn head(column: &Column, is_numeric: bool, works: &[Work]) -> String {
    let unit = unit_sign(column.unit);
    let mut label = escaped(&column.head);
    if !unit.is_empty() && !column.head.is_empty() {
        let _ = write!(label, " <span class=\"unit\">{}</span>", escaped(unit));
    }
    if column.head.is_empty() {
        return "<th scope=\"col\"><span class=\"vh\">remark</span></th>\n".to_owned();
    }
    let mut tip = String::new();
    if !column.definition.is_empty() {
        let _ = write!(tip, "{}: {}", escaped(&column.head), escaped(&column.definition));
    }
    match column.better {
        Better::Higher if !tip.is_empty() => tip.push_str("<i>Higher is better.</i>"),
        Better::Lower if !tip.is_empty() => tip.push_str("<i>Lower is better.</i>"),
        _ => {}
    }
    tip.push_str(&sources(&column.cites, works));
    let classes = [if is_numeric { "n" } else { "" }, if tip.is_empty() { "" } else { "has-tip" }].join(" ");
    let class = classes.trim();
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let tip = if tip.is_empty() { String::new() } else { format!("<span class=\"tip\">{tip}</span>") };
    format!("<th scope=\"col\"{class}><span class=\"label\">{label}</span>{tip}</th>\n")
}

/// The works that a definition comes from, by their number in the page's list.
fn sources(cites: &[String], works: &[Work]) -> String {
    let of = |key: &String| works.iter().position(|work| work.key == *key);
    let named: Vec<String> = cites
        .iter()
        .filter_map(of)
        .map(|idx| format!("<i>[{}] {}</i>", idx + 1, escaped(&works[idx].text)))
        .collect();
    named.concat()
}

/// A cell with its value to sort by, and how it was made.
fn data(cell: &Cell, column: &Column, row: &str, is_numeric: bool, works: &[Work]) -> String {
    let mut tip = String::new();
    match cell {
        Cell::Estimate(estimate) => {
            let _ = write!(tip, "{}", escaped(&estimate.method));
            let level = if estimate.interval().is_some() {
                format!("level {}, ", proper(100.0 * estimate.level, Unit::None) + " %")
            } else {
                String::new()
            };
            let _ = write!(tip, "<i>{level}n = {}</i>", estimate.n);
            tip.push_str(&sources(&column.cites, works));
        }
        Cell::Missing(reason) => tip.push_str(&escaped(reason)),
        _ => {}
    }
    let sort = match cell {
        _ if !is_numeric => String::new(),
        Cell::Estimate(estimate) => estimate.value.to_string(),
        Cell::Number(value) if value.is_finite() => value.to_string(),
        Cell::Of(part, _) => part.to_string(),
        _ => String::new(),
    };
    let sort = if is_numeric { format!(" data-v=\"{sort}\"") } else { String::new() };
    let class = if is_numeric { "n" } else { "" };
    let shown = in_words(cell, column.unit);
    if tip.is_empty() {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        return format!("<td{class}{sort}>{shown}</td>\n");
    }
    let about = escaped(&format!("{row}, {}: ", column.head));
    format!(
        "<td class=\"{}\"{sort} tabindex=\"0\">{shown}<span class=\"tip\">{about}{tip}</span></td>\n",
        format!("{class} has-tip").trim()
    )
}

/// A cell, without its unit where a column's head tells it.
fn in_words(cell: &Cell, unit: Unit) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(words) => escaped(words),
        Cell::Estimate(estimate) => {
            let value = proper(estimate.value, unit);
            match estimate.interval() {
                Some(i) => format!(
                    "<b>{value}</b> <span class=\"ci\">[{}, {}]</span>",
                    proper(i.low, unit),
                    proper(i.high, unit)
                ),
                None => format!("<b>{value}</b>"),
            }
        }
        Cell::Number(value) => proper(*value, unit),
        Cell::Of(part, whole) => format!("{part} of {whole}"),
        Cell::Mark(Mark::Good) => {
            "<span class=\"yes\">\u{2713}<span class=\"vh\"> good</span></span>".to_owned()
        }
        Cell::Mark(Mark::Bad) => {
            "<span class=\"no\">\u{2717}<span class=\"vh\"> bad</span></span>".to_owned()
        }
        Cell::Mark(Mark::Attention) => {
            "<span class=\"look\">!<span class=\"vh\"> attention</span></span>".to_owned()
        }
        Cell::Missing(_) => "<span class=\"missing\">\u{2013}</span>".to_owned(),
    }
}

/// A cell that stands alone, with its unit and the reason where it has no
/// interval.
pub(super) fn alone(cell: &Cell, unit: Unit) -> String {
    let shown = in_words(cell, unit);
    let suffix = match unit_suffix(unit) {
        "" => String::new(),
        suffix => format!("<span class=\"unit\">{}</span>", escaped(suffix)),
    };
    match cell {
        Cell::Estimate(estimate) if estimate.interval().is_none() => {
            format!("{shown}{suffix} <span class=\"ci\">({})</span>", escaped(&estimate.method))
        }
        Cell::Estimate(_) | Cell::Number(_) => format!("{shown}{suffix}"),
        Cell::Missing(reason) => format!("{shown} <span class=\"ci\">({})</span>", escaped(reason)),
        _ => shown,
    }
}
