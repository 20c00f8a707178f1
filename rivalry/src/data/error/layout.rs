//! The ways in which readable arrays fail to make a data set.

/// Why arrays (of an archive or a folder) do not fit together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is no label array.
    #[error("no labels: expected an array named `{expected}`, found {found}")]
    NoLabels {
        /// The name looked for.
        expected: String,
        /// The names that are there.
        found: String,
    },
    /// Two arrays could be the labels.
    #[error("both `{first}` and `{second}` could be the labels")]
    TwoLabels {
        /// One array.
        first: String,
        /// The other.
        second: String,
    },
    /// No array has the name asked for.
    #[error("there is no array `{name}`{}", super::did_you_mean(.nearest, .found))]
    NoArray {
        /// The name.
        name: String,
        /// Names close to it.
        nearest: Vec<String>,
        /// The names that are there.
        found: String,
    },
    /// Several arrays fit one modality's pattern.
    #[error("modality `{modality}`: several arrays fit `{pattern}`: {found}")]
    SeveralFit {
        /// The modality.
        modality: String,
        /// The pattern.
        pattern: String,
        /// The arrays.
        found: String,
    },
    /// One array is asked for in two roles, or as a modality though it is the
    /// label.
    #[error("array `{name}` would have two roles")]
    TwoRoles {
        /// The array.
        name: String,
    },
    /// A modality's array holds text.
    #[error("modality `{modality}`: expected numbers, found text")]
    TextFeatures {
        /// The modality.
        modality: String,
    },
    /// An integer feature is too large to be exact as a floating-point number.
    #[error(
        "modality `{modality}`, row {row}, column {column}: the integer {value} is beyond 2^53 and would be rounded"
    )]
    WouldRound {
        /// The modality.
        modality: String,
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The integer.
        value: i64,
    },
    /// A list has more than one column.
    #[error("{what}: expected one value per row, found an array of shape {shape}")]
    NotAList {
        /// Which list.
        what: &'static str,
        /// Its shape.
        shape: String,
    },
    /// A label, group, fold or row number is not a whole number.
    #[error("{what}, entry {entry}: expected a whole number{}, found {value}", or_text(.what))]
    NotWhole {
        /// Which list.
        what: &'static str,
        /// Where, counted from 0.
        entry: usize,
        /// The value.
        value: f64,
    },
    /// A fold or row number is negative or too large.
    #[error("{what}, entry {entry}: expected a number from 0 to {}, found {value}", u32::MAX)]
    NotCountable {
        /// Which list.
        what: &'static str,
        /// Where, counted from 0.
        entry: usize,
        /// The value.
        value: i64,
    },
    /// A list of row numbers holds text.
    #[error("{what}: expected numbers, found text")]
    TextNumbers {
        /// Which list.
        what: &'static str,
    },
    /// A mask has another length than the data.
    #[error("{what}: a mask of {found} truth values for {expected} rows")]
    MaskLength {
        /// Which part.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The number of rows.
        expected: usize,
    },
    /// Both parts and folds are given.
    #[error("both a split (`{part}`) and folds (`fold`) are given")]
    SplitTwice {
        /// The part.
        part: &'static str,
    },
    /// Validation rows without training or test rows.
    #[error("`valid` is given without `train` and `test`")]
    ValidAlone,
    /// A folder holds two files for one name.
    #[error("both `{first}` and `{second}` could be `{name}`")]
    TwoFiles {
        /// The name.
        name: String,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A folder holds something that is no array.
    #[error("`{name}` is no array of a kind that is read ({known})")]
    StrayFile {
        /// The file or folder.
        name: String,
        /// The suffixes that are known.
        known: String,
    },
    /// A folder is empty.
    #[error("the folder holds no arrays")]
    EmptyFolder,
    /// A name of a file is not text.
    #[error("a file's name is not UTF-8: `{name}`")]
    FileName {
        /// The name, as far as it can be shown.
        name: String,
    },
}

impl LayoutError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoLabels { .. } | Self::TwoLabels { .. } => {
                Some("name the label array with `--label NAME`")
            }
            Self::NoArray { .. } => Some("names are case-sensitive"),
            Self::SeveralFit { .. } => Some("a modality is one array: name it fully"),
            Self::TwoRoles { .. } => {
                Some("every array has one role: modality, label, groups or part of the split")
            }
            Self::TextFeatures { .. } => Some(
                "is this the label or the groups? Name them with `--label` and `--groups`, or the modalities with `--modality`",
            ),
            Self::WouldRound { .. } => {
                Some("an identifier is no feature: leave the column out, or rescale it before saving")
            }
            Self::NotAList { what: "labels", .. } => {
                Some("one label per sample: turn one-hot rows into numbers with `argmax(1)`")
            }
            Self::NotAList { .. } => Some("save a 1-D array"),
            Self::NotWhole { what: "labels", .. } => Some(
                "is this the label? Classes are whole numbers or texts; name another array with `--label`",
            ),
            Self::NotWhole { what: "predictions", .. } => Some(
                "scores need one column per class (for two classes 1 - p and p), predicted classes are whole numbers or texts",
            ),
            Self::NotWhole { what, .. } if is_named(what) => Some("use whole numbers or texts"),
            Self::NotWhole { what: "fold", .. }
            | Self::NotCountable { what: "fold", .. }
            | Self::TextNumbers { what: "fold" } => {
                Some("give every row the number of the fold that tests it, counted from 0")
            }
            Self::NotWhole { .. } | Self::NotCountable { .. } | Self::TextNumbers { .. } => {
                Some("row numbers count from 0; a part may also be a mask of truth values")
            }
            Self::MaskLength { .. } => Some("a mask has one truth value per row"),
            Self::SplitTwice { .. } => Some("leave one of the two out"),
            Self::ValidAlone => Some("give `train` and `test` as well"),
            Self::TwoFiles { .. } => Some("keep one of the two"),
            Self::StrayFile { .. } => {
                Some("keep only arrays in this folder (README files and hidden files are ignored)")
            }
            Self::EmptyFolder => {
                Some("put one file per modality and a label file `y.npy` (or `y.csv`) into it")
            }
            Self::FileName { .. } => Some("rename the file"),
        }
    }
}

/// Whether the entries of this list may be texts.
fn is_named(what: &str) -> bool {
    matches!(what, "labels" | "predictions" | "ids" | "groups" | "class_names" | "modalities")
}

fn or_text(what: &str) -> &'static str {
    if is_named(what) { " or a text" } else { "" }
}
