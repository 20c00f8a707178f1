//! Lines that the data are held against, and places for their labels: above the
//! plot for vertical ones, right of it for horizontal ones, never on each other.

use super::frame::{MARGIN, Plot, SMALL, inert};
use super::metrics::{clip, width};
use super::page::{Anchor, FAINT, Page, Path};
use crate::render::plot::Domain;
use crate::report::{ChartMark, Side};

/// Labels stay readable where lines of others pass behind them.
const HALO: &str =
    "fill=\"#555555\" stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"";
/// Height of a row of labels.
const ROW: f64 = 13.0;
/// Widest that a label gets.
const LIMIT: f64 = 150.0;

/// A mark in the range of its axis.
#[derive(Clone, Debug)]
struct Placed {
    place: f64,
    label: String,
}

/// Marks of one side, by place.
#[derive(Clone, Debug)]
pub(super) struct Marks(Vec<Placed>);

impl Marks {
    /// Those on one axis that its range holds.
    pub(super) fn on(side: Side, marks: &[ChartMark], domain: &Domain) -> Self {
        let mut placed: Vec<Placed> = marks
            .iter()
            .filter(|mark| mark.on == side)
            .filter_map(|mark| {
                let place = domain.place(mark.at)?;
                Some(Placed { place, label: clip(&inert(&mark.label), SMALL, LIMIT) })
            })
            .collect();
        placed.sort_by(|a, b| a.place.total_cmp(&b.place));
        Self(placed)
    }

    /// How wide the labels are that stand right of the plot.
    pub(super) fn width(&self) -> f64 {
        self.0.iter().map(|mark| width(&mark.label, SMALL)).fold(0.0, f64::max)
    }

    /// The row of each label above a plot, the lowest first, and its middle.
    fn rows(&self, left: f64, length: f64, total: f64) -> Vec<(usize, f64)> {
        let mut ends: Vec<f64> = Vec::new();
        self.0
            .iter()
            .map(|mark| {
                let half = width(&mark.label, SMALL) / 2.0;
                let most = (total - MARGIN / 2.0 - half).max(half);
                let middle = (left + mark.place * length).clamp(half.min(most), most);
                let row = ends.iter().position(|end| middle - half >= end + 8.0).unwrap_or(ends.len());
                if row == ends.len() {
                    ends.push(0.0);
                }
                ends[row] = middle + half;
                (row, middle)
            })
            .collect()
    }

    /// How high the labels are that stand above a plot.
    pub(super) fn height(&self, left: f64, length: f64, total: f64) -> f64 {
        let rows = self.rows(left, length, total);
        rows.iter().map(|(row, _)| ROW * (row + 1) as f64 + 3.0).fold(0.0, f64::max)
    }

    /// Vertical lines with their labels above.
    pub(super) fn draw_vertical(&self, page: &mut Page, plot: Plot, total: f64) {
        let rows = self.rows(plot.left, plot.width, total);
        let baseline = |row: usize| plot.top - 4.0 - ROW * row as f64;
        let mut path = Path::default();
        for (mark, (row, _)) in self.0.iter().zip(&rows) {
            let top = baseline(*row) + 2.0;
            path.from(plot.x(mark.place), top).down(plot.bottom() - top);
        }
        page.path(&path, &stroke());
        for (mark, (row, middle)) in self.0.iter().zip(&rows) {
            page.text(*middle, baseline(*row), SMALL, Anchor::Middle, HALO, &mark.label);
        }
    }

    /// Horizontal lines with their labels on the right, moved apart where they
    /// would meet.
    pub(super) fn draw_horizontal(&self, page: &mut Page, plot: Plot) {
        let mut free = f64::INFINITY;
        for mark in &self.0 {
            let y = plot.y(mark.place);
            let text = y.min(free);
            free = text - ROW;
            let mut path = Path::default();
            path.from(plot.left, y).right(plot.width).to(plot.right() + 6.0, text);
            page.path(&path, &stroke());
            page.text(plot.right() + 8.0, text + 3.9, SMALL, Anchor::Start, HALO, &mark.label);
        }
    }
}

fn stroke() -> String {
    format!("fill=\"none\" stroke=\"{FAINT}\" stroke-width=\"1\" stroke-dasharray=\"1.5 2.5\"")
}
