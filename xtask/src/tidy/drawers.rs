//! The drawers: a folder per trait, a file per kind, a table of entries. What
//! is in a drawer is in its table and in the documentation, and the other way.

use crate::tree::{Source, Tree, positions};

use super::Finding;

/// The folders of this shape under `rivalry/src`.
const DRAWERS: [&str; 7] =
    ["formats", "encoders", "strategies", "solvers", "lab/claims", "metrics", "render"];

/// The page that lists what is in each drawer.
const PAGE: &str = "docs/kinds.md";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for drawer in DRAWERS {
        let folder = format!("rivalry/src/{drawer}/");
        let table_path = format!("{folder}mod.rs");
        let Some(table) = tree.source(&table_path) else { continue };
        let registered = registered(table);
        let mut kinds = Vec::new();
        for (path, source) in tree.sources() {
            let Some(name) = path.strip_prefix(&folder).and_then(|rest| module_of(rest)) else { continue };
            if !defines_entry(source) {
                continue;
            }
            kinds.push(name);
            if !registered.iter().any(|r| r == name) {
                findings.push(Finding::new(
                    path,
                    1,
                    format!("defines an entry that the table in `{table_path}` does not list"),
                ));
            }
            if !is_documented(tree, path) {
                findings.push(Finding::new(
                    path,
                    1,
                    format!("is missing in `{PAGE}`: run `cargo xtask kinds` to write the page again"),
                ));
            }
        }
        for name in registered {
            if !kinds.contains(&name.as_str()) {
                findings.push(Finding::new(
                    &table_path,
                    1,
                    format!("lists the entry of `{name}`, which no file defines"),
                ));
            }
        }
    }
    findings
}

/// `linear.rs` and `linear/mod.rs` are the module `linear`; deeper files and
/// tests are parts of one.
fn module_of(rest: &str) -> Option<&str> {
    let name = rest.strip_suffix("/mod.rs").or_else(|| rest.strip_suffix(".rs"))?;
    (!name.contains('/') && name != "mod" && name != "tests").then_some(name)
}

/// How a kind registers itself: a constant, or a function where the kind is
/// generic over the scalar.
const DEFINITIONS: [&str; 4] = ["const ENTRY:", "static ENTRY:", "const fn entry<", "const fn entry("];
const USES: [&str; 2] = ["::ENTRY", "::entry("];

fn defines_entry(source: &Source) -> bool {
    DEFINITIONS.iter().any(|word| !source.find(word).is_empty())
}

/// The modules whose entry the table names.
fn registered(table: &Source) -> Vec<String> {
    USES.iter()
        .flat_map(|word| positions(&table.code, word))
        .map(|at| {
            let before = table.code[..at].chars().rev();
            let name: Vec<char> = before.take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            name.into_iter().rev().collect()
        })
        .collect()
}

/// Does the page have a row for the name that the entry gives itself?
fn is_documented(tree: &Tree, path: &str) -> bool {
    let Some(text) = tree.text(path) else { return false };
    let Some(name) = DEFINITIONS
        .iter()
        .find_map(|word| text.split_once(word))
        .and_then(|(_, rest)| rest.split_once("name: \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(name, _)| name)
    else {
        return false;
    };
    let row = format!("| `{name}` |");
    tree.text(PAGE).is_some_and(|page| page.lines().any(|line| line.starts_with(&row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: &str =
        "//! Linear.\npub(super) const ENTRY: Entry<dyn Encoder> = Entry { name: \"linear\" };\n";
    const TABLE: &str =
        "//! Encoders.\nmod linear;\npub const ENCODERS: Table<dyn Encoder> = &[linear::ENTRY];\n";

    #[test]
    fn a_complete_drawer_is_fine() {
        let tree = Tree::of(&[
            ("rivalry/src/encoders/mod.rs", TABLE),
            ("rivalry/src/encoders/linear.rs", LINEAR),
            ("rivalry/src/encoders/activation.rs", "//! A helper without an entry.\n"),
            (PAGE, "| name | what |\n| `linear` | y = W x |\n"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn what_is_missing_on_any_side_is_found() {
        let generic = "//! MLP.\npub(super) const fn entry<T>() -> Entry<T> { Entry { name: \"mlp\" } }\n";
        let tree = Tree::of(&[
            ("rivalry/src/encoders/mod.rs", TABLE),
            ("rivalry/src/encoders/linear/mod.rs", LINEAR),
            ("rivalry/src/encoders/mlp.rs", generic),
            (PAGE, "| `mlp` | x |\n"),
        ]);
        let messages: Vec<String> =
            check(&tree).into_iter().map(|f| format!("{}: {}", f.path, f.message)).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(messages[0].contains("linear/mod.rs: is missing"), "{messages:?}");
        assert!(messages[1].contains("mlp.rs: defines an entry"), "{messages:?}");
        let ghost = Tree::of(&[("rivalry/src/encoders/mod.rs", TABLE)]);
        assert_eq!(check(&ghost).len(), 1);
    }
}
