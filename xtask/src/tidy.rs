//! Checks on the tree: what the compiler and clippy cannot see, stated in
//! `ARCHITECTURE.md` as things that are deliberately not there.
//!
//! A check reads the tree and returns findings. It never writes, never runs
//! anything, and carries a test on a good and on a bad sample.

mod absences;
mod documents;
mod drawers;
mod layers;
mod manifests;
mod marks;
mod promises;
mod references;
mod shape;

use std::fmt;
use std::path::Path;

use crate::tree::Tree;

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// A check: its name, what it guards, and how.
struct Check {
    name: &'static str,
    guards: &'static str,
    find: fn(&Tree) -> Vec<Finding>,
}

const CHECKS: [Check; 19] = [
    Check {
        name: "layers",
        guards: "a library module uses only the modules before it in the layer order",
        find: layers::check,
    },
    Check {
        name: "absences",
        guards: "what one module alone may do is done nowhere else: print, write files, start threads, loop over epochs",
        find: absences::check,
    },
    Check { name: "heads", guards: "each Rust file starts by saying what it is", find: shape::heads },
    Check { name: "length", guards: "a file is short enough to need no tour", find: shape::length },
    Check {
        name: "orphans",
        guards: "each Rust file is compiled: its parent declares it",
        find: shape::orphans,
    },
    Check {
        name: "drawers",
        guards: "each kind in a drawer has its `mod` line, its table line and its row in the documentation",
        find: drawers::check,
    },
    Check {
        name: "promises",
        guards: "the promises that the documentation lists and those that tests name are the same",
        find: promises::check,
    },
    Check {
        name: "references",
        guards: "numbers of others name the script and the versions that made them, and a test reads them",
        find: references::check,
    },
    Check { name: "stubs", guards: "no stubs, no skipped tests, no notes to self", find: marks::stubs },
    Check { name: "reasons", guards: "each lint exception and each ban says why", find: marks::reasons },
    Check { name: "paths", guards: "no path of one person's machine", find: marks::absolute_paths },
    Check {
        name: "links",
        guards: "relative links in the documentation lead somewhere",
        find: documents::links,
    },
    Check {
        name: "length of documents",
        guards: "README and ARCHITECTURE stay readable",
        find: documents::length,
    },
    Check {
        name: "code map",
        guards: "ARCHITECTURE describes each module, in the layer order",
        find: documents::code_map,
    },
    Check { name: "index", guards: "docs/README.md links each page", find: documents::index },
    Check { name: "pickle", guards: "nothing in the dependency tree can unpickle", find: manifests::pickle },
    Check {
        name: "manifests",
        guards: "members take dependencies from the workspace",
        find: manifests::members,
    },
    Check { name: "versions", guards: "one version everywhere", find: manifests::versions },
    Check {
        name: "dependencies",
        guards: "each direct dependency has its reason on the decision page, and the count there is true",
        find: manifests::dependencies,
    },
];

/// What each check guards, a line each.
pub(crate) fn list() -> String {
    CHECKS.iter().map(|c| format!("{:<20} {}", c.name, c.guards)).collect::<Vec<_>>().join("\n")
}

/// Runs all checks; the error lists all findings.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let tree = Tree::read(root).map_err(|e| format!("{}: {e}", root.display()))?;
    let mut lines = Vec::new();
    for check in &CHECKS {
        let mut findings = (check.find)(&tree);
        findings.sort();
        lines.extend(findings.iter().map(|f| format!("{f} [{}]", check.name)));
    }
    if lines.is_empty() {
        println!("tidy: {} checks over {} files, nothing found", CHECKS.len(), tree.texts().count());
        return Ok(());
    }
    Err(format!("{}\ntidy: {} found", lines.join("\n"), lines.len()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        if let Err(findings) = super::run(&crate::run::root()) {
            panic!("{findings}");
        }
    }
}
