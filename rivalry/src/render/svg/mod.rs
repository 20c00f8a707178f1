//! A report's charts as one SVG document: figures below each other on white,
//! drawn with shapes and generic fonts alone. It holds no script, no link, no
//! style sheet and no font, so that it may be opened and embedded anywhere.
//!
//! Text is laid out by a fixed table of widths, not by the fonts of a machine:
//! the same report gives the same bytes everywhere.

mod dots;
mod frame;
mod heat_map;
mod legend;
mod lines;
mod looks;
mod marks;
mod metrics;
mod page;
mod palette;

use std::io;

use self::frame::MARGIN;
use self::page::{Anchor, FAINT, Page};
use super::Render;
use super::plot::{description, dots_notes, lines_notes, map_notes};
use crate::registry::{Citation, Default, Entry, Knob, Range};
use crate::report::{Block, Chart, Dots, HeatMap, Lines, Report};

const OKABE_ITO: Citation = Citation {
    key: "okabe2008colour",
    text: "M. Okabe, K. Ito. Color Universal Design: how to make figures and presentations that are friendly to \
           colorblind people. University of Tokyo 2008.",
    url: "https://jfly.uni-koeln.de/color/",
};
const CRAMERI: Citation = Citation {
    key: "crameri2020misuse",
    text: "F. Crameri, G. E. Shephard, P. J. Heron. The misuse of colour in science communication. Nature \
           Communications 11, 2020.",
    url: "https://doi.org/10.1038/s41467-020-19160-7",
};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "svg",
    summary: "the charts as figures for papers and pages, readable for the colour-blind and without colour",
    cites: &[OKABE_ITO, CRAMERI],
    knobs: &[
        Knob {
            name: "width",
            default: Default::Whole(640),
            range: Range::Between(320.0, 2400.0),
            meaning: "width of a figure in pixels; text keeps its size",
        },
        Knob {
            name: "chart",
            default: Default::Whole(0),
            range: Range::Between(0.0, 10_000.0),
            meaning: "the one chart to draw, counted from 1; 0 draws all, below each other",
        },
    ],
    build: |settings| Box::new(Svg { width: settings.whole("width") as f64, chart: settings.whole("chart") }),
};

/// Between two figures.
const GAP: f64 = 18.0;

struct Svg {
    width: f64,
    chart: usize,
}

impl Render for Svg {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let charts: Vec<&Chart> = report
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::Chart(chart) => Some(chart),
                _ => None,
            })
            .collect();
        let chosen = super::part("chart", &charts, self.chart)?;
        let mut page = Page::default();
        let mut height = MARGIN;
        for chart in chosen {
            page.open_group(&format!("transform=\"translate(0 {})\" role=\"img\"", page::px(height)));
            height += draw(&mut page, chart, self.width) + GAP;
            page.close_group();
        }
        if chosen.is_empty() {
            let look = format!("fill=\"{FAINT}\"");
            page.text(
                MARGIN,
                height + 12.0,
                frame::LABEL,
                Anchor::Start,
                &look,
                "This report has no charts.",
            );
            height += 20.0 + GAP;
        }
        height += MARGIN - GAP;
        let mut head = Page::default();
        head.spoken(&report.title, "Every figure describes itself.");
        head.rect(0.0, 0.0, self.width, height, "#ffffff");
        out.write_all(frame::opening(self.width, height).as_bytes())?;
        out.write_all(head.into_text().as_bytes())?;
        out.write_all(page.into_text().as_bytes())?;
        out.write_all(b"</svg>\n")
    }
}

/// One figure as an element of a page that writes its title and all words below
/// it itself.
pub(super) fn figure(chart: &Chart, width: f64) -> String {
    let mut bare = chart.clone();
    match &mut bare {
        Chart::Lines(Lines { title, .. })
        | Chart::HeatMap(HeatMap { title, .. })
        | Chart::Dots(Dots { title, .. }) => title.clear(),
    }
    let mut page = Page::default();
    page.spoken(chart.title(), &description(chart));
    let height = shapes(&mut page, &bare, &[], width) + MARGIN / 2.0;
    format!("{}{}</svg>\n", frame::opening(width, height), page.into_text())
}

/// One figure from its origin down; its height.
fn draw(page: &mut Page, chart: &Chart, width: f64) -> f64 {
    page.spoken(chart.title(), &description(chart));
    shapes(page, chart, &words(chart), width)
}

/// What stands below a figure: its caption, and how to read what was drawn.
pub(super) fn words(chart: &Chart) -> Vec<String> {
    let notes = match chart {
        Chart::Lines(chart) => lines_notes(chart, Some(lines::LOOKS)),
        Chart::HeatMap(map) => map_notes(map, "Hatched", "Dot"),
        Chart::Dots(dots) => dots_notes(dots, Some("Small dots")),
    };
    chart.caption().iter().cloned().chain(notes).collect()
}

fn shapes(page: &mut Page, chart: &Chart, words: &[String], width: f64) -> f64 {
    match chart {
        Chart::Lines(lines) => lines::draw(page, lines, words, width),
        Chart::HeatMap(map) => heat_map::draw(page, map, words, width),
        Chart::Dots(dots) => dots::draw(page, dots, words, width),
    }
}
