//! Numbers of others: which script made them, with what, and who uses them.

use crate::tree::{Tree, has_suffix};

use super::Finding;

const GOLDEN: &str = "rivalry/tests/it/golden/";
const SCRIPTS: &str = "reference/";

/// Files there that are no numbers of others, each with what it is.
const OURS: [(&str, &str); 1] =
    [("rivalry/tests/it/golden/formats/ours.json", "values that we write to files and others read back")];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if path.starts_with(GOLDEN) && has_suffix(path, "json") && OURS.iter().all(|(ours, _)| *ours != path)
        {
            findings.extend(golden(tree, path, text));
        }
        let Some((folder, "make.py")) = path.strip_prefix(SCRIPTS).and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if !tree.has(&format!("{SCRIPTS}{folder}/requirements.txt")) {
            findings.push(Finding::new(
                path,
                1,
                "has no `requirements.txt` beside it: which versions made the numbers?",
            ));
        }
        if !text.contains("--check") {
            findings.push(Finding::new(path, 1, "has no `--check`, which `cargo xtask reference` calls"));
        }
    }
    findings
}

/// A file of expected numbers says where it comes from, and a test reads it.
fn golden(tree: &Tree, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let script = text.split_once("\"script\"").and_then(|(_, rest)| rest.split('"').nth(1));
    match script {
        None => findings.push(Finding::new(path, 1, "does not name the `script` that made it")),
        Some(script) if !tree.has(script) => {
            findings.push(Finding::new(path, 1, format!("names the script `{script}`, which is not there")));
        }
        Some(_) => {}
    }
    if !["\"versions\"", "\"package\""].iter().any(|key| text.contains(key)) {
        findings.push(Finding::new(path, 1, "does not name the `versions` that made it"));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_read = tree.sources().any(|(source, _)| {
        let near = source.starts_with("rivalry/");
        near && tree.text(source).is_some_and(|text| text.contains(&format!("{name}\"")))
    });
    if !is_read {
        findings.push(Finding::new(path, 1, "is read by no test"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: &str = "{\"script\": \"reference/scipy/make.py\", \"versions\": {}}";
    const TEST: &str = "//! T.\nconst A: &str = include_str!(\"a.json\");\n";

    fn found(numbers: &str, test: &str, script: &str) -> usize {
        let tree = Tree::of(&[
            ("rivalry/tests/it/golden/a.json", numbers),
            ("rivalry/tests/it/golden/a.rs", test),
            ("reference/scipy/make.py", script),
            ("reference/scipy/requirements.txt", "scipy==1.17\n"),
        ]);
        check(&tree).len()
    }

    #[test]
    fn numbers_with_a_script_versions_and_a_test_are_fine() {
        assert_eq!(found(NUMBERS, TEST, "--check"), 0);
    }

    #[test]
    fn numbers_from_nowhere_and_for_nobody_are_found() {
        assert_eq!(found("{}", TEST, "--check"), 2);
        assert_eq!(found(&NUMBERS.replace("scipy", "gone"), TEST, "--check"), 1);
        assert_eq!(found(NUMBERS, "//! T.\n", "--check"), 1);
        assert_eq!(found(NUMBERS, TEST, "print(1)"), 1);
        let alone = Tree::of(&[("reference/scipy/make.py", "--check")]);
        assert_eq!(check(&alone).len(), 1);
    }
}
