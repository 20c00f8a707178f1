//! The ways in which an `.npy` file, or a member of an `.npz`, can lie.

/// Why bytes are not an array. Positions are byte offsets from the start of
/// the array's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The first bytes are not those of the format.
    #[error("byte 0: expected the signature of an `.npy` array")]
    Signature,
    /// A version of the format that does not exist yet.
    #[error("byte 6: expected format version 1.0, 2.0 or 3.0, found {major}.{minor}")]
    Version {
        /// Its first number.
        major: u8,
        /// Its second number.
        minor: u8,
    },
    /// The file ends inside its header.
    #[error("byte {found}: the file ends inside the array's header")]
    HeaderCut {
        /// Where it ends.
        found: u64,
    },
    /// The header is not the dictionary that it should be.
    #[error("byte {at}: expected {expected} in the array's header")]
    HeaderSyntax {
        /// Where.
        at: usize,
        /// What should be there.
        expected: &'static str,
    },
    /// A key of the header is missing.
    #[error("the array's header lacks `{key}`")]
    HeaderLacks {
        /// The key.
        key: &'static str,
    },
    /// A key of the header is unknown or there twice.
    #[error("the array's header has `{key}`, which is unknown or there twice")]
    HeaderKey {
        /// The key.
        key: String,
    },
    /// A type of value that is not read.
    #[error("arrays of type `{descr}` are not read")]
    Dtype {
        /// The type as the header has it.
        descr: String,
    },
    /// The shape multiplies to more than can be counted.
    #[error("the shape {shape} multiplies to more values than can be counted")]
    ShapeOverflow {
        /// The shape.
        shape: String,
    },
    /// There are fewer bytes than the header promises.
    #[error("byte {found}: the array ends here, but its header promises {expected} bytes")]
    Cut {
        /// Where it ends.
        found: u64,
        /// Where it should end.
        expected: u64,
    },
    /// There are more bytes than the header promises.
    #[error("byte {expected}: the array should end here, but more follows ({extra} bytes)")]
    Trailing {
        /// Where it should end.
        expected: u64,
        /// How many follow.
        extra: u64,
    },
    /// Neither a list nor a matrix.
    #[error("expected a 1-D or 2-D array, found one of shape {shape}")]
    Dimensions {
        /// The shape.
        shape: String,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("value {index}: expected a truth value (0 or 1), found {byte}")]
    NotBool {
        /// Which value, counted from 0 in the order of the file.
        index: usize,
        /// The byte.
        byte: u8,
    },
    /// A text that is not Unicode.
    #[error("value {index}: expected a text in {encoding}")]
    NotText {
        /// Which value, counted from 0 in the order of the file.
        index: usize,
        /// How texts are encoded here.
        encoding: &'static str,
    },
    /// An unsigned integer above the largest signed one.
    #[error("value {index}: the integer {value} is above {}", i64::MAX)]
    Unsigned {
        /// Which value, counted from 0 in the order of the file.
        index: usize,
        /// The integer.
        value: u64,
    },
}

impl NpyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Signature | Self::Version { .. } => Some("save it again with `numpy.save`"),
            Self::HeaderCut { .. }
            | Self::Cut { .. }
            | Self::HeaderSyntax { .. }
            | Self::HeaderLacks { .. }
            | Self::HeaderKey { .. }
            | Self::ShapeOverflow { .. }
            | Self::Trailing { .. }
            | Self::NotBool { .. }
            | Self::NotText { .. } => Some("the file is damaged or incomplete: copy or save it again"),
            Self::Dtype { .. } => Some(
                "convert it with `.astype`: float16/32/64, integers, bool and fixed-length strings are read",
            ),
            Self::Dimensions { .. } => Some(
                "one row per sample: flatten the rest with `x.reshape(len(x), -1)`, or name the arrays to read with `--modality`",
            ),
            Self::Unsigned { .. } => Some("renumber the labels or groups from 0"),
        }
    }
}
