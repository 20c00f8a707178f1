//! Every renderer draws every block, trusts no string and depends on nothing
//! but the report.

use rivalry::registry::Choice;
use rivalry::render::{RENDERERS, renderer};
use rivalry::report::Report;

use crate::specimen;

fn rendered(choice: &Choice, report: &Report) -> String {
    let mut out = Vec::new();
    renderer(choice).unwrap().render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
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
];

#[test]
fn every_block_is_drawn() {
    let report = specimen::report(&str::to_owned);
    for entry in RENDERERS {
        let text = squeezed(&rendered(&Choice::new(entry.name), &report));
        if entry.name == "json" {
            // For programs: the document, whole.
            let document: serde_json::Value = serde_json::from_str(&text).unwrap();
            let keys: Vec<&String> = document.as_object().unwrap().keys().collect();
            let expected =
                ["schema", "command", "data", "settings", "results", "verdict", "citations", "provenance"];
            assert_eq!(keys, expected);
            continue;
        }
        for name in specimen::names_in_blocks() {
            assert!(text.contains(&squeezed(&name)), "`{}` does not draw `{name}`:\n{text}", entry.name);
        }
        assert!(text.contains(&squeezed(specimen::CITATION.text)), "{}", entry.name);
    }
}

// promise: P29
#[test]
fn hostile_strings_are_inert() {
    for entry in RENDERERS {
        let friendly = rendered(&Choice::new(entry.name), &specimen::report(&str::to_owned));
        for attack in ATTACKS {
            for hostile in
                [&|text: &str| format!("{text}{attack}") as String, &|text: &str| format!("{attack}{text}")]
                    as [&dyn Fn(&str) -> String; 2]
            {
                let text = rendered(&Choice::new(entry.name), &specimen::report(hostile));
                assert!(!text.chars().any(drives_a_terminal), "`{}` with {attack:?}:\n{text}", entry.name);
                if entry.name == "json" {
                    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(document["verdict"]["loser"], hostile("audio"), "nothing may be lost");
                    assert_eq!(text.lines().count(), friendly.lines().count());
                }
            }
        }
    }
}

// promise: P25
#[test]
fn output_is_a_pure_function_of_the_report() {
    for entry in RENDERERS {
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
