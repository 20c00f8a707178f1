//! Promises: the list in the documentation and the tests that name them agree,
//! both ways. A promise that nothing tests is not said to be kept.

use std::collections::BTreeMap;

use crate::tree::{Tree, has_suffix};

use super::Finding;

const PAGE: &str = "docs/promises.md";
const N_PROMISES: usize = 30;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(page) = tree.text(PAGE) else { return vec![Finding::new(PAGE, 1, "is missing")] };
    let mut findings = Vec::new();
    let mut rows: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (i, line) in page.lines().enumerate() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(id) = cells.get(1).filter(|cell| is_id(cell)) else { continue };
        let status = cells.get(3).copied().unwrap_or_default().to_owned();
        if !["kept", "partial", "not yet"].contains(&status.as_str()) {
            findings.push(Finding::new(
                PAGE,
                i + 1,
                format!("{id} is `{status}`: say `kept`, `partial` or `not yet`"),
            ));
        }
        if rows.insert((*id).to_owned(), (i + 1, status)).is_some() {
            findings.push(Finding::new(PAGE, i + 1, format!("{id} is listed twice")));
        }
    }
    for number in 1..=N_PROMISES {
        let id = format!("P{number:02}");
        if !rows.contains_key(&id) {
            findings.push(Finding::new(
                PAGE,
                1,
                format!("{id} is missing: a promise that is not kept is listed as such"),
            ));
        }
    }
    let mut named: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for (path, text) in tree.texts().filter(|(path, _)| has_suffix(path, "rs") || has_suffix(path, "py")) {
        // In Rust a promise is named in a comment; a word in a string is no claim.
        let text = tree.source(path).map_or(text, |source| source.comments.as_str());
        for (i, line) in text.lines().enumerate() {
            let Some((_, ids)) = line.split_once("promise: ") else { continue };
            for id in ids.split([',', ' ']).filter(|id| is_id(id)) {
                if !rows.contains_key(id) {
                    findings.push(Finding::new(path, i + 1, format!("{id} is not in `{PAGE}`")));
                }
                if !has_tests(tree, path) {
                    findings.push(Finding::new(path, i + 1, format!("{id} is named where no test is")));
                }
                named.entry(id.to_owned()).or_insert((path.to_owned(), i + 1));
            }
        }
    }
    for (id, (line, status)) in &rows {
        match (status.as_str(), named.get(id)) {
            ("kept" | "partial", None) => {
                findings.push(Finding::new(PAGE, *line, format!("{id} is `{status}`, but no test names it")));
            }
            ("not yet", Some((path, _))) => {
                findings.push(Finding::new(PAGE, *line, format!("{id} is `not yet`, but `{path}` tests it")));
            }
            _ => {}
        }
    }
    findings
}

fn is_id(text: &str) -> bool {
    text.len() == 3 && text.starts_with('P') && text[1..].bytes().all(|b| b.is_ascii_digit())
}

fn has_tests(tree: &Tree, path: &str) -> bool {
    match tree.source(path) {
        Some(source) => ["#[test]", "proptest!"].iter().any(|word| source.code.contains(word)),
        None => tree.text(path).is_some_and(|text| text.contains("def test_")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: &str, second: &str) -> String {
        let first = format!("| P01 | Kill it | {first} | |\n| P02 | Cut it | {second} | |\n");
        (3..=N_PROMISES).fold(first, |page, i| page + &format!("| P{i:02} | x | not yet | |\n"))
    }

    fn messages(page: &str, test: &str) -> Vec<String> {
        let tree = Tree::of(&[(PAGE, page), ("rivalry/tests/it/promises/p01.rs", test)]);
        check(&tree).into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn lists_that_agree_are_fine() {
        let test = "//! Kills.\n// promise: P01\n#[test]\nfn a() { let b = \"promise: P02\"; }\n";
        assert_eq!(messages(&page("kept", "not yet"), test), [] as [&str; 0]);
        let both = "//! Kills.\n// promise: P01, P02\n#[test]\nfn a() {}\n";
        assert_eq!(messages(&page("kept", "partial"), both), [] as [&str; 0]);
    }

    #[test]
    fn lists_that_differ_are_found() {
        let test = "//! Kills.\n// promise: P01\n#[test]\nfn a() {}\n";
        assert_eq!(messages(&page("kept", "kept"), test), ["P02 is `kept`, but no test names it"]);
        assert_eq!(messages(&page("not yet", "not yet"), test).len(), 1);
        assert_eq!(messages(&page("maybe", "not yet"), test).len(), 1);
        assert_eq!(
            messages(&page("kept", "not yet"), "//! promise: P01\n"),
            ["P01 is named where no test is"]
        );
        assert_eq!(
            messages(&page("kept", "not yet"), &test.replace("P01", "P01, P77")),
            ["P77 is not in `docs/promises.md`"]
        );
        let shorter = page("kept", "not yet").replace("| P30 | x | not yet | |\n", "");
        assert_eq!(messages(&shorter, test).len(), 1);
    }
}
