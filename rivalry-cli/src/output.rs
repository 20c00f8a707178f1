//! Where a report goes and in which form.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use clap::Args;
use rivalry::data::atomic::write_atomic;
use rivalry::registry::Choice;
use rivalry::render::renderer;
use rivalry::report::Report;

use crate::exit::{Failure, Status};
use crate::session;
use crate::terminal::{self, ColorWhen};

/// The options of every verb that prints something.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print one JSON document and nothing else (fractions, not percent)
    #[arg(long)]
    pub(crate) json: bool,
    /// Colour results and messages; `auto` looks for a terminal and at NO_COLOR
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(crate) color: ColorWhen,
}

impl OutputArgs {
    /// From here on messages keep to what was asked.
    pub(crate) fn settle(&self) {
        terminal::set_color(self.color);
    }

    /// The form that was asked for: JSON, or what suits the terminal.
    pub(crate) fn choice(&self) -> Choice {
        if self.json {
            Choice::new("json")
        } else {
            Choice::new("terminal")
                .with("width", terminal::stdout_width())
                .with("color", terminal::stdout_color())
        }
    }

    /// The same for this report. The tables of a diagnosis, or of remedies, tell all that their
    /// charts show, and its verdict must stay in sight.
    pub(crate) fn choice_for(&self, report: &Report) -> Choice {
        let choice = self.choice();
        let is_long =
            matches!(report.document.command.as_str(), "diagnose" | "remedy") && choice.name == "terminal";
        if is_long { choice.with("charts", false) } else { choice }
    }

    /// Prints the report in the form that was asked for, or hands it to the
    /// program that asks.
    pub(crate) fn print(&self, report: &Report) -> Result<(), Failure> {
        if session::hand_over(report) {
            return Ok(());
        }
        print_as(&self.choice_for(report), report)
    }
}

/// Prints the report by the renderer that was asked for.
pub(crate) fn print_as(choice: &Choice, report: &Report) -> Result<(), Failure> {
    let renderer = renderer(choice).map_err(|errors| crate::usage::choices(&errors))?;
    if renderer.is_binary() && terminal::stdout_is_terminal() {
        let hint = "write it to a file: `--output FILE`";
        return Err(Failure::usage(
            format!("`{}` writes no text, and this is a terminal", choice.name),
            hint,
        ));
    }
    let mut out = BufWriter::new(io::stdout().lock());
    renderer.render(report, &mut out).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// Writes the report to a file by the renderer that was asked for.
pub(crate) fn save_as(choice: &Choice, report: &Report, path: &Path) -> Result<(), Failure> {
    let renderer = renderer(choice).map_err(|errors| crate::usage::choices(&errors))?;
    let mut bytes = Vec::new();
    renderer.render(report, &mut bytes).map_err(|error| Failure::output(&error))?;
    write_atomic(path, &bytes)
        .map_err(|error| Failure::one(Status::Usage, format!("{}: {error}", path.display()), None))
}

/// Leaves a report in a folder, for programs and as a page; the folder is made
/// if missing.
pub(crate) fn keep(report: &Report, out: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::one(Status::Usage, format!("{}: {error}", out.display()), None))?;
    save_as(&Choice::new("json"), report, &out.join("report.json"))?;
    save_as(&Choice::new("html"), report, &out.join("report.html"))
}

/// Prints text that is no report: help, orientation.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}
