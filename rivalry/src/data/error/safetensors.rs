//! The ways in which a `.safetensors` file can lie.

/// Why bytes are not a file of tensors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SafetensorsError {
    /// The file ends inside its header.
    #[error("byte {found}: the file ends inside its header")]
    HeaderCut {
        /// Where it ends.
        found: u64,
    },
    /// The header is not the JSON that it should be.
    #[error("byte {at}: {reason} in the header")]
    Header {
        /// Where.
        at: u64,
        /// What is wrong.
        reason: String,
    },
    /// A type of value that is not read.
    #[error("tensors of type `{dtype}` are not read")]
    Dtype {
        /// The type as the header has it.
        dtype: String,
    },
    /// A tensor's bytes are not as many as its type and shape need.
    #[error("its type and shape need {expected} bytes, its offsets give {found}")]
    Size {
        /// The need.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// A tensor's bytes do not begin where those of the one before it end.
    #[error("byte {at}: expected the tensor to begin at {expected}")]
    Gap {
        /// Where it begins.
        at: u64,
        /// Where it should.
        expected: u64,
    },
    /// The file is shorter than its tensors.
    #[error("byte {found}: the file ends here, but its header promises {expected} bytes")]
    Cut {
        /// Where it ends.
        found: u64,
        /// Where it should end.
        expected: u64,
    },
    /// The file is longer than its tensors.
    #[error("byte {expected}: the file should end here, but more follows ({extra} bytes)")]
    Trailing {
        /// Where it should end.
        expected: u64,
        /// How many follow.
        extra: u64,
    },
}

impl SafetensorsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Dtype { .. } => {
                "convert it with `.to(torch.float32)`: F64, F32, F16, BF16, integers and BOOL are read"
            }
            _ => "the file is damaged or incomplete: copy it, or save it again with `save_file`",
        })
    }
}
