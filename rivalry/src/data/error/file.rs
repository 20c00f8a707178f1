//! What can be wrong with a file as a whole, whatever its kind.

/// Why a file could not be opened, recognised, read within the limits, or
/// written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is nothing at this path.
    #[error("there is no such file or folder")]
    NotFound,
    /// The operating system refused.
    #[error("cannot {action} it: {reason}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        reason: String,
    },
    /// Neither a regular file nor a folder.
    #[error("expected a file or a folder, found something else (a device, a pipe or a socket)")]
    NotAFile,
    /// A folder where a file is needed, or the reverse.
    #[error("expected a {expected}")]
    Kind {
        /// File or folder.
        expected: &'static str,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// Neither the content nor the name says what it is.
    #[error("unknown kind of file: neither its content nor its name is one of {known}")]
    Unknown {
        /// The suffixes that are known.
        known: String,
    },
    /// The name says one kind, the content another.
    #[error("the name says {expected}, but the content is not")]
    NameLies {
        /// What the name says.
        expected: &'static str,
    },
    /// A kind of file that is recognised but not read.
    #[error("this is {what}, which is not read here")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// How to get from there to a kind that is read.
        advice: &'static str,
    },
    /// The content would have to be unpickled, which can run any program.
    #[error("pickled data are refused: reading them can run any program ({what})")]
    Pickled {
        /// What gave it away.
        what: String,
    },
    /// More of something than the limits allow.
    #[error("too many {what}: {found}, at most {limit} are read")]
    OverLimit {
        /// Of what.
        what: &'static str,
        /// How many there are, or were when counting stopped.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The file was changed by somebody else between two readings.
    #[error("the file changed while it was read")]
    Changed,
    /// This kind of file cannot hold a data set.
    #[error("a file of kind `{format}` cannot hold a whole data set")]
    CannotHold {
        /// The kind.
        format: &'static str,
    },
    /// This kind of file is read only.
    #[error("files of kind `{format}` are read, not written")]
    ReadOnly {
        /// The kind.
        format: &'static str,
    },
    /// There is something at the path to be written, and it is a folder.
    #[error("there is already something here")]
    Exists,
    /// A modality's name cannot be part of a file name or column name.
    #[error("modality `{name}` cannot become {what}")]
    UnfitName {
        /// The name.
        name: String,
        /// What it would become.
        what: &'static str,
    },
}

impl FileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("check the path; `demo` and `demo:nutrimouse` need no file"),
            Self::Io { .. } => Some("check the path, its permissions and the room on the disk"),
            Self::NotAFile => Some("save the data to a file first"),
            Self::Kind { .. } => None,
            Self::Empty => Some("was it saved completely?"),
            Self::Unknown { .. } => Some("save an `.npz`: `numpy.savez(path, image=x1, text=x2, y=labels)`"),
            Self::NameLies { .. } => Some("rename the file after what it is, or save it again"),
            Self::Foreign { advice, .. } => Some(advice),
            Self::Pickled { .. } => {
                Some("save plain arrays instead: numbers or fixed-length strings, no `dtype=object`")
            }
            Self::OverLimit { .. } => Some(
                "if the data really are this large, use a plain (uncompressed) format, or raise `Limits` in the library",
            ),
            Self::Changed => Some("wait until it is complete and try again"),
            Self::CannotHold { .. } | Self::ReadOnly { .. } => Some("write an `.npz`, a `.csv`, or a folder"),
            Self::Exists => Some("choose a path that does not exist yet"),
            Self::UnfitName { .. } => Some("rename the modality, or write an `.npz`"),
        }
    }
}
