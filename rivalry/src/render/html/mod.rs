//! A report as one HTML page that holds everything it needs: it opens offline,
//! asks the network for nothing, reads without its script, in light and dark,
//! on paper, on a phone and by a screen reader.
//!
//! Every string of the report is escaped in one place; no string becomes a link
//! but addresses that begin with `https://`; and a policy lets the browser run
//! and style with this program's own script and sheet only, by their hashes.
//! The page is well-formed XML after its first line, so that a strict reader
//! can check it.

mod body;
mod figure;
mod sha256;
mod tables;

use std::fmt::Write as _;
use std::io;

use self::body::Body;
use super::Render;
use super::markup::escaped;
use crate::registry::{Choice, Default, Entry, Knob, Range};
use crate::report::{Block, Report};

const STYLE: &str = include_str!("style.css");
const FRAGMENT_STYLE: &str = include_str!("fragment.css");
const SCRIPT: &str = include_str!("script.js");

/// A page larger than this leaves out what its reader finds elsewhere.
const LARGEST: usize = 2_000_000;

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "html",
    summary: "one page with verdict, tables and charts that opens offline, prints, and needs no script",
    cites: &[],
    knobs: &[Knob {
        name: "fragment",
        default: Default::Flag(false),
        range: Range::Switch,
        meaning: "the sections alone, for somebody else's page: no script, no policy, a style sheet for them only",
    }],
    build: |settings| Box::new(Html { fragment: settings.flag("fragment") }),
};

/// How much of a large report its page holds, from all to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// Everything.
    All,
    /// Not the document for programs.
    NoDocument,
    /// Nor the tables for other programs, and of long tables the beginning.
    Beginnings,
}

struct Html {
    fragment: bool,
}

impl Render for Html {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        if self.fragment {
            return out.write_all(fragment(report).as_bytes());
        }
        let mut text = page(report, Extent::All)?;
        for less in [Extent::NoDocument, Extent::Beginnings] {
            if text.len() > LARGEST {
                text = page(report, less)?;
            }
        }
        out.write_all(text.as_bytes())
    }
}

fn page(report: &Report, extent: Extent) -> io::Result<String> {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        sha256::source(STYLE),
        sha256::source(SCRIPT)
    );
    let title = escaped(&report.title);
    let _ = write!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the report</a>\n",
        escaped(&policy)
    );
    let body = Body::of(report, extent);
    let (lead, rest) = match report.blocks.split_first() {
        Some((Block::Paragraph(words), rest)) => (Some(words), rest),
        _ => (None, &report.blocks[..]),
    };
    let _ = write!(
        out,
        "<header>\n<p class=\"brand\">rivalry {}</p>\n<h1>{title}</h1>\n",
        escaped(&report.document.command)
    );
    if let Some(words) = lead {
        let _ = writeln!(out, "<p class=\"lead\">{}</p>", body::prose(words));
    }
    let (main, footer) = body.parts(rest);
    out.push_str(&main.contents());
    let _ = write!(out, "</header>\n<main id=\"main\">\n{}", main.text());
    out.push_str("</main>\n<footer>\n");
    out.push_str(&footer);
    if extent > Extent::All {
        let what = if extent == Extent::NoDocument {
            "This page would be larger than 2 MB with every number in it: the whole document is what `--as json` writes."
        } else {
            "This page would be larger than 2 MB: it shows the beginning of long tables and holds no tables for other \
             programs. The whole is what `--as json` and `--as csv` write."
        };
        let _ = writeln!(out, "<p>{}</p>", escaped(what));
    }
    out.push_str("<p class=\"downloads\" id=\"save\"></p>\n</footer>\n");
    if extent == Extent::All {
        let _ =
            writeln!(out, "<script type=\"application/json\" id=\"document\">{}</script>", embedded(report)?);
    }
    let _ = write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n");
    Ok(out)
}

/// The sections in one element whose class the style sheet asks for.
fn fragment(report: &Report) -> String {
    let (main, footer) = Body::of(report, Extent::Beginnings).parts(&report.blocks);
    format!(
        "<div class=\"rivalry\" lang=\"en\">\n<style>{FRAGMENT_STYLE}</style>\n{}{footer}</div>\n",
        main.text()
    )
}

/// The document as JSON that no reader of markup takes for markup.
fn embedded(report: &Report) -> io::Result<String> {
    let mut json = Vec::new();
    let renderer = super::renderer(&Choice::new("json").with("indent", false))
        .map_err(|_| io::Error::other("the JSON renderer cannot be built"))?;
    renderer.render(report, &mut json)?;
    let mut out = String::with_capacity(json.len());
    for character in String::from_utf8_lossy(&json).trim_end().chars() {
        match character {
            '<' | '>' | '&' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_hold_no_markup() {
        for text in [STYLE, SCRIPT, FRAGMENT_STYLE] {
            assert!(!text.contains(['<', '&']), "a strict reader would take it for markup");
        }
    }
}
