//! The comparisons with others: each folder under `benchmarks/` has a `run.sh`
//! that runs both sides in one go and prints the figures.

use std::path::Path;
use std::process::Command;

use crate::reference::{choose, with_file};

/// Runs the comparisons of these names, or all.
pub(crate) fn run(root: &Path, names: &[&str]) -> Result<(), String> {
    let all = with_file(&root.join("benchmarks"), "run.sh")?;
    for name in choose(&all, names)? {
        println!("bench: {name}");
        crate::run::run(Command::new("bash").arg(root.join("benchmarks").join(name).join("run.sh")))?;
    }
    Ok(())
}
