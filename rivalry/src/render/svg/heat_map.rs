//! One quantity over a grid of settings, as coloured cells with their values.

use super::frame::{self, Label, MARGIN, Plot, SMALL, Written, inert};
use super::metrics::{clip, width};
use super::page::{Anchor, Page, Path};
use super::palette::{Colour, ColourMap, DIVERGING, SEQUENTIAL};
use crate::render::plot::{Shades, axis_title, cell_decimals, cell_text, setting_texts};
use crate::report::{Axis, Colours, HeatMap};

/// Most that a plot is high.
const TALLEST: f64 = 440.0;
/// Least that a plot is high, where its cells may grow to it.
const LOWEST: f64 = 130.0;
/// Largest cell.
const CELL: (f64, f64) = (84.0, 44.0);
/// Width of the scale of colours, and its distance.
const BAR: (f64, f64) = (13.0, 18.0);
/// Room for the labels of the scale.
const BAR_LABELS: f64 = 50.0;
const MISSING: &str = "#f2f2f2";
const HATCH: &str = "#a0a0a0";

/// The figure from its origin down; its height.
pub(super) fn draw(page: &mut Page, map: &HeatMap, words: &[String], total: f64) -> f64 {
    let top = frame::title(page, &map.title, total, 0.0) + 4.0;
    let shades = Shades::of(map);
    let (n_columns, n_rows) = (map.x_values.len(), map.y_values.len());
    if n_columns == 0 || n_rows == 0 {
        return frame::caption(page, words, total, top) + 4.0;
    }
    let y_labels: Vec<String> = settings(&map.y, &map.y_values);
    let y_title = axis_title(&map.y);
    let y_widest = y_labels.iter().map(|text| width(text, SMALL)).fold(0.0, f64::max);
    let value_title = axis_title(&map.value);
    // The room beside the plot depends on its height, and that on the room: the
    // lowest height that may come out needs the most.
    let (rows, low) = (n_rows as f64, LOWEST.min(CELL.1 * n_rows as f64));
    let left = MARGIN + y_widest + 10.0 + frame::upright_room(&y_title, low);
    let right = BAR.1 + BAR.0 + BAR_LABELS + frame::upright_room(&value_title, low.max(60.0)) + MARGIN;
    let cell_width = ((total - left - right).max(80.0) / n_columns as f64).min(CELL.0);
    let cell_height = cell_width.max(LOWEST / rows).clamp(1.0, CELL.1).min(TALLEST / rows);
    let plot = Plot { left, top, width: cell_width * n_columns as f64, height: cell_height * rows };
    // Quantities grow upwards, lists are read downwards.
    let is_list = map.y.categories.is_some();
    let row_top = |y_idx: usize| {
        let from_top = if is_list { y_idx } else { n_rows - 1 - y_idx };
        top + from_top as f64 * cell_height
    };
    cells(page, map, &shades, plot, (cell_width, cell_height), &row_top);
    let place_x = |idx: usize| (idx as f64 + 0.5) / n_columns as f64;
    let place_y = |idx: usize| 1.0 - (row_top(idx) + cell_height / 2.0 - top) / plot.height;
    let x_labels: Vec<String> = settings(&map.x, &map.x_values);
    let x_room = x_labels.iter().map(|text| width(text, SMALL)).fold(0.0, f64::max) + 8.0;
    // Names break into lines; numbers are left out where they would meet.
    let x_room = if map.x.categories.is_some() { x_room.min(40.0) } else { x_room };
    let x = thinned(&x_labels, (x_room / cell_width).ceil() as usize, place_x);
    let y = thinned(&y_labels, (14.0 / cell_height).ceil() as usize, place_y);
    let ticks = |labels: &[Label]| labels.iter().map(|label| label.place).collect::<Vec<_>>();
    frame::outline(page, plot);
    frame::left_axis(page, plot, &ticks(&y), &y, &y_title);
    let below = frame::bottom_axis(page, plot, &ticks(&x), &x, &axis_title(&map.x));
    bar(page, map, &shades, plot);
    frame::caption(page, words, total, plot.bottom().max(top + 60.0) + below) + 4.0
}

/// What stands beside rows or below columns.
fn settings(axis: &Axis, values: &[f64]) -> Vec<String> {
    let proper = |text: String| {
        let text = if axis.categories.is_some() { text } else { text.replace('-', "\u{2212}") };
        clip(&inert(&text), SMALL, 130.0)
    };
    setting_texts(axis, values).into_iter().map(proper).collect()
}

/// Every so many labels, so that they stand clear of each other.
fn thinned(texts: &[String], stride: usize, place: impl Fn(usize) -> f64) -> Vec<Label> {
    (0..texts.len())
        .step_by(stride.max(1))
        .map(|idx| Label { place: place(idx), text: Written::Plain(texts[idx].clone()) })
        .collect()
}

fn colours(map: &HeatMap) -> ColourMap {
    match map.colours {
        Colours::Sequential => SEQUENTIAL,
        Colours::Diverging { .. } => DIVERGING,
    }
}

fn colour(map: &HeatMap, shades: &Shades, value: f64) -> Option<Colour> {
    Some(colours(map).at(shades.place(value)?))
}

fn cells(
    page: &mut Page,
    map: &HeatMap,
    shades: &Shades,
    plot: Plot,
    (cell_width, cell_height): (f64, f64),
    row_top: &dyn Fn(usize) -> f64,
) {
    let decimals = cell_decimals(map);
    let text = |value: f64| cell_text(value, map.value.unit, decimals).replace('-', "\u{2212}");
    let widest = map.cells.iter().flatten().map(|cell| width(&text(cell.value), SMALL)).fold(0.0, f64::max);
    let has_room = widest + 8.0 <= cell_width && cell_height >= 15.0;
    let mut hatch = Path::default();
    let mut dots = [Path::default(), Path::default()];
    // Neighbours would show a hairline between them if their edges were smoothed.
    page.open_group("shape-rendering=\"crispEdges\"");
    for (x_idx, y_idx) in grid(map) {
        let (x, y) = (plot.left + x_idx as f64 * cell_width, row_top(y_idx));
        if let Some(colour) = map.cell(x_idx, y_idx).and_then(|cell| colour(map, shades, cell.value)) {
            page.rect(x, y, cell_width, cell_height, &colour.hex());
        } else {
            page.rect(x, y, cell_width, cell_height, MISSING);
            hatched(&mut hatch, x, y, cell_width, cell_height);
        }
    }
    page.close_group();
    page.stroke(&hatch, HATCH, 0.8);
    for (x_idx, y_idx) in grid(map) {
        let Some(cell) = map.cell(x_idx, y_idx) else { continue };
        let Some(colour) = colour(map, shades, cell.value) else { continue };
        let (x, y) = (plot.left + x_idx as f64 * cell_width, row_top(y_idx));
        let is_certain = map.colours.certain(cell);
        if has_room {
            let weight = if is_certain { " font-weight=\"bold\"" } else { "" };
            let look = format!("fill=\"{}\"{weight}", colour.ink());
            let (x, y) = (x + cell_width / 2.0, y + cell_height / 2.0 + 3.9);
            page.text(x, y, SMALL, Anchor::Middle, &look, &text(cell.value));
        }
        if is_certain {
            let radius = (0.12 * cell_width.min(cell_height)).clamp(0.8, 2.0);
            let (x, y) = if has_room {
                (x + cell_width - radius - 2.5, y + radius + 2.5)
            } else {
                (x + cell_width / 2.0, y + cell_height / 2.0)
            };
            dots[usize::from(colour.ink() == "#ffffff")].circle(x, y, radius);
        }
    }
    for (path, fill) in dots.iter().zip(["#000000", "#ffffff"]) {
        page.path(path, &format!("fill=\"{fill}\""));
    }
}

fn grid(map: &HeatMap) -> impl Iterator<Item = (usize, usize)> {
    let n_columns = map.x_values.len();
    (0..map.y_values.len()).flat_map(move |y_idx| (0..n_columns).map(move |x_idx| (x_idx, y_idx)))
}

/// Diagonals across a rectangle, from lower left to upper right, that go on in
/// the neighbour.
fn hatched(path: &mut Path, x: f64, y: f64, width: f64, height: f64) {
    const STEP: f64 = 6.0;
    // Diagonals are the places where x + y is a multiple of the step.
    let mut at = ((x + y) / STEP).ceil() * STEP - x - y;
    while at < width + height {
        let (from, to) = ((at - height).max(0.0), at.min(width));
        path.from(x + from, y + at - from).to(x + to, y + at - to);
        at += STEP;
    }
}

/// The scale of colours right of the plot.
fn bar(page: &mut Page, map: &HeatMap, shades: &Shades, plot: Plot) {
    const STEPS: usize = 64;
    let height = plot.height.max(60.0);
    let left = plot.right() + BAR.1;
    let bar = Plot { left, top: plot.top, width: BAR.0, height };
    page.open_group("shape-rendering=\"crispEdges\"");
    for step in 0..STEPS {
        let colour = colours(map).at((step as f64 + 0.5) / STEPS as f64);
        let y = bar.y((step + 1) as f64 / STEPS as f64);
        page.rect(left, y, BAR.0, height / STEPS as f64 + 0.5, &colour.hex());
    }
    page.close_group();
    frame::outline(page, bar);
    let ticks = frame::vertical_ticks(shades.domain(), &map.value, height);
    let labels = frame::labels(&ticks);
    let mut path = Path::default();
    for label in &labels {
        path.from(bar.right(), bar.y(label.place)).right(4.0);
    }
    page.stroke(&path, "#333333", 1.0);
    for label in &labels {
        label.text.draw(page, bar.right() + 7.0, bar.y(label.place) + 3.9, Anchor::Start);
    }
    let left = bar.right() + 7.0 + frame::widest(&labels);
    frame::upright(page, left + 2.0, bar, &axis_title(&map.value));
}
