//! `rivalry store`: looks into a folder of kept runs.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rivalry::report::{Block, Cell, Column, Document, Report, Row, Table, Unit};
use rivalry::store::{Checkup, Copied, Damaged, Listed, Store, StoreError};
use serde_json::{Value, json};

use crate::exit::{Failure, Status};
use crate::output::OutputArgs;

/// Runs listed on a terminal; the document has all of them.
const RUNS_SHOWN: usize = 40;

/// Look into a folder of kept runs
#[derive(Args, Debug)]
pub(crate) struct StoreCommand {
    #[command(subcommand)]
    verb: StoreVerb,
}

#[derive(Subcommand, Debug)]
enum StoreVerb {
    List(ListArgs),
    Doctor(DoctorArgs),
    Export(ExportArgs),
}

/// List the finished runs of a store
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry store list kept
  rivalry store list kept --json")]
struct ListArgs {
    /// The folder that an earlier command wrote with --out
    #[arg(value_name = "DIR")]
    store: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Check every byte of a store and explain what is not as it should be; changes nothing
#[derive(Args, Debug)]
#[command(after_help = "\
Exit status 1 when something is amiss.

Examples:
  rivalry store doctor kept
  rivalry store doctor kept --json")]
struct DoctorArgs {
    /// The folder that an earlier command wrote with --out
    #[arg(value_name = "DIR")]
    store: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Copy the finished runs of a store into another: stores of several machines become one
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry store export kept merged")]
struct ExportArgs {
    /// The folder to copy from
    #[arg(value_name = "DIR")]
    store: PathBuf,
    /// The folder to copy to; made if missing
    #[arg(value_name = "TO")]
    to: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(crate) fn run(command: &StoreCommand) -> Result<Status, Failure> {
    match &command.verb {
        StoreVerb::List(args) => list(args),
        StoreVerb::Doctor(args) => doctor(args),
        StoreVerb::Export(args) => export(args),
    }
}

/// A store that cannot be used: damage, or no store where there should be one,
/// is bad data; a folder that cannot become one is wrong usage.
pub(crate) fn failed(error: &StoreError) -> Failure {
    let is_data = matches!(error, StoreError::Damaged(_) | StoreError::NotAStore { .. });
    let status = if is_data { Status::Data } else { Status::Usage };
    Failure::one(status, error, Some(error.hint().to_owned()))
}

fn open(path: &Path) -> Result<Store, Failure> {
    if !path.exists() {
        let hint = "name the folder that an earlier command wrote with `--out`".to_owned();
        return Err(Failure::one(
            Status::Data,
            format!("{}: there is no such folder", path.display()),
            Some(hint),
        ));
    }
    Store::open_existing(path).map_err(|error| failed(&error))
}

fn list(args: &ListArgs) -> Result<Status, Failure> {
    args.output.settle();
    let store = open(&args.store)?;
    let mut runs = Vec::new();
    let mut damaged = Vec::new();
    for found in store.list() {
        match found {
            Ok(run) => runs.push(run),
            Err(damage) => damaged.push(damage),
        }
    }
    runs.sort_by_key(|run| (data_of(run), order(run), run.run));
    args.output.print(&listing(&args.store, &runs, &damaged))?;
    Ok(if damaged.is_empty() { Status::Done } else { Status::Failed })
}

/// Runs of one network stand together, seed after seed.
fn order(run: &Listed) -> (usize, String, String, u64, u64) {
    let spec = &run.header["spec"];
    let n_modalities = spec["modalities"].as_array().map_or(0, Vec::len);
    let number = |key: &str| spec[key].as_u64().unwrap_or(0);
    if let Some((first, _)) = trials_of(run) {
        return (0, String::new(), strategy_of(run), first, 0);
    }
    (n_modalities, modalities_of(run), strategy_of(run), number("seed"), number("fold"))
}

/// Trials of the lab in one file, a range of seeds, where it is none of a data
/// set's runs.
fn trials_of(run: &Listed) -> Option<(u64, u64)> {
    let number = |key: &str| run.header[key].as_u64();
    Some((number("first_seed")?, number("trials")?))
}

fn data_of(run: &Listed) -> String {
    if trials_of(run).is_some() {
        return "lab".to_owned();
    }
    run.header["data"].as_str().unwrap_or("?").to_owned()
}

fn modalities_of(run: &Listed) -> String {
    let names = run.header["spec"]["modalities"].as_array().cloned().unwrap_or_default();
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+")
}

fn strategy_of(run: &Listed) -> String {
    let asked = if trials_of(run).is_some() { &run.header["setting"] } else { &run.header["spec"] };
    asked["strategy"]["name"].as_str().unwrap_or("?").to_owned()
}

fn ended_of(run: &Listed) -> String {
    if let Some((_, trials)) = trials_of(run) {
        return format!("{trials} trials");
    }
    let ended = &run.header["ended"];
    let how = ended["how"].as_str().unwrap_or("?").replace('_', " ");
    match ended["epoch"].as_u64().or_else(|| ended["best_epoch"].as_u64()) {
        Some(epoch) => format!("{how} (epoch {epoch})"),
        None => how,
    }
}

fn short(text: &str) -> String {
    text.chars().take(12).collect()
}

fn listing(path: &Path, runs: &[Listed], damaged: &[Damaged]) -> Report {
    let rows = runs
        .iter()
        .take(RUNS_SHOWN)
        .map(|run| {
            let number = |key: &str| run.header["spec"][key].as_f64().map_or(Cell::Empty, Cell::Number);
            Row::plain(vec![
                Cell::Text(short(&run.run.to_string())),
                Cell::Text(modalities_of(run)),
                Cell::Text(strategy_of(run)),
                trials_of(run).map_or_else(|| number("seed"), |(first, _)| Cell::Number(first as f64)),
                number("fold"),
                Cell::Text(ended_of(run)),
                Cell::Number(run.bytes as f64),
                Cell::Text(short(&data_of(run))),
            ])
        })
        .collect();
    let mut caption = Vec::new();
    if runs.len() > RUNS_SHOWN {
        caption.push(format!("{} more; `--json` lists all.", runs.len() - RUNS_SHOWN));
    }
    let heads = ["run", "modalities", "strategy", "seed", "fold", "ended"].map(Column::plain);
    let mut columns = Vec::from(heads);
    columns.push(Column::of("size", Unit::Bytes, rivalry::report::Better::Neither));
    columns.push(Column::plain("data"));
    let total: u64 = runs.iter().map(|run| run.bytes).sum();
    let mut blocks = vec![Block::KeyValues(vec![
        ("runs".to_owned(), Cell::count(runs.len()), Unit::None),
        ("size".to_owned(), Cell::Number(total as f64), Unit::Bytes),
    ])];
    if !runs.is_empty() {
        blocks.push(Block::Table(Table { title: "Runs".to_owned(), caption, columns, rows }));
    }
    if !damaged.is_empty() {
        blocks.push(Block::Notes(damaged.iter().map(ToString::to_string).collect()));
    }
    let results = json!({
        "runs": runs
            .iter()
            .map(|run| {
                let head = &run.header;
                json!({
                    "run": run.run.to_string(),
                    "bytes": run.bytes,
                    "data": head["data"],
                    "engine": head["engine"],
                    "spec": head["spec"],
                    "setting": head["setting"],
                    "first_seed": head["first_seed"],
                    "trials": head["trials"],
                    "ended": head["ended"],
                    "cost": head["cost"],
                })
            })
            .collect::<Vec<_>>(),
        "damaged": damaged.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    report(path, "store list", blocks, results)
}

fn doctor(args: &DoctorArgs) -> Result<Status, Failure> {
    args.output.settle();
    let store = open(&args.store)?;
    let found = store.doctor();
    args.output.print(&checkup(&args.store, &found))?;
    Ok(if found.anomalies.is_empty() { Status::Done } else { Status::Failed })
}

fn checkup(path: &Path, found: &Checkup) -> Report {
    let mut blocks = vec![Block::KeyValues(vec![
        ("whole".to_owned(), Cell::count(found.whole), Unit::None),
        ("in progress".to_owned(), Cell::count(found.in_progress), Unit::None),
        ("resumable".to_owned(), Cell::count(found.resumable), Unit::None),
        ("anomalies".to_owned(), Cell::count(found.anomalies.len()), Unit::None),
    ])];
    let lines: Vec<String> = found.anomalies.iter().map(ToString::to_string).collect();
    if lines.is_empty() {
        blocks.push(Block::Paragraph("Every byte is as it was written.".to_owned()));
    } else {
        blocks.push(Block::Notes(lines.clone()));
    }
    let results = json!({
        "whole": found.whole,
        "in_progress": found.in_progress,
        "resumable": found.resumable,
        "anomalies": lines,
    });
    report(path, "store doctor", blocks, results)
}

fn export(args: &ExportArgs) -> Result<Status, Failure> {
    args.output.settle();
    let from = open(&args.store)?;
    let to = Store::open(&args.to).map_err(|error| failed(&error))?;
    let copied = from.copy_to(&to, |_, _| true).map_err(|error| failed(&error))?;
    args.output.print(&exported(&args.to, &copied))?;
    Ok(if copied.damaged.is_empty() { Status::Done } else { Status::Failed })
}

fn exported(to: &Path, copied: &Copied) -> Report {
    let mut blocks = vec![Block::KeyValues(vec![
        ("copied".to_owned(), Cell::count(copied.copied), Unit::None),
        ("there already".to_owned(), Cell::count(copied.already), Unit::None),
        ("being computed there".to_owned(), Cell::count(copied.busy), Unit::None),
    ])];
    let damaged: Vec<String> = copied.damaged.iter().map(ToString::to_string).collect();
    if !damaged.is_empty() {
        blocks.push(Block::Notes(damaged.clone()));
    }
    let results = json!({
        "copied": copied.copied,
        "already": copied.already,
        "busy": copied.busy,
        "damaged": damaged,
    });
    report(to, "store export", blocks, results)
}

fn report(path: &Path, command: &str, blocks: Vec<Block>, results: Value) -> Report {
    let settings = json!({ "store": path.display().to_string() });
    let document = Document::plain(command, settings, results);
    Report { title: format!("Store {}", path.display()), blocks, document }
}
