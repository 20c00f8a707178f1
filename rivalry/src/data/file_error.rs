//! Every way in which a file can be wrong.

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused.
    #[error("{action}: {reason}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        reason: String,
    },
}

impl FileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => Some("check the path and its permissions".to_owned()),
        }
    }
}
