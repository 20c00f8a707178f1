//! Help: every verb says what it is for, and its examples work.

use crate::process::{rivalry, rivalry_with};

/// Every command that has a help page, found by walking the pages.
fn pages() -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut open = vec![Vec::<String>::new()];
    while let Some(verbs) = open.pop() {
        let ended = rivalry_with(verbs.iter().map(String::as_str).chain(["--help"]));
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{verbs:?}");
        let listed = ended
            .stdout
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "));
        for line in listed {
            let verb = line.split_whitespace().next().unwrap().to_owned();
            open.push([verbs.clone(), vec![verb]].concat());
        }
        found.push((verbs, ended.stdout));
    }
    found
}

#[test]
fn orientation() {
    insta::assert_snapshot!(rivalry(""), @r#"
exit status: 0
---- stdout
rivalry: why training modalities together loses to training them apart,
which modality lost, and what fixes it.

Three commands to start with:

  rivalry list                   what there is: formats, encoders, strategies, ...

`rivalry --help` lists all commands, `rivalry COMMAND --help` explains one.
"#);
}

#[test]
fn the_first_page() {
    insta::assert_snapshot!(rivalry("--help"), @r#"
exit status: 0
---- stdout
Is training modalities together losing to training them apart? Which modality lost, and why?

Usage: rivalry [COMMAND]

Commands:
  data   Look at data or change their form
  list   List encoders, solvers, strategies and the like, with their knobs and sources
  store  Look into a folder of kept runs

Options:
  -h, --help     Print help
  -V, --version  Print version

Results go to stdout, progress and messages to stderr.

Exit status: 0 done; 1 a check failed; 2 wrong usage; 3 bad data;
4 inconclusive (where asked for); 130 interrupted, run again to resume.
"#);
}

#[test]
fn every_page_has_a_purpose_and_fits_100_columns() {
    for (verbs, page) in pages() {
        let purpose = page.lines().next().unwrap();
        assert!(purpose.len() > 20 && !purpose.starts_with("Usage"), "{verbs:?}: {purpose}");
        for line in page.lines() {
            assert!(line.chars().count() <= 100, "{verbs:?}: {line}");
        }
    }
}

#[test]
fn every_verb_that_does_something_shows_examples() {
    for (verbs, page) in pages() {
        if !page.contains("\nCommands:\n") {
            assert!(page.contains("\nExamples:\n  rivalry "), "{verbs:?}");
        }
    }
}
