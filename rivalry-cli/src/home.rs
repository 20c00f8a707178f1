//! Where the runs of a command are kept: the folder that the user named, or a
//! temporary one that is there only so that an interrupted command can go on.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use rivalry::store::{Store, StoreError};

use crate::session;

/// A store, and whether it is the user's.
pub(crate) struct Home {
    store: Store,
    is_temporary: bool,
}

impl Home {
    /// The store in the folder that the user named, made if missing.
    ///
    /// A folder that holds anything else is not taken: somebody has mistyped.
    pub(crate) fn named(path: &Path) -> Result<Self, StoreError> {
        let is_new = matches!(Store::open_existing(path), Err(StoreError::NotAStore { .. }));
        if is_new && is_occupied(path) {
            return Err(StoreError::Occupied { path: path.to_owned() });
        }
        Ok(Self { store: Store::open(path)?, is_temporary: false })
    }

    /// A store of this process alone; none where no temporary files can be
    /// made, and then an interrupted command begins again.
    pub(crate) fn temporary() -> Option<Self> {
        let base = std::env::temp_dir();
        let path = (0..1000).map(|n| base.join(format!("rivalry-{}-{n}", std::process::id()))).find_map(
            |path| match make_private(&path) {
                Ok(()) => Some(Some(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                Err(_) => Some(None),
            },
        )??;
        Some(Self { store: Store::open(&path).ok()?, is_temporary: true })
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The command line that goes on from here, or for a calling program what
    /// it has to ask.
    pub(crate) fn continuation(&self) -> String {
        if session::has_caller() {
            return format!("the same call with `--out {}`", self.store.root().display());
        }
        let mut words: Vec<OsString> = vec!["rivalry".into()];
        words.extend(session::words().into_iter().skip(1));
        if self.is_temporary {
            words.push("--out".into());
            words.push(self.store.root().into());
        }
        let words: Vec<String> = words.iter().map(|word| quoted(&word.to_string_lossy())).collect();
        format!("`{}`", words.join(" "))
    }

    /// The command has ended well: a temporary store has done its service.
    pub(crate) fn close(self) {
        if self.is_temporary {
            // What cannot be removed now the system clears away later.
            let _ = std::fs::remove_dir_all(self.store.root());
        }
    }
}

/// Whether a folder holds anything but hidden files, which an interrupted write
/// of a store leaves too.
fn is_occupied(path: &Path) -> bool {
    let is_shown = |entry: io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
    };
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.any(is_shown))
}

/// Makes a folder that was not there and that nobody else may enter.
fn make_private(path: &PathBuf) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+%@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        for (word, expected) in [
            ("demo", "demo"),
            ("--set", "--set"),
            ("a b", "'a b'"),
            ("img_*", "'img_*'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$(x)", "'$(x)'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
