//! `rivalry snippet`: a strategy as a short file for somebody's own training code, as it is.

use clap::{Args, ValueEnum};
use rivalry::registry::{Choice, find};
use rivalry::report::{Block, Cell, Column, Document, Report, Row, Table, Work};
use rivalry::strategies;
use serde_json::json;

use crate::exit::{Failure, Status};
use crate::output::{OutputArgs, print_text};

/// Print a strategy as a short PyTorch file to paste into your own training code
#[derive(Args, Debug)]
#[command(after_help = "\
The file imports nothing but torch and works on your own encoders, for any number
of modalities; its docstring says where to call it. `rivalry list strategies`
explains the knobs, which are keyword arguments.

Examples:
  rivalry snippet
  rivalry snippet ogm --framework pytorch
  rivalry snippet auxiliary
  rivalry snippet mla --json")]
pub(crate) struct SnippetArgs {
    /// A strategy; without it, all that there are in short
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// What it is written for
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Framework::Pytorch)]
    framework: Framework,
    /// List what there is
    #[arg(long, conflicts_with = "name")]
    list: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Libraries that networks are trained with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Framework {
    Pytorch,
}

impl Framework {
    fn name(self) -> &'static str {
        match self {
            Self::Pytorch => "pytorch",
        }
    }

    /// The text of a strategy's file.
    fn text(self, strategy: &dyn strategies::Strategy<f32>) -> &'static str {
        match self {
            Self::Pytorch => strategy.pytorch(),
        }
    }
}

/// Prints the file, or what there is.
pub(crate) fn run(args: &SnippetArgs) -> Result<Status, Failure> {
    args.output.settle();
    let Some(name) = &args.name else {
        args.output.print(&list(args.framework))?;
        return Ok(Status::Done);
    };
    let entry = find("strategy", strategies::table::<f32>(), name)
        .map_err(|error| Failure::usage(error, "`rivalry snippet` lists what there is"))?;
    let settings = entry.settle(&Choice::new(entry.name)).map_err(|errors| crate::usage::choices(&errors))?;
    let text = args.framework.text((entry.build)(&settings).as_ref());
    if args.output.json {
        let settings = json!({ "framework": args.framework.name() });
        let results = json!({ "name": entry.name, "summary": entry.summary, "text": text });
        let citations = Work::of(entry.cites);
        let document = Document { citations, ..Document::plain("snippet", settings, results) };
        args.output.print(&Report { title: entry.name.to_owned(), blocks: Vec::new(), document })?;
    } else {
        print_text(text)?;
    }
    Ok(Status::Done)
}

fn list(framework: Framework) -> Report {
    let table = strategies::table::<f32>();
    let row = |name, summary| Row::plain(vec![Cell::text(name), Cell::text(summary)]);
    let blocks = vec![Block::Table(Table {
        title: format!("for {}: every strategy", framework.name()),
        caption: vec!["snippet NAME prints one; list strategies shows its knobs and sources".to_owned()],
        columns: vec![Column::plain("name"), Column::plain("what it is")],
        rows: table.iter().map(|entry| row(entry.name, entry.summary)).collect(),
    })];
    let all: Vec<_> = table.iter().map(|e| json!({ "name": e.name, "summary": e.summary })).collect();
    let settings = json!({ "framework": framework.name() });
    let document = Document::plain("snippet", settings, json!({ "snippets": all }));
    Report { title: "Snippets".to_owned(), blocks, document }
}
