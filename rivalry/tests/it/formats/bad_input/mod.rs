//! Wrong input, one row per way to be wrong: how it is made. The whole message,
//! the hint and the exit status of the command (3 for bad data, 0 where the
//! input is accepted) are in `docs/bad-input.md`, which this writes and compares.

mod files;
mod labels;
mod splits;
mod values;

use std::fmt::Write as _;
use std::path::Path;

use rivalry::data::DataError;
use rivalry::formats::{Limits, ModalityChoice, OpenOptions, Source, open, open_source};

use super::{Scratch, make};

/// A way to be wrong.
struct Row {
    /// In words.
    what: &'static str,
    /// Files of a folder, or one file.
    files: Vec<(&'static str, Vec<u8>)>,
    options: OpenOptions,
}

fn row(what: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>) -> Row {
    Row { what, files: vec![(file, bytes.into())], options: OpenOptions::default() }
}

/// Ten good samples in an archive, changed.
fn npz(what: &'static str, change: &[(&'static str, Vec<u8>)]) -> Row {
    let change: Vec<_> = change.iter().map(|(name, bytes)| (*name, Some(bytes.clone()))).collect();
    row(what, "d.npz", make::ten(&change))
}

/// Files of a folder.
fn folder(what: &'static str, files: &[(&'static str, &str)]) -> Row {
    let files = files.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
    Row { files, ..row(what, "", "") }
}

impl Row {
    fn label(mut self, name: &str) -> Self {
        self.options.label = Some(name.to_owned());
        self
    }

    fn groups(mut self, name: &str) -> Self {
        self.options.groups = Some(name.to_owned());
        self
    }

    fn modality(mut self, choice: &str) -> Self {
        self.options.modalities.push(ModalityChoice::parse(choice));
        self
    }

    /// The status, the text after the path, and the hint.
    fn run(&self) -> (u8, String, String) {
        let scratch = Scratch::new();
        let is_folder = self.files.len() != 1 || self.files[0].0.contains('/');
        let (name, result) = if is_folder {
            for (file, bytes) in &self.files {
                scratch.put(file, bytes);
            }
            let path = scratch.0.join("d");
            (path.display().to_string(), open(&path, &self.options, &Limits::default()))
        } else {
            let (name, bytes) = &self.files[0];
            let source = Source::bytes(name, bytes);
            ((*name).to_owned(), open_source(&source, &self.options, &Limits::default()))
        };
        match result {
            Ok(data) => (0, data.describe().notes.join("\n"), String::new()),
            Err(error) => {
                let hint = error.hint().unwrap_or_default();
                (status(&error), error.to_string().replacen(&name, "", 1), hint)
            }
        }
    }
}

/// The exit status that the command gives to every error of this kind.
fn status(_: &DataError) -> u8 {
    3
}

const HEAD: &str = "\
# Bad input

What the program says to every kind of bad input that a test makes (`rivalry/tests/it/formats/bad_input`), to the letter.
Status 3 is bad data; status 0 means that the input is accepted, with what `data inspect` notes about it. `DATA` is the
path. Rows and columns of arrays count from 0, as in numpy; lines and columns of text files from 1, as in editors.
";

/// A table of all rows; a cell must not end early.
fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut n_rows = 0;
    for (title, rows) in [
        ("Values and shapes", values::rows()),
        ("Labels, groups and names", labels::rows()),
        ("Splits", splits::rows()),
        ("Files and options", files::rows()),
    ] {
        write!(page, "\n## {title}\n\n| input | status | message | hint |\n| --- | --- | --- | --- |\n")
            .unwrap();
        for row in rows {
            let (status, says, hint) = row.run();
            let says = if status == 0 { says } else { format!("DATA{says}") };
            assert!(status == 0 || !hint.is_empty(), "{}: no hint", row.what);
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', "<br>");
            writeln!(page, "| {} | {status} | {} | {} |", row.what, cell(&says), cell(&hint)).unwrap();
            n_rows += 1;
        }
    }
    assert!(n_rows >= 60, "{n_rows} rows");
    page
}

// promise: P14
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment asks for the page to be written again")]
fn every_way_to_be_wrong_has_its_message() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bad-input.md");
    let page = page();
    if std::env::var("RIVALRY_WRITE_DOCS").is_ok() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (now, then) in page.lines().zip(committed.lines()) {
        assert_eq!(now, then, "docs/bad-input.md says something else");
    }
    assert_eq!(page.lines().count(), committed.lines().count(), "docs/bad-input.md has other rows");
}
