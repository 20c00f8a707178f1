//! Wrong arguments, told in the same voice as every other error: one clear
//! sentence, a blank line, and what to do.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use rivalry::registry::ChoiceError;

use crate::args::Cli;
use crate::exit::{Failure, Problem, Status};
use crate::output;

/// Where kinds and knobs are listed.
pub(crate) const KINDS_HINT: &str = "`rivalry list` shows every kind, `rivalry list DRAWER` its knobs";

/// What the parser found instead of a command: a request for help, or an error.
pub(crate) fn answer(error: &clap::Error) -> Result<Status, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render();
            let color = crate::terminal::stdout_color();
            output::print_text(&if color { text.ansi().to_string() } else { text.to_string() })?;
            Ok(Status::Done)
        }
        _ => Err(told(error)),
    }
}

/// What is wrong with arguments that came from a file; nothing where they ask for help.
pub(crate) fn wrong(error: &clap::Error) -> Option<Failure> {
    error.use_stderr().then(|| told(error))
}

/// Settings that no kind accepts, all of them at once.
pub(crate) fn choices(errors: &[ChoiceError]) -> Failure {
    let problems = errors
        .iter()
        .enumerate()
        .map(|(idx, error)| Problem {
            message: error.to_string(),
            hint: (idx + 1 == errors.len()).then(|| KINDS_HINT.to_owned()),
        })
        .collect();
    Failure { status: Status::Usage, problems }
}

fn told(error: &clap::Error) -> Failure {
    let argument = text(error, ContextKind::InvalidArg).map(|arg| bare(&arg)).unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let help = help_command();
    let more = format!("`{help}` shows what is possible");
    let (message, hint) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let wrong = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            (format!("there is no command `{wrong}`"), nearest(error, ContextKind::SuggestedSubcommand))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            (format!("there is no option `{argument}`"), nearest(error, ContextKind::SuggestedArg))
        }
        ErrorKind::UnknownArgument => (format!("`{argument}` is one argument too many"), None),
        ErrorKind::InvalidValue if value.is_empty() => (format!("`{argument}` needs a value"), None),
        ErrorKind::InvalidValue => {
            let allowed = ticked(&strings(error, ContextKind::ValidValue));
            (
                format!("`{argument}` must be {allowed}, not `{value}`"),
                nearest(error, ContextKind::SuggestedValue),
            )
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            (format!("`{argument}` does not accept `{value}`: {why}"), None)
        }
        ErrorKind::TooManyValues => (format!("`{argument}` takes no value"), None),
        ErrorKind::MissingRequiredArgument => {
            let missing = strings(error, ContextKind::InvalidArg);
            let missing: Vec<String> = missing.iter().map(|arg| bare(arg)).collect();
            (format!("{} is missing", missing.join(" and ")), None)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            (format!("`{}` needs to know what to do", help.trim_end_matches(" --help")), None)
        }
        ErrorKind::ArgumentConflict => {
            let others = strings(error, ContextKind::PriorArg);
            let others: Vec<String> = others.iter().map(|arg| bare(arg)).collect();
            if others.contains(&argument) || others.is_empty() {
                (format!("`{argument}` is given more than once"), None)
            } else {
                (format!("`{argument}` and {} exclude each other", ticked(&others)), None)
            }
        }
        _ => (first_line(error), None),
    };
    let hint = hint.map_or(more.clone(), |hint| format!("{hint} {more}"));
    Failure::usage(message, hint)
}

/// "did you mean ...?", where the parser found something close.
fn nearest(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let close: Vec<String> = strings(error, kind).iter().map(|arg| bare(arg)).collect();
    (!close.is_empty()).then(|| format!("did you mean {}?", ticked(&close)))
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    strings(error, kind).into_iter().next()
}

fn strings(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        _ => Vec::new(),
    }
}

/// The name alone: `--seeds <N>` is `--seeds`, `<DATA>` is `DATA`.
fn bare(argument: &str) -> String {
    let name = argument.split_whitespace().next().unwrap_or(argument);
    name.split('=').next().unwrap_or(name).trim_matches(['<', '>', '[', ']', '.']).to_owned()
}

fn ticked(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The command that shows what would have been right: the verbs that were
/// understood, and `--help`.
fn help_command() -> String {
    let mut command = &Cli::command();
    let mut words = vec!["rivalry"];
    for argument in crate::session::words().into_iter().skip(1) {
        let Some(verb) = command.find_subcommand(argument) else { break };
        command = verb;
        words.push(verb.get_name());
    }
    format!("{} --help", words.join(" "))
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").trim_end_matches('.').to_owned()
}
