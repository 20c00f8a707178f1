//! The Python package: builds the wheel as its users do, installs it in an
//! environment of its own below `target`, and runs its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::run as start;

/// A wheel larger than this is too large to try something out.
const LARGEST_WHEEL: u64 = 15_000_000;

/// Whether there is a Python that can make an environment and run the tests.
pub(crate) fn is_there() -> bool {
    let asked = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
    Command::new("python3").args(["-c", asked]).output().is_ok_and(|output| output.status.success())
}

/// Builds, installs, tests.
pub(crate) fn test(root: &Path) -> Result<(), String> {
    let home = root.join("target/python");
    let environment = home.join("environment");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        start(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]).args(arguments);
        start(&mut command)
    };
    pip(&["install", "--requirement", "rivalry-py/tests/requirements.txt"])?;
    let wheels = home.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(|e| format!("{}: {e}", wheels.display()))?;
    }
    pip(&["wheel", ".", "--no-deps", "--wheel-dir", &wheels.to_string_lossy()])?;
    let wheel = only_file(&wheels)?;
    let bytes = fs::metadata(&wheel).map_err(|e| format!("{}: {e}", wheel.display()))?.len();
    println!("python: the wheel has {:.1} MB", bytes as f64 / 1e6);
    if bytes > LARGEST_WHEEL {
        return Err(format!("{}: {bytes} bytes are more than {LARGEST_WHEEL}", wheel.display()));
    }
    pip(&["install", "--force-reinstall", "--no-deps", &wheel.to_string_lossy()])?;
    let mut tests = Command::new(&python);
    tests.args(["-m", "pytest"]).env("RIVALRY_ROOT", root);
    start(&mut tests)
}

fn only_file(folder: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    match (files.pop(), files.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(format!("{}: not one wheel", folder.display())),
    }
}
