//! Words that must not be committed: stubs, skipped tests, notes to self,
//! unexplained exceptions, paths of one machine.

use crate::tree::{Source, Tree, has_suffix, line_at, positions};

use super::Finding;

/// What in code is unfinished, or a test that does not run.
const IN_CODE: [&str; 6] = ["todo!", "unimplemented!", "dbg!", "#[ignore", "should_panic", "#[cfg(any())]"];
/// What in comments is a promise for later.
const IN_COMMENTS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];
const IN_PYTHON: [&str; 6] = ["TODO", "FIXME", "XXX", "HACK", "mark.skip", "xfail"];

/// Top-level folders that exist on one machine and not on the next.
const MACHINE_FOLDERS: [&str; 9] = ["home", "root", "Users", "tmp", "work", "mnt", "media", "opt", "scratch"];

/// Stubs, skipped tests, notes to self.
pub(super) fn stubs(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if let Some(source) = tree.source(path) {
            for word in IN_CODE {
                let lines = source.find(word);
                findings.extend(
                    lines
                        .iter()
                        .map(|&line| Finding::new(path, line, format!("`{word}` is not finished work"))),
                );
            }
            findings.extend(found_words(path, &source.comments, &IN_COMMENTS));
        } else if has_suffix(path, "py") || has_suffix(path, "sh") || path.starts_with(".ci/") {
            findings.extend(found_words(path, text, &IN_PYTHON));
        }
    }
    findings
}

fn found_words(path: &str, text: &str, words: &[&str]) -> Vec<Finding> {
    let found = |word: &str| {
        positions(text, word)
            .map(|at| Finding::new(path, line_at(text, at), format!("`{word}`: do it, or open an issue")))
            .collect::<Vec<_>>()
    };
    words.iter().flat_map(|word| found(word)).collect()
}

/// Lint exceptions and bans without a reason.
pub(super) fn reasons(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        for line in unexplained_attributes(source) {
            findings.push(Finding::new(path, line, "a lint exception without `reason = \"...\"`"));
        }
    }
    // A comment explains the lines below it up to the next blank or strict one.
    let mut explained = false;
    for (i, line) in tree.text("Cargo.toml").unwrap_or_default().lines().enumerate() {
        let exception = line.ends_with("\"allow\"") || line.contains("level = \"allow\"");
        if exception && !explained {
            findings.push(Finding::new(
                "Cargo.toml",
                i + 1,
                "a lint switched off without a comment above it",
            ));
        }
        explained = line.starts_with('#') || (exception && explained);
    }
    for (i, line) in tree.text("clippy.toml").unwrap_or_default().lines().enumerate() {
        if line.contains("path =") && !line.contains("reason =") {
            findings.push(Finding::new("clippy.toml", i + 1, "a ban without `reason = \"...\"`"));
        }
    }
    findings
}

fn unexplained_attributes(source: &Source) -> Vec<usize> {
    let code = source.code.as_str();
    let mut lines = Vec::new();
    for opening in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in code.match_indices(opening) {
            let attribute = code[at..].split(']').next().unwrap_or_default();
            if !attribute.contains("reason =") {
                lines.push(line_at(code, at));
            }
        }
    }
    lines
}

/// Paths that only one machine has.
pub(super) fn absolute_paths(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        for folder in MACHINE_FOLDERS {
            let pattern = format!("/{folder}/");
            for (at, _) in text.match_indices(&pattern) {
                // Inside a longer path or an address it is a name like any other.
                let before = text[..at].chars().next_back();
                if before.is_none_or(|c| c.is_whitespace() || "\"'`(=:[<".contains(c)) {
                    findings.push(Finding::new(
                        path,
                        line_at(text, at),
                        format!("`{pattern}` exists on one machine only"),
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(check: fn(&Tree) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|f| f.line).collect()
    }

    #[test]
    fn unfinished_work_is_found() {
        let good = "//! The method is finished; \"todo\" is a word.\nfn a() { let b = \"TODO todo!()\"; }\n";
        assert_eq!(lines(stubs, "a/src/a.rs", good), []);
        let bad = format!(
            "fn a() {{ {}!() }}\n// {}: later\n#[test]\n#[{}]\nfn b() {{}}\n",
            "todo", "TODO", "ignore"
        );
        assert_eq!(lines(stubs, "a/src/a.rs", &bad), [1, 4, 2]);
        assert_eq!(lines(stubs, "reference/a.py", "# FIXME: wrong\n"), [1]);
        assert_eq!(lines(stubs, "docs/a.md", "We have no FIXME here.\n"), []);
    }

    #[test]
    fn exceptions_need_reasons() {
        let good = "#[expect(clippy::x, reason = \"a [b] (c)\")]\nfn a() {}\n// #[allow(dead_code)]\n";
        assert_eq!(lines(reasons, "a/src/a.rs", good), []);
        assert_eq!(lines(reasons, "a/src/a.rs", "#[allow(dead_code)]\nfn a() {}\n#![expect(b)]\n"), [1, 3]);
        assert_eq!(
            lines(reasons, "Cargo.toml", "# Names.\na = \"allow\"\nb = \"allow\"\n\nc = \"allow\"\n"),
            [5]
        );
        assert_eq!(
            lines(reasons, "clippy.toml", "{ path = \"a\", reason = \"b\" }\n{ path = \"c\" }\n"),
            [2]
        );
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        assert_eq!(lines(absolute_paths, "a.md", "See https://a.org/home/x and ./tmp/y, data/work/z.\n"), []);
        let bad = format!("x = \"/{}/me/data\"\n", "home");
        assert_eq!(lines(absolute_paths, "a.py", &bad), [1]);
    }
}
