//! The manifests: one version, a lock file, no way to unpickle, and a reason
//! for each dependency.

use crate::tree::Tree;

use super::Finding;

const ROOT: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";
const REASONS: &str = "docs/decisions/0002-dependencies.md";

/// Nothing can unpickle: no crate in any lock file has to do with pickles.
pub(super) fn pickle(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, lock) in tree.texts().filter(|(path, _)| path.ends_with(LOCK)) {
        for package in packages(lock) {
            if package.name.contains("pickle") {
                findings.push(Finding::new(path, package.line, format!("`{}` can unpickle", package.name)));
            }
        }
    }
    findings
}

/// Members name no versions of their own: what the workspace lists is all.
pub(super) fn members(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_member(path)) {
        let mut here = false;
        for (i, line) in text.lines().enumerate() {
            if line.starts_with('[') {
                here = line.contains("dependencies");
            } else if here
                && line.contains('=')
                && !line.starts_with('#')
                && !line.contains("workspace = true")
            {
                findings.push(Finding::new(path, i + 1, "a dependency that the workspace does not list"));
            }
        }
    }
    findings
}

fn is_member(path: &str) -> bool {
    path.ends_with("/Cargo.toml") && path.matches('/').count() == 1 && !path.starts_with("fuzz/")
}

/// One version: in the workspace, its members, the lock, and what cites it.
pub(super) fn versions(tree: &Tree) -> Vec<Finding> {
    let Some(version) = value_in(tree.text(ROOT).unwrap_or_default(), "[workspace.package]", "version")
    else {
        return vec![Finding::new(ROOT, 1, "has no version under [workspace.package]")];
    };
    let mut findings = Vec::new();
    let mut expect = |path: &str, holds: bool, message: &str| {
        if !holds {
            findings.push(Finding::new(path, 1, message));
        }
    };
    for (path, text) in tree.texts() {
        let is_member =
            path.ends_with("/Cargo.toml") && path.matches('/').count() == 1 && !path.starts_with("fuzz/");
        if is_member {
            expect(path, text.contains("version.workspace = true"), "has a version of its own");
        }
    }
    let root = tree.text(ROOT).unwrap_or_default();
    for line in root.lines().filter(|line| line.contains("path = ") && line.contains("version = ")) {
        expect(ROOT, line.contains(&format!("version = \"{version}\"")), "names another version of a member");
    }
    let cited = tree.text("CITATION.cff").unwrap_or_default();
    expect(
        "CITATION.cff",
        cited.lines().any(|l| l == format!("version: {version}")),
        "cites another version",
    );
    let changes = tree.text("CHANGELOG.md").unwrap_or_default();
    let heading = format!("## [{version}]");
    let told = changes.lines().any(|l| l.starts_with(&heading) || l.starts_with("## [Unreleased]"));
    expect("CHANGELOG.md", told, "tells neither of this version nor of an unreleased one");
    match tree.text(LOCK) {
        None => expect(LOCK, false, "is missing: builds must not drift"),
        Some(lock) => {
            for package in packages(lock).filter(|p| !p.foreign) {
                expect(LOCK, package.version == version, "is behind the workspace: run `cargo build`");
            }
        }
    }
    findings
}

/// Each direct dependency has its reason, and the count of all is true.
pub(super) fn dependencies(tree: &Tree) -> Vec<Finding> {
    let page = tree.text(REASONS).unwrap_or_default();
    let mut findings = Vec::new();
    for (line, name) in direct(tree.text(ROOT).unwrap_or_default()) {
        if !name.starts_with("rivalry") && !page.contains(&format!("| `{name}` |")) {
            findings.push(Finding::new(ROOT, line, format!("`{name}` has no row in `{REASONS}`")));
        }
    }
    let n_foreign = packages(tree.text(LOCK).unwrap_or_default()).filter(|p| p.foreign).count();
    let claim = format!("**{n_foreign} packages**");
    if !page.contains(&claim) {
        findings.push(Finding::new(
            REASONS,
            1,
            format!("does not say that `{LOCK}` holds {claim} of others"),
        ));
    }
    findings
}

struct Package<'a> {
    name: &'a str,
    version: &'a str,
    line: usize,
    /// It comes from a registry, not from this workspace.
    foreign: bool,
}

fn packages(lock: &str) -> impl Iterator<Item = Package<'_>> {
    let mut line = 1;
    lock.split("[[package]]").enumerate().filter_map(move |(i, block)| {
        let start = line;
        line += block.matches('\n').count();
        let value = |key: &str| {
            let found = block.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(" = \""));
            found.map(|v| v.trim_end_matches('"'))
        };
        (i > 0).then(|| Package {
            name: value("name").unwrap_or_default(),
            version: value("version").unwrap_or_default(),
            line: start,
            foreign: value("source").is_some(),
        })
    })
}

/// The lines of one section of a manifest, with their 1-based numbers.
fn section<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let numbered = manifest.lines().enumerate().map(|(i, line)| (i + 1, line));
    numbered
        .skip_while(move |(_, line)| *line != header)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
}

fn value_in<'a>(manifest: &'a str, header: &'a str, key: &str) -> Option<&'a str> {
    section(manifest, header).find_map(|(_, line)| {
        Some(line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().trim_matches('"'))
    })
}

fn direct(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    section(manifest, "[workspace.dependencies]").filter_map(|(i, line)| {
        let (name, _) = line.split_once('=')?;
        (!line.starts_with('#')).then(|| (i, name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace.package]\nversion = \"0.2.0\"\n\n[workspace.dependencies]\n\
                            rivalry = { path = \"rivalry\", version = \"0.2.0\" }\n# Sums.\ngemm = \"1\"\n";
    const LOCKED: &str = "version = 4\n\n[[package]]\nname = \"gemm\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\n\
                          [[package]]\nname = \"rivalry\"\nversion = \"0.2.0\"\n";

    fn tree<'a>(changed: &[(&'a str, &'a str)]) -> Tree {
        let mut files = vec![
            (ROOT, MANIFEST),
            (LOCK, LOCKED),
            ("rivalry/Cargo.toml", "version.workspace = true\n"),
            ("CITATION.cff", "version: 0.2.0\n"),
            ("CHANGELOG.md", "## [0.2.0]\n"),
            (REASONS, "There are **1 packages** here.\n| `gemm` | products |\n"),
        ];
        files.extend(changed);
        Tree::of(&files)
    }

    #[test]
    fn manifests_that_agree_are_fine() {
        assert_eq!([pickle(&tree(&[])), versions(&tree(&[])), dependencies(&tree(&[]))].concat(), []);
    }

    #[test]
    fn a_crate_that_unpickles_is_found() {
        let lock = LOCKED.replace("gemm", "serde-pickle");
        let found = pickle(&tree(&[("fuzz/Cargo.lock", &lock)]));
        assert_eq!(found, [Finding::new("fuzz/Cargo.lock", 3, "`serde-pickle` can unpickle")]);
    }

    #[test]
    fn versions_that_differ_are_found() {
        for (path, text) in [
            ("rivalry/Cargo.toml", "version = \"0.2.0\"\n"),
            (ROOT, &MANIFEST.replace("version = \"0.2.0\" }", "version = \"0.1.0\" }")),
            ("CITATION.cff", "version: 0.1.0\n"),
            ("CHANGELOG.md", "## [0.1.0]\n"),
            (LOCK, &LOCKED.replace("0.2.0", "0.1.0")),
        ] {
            let found = versions(&tree(&[(path, text)]));
            assert_eq!(found.len(), 1, "{path}: {found:?}");
            assert_eq!(found[0].path, path);
        }
    }

    #[test]
    fn a_dependency_past_the_workspace_is_found() {
        let good =
            "[dependencies]\n# Sums.\ngemm.workspace = true\nserde = { workspace = true }\n[lib]\na = 1\n";
        assert_eq!(members(&tree(&[("a/Cargo.toml", good)])), []);
        let bad = "[dependencies]\ngemm = \"1\"\n[target.'cfg(unix)'.dev-dependencies]\nlibc = \"0.2\"\n";
        assert_eq!(members(&tree(&[("a/Cargo.toml", bad)])).len(), 2);
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let manifest = format!("{MANIFEST}serde = \"1\"\n");
        assert_eq!(dependencies(&tree(&[(ROOT, &manifest)])).len(), 1);
        let lock =
            format!("{LOCKED}\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry\"\n");
        assert_eq!(dependencies(&tree(&[(LOCK, &lock)])).len(), 1);
    }
}
