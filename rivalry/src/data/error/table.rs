//! The ways in which a table can be wrong.

/// Why a text table cannot be read. Where the trouble has a line and a column
/// the place says so; both count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The bytes are no UTF-8 text.
    #[error("expected text in UTF-8")]
    NotUtf8,
    /// The bytes are UTF-16 text.
    #[error("expected text in UTF-8, found UTF-16")]
    Utf16,
    /// A quoted cell is never closed, or a quote stands inside a bare cell.
    #[error("a quotation mark (`\"`) has no partner")]
    Quote,
    /// The file does not end with a line break, so it may have been cut.
    #[error("the last line does not end: expected a line break at the end of the file")]
    Unterminated,
    /// A line has more or fewer cells than the first one.
    #[error("expected {expected} cells, found {found}")]
    Cells {
        /// Those of the first line.
        expected: usize,
        /// Those of this line.
        found: usize,
    },
    /// There is a header, or nothing, but no row.
    #[error("expected at least one row of values, found none")]
    NoRows,
    /// The first line holds numbers only.
    #[error("expected column names, found only numbers")]
    NoHeader,
    /// Two columns share a name.
    #[error("column `{name}` is there twice (columns {first} and {second})")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// The first of them, counted from 1.
        first: usize,
        /// The second of them.
        second: usize,
    },
    /// No column has the name asked for.
    #[error("there is no column `{name}`{}", super::did_you_mean(.nearest, .found))]
    NoColumn {
        /// The name.
        name: String,
        /// Names close to it.
        nearest: Vec<String>,
        /// The names that are there.
        found: String,
    },
    /// No column looks like the label.
    #[error("no label column: expected one named {expected}")]
    NoLabel {
        /// The usual names.
        expected: String,
    },
    /// Several columns could be the label, or the groups.
    #[error("columns {names} could all be the {role}")]
    Ambiguous {
        /// The columns.
        names: String,
        /// The role.
        role: &'static str,
    },
    /// A column belongs to no modality.
    #[error("column {column} (`{name}`) belongs to no modality")]
    NoModality {
        /// Its number, counted from 1.
        column: usize,
        /// Its name.
        name: String,
    },
    /// A column belongs to two modalities.
    #[error("column `{name}` belongs to both `{first}` and `{second}`")]
    TwoModalities {
        /// The column.
        name: String,
        /// One modality.
        first: String,
        /// The other.
        second: String,
    },
    /// A modality's pattern fits no column.
    #[error("modality `{modality}`: no column fits `{pattern}`")]
    NoMatch {
        /// The modality.
        modality: String,
        /// The pattern.
        pattern: String,
    },
    /// A cell is empty, or says that a value is missing.
    #[error("expected a {expected}, found {}", if .found.is_empty() { "an empty cell".to_owned() } else { format!("\"{found}\"") })]
    Missing {
        /// Number or label.
        expected: &'static str,
        /// The text of the cell.
        found: String,
    },
    /// A cell is not a number.
    #[error("expected a number, found \"{found}\"")]
    NotANumber {
        /// The text of the cell.
        found: String,
    },
    /// A cell is NaN, infinite, or beyond the range of numbers.
    #[error("expected a finite number, found \"{found}\"")]
    NotFinite {
        /// The text of the cell.
        found: String,
    },
    /// An integer is too large to be exact as a floating-point number.
    #[error("the integer {value} is beyond 2^53 and would be rounded")]
    WouldRound {
        /// The integer.
        value: i128,
    },
    /// A cell of the split column is none of its words.
    #[error("expected `train`, `valid`, `test` or an empty cell, found \"{found}\"")]
    SplitWord {
        /// The text of the cell.
        found: String,
    },
    /// The classes that the column of class names names are not 0 to K - 1.
    #[error("column `class_name` names classes by number, but the labels are not the numbers 0 to {}", .n_classes - 1)]
    ClassNumbers {
        /// How many distinct labels there are.
        n_classes: usize,
    },
    /// One class has two names.
    #[error("class {label} is named both `{first}` and `{second}`")]
    TwoClassNames {
        /// The number of the class.
        label: String,
        /// One name.
        first: String,
        /// The other.
        second: String,
    },
}

impl TableError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotUtf8 | Self::Utf16 => Some("save the table as UTF-8"),
            Self::Quote => {
                Some("put cells that hold quotation marks in quotation marks, and double the inner ones")
            }
            Self::Unterminated => Some(
                "a cut file looks like this; if the file is complete, end it with a line break (`echo >> FILE`)",
            ),
            Self::Cells { .. } => {
                Some("every line needs one cell per column; quote cells that hold the delimiter")
            }
            Self::NoRows => Some("was it saved completely?"),
            Self::NoHeader => Some("add a first line that names the columns"),
            Self::DuplicateColumn { .. } => Some("give every column its own name"),
            Self::NoColumn { .. } => Some("column names are case-sensitive"),
            Self::NoLabel { .. } | Self::Ambiguous { role: "label", .. } => {
                Some("name it with `--label COLUMN`")
            }
            Self::Ambiguous { .. } => Some("name it with `--groups COLUMN`"),
            Self::NoModality { name, .. } if name.is_empty() || name.starts_with("__index_level_") => Some(
                "write the table without its row numbers (in pandas: `index=False`), or name the columns to read with `--modality`",
            ),
            Self::NoModality { .. } => Some(
                "say which columns are which modality: `--modality NAME=PATTERN` (as in `--modality audio=a_*`), or name columns `MODALITY.FEATURE`",
            ),
            Self::TwoModalities { .. } => Some("make the patterns narrower"),
            Self::NoMatch { .. } => {
                Some("`*` stands for any text and `?` for one character; quote the pattern in the shell")
            }
            Self::Missing { expected: "number", .. } | Self::NotFinite { .. } => {
                Some("drop these rows or columns, or fill in values (from training rows only) before loading")
            }
            Self::Missing { .. } => Some("drop the rows without one"),
            Self::NotANumber { found } if is_decimal_comma(found) => Some("write decimals with a point"),
            Self::NotANumber { .. } => Some(
                "features must be numbers: encode categories as 0/1 columns, or leave the column out with `--modality`",
            ),
            Self::WouldRound { .. } => {
                Some("an identifier is no feature: leave the column out, or rescale it before saving")
            }
            Self::SplitWord { .. } => Some("leave the cell empty for rows that are not used"),
            Self::TwoClassNames { .. } => Some("give every class one name"),
            Self::ClassNumbers { .. } => {
                Some("leave that column out, or make it the label: `--label class_name`")
            }
        }
    }
}

/// Whether a cell would be a number with its comma read as a point.
fn is_decimal_comma(cell: &str) -> bool {
    cell.contains(',') && cell.replacen(',', ".", 1).parse::<f64>().is_ok()
}
