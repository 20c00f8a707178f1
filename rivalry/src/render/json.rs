//! The report's document as JSON: keys in a fixed order, floats in the
//! shortest form that reads back to the same bits, one newline at the end.
//!
//! Characters that could drive a terminal (C1 controls, bidirectional
//! overrides, line separators) are written as `\u` escapes: any JSON reader
//! gets them back, and printing the document is harmless.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::Render;
use super::terminal::is_hostile;
use crate::registry::{Default, Entry, Knob, Range};
use crate::report::Report;

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "json",
    summary: "one versioned document for programs: fractions, not percent",
    cites: &[],
    knobs: &[Knob {
        name: "indent",
        default: Default::Flag(true),
        range: Range::Switch,
        meaning: "one value per line, indented; false writes a single line",
    }],
    build: |settings| Box::new(Json { indent: settings.flag("indent") }),
};

struct Json {
    indent: bool,
}

impl Render for Json {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        if self.indent {
            let pretty = Inert(PrettyFormatter::new());
            report.document.serialize(&mut Serializer::with_formatter(&mut *out, pretty))?;
        } else {
            report.document.serialize(&mut Serializer::with_formatter(&mut *out, Inert(CompactFormatter)))?;
        }
        out.write_all(b"\n")
    }
}

/// Escapes what a terminal would obey; leaves all layout to the inner formatter.
struct Inert<F>(F);

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        for (at, character) in fragment.char_indices().filter(|(_, c)| is_hostile(*c)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + character.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
