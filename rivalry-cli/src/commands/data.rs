//! `rivalry data`: looks at data, changes their form and makes some, without
//! training.

mod generate;
mod planted;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rivalry::data::Dataset;
use rivalry::formats;
use rivalry::report::{Block, Cell, Document, Report, Unit, data_summary, inspection};
use serde_json::json;

use crate::exit::{Failure, Status};
use crate::options::{DataArgs, SplitArgs, bad_data};
use crate::output::OutputArgs;

/// Look at data, change their form, or generate some
#[derive(Args, Debug)]
pub(crate) struct DataCommand {
    #[command(subcommand)]
    verb: DataVerb,
}

#[derive(Subcommand, Debug)]
enum DataVerb {
    Inspect(InspectArgs),
    Convert(ConvertArgs),
    Generate(generate::GenerateArgs),
}

/// Show what would be trained on: samples, classes, modalities, split, and what looks odd
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry data inspect demo
  rivalry data inspect features.npz
  rivalry data inspect table.csv --label y --groups patient --modality img=i_*
  rivalry data inspect demo:nutrimouse --folds 4 --json")]
struct InspectArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    split: SplitArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Write data in another form: .npz, .csv, or a folder with a file per modality
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry data convert demo digits.npz
  rivalry data convert table.csv features.npz --label y --modality img=i_*
  rivalry data convert features.npz features")]
struct ConvertArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to write; the suffix says the form, a name without one is a folder
    #[arg(value_name = "OUT", help_heading = None)]
    out: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(crate) fn run(command: &DataCommand) -> Result<Status, Failure> {
    match &command.verb {
        DataVerb::Inspect(args) => inspect(args),
        DataVerb::Convert(args) => convert(args),
        DataVerb::Generate(args) => generate::run(args),
    }
}

fn inspect(args: &InspectArgs) -> Result<Status, Failure> {
    args.output.settle();
    let data = args.split.apply(args.data.open()?)?;
    args.output.print(&inspection(&data.describe()))?;
    Ok(Status::Done)
}

fn convert(args: &ConvertArgs) -> Result<Status, Failure> {
    args.output.settle();
    let data = args.data.open()?;
    refuse_existing(&args.out)?;
    formats::save(&data, &args.out).map_err(|error| bad_data(&error))?;
    args.output.print(&converted(&data, &args.out))?;
    Ok(Status::Done)
}

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{}: exists already", path.display()),
        "name another file, or move this one away: nothing is ever overwritten",
    ))
}

fn converted(data: &Dataset, out: &Path) -> Report {
    let described = data.describe();
    let names: Vec<&str> = data.modalities().iter().map(|modality| modality.name.as_str()).collect();
    let pairs = vec![
        ("samples".to_owned(), Cell::count(data.n_samples()), Unit::None),
        ("modalities".to_owned(), Cell::text(names.join(", ")), Unit::None),
        ("fingerprint".to_owned(), Cell::text(data.fingerprint().to_string()), Unit::None),
    ];
    let out = out.display().to_string();
    Report {
        title: format!("{} written to {out}", data.name()),
        blocks: vec![Block::KeyValues(pairs)],
        document: Document {
            data: data_summary(&described),
            ..Document::plain("data convert", json!({}), json!({ "path": out }))
        },
    }
}
