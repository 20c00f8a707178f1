//! A field of characters that each hold two by four dots (Braille), a letter, or
//! a line character. Knows nothing of charts.

use super::super::style::{Paint, Style};

/// Dots per character.
const ACROSS: usize = 2;
const DOWN: usize = 4;
/// Which bit of U+2800 is which dot, by column and row.
const BITS: [[u8; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// What a character holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    dots: u8,
    sign: Option<char>,
    style: Style,
}

/// The field.
#[derive(Clone, Debug)]
pub(super) struct Canvas {
    n_columns: usize,
    n_rows: usize,
    places: Vec<Place>,
}

impl Canvas {
    pub(super) fn new(n_columns: usize, n_rows: usize) -> Self {
        let empty = Place { dots: 0, sign: None, style: Style::Plain };
        Self { n_columns, n_rows, places: vec![empty; n_columns * n_rows] }
    }

    /// The column and row of a place given as shares from the left and from
    /// below; nothing outside the field.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let (column, row) = self.dot(x, y)?;
        Some((column / ACROSS, row / DOWN))
    }

    fn dot(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let is_inside = |share: f64| (-1e-6..=1.0 + 1e-6).contains(&share);
        let (width, height) = (self.n_columns * ACROSS, self.n_rows * DOWN);
        (is_inside(x) && is_inside(y) && width > 0 && height > 0).then(|| {
            let column = (x.clamp(0.0, 1.0) * (width - 1) as f64).round() as usize;
            let row = ((1.0 - y.clamp(0.0, 1.0)) * (height - 1) as f64).round() as usize;
            (column, row)
        })
    }

    /// A line of dots between two places. Of every `period` dots the first `on`
    /// are set, counted on from `count` dots; how many there are then.
    pub(super) fn line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        (on, period): (usize, usize),
        count: usize,
        style: Style,
    ) -> usize {
        let (Some(from), Some(to)) = (self.dot(from.0, from.1), self.dot(to.0, to.1)) else { return count };
        let n_steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=n_steps {
            let share = if n_steps == 0 { 0.0 } else { step as f64 / n_steps as f64 };
            let between = |a: usize, b: usize| (a as f64 + share * (b as f64 - a as f64)).round() as usize;
            if (count + step) % period < on {
                self.set(between(from.0, to.0), between(from.1, to.1), style);
            }
        }
        count + n_steps
    }

    fn set(&mut self, column: usize, row: usize, style: Style) {
        let place = &mut self.places[row / DOWN * self.n_columns + column / ACROSS];
        place.dots |= BITS[column % ACROSS][row % DOWN];
        place.style = style;
    }

    /// Puts a letter where none is; whether it did.
    pub(super) fn letter(&mut self, (column, row): (usize, usize), sign: char, style: Style) -> bool {
        let place = &mut self.places[row * self.n_columns + column];
        let is_free = place.sign.is_none();
        if is_free {
            place.sign = Some(sign);
            place.style = style;
        }
        is_free
    }

    /// Puts a line character where nothing is.
    pub(super) fn behind(&mut self, (column, row): (usize, usize), sign: char) {
        let place = &mut self.places[row * self.n_columns + column];
        if place.sign.is_none() && place.dots == 0 {
            *place = Place { dots: 0, sign: Some(sign), style: Style::Faint };
        }
    }

    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The rows from the top down.
    pub(super) fn lines(&self, paint: Paint) -> Vec<String> {
        self.places.chunks(self.n_columns.max(1)).map(|row| line(row, paint)).collect()
    }
}

/// Neighbours of one style share their codes.
fn line(row: &[Place], paint: Paint) -> String {
    row.chunk_by(|a, b| a.style == b.style)
        .map(|run| {
            let text: String = run.iter().map(character).collect();
            paint.paint(run[0].style, &text)
        })
        .collect()
}

fn character(place: &Place) -> char {
    match (place.sign, place.dots) {
        (Some(sign), _) => sign,
        (None, 0) => ' ',
        (None, dots) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(canvas: &Canvas) -> Vec<String> {
        canvas.lines(Paint { color: false })
    }

    #[test]
    fn a_diagonal_goes_from_corner_to_corner() {
        let mut canvas = Canvas::new(2, 1);
        canvas.line((0.0, 0.0), (1.0, 1.0), (1, 1), 0, Style::Plain);
        assert_eq!(drawn(&canvas), ["⡠⠊"]);
    }

    #[test]
    fn dashes_go_on_where_the_last_piece_ended() {
        let mut canvas = Canvas::new(4, 1);
        let count = canvas.line((0.0, 0.0), (0.4, 0.0), (2, 4), 0, Style::Plain);
        canvas.line((0.4, 0.0), (1.0, 0.0), (2, 4), count, Style::Plain);
        assert_eq!(drawn(&canvas), ["⣀ ⣀ "]);
    }

    #[test]
    fn letters_stand_on_lines_and_lines_of_reference_behind() {
        let mut canvas = Canvas::new(3, 1);
        canvas.line((0.0, 1.0), (0.5, 1.0), (1, 1), 0, Style::Plain);
        assert!(canvas.letter((0, 0), 'a', Style::Plain));
        assert!(!canvas.letter((0, 0), 'b', Style::Plain));
        for column in 0..3 {
            canvas.behind((column, 0), '┈');
        }
        assert_eq!(drawn(&canvas), ["a⠉┈"]);
        assert_eq!(canvas.at(2.0, 0.0), None);
    }
}
