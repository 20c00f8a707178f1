//! The project's own build tasks, run as `cargo xtask VERB`.
//!
//! Plain Rust over the standard library, so that they start in a second on a
//! machine that has nothing but Rust. They never change a result: they run
//! tests, read the tree, and call scripts.

mod bench;
mod python;
mod reference;
mod run;
mod snippets;
mod tidy;
mod tree;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask VERB

  test [--soak|--rust]
                   everything that tests anything: unit, integration and
                   documentation tests, the tidy checks, the command lines
                   shown in the documentation, and where Python 3.11 is there
                   the Python package; --soak: the bigger figures; --rust:
                   without the Python package
  python           the Python package alone: the wheel, built and tested
  tidy [--list]    the checks on the tree alone; --list says what each guards
  ci               what the build server runs: .ci/run
  kinds            writes docs/kinds.md again from the program's tables, the
                   example figures in docs/figures, and what the PyTorch files
                   of the strategies are tested against
  reference [NAME] runs the Python scripts under reference/ again and compares
                   the numbers with the committed ones
  bench [NAME]     runs the comparisons under benchmarks/";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => run::test(false, true),
        ["test", "--rust"] => run::test(false, false),
        ["test", "--soak"] => run::test(true, true),
        ["tidy"] => tidy::run(&run::root()),
        ["tidy", "--list"] => {
            println!("{}", tidy::list());
            Ok(())
        }
        ["python"] => python::test(&run::root()),
        ["ci"] => run::ci(),
        ["kinds"] => run::kinds(),
        ["reference", names @ ..] => reference::run(&run::root(), names),
        ["bench", names @ ..] => bench::run(&run::root(), names),
        ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
