//! The only place that writes SVG: shapes take numbers and colours of ours, and
//! every string of a report is escaped. No scripts, no links, no
//! identifiers, no style sheets: a figure may stand inside any document.

use std::fmt::Write as _;

use crate::render::markup::escaped;

/// Text is nearly black, so that it is not harsher than the lines.
pub(super) const INK: &str = "#1a1a1a";
/// Small print.
pub(super) const FAINT: &str = "#555555";

/// Where a text stands relative to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A length in pixels: two decimals, no trailing zeros, no negative zero.
pub(super) fn px(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// An outline, in absolute places and relative steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    data: String,
}

impl Path {
    /// Starts a part at a place.
    pub(super) fn from(&mut self, x: f64, y: f64) -> &mut Self {
        self.write(format_args!("M{} {}", px(x), px(y)))
    }

    /// A line to a place.
    pub(super) fn to(&mut self, x: f64, y: f64) -> &mut Self {
        self.write(format_args!("L{} {}", px(x), px(y)))
    }

    /// A line by so much to the right.
    pub(super) fn right(&mut self, dx: f64) -> &mut Self {
        self.write(format_args!("h{}", px(dx)))
    }

    /// A line by so much down.
    pub(super) fn down(&mut self, dy: f64) -> &mut Self {
        self.write(format_args!("v{}", px(dy)))
    }

    /// A circle around a place.
    pub(super) fn circle(&mut self, x: f64, y: f64, radius: f64) -> &mut Self {
        let (r, d) = (px(radius), px(2.0 * radius));
        self.from(x - radius, y);
        self.write(format_args!("a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0Z"))
    }

    /// A polygon of corners around a place.
    pub(super) fn polygon(&mut self, x: f64, y: f64, corners: &[(f64, f64)]) -> &mut Self {
        for (idx, (dx, dy)) in corners.iter().enumerate() {
            if idx == 0 {
                self.from(x + dx, y + dy);
            } else {
                self.to(x + dx, y + dy);
            }
        }
        self.close()
    }

    /// A line through places; those that fall on the one before to a tenth of a
    /// pixel are left out. `starts` a part or goes on with one.
    pub(super) fn through(&mut self, places: impl Iterator<Item = (f64, f64)>, starts: bool) -> &mut Self {
        let mut before = String::new();
        let mut letter = if starts { 'M' } else { 'L' };
        for (x, y) in places {
            let place = format!("{x:.1} {y:.1}");
            if place != before {
                self.data.push(letter);
                self.data.push_str(&place);
                letter = 'L';
                before = place;
            }
        }
        self
    }

    /// Back to where the part began.
    pub(super) fn close(&mut self) -> &mut Self {
        self.data.push('Z');
        self
    }

    fn write(&mut self, words: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = self.data.write_fmt(words);
        self
    }
}

/// Shapes, one per line.
#[derive(Debug, Default)]
pub(super) struct Page {
    out: String,
}

impl Page {
    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// A name and a description for those who do not see the figure.
    pub(super) fn spoken(&mut self, title: &str, description: &str) {
        self.write(format_args!(
            "<title>{}</title>\n<desc>{}</desc>\n",
            escaped(title),
            escaped(description)
        ));
    }

    pub(super) fn open_group(&mut self, attributes: &str) {
        self.write(format_args!("<g {attributes}>\n"));
    }

    pub(super) fn close_group(&mut self) {
        self.write(format_args!("</g>\n"));
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"/>\n",
            px(x),
            px(y),
            px(width),
            px(height)
        ));
    }

    /// An outline, a line or an area; `attributes` are ours.
    pub(super) fn path(&mut self, path: &Path, attributes: &str) {
        if !path.data.is_empty() {
            self.write(format_args!("<path d=\"{}\" {attributes}/>\n", path.data));
        }
    }

    /// Open lines of one colour.
    pub(super) fn stroke(&mut self, path: &Path, colour: &str, width: f64) {
        self.path(path, &format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"{}\"", px(width)));
    }

    /// One line of text with its baseline at `y`.
    pub(super) fn text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, look: &str, text: &str) {
        self.open_text(x, y, size, anchor, look);
        self.write(format_args!("{}</text>\n", escaped(text)));
    }

    /// A number with an exponent: `2×10⁶`.
    pub(super) fn power(
        &mut self,
        x: f64,
        y: f64,
        size: f64,
        anchor: Anchor,
        look: &str,
        parts: (&str, &str),
    ) {
        self.open_text(x, y, size, anchor, look);
        let (base, exponent) = parts;
        self.write(format_args!(
            "{}<tspan dy=\"{}\" font-size=\"{}\">{}</tspan></text>\n",
            escaped(base),
            px(-0.38 * size),
            px(0.75 * size),
            escaped(exponent)
        ));
    }

    /// Text from the bottom up, centred at a place.
    pub(super) fn upright(&mut self, x: f64, y: f64, size: f64, text: &str) {
        let (x, y) = (px(x), px(y));
        self.write(format_args!(
            "<text transform=\"translate({x} {y}) rotate(-90)\" font-size=\"{}\" text-anchor=\"middle\" \
             fill=\"{INK}\">{}</text>\n",
            px(size),
            escaped(text)
        ));
    }

    fn open_text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, look: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        self.write(format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{anchor} {look}>",
            px(x),
            px(y),
            px(size)
        ));
    }

    fn write(&mut self, words: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        for (value, expected) in [(1.0, "1"), (0.126, "0.13"), (-0.001, "0"), (12.5, "12.5"), (100.0, "100")]
        {
            assert_eq!(px(value), expected);
        }
    }
}
