//! Which series is which: samples with names, side by side in rows.

use super::frame::{MARGIN, SMALL, inert};
use super::looks::Look;
use super::metrics::{clip, width};
use super::page::{Anchor, INK, Page, Path};
use crate::report::{Role, Series};

/// Length of a sample.
const SAMPLE: f64 = 26.0;
const ROW: f64 = 17.0;
/// Between two entries.
const GAP: f64 = 16.0;

/// The legend from `y` down; where the next thing begins. A single series without a name needs none. `is_joined` tells whether markers lie on lines.
pub(super) fn draw(
    page: &mut Page,
    series: &[Series],
    looks: &[Look],
    is_joined: bool,
    total: f64,
    y: f64,
) -> f64 {
    if series.len() < 2 && series.iter().all(|one| one.name.is_empty()) {
        return y;
    }
    let room = total - 2.0 * MARGIN;
    let names: Vec<String> =
        series.iter().map(|one| clip(&inert(&one.name), SMALL, room - SAMPLE - 6.0)).collect();
    let entry = |name: &String| SAMPLE + 6.0 + width(name, SMALL) + GAP;
    // Many names read better in columns than in a ragged paragraph.
    let widest = names.iter().map(entry).fold(1.0, f64::max);
    let n_columns = ((room / widest) as usize).max(1);
    let is_grid = names.iter().map(entry).sum::<f64>() > room;
    let mut x = MARGIN;
    let mut row = 0;
    for (idx, (name, look)) in names.iter().zip(looks).enumerate() {
        if is_grid {
            row = idx / n_columns;
            x = MARGIN + (idx % n_columns) as f64 * widest;
        }
        let middle = y + ROW * row as f64 + ROW / 2.0;
        if is_joined || !look.has_marker() {
            let mut path = Path::default();
            path.from(x, middle).right(SAMPLE);
            page.path(&path, &look.stroke());
        }
        if series[idx].role == Role::Measured {
            look.markers(page, &[(x + SAMPLE / 2.0, middle)]);
        }
        let look = format!("fill=\"{INK}\"");
        page.text(x + SAMPLE + 6.0, middle + 3.9, SMALL, Anchor::Start, &look, name);
        x += entry(name);
    }
    y + ROW * (row + 1) as f64 + 6.0
}
