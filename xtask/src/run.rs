//! Starting other programs: the tests, and what the build server runs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_path_buf()
}

/// Runs a program from the root; says so when it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.current_dir(root()).status().map_err(|e| format!("{shown}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {shown}")) }
}

/// Everything that tests anything, the Python package where Python is there.
/// All parts run, then the failures are named.
pub(crate) fn test(soak: bool, with_package: bool) -> Result<(), String> {
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    if soak {
        tests.env("RIVALRY_SOAK", "1");
    }
    let package = || {
        if !with_package {
            return Ok(());
        }
        if crate::python::is_there() {
            return crate::python::test(&root());
        }
        println!("python: the package was not tested; that needs `python3` from 3.11 on, with `venv`");
        Ok(())
    };
    let failures: Vec<String> = [run(&mut tests), crate::snippets::run(&root()), package()]
        .into_iter()
        .filter_map(Result::err)
        .collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// What the build server runs, from the same file.
pub(crate) fn ci() -> Result<(), String> {
    run(Command::new("bash").arg(".ci/run"))
}

/// Writes the page that lists what is in each drawer, from the tables, the example
/// figures, and what the PyTorch files of the strategies are tested against.
pub(crate) fn kinds() -> Result<(), String> {
    let mut test = Command::new("cargo");
    test.args(["test", "--quiet", "--package", "rivalry", "--test", "it", "--"]);
    test.args(["documentation", "golden::torch::snippets"]);
    run(test.env("RIVALRY_WRITE_DOCS", "1"))
}
