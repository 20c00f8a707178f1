//! What all drawings of charts share: the range of an axis, its ticks, and the
//! words that a reader needs. Nothing here knows a medium.

mod domain;
mod dots;
mod notes;
mod ranges;
mod ticks;

pub(super) use domain::Domain;
pub(super) use dots::{as_lines, dots_domain, dots_notes};
pub(super) use notes::{
    axis_title, category, cell_decimals, cell_text, description, lines_notes, map_notes, point_text,
    setting_texts, short,
};
pub(super) use ranges::{Shades, x_domain, y_domain};
pub(super) use ticks::{Tick, TickLabel, fitting};
