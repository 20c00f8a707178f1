//! The specimen and the figures of the lab on a terminal, at several widths and
//! in colour.

use rivalry::registry::Choice;
use rivalry::render::renderer;
use unicode_width::UnicodeWidthStr;

use crate::{figures, specimen};

fn drawn(width: i64, color: bool) -> String {
    let choice = Choice::new("terminal").with("width", width).with("color", color);
    let mut out = Vec::new();
    renderer(&choice).unwrap().render(&specimen::report(&str::to_owned), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn at_100_columns() {
    insta::assert_snapshot!("terminal_100", drawn(100, false));
}

#[test]
fn at_60_columns() {
    insta::assert_snapshot!("terminal_60", drawn(60, false));
}

#[test]
fn figures_at_80_columns() {
    let report = figures::report_of("Figures of the lab", figures::all());
    let mut out = Vec::new();
    renderer(&Choice::new("terminal").with("width", 80_i64)).unwrap().render(&report, &mut out).unwrap();
    insta::assert_snapshot!("figures_80", String::from_utf8(out).unwrap());
}

#[test]
fn no_line_is_wider_than_asked() {
    for width in 60..=160 {
        for line in drawn(width, false).lines() {
            assert!(line.width() <= width as usize, "{width}: {line}");
        }
    }
}

#[test]
fn colour_only_repeats_what_the_text_says() {
    let mut plain = String::new();
    let mut rest = drawn(100, true);
    while let Some(start) = rest.find('\u{1b}') {
        let end = start + rest[start..].find('m').unwrap();
        plain.push_str(&rest[..start]);
        rest = rest[end + 1..].to_owned();
    }
    plain.push_str(&rest);
    let trimmed: Vec<&str> = plain.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, drawn(100, false).lines().collect::<Vec<_>>());
}
