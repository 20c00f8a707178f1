//! Help: every verb says what it is for, and its examples work.

use std::fmt::Write as _;
use std::path::Path;

use crate::process::{Ended, command, folder, rivalry, rivalry_with};

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
rivalry: is training modalities together losing to training them apart?
Which modality lost, and why?

Commands to start with:

  rivalry diagnose demo          on built-in data: six views of handwritten digits
  rivalry data inspect FILE      what would be trained on, and what looks odd
  rivalry diagnose FILE          on your own features (.npz, .csv, a folder)
  rivalry remedy FILE            which remedy helps, tried beside the controls
  rivalry compare --help         from predictions of models you have trained
  rivalry lab verify             the theory behind it, claim by claim

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
  diagnose  Does joint training lose on my features, which modality lost, and why?
  remedy    Which remedy fixes it? All that the field proposes, tuned alike, beside the controls
  compare   Is fusion really worse, or is it noise? From predictions of your own models
  classes   Which classes improved or dropped, and is it more than selection?
  monitor   Who is winning in my training, and when did the loser lose? From a log
  check     Does my model keep its conditions? Gates on a kept report or on predictions
  lab       Run the theory of modality competition: races, maps, and every claim
  data      Look at data, change their form, or generate some
  report    Draw a kept report again: as a page, as tables or figures, for other programs
  list      List encoders, solvers, strategies and the like, with their knobs and sources
  snippet   Print a strategy as a short PyTorch file to paste into your own training code
  store     Look into a folder of kept runs
  sweep     Spread the runs of a command over processes and machines: a cluster, or a few computers

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
        // Narrow terminals wrap; an example must stay on one line even there.
        assert!(examples(&page).iter().all(|words| words.join(" ").len() <= 68), "{verbs:?}");
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

/// The example lines of a page, without the program's name.
fn examples(page: &str) -> Vec<Vec<String>> {
    page.lines()
        .skip_while(|line| *line != "Examples:")
        .filter_map(|line| line.strip_prefix("  rivalry "))
        .map(|line| line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect())
        .collect()
}

/// A small trial of the lab.
const SMALL_LAB: &str =
    "--set n=60 --set n_test=50 --set dim=100 --set noise=1 --set sigma0=1e-2 --set until=decided";

/// A training is made short: what is tried is that the example works.
fn shortened(mut words: Vec<String>) -> Vec<String> {
    if ["diagnose", "remedy"].contains(&words[0].as_str()) {
        words.retain(|word| word != "--quick");
        match words.iter().position(|word| word == "--seeds") {
            Some(at) => "1".clone_into(&mut words[at + 1]),
            None => words.extend(["--seeds".to_owned(), "1".to_owned()]),
        }
        words.extend(["--epochs".to_owned(), "2".to_owned()]);
        if words[0] == "remedy" && !words.contains(&"--try".to_owned()) {
            words.extend(["--try".to_owned(), "umt".to_owned()]);
        }
    }
    if words.len() > 2 && words[..2] == ["sweep", "plan"] {
        let planned = shortened(words.split_off(2));
        words.extend(planned);
    }
    if words[0] == "lab" {
        let small = match words[1].as_str() {
            "run" => SMALL_LAB.to_owned(),
            "race" | "sweep" => format!("{SMALL_LAB} --trials 2"),
            "verify" => {
                // The others train, and may fail.
                words.retain(|word| word.starts_with('-') || ["lab", "verify"].contains(&word.as_str()));
                "comparison_lemma".to_owned()
            }
            _ => String::new(),
        };
        if let Some(at) = words.iter().position(|word| word == "--trials") {
            words.drain(at..at + 2);
        }
        words.extend(small.split_whitespace().map(str::to_owned));
    }
    words
}

/// A table with everything that the examples name, and a map.
#[expect(clippy::disallowed_methods, reason = "the examples need a file")]
fn table(path: &Path) {
    let mut text = "i_1,i_2,t_1,t_2,y,patient\n".to_owned();
    for row in 0..60 {
        let (class, patient) = (row % 2, row / 3);
        let value = |k: usize| ((row * 7 + k * 13) % 17) as f64 / 17.0 + class as f64;
        let features = [1, 2, 3, 4].map(|k| value(k).to_string()).join(",");
        writeln!(text, "{features},{class},{patient}").unwrap();
    }
    std::fs::write(path, text).unwrap();
    std::fs::write(path.with_file_name("map.toml"), "m = 4\n[vary]\nq = [3, 4]\n").unwrap();
    predictions(path);
}

/// What models predicted, and logs of a training.
#[expect(clippy::disallowed_methods, reason = "the examples need files")]
fn predictions(path: &Path) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(path.with_file_name(name), bytes).unwrap();
    let given = |wrong: usize| -> Vec<i64> {
        (0..60).map(|i| ((i + usize::from(i % 7 < wrong)) % 2) as i64).collect()
    };
    let mut table = "y,j,a,b\n".to_owned();
    let columns = [0, 2, 3, 4].map(given);
    for (name, column) in ["y", "j", "a", "b"].iter().zip(&columns) {
        let head = format!("{:<117}\n", "{'descr': '<i8', 'fortran_order': False, 'shape': (60,), }");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(head.bytes());
        bytes.extend(column.iter().flat_map(|v| v.to_le_bytes()));
        write(&format!("{name}.npy"), &bytes);
    }
    (0..60).for_each(|i| {
        let row = columns.each_ref().map(|column| column[i].to_string());
        writeln!(table, "{}", row.join(",")).unwrap();
    });
    write("p.csv", table.as_bytes());
    write("names.txt", b"cat\ndog\n");
    let mut log = String::new();
    for (epoch, split) in [(1, "train"), (1, "valid"), (2, "train"), (2, "valid")] {
        for label in 0..2 {
            let (own, other) = (f64::from(epoch), 0.1);
            let logits = if label == 0 { [own, other] } else { [other, own] };
            writeln!(log, "{{\"epoch\": {epoch}, \"split\": \"{split}\", \"label\": {label}, \"logits\": {{\"a\": {logits:?}, \"b\": [0.1, 0.2]}}}}").unwrap();
        }
    }
    write("run.jsonl", log.as_bytes());
    write(
        "scores.csv",
        b"epoch,modality,metric,value\n1,a,accuracy,0.5\n1,b,accuracy,0.4\n1,,accuracy,0.6\n",
    );
}

#[test]
fn every_example_works() {
    let folder = folder("examples");
    table(&folder.join("table.csv"));
    let run =
        |words: &[String]| -> Ended { command().current_dir(&folder).args(words).output().unwrap().into() };
    let convert = "data convert table.csv features.npz --label y --modality img=i_* --modality tab=t_*";
    let made = run(&convert.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(made.status, 0, "{made}");

    let mut pages = pages();
    // Diagnoses make what the others look at, plans are made, run and merged.
    pages.sort_by_key(|(verbs, _)| match verbs.join(" ").as_str() {
        "diagnose" | "remedy" => 0,
        "sweep plan" => 1,
        "sweep run" => 2,
        _ => 3,
    });
    let mut n_examples = 0;
    for (_, page) in pages {
        for words in examples(&page) {
            if words.get(3).is_some_and(|to| to == "features.npz") {
                // The file that this example makes is there already.
                std::fs::rename(folder.join("features.npz"), folder.join("before.npz")).unwrap();
            }
            let ended = run(&shortened(words.clone()));
            // A gate may be closed.
            let may_fail = words[0] == "check";
            assert!(
                ended.status == 0 || may_fail && ended.status == 1,
                "rivalry {}\n{ended}",
                words.join(" ")
            );
            // Either it is said, or it is in the file that was asked for.
            let file = words.iter().position(|word| word == "-o").and_then(|at| words.get(at + 1));
            let is_told = file.map_or(!ended.stdout.is_empty(), |file| folder.join(file).is_file());
            assert!(is_told, "rivalry {}", words.join(" "));
            n_examples += 1;
        }
    }
    assert!(n_examples >= 15, "only {n_examples} examples were found");
}
