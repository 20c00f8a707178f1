//! Series along an axis, with bands or whiskers for their intervals.

use super::frame::{self, Label, MARGIN, Plot};
use super::legend;
use super::looks::{Look, looks};
use super::marks::Marks;
use super::page::{Page, Path};
use crate::render::plot::{Domain, Tick, axis_title, x_domain, y_domain};
use crate::report::{Axis, Lines, Point, Role, Series, Side};

/// How measured and predicted values look, on an axis and over categories.
pub(super) const LOOKS: [[&str; 2]; 2] = [["Solid", "dashed"], ["Markers", "bars"]];
/// More points than this have a band instead of whiskers.
const WHISKERS: usize = 12;
/// More points than this are not all marked.
const MARKERS: usize = 24;

/// One axis, ready to be drawn.
struct Ready {
    domain: Domain,
    ticks: Vec<f64>,
    labels: Vec<Label>,
}

/// The figure from its origin down; its height.
pub(super) fn draw(page: &mut Page, chart: &Lines, words: &[String], total: f64) -> f64 {
    let looks = looks(&chart.series);
    let mut top = frame::title(page, &chart.title, total, 0.0);
    top = legend::draw(page, &chart.series, &looks, chart.x.categories.is_none(), total, top) + 6.0;

    let (x_domain, y_domain) = (x_domain(chart), y_domain(chart));
    let (above, beside) =
        (Marks::on(Side::X, &chart.marks, &x_domain), Marks::on(Side::Y, &chart.marks, &y_domain));
    let height = (0.52 * total).clamp(180.0, 420.0).round();
    let y = ready(&chart.y, y_domain, height, frame::vertical_ticks);
    let y_title = axis_title(&chart.y);
    let left = frame::left_room(&y.labels, &y_title, height);
    let right = if beside.width() > 0.0 { beside.width() + 8.0 + MARGIN } else { 24.0 };
    let width = (total - left - right).max(80.0);
    top += above.height(left, width, total);
    let plot = Plot { left, top, width, height };
    let x = ready(&chart.x, x_domain, width, frame::horizontal_ticks);

    frame::grid(page, plot, &y.labels);
    above.draw_vertical(page, plot, total);
    beside.draw_horizontal(page, plot);
    let canvas = Canvas { plot, x: x.domain, y: y.domain, has_categories: chart.x.categories.is_some() };
    canvas.series(page, &chart.series, &looks);
    frame::edges(page, plot);
    frame::left_axis(page, plot, &y.ticks, &y.labels, &y_title);
    let below = frame::bottom_axis(page, plot, &x.ticks, &x.labels, &axis_title(&chart.x));
    frame::caption(page, words, total, plot.bottom() + below) + 4.0
}

fn ready(axis: &Axis, domain: Domain, length: f64, ticks: fn(&Domain, &Axis, f64) -> Vec<Tick>) -> Ready {
    if let Some(names) = &axis.categories {
        let places = (0..names.len()).filter_map(|idx| Some((idx as f64, domain.place(idx as f64)?)));
        let labels = frame::category_labels(names, places);
        return Ready { domain, ticks: labels.iter().map(|label| label.place).collect(), labels };
    }
    let ticks = ticks(&domain, axis, length);
    Ready { domain, labels: frame::labels(&ticks), ticks: ticks.iter().map(|tick| tick.place).collect() }
}

/// Where points lie.
struct Canvas {
    plot: Plot,
    x: Domain,
    y: Domain,
    has_categories: bool,
}

/// A point in pixels, with its interval.
#[derive(Clone, Copy, Debug)]
struct Pixel {
    x: f64,
    y: f64,
    ends: Option<(f64, f64)>,
}

impl Canvas {
    /// Background first, then intervals, then lines, then markers.
    fn series(&self, page: &mut Page, series: &[Series], looks: &[Look]) {
        let drawn: Vec<(&Series, &Look, Vec<Vec<Pixel>>)> = series
            .iter()
            .zip(looks)
            .enumerate()
            .map(|(idx, (one, look))| (one, look, self.runs(one, self.shift(idx, series.len()))))
            .collect();
        let layer = |role: Role| drawn.iter().filter(move |(one, ..)| one.role == role);
        for (_, look, runs) in layer(Role::Context) {
            self.lines(page, look, runs);
        }
        for (one, look, runs) in layer(Role::Measured).chain(layer(Role::Predicted)) {
            if one.points.len() > WHISKERS && !self.has_categories {
                bands(page, look, runs);
            } else {
                whiskers(page, look, runs);
            }
        }
        for (_, look, runs) in layer(Role::Predicted).chain(layer(Role::Measured)) {
            self.lines(page, look, runs);
        }
        for (idx, (_, look, runs)) in layer(Role::Measured).enumerate() {
            look.markers(page, &marked(runs, idx));
        }
    }

    /// Series over categories stand side by side.
    fn shift(&self, idx: usize, n_series: usize) -> f64 {
        if !self.has_categories || n_series < 2 {
            return 0.0;
        }
        let slot = self.plot.width / (self.x.high() - self.x.low());
        (idx as f64 - (n_series - 1) as f64 / 2.0) * (0.6 * slot / n_series as f64).min(14.0)
    }

    /// The points that have a place, in uninterrupted runs.
    fn runs(&self, series: &Series, shift: f64) -> Vec<Vec<Pixel>> {
        let mut runs = vec![Vec::new()];
        for point in &series.points {
            match (self.pixel(point, shift), runs.last_mut()) {
                (Some(pixel), Some(run)) => run.push(pixel),
                (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
                _ => {}
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }

    fn pixel(&self, point: &Point, shift: f64) -> Option<Pixel> {
        let x = self.plot.x(self.x.place(point.x)?) + shift;
        let y = self.plot.y(self.y.place(point.y)?);
        // An end without a place on a logarithmic axis lies below its range.
        let floor = self.plot.bottom();
        let end = |value: f64| self.y.place(value).map_or(floor, |place| self.plot.y(place).min(floor));
        let ends = point.interval().filter(|(low, high)| !low.is_nan() && !high.is_nan());
        Some(Pixel { x, y, ends: ends.map(|(low, high)| (end(low), end(high))) })
    }

    fn lines(&self, page: &mut Page, look: &Look, runs: &[Vec<Pixel>]) {
        let mut path = Path::default();
        for run in runs {
            if self.has_categories {
                // Categories have no between: a prediction is a bar, a measurement its marker.
                for pixel in run.iter().filter(|_| !look.has_marker()) {
                    path.from(pixel.x - 10.0, pixel.y).right(20.0);
                }
            } else if let [only] = run.as_slice() {
                if !look.has_marker() {
                    path.from(only.x - 6.0, only.y).right(12.0);
                }
            } else {
                path.through(run.iter().map(|pixel| (pixel.x, pixel.y)), true);
            }
        }
        page.path(&path, &look.stroke());
    }
}

fn bands(page: &mut Page, look: &Look, runs: &[Vec<Pixel>]) {
    let mut path = Path::default();
    for run in runs {
        for part in run.split(|pixel| pixel.ends.is_none()).filter(|part| part.len() > 1) {
            let end = |pick: fn((f64, f64)) -> f64| {
                move |pixel: &Pixel| (pixel.x, pixel.ends.map_or(pixel.y, pick))
            };
            path.through(part.iter().map(end(|ends| ends.1)), true);
            path.through(part.iter().rev().map(end(|ends| ends.0)), false).close();
        }
    }
    page.path(&path, &format!("fill=\"{}\" fill-opacity=\"0.18\" stroke=\"none\"", look.colour));
}

fn whiskers(page: &mut Page, look: &Look, runs: &[Vec<Pixel>]) {
    let mut path = Path::default();
    for pixel in runs.iter().flatten() {
        if let Some((low, high)) = pixel.ends {
            path.from(pixel.x, low).down(high - low);
            path.from(pixel.x - 3.0, low).right(6.0).from(pixel.x - 3.0, high).right(6.0);
        }
    }
    page.stroke(&path, look.colour, 1.0);
}

/// The points that get a marker: all of a few, else some that are equally far
/// apart, at other places for the next series.
fn marked(runs: &[Vec<Pixel>], series_idx: usize) -> Vec<(f64, f64)> {
    let all: Vec<&Pixel> = runs.iter().flatten().collect();
    if all.len() <= MARKERS {
        return all.iter().map(|pixel| (pixel.x, pixel.y)).collect();
    }
    let low = all.iter().map(|pixel| pixel.x).fold(f64::INFINITY, f64::min);
    let high = all.iter().map(|pixel| pixel.x).fold(f64::NEG_INFINITY, f64::max);
    let apart = ((high - low) / 7.0).max(1.0);
    let mut next = low + apart * (0.3 + 0.23 * (series_idx % 4) as f64);
    let mut places = Vec::new();
    for pixel in all {
        if pixel.x >= next {
            places.push((pixel.x, pixel.y));
            while next <= pixel.x {
                next += apart;
            }
        }
    }
    places
}
