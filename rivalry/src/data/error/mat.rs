//! The ways in which a MATLAB file can be wrong.

/// Why bytes are not a MATLAB file of arrays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatError {
    /// The file has no header of version 5.
    #[error("expected the header of a MATLAB file of version 5 to 7")]
    Header,
    /// The file ends inside a variable.
    #[error(
        "byte {found}: the file ends here, but the element that begins at byte {at} promises {len} bytes"
    )]
    Cut {
        /// Where it ends.
        found: u64,
        /// Where the element begins.
        at: u64,
        /// How many bytes it promises.
        len: u64,
    },
    /// A part of a variable is not what must be there.
    #[error("expected {expected}")]
    Expected {
        /// What.
        expected: &'static str,
    },
    /// A part of a variable is longer than the variable.
    #[error("a part promises {len} bytes where {left} are left")]
    Part {
        /// The promise.
        len: u64,
        /// What is left of the variable.
        left: u64,
    },
    /// A variable has more or fewer values than its shape says.
    #[error("its shape {shape} needs {expected} values, {found} are there")]
    Count {
        /// The shape.
        shape: String,
        /// The need.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// The compressed bytes are damaged.
    #[error("the compressed bytes are damaged")]
    Deflate,
    /// A variable of a class that holds no matrix.
    #[error("a {class} is not read")]
    Class {
        /// Its class.
        class: &'static str,
    },
    /// A text is not Unicode.
    #[error("expected a text in Unicode")]
    NotText,
    /// The vectors of a cell of labels differ.
    #[error("the label vectors of its views differ")]
    LabelsDiffer,
}

impl MatError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Header => "in MATLAB or Octave, save it with `save -v7 FILE X Y`",
            Self::Class { .. } => {
                "name the variables to read with `--modality` and `--label`, or save numeric matrices and cells of them (`X = full(s.X); save -v7 FILE X Y`)"
            }
            Self::LabelsDiffer => "save one label vector, in the order of the samples",
            _ => "the file is damaged or incomplete: copy or save it again",
        })
    }
}
