//! Checks as a JUnit test suite, which build servers show: one test case per
//! check, failed, skipped where it could not be decided, or passed. Of
//! `lab verify` every claim is a case. Holds nothing else of a report.
//!
//! The format has no standard; this keeps to what all readers know: `testsuites`,
//! `testsuite`, `testcase`, `failure`, `skipped`, `system-out`.

use std::fmt::Write as _;
use std::io;

use serde::Deserialize;

use super::Render;
use super::markup::escaped;
use super::terminal::{number, unit_suffix};
use crate::lab::ClaimResult;
use crate::registry::Entry;
use crate::report::{Block, Cell, Check, Report, Unit};

pub(super) const ENTRY: Entry<dyn Render> = Entry {
    name: "junit",
    summary: "checks and claims as a JUnit test suite for build servers",
    cites: &[],
    knobs: &[],
    build: |_| Box::new(Junit),
};

struct Junit;

impl Render for Junit {
    fn render(&self, report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
        let mut cases: Vec<Check> = Vec::new();
        for block in &report.blocks {
            if let Block::Checks(checks) = block {
                cases.extend(checks.iter().cloned());
            }
        }
        if report.document.command == "lab verify" {
            cases.extend(claims(report));
        }
        out.write_all(suites(report, &cases).as_bytes())
    }
}

fn claims(report: &Report) -> Vec<Check> {
    let found = report.document.results["claims"].as_array().map_or(&[][..], Vec::as_slice);
    found
        .iter()
        .filter_map(|claim| ClaimResult::deserialize(claim).ok())
        .map(|claim| Check {
            name: format!("{}: {}", claim.id, claim.what),
            passed: Some(claim.passed),
            statement: format!("predicted {}; the rule: {}", claim.prediction, claim.rule),
            measured: claim
                .measurement
                .map_or_else(|| Cell::Missing("no trial allowed it".to_owned()), Cell::Estimate),
            unit: Unit::Scientific,
        })
        .collect()
}

fn suites(report: &Report, cases: &[Check]) -> String {
    let n_failed = cases.iter().filter(|case| case.passed == Some(false)).count();
    let n_skipped = cases.iter().filter(|case| case.passed.is_none()).count();
    let counts = format!("tests=\"{}\" failures=\"{n_failed}\" errors=\"0\"", cases.len());
    let (title, command) = (escaped(&report.title), escaped(&report.document.command));
    let mut out = format!(
        "<testsuites name=\"rivalry\" {counts}>\n<testsuite name=\"{title}\" {counts} skipped=\"{n_skipped}\">\n"
    );
    for case in cases {
        let statement = escaped(&case.statement);
        let measured = escaped(&in_words(&case.measured, case.unit));
        let _ = writeln!(out, "<testcase classname=\"rivalry.{command}\" name=\"{}\">", escaped(&case.name));
        let _ = match case.passed {
            Some(true) => writeln!(out, "<system-out>{statement}; measured: {measured}</system-out>"),
            Some(false) => {
                writeln!(out, "<failure message=\"{statement}\">{statement}; measured: {measured}</failure>")
            }
            None => writeln!(out, "<skipped message=\"{statement}; measured: {measured}\"/>"),
        };
        out.push_str("</testcase>\n");
    }
    if cases.is_empty() {
        out.push_str("<system-out>This report has no checks.</system-out>\n");
    }
    out.push_str("</testsuite>\n</testsuites>\n");
    out
}

fn in_words(cell: &Cell, unit: Unit) -> String {
    let suffix = unit_suffix(unit);
    match cell {
        Cell::Estimate(estimate) => {
            let interval = estimate.interval().map_or_else(
                || format!(" ({})", estimate.method),
                |i| format!(" [{}, {}]", number(i.low, unit), number(i.high, unit)),
            );
            format!("{}{interval}{suffix}, n = {}", number(estimate.value, unit), estimate.n)
        }
        Cell::Number(value) => format!("{}{suffix}", number(*value, unit)),
        Cell::Of(part, whole) => format!("{part} of {whole}"),
        Cell::Text(words) => words.clone(),
        Cell::Missing(reason) => format!("nothing ({reason})"),
        Cell::Mark(_) | Cell::Empty => "nothing".to_owned(),
    }
}
