//! Tables that fit a width without losing anything.
//!
//! The rule, in this order: names in the first column are cut at 32 columns
//! (an ellipsis says so); columns of words shrink to 24 and wrap their words;
//! columns that still do not fit move to a further panel below, which repeats
//! the first column. No column is ever dropped.
//!
//! In a column of numbers the values, the lower and the upper ends of their
//! intervals each stand under each other.

use super::numbers::{number, unit_sign};
use super::style::{Paint, Style};
use super::text::{clip, inert, pad_left, pad_right, width, wrap};
use crate::report::{Better, Cell, Column, Mark, Row, Table, Unit};
use crate::stats::Interval;

/// Widest that the first column gets.
const NAME_LIMIT: usize = 32;
/// A column of words is not shrunk below this.
const WORDS_FLOOR: usize = 24;
/// Between columns.
const GAP: &str = "  ";

/// A column, formatted: every cell is one line until the column is fitted.
struct Drawn {
    head: Vec<String>,
    cells: Vec<(String, Style)>,
    width: usize,
    /// Words, which may wrap; numbers may not.
    is_words: bool,
}

impl Drawn {
    /// The narrowest this column can be.
    fn floor(&self) -> usize {
        if self.is_words { self.width.min(WORDS_FLOOR) } else { self.width }
    }
}

/// A column in its place: how wide it is there.
type Placed<'a> = (&'a Drawn, usize);

/// The table's lines, each at most `limit` columns wide (a single column that
/// is wider by itself excepted), without title and caption.
pub(super) fn draw(table: &Table, limit: usize, paint: Paint) -> Vec<String> {
    let mut footnotes = Footnotes::default();
    let columns: Vec<Drawn> = table
        .columns
        .iter()
        .enumerate()
        .map(|(idx, column)| draw_column(column, idx, &table.rows, &mut footnotes))
        .collect();
    let mut lines = Vec::new();
    for panel in panels(&columns, limit) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        draw_panel(&panel, &table.rows, paint, &mut lines);
    }
    for (idx, reason) in footnotes.reasons.iter().enumerate() {
        let room = limit.saturating_sub(4).max(20);
        for (line_idx, text) in wrap(&inert(reason), room).into_iter().enumerate() {
            let lead = if line_idx == 0 { format!("({}) ", idx + 1) } else { "    ".to_owned() };
            lines.push(paint.paint(Style::Faint, &format!("{lead}{text}")));
        }
    }
    lines
}

/// Which columns stand side by side: greedily from the left at their
/// narrowest, the first column in every panel. The room that is left in a
/// panel widens its columns of words again.
fn panels(columns: &[Drawn], limit: usize) -> Vec<Vec<Placed<'_>>> {
    let Some((first, rest)) = columns.split_first() else { return Vec::new() };
    let mut panels = vec![vec![(first, first.width)]];
    for column in rest {
        match panels.last_mut() {
            Some(panel) if panel.len() == 1 || panel_width(panel) + GAP.len() + column.floor() <= limit => {
                panel.push((column, column.floor()));
            }
            _ => panels.push(vec![(first, first.width), (column, column.floor())]),
        }
    }
    for panel in &mut panels {
        let mut spare = limit.saturating_sub(panel_width(panel));
        for (column, width) in panel.iter_mut() {
            let wider = spare.min(column.width - *width);
            *width += wider;
            spare -= wider;
        }
    }
    panels
}

fn panel_width(panel: &[Placed<'_>]) -> usize {
    panel.iter().map(|(_, width)| width).sum::<usize>() + GAP.len() * panel.len().saturating_sub(1)
}

fn draw_panel(panel: &[Placed<'_>], rows: &[Row], paint: Paint, lines: &mut Vec<String>) {
    let heads: Vec<Vec<String>> = panel
        .iter()
        .map(|(column, width)| column.head.iter().flat_map(|line| wrap(line, *width)).collect())
        .collect();
    let all_strong = vec![Style::Strong; panel.len()];
    stack(panel, &heads, &all_strong, paint, lines);
    let rule = paint.paint(Style::Faint, &"─".repeat(panel_width(panel)));
    lines.push(rule.clone());
    for (row_idx, row) in rows.iter().enumerate() {
        if row.apart && row_idx > 0 {
            lines.push(rule.clone());
        }
        let (cells, styles): (Vec<Vec<String>>, Vec<Style>) = panel
            .iter()
            .map(|(column, width)| {
                let (text, style) = &column.cells[row_idx];
                let lines = if column.width > *width { wrap(text, *width) } else { vec![text.clone()] };
                (lines, if *style == Style::Plain { row.emphasis.into() } else { *style })
            })
            .unzip();
        stack(panel, &cells, &styles, paint, lines);
    }
}

/// Cells of several lines side by side.
fn stack(
    panel: &[Placed<'_>],
    cells: &[Vec<String>],
    styles: &[Style],
    paint: Paint,
    lines: &mut Vec<String>,
) {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    for line_idx in 0..height {
        let pieces: Vec<String> = cells
            .iter()
            .zip(panel)
            .zip(styles)
            .map(|((cell, (_, width)), style)| {
                let text = cell.get(line_idx).map_or("", String::as_str);
                paint.paint(*style, &pad_right(text, *width))
            })
            .collect();
        lines.push(pieces.join(GAP).trim_end().to_owned());
    }
}

/// A cell on its way: what is aligned on the right, and what follows it.
struct Piece {
    value: String,
    interval: Option<(String, String)>,
    tail: String,
    style: Style,
}

fn draw_column(column: &Column, idx: usize, rows: &[Row], footnotes: &mut Footnotes) -> Drawn {
    // One reason for a whole column stands in its head.
    let common = common_reason(rows, idx);
    let head_mark = common.map_or_else(String::new, |reason| footnotes.mark(reason));
    let mut pieces: Vec<Piece> =
        rows.iter().map(|row| piece(&row.cells[idx], column, idx == 0, footnotes)).collect();
    if common.is_some() {
        for piece in &mut pieces {
            piece.tail.clear();
        }
    }
    let is_words = idx > 0 && rows.iter().all(|row| matches!(row.cells[idx], Cell::Text(_) | Cell::Empty));
    let is_left = idx == 0 || is_words;
    let value_width = pieces.iter().map(|piece| width(&piece.value)).max().unwrap_or(0);
    let low_width = interval_width(&pieces, |(low, _)| low);
    let high_width = interval_width(&pieces, |(_, high)| high);
    let cells: Vec<(String, Style)> = pieces
        .into_iter()
        .map(|piece| {
            let value = if is_left { piece.value } else { pad_left(&piece.value, value_width) };
            let interval = piece.interval.map_or_else(String::new, |(low, high)| {
                format!(" [{}, {}]", pad_left(&low, low_width), pad_left(&high, high_width))
            });
            (format!("{value}{interval}{}", piece.tail), piece.style)
        })
        .collect();
    let body_width = cells.iter().map(|(text, _)| width(text)).max().unwrap_or(0);
    let head = head_lines(column, &head_mark, body_width);
    let width = head.iter().map(|line| width(line)).max().unwrap_or(0).max(body_width);
    Drawn { head, cells, width, is_words }
}

/// Why no estimate of a column has an interval, where there are several and all
/// share the reason.
fn common_reason(rows: &[Row], idx: usize) -> Option<&str> {
    let mut reasons = rows.iter().filter_map(|row| match &row.cells[idx] {
        Cell::Estimate(estimate) => Some(estimate.interval().is_none().then_some(estimate.method.as_str())),
        Cell::Missing(_) => Some(None),
        _ => None,
    });
    let first = reasons.next()??;
    let (mut n, mut is_common) = (1, true);
    for reason in reasons {
        n += 1;
        is_common &= reason == Some(first);
    }
    (is_common && n > 1).then_some(first)
}

fn interval_width(pieces: &[Piece], end: fn(&(String, String)) -> &String) -> usize {
    pieces.iter().filter_map(|piece| piece.interval.as_ref()).map(|ends| width(end(ends))).max().unwrap_or(0)
}

/// The column's name, wrapped to its body where that costs no width, and a
/// line with its unit and the direction that is good news.
fn head_lines(column: &Column, mark: &str, body_width: usize) -> Vec<String> {
    let name = format!("{}{mark}", inert(&column.head));
    let longest_word = name.split(' ').map(width).max().unwrap_or(0);
    let mut lines = wrap(&name, body_width.max(longest_word));
    let arrow = match column.better {
        Better::Higher => "↑",
        Better::Lower => "↓",
        Better::Neither => "",
    };
    let unit = [unit_sign(column.unit), arrow].join(" ").trim().to_owned();
    if !unit.is_empty() {
        lines.push(unit);
    }
    lines
}

fn piece(cell: &Cell, column: &Column, is_name: bool, footnotes: &mut Footnotes) -> Piece {
    let plain = |value: String| Piece { value, interval: None, tail: String::new(), style: Style::Plain };
    match cell {
        Cell::Empty => plain(String::new()),
        Cell::Text(words) => {
            let words = inert(words);
            plain(if is_name { clip(&words, NAME_LIMIT) } else { words })
        }
        Cell::Estimate(estimate) => {
            let value = plain(number(estimate.value, column.unit));
            match estimate.interval() {
                Some(Interval { low, high }) => Piece {
                    interval: Some((number(low, column.unit), number(high, column.unit))),
                    style: news(low, high, column),
                    ..value
                },
                None => Piece { tail: footnotes.mark(&estimate.method), ..value },
            }
        }
        Cell::Number(value) => plain(number(*value, column.unit)),
        Cell::Of(part, whole) => Piece { tail: format!(" of {whole}"), ..plain(part.to_string()) },
        Cell::Mark(mark) => {
            let (sign, style) = match mark {
                Mark::Good => ("✓", Style::Good),
                Mark::Bad => ("✗", Style::Bad),
                Mark::Attention => ("!", Style::Uncertain),
            };
            Piece { style, ..plain(sign.to_owned()) }
        }
        Cell::Missing(reason) => {
            Piece { tail: footnotes.mark(reason), style: Style::Faint, ..plain("–".to_owned()) }
        }
    }
}

/// Whether a difference is clearly good or bad news: its interval lies on one
/// side of nothing.
fn news(low: f64, high: f64, column: &Column) -> Style {
    let (bad_below, bad_above) = match column.better {
        _ if column.unit != Unit::Points => return Style::Plain,
        Better::Higher => (true, false),
        Better::Lower => (false, true),
        Better::Neither => return Style::Plain,
    };
    match (high < 0.0, low > 0.0) {
        (true, _) if bad_below => Style::Bad,
        (true, _) => Style::Good,
        (_, true) if bad_above => Style::Bad,
        (_, true) => Style::Good,
        _ => Style::Plain,
    }
}

/// Reasons, numbered in the order in which the table first needs them.
#[derive(Default)]
struct Footnotes {
    reasons: Vec<String>,
}

impl Footnotes {
    fn mark(&mut self, reason: &str) -> String {
        let known = self.reasons.iter().position(|other| other == reason);
        let idx = known.unwrap_or_else(|| {
            self.reasons.push(reason.to_owned());
            self.reasons.len() - 1
        });
        format!(" ({})", idx + 1)
    }
}
