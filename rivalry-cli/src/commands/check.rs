//! `rivalry check`: gates for continuous integration.

use std::path::PathBuf;

use clap::Args;
use rivalry::registry::Choice;
use rivalry::report::{Block, Decide, Document, Report, Requirement, RequirementError, checks};

use crate::clock::Stopwatch;
use crate::commands::compare::{Compared, HowArgs};
use crate::commands::report::read_kept;
use crate::exit::{Failure, Status};
use crate::options::predictions::{LabelArgs, Models, named_file};
use crate::output::{OutputArgs, keep, save_as};

/// Does my model keep its conditions? Gates on a kept report or on predictions
#[derive(Args, Debug)]
#[command(after_help = "\
A condition is QUANTITY or QUANTITY(SUBJECT), one of > >= < <= and a number; a subject is a
modality, a model (`joint`, `ensemble`) or a class. Accuracies and their differences are in
points. A condition passes when the whole interval keeps to it, fails when the whole
interval breaks it, and is undecided otherwise; with --by-value the value decides.

Exit status 1 when a condition failed; 4 with --fail-on-inconclusive when one is undecided.

Examples:
  rivalry check kept --require 'gap>-1' --require 'headroom<2'
  rivalry check kept --require 'gap>-1' --junit rivalry.xml
  rivalry check --labels y.npy --joint j.npy --uni a=a.npy --require 'gap>-1'")]
pub(crate) struct CheckArgs {
    /// A folder that a command wrote with --out, or its report.json
    #[arg(value_name = "RUN", required_unless_present = "labels", conflicts_with = "labels")]
    run: Option<PathBuf>,
    #[command(flatten)]
    labels: Option<LabelArgs>,
    /// What the joint model predicted; repeatable, one file per training
    #[arg(long, value_name = "FILE", help_heading = "Models", requires = "labels")]
    joint: Vec<String>,
    /// What a model of one modality predicted; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, help_heading = "Models", requires = "labels")]
    uni: Vec<(String, String)>,
    /// The joint model's logits that come from one modality; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, help_heading = "Models", requires = "labels")]
    branch: Vec<(String, String)>,
    /// A condition; repeatable
    #[arg(long, value_name = "CONDITION", required = true, help_heading = "Conditions")]
    require: Vec<String>,
    /// What it was before: a kept report; or, with predictions, `joint=FILE` or `NAME=FILE`
    #[arg(long, value_name = "RUN|NAME=FILE", help_heading = "Conditions")]
    baseline: Vec<String>,
    /// Decide by values, whatever their intervals
    #[arg(long, help_heading = "Conditions")]
    by_value: bool,
    /// Exit with status 4 when a condition is undecided
    #[arg(long, help_heading = "Conditions")]
    fail_on_inconclusive: bool,
    #[command(flatten)]
    how: HowArgs,
    /// Write the outcomes as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(crate) fn run(args: &CheckArgs) -> Result<Status, Failure> {
    args.output.settle();
    let requirements: Vec<Requirement> = args
        .require
        .iter()
        .map(|text| Requirement::parse(text))
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(&error))?;
    let (document, baseline) = match (&args.run, &args.labels) {
        (Some(run), _) => {
            let baseline = args.baseline.first().map(|path| read_kept(PathBuf::from(path).as_path()));
            (read_kept(run)?, baseline.transpose()?)
        }
        (None, Some(labels)) => predicted(args, labels)?,
        (None, None) => {
            return Err(Failure::usage(
                "there is nothing to check",
                "name a kept report, or give `--labels`",
            ));
        }
    };
    let decide = if args.by_value { Decide::Value } else { Decide::Interval };
    let report =
        checks(&document, baseline.as_ref(), &requirements, decide).map_err(|error| wrong(&error))?;
    if let Some(path) = &args.junit {
        save_as(&Choice::new("junit"), &report, path)?;
    }
    if let Some(out) = &args.how.out {
        keep(&report, out)?;
    }
    args.output.print(&report)?;
    Ok(status(&report, args.fail_on_inconclusive))
}

fn status(report: &Report, strict: bool) -> Status {
    let outcomes = report.blocks.iter().filter_map(|block| match block {
        Block::Checks(checks) => Some(checks.iter().map(|check| check.passed)),
        _ => None,
    });
    let outcomes: Vec<Option<bool>> = outcomes.flatten().collect();
    if outcomes.contains(&Some(false)) {
        Status::Failed
    } else if strict && outcomes.contains(&None) {
        Status::Inconclusive
    } else {
        Status::Done
    }
}

/// The documents of the models and of the baseline, from predictions.
fn predicted(args: &CheckArgs, labels: &LabelArgs) -> Result<(Document, Option<Document>), Failure> {
    let since = Stopwatch::start();
    let document = |joint: &[String], uni: &[(String, String)], branch: &[(String, String)]| {
        let models = Models { joint, uni, branch, embeddings: None };
        let found = Compared::new(labels, &models, &args.how)?;
        Ok::<_, Failure>(found.document("check", labels, &args.how, since))
    };
    let now = document(&args.joint, &args.uni, &args.branch)?;
    if args.baseline.is_empty() {
        return Ok((now, None));
    }
    let replaced: Vec<(String, String)> = args
        .baseline
        .iter()
        .map(|text| {
            named_file(text).map_err(|error| {
                Failure::usage(
                    format!("`--baseline {text}`: {error}"),
                    "for example `--baseline joint=old.npy`",
                )
            })
        })
        .collect::<Result<_, _>>()?;
    let joint: Vec<String> =
        replaced.iter().filter(|(name, _)| name == "joint").map(|(_, file)| file.clone()).collect();
    let joint = if joint.is_empty() { args.joint.clone() } else { joint };
    let mut uni: Vec<(String, String)> = args.uni.clone();
    for (name, file) in replaced.iter().filter(|(name, _)| name != "joint") {
        if !uni.iter().any(|(other, _)| other == name) {
            return Err(Failure::usage(
                format!("`--baseline {name}={file}`: there is no model `{name}`"),
                "name `joint` or a modality of `--uni`",
            ));
        }
        uni.retain(|(other, old)| other != name || replaced.iter().any(|(n, f)| n == name && f == old));
        uni.push((name.clone(), file.clone()));
    }
    // The old joint model's branches are not known.
    Ok((now, Some(document(&joint, &uni, &[])?)))
}

fn wrong(error: &RequirementError) -> Failure {
    let status = match error {
        RequirementError::Schema { .. } => Status::Data,
        _ => Status::Usage,
    };
    Failure::one(status, error.to_string(), Some(error.hint().to_owned()))
}
