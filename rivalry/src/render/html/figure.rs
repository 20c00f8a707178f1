//! Charts inside the page: drawn twice, for wide and for narrow screens, so that
//! their text keeps its size.

use super::super::svg;
use super::body::prose;
use crate::render::markup::escaped;
use crate::report::Chart;

/// Width of a figure on a desk, and on a phone.
const WIDTHS: [(&str, f64); 2] = [("wide", 720.0), ("narrow", 340.0)];

/// The figure with its title as a heading of this level.
pub(super) fn draw(chart: &Chart, level: usize, id: &str) -> String {
    let kind = if matches!(chart, Chart::HeatMap(_)) { "chart" } else { "chart plot" };
    let mut out = format!("<figure class=\"{kind}\">\n");
    if !chart.title().is_empty() {
        out.push_str(&format!("<h{level}{id}>{}</h{level}>\n", escaped(chart.title())));
    }
    for (class, width) in WIDTHS {
        out.push_str(&format!("<div class=\"{class}\">\n{}</div>\n", svg::figure(chart, width)));
    }
    let words = svg::words(chart);
    if !words.is_empty() {
        let words: String = words.iter().map(|sentence| format!("<p>{}</p>\n", prose(sentence))).collect();
        out.push_str(&format!("<figcaption>\n{words}</figcaption>\n"));
    }
    out.push_str("</figure>\n");
    out
}
