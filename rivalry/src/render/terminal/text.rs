//! Strings on a terminal: how wide they are, where they may be broken, and
//! which characters must never reach one.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character could move the cursor, restyle, reorder or hide what is
/// on the screen: control characters (C0, DEL, C1), bidirectional marks and
/// overrides, zero-width spaces, line separators, and tag characters.
pub(crate) fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{00ad}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every hostile character written out (`\x1b`, `\u{202e}`), so
/// that a name still tells itself from a similar one but does nothing.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A name may pile any number of combining marks on one letter; a screen
    // line has room for a few.
    let mut marks = 0;
    for character in text.chars() {
        let is_mark = character.width() == Some(0);
        marks = if is_mark { marks + 1 } else { 0 };
        if is_hostile(character) || marks > 4 {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

/// Columns that the text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The text filled with spaces on the right.
pub(super) fn pad_right(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

/// The text filled with spaces on the left.
pub(super) fn pad_left(text: &str, to: usize) -> String {
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}

/// The text, or its beginning and an ellipsis, in at most `limit` columns.
pub(super) fn clip(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut out = String::new();
    for character in text.chars() {
        let before = out.len();
        out.push(character);
        if width(&out) + 1 > limit {
            out.truncate(before);
            break;
        }
    }
    out.push('…');
    out
}

/// Longest pair of brackets that is kept on one line.
const BRACKETS: usize = 24;

/// The words of a text; an interval in brackets is one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for piece in text.split(' ').filter(|piece| !piece.is_empty()) {
        match words.last_mut() {
            Some(last) if is_open && width(last) + width(piece) < BRACKETS => {
                last.push(' ');
                last.push_str(piece);
            }
            _ => words.push(piece.to_owned()),
        }
        let last = words.last().map_or("", String::as_str);
        is_open = last.rfind('[') > last.rfind(']');
    }
    words
}

/// Lines of at most `limit` columns, broken at spaces outside short brackets; a
/// word that is longer than a line is broken where the line ends. At least one
/// line.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in &words(text) {
        if !line.is_empty() && width(&line) + 1 + width(word) <= limit {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            let before = line.len();
            line.push(character);
            if width(&line) > limit && before > 0 {
                let rest = line.split_off(before);
                lines.push(std::mem::replace(&mut line, rest));
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_written_out() {
        let name = "a\u{1b}[31mb\u{202e}c\r\n\u{9b}2J\u{7}\u{2028}\u{200b}";
        let shown = inert(name);
        assert_eq!(shown, r"a\u{1b}[31mb\u{202e}c\r\n\u{9b}2J\u{7}\u{2028}\u{200b}");
        assert!(!shown.chars().any(is_hostile));
        assert_eq!(inert("naïve café 图像 🙂 e\u{301}"), "naïve café 图像 🙂 e\u{301}");
    }

    #[test]
    fn a_pile_of_combining_marks_is_cut_down() {
        let shown = inert(&format!("e{}", "\u{301}".repeat(50)));
        assert_eq!(shown.chars().filter(|c| *c == '\u{301}').count(), 4);
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("图像"), 4);
        assert_eq!(pad_right("图", 4), "图  ");
        assert_eq!(clip("图像模态", 5), "图像…");
        assert_eq!(clip("image", 5), "image");
        assert_eq!(clip("images", 5), "imag…");
    }

    #[test]
    fn lines_keep_their_limit_and_lose_nothing() {
        let text = "joint training loses to the best modality incomprehensibilities 图像模态 end";
        for limit in 1..40 {
            let lines = wrap(text, limit);
            assert!(lines.iter().all(|line| width(line) <= limit.max(2)), "{limit}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("a gap of -2.5 [-8.1, 3.9] points", 20), ["a gap of -2.5", "[-8.1, 3.9] points"]);
        assert_eq!(wrap("[an aside that is no interval but goes on", 12).len(), 4);
    }
}
