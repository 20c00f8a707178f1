//! The arguments as typed. What they mean is settled by each command.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use crate::commands;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Is training modalities together losing to training them apart? Which modality lost, and why?
#[derive(Parser, Debug)]
#[command(name = "rivalry", version, styles = STYLES, max_term_width = 100)]
#[command(disable_help_subcommand = true, infer_long_args = false)]
#[command(after_help = "\
Results go to stdout, progress and messages to stderr.

Exit status: 0 done; 1 a check failed; 2 wrong usage; 3 bad data;
4 inconclusive (where asked for); 130 interrupted, run again to resume.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub(crate) enum Verb {
    Diagnose(Box<commands::diagnose::DiagnoseArgs>),
    Remedy(Box<commands::remedy::RemedyArgs>),
    Compare(Box<commands::compare::CompareArgs>),
    Classes(Box<commands::compare::ClassesArgs>),
    Monitor(commands::monitor::MonitorArgs),
    Check(Box<commands::check::CheckArgs>),
    Lab(commands::lab::LabCommand),
    Data(commands::data::DataCommand),
    Report(commands::report::ReportArgs),
    List(commands::list::ListArgs),
    Snippet(commands::snippet::SnippetArgs),
    Store(commands::store::StoreCommand),
    Sweep(commands::sweep::SweepCommand),
}
