//! Text inside XML and HTML: the one place that escapes for them.

use super::terminal::inert;

/// A string of a report as XML and HTML show it: what a terminal or a
/// bidirectional reader would obey is written out, markup is text.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in inert(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not characters to XML 1.0, however they are written.
            '\u{fffe}' | '\u{ffff}' => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_text() {
        assert_eq!(
            escaped("<a href='x'>&\"\u{1b}\u{ffff}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\u{1b}\\u{ffff}"
        );
    }
}
