//! A report with one of every block and one of every cell, whose every string
//! is different, for the tests of renderers.

use rivalry::registry::Citation;
use rivalry::report::{
    Better, Block, Card, Cell, Column, Document, Emphasis, Equation, Evidence, Mark, Provenance, Report, Row,
    Schema, Step, Table, Term, Tone, Unit, Work,
};
use rivalry::stats::{Estimate, Interval};
use serde_json::json;

pub(crate) const CITATION: Citation = Citation {
    key: "specimen1900",
    text: "A. Author, A specimen of a paper, Journal of Specimens 1900",
    url: "https://example.org/specimen",
};

fn estimate(value: f64, low: f64, high: f64) -> Cell {
    Cell::Estimate(Estimate::new(value, Interval::new(low, high), 0.95, 400, "example"))
}

/// Every string that comes from data passes through `name`.
pub(crate) fn report(name: &dyn Fn(&str) -> String) -> Report {
    let words = |text: &str| Cell::Text(name(text));
    let row = |label: &str, cells: Vec<Cell>, emphasis, apart| Row {
        cells: [vec![words(label)], cells].concat(),
        emphasis,
        apart,
    };
    let no_interval = Estimate::without_interval(0.7, 0.95, 1, "a single training");
    let table = Table {
        title: name("every combination"),
        caption: vec![name("intervals at level 0.95")],
        columns: vec![
            Column::plain(&name("model")),
            Column::of("accuracy", Unit::Percent, Better::Higher),
            Column::of("drop vs best alone", Unit::Points, Better::Higher),
            Column::plain("classes won"),
            Column::of("q", Unit::Probability, Better::Neither),
            Column::plain(""),
            Column::plain(&name("remark")),
        ],
        rows: vec![
            row(
                "image",
                vec![
                    estimate(0.989, 0.981, 0.994),
                    Cell::Empty,
                    Cell::Of(7, 10),
                    Cell::Number(0.0001),
                    Cell::Mark(Mark::Good),
                    words("the best one alone, with a remark that is long enough to need several lines"),
                ],
                Emphasis::Plain,
                false,
            ),
            row(
                "audio",
                vec![
                    estimate(0.071, 0.051, 0.09),
                    estimate(-0.918, -0.93, -0.9),
                    Cell::Of(10, 10),
                    Cell::Number(0.0414),
                    Cell::Mark(Mark::Bad),
                    words("short"),
                ],
                Emphasis::Faint,
                false,
            ),
            row(
                "image+audio",
                vec![
                    Cell::Estimate(no_interval),
                    Cell::Missing(name("it was not trained")),
                    Cell::Of(0, 10),
                    Cell::Number(1.0),
                    Cell::Mark(Mark::Attention),
                    Cell::Empty,
                ],
                Emphasis::Strong,
                true,
            ),
        ],
    };
    let reason = |subject: &str, text: &str| Evidence { subject: name(subject), text: name(text) };
    let card = Card {
        code: "V2b".to_owned(),
        name: name("competition"),
        tone: Tone::Bad,
        statement: name("the audio encoder learned less than it does alone"),
        evidence: vec![
            reason("deficit", "6.9 points [5.1, 8.8]"),
            reason("headroom", "8.2 points [6.1, 10.4]"),
        ],
        ruled_out: vec![reason("V6", "the features are on one scale")],
        open: vec![reason("V5", "too few samples to test the pairing")],
        next: vec![Step { text: name("try the ensemble first"), command: Some("rivalry list".to_owned()) }],
    };
    let blocks = vec![
        Block::Heading(name("a heading")),
        Block::Paragraph(name("a paragraph of running text")),
        Block::KeyValues(vec![
            (name("samples"), Cell::count(400), Unit::None),
            (name("headroom"), estimate(0.082, 0.061, 0.104), Unit::Points),
        ]),
        Block::Table(table),
        Block::Equation(Equation {
            left: Term { name: name("gap"), cell: estimate(-0.06, -0.081, -0.039) },
            right: vec![
                Term { name: name("encoder effect"), cell: estimate(-0.069, -0.088, -0.051) },
                Term { name: name("fusion effect"), cell: estimate(0.009, -0.002, 0.019) },
            ],
            unit: Unit::Points,
            meaning: vec![name("what the terms mean")],
        }),
        Block::Verdict(card),
        Block::Notes(vec![name("only few samples were tested")]),
        Block::Bibliography(Work::of([&CITATION])),
        Block::Provenance(vec![(name("seed"), name("seven"))]),
    ];
    let document = Document {
        schema: Schema::current(),
        command: "diagnose".to_owned(),
        data: json!({ "n": 400, "modalities": [{ "name": name("image"), "dim": 240 }] }),
        settings: json!({ "seeds": 10 }),
        results: json!({ "models": [{ "name": name("image"), "accuracy": { "value": 0.1 } }] }),
        verdict: json!({ "code": "V2b", "loser": name("audio") }),
        citations: Work::of([&CITATION]),
        provenance: Provenance {
            seed: Some(7),
            threads: Some(2),
            wall_seconds: Some(1.5),
            ..Provenance::plain()
        },
    };
    Report { title: name("the title"), blocks, document }
}

/// The strings of data in the blocks of [`report`], and in its document.
pub(crate) fn names_in_blocks() -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    report(&|text| {
        names.borrow_mut().push(text.to_owned());
        text.to_owned()
    });
    names.into_inner()
}
