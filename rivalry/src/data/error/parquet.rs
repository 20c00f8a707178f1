//! The ways in which a parquet file can be wrong.

/// Why bytes are not a parquet file of a table. Whatever the build, so that
/// matching does not depend on its features.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file does not end as a parquet file does.
    #[error("byte {at}: expected the end of a parquet file")]
    End {
        /// Where the file ends.
        at: u64,
    },
    /// The footer is damaged, or says what cannot be.
    #[error("the footer is damaged: {reason}")]
    Footer {
        /// What is wrong.
        reason: String,
    },
    /// The pages of a column are damaged, or say what cannot be.
    #[error("column `{column}`, row group {group}: {reason}")]
    Pages {
        /// The column.
        column: String,
        /// The row group, counted from 0.
        group: usize,
        /// What is wrong.
        reason: String,
    },
    /// A column holds what is neither numbers nor texts.
    #[error("column `{column}`: {kind} values are not read")]
    Kind {
        /// The column.
        column: String,
        /// What it holds.
        kind: &'static str,
    },
    /// A column is compressed or encoded in a way that is not read.
    #[error("column `{column}`: {what} is not read")]
    Coding {
        /// The column.
        column: String,
        /// The compression or encoding.
        what: String,
    },
    /// A text is no UTF-8.
    #[error("expected a text in UTF-8")]
    NotUtf8,
}

impl ParquetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Kind { .. } => {
                "make it numbers or texts before saving, or name the columns to read with `--modality` and `--label`"
            }
            Self::Coding { .. } => {
                "write it as pandas does by default: `frame.to_parquet(path, compression=\"snappy\")`"
            }
            Self::NotUtf8 => "save the column as texts",
            _ => "the file is damaged or incomplete: copy or save it again",
        })
    }
}
