//! The specimen in the forms for papers, pages and build servers.

use std::fmt::Write as _;

use rivalry::registry::Choice;
use rivalry::render::renderer;

use rivalry::report::{Document, Report};

use crate::{specimen, xml};

fn drawn(name: &str) -> String {
    let mut out = Vec::new();
    renderer(&Choice::new(name)).unwrap().render(&specimen::report(&str::to_owned), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The page without what stands in files of its own: style, script, and figures.
fn skeleton(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(start) = ["<style>", "<script>", "<svg "].iter().filter_map(|tag| rest.find(tag)).min() {
        let name = &rest[start + 1..start + 4];
        let end = ["</style>", "</script>", "</svg>"].iter().find(|end| end[2..].starts_with(name)).unwrap();
        let after = start + rest[start..].find(end).unwrap() + end.len();
        out.push_str(&rest[..start]);
        write!(out, "<{name}...>").unwrap();
        rest = &rest[after..];
    }
    out.push_str(rest);
    // The policy names style and script by hash, which changes with them.
    let words = out.split("&#39;");
    words
        .map(|word| if word.starts_with("sha256-") { "sha256" } else { word })
        .collect::<Vec<_>>()
        .join("&#39;")
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!("markdown", drawn("markdown"));
}

#[test]
fn as_latex() {
    insta::assert_snapshot!("latex", drawn("latex"));
}

#[test]
fn as_junit() {
    insta::assert_snapshot!("junit", drawn("junit"));
}

#[test]
fn as_a_page() {
    insta::assert_snapshot!("html", skeleton(&drawn("html")));
}

#[test]
fn a_report_without_checks_says_so() {
    let mut report = specimen::report(&str::to_owned);
    report.blocks.retain(|block| !matches!(block, rivalry::report::Block::Checks(_)));
    let mut out = Vec::new();
    renderer(&Choice::new("junit")).unwrap().render(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("tests=\"0\"") && text.contains("This report has no checks."), "{text}");
}

#[test]
fn claims_of_the_lab_are_test_cases() {
    let claim = |id: &str, passed: bool, measurement: serde_json::Value| {
        serde_json::json!({
            "id": id, "statement": "s", "source": "p. 1", "quoted": true, "what": "a <share>",
            "prediction": "0.5", "predicted": 0.5, "measurement": measurement, "rule": "it is near",
            "passed": passed, "note": null,
        })
    };
    let measured = serde_json::json!({
        "value": 0.48, "low": 0.4, "high": 0.56, "level": 0.95, "n": 100, "method": "Wilson",
    });
    let results = serde_json::json!({
        "claims": [claim("T1.a", true, measured), claim("T2", false, serde_json::Value::Null)],
    });
    let document = Document::plain("lab verify", serde_json::json!({}), results);
    let report = Report { title: "Claims".to_owned(), blocks: Vec::new(), document };
    let mut out = Vec::new();
    renderer(&Choice::new("junit")).unwrap().render(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    xml::read(&text).unwrap();
    for expected in [
        "tests=\"2\" failures=\"1\" errors=\"0\"",
        "name=\"T1.a: a &lt;share&gt;\"",
        "measured: 0.48 [0.4, 0.56], n = 100",
        "<failure message=\"predicted 0.5; the rule: it is near\">",
        "measured: nothing (no trial allowed it)",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}
