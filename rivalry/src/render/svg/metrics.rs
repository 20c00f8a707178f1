//! How wide a text will be, without a font at hand: the advance widths of
//! Helvetica, which Arial, Liberation Sans and Nimbus Sans share. Other fonts
//! differ by a few percent; layouts leave that much room.

use unicode_width::UnicodeWidthChar;

/// Widths of the characters from space to `~` in thousandths of the font size
/// (Adobe Core 14 AFM files, Helvetica).
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Room for fonts that run wider than Helvetica.
const SLACK: f64 = 1.04;
/// How much wider bold letters are.
const BOLD: f64 = 1.07;

/// The text's width in pixels at this font size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let thousandths: f64 = text.chars().map(advance).sum();
    thousandths / 1000.0 * size * SLACK
}

/// The same for bold text.
pub(super) fn bold_width(text: &str, size: f64) -> f64 {
    width(text, size) * BOLD
}

fn advance(character: char) -> f64 {
    let known = (character as usize).checked_sub(32).and_then(|idx| HELVETICA.get(idx));
    match (known, character.width()) {
        (Some(thousandths), _) => f64::from(*thousandths),
        (None, Some(0) | None) => 0.0,
        (None, Some(1)) => 620.0,
        (None, Some(_)) => 1000.0,
    }
}

/// The text, or its beginning and an ellipsis, in at most `room` pixels.
pub(super) fn clip(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    for character in text.chars() {
        out.push(character);
        if width(&out, size) + width("…", size) > room {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// Lines of at most `room` pixels, broken at spaces; a longer word is broken
/// where the line ends.
pub(super) fn wrap(text: &str, room: f64, measure: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if measure(&longer) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if measure(&line) > room && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // 'a' 556, 'W' 944, 'i' 222, space 278 thousandths.
        assert!((width("aWi ", 10.0) - 20.0 * SLACK).abs() < 1e-9);
        assert_eq!(width("", 12.0), 0.0);
        assert!((width("図", 10.0) - 10.0 * SLACK).abs() < 1e-9);
    }

    #[test]
    fn lines_keep_their_room_and_lose_nothing() {
        let text = "measured test error of each branch incomprehensibilities 図像 end";
        for room in [20.0, 60.0, 200.0, 1000.0] {
            let lines = wrap(text, room, |line| width(line, 11.0));
            assert!(lines.iter().all(|line| width(line, 11.0) <= room), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
            assert!(width(&clip(text, 11.0, room), 11.0) <= room);
        }
    }
}
