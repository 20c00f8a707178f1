//! Options that name files of predictions.

use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::data::DataError;
use rivalry::formats::predictions::{Identified, Predicted, groups_from, labels_from, predictions_from};
use rivalry::formats::{Limits, PickOptions, Source};
use rivalry::metrics::{Files, FromFile, Given};

use crate::exit::{Failure, Status};
use crate::options::bad_data as bad;
use crate::session::{self, Held};
use crate::values;

/// What is needed to read the labels and what goes with them.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Samples")]
pub(crate) struct LabelArgs {
    /// The right classes: .npy, .npz:NAME, .csv:COLUMN, .txt ...; they set the samples and
    /// their order
    #[arg(long, value_name = "FILE")]
    labels: String,
    /// A group per sample (patient, speaker, video): samples of a group are resampled
    /// together
    #[arg(long, value_name = "FILE")]
    groups: Option<String>,
    /// Names of classes that are numbered from 0, one per line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

/// The models, each a file per training.
#[derive(Clone, Debug, Default)]
pub(crate) struct Models<'a> {
    pub(crate) joint: &'a [String],
    pub(crate) uni: &'a [(String, String)],
    pub(crate) branch: &'a [(String, String)],
    pub(crate) embeddings: Option<&'a EmbeddingArgs>,
}

/// The encoders, on training and test rows.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Encoders")]
pub(crate) struct EmbeddingArgs {
    /// Numbers of the rows that the models were trained on, from 0; all others are test rows
    #[arg(long, value_name = "FILE")]
    train: Option<String>,
    /// What the joint model's encoder of a modality puts out on all rows, samples x width;
    /// repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, requires = "train")]
    joint_encoder: Vec<(String, String)>,
    /// The same of the encoder trained alone; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, requires = "train")]
    alone_encoder: Vec<(String, String)>,
}

impl EmbeddingArgs {
    /// The training rows.
    fn train(&self) -> Result<Vec<u32>, Failure> {
        let Some(typed) = &self.train else { return Ok(Vec::new()) };
        let read = picked(typed, labels_from)?;
        let rows = read.values.class_names().iter().map(|name| name.parse::<u32>());
        let rows: Vec<u32> = rows.collect::<Result<_, _>>().map_err(|_| {
            Failure::one(
                Status::Data,
                format!("{typed}: not all are numbers of rows"),
                Some("give whole numbers from 0, one per training row".to_owned()),
            )
        })?;
        Ok(read.values.codes().iter().map(|code| rows[*code as usize]).collect())
    }
}

impl LabelArgs {
    /// Reads all files and puts their samples and classes in one order; also
    /// says what each file was taken for.
    pub(crate) fn read(&self, models: &Models<'_>) -> Result<(Given, Vec<String>), Failure> {
        let labels = FromFile { file: self.labels.clone(), content: picked(&self.labels, labels_from)? };
        let groups = self.groups.as_ref().map(|typed| {
            let content = picked(typed, groups_from)?;
            Ok(FromFile { file: typed.clone(), content })
        });
        let groups = groups.transpose()?;
        let class_names = self.names.as_deref().map(lines).transpose()?;
        let joint = models.joint.iter().map(|typed| predictions(typed)).collect::<Result<_, _>>()?;
        let files = Files {
            labels,
            class_names,
            groups,
            joint,
            alone: by_name(models.uni)?,
            branches: by_name(models.branch)?,
            train: models.embeddings.map_or_else(|| Ok(Vec::new()), EmbeddingArgs::train)?,
            joint_embeddings: by_name(models.embeddings.map_or(&[], |of| &of.joint_encoder))?,
            alone_embeddings: by_name(models.embeddings.map_or(&[], |of| &of.alone_encoder))?,
        };
        files.align().map_err(|error| Failure::one(Status::Data, &error, Some(error.hint())))
    }

    /// What the data are called.
    pub(crate) fn name(&self) -> &str {
        &self.labels
    }
}

/// A reader of one array or some columns.
type Read<T> = fn(&Source<'_>, &PickOptions, &Limits) -> Result<Identified<T>, DataError>;

/// Reads what was typed: a file, or something that a calling program holds.
fn picked<T>(typed: &str, read: Read<T>) -> Result<Identified<T>, Failure> {
    let limits = Limits::default();
    let of_memory = session::held(typed, |held| {
        let source = match held {
            Held::Arrays { arrays, .. } => Source::arrays(typed, arrays),
            Held::Bytes(bytes) => Source::bytes(typed, bytes),
        };
        read(&source, &PickOptions::default(), &limits)
    });
    let found = of_memory.unwrap_or_else(|| {
        let (path, options) = PickOptions::parse(typed);
        read(&Source::file(&path), &options, &limits)
    });
    found.map_err(|error| bad(&error))
}

/// A file of predictions.
fn predictions(typed: &str) -> Result<FromFile<Predicted>, Failure> {
    Ok(FromFile { file: typed.to_owned(), content: picked(typed, predictions_from)? })
}

/// A model's name, and a file per training.
type Named = (String, Vec<FromFile<Predicted>>);

/// Files by name: a name that is there again is another training.
fn by_name(typed: &[(String, String)]) -> Result<Vec<Named>, Failure> {
    let mut found: Vec<Named> = Vec::new();
    for (name, file) in typed {
        let read = predictions(file)?;
        match found.iter_mut().find(|(other, _)| other == name) {
            Some((_, files)) => files.push(read),
            None => found.push((name.clone(), vec![read])),
        }
    }
    Ok(found)
}

/// The lines of a small text file.
fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |why: String| {
        let hint = "give a text file with one class name per line, that of class 0 first".to_owned();
        Failure::one(Status::Data, format!("{}: {why}", path.display()), Some(hint))
    };
    let of_memory = session::held(&path.to_string_lossy(), |held| match held {
        Held::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Held::Arrays { .. } => String::new(),
    });
    let text = of_memory
        .map_or_else(|| std::fs::read_to_string(path), Ok)
        .map_err(|error| failed(error.to_string()))?;
    let names: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if let Some(at) = names.iter().position(String::is_empty) {
        return Err(failed(format!("line {} is empty", at + 1)));
    }
    for (second, name) in names.iter().enumerate() {
        if let Some(first) = names[..second].iter().position(|other| other == name) {
            return Err(failed(format!("lines {} and {} are both `{name}`", first + 1, second + 1)));
        }
    }
    Ok(names)
}

/// `NAME=FILE`.
pub(crate) fn named_file(text: &str) -> Result<(String, String), String> {
    values::named(text, "image=image.npy")
}
