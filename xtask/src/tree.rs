//! The files of the repository, read once; what every tidy check looks at.

mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

pub(crate) use rust::{Source, positions};

/// Folders that hold what tools made, not what people wrote.
const SKIPPED: [&str; 10] = [
    ".git",
    "target",
    "runs",
    "artifacts",
    "corpus",
    "__pycache__",
    ".venv",
    "node_modules",
    ".pytest_cache",
    ".hypothesis",
];

/// All files, by path relative to the root with `/` between parts.
#[derive(Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    sources: BTreeMap<String, Source>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the tree under `root`.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        let mut folders = vec![(root.to_path_buf(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{prefix}{name}");
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    if !SKIPPED.contains(&name.as_str()) {
                        folders.push((entry.path(), format!("{path}/")));
                        tree.paths.insert(path);
                    }
                } else if kind.is_file() && name != ".git" {
                    // A file that is not text is known by its path alone.
                    match String::from_utf8(fs::read(entry.path())?) {
                        Ok(text) => tree.add(&path, text),
                        Err(_) => _ = tree.paths.insert(path),
                    }
                }
            }
        }
        Ok(tree)
    }

    /// A tree made up for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, (*text).to_owned());
            let mut folder = *path;
            while let Some((parent, _)) = folder.rsplit_once('/') {
                tree.paths.insert(parent.to_owned());
                folder = parent;
            }
        }
        tree
    }

    fn add(&mut self, path: &str, text: String) {
        if has_suffix(path, "rs") {
            self.sources.insert(path.to_owned(), Source::parse(path, &text));
        }
        self.paths.insert(path.to_owned());
        self.texts.insert(path.to_owned(), text);
    }

    /// Is there a file or a folder of this path?
    pub(crate) fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path.trim_end_matches('/'))
    }

    /// The text of one file, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// All text files, by path.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// One Rust file, if there is one.
    pub(crate) fn source(&self, path: &str) -> Option<&Source> {
        self.sources.get(path)
    }

    /// All Rust files, by path.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().map(|(path, source)| (path.as_str(), source))
    }
}

/// Does the file's name end in `.suffix`?
pub(crate) fn has_suffix(path: &str, suffix: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == suffix)
}

/// The 1-based line of a position in a text.
pub(crate) fn line_at(text: &str, position: usize) -> usize {
    text[..position].matches('\n').count() + 1
}
