//! `rivalry data generate`: the talk's data model to a file, and its truth
//! beside it; or a planted cause (`planted.rs`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rivalry::data::atomic::write_atomic_with;
use rivalry::data::sparse_coding::knobs::{KNOBS, is_per_modality};
use rivalry::data::sparse_coding::{Generated, ORIGIN, SOURCE, SparseCoding, SparseCodingError};
use rivalry::formats;
use rivalry::registry::{Choice, Value};
use rivalry::render::renderer;
use rivalry::report::{
    Better, Block, Cell, Column, Document, Provenance, Report, Row, Table, Unit, Work, data_summary,
};
use serde_json::json;

use super::planted::{self, PlantedArgs, Sizes};
use super::refuse_existing;
use crate::exit::{Failure, Problem, Status};
use crate::options::bad_data;
use crate::output::OutputArgs;
use crate::values;

/// Most feature values that are generated: 4 GB, what an archive holds.
const MAX_VALUES: u64 = 1_000_000_000;

/// Make data of the talk's model (sparse codes, dictionaries, noise, insufficient samples), or plant a cause of harm
#[derive(Args, Debug)]
#[command(after_help = after_help())]
pub(super) struct GenerateArgs {
    /// Where to write; the suffix says the form, a name without one is a folder. The truth
    /// goes beside it: OUT.truth.npz and OUT.truth.json, without OUT's own suffix
    #[arg(value_name = "OUT", help_heading = None)]
    out: PathBuf,
    /// Classes, K
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = values::whole::<u32, 2, 10_000>)]
    classes: Option<u32>,
    /// Modalities, R; named m1, m2, ... (planted: a, b, c)
    #[arg(long, value_name = "R", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, 64>)]
    modalities: Option<u32>,
    /// Training samples [default: 400; planted: 600]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { u32::MAX as u64 }>)]
    train: Option<u32>,
    /// Test samples [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { u32::MAX as u64 }>)]
    test: Option<u32>,
    /// Set a knob of the talk's model (below); repeatable
    #[arg(long, value_name = "KNOB=VALUE", conflicts_with = "planted", value_parser = values::setting)]
    set: Vec<(String, Value)>,
    /// What all draws follow from
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, value_parser = values::whole::<u64, 0, { u64::MAX }>)]
    seed: u64,
    #[command(flatten)]
    planted: PlantedArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl GenerateArgs {
    fn n_train(&self) -> u32 {
        self.train.unwrap_or(400)
    }

    fn n_test(&self) -> u32 {
        self.test.unwrap_or(1000)
    }
}

fn after_help() -> String {
    let mut text = "\
Examples:
  rivalry data generate lab.npz
  rivalry data generate small.npz --classes 4 --train 80 --set dim=60
  rivalry data generate three.npz --modalities 3 --set mu.3=0.2
  rivalry data generate nested --set dependence=1 --set dim=100
  rivalry data generate weak.npz --planted competition --strength 0.8

Then, with the talk's network:
  rivalry diagnose small.npz --encoder smoothed_relu --no-standardise

Knobs of the model, with their defaults; `dim=500` sets all modalities, `dim.2=500` the second.
All laws and constants are our reconstruction, not the paper's:
"
    .to_owned();
    for knob in KNOBS {
        let name =
            if is_per_modality(knob.name) { format!("{}[.R]", knob.name) } else { knob.name.to_owned() };
        // A string takes whatever is written to it.
        let _ = writeln!(text, "  {name:<16}{:<6}{}", knob.default.to_string(), knob.meaning);
    }
    text.push_str("\nCauses to plant, and the verdict that is right:\n");
    text.push_str(&planted::causes());
    text.truncate(text.trim_end().len());
    text
}

/// Files that hold what the data do not tell.
struct Beside {
    arrays: PathBuf,
    document: PathBuf,
}

impl Beside {
    fn of(out: &Path) -> Self {
        Self { arrays: out.with_extension("truth.npz"), document: out.with_extension("truth.json") }
    }
}

/// Does what was asked.
pub(super) fn run(args: &GenerateArgs) -> Result<Status, Failure> {
    args.output.settle();
    if let Some(name) = &args.planted.planted {
        let sizes = Sizes {
            train: args.train,
            test: args.test,
            classes: args.classes,
            modalities: args.modalities,
            seed: args.seed,
        };
        return planted::run(&args.out, name, &args.planted, &sizes, &args.output);
    }
    let model = model(args)?;
    let beside = Beside::of(&args.out);
    [&args.out, &beside.arrays, &beside.document].into_iter().try_for_each(|path| refuse_existing(path))?;
    refuse_large(args, &model)?;
    let made = model
        .explicit(args.n_train() as usize, args.n_test() as usize, args.seed)
        .map_err(|errors| wrong("--train", &errors))?;
    formats::save(&made.data, &args.out).map_err(|error| bad_data(&error))?;
    formats::save_truth(&made.truth, &beside.arrays).map_err(|error| bad_data(&error))?;
    let report = report(args, &model, &made, &beside);
    let json = renderer(&Choice::new("json")).map_err(|errors| crate::usage::choices(&errors))?;
    write_atomic_with(&beside.document, |file| json.render(&report, file)).map_err(|error| {
        let message = format!("{}: cannot be written: {error}", beside.document.display());
        Failure::one(Status::Usage, message, None)
    })?;
    args.output.print(&report)?;
    Ok(Status::Done)
}

/// The model that the options describe.
fn model(args: &GenerateArgs) -> Result<SparseCoding, Failure> {
    let mut values = args.set.clone();
    for (knob, option) in [("classes", args.classes), ("modalities", args.modalities)] {
        if let Some(number) = option {
            if args.set.iter().any(|(key, _)| key == knob) {
                return Err(Failure::usage(
                    format!("`--{knob}` and `--set {knob}` say the same"),
                    "leave one of them out",
                ));
            }
            values.push((knob.to_owned(), Value::Whole(i64::from(number))));
        }
    }
    let mut model = SparseCoding::default();
    model.set_all(&values).map_err(|errors| wrong("--set", &errors))?;
    Ok(model)
}

/// All that is wrong with the model, under the option that is to blame.
fn wrong(option: &str, errors: &[SparseCodingError]) -> Failure {
    let mut problems: Vec<Problem> = errors
        .iter()
        .map(|error| Problem { message: format!("`{option}`: {error}"), hint: error.hint() })
        .collect();
    if let Some(last) = problems.last_mut() {
        last.hint.get_or_insert_with(|| "`rivalry data generate --help` lists the knobs".to_owned());
    }
    Failure { status: Status::Usage, problems }
}

fn refuse_large(args: &GenerateArgs, model: &SparseCoding) -> Result<(), Failure> {
    let n_samples = u64::from(args.n_train()) + u64::from(args.n_test());
    let n_features: u64 = model.modalities.iter().map(|modality| modality.dim as u64).sum();
    refuse_values(n_samples, n_features, "`--train`, `--test` or `--set dim`")
}

/// Refuses what would not fit, naming the options that make it smaller.
pub(super) fn refuse_values(n_samples: u64, n_features: u64, options: &str) -> Result<(), Failure> {
    let n_values = n_samples.saturating_mul(n_features);
    if n_values <= MAX_VALUES {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "{n_samples} samples of {n_features} features are {n_values} values, at most {MAX_VALUES} are generated"
        ),
        format!("lower {options}"),
    ))
}

fn report(args: &GenerateArgs, model: &SparseCoding, made: &Generated, beside: &Beside) -> Report {
    let path = |path: &Path| path.display().to_string();
    let (out, arrays, document) = (path(&args.out), path(&beside.arrays), path(&beside.document));
    let (train, test) = (&made.truth.train, &made.truth.test);
    let names = made.data.modalities().iter().map(|modality| modality.name.as_str());
    let modalities = names.zip(&model.modalities).enumerate();
    let insufficient = |r: usize| (train.n_insufficient(r), test.n_insufficient(r));
    let rows = modalities.clone().map(|(r, (name, modality))| {
        let (n_train, n_test) = insufficient(r);
        Row::plain(vec![
            Cell::text(name),
            Cell::count(modality.dim),
            Cell::Number(modality.mu),
            Cell::Of(n_train, train.labels.len()),
            Cell::Of(n_test, test.labels.len()),
        ])
    });
    let table = Table {
        title: "Modalities".to_owned(),
        caption: vec![
            "Insufficient samples: the share that was asked for, and how many there are.".to_owned(),
        ],
        columns: vec![
            Column::plain("modality"),
            Column::plain("features"),
            Column::of("asked", Unit::Percent, Better::Neither),
            Column::plain("train"),
            Column::plain("test"),
        ],
        rows: rows.collect(),
    };
    let parts = format!("{} to train, {} to test", args.n_train(), args.n_test());
    let overview = vec![
        ("samples".to_owned(), Cell::Text(parts), Unit::None),
        ("classes".to_owned(), Cell::count(model.n_classes), Unit::None),
        ("seed".to_owned(), Cell::text(args.seed.to_string()), Unit::None),
        ("truth".to_owned(), Cell::text(&arrays), Unit::None),
        ("settings".to_owned(), Cell::text(&document), Unit::None),
        ("fingerprint".to_owned(), Cell::text(made.data.fingerprint().to_string()), Unit::None),
    ];
    let counted: Vec<serde_json::Value> = modalities
        .map(|(r, (name, modality))| {
            let (n_train, n_test) = insufficient(r);
            json!({
                "name": name,
                "mu": modality.mu,
                "insufficient_train": n_train,
                "insufficient_test": n_test,
            })
        })
        .collect();
    let settings = json!({
        "seed": args.seed,
        "n_train": args.n_train(),
        "n_test": args.n_test(),
        "model": model,
        "origin": ORIGIN,
    });
    let results = json!({ "path": out, "truth": arrays, "settings": document, "modalities": counted });
    Report {
        title: format!("sparse coding data written to {out}"),
        blocks: vec![Block::KeyValues(overview), Block::Table(table), Block::Notes(vec![ORIGIN.to_owned()])],
        document: Document {
            data: data_summary(&made.data.describe()),
            citations: Work::of([&SOURCE]),
            provenance: Provenance { seed: Some(args.seed), ..Provenance::plain() },
            ..Document::plain("data generate", settings, results)
        },
    }
}
