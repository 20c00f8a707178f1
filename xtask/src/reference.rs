//! The reference numbers, computed again: each folder under `reference/` has a
//! `make.py` that writes them, and with `--check` compares instead.

use std::path::Path;
use std::process::Command;

use crate::run::run as start;

/// Checks the folders of these names, or all.
pub(crate) fn run(root: &Path, names: &[&str]) -> Result<(), String> {
    let all = with_file(&root.join("reference"), "make.py")?;
    let chosen = choose(&all, names)?;
    let python = python()?;
    let mut failures = Vec::new();
    for name in chosen {
        println!("reference: {name}");
        let script = root.join("reference").join(name).join("make.py");
        failures.extend(start(Command::new(python).arg(script).arg("--check")).err());
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// The name under which Python 3 starts.
pub(crate) fn python() -> Result<&'static str, String> {
    let starts = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
    let found = ["python3", "python"].into_iter().find(starts);
    found.ok_or_else(|| "needs Python 3, and the packages that the folder's own page names".to_owned())
}

/// The folders below `parent` that hold a file of this name, sorted.
pub(crate) fn with_file(parent: &Path, file: &str) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|e| e.path().join(file).is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The names asked for, all of them when none was.
pub(crate) fn choose<'a>(all: &'a [String], names: &[&'a str]) -> Result<Vec<&'a str>, String> {
    for name in names {
        if !all.iter().any(|a| a == name) {
            return Err(format!("unknown `{name}`: choose among {}", all.join(", ")));
        }
    }
    Ok(if names.is_empty() { all.iter().map(String::as_str).collect() } else { names.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_chosen_among_what_is_there() {
        let all = ["scipy".to_owned(), "torch".to_owned()];
        assert_eq!(choose(&all, &[]).unwrap(), ["scipy", "torch"]);
        assert_eq!(choose(&all, &["torch"]).unwrap(), ["torch"]);
        assert_eq!(choose(&all, &["tf"]).unwrap_err(), "unknown `tf`: choose among scipy, torch");
    }
}
