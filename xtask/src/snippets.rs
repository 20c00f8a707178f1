//! The command lines shown in the documentation, run: what a page shows is
//! what its reader gets.
//!
//! In a fence marked `console` a line that starts with `$ ` is a command and
//! the lines below it are its output. Commands of `rivalry` are run with the
//! release build and must end as the page says (`console status=3`: with 3;
//! else with 0). The words of each paragraph shown must be among the words
//! printed. Figures are set aside, since they may differ between kinds of CPU and
//! times always do; so is the order, since lines break where figures let them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tree::{Tree, has_suffix};

/// Beginnings of command lines that a page may show and a test cannot run,
/// because they install something or need the network.
const NOT_RUN: [&str; 8] = [
    "pip install ",
    "git clone ",
    "git add ",
    "cd ",
    "cargo install ",
    "cargo build",
    "cargo xtask ",
    ".ci/run",
];

/// One command line on a page, with the output shown below it.
#[derive(Debug, PartialEq)]
struct Snippet {
    line: usize,
    command: String,
    shown: Vec<String>,
    status: i32,
}

/// Runs what all pages show; the error lists what differs.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    crate::run::run(Command::new("cargo").args(["build", "--release", "--package", "rivalry-cli"]))?;
    let tree = Tree::read(root).map_err(|e| format!("{}: {e}", root.display()))?;
    let program = root.join("target/release/rivalry");
    let mut differences = Vec::new();
    let mut n_run = 0;
    for (page, text) in pages(&tree) {
        let folder = root.join("target/snippets").join(page.replace('/', "-"));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        for snippet in snippets(text) {
            let position = format!("{page}, line {}, `{}`", snippet.line, snippet.command);
            let Some(arguments) = arguments(&snippet.command) else {
                if !NOT_RUN.iter().any(|start| snippet.command.starts_with(start)) {
                    differences.push(format!("{position}: no way to check this command line is known"));
                }
                continue;
            };
            n_run += 1;
            let output = Command::new(&program)
                .args(&arguments)
                .current_dir(&folder)
                .output()
                .map_err(|e| format!("{position}: {e}"))?;
            let printed = format!(
                "{}\n{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            if output.status.code() != Some(snippet.status) {
                differences.push(format!(
                    "{position}: ended with {:?}, the page says {}\n{printed}",
                    output.status.code(),
                    snippet.status
                ));
            }
            let missing = missing(&snippet.shown, &printed);
            differences.extend(missing.iter().map(|what| format!("{position}: does not print {what}")));
        }
    }
    if differences.is_empty() {
        println!("snippets: {n_run} command lines of the documentation do what their pages show");
        return Ok(());
    }
    Err(format!("{}\nsnippets: {} differences", differences.join("\n"), differences.len()))
}

/// The pages whose command lines are run.
fn pages(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts()
        .filter(|(path, _)| has_suffix(path, "md") && (path.starts_with("docs/") || !path.contains('/')))
}

fn snippets(text: &str) -> Vec<Snippet> {
    let mut found: Vec<Snippet> = Vec::new();
    // The exit status that the open fence promises; nothing outside fences.
    let mut fence: Option<i32> = None;
    let mut continues = false;
    for (i, line) in text.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            let status = info.strip_prefix("console").map(|rest| {
                rest.trim().strip_prefix("status=").and_then(|status| status.parse().ok()).unwrap_or(0)
            });
            fence = if fence.is_some() { None } else { status };
            continues = false;
            continue;
        }
        let Some(status) = fence else { continue };
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Snippet { line: i + 1, command: command.to_owned(), shown: Vec::new(), status });
        } else if let Some(last) = found.last_mut() {
            if continues {
                last.command = format!("{} {}", last.command.trim_end_matches('\\').trim_end(), line.trim());
            } else {
                last.shown.push(line.to_owned());
            }
        }
        continues = (continues || line.starts_with("$ ")) && line.ends_with('\\');
    }
    found
}

/// The arguments for the program, if the command line is one of ours.
fn arguments(command: &str) -> Option<Vec<String>> {
    let rest =
        ["cargo run --release -- ", "rivalry "].iter().find_map(|start| command.strip_prefix(start))?;
    // Quotes group words; pages show nothing that needs more of a shell.
    let mut words = Vec::new();
    for (i, part) in rest.split(['\'', '"']).enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    Some(words)
}

/// What is shown but not printed: per paragraph, the words too many, with the
/// paragraph's first line.
fn missing(shown: &[String], printed: &str) -> Vec<String> {
    let known = count(printed.lines());
    let paragraphs = shown.split(|line| line.trim().is_empty() || line.trim() == "...");
    paragraphs
        .filter_map(|lines| {
            let wanted = count(lines.iter().map(String::as_str));
            let short = wanted.iter().filter(|(word, n)| known.get(*word).unwrap_or(&0) < *n);
            let words: Vec<String> = short.map(|(word, _)| format!("`{word}`")).collect();
            (!words.is_empty()).then(|| format!("{} of the paragraph\n{}", words.join(", "), lines[0]))
        })
        .collect()
}

/// How often each word stands in the lines.
fn count<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for word in lines.flat_map(words) {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

/// The words of a line: runs of at least two letters.
fn words(line: &str) -> Vec<String> {
    line.split(|c: char| !c.is_alphabetic()).filter(|w| w.chars().count() > 1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# P\n```console\n$ rivalry diagnose demo \\\n    --seeds 'a b'\nmodel   accuracy\njoint   0.99 [0.98, 0.99]\n\
                        $ git clone x\n```\n```rust\n$ rivalry no\n```\n```console status=3\n$ cargo run --release -- store list x\n```\n";

    #[test]
    fn commands_and_their_output_are_read_off_a_page() {
        let found = snippets(PAGE);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0].command, "rivalry diagnose demo --seeds 'a b'");
        assert_eq!(found[0].shown, ["model   accuracy", "joint   0.99 [0.98, 0.99]"]);
        assert_eq!(arguments(&found[0].command).unwrap(), ["diagnose", "demo", "--seeds", "a b"]);
        assert_eq!((found[1].command.as_str(), arguments(&found[1].command)), ("git clone x", None));
        assert_eq!((found[2].line, found[2].status), (13, 3));
        assert_eq!(arguments(&found[2].command).unwrap(), ["store", "list", "x"]);
    }

    #[test]
    fn figures_may_differ_and_words_may_not() {
        let shown =
            "joint  0.99 [0.98, 0.99]\n\n...\nverdict: fusion\n  helps a lot".lines().map(str::to_owned);
        let shown: Vec<String> = shown.collect();
        let printed = "model\njoint  0.97 [0.96, 0.98]\nverdict: fusion helps a\nlot\n";
        assert_eq!(missing(&shown, printed), [] as [&str; 0]);
        let printed = printed.replace("fusion helps", "competition");
        assert_eq!(missing(&shown, &printed), ["`fusion`, `helps` of the paragraph\nverdict: fusion"]);
    }

    #[test]
    fn no_page_shows_a_command_line_that_nothing_checks() {
        let tree = Tree::read(&crate::run::root()).unwrap();
        for (page, text) in pages(&tree) {
            for snippet in snippets(text) {
                let known = arguments(&snippet.command).is_some()
                    || NOT_RUN.iter().any(|start| snippet.command.starts_with(start));
                assert!(known, "{page}, line {}: `{}`", snippet.line, snippet.command);
            }
        }
    }
}
