//! Every way in which data can be wrong, each its own variant with a hint.

mod file;
mod layout;
mod mat;
mod npy;
mod parquet;
mod prediction;
mod safetensors;
mod table;
mod zip;

use std::fmt;

pub use file::FileError;
pub use layout::LayoutError;
pub use mat::MatError;
pub use npy::NpyError;
pub use parquet::ParquetError;
pub use prediction::PredictionError;
pub use safetensors::SafetensorsError;
pub use table::TableError;
pub use zip::ZipError;

/// Whose name is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A modality.
    Modality,
    /// A class.
    Class,
    /// A group.
    Group,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modality => "modality",
            Self::Class => "class",
            Self::Group => "group",
        })
    }
}

/// A part of a given split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Training rows.
    Train,
    /// Validation rows.
    Valid,
    /// Test rows.
    Test,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

/// Why there is no data set. Rows and columns count from 0, lines of text
/// files from 1. Texts that came from a file are shown escaped and shortened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The error happened in this place (a file, usually).
    #[error("{place}: {error}")]
    In {
        /// Where.
        place: String,
        /// What.
        error: Box<DataError>,
    },
    /// A file could not be opened, recognised or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Bytes are not an array.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// Bytes are not an archive.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// A text table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Arrays do not fit together.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Bytes are not a file of tensors.
    #[error(transparent)]
    Safetensors(#[from] SafetensorsError),
    /// Bytes are not a MATLAB file of arrays.
    #[error(transparent)]
    Mat(#[from] MatError),
    /// Bytes are not a parquet file of a table.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    /// A file holds no predictions, labels or groups.
    #[error(transparent)]
    Prediction(#[from] PredictionError),

    /// There is no modality.
    #[error("no modality: expected at least one matrix of features")]
    NoModalities,
    /// There is no sample, or only one.
    #[error("expected at least 2 samples, found {n_samples}")]
    TooFewSamples {
        /// How many there are.
        n_samples: usize,
    },
    /// More samples than row numbers can count.
    #[error("too many samples: {n_samples}, at most {}", u32::MAX)]
    TooManySamples {
        /// How many there are.
        n_samples: usize,
    },
    /// A modality has no column.
    #[error("modality `{modality}`: expected at least one column, found none")]
    NoColumns {
        /// Which.
        modality: String,
    },
    /// Two things that describe the same samples have different lengths.
    #[error("expected equal numbers of rows, found {first_rows} in {first} and {second_rows} in {second}")]
    RowsDiffer {
        /// The first of them.
        first: String,
        /// Its rows.
        first_rows: usize,
        /// The other one.
        second: String,
        /// Its rows.
        second_rows: usize,
    },
    /// A feature is NaN or infinite.
    #[error("modality `{modality}`, row {row}, column {column}: expected a finite number, found {}{}", show_value(*.value), and_more(*.more))]
    NotFinite {
        /// Which modality.
        modality: String,
        /// First row of such a value.
        row: usize,
        /// Its column.
        column: usize,
        /// The value.
        value: f64,
        /// How many more there are in this modality.
        more: usize,
    },

    /// A name is empty.
    #[error("{of} name: expected a name, found an empty one")]
    NameEmpty {
        /// Whose.
        of: Named,
    },
    /// A name is too long.
    #[error("{of} `{name}`: a name has at most {} characters, this one has {n_chars}", super::MAX_NAME_CHARS)]
    NameTooLong {
        /// Whose.
        of: Named,
        /// Its beginning.
        name: String,
        /// Its length.
        n_chars: usize,
    },
    /// A name holds a control character or one that hides or reorders text.
    #[error("{of} `{name}`: a name must be printable, found the character U+{:04X}", u32::from(*.character))]
    NameNotPrintable {
        /// Whose.
        of: Named,
        /// The name, escaped.
        name: String,
        /// The character.
        character: char,
    },
    /// A name begins or ends with a blank.
    #[error("{of} `{name}`: a name must not begin or end with a blank")]
    NamePadded {
        /// Whose.
        of: Named,
        /// The name.
        name: String,
    },
    /// A modality's name holds a character with a meaning elsewhere.
    #[error("modality `{name}`: `{character}` is not allowed {}", if *.character == '.' { "at the beginning" } else { "in a name" })]
    NameCharacter {
        /// The name.
        name: String,
        /// The character.
        character: char,
    },
    /// Two modalities share a name.
    #[error("modality `{name}`: expected distinct names, found this one twice")]
    DuplicateModality {
        /// The name.
        name: String,
    },
    /// Two classes share a name.
    #[error("class `{name}`: expected distinct names, found this one twice")]
    DuplicateClass {
        /// The name.
        name: String,
    },

    /// All samples are of one class.
    #[error("labels: expected at least 2 classes, found only `{class}`")]
    OneClass {
        /// The class.
        class: String,
    },
    /// An integer label is not a position in the list of class names.
    #[error(
        "labels, row {row}: expected a number below {n_classes} (there are {n_classes} class names), found {label}"
    )]
    LabelOutOfRange {
        /// First row with it.
        row: usize,
        /// The label.
        label: i64,
        /// Number of class names.
        n_classes: usize,
    },
    /// A label is not among the class names.
    #[error("labels, row {row}: `{label}` is not among the class names")]
    UnknownLabel {
        /// First row with it.
        row: usize,
        /// The label.
        label: String,
    },
    /// A class is named but no sample has it.
    #[error("class `{class}`: no sample has this label")]
    ClassWithoutSamples {
        /// The class.
        class: String,
    },

    /// A given part is empty.
    #[error("split, {part}: expected at least one row, found none")]
    EmptyPart {
        /// Which.
        part: Part,
    },
    /// A row number of a given part does not exist.
    #[error("split, {part}: row {row} does not exist (there are {n_samples} rows, counted from 0)")]
    SplitOutOfRange {
        /// Which part.
        part: Part,
        /// The row number.
        row: u32,
        /// How many rows there are.
        n_samples: usize,
    },
    /// A part names a row twice.
    #[error("split, {part}: row {row} is named twice")]
    SplitRepeats {
        /// Which part.
        part: Part,
        /// The row number.
        row: u32,
    },
    /// A row is in two parts.
    #[error("split: row {row} is in both {first} and {second}")]
    SplitOverlaps {
        /// One part.
        first: Part,
        /// The other.
        second: Part,
        /// The row number.
        row: u32,
    },
    /// A class has no training sample in a given split.
    #[error("split: class `{class}` has no training sample{}", in_fold(*.fold))]
    ClassNotInTrain {
        /// The class.
        class: String,
        /// When that fold is tested.
        fold: Option<u32>,
    },
    /// The given folds are all one.
    #[error("split: expected at least 2 folds, found only fold {fold}")]
    OneFold {
        /// Its number.
        fold: u32,
    },
    /// The number of folds is below 2 or above what the samples allow.
    #[error("split: cannot make {k} folds of {available} {what}")]
    FoldCount {
        /// Folds asked for.
        k: usize,
        /// What can be dealt.
        available: usize,
        /// Of what: samples or groups that a class can spare.
        what: &'static str,
    },
    /// A hold-out share is not between 0 and 1.
    #[error("split: expected a test share above 0 and below 1, found {share}")]
    HoldOutShare {
        /// The share.
        share: f64,
    },
    /// Nothing can be held out.
    #[error("split: nothing can be tested: every {what} holds all that there is of a class")]
    NothingToTest {
        /// Sample or group.
        what: &'static str,
    },
}

impl DataError {
    /// The same error, said to have happened in `place`: a file around a
    /// member, a member around a line.
    pub fn at(self, place: &str) -> Self {
        const LONGEST: usize = 400;
        let place = escaped(place, LONGEST);
        match self {
            Self::In { place: inner, error } => Self::In { place: format!("{place}, {inner}"), error },
            error => Self::In { place, error: Box::new(error) },
        }
    }

    /// The error without its place.
    pub fn root(&self) -> &Self {
        match self {
            Self::In { error, .. } => error.root(),
            error => error,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::In { error, .. } => return error.hint(),
            Self::File(error) => return error.hint().map(str::to_owned),
            Self::Npy(error) => return error.hint().map(str::to_owned),
            Self::Zip(error) => return error.hint().map(str::to_owned),
            Self::Table(error) => return error.hint().map(str::to_owned),
            Self::Layout(error) => return error.hint().map(str::to_owned),
            Self::Safetensors(error) => return error.hint().map(str::to_owned),
            Self::Mat(error) => return error.hint().map(str::to_owned),
            Self::Parquet(error) => return error.hint().map(str::to_owned),
            Self::Prediction(error) => return error.hint().map(str::to_owned),
            Self::NoModalities => "give one 2-D array per modality, or name them with `--modality`",
            Self::TooFewSamples { .. } => "check that the file is complete",
            Self::TooManySamples { .. } => "use a part of the samples",
            Self::NoColumns { .. } => "leave this modality out",
            Self::RowsDiffer { .. } => {
                "every modality, the labels and the groups need one row per sample, in the same order"
            }
            Self::NotFinite { .. } => {
                "drop these samples or columns, or fill in values (from training rows only) before loading"
            }
            Self::NameEmpty { .. } | Self::NamePadded { .. } | Self::NameNotPrintable { .. } => {
                "clean the names before saving the data"
            }
            Self::NameTooLong { of: Named::Class, .. } => {
                "is this column really the label? If so, shorten the class names"
            }
            Self::NameTooLong { .. } => "use a shorter name",
            Self::NameCharacter { .. } => {
                "rename it: modality names become part of file names, and reports join them with `+`"
            }
            Self::DuplicateModality { .. } => "rename one of the two",
            Self::DuplicateClass { .. } => "name every class once",
            Self::OneClass { .. } => "is this really the label? Name another one with `--label`",
            Self::LabelOutOfRange { .. } => {
                "class names are counted from 0: give one name per class, or leave `class_names` out"
            }
            Self::UnknownLabel { .. } => "add it to the class names, or leave `class_names` out",
            Self::ClassWithoutSamples { .. } => "remove it from the class names",
            Self::EmptyPart { part: Part::Valid } => {
                "leave `valid` out: validation samples are then taken from the training samples"
            }
            Self::EmptyPart { .. } => "leave the split out to have one made",
            Self::SplitOutOfRange { .. } => "row numbers count from 0",
            Self::SplitRepeats { .. } => "name every row once",
            Self::SplitOverlaps { .. } => "a sample may be in one part only",
            Self::ClassNotInTrain { .. } => "move one of its samples into training, or drop the class",
            Self::OneFold { .. } => "give every sample the number of the fold that tests it",
            Self::FoldCount { .. } => "ask for fewer folds (at least 2)",
            Self::HoldOutShare { .. } => "0.2 tests a fifth of the samples",
            Self::NothingToTest { .. } => "merge or drop classes that have a single sample or group",
        };
        Some(hint.to_owned())
    }
}

/// A text from outside, made fit for one line of a terminal: escaped, and cut
/// after 60 characters.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    escaped(text, LONGEST)
}

fn escaped(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == longest {
            out.push_str("...");
            break;
        }
        if super::names::is_unprintable(c) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Names in backticks, at most eight of them, for a message.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 8;
    let mut texts: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for name in names {
        if texts.len() < MOST { texts.push(format!("`{}`", shown(name))) } else { more += 1 }
    }
    match (texts.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => texts.join(", "),
        (false, more) => format!("{} and {more} more", texts.join(", ")),
    }
}

/// The names close to one that is not there, or else all that are.
fn did_you_mean(nearest: &[String], found: &str) -> String {
    if nearest.is_empty() {
        return format!(", only {found}");
    }
    format!(": did you mean {}?", nearest.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or "))
}

fn show_value(value: f64) -> &'static str {
    if value.is_nan() { "NaN" } else { ["-infinity", "infinity"][usize::from(value > 0.0)] }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more in this modality)") }
}

fn in_fold(fold: Option<u32>) -> String {
    fold.map_or(String::new(), |f| format!(" when fold {f} is tested"))
}
