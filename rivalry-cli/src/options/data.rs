//! Options that say which data are meant and how to read and split them.

use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::data::{DataError, Dataset, Split};
use rivalry::formats::{self, Limits, ModalityChoice, OpenOptions, Source, embedded};
use rivalry::registry::nearest;

use crate::exit::{Failure, Status};
use crate::session::{self, Held};
use crate::values;

/// Makes a data set that is compiled in.
type Make = fn() -> Dataset;

/// The data sets that are compiled in, by the name that is typed.
const EMBEDDED: [(&str, Make); 3] = [
    ("demo", embedded::handwritten),
    ("demo:handwritten", embedded::handwritten),
    ("demo:nutrimouse", embedded::nutrimouse),
];

/// Which data, and how to read them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataArgs {
    /// A file (.npz, .csv, .tsv, .safetensors, .mat), a folder with a file per modality, `demo` or `demo:nutrimouse`
    #[arg(value_name = "DATA", help_heading = None)]
    data: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// How to read data.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub(crate) struct ReadingArgs {
    /// The array or column that holds the labels [default: y, label, labels, ...]
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// The array or column that holds the groups (patients, speakers, videos)
    #[arg(long, value_name = "NAME")]
    groups: Option<String>,
    /// A modality: an array, or columns by pattern (`image=img_*`); repeatable
    #[arg(long, value_name = "NAME[=PATTERN]")]
    modality: Vec<String>,
    /// Kind of file, where neither content nor suffix says it; see `rivalry list formats`
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Accept a text table whose last line does not end
    #[arg(long)]
    allow_unterminated: bool,
}

/// How to split data that do not bring a split, or in place of theirs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Split")]
pub(crate) struct SplitArgs {
    /// Test a random share of the samples, drawn anew for every seed
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = values::share, conflicts_with = "folds")]
    test_share: Option<f64>,
    /// Test every sample once in K folds, dealt anew for every seed [default: 5 under
    /// 1,000 samples without a split of their own, else a test share of 0.2]
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = values::whole::<u16, 2, { u16::MAX as u64 }>)]
    folds: Option<u16>,
}

impl DataArgs {
    /// Reads the data.
    pub(crate) fn open(&self) -> Result<Dataset, Failure> {
        self.reading.open(&self.data)
    }
}

impl ReadingArgs {
    /// Reads the data that a path or the name of a demo stands for.
    pub(crate) fn open(&self, data: &Path) -> Result<Dataset, Failure> {
        let typed = data.to_string_lossy();
        if let Some((_, make)) = EMBEDDED.iter().find(|(name, _)| *name == typed) {
            return self.whole(data, make());
        }
        if typed.starts_with("demo:") && !data.exists() {
            let close = nearest(&typed, EMBEDDED.iter().map(|(name, _)| *name));
            let known =
                close.first().map_or("`demo` or `demo:nutrimouse`".to_owned(), |name| format!("`{name}`"));
            return Err(Failure::one(
                Status::Data,
                format!("there is no demo data set `{typed}`"),
                Some(format!("did you mean {known}?")),
            ));
        }
        if let Some(opened) = session::held(&typed, |held| self.open_held(held)) {
            return opened.map_err(|error| bad(&error));
        }
        let options = self.options();
        formats::open(data, &options, &Limits::default()).map_err(|error| bad(&error))
    }

    /// What a calling program holds is read by the same names.
    fn open_held(&self, held: &Held) -> Result<Dataset, DataError> {
        let source = match held {
            Held::Arrays { name, arrays } => Source::arrays(name, arrays),
            Held::Bytes(bytes) => Source::bytes("data", bytes),
        };
        formats::open_source(&source, &self.options(), &Limits::default())
    }

    fn options(&self) -> OpenOptions {
        OpenOptions {
            label: self.label.clone(),
            groups: self.groups.clone(),
            modalities: self.modality.iter().map(|text| ModalityChoice::parse(text)).collect(),
            format: self.format.clone(),
            allow_unterminated: self.allow_unterminated,
        }
    }

    /// Demo data know their own parts.
    fn whole(&self, name: &Path, data: Dataset) -> Result<Dataset, Failure> {
        if self.label.is_none() && self.groups.is_none() && self.modality.is_empty() && self.format.is_none()
        {
            return Ok(data);
        }
        Err(Failure::usage(
            format!("`{}` is compiled in and knows its own label and modalities", name.display()),
            "leave out `--label`, `--groups`, `--modality` and `--format`",
        ))
    }
}

impl SplitArgs {
    /// The data with the split that was asked for, or with their own.
    pub(crate) fn apply(&self, data: Dataset) -> Result<Dataset, Failure> {
        let split = match (self.test_share, self.folds) {
            (Some(test_share), _) => Split::HoldOut { test_share },
            (None, Some(k)) => Split::Folds { k: usize::from(k) },
            (None, None) => return Ok(data),
        };
        data.with_split(split).map_err(|error| bad(&error))
    }
}

/// Data that cannot be used.
pub(crate) fn bad(error: &DataError) -> Failure {
    Failure::one(Status::Data, error, error.hint())
}
