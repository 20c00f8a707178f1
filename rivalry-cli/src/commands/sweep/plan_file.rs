//! The plan as a file: a document that names a command, its data and its runs.
//!
//! Nothing that a plan says is believed: the command's words go through the parser like typed ones, the list of runs is
//! made anew from them, and the plan's name, which covers all of it, has to come out the same.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Parser;
use rivalry::report::Document;
use rivalry::spec::{ENGINE, RunId};
use serde_json::{Value, json};

use super::workload::{Planned, Workload};
use crate::args::Cli;
use crate::exit::{Failure, Status};
use crate::usage;

/// The command in a plan's document.
pub(super) const COMMAND: &str = "sweep plan";
/// A file larger than this is no plan.
const LARGEST: u64 = 64 << 20;
/// What to do about a file that is no plan.
const HINT: &str = "name a file that `rivalry sweep plan COMMAND ... --out FILE` wrote";

/// A plan that was read and made again.
pub(super) struct Planning {
    /// Where it was read.
    pub(super) path: PathBuf,
    /// Its name: a hash of the command, the data and the runs.
    pub(super) id: RunId,
    /// What it runs, checked.
    pub(super) command: Cli,
    /// The runs.
    pub(super) workload: Workload,
    /// The same, listed.
    pub(super) runs: Vec<Planned>,
}

/// The name of a plan.
pub(super) fn name(words: &[String], data: &Value, runs: &[Planned]) -> RunId {
    let runs: Vec<String> = runs.iter().map(|planned| planned.run.to_string()).collect();
    RunId::of_question(&json!({
        "kind": "rivalry.plan",
        "command": words,
        "data": data["fingerprint"],
        "runs": runs,
    }))
}

/// The words of a command as the parser takes them.
pub(super) fn parse(words: &[String]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("rivalry").chain(words.iter().map(String::as_str)))
}

impl Planning {
    /// Reads a plan and makes its list of runs again.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bad = |why: String| {
            Failure::one(Status::Data, format!("{}: {why}", path.display()), Some(HINT.to_owned()))
        };
        let document = read(path).map_err(bad)?;
        let words: Option<Vec<String>> = document.settings["command"]
            .as_array()
            .map(|words| words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect());
        let words = words.ok_or_else(|| bad("the plan names no command".to_owned()))?;
        let command = parse(&words).map_err(|error| match usage::wrong(&error) {
            Some(failure) => bad(format!("the planned command is wrong: {}", first(&failure))),
            None => bad("the planned command asks for help".to_owned()),
        })?;
        super::plan::check_words(&words).map_err(|failure| bad(first(&failure)))?;
        let workload = Workload::of(&command)?;
        let (data, runs) = (workload.data(), workload.runs());
        let again =
            "make the plan again with `rivalry sweep plan`; runs that are kept and still asked for stay";
        let changed = |why: String| {
            Failure::one(Status::Data, format!("{}: {why}", path.display()), Some(again.to_owned()))
        };
        if data["fingerprint"] != document.data["fingerprint"] {
            let name = data["name"].as_str().unwrap_or("the data");
            return Err(changed(format!("`{name}` is not as it was when the plan was made")));
        }
        let id = name(&words, &data, &runs);
        if document.results["plan"] != id.to_string() {
            let engine = document.results["engine"].as_str().unwrap_or("?");
            let program = &document.provenance.version;
            return Err(changed(if engine == ENGINE {
                format!("the runs that the plan lists (version {program}) are not those of its command")
            } else {
                format!("made for engine {engine} (version {program}), this program has engine {ENGINE}")
            }));
        }
        Ok(Self { path: path.to_owned(), id, command, workload, runs })
    }

    /// The names of the runs.
    pub(super) fn ids(&self) -> impl Iterator<Item = &RunId> {
        self.runs.iter().map(|planned| &planned.run)
    }
}

fn read(path: &Path) -> Result<Document, String> {
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err("larger than any plan".to_owned());
    }
    let document: Document =
        serde_json::from_slice(&bytes).map_err(|error| format!("not a plan: {error}"))?;
    if !document.schema.is_readable() {
        let (name, version) = (&document.schema.name, document.schema.version);
        return Err(format!("written in schema `{name}` {version}, which this program does not read"));
    }
    if document.command != COMMAND {
        return Err(format!("not a plan but what `{}` printed", document.command));
    }
    Ok(document)
}

fn first(failure: &Failure) -> String {
    failure.problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
}
