//! `rivalry list`: what is in each drawer, generated from the tables.

use clap::{Args, ValueEnum};
use rivalry::data::sparse_coding;
use rivalry::registry::{Citation, Default, Entry, Knob, Range, Value};
use rivalry::report::{Block, Cell, Column, Document, Report, Row, Table, Work};
use rivalry::{encoders, formats, lab, metrics, render, solvers, strategies};
use serde_json::json;

use crate::exit::{Failure, Status};
use crate::output::OutputArgs;

/// List encoders, solvers, strategies and the like, with their knobs and sources
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  rivalry list
  rivalry list encoders
  rivalry list strategies --json")]
pub(crate) struct ListArgs {
    /// One of them, with the knobs of every kind; without it, all in short
    #[arg(value_enum)]
    drawer: Option<Drawer>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Everything that comes in kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drawer {
    Formats,
    Encoders,
    Solvers,
    Schedules,
    Strategies,
    Metrics,
    Renderers,
    Claims,
    Lab,
}

impl Drawer {
    fn name(self) -> &'static str {
        match self {
            Self::Formats => "formats",
            Self::Encoders => "encoders",
            Self::Solvers => "solvers",
            Self::Schedules => "schedules",
            Self::Strategies => "strategies",
            Self::Metrics => "metrics",
            Self::Renderers => "renderers",
            Self::Claims => "claims",
            Self::Lab => "lab",
        }
    }

    /// What the kinds do.
    fn about(self) -> &'static str {
        match self {
            Self::Formats => "files that data are read from and written to",
            Self::Encoders => "how features become embeddings",
            Self::Solvers => "how gradients become weights",
            Self::Schedules => "how the learning rate changes over epochs",
            Self::Strategies => "how networks are trained",
            Self::Metrics => "what is measured on trained networks",
            Self::Renderers => "how reports are drawn",
            Self::Claims => "statements of the theory that are measured",
            Self::Lab => "the knobs of a trial of the theory",
        }
    }

    /// How to choose one and set its knobs.
    fn chosen_by(self) -> &'static str {
        match self {
            Self::Formats => "recognised by content or suffix; else --format NAME",
            Self::Encoders => "diagnose --encoder NAME --set encoder.KNOB=VALUE",
            Self::Solvers => "diagnose --solver NAME --set solver.KNOB=VALUE",
            Self::Schedules => "diagnose --schedule NAME --set schedule.KNOB=VALUE",
            Self::Strategies => "remedy --try NAME; diagnose trains the ones that it needs",
            Self::Metrics => "diagnose measures all of them",
            Self::Renderers => "report --as NAME",
            Self::Claims => "lab verify NAME",
            Self::Lab => "lab race --set KNOB=VALUE; lab sweep --vary KNOB=A,B,...",
        }
    }

    fn kinds(self) -> Vec<Kind> {
        match self {
            Self::Formats => kinds(formats::FORMATS),
            Self::Encoders => kinds(encoders::table::<f32>()),
            Self::Solvers => kinds(solvers::table::<f32>()),
            Self::Schedules => kinds(solvers::schedule::table()),
            Self::Strategies => kinds(strategies::table::<f32>()),
            Self::Metrics => kinds(metrics::METRICS),
            Self::Renderers => kinds(render::RENDERERS),
            Self::Claims => kinds(lab::claims::table()),
            Self::Lab => vec![
                Kind {
                    name: "data",
                    summary: "X^r = M^r z^r + xi^r; `mu.2` addresses the second modality alone",
                    cites: &[],
                    knobs: sparse_coding::KNOBS,
                },
                Kind {
                    name: "trial",
                    summary: "network and training; also `solver`, `solver.KNOB`, `strategy`, `strategy.KNOB`",
                    cites: &[],
                    knobs: lab::KNOBS,
                },
            ],
        }
    }
}

/// An entry without what it builds.
struct Kind {
    name: &'static str,
    summary: &'static str,
    cites: &'static [Citation],
    knobs: &'static [Knob],
}

fn kinds<T: ?Sized>(table: &'static [Entry<T>]) -> Vec<Kind> {
    table
        .iter()
        .map(|entry| Kind {
            name: entry.name,
            summary: entry.summary,
            cites: entry.cites,
            knobs: entry.knobs,
        })
        .collect()
}

/// Prints what there is.
pub(crate) fn run(args: &ListArgs) -> Result<Status, Failure> {
    args.output.settle();
    let drawers: Vec<Drawer> = match args.drawer {
        Some(drawer) => vec![drawer],
        None => Drawer::value_variants().to_vec(),
    };
    args.output.print(&report(&drawers, args.drawer.is_some()))?;
    Ok(Status::Done)
}

fn report(drawers: &[Drawer], in_full: bool) -> Report {
    let mut blocks = Vec::new();
    let mut citations: Vec<&Citation> = Vec::new();
    let mut listed = Vec::new();
    for drawer in drawers {
        let kinds = drawer.kinds();
        blocks.push(Block::Table(summaries(*drawer, &kinds)));
        if in_full {
            if *drawer == Drawer::Metrics {
                blocks.extend(measured().map(Block::Table));
            }
            blocks.extend(
                kinds.iter().filter(|kind| !kind.knobs.is_empty()).map(|kind| Block::Table(knobs(kind))),
            );
        }
        citations.extend(kinds.iter().flat_map(|kind| kind.cites));
        let mut about: Vec<serde_json::Value> = kinds.iter().map(described).collect();
        if *drawer == Drawer::Metrics {
            metrics::Metrics::all()
                .iter()
                .zip(&mut about)
                .for_each(|((_, metric), kind)| measures(metric, kind));
        }
        listed.push(json!({ "name": drawer.name(), "kinds": about }));
    }
    let works = Work::of(citations);
    if in_full && !works.is_empty() {
        blocks.push(Block::Bibliography(works.clone()));
    }
    if !in_full {
        blocks.push(Block::Paragraph("`rivalry list DRAWER` shows the knobs of every kind.".to_owned()));
    }
    let document =
        Document { citations: works, ..Document::plain("list", json!({}), json!({ "drawers": listed })) };
    Report { title: "What there is".to_owned(), blocks, document }
}

fn summaries(drawer: Drawer, kinds: &[Kind]) -> Table {
    Table {
        title: format!("{}: {}", drawer.name(), drawer.about()),
        caption: vec![drawer.chosen_by().to_owned()],
        columns: vec![Column::plain("name"), Column::plain("what it is")],
        rows: kinds
            .iter()
            .map(|kind| Row::plain(vec![Cell::text(kind.name), Cell::text(kind.summary)]))
            .collect(),
    }
}

fn knobs(kind: &Kind) -> Table {
    Table {
        title: format!("Knobs of {}", kind.name),
        caption: Vec::new(),
        columns: ["knob", "default", "allowed", "what it does"].map(Column::plain).into(),
        rows: kind
            .knobs
            .iter()
            .map(|knob| {
                Row::plain(vec![
                    Cell::text(knob.name),
                    Cell::text(knob.default.to_string()),
                    Cell::text(knob.range_text()),
                    Cell::text(knob.meaning),
                ])
            })
            .collect(),
    }
}

/// What metrics need, cost and write.
fn measured() -> [Table; 2] {
    let all = metrics::Metrics::all();
    let (mut needs, mut quantities) = (Vec::new(), Vec::new());
    for (entry, metric) in all.iter() {
        let kept: Vec<&str> = metric.needs().iter().map(|need| need.name()).collect();
        needs.push(Row::plain(
            [entry.name, &kept.join(", "), metric.cost()].into_iter().map(Cell::text).collect(),
        ));
        for quantity in metric.quantities() {
            let better = match quantity.direction {
                metrics::Direction::Higher => "higher",
                metrics::Direction::Lower => "lower",
                metrics::Direction::Neither => "",
            };
            let cells = [quantity.name, quantity.unit, better, quantity.definition];
            quantities.push(Row::plain(cells.into_iter().map(Cell::text).collect()));
        }
    }
    let table = |title: &str, caption: &str, columns: &[&str], rows| Table {
        title: title.to_owned(),
        caption: vec![caption.to_owned()],
        columns: columns.iter().copied().map(Column::plain).collect(),
        rows,
    };
    let costs = "per training, with n test rows, K classes and M modalities";
    [
        table("What metrics need and cost", costs, &["metric", "needs", "cost"], needs),
        table(
            "What metrics write",
            "better: which way, or neither",
            &["quantity", "unit", "better", "what it is"],
            quantities,
        ),
    ]
}

fn described(kind: &Kind) -> serde_json::Value {
    json!({
        "name": kind.name,
        "summary": kind.summary,
        "knobs": kind.knobs.iter().map(knob_json).collect::<Vec<_>>(),
        "cites": kind.cites.iter().map(|work| work.key).collect::<Vec<_>>(),
    })
}

/// What a metric needs, costs and writes, beside what every kind says.
fn measures(metric: &dyn metrics::Metric, kind: &mut serde_json::Value) {
    let quantities = metric.quantities().iter().map(|quantity| {
        json!({
            "name": quantity.name,
            "unit": quantity.unit,
            "better": quantity.direction,
            "definition": quantity.definition,
        })
    });
    kind["needs"] = json!(metric.needs());
    kind["cost"] = json!(metric.cost());
    kind["quantities"] = quantities.collect();
}

fn knob_json(knob: &Knob) -> serde_json::Value {
    let range = match knob.range {
        Range::Between(low, high) => json!({ "low": low, "high": high }),
        Range::OneOf(words) => json!({ "one_of": words }),
        Range::Switch => json!({ "one_of": [false, true] }),
    };
    let kind = match knob.default {
        Default::Number(_) => "number",
        Default::Whole(_) => "whole",
        Default::Word(_) => "word",
        Default::Flag(_) => "flag",
    };
    json!({
        "name": knob.name,
        "type": kind,
        "default": Value::from(knob.default),
        "range": range,
        "meaning": knob.meaning,
    })
}
