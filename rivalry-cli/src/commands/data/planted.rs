//! `rivalry data generate --planted`: data whose cause of harm is known, and
//! what is known of them beside them.

use std::path::Path;

use clap::Args;
use rivalry::data::atomic::write_atomic_with;
use rivalry::data::planted::{CASES, Case, Knobs, Planted, PlantedError, Training, find};
use rivalry::formats;
use rivalry::registry::{Choice, Value};
use rivalry::render::renderer;
use rivalry::report::{
    Better, Block, Cell, Column, Document, Provenance, Report, Row, Table, Unit, data_summary,
};
use serde_json::json;

use super::generate::refuse_values;
use super::refuse_existing;
use crate::exit::{Failure, Problem, Status};
use crate::options::bad_data;
use crate::output::OutputArgs;
use crate::values;

/// What is planted.
#[derive(Args, Debug)]
#[command(next_help_heading = "Planted causes")]
pub(super) struct PlantedArgs {
    /// Plant this cause of harm instead (below). Its truth goes to OUT.truth.json: the verdict that is right,
    /// the best possible accuracies, and how to train so that the cause acts
    #[arg(long, value_name = "NAME")]
    pub(super) planted: Option<String>,
    /// The dose, from 0 (next to nothing is planted) to 1 [default: 1]
    #[arg(long, value_name = "S", requires = "planted", allow_negative_numbers = true, value_parser = values::dose)]
    strength: Option<f64>,
    /// Features of the widest modality [default: 40]
    #[arg(long, value_name = "N", requires = "planted", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { u32::MAX as u64 }>)]
    dim: Option<u32>,
}

/// The sizes that both kinds of data take, where they were given.
pub(super) struct Sizes {
    pub(super) train: Option<u32>,
    pub(super) test: Option<u32>,
    pub(super) classes: Option<u32>,
    pub(super) modalities: Option<u32>,
    pub(super) seed: u64,
}

/// A line per cause, for the help text.
pub(super) fn causes() -> String {
    let line = |case: &Case| format!("  {:<16}{}  {}\n", case.name, case.code, case.summary);
    CASES.iter().map(line).collect()
}

/// Does what was asked.
pub(super) fn run(
    out: &Path,
    name: &str,
    args: &PlantedArgs,
    sizes: &Sizes,
    output: &OutputArgs,
) -> Result<Status, Failure> {
    let case = find(name).map_err(|error| wrong(&[error]))?;
    let knobs = knobs(args, sizes);
    let document = out.with_extension("truth.json");
    [out, &document].into_iter().try_for_each(refuse_existing)?;
    knobs.check().map_err(|errors| wrong(&errors))?;
    let n_features: usize = case.recipe(&knobs).sources.iter().map(|source| source.dim).sum();
    refuse_values(
        (knobs.n_train + knobs.n_test) as u64,
        n_features as u64,
        "`--train`, `--test` or `--dim`",
    )?;
    let planted = case.plant(&knobs).map_err(|errors| wrong(&errors))?;
    formats::save(&planted.data, out).map_err(|error| bad_data(&error))?;
    let report = report(case, &planted, out, &document);
    let json = renderer(&Choice::new("json")).map_err(|errors| crate::usage::choices(&errors))?;
    write_atomic_with(&document, |file| json.render(&report, file)).map_err(|error| {
        Failure::one(Status::Usage, format!("{}: cannot be written: {error}", document.display()), None)
    })?;
    output.print(&report)?;
    Ok(Status::Done)
}

fn knobs(args: &PlantedArgs, sizes: &Sizes) -> Knobs {
    let default = Knobs::default();
    let or = |given: Option<u32>, default: usize| given.map_or(default, |n| n as usize);
    Knobs {
        n_train: or(sizes.train, default.n_train),
        n_test: or(sizes.test, default.n_test),
        n_classes: or(sizes.classes, default.n_classes),
        n_modalities: or(sizes.modalities, default.n_modalities),
        dim: or(args.dim, default.dim),
        strength: args.strength.unwrap_or(default.strength),
        seed: sizes.seed,
    }
}

fn wrong(errors: &[PlantedError]) -> Failure {
    let problem = |error: &PlantedError| {
        let message = match error {
            PlantedError::OutOfRange { knob, range, value } => {
                format!("`--{knob}` must be {range}, not {value}")
            }
            other => other.to_string(),
        };
        Problem { message, hint: None }
    };
    let mut problems: Vec<Problem> = errors.iter().map(problem).collect();
    if let Some(last) = problems.last_mut() {
        last.hint = Some("`rivalry data generate --help` lists the causes and their sizes".to_owned());
    }
    Failure { status: Status::Usage, problems }
}

fn report(case: &Case, planted: &Planted, out: &Path, document: &Path) -> Report {
    let truth = &planted.truth;
    let (out, document) = (out.display().to_string(), document.display().to_string());
    let command = diagnosis(&out, &truth.recipe.training);
    let verdict = truth.variant.unwrap_or(truth.code);
    let parts = format!("{} to train, {} to test", truth.knobs.n_train, truth.knobs.n_test);
    let mut overview = vec![
        ("samples".to_owned(), Cell::Text(parts), Unit::None),
        ("classes".to_owned(), Cell::count(truth.knobs.n_classes), Unit::None),
        ("seed".to_owned(), Cell::text(truth.knobs.seed.to_string()), Unit::None),
        ("strength".to_owned(), Cell::text(truth.knobs.strength.to_string()), Unit::None),
        ("right verdict".to_owned(), Cell::text(verdict), Unit::None),
    ];
    if let Some(loser) = &truth.loser {
        overview.push(("modality to name".to_owned(), Cell::text(loser), Unit::None));
    }
    if let Some(together) = truth.bayes_together {
        overview.push(("best from all".to_owned(), Cell::Number(together), Unit::Percent));
    }
    overview.push(("truth".to_owned(), Cell::text(&document), Unit::None));
    overview.push(("fingerprint".to_owned(), Cell::text(planted.data.fingerprint().to_string()), Unit::None));
    let names = planted.data.modalities().iter().map(|modality| &modality.name);
    let row = |((name, source), best): ((&String, &rivalry::data::planted::Source), &f64)| {
        Row::plain(vec![Cell::text(name), Cell::count(source.dim), Cell::Number(*best)])
    };
    let table = Table {
        title: "Modalities".to_owned(),
        caption: vec![
            "Best: accuracy of the best possible classifier on test rows, from this modality alone.".into(),
        ],
        columns: vec![
            Column::plain("modality"),
            Column::plain("features"),
            Column::of("best", Unit::Percent, Better::Higher),
        ],
        rows: names.zip(&truth.recipe.sources).zip(&truth.bayes_alone).map(row).collect(),
    };
    let acts = match &command {
        Some(command) => format!("the cause acts when trained like this: {command}"),
        None => "the cause acts on networks whose joint head is changed after training, which no option does"
            .into(),
    };
    let notes = vec![format!("planted: {}", case.summary), format!("cure: {}", case.cure), acts];
    let settings = json!({ "seed": truth.knobs.seed, "knobs": truth.knobs });
    let results = json!({ "path": out, "truth": document, "planted": truth, "diagnose": command });
    Report {
        title: format!("planted cause `{}` written to {out}", case.name),
        blocks: vec![Block::KeyValues(overview), Block::Table(table), Block::Notes(notes)],
        document: Document {
            data: data_summary(&planted.data.describe()),
            provenance: Provenance { seed: Some(truth.knobs.seed), ..Provenance::plain() },
            ..Document::plain("data generate", settings, results)
        },
    }
}

/// The command that trains as the recipe says, where options can say it.
fn diagnosis(out: &str, training: &Training) -> Option<String> {
    if !training.head_gain.is_empty() || !training.encoders.is_empty() {
        return None;
    }
    let set = |owner: &str, choice: &Choice| -> String {
        let one = |(knob, value): (&String, &Value)| format!(" --set {owner}.{knob}={value}");
        choice.set.iter().map(one).collect()
    };
    Some(format!(
        "rivalry diagnose {out} --encoder {}{} --solver {}{} --epochs {} --batch {} --patience {}{}",
        training.encoder.name,
        set("encoder", &training.encoder),
        training.solver.name,
        set("solver", &training.solver),
        training.epochs,
        training.batch,
        training.patience,
        if training.standardise { "" } else { " --no-standardise" }
    ))
}
