//! The ways in which a file of predictions, labels or groups can be wrong.

/// Why there are no predictions. Rows and columns count from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionError {
    /// Several arrays or columns could be meant.
    #[error("expected one {what}, found {found}")]
    Several {
        /// Array or column of what.
        what: &'static str,
        /// Their names.
        found: String,
    },
    /// Scores are texts.
    #[error("scores: expected numbers, found text")]
    TextScores,
    /// A score is NaN or infinite.
    #[error("scores, row {row}, column {column}: expected a finite number, found {}", super::show_value(*.value))]
    NotFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// The score.
        value: f64,
    },
    /// There are no rows.
    #[error("expected at least one row of {what}, found none")]
    NoRows {
        /// Predictions, labels or groups.
        what: &'static str,
    },
    /// There are more or fewer identifiers than rows.
    #[error("{found} identifiers for {expected} rows")]
    IdCount {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// Two rows have one identifier.
    #[error("identifier `{id}` is there twice (rows {first} and {second})")]
    IdTwice {
        /// The identifier.
        id: String,
        /// The first row that has it.
        first: usize,
        /// The second one.
        second: usize,
    },
    /// No row has this identifier.
    #[error("no row has the identifier `{id}`")]
    NoId {
        /// The identifier.
        id: String,
    },
    /// The columns of scores cannot be told apart by the classes.
    #[error("{n_columns} columns of scores for {n_classes} classes")]
    ScoreColumns {
        /// Columns.
        n_columns: usize,
        /// Distinct labels.
        n_classes: usize,
    },
    /// The columns of scores are named after some of the classes.
    #[error("class `{class}` has no column of scores, others have")]
    NoScores {
        /// The class.
        class: String,
    },
    /// A line is not the JSON that is expected.
    #[error("character {at}: {reason}")]
    Json {
        /// Where in the line, counted from 1.
        at: usize,
        /// What is wrong.
        reason: String,
    },
    /// A line lacks what the first one has.
    #[error("expected a value for `{key}`, found none")]
    NoValue {
        /// What it is called.
        key: String,
    },
    /// A line holds another kind of value than the ones before it.
    #[error("`{key}`: expected {expected}, found {found}")]
    OtherValue {
        /// What it is called.
        key: String,
        /// What the lines before it hold.
        expected: String,
        /// What this one holds.
        found: String,
    },
}

impl PredictionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Several { .. } => {
                "name the one that is meant after a colon, as in `FILE:NAME`; for the scores of a table also a pattern, as in `FILE:p_*`"
            }
            Self::TextScores => "scores are logits or probabilities, one column per class",
            Self::NotFinite { .. } => {
                "clip logarithms of zero before saving, for example at -30, and leave out rows without a prediction"
            }
            Self::NoRows { .. } => "was it saved completely?",
            Self::IdCount { .. } => "save one identifier per row",
            Self::IdTwice { .. } => {
                "an identifier names one sample: leave one of the rows out, or the identifiers"
            }
            Self::NoId { .. } => "save the same samples in every file",
            Self::ScoreColumns { .. } => {
                "scores need one column per class, in the order of the sorted labels, or columns named after the classes"
            }
            Self::NoScores { .. } => "name every column of scores after its class",
            Self::Json { .. } => {
                "every line is one object, such as `{\"id\": \"a7\", \"scores\": [0.1, 0.9]}`; JSON has no NaN"
            }
            Self::NoValue { .. } | Self::OtherValue { .. } => {
                "every line needs the same keys with values of one kind"
            }
        })
    }
}
