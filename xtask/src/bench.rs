//! The comparisons with others: each folder under `benchmarks/` has a `run.py`
//! that runs both sides in one go and prints the figures.

use std::path::Path;
use std::process::Command;

use crate::reference::{choose, python, with_file};

/// Runs the comparisons of these names, or all.
pub(crate) fn run(root: &Path, names: &[&str]) -> Result<(), String> {
    let all = with_file(&root.join("benchmarks"), "run.py")?;
    let python = python()?;
    for name in choose(&all, names)? {
        println!("bench: {name}");
        crate::run::run(Command::new(python).arg(root.join("benchmarks").join(name).join("run.py")))?;
    }
    Ok(())
}
