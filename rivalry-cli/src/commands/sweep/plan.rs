//! `rivalry sweep plan`: lists the runs of a command.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::registry::Choice;
use rivalry::report::{Block, Cell, Column, Document, Provenance, Report, Row, Table, Unit};
use rivalry::spec::{ENGINE, RunId};
use serde_json::{Value, json};

use super::plan_file::{COMMAND, name, parse};
use super::workload::{Planned, Workload};
use super::{counted, next_steps};
use crate::exit::{Failure, Status};
use crate::home::quoted;
use crate::output::{OutputArgs, save_as};
use crate::usage;

/// Rows of the table of groups; the file lists every run.
const GROUPS_SHOWN: usize = 40;

/// Options that say where and how a command runs, which is asked when the plan runs.
const ELSEWHERE: [&str; 6] = ["--budget", "--threads", "--json", "--color", "--quiet", "-q"];

/// List the runs of a command in a plan file: a function of the command and the data alone
#[derive(Args, Debug)]
#[command(after_help = "\
The plan holds the command, the fingerprint of the data and the name of every run. Paths
stay as typed: workers start in the folder where they mean the same.

Examples:
  rivalry sweep plan diagnose demo:nutrimouse --seeds 20 --out plan.json
  rivalry sweep plan lab race --trials 1000 --out race.json
  rivalry sweep plan lab sweep --vary m=2,4,8 --trials 100 --out map.json")]
pub(super) struct PlanArgs {
    /// The command as it would be typed without `rivalry`: `diagnose`, `lab race`, `lab sweep` or `lab verify`,
    /// with its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    /// The plan file to write [default: plan.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &PlanArgs) -> Result<Status, Failure> {
    args.output.settle();
    let (words, lifted) = lift_out(&args.command)?;
    let out = match (&args.out, lifted) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage("`--out` is given more than once", "name one plan file"));
        }
        (Some(out), None) => out.clone(),
        (None, lifted) => lifted.unwrap_or_else(|| PathBuf::from("plan.json")),
    };
    let command = match parse(&words) {
        Ok(command) => command,
        Err(error) => return usage::answer(&error),
    };
    check_words(&words)?;
    let workload = Workload::of(&command)?;
    let (data, runs) = (workload.data(), workload.runs());
    let id = name(&words, &data, &runs);
    let report = report(&out, &words, data, &runs, id);
    save_as(&Choice::new("json"), &report, &out)?;
    args.output.print(&report)?;
    Ok(Status::Done)
}

/// Takes `--out FILE` out of the command's words: what a plan leaves is the plan.
fn lift_out(words: &[String]) -> Result<(Vec<String>, Option<PathBuf>), Failure> {
    let (mut kept, mut out) = (Vec::new(), None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let value = match word.strip_prefix("--out") {
            Some("") => rest.next().map(String::as_str),
            Some(value) if value.starts_with('=') => value.get(1..),
            _ => {
                kept.push(word.clone());
                continue;
            }
        };
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return Err(Failure::usage("`--out` needs a value", "name the plan file: `--out plan.json`"));
        };
        if out.replace(PathBuf::from(value)).is_some() {
            return Err(Failure::usage("`--out` is given more than once", "name one plan file"));
        }
    }
    Ok((kept, out))
}

/// Refuses what is no part of a question: where it is computed, with how much, and how it is told.
pub(super) fn check_words(words: &[String]) -> Result<(), Failure> {
    let option = |word: &String| word.split('=').next().unwrap_or_default().to_owned();
    let found = words.iter().map(option).find(|word| ELSEWHERE.contains(&word.as_str()) || word == "--out");
    match found {
        None => Ok(()),
        Some(word) if word == "--budget" => Err(Failure::usage(
            "`--budget` has no place in a plan: which runs fit is only known when they have run",
            "say how much by `--seeds` and `--subsets`",
        )),
        Some(word) => Err(Failure::usage(
            format!("`{word}` has no place in a plan: it says how a command runs, not what it asks"),
            format!(
                "give it to `rivalry sweep run` or `merge`; to this command, before the planned one: `rivalry sweep plan {word} ...`"
            ),
        )),
    }
}

fn report(out: &Path, words: &[String], data: Value, runs: &[Planned], id: RunId) -> Report {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (idx, planned) in runs.iter().enumerate() {
        groups.entry(&planned.group).or_insert((idx, 0)).1 += 1;
    }
    let mut groups: Vec<(&str, (usize, usize))> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (first, _))| *first);
    let rows = groups
        .iter()
        .take(GROUPS_SHOWN)
        .map(|(group, (_, n))| Row::plain(vec![Cell::Text((*group).to_owned()), Cell::count(*n)]))
        .collect();
    let mut caption = Vec::new();
    if groups.len() > GROUPS_SHOWN {
        caption.push(format!("{} more; the file lists every run.", groups.len() - GROUPS_SHOWN));
    }
    let path = quoted(&out.to_string_lossy());
    let blocks = vec![
        Block::KeyValues(vec![
            ("runs".to_owned(), Cell::count(runs.len()), Unit::None),
            ("plan".to_owned(), Cell::Text(id.to_string().chars().take(12).collect()), Unit::None),
            ("written to".to_owned(), Cell::Text(out.display().to_string()), Unit::None),
        ]),
        Block::Table(Table {
            title: "Runs".to_owned(),
            caption,
            columns: vec![Column::plain("what"), Column::plain("files")],
            rows,
        }),
        Block::Paragraph("Next, for instance by two workers that share a folder:".to_owned()),
        next_steps(&[
            ("compute", format!("rivalry sweep run {path} --shard 1/2 --store DIR")),
            ("and", format!("rivalry sweep run {path} --shard 2/2 --store DIR")),
            ("then", format!("rivalry sweep merge {path} --store DIR")),
        ]),
    ];
    let results = json!({
        "plan": id.to_string(),
        "engine": ENGINE,
        "n_runs": runs.len(),
        "runs": runs
            .iter()
            .map(|planned| json!({ "run": planned.run.to_string(), "what": planned.what }))
            .collect::<Vec<_>>(),
    });
    let document = Document {
        data,
        provenance: Provenance::plain(),
        ..Document::plain(COMMAND, json!({ "command": words }), results)
    };
    Report {
        title: format!("Plan of `{}`: {}", words.join(" "), counted(runs.len(), "run")),
        blocks,
        document,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_plans_file_is_no_word_of_the_command() {
        for line in ["diagnose demo --out p.json --seeds 2", "diagnose --out=p.json demo --seeds 2"] {
            let (kept, out) = lift_out(&words(line)).unwrap();
            assert_eq!((kept.join(" ").as_str(), out), ("diagnose demo --seeds 2", Some("p.json".into())));
        }
        for line in ["diagnose demo --out", "diagnose demo --out=", "diagnose --out a --out b"] {
            assert!(lift_out(&words(line)).is_err(), "{line}");
        }
        assert_eq!(lift_out(&words("diagnose demo --outer")).unwrap().1, None);
    }

    #[test]
    fn how_a_command_runs_is_no_part_of_a_plan() {
        for line in
            ["diagnose demo --threads=2", "diagnose demo -q", "lab race --json", "diagnose demo --budget 2m"]
        {
            assert!(check_words(&words(line)).is_err(), "{line}");
        }
        assert!(check_words(&words("diagnose demo --seeds 2 --fail-on-inconclusive")).is_ok());
    }
}
