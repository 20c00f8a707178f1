//! `rivalry report`: draws a kept report again.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use rivalry::registry::{Choice, Value};
use rivalry::render::RENDERERS;
use rivalry::report::{
    ClassesShown, Document, audit, comparison, diagnosis, kept_checks, lab, monitor, remedy,
};

use crate::exit::{Failure, Status};
use crate::output::{OutputArgs, print_as, save_as};
use crate::session::{self, Held};
use crate::values;

/// A document larger than this is not one of ours.
const LARGEST: u64 = 256 << 20;

/// Draw a kept report again: as a page, as tables or figures, for other programs
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry report kept
  rivalry report kept --classes all
  rivalry report kept --as csv
  rivalry report kept --as html -o report.html
  rivalry report kept --as svg -o figures.svg
  rivalry report kept --as latex -o tables.tex
  rivalry report kept/report.json --as json --set indent=false")]
pub(crate) struct ReportArgs {
    /// A folder that a command wrote with --out, or its report.json
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// How to draw it; `rivalry list renderers` tells more [default: terminal]
    #[arg(long = "as", value_name = "NAME", value_parser = renderers(), conflicts_with = "json")]
    renderer: Option<String>,
    /// Set a knob of the renderer; repeatable
    #[arg(long, value_name = "KNOB=VALUE", value_parser = values::setting, requires = "renderer")]
    set: Vec<(String, Value)>,
    /// Write to this file instead of stdout; it is there whole or not at all
    #[arg(long = "output", short = 'o', value_name = "FILE")]
    file: Option<PathBuf>,
    /// Classes listed: so many of the largest changes each way, or `all`
    #[arg(long, value_name = "N", default_value = "10", value_parser = values::classes)]
    classes: ClassesShown,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is in the drawer.
fn renderers() -> PossibleValuesParser {
    PossibleValuesParser::new(RENDERERS.iter().map(|entry| entry.name))
}

/// Does what was asked.
pub(crate) fn run(args: &ReportArgs) -> Result<Status, Failure> {
    args.output.settle();
    let path = document_of(&args.run);
    let document = read_kept(&args.run)?;
    let report = match lab(&document) {
        Some(report) => report,
        None if matches!(document.command.as_str(), "compare" | "classes") => {
            comparison(document, args.classes)
        }
        None if document.command == "blackbox" => audit(document),
        None if document.command == "remedy" => remedy(document),
        None if document.command == "monitor" => monitor(document),
        None if document.command == "check" => kept_checks(document),
        None => diagnosis(document, args.classes),
    }
    .map_err(|error| {
        Failure::one(Status::Data, format!("{}: {error}", path.display()), Some(error.hint().to_owned()))
    })?;
    let choice = match &args.renderer {
        Some(name) => Choice { name: name.clone(), set: args.set.iter().cloned().collect() },
        None if args.file.is_some() && !args.output.json => Choice::new("terminal"),
        None => args.output.choice_for(&report),
    };
    match &args.file {
        None if session::hand_over(&report) => {}
        None => print_as(&choice, &report)?,
        Some(file) => save_as(&choice, &report, file)?,
    }
    Ok(Status::Done)
}

/// The document of a kept run: of its folder, or the file itself.
fn document_of(run: &Path) -> PathBuf {
    if run.is_dir() { run.join("report.json") } else { run.to_owned() }
}

/// What to do about a report that cannot be read.
const HINT: &str = "name a folder that a command wrote with `--out`, or its `report.json`";

/// Reads the document of a kept run.
pub(crate) fn read_kept(run: &Path) -> Result<Document, Failure> {
    let path = &document_of(run);
    let bad =
        |why: String| Failure::one(Status::Data, format!("{}: {why}", path.display()), Some(HINT.to_owned()));
    let of_memory = session::held(&run.to_string_lossy(), |held| match held {
        Held::Bytes(bytes) => bytes.clone(),
        Held::Arrays { .. } => Vec::new(),
    });
    if let Some(bytes) = of_memory {
        return serde_json::from_slice(&bytes).map_err(|error| bad(format!("not a report: {error}")));
    }
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => bad("there is no such file or folder".to_owned()),
        _ => bad(format!("cannot be read: {error}")),
    })?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| bad(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(bad("larger than any report".to_owned()));
    }
    serde_json::from_slice(&bytes).map_err(|error| bad(format!("not a report: {error}")))
}
