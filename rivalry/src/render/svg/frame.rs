//! The parts that all figures have: a title, the plot's frame with its axes,
//! and small print below.

use super::metrics::{bold_width, width, wrap};
use super::page::{Anchor, FAINT, INK, Page, Path, px};
use crate::render::markup::escaped;
use crate::render::plot::{Domain, Tick, TickLabel, category, fitting};
use crate::report::Axis;

/// Font sizes.
pub(super) const TITLE: f64 = 14.0;
pub(super) const LABEL: f64 = 12.0;
pub(super) const SMALL: f64 = 11.0;
/// Around a figure.
pub(super) const MARGIN: f64 = 14.0;
const AXIS: &str = "#333333";
pub(super) const GRID: &str = "#e6e6e6";
/// Longest label of a category that is written in full.
const NAME_LIMIT: f64 = 130.0;
/// Most lines below a tick.
const NAME_LINES: usize = 3;

/// Where the data go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Plot {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// From a share of the width to a pixel.
    pub(super) fn x(&self, place: f64) -> f64 {
        self.left + place * self.width
    }

    /// From a share of the height, counted from below, to a pixel.
    pub(super) fn y(&self, place: f64) -> f64 {
        self.bottom() - place * self.height
    }
}

/// A label of an axis at a place.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) place: f64,
    pub(super) text: Written,
}

/// What is written: words, or a number with an exponent.
#[derive(Clone, Debug)]
pub(super) enum Written {
    Plain(String),
    Power(String, String),
}

impl Written {
    pub(super) fn of(label: &TickLabel) -> Self {
        let proper = |text: &str| text.replace('-', "\u{2212}");
        match label.power {
            None => Self::Plain(proper(&label.mantissa)),
            Some(power) => {
                let base = match label.mantissa.as_str() {
                    "" => "10".to_owned(),
                    "+" => "+10".to_owned(),
                    mantissa => format!("{}\u{d7}10", proper(mantissa)),
                };
                Self::Power(base, proper(&power.to_string()))
            }
        }
    }

    pub(super) fn width(&self) -> f64 {
        match self {
            Self::Plain(text) => width(text, SMALL),
            Self::Power(base, power) => width(base, SMALL) + width(power, 0.75 * SMALL),
        }
    }

    pub(super) fn draw(&self, page: &mut Page, x: f64, y: f64, anchor: Anchor) {
        let look = format!("fill=\"{INK}\"");
        match self {
            Self::Plain(text) => page.text(x, y, SMALL, anchor, &look, text),
            Self::Power(base, power) => page.power(x, y, SMALL, anchor, &look, (base, power)),
        }
    }
}

/// The title from `y` down; where the next thing begins.
pub(super) fn title(page: &mut Page, words: &str, total: f64, y: f64) -> f64 {
    let lines = wrap(&inert(words), total - 2.0 * MARGIN, |line| bold_width(line, TITLE));
    let look = format!("font-weight=\"bold\" fill=\"{INK}\"");
    for (idx, line) in lines.iter().enumerate() {
        page.text(MARGIN, y + TITLE + 18.0 * idx as f64, TITLE, Anchor::Start, &look, line);
    }
    y + 18.0 * lines.len() as f64 + 8.0
}

/// Sentences below a figure; where the next thing begins.
pub(super) fn caption(page: &mut Page, sentences: &[String], total: f64, mut y: f64) -> f64 {
    let look = format!("fill=\"{FAINT}\"");
    for sentence in sentences {
        for line in wrap(&inert(sentence), total - 2.0 * MARGIN, |line| width(line, SMALL)) {
            y += 15.0;
            page.text(MARGIN, y, SMALL, Anchor::Start, &look, &line);
        }
    }
    y
}

/// What will be shown of a string, for measuring and breaking it. Writing makes
/// it inert again, which changes nothing more.
pub(super) fn inert(text: &str) -> String {
    crate::render::terminal::inert(text)
}

/// Labels of an axis: its ticks, or the names of its categories.
pub(super) fn labels(ticks: &[Tick]) -> Vec<Label> {
    ticks
        .iter()
        .filter_map(|tick| Some(Label { place: tick.place, text: Written::of(tick.label.as_ref()?) }))
        .collect()
}

/// Ticks of a horizontal axis that is `length` wide: as many as stand clear of
/// each other.
pub(super) fn horizontal_ticks(domain: &Domain, axis: &Axis, length: f64) -> Vec<Tick> {
    fitting(domain, axis.unit, 10, |ticks| {
        let labels = labels(ticks);
        labels.windows(2).all(|pair| {
            let apart = (pair[1].place - pair[0].place) * length;
            apart >= f64::midpoint(pair[0].text.width(), pair[1].text.width()) + 10.0
        })
    })
}

/// Ticks of a vertical axis that is `length` high.
pub(super) fn vertical_ticks(domain: &Domain, axis: &Axis, length: f64) -> Vec<Tick> {
    let most = ((length / 38.0) as usize).clamp(2, 10);
    fitting(domain, axis.unit, most, |ticks| {
        labels(ticks).windows(2).all(|pair| (pair[1].place - pair[0].place) * length >= 16.0)
    })
}

/// The names of categories at their places among `n`, cut where they are long.
pub(super) fn category_labels(names: &[String], places: impl Iterator<Item = (f64, f64)>) -> Vec<Label> {
    places
        .filter_map(|(value, place)| {
            let name = super::metrics::clip(&inert(category(names, value)?), SMALL, NAME_LIMIT);
            Some(Label { place, text: Written::Plain(name) })
        })
        .collect()
}

/// The widest of some labels.
pub(super) fn widest(labels: &[Label]) -> f64 {
    labels.iter().map(|label| label.text.width()).fold(0.0, f64::max)
}

/// The lower edge with ticks, labels and title; how high all that is.
pub(super) fn bottom_axis(page: &mut Page, plot: Plot, ticks: &[f64], labels: &[Label], title: &str) -> f64 {
    let bottom = plot.bottom();
    let mut path = Path::default();
    for place in ticks {
        path.from(plot.x(*place), bottom).down(4.0);
    }
    page.stroke(&path, AXIS, 1.0);
    // Names break into lines rather than run into each other.
    let slot = labels.windows(2).map(|pair| (pair[1].place - pair[0].place).abs()).fold(1.0, f64::min);
    let room = (slot * plot.width - 6.0).max(24.0);
    let mut n_lines = 1;
    for label in labels {
        let x = plot.x(label.place);
        match &label.text {
            Written::Plain(text) if label.text.width() > room => {
                let lines = wrap(text, room, |line| width(line, SMALL));
                for (idx, line) in lines.iter().take(NAME_LINES).enumerate() {
                    let cut = if idx + 1 == NAME_LINES && lines.len() > NAME_LINES { "…" } else { "" };
                    let line = Written::Plain(format!("{line}{cut}"));
                    line.draw(page, x, bottom + 16.0 + 13.0 * idx as f64, Anchor::Middle);
                }
                n_lines = n_lines.max(lines.len().min(NAME_LINES));
            }
            text => text.draw(page, x, bottom + 16.0, Anchor::Middle),
        }
    }
    let title = inert(title);
    let mut height = 20.0 + 13.0 * (n_lines - 1) as f64;
    for line in wrap(&title, plot.width.max(200.0), |line| width(line, LABEL)) {
        height += 16.0;
        let look = format!("fill=\"{INK}\"");
        page.text(plot.x(0.5), bottom + height, LABEL, Anchor::Middle, &look, &line);
    }
    height + 4.0
}

/// How much room the left edge of a plot of this height needs for these labels
/// and a title.
pub(super) fn left_room(labels: &[Label], title: &str, height: f64) -> f64 {
    MARGIN + widest(labels) + 10.0 + upright_room(title, height)
}

/// How wide a title is that stands upright along so much height.
pub(super) fn upright_room(title: &str, height: f64) -> f64 {
    let n_lines = upright_lines(title, height).len();
    if n_lines == 0 { 0.0 } else { 5.0 + 15.0 * n_lines as f64 }
}

fn upright_lines(title: &str, height: f64) -> Vec<String> {
    wrap(&inert(title), height.max(60.0) + 20.0, |line| width(line, LABEL))
}

/// A title along a vertical edge, from `left` on.
pub(super) fn upright(page: &mut Page, left: f64, plot: Plot, title: &str) {
    for (idx, line) in upright_lines(title, plot.height).iter().enumerate() {
        page.upright(left + 11.0 + 15.0 * idx as f64, plot.y(0.5), LABEL, line);
    }
}

/// The left edge with ticks, labels and title.
pub(super) fn left_axis(page: &mut Page, plot: Plot, ticks: &[f64], labels: &[Label], title: &str) {
    let mut path = Path::default();
    for place in ticks {
        path.from(plot.left, plot.y(*place)).right(-4.0);
    }
    page.stroke(&path, AXIS, 1.0);
    for label in labels {
        label.text.draw(page, plot.left - 7.0, plot.y(label.place) + 3.9, Anchor::End);
    }
    upright(page, MARGIN, plot, title);
}

/// Lines along the labelled ticks of the vertical axis.
pub(super) fn grid(page: &mut Page, plot: Plot, labels: &[Label]) {
    let mut path = Path::default();
    for label in labels {
        path.from(plot.left, plot.y(label.place)).right(plot.width);
    }
    page.stroke(&path, GRID, 1.0);
}

/// The left and lower edge.
pub(super) fn edges(page: &mut Page, plot: Plot) {
    let mut path = Path::default();
    path.from(plot.left, plot.top).down(plot.height).right(plot.width);
    page.stroke(&path, AXIS, 1.0);
}

/// All four edges.
pub(super) fn outline(page: &mut Page, plot: Plot) {
    let mut path = Path::default();
    path.from(plot.left, plot.top).right(plot.width).down(plot.height).right(-plot.width).close();
    page.stroke(&path, AXIS, 1.0);
}

/// The start of a document or of a part of one.
pub(super) fn opening(total: f64, height: f64) -> String {
    let (total, height) = (px(total), px(height));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{height}\" \
         viewBox=\"0 0 {total} {height}\" role=\"img\" \
         font-family=\"{}\">\n",
        escaped("Helvetica, Arial, Liberation Sans, sans-serif")
    )
}
