//! Rows of dots along one axis, with intervals and single trainings.

use super::frame::{self, MARGIN, Plot, SMALL, inert};
use super::legend;
use super::looks::{Look, looks};
use super::marks::Marks;
use super::metrics::{bold_width, clip, width};
use super::page::{Anchor, INK, Page, Path};
use crate::render::plot::{Domain, axis_title, dots_domain};
use crate::report::{Dot, Dots, Role, Series, Side, Ties};

/// Height of what belongs to one quantity in a row.
const LANE: f64 = 13.0;
/// Above and below the lanes of a row.
const ROOM: f64 = 9.0;
/// Before a row that is set apart.
const APART: f64 = 8.0;
/// How far below its dot a training stands.
const BELOW: f64 = 5.0;
const BAND: &str = "#ececec";
const TIE: &str = "#b8b8b8";

/// The figure from its origin down; its height.
pub(super) fn draw(page: &mut Page, chart: &Dots, words: &[String], total: f64) -> f64 {
    let series: Vec<Series> =
        chart.series.iter().map(|name| Series::new(name.clone(), Role::Measured, Vec::new())).collect();
    let looks = looks(&series);
    let mut top = frame::title(page, &chart.title, total, 0.0);
    if chart.series.iter().any(|name| !name.is_empty()) {
        top = legend::draw(page, &series, &looks, false, total, top) + 4.0;
    }
    if chart.rows.is_empty() {
        return frame::caption(page, words, total, top) + 4.0;
    }
    let names: Vec<(String, bool)> =
        chart.rows.iter().map(|row| (clip(&inert(&row.name), SMALL, 0.34 * total), row.is_strong)).collect();
    let measure = |(name, is_strong): &(String, bool)| {
        if *is_strong { bold_width(name, SMALL) } else { width(name, SMALL) }
    };
    let left = MARGIN + names.iter().map(measure).fold(0.0, f64::max) + 12.0;
    let domain = dots_domain(chart);
    let marks = Marks::on(Side::X, &chart.marks, &domain);
    let plot_width = (total - left - 24.0).max(80.0);
    top += marks.height(left, plot_width, total);
    let tops = row_tops(chart);
    let height = tops.last().map_or(0.0, |last| last + row_height(chart));
    let plot = Plot { left, top, width: plot_width, height };
    let ticks = frame::horizontal_ticks(&domain, &chart.x, plot_width);
    let labels = frame::labels(&ticks);

    bands(page, chart, &domain, plot, &tops);
    let mut grid = Path::default();
    for label in &labels {
        grid.from(plot.x(label.place), plot.top).down(plot.height);
    }
    page.stroke(&grid, frame::GRID, 1.0);
    marks.draw_vertical(page, plot, total);
    let canvas = Canvas { chart, domain, plot, tops: &tops };
    canvas.ties(page, &looks);
    for (idx, look) in looks.iter().enumerate() {
        canvas.series(page, idx, look);
    }
    frame::edges(page, plot);
    for ((name, is_strong), row_top) in names.iter().zip(&tops) {
        let weight = if *is_strong { " font-weight=\"bold\"" } else { "" };
        let y = plot.top + row_top + row_height(chart) / 2.0 + 3.9;
        page.text(left - 8.0, y, SMALL, Anchor::End, &format!("fill=\"{INK}\"{weight}"), name);
    }
    let places: Vec<f64> = ticks.iter().map(|tick| tick.place).collect();
    let below = frame::bottom_axis(page, plot, &places, &labels, &axis_title(&chart.x));
    frame::caption(page, words, total, plot.bottom() + below) + 4.0
}

fn row_height(chart: &Dots) -> f64 {
    ROOM + LANE * chart.series.len().max(1) as f64
}

/// Where each row begins, from the top of the plot.
fn row_tops(chart: &Dots) -> Vec<f64> {
    let mut next = 0.0;
    chart
        .rows
        .iter()
        .map(|row| {
            let top = next + if row.apart { APART } else { 0.0 };
            next = top + row_height(chart);
            top
        })
        .collect()
}

fn bands(page: &mut Page, chart: &Dots, domain: &Domain, plot: Plot, tops: &[f64]) {
    for (row, top) in chart.rows.iter().zip(tops) {
        let place = |value: f64| domain.place(value).map(|place| plot.x(place));
        if let Some((low, high)) = row.band.and_then(|(low, high)| Some((place(low)?, place(high)?))) {
            let (from, to) = (low.min(high), low.max(high));
            page.rect(from, plot.top + top, (to - from).max(1.0), row_height(chart), BAND);
        }
    }
}

struct Canvas<'a> {
    chart: &'a Dots,
    domain: Domain,
    plot: Plot,
    tops: &'a [f64],
}

impl Canvas<'_> {
    fn x(&self, value: f64) -> Option<f64> {
        Some(self.plot.x(self.domain.place(value)?))
    }

    /// The middle of a series' lane in a row, a little up where trainings stand below.
    fn y(&self, row: usize, series: usize) -> f64 {
        let n = self.chart.series.len().max(1) as f64;
        let middle = self.plot.top + self.tops[row] + row_height(self.chart) / 2.0;
        let up = if self.chart.ties == Ties::Joined { 0.0 } else { 1.5 };
        middle + LANE * (series as f64 - (n - 1.0) / 2.0) - up
    }

    /// Where the dots of a row stand: in their lanes, or together where they are
    /// joined.
    fn dot_y(&self, row: usize, series: usize) -> f64 {
        if self.chart.ties == Ties::Joined {
            self.plot.top + self.tops[row] + row_height(self.chart) / 2.0
        } else {
            self.y(row, series)
        }
    }

    /// The dots of a series with their places.
    fn dots(&self, series: usize) -> impl Iterator<Item = (&Dot, f64, usize)> {
        self.chart.rows.iter().enumerate().filter_map(move |(row, of)| {
            let dot = of.dots.get(series)?.as_ref()?;
            Some((dot, self.x(dot.estimate.value)?, row))
        })
    }

    /// What joins the dots of a row, or the bars that end in them.
    fn ties(&self, page: &mut Page, looks: &[Look]) {
        match self.chart.ties {
            Ties::None => {}
            Ties::Joined => {
                let mut path = Path::default();
                for row in 0..self.chart.rows.len() {
                    let place = |series: usize| {
                        let dot = self.chart.rows[row].dots.get(series)?.as_ref()?;
                        Some((self.x(dot.estimate.value)?, self.dot_y(row, series)))
                    };
                    let ends = (place(0), place(self.chart.series.len().saturating_sub(1)));
                    if let (Some(first), Some(last)) = ends {
                        path.from(first.0, first.1).to(last.0, last.1);
                    }
                }
                page.stroke(&path, TIE, 4.0);
            }
            Ties::From(base) => {
                let Some(base) = self.x(base) else { return };
                for (series, look) in looks.iter().enumerate() {
                    let mut path = Path::default();
                    for (_, x, row) in self.dots(series) {
                        let y = self.y(row, series);
                        path.from(base, y).right(x - base);
                    }
                    let how = format!(
                        "fill=\"none\" stroke=\"{}\" stroke-width=\"7\" stroke-opacity=\"0.28\"",
                        look.colour
                    );
                    page.path(&path, &how);
                }
            }
        }
    }

    /// Trainings, then intervals, then dots.
    fn series(&self, page: &mut Page, series: usize, look: &Look) {
        let (mut trainings, mut intervals) = (Path::default(), Path::default());
        let mut places = Vec::new();
        // Joined dots share the middle of their row: intervals stand above and below.
        let below = if self.chart.ties == Ties::Joined && series == 0 { -BELOW } else { BELOW };
        for (dot, x, row) in self.dots(series) {
            let y = self.y(row, series);
            for at in dot.trainings.iter().filter_map(|value| self.x(*value)) {
                trainings.circle(at, y + below, 1.7);
            }
            let end = |value: f64| self.x(value);
            let ends = dot.estimate.interval().and_then(|i| Some((end(i.low)?, end(i.high)?)));
            if let Some((low, high)) = ends {
                intervals.from(low, y).right(high - low);
                intervals.from(low, y - 3.0).down(6.0).from(high, y - 3.0).down(6.0);
            }
            places.push((x, self.dot_y(row, series)));
        }
        page.path(&trainings, &format!("fill=\"{}\" fill-opacity=\"0.6\"", look.colour));
        page.stroke(&intervals, look.colour, 1.5);
        look.markers(page, &places);
    }
}
