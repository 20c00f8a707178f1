//! A map as a table of values: a shade in front of each gives the picture, a
//! star behind it marks what is certain.

use super::super::style::{Paint, Style};
use super::super::text::{clip, inert, pad_left, pad_right, width};
use crate::render::plot::{Shades, axis_title, cell_decimals, cell_text, setting_texts};
use crate::report::{Axis, Colours, HeatMap};

/// From nothing to most.
const SIGNS: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// The chart's lines.
pub(super) fn draw(map: &HeatMap, limit: usize, paint: Paint) -> Vec<String> {
    let shades = Shades::of(map);
    let decimals = cell_decimals(map);
    let columns = settings(&map.x, &map.x_values);
    let rows = settings(&map.y, &map.y_values);
    let text = |x_idx: usize, y_idx: usize| match map.cell(x_idx, y_idx) {
        None => "–".to_owned(),
        Some(cell) => {
            let star = if map.colours.certain(cell) { "*" } else { " " };
            format!("{}{star}", cell_text(cell.value, map.value.unit, decimals))
        }
    };
    let grid = |y_idx: usize| (0..columns.len()).map(move |x_idx| (x_idx, y_idx));
    let widest = (0..rows.len()).flat_map(grid).map(|(x, y)| width(&text(x, y)));
    let cell_width = 1 + widest.chain(columns.iter().map(|label| width(label))).max().unwrap_or(1);
    let gutter = rows.iter().map(|label| width(label)).max().unwrap_or(0);
    let per_panel = (limit.saturating_sub(gutter + 2) / (cell_width + 1)).max(1);
    // Quantities grow upwards, lists are read downwards.
    let order: Vec<usize> =
        if map.y.categories.is_some() { (0..rows.len()).collect() } else { (0..rows.len()).rev().collect() };
    let mut lines = Vec::new();
    let titles = [("cells", &map.value), ("rows", &map.y), ("columns", &map.x)];
    for (what, axis) in titles {
        lines.push(clip(&format!("{}  {}", pad_right(what, 7), inert(&axis_title(axis))), limit));
    }
    let all: Vec<usize> = (0..columns.len()).collect();
    for panel in all.chunks(per_panel) {
        lines.push(String::new());
        for y_idx in &order {
            let mut line = format!("{} │", pad_left(&rows[*y_idx], gutter));
            for x_idx in panel {
                let (sign, style) = shade(map, &shades, *x_idx, *y_idx);
                let text = pad_left(&text(*x_idx, *y_idx), cell_width - 1);
                line.push_str(&paint.paint(style, &sign.to_string()));
                line.push_str(&text);
                line.push(' ');
            }
            lines.push(line.trim_end().to_owned());
        }
        let edge = "─".repeat(panel.len() * (cell_width + 1));
        lines.push(format!("{} └{}", " ".repeat(gutter), edge.trim_end()));
        let mut labels = " ".repeat(gutter + 2);
        for x_idx in panel {
            // The last character of a cell is the star's.
            labels.push_str(&pad_left(&columns[*x_idx], cell_width - 1));
            labels.push_str("  ");
        }
        lines.push(labels.trim_end().to_owned());
    }
    lines
}

fn settings(axis: &Axis, values: &[f64]) -> Vec<String> {
    setting_texts(axis, values).iter().map(|text| clip(&inert(text), 16)).collect()
}

/// How dark a cell is, and on which side of the centre.
fn shade(map: &HeatMap, shades: &Shades, x_idx: usize, y_idx: usize) -> (char, Style) {
    let place = map.cell(x_idx, y_idx).and_then(|cell| shades.place(cell.value));
    let Some(place) = place else { return (' ', Style::Plain) };
    let (share, style) = match map.colours {
        Colours::Sequential => (place, Style::Series(0)),
        Colours::Diverging { .. } => {
            ((2.0 * place - 1.0).abs(), if place < 0.5 { Style::Series(0) } else { Style::Series(1) })
        }
    };
    (SIGNS[((share * 5.0) as usize).min(4)], style)
}
