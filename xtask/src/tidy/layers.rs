//! The layer order of the library: a module uses only modules before it.
//! Tests are exempt; so are links in documentation, which may point anywhere.

use crate::tree::{Source, Tree, line_at, positions};

use super::Finding;

/// The order. `docs/decisions/0001-layout-and-layers.md` says why.
pub(super) const LAYERS: [&str; 20] = [
    "num",
    "stats",
    "registry",
    "works",
    "data",
    "formats",
    "encoders",
    "model",
    "strategies",
    "solvers",
    "spec",
    "record",
    "train",
    "lab",
    "metrics",
    "diagnose",
    "report",
    "render",
    "store",
    "sweep",
];

const SRC: &str = "rivalry/src/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.sources() {
        let Some(inside) = path.strip_prefix(SRC) else { continue };
        let own = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
        if own == "lib" {
            findings.extend(declarations(path, source));
            continue;
        }
        let Some(own_layer) = LAYERS.iter().position(|l| *l == own) else {
            findings.push(Finding::new(path, 1, format!("`{own}` has no place in the layer order")));
            continue;
        };
        for (at, used) in uses(source, depth(inside)) {
            let line = line_at(&source.code, at);
            if source.is_test_line(line) {
                continue;
            }
            match LAYERS.iter().position(|l| *l == used) {
                Some(layer) if layer > own_layer => findings.push(Finding::new(
                    path,
                    line,
                    format!("`{own}` uses `{used}`, which stands above it in the layer order"),
                )),
                Some(_) => {}
                None => findings.push(Finding::new(
                    path,
                    line,
                    format!(
                        "`crate::{used}` is no module of the layer order: name the module that defines it"
                    ),
                )),
            }
        }
    }
    findings
}

/// The crate's root declares the modules in the layer order.
fn declarations(path: &str, source: &Source) -> Vec<Finding> {
    let mut declared: Vec<(usize, usize)> = LAYERS
        .iter()
        .enumerate()
        .filter_map(|(rank, layer)| Some((source.find(&format!("mod {layer};")).first().copied()?, rank)))
        .collect();
    declared.sort_unstable();
    declared
        .windows(2)
        .filter(|pair| pair[0].1 > pair[1].1)
        .map(|pair| {
            Finding::new(path, pair[1].0, format!("`{}` is out of the layer order", LAYERS[pair[1].1]))
        })
        .collect()
}

/// How many `super::` lead from the file's module to the crate's root.
fn depth(inside: &str) -> usize {
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// The modules below the crate's root that the code names, with positions.
fn uses(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let code = source.code.as_str();
    let mut found = Vec::new();
    for at in positions(code, "crate") {
        if let Some(rest) = code[at + "crate".len()..].trim_start().strip_prefix("::") {
            found.extend(first_names(rest).into_iter().map(|name| (at, name)));
        }
    }
    // `super::super::train` from two levels down reaches the same root.
    let climb = "super::".repeat(depth);
    for at in positions(code, &climb) {
        let continues = code[..at].ends_with("super::");
        let rest = &code[at + climb.len()..];
        if !continues && !rest.starts_with("super") && !rest.trim_start().starts_with('*') {
            found.extend(first_names(rest).into_iter().map(|name| (at, name)));
        }
    }
    found
}

/// `a::b` gives `a`; `{a::b, c::{d, e}}` gives `a` and `c`.
fn first_names(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let Some(group) = rest.strip_prefix('{') else {
        return leading_name(rest).into_iter().collect();
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut starts = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && !c.is_whitespace() => {
                names.extend(leading_name(&group[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    names
}

fn leading_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|f| f.line).collect()
    }

    #[test]
    fn looking_down_is_fine_and_looking_up_is_found() {
        let good = "use crate::{num::Matrix, stats::{self, Estimate}};\nuse super::Dataset;\n\
                    /// See [`crate::train`].\nfn f() { crate::num::product(\"crate::train\") }\n\
                    #[cfg(test)]\nmod tests {\n    use crate::train::train;\n}\n";
        assert_eq!(lines("rivalry/src/data/split.rs", good), []);
        let bad = "use crate::{num::Matrix, train::{Job, num}};\nuse crate::sweep;\n\
                   fn f() { super::super::store::open() }\nuse crate :: report :: Report;\n";
        assert_eq!(lines("rivalry/src/data/split.rs", bad), [1, 2, 4, 3]);
        assert_eq!(lines("rivalry/src/data/mod.rs", "use super::train::train;\n"), [1]);
        assert_eq!(lines("rivalry/src/spec.rs", "use super::train::train;\n"), [1]);
    }

    #[test]
    fn unknown_modules_are_found() {
        assert_eq!(lines("rivalry/src/utils.rs", ""), [1]);
        assert_eq!(lines("rivalry/src/train/mod.rs", "use crate::Everything;\n"), [1]);
        assert_eq!(lines("rivalry/src/lib.rs", "pub mod num;\npub mod data;\npub mod stats;\n"), [3]);
        assert_eq!(lines("rivalry/src/lib.rs", "pub mod num;\npub mod stats;\npub mod sweep;\n"), []);
        assert_eq!(lines("rivalry-cli/src/utils.rs", "use crate::args;\n"), []);
    }
}
