//! Charts inside the page: drawn twice, for wide and for narrow screens, so that
//! their text keeps its size.

use std::fmt::Write as _;

use super::super::svg;
use super::body::prose;
use crate::render::markup::escaped;
use crate::report::Chart;

/// Width of a figure on a desk, and on a phone.
const WIDTHS: [(&str, f64); 2] = [("wide", 720.0), ("narrow", 340.0)];

/// The figure with its title as a heading of this level; `id` is the heading's
/// attribute.
pub(super) fn draw(chart: &Chart, level: usize, id: &str) -> String {
    let kind = if matches!(chart, Chart::HeatMap(_)) { "chart" } else { "chart plot" };
    let mut out = format!("<figure class=\"{kind}\">\n");
    if !chart.title().is_empty() {
        let _ = writeln!(out, "<h{level}{id}>{}</h{level}>", escaped(chart.title()));
    }
    for (class, width) in WIDTHS {
        let _ = write!(out, "<div class=\"{class}\">\n{}</div>\n", svg::figure(chart, width));
    }
    let words = svg::words(chart);
    if !words.is_empty() {
        // Sentences make a paragraph, what are none stand below each other.
        let is_text = words.iter().all(|sentence| sentence.ends_with('.'));
        out.push_str("<figcaption>\n");
        for paragraph in if is_text { vec![words.join(" ")] } else { words } {
            let _ = writeln!(out, "<p>{}</p>", prose(&paragraph));
        }
        out.push_str("</figcaption>\n");
    }
    out.push_str("</figure>\n");
    out
}
