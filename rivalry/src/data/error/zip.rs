//! The ways in which an `.npz` file, a zip archive, can lie.

/// Why bytes are not an archive of arrays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZipError {
    /// No record at the end says where the directory is.
    #[error("byte {end}: the archive ends here without its end record")]
    NoEnd {
        /// The size of the file.
        end: u64,
    },
    /// The archive is one of several volumes.
    #[error("the archive is one volume of several")]
    Volumes,
    /// A record does not begin with its signature, or is cut short.
    #[error("byte {at}: expected {what}")]
    Record {
        /// Where.
        at: u64,
        /// Which record.
        what: &'static str,
    },
    /// The directory is not where, or as long as, the end record says.
    #[error("byte {at}: the directory does not end where the end record begins")]
    Directory {
        /// Where it should end.
        at: u64,
    },
    /// The archive, or its directory, has more or fewer entries than it says.
    #[error("the directory has {found} entries, but the end record says {expected}")]
    Entries {
        /// Those that are there.
        found: u64,
        /// Those promised.
        expected: u64,
    },
    /// A member's name is not text.
    #[error("byte {at}: expected a member's name in UTF-8")]
    Name {
        /// Where its directory entry begins.
        at: u64,
    },
    /// Two members share a name.
    #[error("two members have this name")]
    Duplicate,
    /// A member is not an array.
    #[error("expected an array (a name ending in `.npy`)")]
    NotAnArray,
    /// A member is encrypted.
    #[error("the member is encrypted")]
    Encrypted,
    /// A member is compressed in a way that numpy does not use.
    #[error("expected a stored or deflated member, found compression method {method}")]
    Compression {
        /// Its number in the zip specification.
        method: u16,
    },
    /// The header before the member differs from the directory.
    #[error("byte {at}: the member's header and the directory disagree")]
    Disagree {
        /// Where the header is.
        at: u64,
    },
    /// Two members share bytes, or one lies outside the file.
    #[error("byte {at}: the member overlaps another one or the directory")]
    Overlap {
        /// Where it begins.
        at: u64,
    },
    /// The compressed bytes are no deflate stream.
    #[error("the compressed bytes are damaged")]
    Deflate,
    /// A member has fewer or more bytes than the directory says.
    #[error("expected {expected} bytes, found {}", if *.more { "more" } else { "fewer" })]
    Size {
        /// The promise.
        expected: u64,
        /// Whether there are more.
        more: bool,
    },
    /// The bytes of a member are not those that were written.
    #[error("the checksum does not match")]
    Checksum,
}

impl ZipError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Volumes | Self::Encrypted | Self::Compression { .. } => {
                Some("save it again with `numpy.savez` or `numpy.savez_compressed`")
            }
            Self::Duplicate => Some("save it again with distinct names"),
            Self::NotAnArray => {
                Some("save arrays with `numpy.savez`, or name the arrays to read with `--modality`")
            }
            _ => Some("the file is damaged or incomplete: copy or save it again"),
        }
    }
}
