//! `rivalry compare` and `rivalry classes`: models trained elsewhere, from
//! what they predicted.

use std::path::PathBuf;

use clap::Args;
use rivalry::diagnose::{Diagnosis, Thresholds, diagnose};
use rivalry::metrics::{Evidence, Metrics, measure};
use rivalry::registry::Choice;
use rivalry::report::{ClassesShown, Document, Provenance, Schema, Work, comparison};
use rivalry::stats::Bootstrap;
use serde_json::{Value, json};

use crate::clock::Stopwatch;
use crate::exit::{Failure, Status};
use crate::options::predictions::{EmbeddingArgs, LabelArgs, Models, named_file};
use crate::options::threads;
use crate::output::{OutputArgs, keep};
use crate::{usage, values};

/// Is fusion really worse, or is it noise? From predictions of your own models
#[derive(Args, Debug)]
#[command(after_help = "\
Files hold a class per sample or scores (logits or probabilities), samples x classes:
.npy, .npz:NAME, .csv:COLUMN, .jsonl ... With a column `id` in every file samples are put
in the order of the labels; else they must be in it. Name a model again for another
training of it; trainings are paired in the order given.

With `--joint-encoder` and `--alone-encoder` probes say whether an encoder learned less
jointly than alone. With `--branch` the joint network's logits are known by modality (late fusion: they sum
to its logits), and who dominates it is measured too.

Exit status 4 with --fail-on-inconclusive when the verdict is V0.

Examples:
  rivalry compare --labels y.npy --joint j.npy --uni a=a.npy --uni b=b.npy
  rivalry compare --labels p.csv:y --joint p.csv:j --uni a=p.csv:a --json
  rivalry compare --labels y.npy --joint j.npy --uni a=a.npy --out kept")]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    labels: LabelArgs,
    /// What the joint model predicted; repeatable, one file per training
    #[arg(long, value_name = "FILE", help_heading = "Models")]
    joint: Vec<String>,
    /// What a model of one modality predicted; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, required = true, help_heading = "Models")]
    uni: Vec<(String, String)>,
    /// The joint model's logits that come from one modality; repeatable
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file, help_heading = "Models")]
    branch: Vec<(String, String)>,
    #[command(flatten)]
    encoders: EmbeddingArgs,
    #[command(flatten)]
    how: HowArgs,
    /// Exit with status 4 when the verdict is inconclusive
    #[arg(long, help_heading = "Comparison")]
    fail_on_inconclusive: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which classes improved or dropped, and is it more than selection?
#[derive(Args, Debug)]
#[command(after_help = "\
Of many classes the most changed ones change much by selection alone: with 400 classes of
50 samples and no effect the ten worst still drop by 10 to 18 points on average. The band
says by how much with these classes; q values are corrected for their number.

Examples:
  rivalry classes --labels y.npy --a j.npy --b a.npy --names names.txt
  rivalry classes --labels y.npy --a j.npy --b a.npy --classes all")]
pub(crate) struct ClassesArgs {
    #[command(flatten)]
    labels: LabelArgs,
    /// The model whose changes are asked for; repeatable, one file per
    /// training
    #[arg(long, value_name = "FILE", required = true, help_heading = "Models")]
    a: Vec<String>,
    /// The model it is compared with; repeatable, one file per training
    #[arg(long, value_name = "FILE", required = true, help_heading = "Models")]
    b: Vec<String>,
    #[command(flatten)]
    how: HowArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// How models are compared.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Comparison")]
pub(crate) struct HowArgs {
    /// Accuracy difference in points that nobody would act on
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, default_value_t = 1.0, value_parser = values::points)]
    rope: f64,
    /// Classes listed: so many of the largest changes each way, or `all`
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "10", value_parser = values::classes)]
    classes: ClassesShown,
    /// Bootstrap replicates, where intervals are drawn: several trainings, or groups
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 10_000, value_parser = values::whole::<usize, 100, 10_000_000>)]
    replicates: usize,
    /// Seed of the resampling
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, value_parser = values::whole::<u64, 0, { u64::MAX }>)]
    seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<usize, 1, 65_535>)]
    threads: Option<usize>,
    /// Folder that keeps the report; made if missing
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,
}

/// Does what `compare` was asked.
pub(crate) fn compare(args: &CompareArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    if args.joint.is_empty() && args.branch.is_empty() {
        return Err(Failure::usage(
            "there is no joint model",
            "give `--joint FILE`, or `--branch NAME=FILE` for every modality",
        ));
    }
    let models =
        Models { joint: &args.joint, uni: &args.uni, branch: &args.branch, embeddings: Some(&args.encoders) };
    let found = Compared::new(&args.labels, &models, &args.how)?;
    let document = found.document("compare", &args.labels, &args.how, since);
    let code = found.diagnosis.verdict.code;
    finish(document, &args.how, &args.output)?;
    Ok(if args.fail_on_inconclusive && code == "V0" { Status::Inconclusive } else { Status::Done })
}

/// Does what `classes` was asked.
pub(crate) fn classes(args: &ClassesArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let other: Vec<(String, String)> = args.b.iter().map(|file| ("b".to_owned(), file.clone())).collect();
    let models = Models { joint: &args.a, uni: &other, branch: &[], embeddings: None };
    let found = Compared::new(&args.labels, &models, &args.how)?;
    let mut document = found.document("classes", &args.labels, &args.how, since);
    document.verdict = Value::Null;
    (document.settings["a"], document.settings["b"]) = (json!(args.a), json!(args.b));
    finish(document, &args.how, &args.output)?;
    Ok(Status::Done)
}

/// What was measured and concluded.
pub(crate) struct Compared {
    evidence: Evidence,
    pub(crate) diagnosis: Diagnosis,
    inputs: Vec<String>,
    citations: Vec<Work>,
}

impl Compared {
    /// Reads, measures, concludes.
    pub(crate) fn new(labels: &LabelArgs, models: &Models<'_>, how: &HowArgs) -> Result<Self, Failure> {
        let (given, inputs) = labels.read(models)?;
        let evidence = given.into_evidence().map_err(|error| {
            let hint = "every model needs the same samples, and as many files as the others";
            Failure::one(Status::Data, error, Some(hint.to_owned()))
        })?;
        let thresholds = Thresholds { rope: how.rope / 100.0, ..Thresholds::default() };
        let top = match how.classes {
            ClassesShown::Top(top) => top.min(10_000) as i64,
            ClassesShown::All => 10,
        };
        let choices = [
            Choice::new("difference_tests").with("rope", thresholds.rope),
            Choice::new("class_changes").with("top", top),
        ];
        let metrics = Metrics::with(&choices).map_err(|errors| usage::choices(&errors))?;
        let bootstrap = Bootstrap {
            seed: how.seed,
            replicates: how.replicates,
            threads: threads(how.threads),
            ..Bootstrap::bca()
        };
        let measured = measure(&evidence, &metrics, bootstrap);
        let diagnosis = diagnose(&evidence.study, &measured, &metrics, thresholds);
        let citations = Work::of(metrics.cites(&measured));
        Ok(Self { evidence, diagnosis, inputs, citations })
    }

    pub(crate) fn document(
        &self,
        command: &str,
        labels: &LabelArgs,
        how: &HowArgs,
        since: Stopwatch,
    ) -> Document {
        let study = &self.evidence.study;
        let mut groups: Vec<u32> = study.groups.clone().unwrap_or_default();
        groups.sort_unstable();
        groups.dedup();
        let modality = |name: &String| json!({ "name": name, "dim": null });
        Document {
            schema: Schema::current(),
            command: command.to_owned(),
            data: json!({
                "name": labels.name(),
                "fingerprint": null,
                "n": study.labels.len(),
                "classes": study.class_names,
                "modalities": study.modality_names.iter().map(modality).collect::<Vec<_>>(),
                "groups": study.groups.as_ref().map(|_| groups.len()),
            }),
            settings: json!({
                "trainings": self.evidence.trials.len(),
                "rope": self.diagnosis.thresholds.rope,
                "thresholds": self.diagnosis.thresholds,
                "replicates": how.replicates,
                "inputs": self.inputs,
            }),
            results: json!(self.diagnosis.results),
            verdict: json!(self.diagnosis.verdict),
            citations: self.citations.clone(),
            provenance: Provenance {
                seed: Some(how.seed),
                threads: how.threads,
                wall_seconds: Some(since.elapsed().as_secs_f64()),
                ..Provenance::plain()
            },
        }
    }
}

/// Prints the report, and keeps it where that was asked for.
fn finish(document: Document, how: &HowArgs, output: &OutputArgs) -> Result<(), Failure> {
    let report = comparison(document, how.classes)
        .map_err(|error| Failure::one(Status::Usage, error.to_string(), Some(error.hint().to_owned())))?;
    if let Some(out) = &how.out {
        keep(&report, out)?;
    }
    output.print(&report)
}
