//! A report with one of every block and one of every cell, whose every string
//! is different, for the tests of renderers.

use rivalry::registry::Citation;
use rivalry::report::{
    Axis, Better, Block, Card, Cell, Chart, ChartMark, Check, Colours, Column, DataCell, DataTable, Document,
    Dot, DotRow, Dots, Emphasis, Equation, Evidence, HeatMap, Lines, Mark, Point, Provenance, Report, Role,
    Row, Schema, Series, Step, Table, Term, Ties, Tone, Unit, Work,
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
    let mut blocks = vec![
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
        Block::Checks(checks(name)),
        Block::Notes(vec![name("only few samples were tested")]),
        Block::Bibliography(Work::of([&CITATION])),
        Block::Provenance(vec![(name("seed"), name("seven"))]),
    ];
    blocks.extend(charts(name).into_iter().map(Block::Chart));
    blocks.push(Block::Data(data(name)));
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

/// A check of every outcome.
pub(crate) fn checks(name: &dyn Fn(&str) -> String) -> Vec<Check> {
    let check = |words: &str, passed, measured| Check {
        name: name(words),
        passed,
        statement: name(&format!("what {words} asks")),
        measured,
        unit: Unit::Points,
    };
    vec![
        check("a gate", Some(true), estimate(0.011, 0.004, 0.019)),
        check("a bar", Some(false), Cell::Number(-0.02)),
        check("a riddle", None, Cell::Missing(name("nobody measured it"))),
    ]
}

/// A chart of every kind.
pub(crate) fn charts(name: &dyn Fn(&str) -> String) -> Vec<Chart> {
    let measured = (1..6).map(|i| Point {
        low: Some(0.1 * f64::from(i) - 0.05),
        high: Some(0.1 * f64::from(i) + 0.05),
        ..Point::at(f64::from(i), 0.1 * f64::from(i))
    });
    let measured: Vec<Point> = measured.collect();
    let dense = (0..30).map(|i| Point::at(1.0 + f64::from(i) / 7.0, 0.02 * f64::from(i)));
    let series = vec![
        Series::new(name("drawn"), Role::Measured, measured.clone()).in_group(0),
        Series::new(name("foretold"), Role::Predicted, dense.clone().collect()).in_group(0),
        Series::new(name("background"), Role::Context, dense.collect()),
    ];
    let lines = Lines {
        title: name("a figure"),
        caption: vec![name("what the figure shows")],
        x: Axis::log10(name("duration"), Unit::Seconds),
        y: Axis::linear(name("height"), Unit::Percent),
        series,
        marks: vec![ChartMark::at_x(2.0, name("decided")), ChartMark::at_y(0.3, name("bound"))],
    };
    let rows = Lines {
        title: name("a comparison"),
        caption: Vec::new(),
        x: Axis::categories(name("things"), vec![name("apple"), name("pear")]),
        y: Axis::linear(name("weight"), Unit::Scientific),
        series: vec![Series::new(name("scale"), Role::Measured, measured[..1].to_vec())],
        marks: Vec::new(),
    };
    let cell =
        |value: f64| Some(Estimate::new(value, Interval::new(value - 0.1, value + 0.1), 0.95, 9, "example"));
    let map = HeatMap {
        title: name("a map"),
        caption: vec![name("how to read the map")],
        x: Axis::linear(name("longitude"), Unit::Ratio),
        y: Axis::categories(name("layers"), vec![name("upper"), name("lower")]),
        x_values: vec![0.5, 1.0],
        y_values: vec![0.0, 1.0],
        cells: vec![cell(-0.3), cell(0.05), None, cell(0.3)],
        value: Axis::linear(name("difference"), Unit::Points),
        colours: Colours::Diverging { centre: 0.0 },
    };
    vec![Chart::Lines(lines), Chart::Lines(rows), Chart::HeatMap(map), Chart::Dots(dots(name))]
}

fn dots(name: &dyn Fn(&str) -> String) -> Dots {
    let dot = |value: f64| {
        let estimate = Estimate::new(value, Interval::new(value - 0.1, value + 0.1), 0.95, 9, "example");
        Some(Dot { estimate, trainings: vec![value - 0.02, value + 0.03] })
    };
    let band = Some((-0.05, 0.05));
    Dots {
        title: name("a row of dots"),
        caption: vec![name("how to read the dots")],
        x: Axis::linear(name("distance"), Unit::Points),
        rows_are: name("kind"),
        series: vec![name("near"), name("far")],
        rows: vec![
            DotRow { band, is_strong: true, ..DotRow::plain(name("oak"), vec![dot(-0.2), dot(0.3)]) },
            DotRow { apart: true, ..DotRow::plain(name("elm"), vec![dot(0.1), None]) },
        ],
        ties: Ties::Joined,
        band: Some(name("chance")),
        marks: vec![ChartMark::at_x(0.0, name("nothing"))],
    }
}

/// A table for programs.
pub(crate) fn data(name: &dyn Fn(&str) -> String) -> DataTable {
    DataTable {
        name: name("the grid"),
        columns: vec![name("knob"), name("word"), name("count")],
        rows: vec![
            vec![DataCell::Number(-0.1), name("blue").into(), DataCell::Whole(u64::MAX)],
            vec![DataCell::Number(1e-300), DataCell::Empty, DataCell::Number(f64::NAN)],
        ],
    }
}

/// The strings that something asks `name` for.
pub(crate) fn names_in<T>(made: impl Fn(&dyn Fn(&str) -> String) -> T) -> Vec<String> {
    let names = std::cell::RefCell::new(Vec::new());
    made(&|text| {
        names.borrow_mut().push(text.to_owned());
        text.to_owned()
    });
    names.into_inner()
}
