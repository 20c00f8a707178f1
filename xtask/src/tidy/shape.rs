//! The shape of Rust files: a head, a bearable length, a parent.

use crate::tree::Tree;

use super::Finding;

/// Lines of product code in a file.
const MAX_PRODUCT_LINES: usize = 450;
/// All lines of a file, tests included.
const MAX_LINES: usize = 700;

/// Files that may be longer, each with its reason.
const LONGER: [(&str, &str); 0] = [];

/// Each file starts with what it is; the tests beside a file belong to it.
pub(super) fn heads(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.sources().filter(|(path, _)| !path.ends_with("/tests.rs")) {
        let first = tree.text(path).and_then(|t| t.lines().next()).unwrap_or_default();
        if !first.starts_with("//! ") {
            findings.push(Finding::new(
                path,
                1,
                "starts without `//!`: say what this is and what it never does",
            ));
        }
    }
    findings
}

/// No file is longer than one can read in one go.
pub(super) fn length(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        let (product, all) = (source.n_product_lines(), source.n_lines());
        let short = product <= MAX_PRODUCT_LINES && all <= MAX_LINES;
        let excused = LONGER.iter().any(|(excused, _)| *excused == path);
        if !short && !excused {
            let message = format!(
                "{product} lines of product code and {all} in all; at most {MAX_PRODUCT_LINES} and {MAX_LINES}: \
                 cut it where it has two subjects"
            );
            findings.push(Finding::new(path, all, message));
        } else if short && excused {
            findings.push(Finding::new(path, 1, "is short enough to leave the list of exceptions in tidy"));
        }
    }
    findings
}

/// Each file is declared by its parent: a forgotten test file would never run.
pub(super) fn orphans(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        for line in source.find("#[path") {
            findings.push(Finding::new(path, line, "`#[path]` hides where a module lives: move the file"));
        }
        if is_root(path) {
            continue;
        }
        let module = path.trim_end_matches("/mod.rs").trim_end_matches(".rs");
        let Some((folder, name)) = module.rsplit_once('/') else { continue };
        let parents = ["/mod.rs", ".rs", "/lib.rs", "/main.rs"].map(|end| format!("{folder}{end}"));
        if !parents.iter().any(|p| tree.source(p).is_some_and(|s| s.declares(name))) {
            findings.push(Finding::new(
                path,
                1,
                format!("no parent declares `mod {name};`, so this is never compiled"),
            ));
        }
    }
    findings
}

/// Files that cargo or the build finds without a `mod` line.
fn is_root(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    matches!(name, "lib.rs" | "main.rs" | "build.rs")
        || ["examples", "benches", "bin", "fuzz_targets"].iter().any(|f| folder.ends_with(f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_head_is_found() {
        let tree = Tree::of(&[("a/src/good.rs", "//! Sums.\n"), ("a/src/bad.rs", "use b;\n")]);
        let paths: Vec<String> = heads(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["a/src/bad.rs"]);
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_count_less() {
        let body = "fn a() {}\n".repeat(MAX_PRODUCT_LINES);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// b\n".repeat(100));
        let good = format!("{body}{tests}");
        let bad = format!("{body}fn c() {{}}\n{tests}");
        let tree = Tree::of(&[("a/src/good.rs", &good), ("a/src/bad.rs", &bad)]);
        let paths: Vec<String> = length(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["a/src/bad.rs"]);
    }

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "//! A.\npub mod b;\nmod e;\n"),
            ("a/src/b/mod.rs", "//! B.\nmod c;\n"),
            ("a/src/b/c.rs", "//! C.\n"),
            ("a/src/e.rs", "//! E.\nmod f;\n"),
            ("a/src/e/f.rs", "//! F.\n"),
            ("a/tests/it/main.rs", "//! Tests.\n// mod lost;\n"),
            ("a/tests/it/lost.rs", "//! Never run.\n"),
        ]);
        let paths: Vec<String> = orphans(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["a/tests/it/lost.rs"]);
    }
}
