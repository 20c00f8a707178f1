//! The ways in which a file, or what should become one, is wrong.

use super::{MAX_ARRAYS, MAX_HEADER_DEPTH, MAX_NAME_BYTES, MAX_RANK, VERSION};

/// A way in which a file, or what should become one, is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FileError {
    /// There is not even a head and a trailer.
    #[error("cut short: {bytes} bytes are less than the smallest file has")]
    TooShort {
        /// The length of the file.
        bytes: u64,
    },
    /// The first bytes are others.
    #[error("not a run file: it does not begin with the mark of one")]
    NotARunFile,
    /// A whole file from a later program.
    #[error("written in format {found}, this program reads formats up to {VERSION}")]
    NewerFormat {
        /// Its version.
        found: u64,
    },
    /// A header or a table longer than any that is written.
    #[error("the header has {bytes} bytes, more than the {limit} allowed")]
    HeaderTooLong {
        /// The length that it has or promises.
        bytes: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// The header is nested too deeply.
    #[error("the header is nested more than {MAX_HEADER_DEPTH} levels deep")]
    HeaderTooDeep,
    /// The first checksum does not fit.
    #[error("the header is damaged: its checksum does not fit")]
    HeaderChecksum,
    /// The header is not JSON, or the table is not a table.
    #[error("the header is not what it should be: {reason}")]
    BadHeader {
        /// What the JSON reader says, with line and column.
        reason: String,
    },
    /// More arrays than allowed.
    #[error("{count} arrays, more than the {MAX_ARRAYS} allowed")]
    TooManyArrays {
        /// How many.
        count: usize,
    },
    /// An array without a name or with a very long one.
    #[error("an array's name has {bytes} bytes, not 1 to {MAX_NAME_BYTES}")]
    BadArrayName {
        /// The length of the name.
        bytes: usize,
    },
    /// Two arrays of one name.
    #[error("two arrays are called {name:?}")]
    DuplicateArray {
        /// That name.
        name: String,
    },
    /// Numbers of a type that this format does not have.
    #[error("array {name:?} holds {dtype:?}, which is none of f32, f64, u32, u8 and i64")]
    UnknownDtype {
        /// The array.
        name: String,
        /// What its numbers are said to be.
        dtype: String,
    },
    /// More dimensions than allowed.
    #[error("array {name:?} has {rank} dimensions, more than the {MAX_RANK} allowed")]
    TooManyDimensions {
        /// The array.
        name: String,
        /// How many dimensions.
        rank: usize,
    },
    /// More numbers than any memory holds.
    #[error("array {name:?} of shape {shape:?} is too large for this machine")]
    TooLarge {
        /// The array.
        name: String,
        /// Its lengths.
        shape: Vec<usize>,
    },
    /// An array that does not begin where the one before it ends.
    #[error("array {name:?} is said to begin at {found}, the one before it ends at {expected}")]
    BadOffset {
        /// The array.
        name: String,
        /// Where it has to begin.
        expected: u64,
        /// Where it is said to begin.
        found: u64,
    },
    /// The file ends before the arrays and the trailer do.
    #[error("cut short: {found} bytes of at least {expected} are there")]
    Cut {
        /// The length that the header promises.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// The file goes on after its end.
    #[error("{found} bytes, {expected} expected: something was appended")]
    Trailing {
        /// The length that the header promises.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// The last checksum does not fit.
    #[error("damaged: the checksum does not fit")]
    Checksum,
    /// Bytes between arrays that are not zero.
    #[error("array {name:?} is followed by bytes that belong to no array")]
    Padding {
        /// The array before them.
        name: String,
    },
    /// A shape and values that do not fit together.
    #[error("array {name:?} of shape {shape:?} was given {found} values")]
    WrongLength {
        /// The array.
        name: String,
        /// Its lengths.
        shape: Vec<usize>,
        /// The number of values.
        found: usize,
    },
    /// An array that was asked for is not there.
    #[error("there is no array {name:?}")]
    NoSuchArray {
        /// Its name.
        name: String,
    },
    /// An array that was asked for holds other numbers.
    #[error("array {name:?} holds {found}, not {wanted}")]
    OtherDtype {
        /// Its name.
        name: String,
        /// What was asked for.
        wanted: &'static str,
        /// What there is.
        found: &'static str,
    },
}

impl FileError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NewerFormat { .. } => "read it with the program that wrote it, or a newer one",
            Self::NotARunFile => "only files that this program wrote belong here",
            Self::HeaderTooLong { .. } | Self::TooManyArrays { .. } | Self::HeaderTooDeep => {
                "long lists belong into arrays"
            }
            Self::NoSuchArray { .. } | Self::OtherDtype { .. } => {
                "the file is whole but another version of the program may have written it"
            }
            _ => "run the command that made it again: what is missing is computed again",
        }
    }
}
