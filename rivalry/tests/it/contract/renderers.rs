//! Every renderer draws every block, trusts no string and depends on nothing
//! but the report.

use rivalry::registry::{Choice, Entry};
use rivalry::render::{RENDERERS, Render, renderer};
use rivalry::report::{Block, DataTable, Report};

use crate::{html, specimen, xml};

fn rendered(choice: &Choice, report: &Report) -> String {
    let mut out = Vec::new();
    renderer(choice).unwrap().render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The renderers whose bytes are text; what others write is tested beside its
/// reader.
fn of_text() -> impl Iterator<Item = &'static Entry<dyn Render>> {
    RENDERERS.iter().filter(|entry| !renderer(&Choice::new(entry.name)).unwrap().is_binary())
}

/// Words without the layout between them, so that wrapping does not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What a terminal might obey instead of showing it.
fn drives_a_terminal(c: char) -> bool {
    (c.is_control() && c != '\n')
        || ('\u{202a}'..='\u{202e}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

const ATTACKS: &[&str] = &[
    "\u{1b}[2J\u{1b}[31mred",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]8;;https://example.org\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{9b}31m",
    "\u{202e}desrever",
    "\u{2066}isolated\u{2069}",
    "a\rb",
    "a\nb",
    "a\tb",
    "\u{8}\u{8}\u{8}",
    "\u{7f}",
    "\u{0}",
    "\u{2028}\u{2029}",
    "\u{200b}\u{feff}",
    "\u{e0041}\u{e0042}",
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{\"code\": \"V1\"}",
    "`rm -rf`; $(x)",
    "図像\u{1f600}",
    "=1+1",
    "@SUM(A1)",
    "-2+3",
    "a;=1+1",
    "a,\"b\"",
    "]]><!--",
    "&amp;&#x41;&lt;",
    "\u{fffe}\u{ffff}",
];

/// What a reader sees, without escapes, and without what is there for programs.
fn seen(renderer: &str, text: &str) -> String {
    match renderer {
        "html" => html::words(text),
        "junit" => {
            let (elements, words) = xml::read_whole(text).unwrap();
            let values = elements.into_iter().flat_map(|element| element.attributes).map(|(_, value)| value);
            values.fold(words, |all, value| all + &value)
        }
        "markdown" => text.replace('\\', ""),
        "latex" => text.replace(['{', '}', '\\'], ""),
        _ => text.to_owned(),
    }
}

/// The strings of data that a renderer must show.
fn shown_by(renderer: &str) -> Vec<String> {
    let in_table = specimen::names_in(specimen::data);
    match renderer {
        // For programs: the document, whole.
        "json" => Vec::new(),
        "svg" => [specimen::names_in(specimen::charts), vec!["the title".to_owned()]].concat(),
        "csv" => in_table.into_iter().filter(|name| name != "the grid").collect(),
        "junit" => [specimen::names_in(specimen::checks), vec!["the title".to_owned()]].concat(),
        // These name charts and leave their drawing to others.
        "markdown" | "latex" => {
            let in_charts = specimen::names_in(specimen::charts);
            let all = specimen::names_in(specimen::report);
            let is_named = |name: &&String| {
                !in_charts.contains(name) || name.starts_with("a figure") || name.starts_with("how to read")
            };
            all.iter().filter(is_named).filter(|name| !in_table.contains(name)).cloned().collect()
        }
        // People are told of tables for programs.
        _ => {
            let all = specimen::names_in(specimen::report);
            // Bands behind dots are for the eye.
            let is_drawn = |name: &String| renderer == "html" || name != "chance";
            let is_told = |name: &String| name == "the grid" || !in_table.contains(name);
            all.into_iter().filter(|name| is_told(name) && is_drawn(name)).collect()
        }
    }
}

#[test]
fn every_block_is_drawn() {
    let report = specimen::report(&str::to_owned);
    for entry in of_text() {
        let text = squeezed(&seen(entry.name, &rendered(&Choice::new(entry.name), &report)));
        for name in shown_by(entry.name) {
            assert!(text.contains(&squeezed(&name)), "`{}` does not draw `{name}`:\n{text}", entry.name);
        }
    }
    let text = rendered(&Choice::new("terminal"), &report);
    assert!(squeezed(&text).contains(&squeezed(specimen::CITATION.text)));
    let document: serde_json::Value = serde_json::from_str(&rendered(&Choice::new("json"), &report)).unwrap();
    let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
    let expected = ["schema", "command", "data", "settings", "results", "verdict", "citations", "provenance"];
    assert_eq!(keys, expected);
}

// promise: P29
#[test]
fn hostile_strings_are_inert() {
    for entry in of_text() {
        let friendly = rendered(&Choice::new(entry.name), &specimen::report(&str::to_owned));
        for attack in ATTACKS {
            for hostile in
                [&|text: &str| format!("{text}{attack}") as String, &|text: &str| format!("{attack}{text}")]
                    as [&dyn Fn(&str) -> String; 2]
            {
                let text = rendered(&Choice::new(entry.name), &specimen::report(hostile));
                assert!(!text.chars().any(drives_a_terminal), "`{}` with {attack:?}:\n{text}", entry.name);
                match entry.name {
                    "json" => {
                        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                        assert_eq!(document["verdict"]["loser"], hostile("audio"), "nothing may be lost");
                        assert_eq!(text.lines().count(), friendly.lines().count());
                    }
                    "svg" => is_inert_svg(&text),
                    "csv" => is_inert_csv(&text, &friendly),
                    "html" => html::is_inert(&text, &friendly),
                    "markdown" => is_inert_markdown(&text, &friendly),
                    "latex" => is_inert_latex(&text, &friendly),
                    "junit" => {
                        let elements = |text: &str| xml::read(text).unwrap().0;
                        assert_eq!(elements(&text), elements(&friendly));
                    }
                    "terminal" => {}
                    other => panic!("nothing says when `{other}` is inert"),
                }
            }
        }
    }
}

/// Shapes and words, nothing that runs, loads or links.
fn is_inert_svg(text: &str) {
    const ALLOWED: [&str; 8] = ["svg", "title", "desc", "g", "rect", "path", "text", "tspan"];
    let (elements, _) = xml::read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(elements.iter().all(|element| ALLOWED.contains(&element.as_str())), "{elements:?}");
}

/// As many lines and cells as ever, and no markup but ours.
fn is_inert_markdown(text: &str, friendly: &str) {
    assert_eq!(text.lines().count(), friendly.lines().count(), "{text}");
    for (line, other) in text.lines().zip(friendly.lines()) {
        let line = line.replace("\\\\", "");
        let count = |line: &str, sign: char| {
            let escaped = line.matches(&format!("\\{sign}")).count();
            line.matches(sign).count() - escaped
        };
        for sign in ['|', '*', '[', '<', '#', '~', '!', '$', '@'] {
            // A command stands in a code span, where nothing is markup.
            if !line.contains("rivalry list") {
                assert_eq!(count(&line, sign), count(other, sign), "{sign} in {line}");
            }
        }
        assert_eq!(line.starts_with('>'), other.starts_with('>'), "{line}");
    }
}

/// Only commands that a friendly report has too, and braces in pairs.
fn is_inert_latex(text: &str, friendly: &str) {
    let commands = |text: &str| {
        let mut found: Vec<String> = Vec::new();
        for piece in text.split('\\').skip(1) {
            let name: String = piece.chars().take_while(char::is_ascii_alphabetic).collect();
            let is_text = name.starts_with("text") && name != "textbf" && name != "texttt";
            if !name.is_empty() && !is_text {
                found.push(name);
            }
        }
        found.sort();
        found
    };
    assert_eq!(commands(text), commands(friendly), "{text}");
    assert_eq!(text.lines().count(), friendly.lines().count(), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('%')) {
        let plain = line.replace("\\\\", "");
        for (sign, escaped) in [('%', "\\%"), ('#', "\\#"), ('^', "\\^"), ('~', "\\~")] {
            assert_eq!(plain.matches(sign).count(), plain.matches(escaped).count(), "{sign} in {line}");
        }
    }
    let mut depth = 0_i32;
    for piece in text.replace("\\{", "").replace("\\}", "").chars() {
        depth += match piece {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        assert!(depth >= 0, "{text}");
    }
    assert_eq!(depth, 0, "{text}");
}

/// As many rows and cells as ever, and none that a spreadsheet would run.
fn is_inert_csv(text: &str, friendly: &str) {
    assert_eq!(text.lines().count(), friendly.lines().count(), "{text}");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    // Strict: a record with another number of fields is an error.
    for record in reader.records() {
        for field in &record.unwrap() {
            let is_formula = field.split(';').any(|part| part.trim().starts_with(['=', '+', '-', '@']));
            assert!(!is_formula || field.parse::<f64>().is_ok(), "{field:?}");
        }
    }
}

#[test]
fn a_table_for_programs_reads_back() {
    let hostile = |text: &str| format!("{text}, \"so called\"; x");
    let text = rendered(&Choice::new("csv"), &specimen::report(&hostile));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec![hostile("knob"), hostile("word"), hostile("count")]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows[0], vec!["-0.1".to_owned(), hostile("blue"), u64::MAX.to_string()]);
    assert_eq!(rows[1], vec!["1e-300", "", "NaN"]);
    let neutral = rendered(&Choice::new("csv"), &specimen::report(&|text| format!("=1+{text}")));
    assert!(neutral.lines().nth(1).unwrap().contains(",'=1+blue,"), "{neutral}");
}

#[test]
fn several_tables_for_programs_are_stacked() {
    let mut report = specimen::report(&str::to_owned);
    let second = DataTable {
        name: "more".to_owned(),
        columns: vec!["word".to_owned(), "new".to_owned()],
        rows: vec![vec!["-5".into(), 7_usize.into()]],
    };
    report.blocks.push(Block::Data(second));
    let text = rendered(&Choice::new("csv"), &report);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "table,knob,word,count,new");
    assert_eq!(lines[1], "\"the grid\",-0.1,blue,18446744073709551615,");
    assert_eq!(lines[3], "more,,-5,,7");
    let only = rendered(&Choice::new("csv").with("table", 2_i64), &report);
    assert_eq!(only, "word,new\n-5,7\n");
}

#[test]
fn tables_for_people_are_flattened_where_there_are_no_others() {
    let mut report = specimen::report(&str::to_owned);
    report.blocks.retain(|block| !matches!(block, Block::Data(_)));
    let text = rendered(&Choice::new("csv"), &report);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let expected = ["table", "row", "column", "value", "low", "high", "level", "n", "method", "text"];
    assert_eq!(reader.headers().unwrap(), &expected[..]);
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    let cell = |row: &str, column: &str| {
        rows.iter()
            .find(|r| r[1] == row && r[2] == column)
            .unwrap_or_else(|| panic!("{row} {column}\n{text}"))[3..]
            .join("|")
    };
    assert_eq!(cell("image", "accuracy"), "0.989|0.981|0.994|0.95|400|example|");
    assert_eq!(cell("image", "classes won"), "7||||10||");
    assert_eq!(cell("image+audio", "accuracy"), "0.7|||0.95|1|no interval: a single training|");
    assert_eq!(cell("image+audio", "drop vs best alone"), "|||||no value: it was not trained|");
    assert_eq!(cell("audio", ""), "||||||bad");
    assert_eq!(cell("encoder effect", ""), "-0.069|-0.088|-0.051|0.95|400|example|");
}

#[test]
fn one_part_may_be_asked_for_and_must_be_there() {
    let report = specimen::report(&str::to_owned);
    let part = |name: &str, knob: &str, idx: i64| {
        let mut out = Vec::new();
        let drawn = renderer(&Choice::new(name).with(knob, idx)).unwrap().render(&report, &mut out);
        drawn.map(|()| String::from_utf8(out).unwrap())
    };
    let third = part("svg", "chart", 3).unwrap();
    assert!(third.contains("a map") && !third.contains("a figure"), "{third}");
    let error = part("svg", "chart", 5).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "there is no chart 5 in this report, which has 4");
    let error = part("csv", "table", 2).unwrap_err();
    assert_eq!(error.to_string(), "there is no table for programs 2 in this report, which has 1");
}

#[test]
fn a_report_without_charts_gives_a_picture_that_says_so() {
    let mut report = specimen::report(&str::to_owned);
    report.blocks.retain(|block| !matches!(block, Block::Chart(_)));
    let text = rendered(&Choice::new("svg"), &report);
    is_inert_svg(&text);
    assert!(text.contains("This report has no charts."), "{text}");
}

// promise: P25
#[test]
fn output_is_a_pure_function_of_the_report() {
    for entry in of_text() {
        let choice = Choice::new(entry.name);
        let first = rendered(&choice, &specimen::report(&str::to_owned));
        let from_a_thread = std::thread::spawn(move || rendered(&choice, &specimen::report(&str::to_owned)));
        assert_eq!(first, from_a_thread.join().unwrap(), "{}", entry.name);
        assert!(first.ends_with('\n') && !first.ends_with("\n\n"), "{}", entry.name);
    }
}

#[test]
fn a_writer_that_fails_stops_the_rendering() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let report = specimen::report(&str::to_owned);
    for entry in RENDERERS {
        let error = renderer(&Choice::new(entry.name)).unwrap().render(&report, &mut Full).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{}", entry.name);
    }
}

#[test]
fn an_unknown_renderer_comes_with_the_nearest() {
    let error = renderer(&Choice::new("jsn")).err().unwrap();
    assert_eq!(error[0].to_string(), "unknown renderer `jsn`: did you mean `json`?");
}
