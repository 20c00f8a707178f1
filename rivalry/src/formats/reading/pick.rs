//! Single arrays or columns of a file, chosen by their names.

use std::path::{Path, PathBuf};

use crate::data::DataError;

use super::options::OpenOptions;

/// What to read: one array, or columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The array, or the column as it is, at this position.
    One(usize),
    /// Columns of a table at these positions, as one matrix of numbers.
    Numbers(Vec<usize>),
}

/// Is shown the names of all arrays or columns and says which to read.
pub type Choose<'a> = &'a mut dyn FnMut(&[&str]) -> Result<Vec<Pick>, DataError>;

/// Which array or column of a file is meant, where not its only one is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickOptions {
    /// The array or column; for the scores of a table also a pattern of
    /// several columns, as in [`super::ModalityChoice`].
    pub name: Option<String>,
    /// The identifiers of the rows, if they are not named `id` or `ids`.
    pub ids: Option<String>,
    /// The kind of file, by its name in the table, when neither content nor
    /// suffix says it.
    pub format: Option<String>,
    /// Accept a text table whose last line does not end.
    pub allow_unterminated: bool,
}

impl Pick {
    /// The positions that are read.
    pub fn positions(&self) -> &[usize] {
        match self {
            Self::One(position) => std::slice::from_ref(position),
            Self::Numbers(positions) => positions,
        }
    }
}

impl PickOptions {
    /// Reads `FILE:NAME`: the file, and the array or column that is meant. A
    /// text that is the path of something, or has no colon, is a path alone.
    ///
    /// # Examples
    /// ```
    /// use rivalry::formats::PickOptions;
    /// let (path, options) = PickOptions::parse("runs/seed1.npz:logits");
    /// assert_eq!((path.to_str(), options.name.as_deref()), (Some("runs/seed1.npz"), Some("logits")));
    /// let (path, options) = PickOptions::parse("C:\\y.npy");
    /// assert_eq!((path.to_str(), options.name), (Some("C:\\y.npy"), None));
    /// ```
    pub fn parse(text: &str) -> (PathBuf, Self) {
        let alone = || (PathBuf::from(text), Self::default());
        let Some((path, name)) = text.rsplit_once(':') else { return alone() };
        // One letter before a colon is a drive, and a folder is no name.
        let is_drive = path.chars().count() == 1 && name.starts_with(['/', '\\']);
        if path.is_empty() || name.is_empty() || is_drive || Path::new(text).exists() {
            return alone();
        }
        (PathBuf::from(path), Self { name: Some(name.to_owned()), ..Self::default() })
    }

    /// What readers of data sets are told.
    pub(in crate::formats) fn for_readers(&self) -> OpenOptions {
        OpenOptions {
            label: self.name.clone(),
            format: self.format.clone(),
            allow_unterminated: self.allow_unterminated,
            ..OpenOptions::default()
        }
    }
}
