//! Files cut at every byte.

use rivalry::data::{DataError, Dataset, TableError};
use rivalry::formats::{Limits, OpenOptions, open, save};

use super::{Scratch, corpus, is, make, open_bytes, read_bytes};

/// A data set that writes small files with all that they can hold.
fn small() -> Dataset {
    let bytes = make::ten(&[
        ("class_names", Some(make::texts(&["no", "yes"]))),
        ("groups", Some(make::texts(&["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"]))),
        ("train", Some(make::integers(&[0, 1, 2, 3, 4, 5]))),
        ("test", Some(make::integers(&[6, 7, 8, 9]))),
    ]);
    open_bytes("small.npz", &bytes).unwrap()
}

/// The error says which file.
fn names_file(error: &DataError, file: &str) -> bool {
    error.to_string().starts_with(file) && error.hint().is_some()
}

/// A file of lines, of which some may be missing without a trace.
fn is_text(name: &str) -> bool {
    ["csv", "tsv", "txt", "jsonl"].iter().any(|suffix| is(name, suffix))
}

// promise: P13
#[test]
fn binary_files_cut_anywhere_are_errors() {
    let scratch = Scratch::new();
    let path = scratch.0.join("ours.npz");
    save(&small(), &path).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = corpus()
        .into_iter()
        .filter(|(name, bytes)| !is_text(name) && read_bytes(name, bytes).is_ok())
        .collect();
    files.push(("ours.npz".to_owned(), std::fs::read(&path).unwrap()));
    assert!(files.iter().filter(|(name, _)| is(name, "npy")).count() >= 5);
    assert!(files.iter().filter(|(name, _)| is(name, "npz")).count() >= 5);
    for (name, bytes) in files {
        for len in 0..bytes.len() {
            let error = read_bytes(&name, &bytes[..len]).expect_err(&format!("{name} cut at {len}"));
            assert!(names_file(&error, &name), "{name} cut at {len}: {error}");
        }
    }
}

/// The only damage that a text table hides is rows missing as a whole, and
/// then the rows that are there are all read.
// promise: P13
#[test]
fn tables_cut_within_a_line_are_errors() {
    let scratch = Scratch::new();
    let path = scratch.0.join("ours.csv");
    save(&small(), &path).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = corpus()
        .into_iter()
        .filter(|(name, bytes)| name.ends_with("sv") && read_bytes(name, bytes).is_ok())
        .collect();
    files.push(("ours.csv".to_owned(), std::fs::read(&path).unwrap()));
    assert!(files.len() >= 3);
    for (name, bytes) in files {
        for len in 0..bytes.len() {
            let cut = &bytes[..len];
            match open_bytes(&name, cut) {
                Err(error) => assert!(names_file(&error, &name), "{name} cut at {len}: {error}"),
                Ok(data) => {
                    assert!(matches!(cut.last(), Some(b'\n' | b'\r')), "{name} cut at {len} is read");
                    let lines = cut.split(|b| *b == b'\n').filter(|line| !line.is_empty()).count();
                    assert_eq!(data.n_samples(), lines - 1, "{name} cut at {len}");
                }
            }
        }
        // With the permission to lack the last line break, a cut is only seen
        // when it leaves a line short of cells.
        let options = OpenOptions { allow_unterminated: true, ..OpenOptions::default() };
        let source = rivalry::formats::Source::bytes(&name, &bytes[..bytes.len() - 1]);
        let limits = Limits::default();
        assert!(rivalry::formats::open_source(&source, &options, &limits).is_ok());
        // Half of a line break of two bytes still ends the line.
        if !bytes.ends_with(b"\r\n") {
            let without = open_bytes(&name, &bytes[..bytes.len() - 1]).unwrap_err();
            assert_eq!(*without.root(), DataError::Table(TableError::Unterminated));
        }
    }
}

// promise: P13
#[test]
fn folders_with_any_file_cut_are_errors() {
    let scratch = Scratch::new();
    let folder = scratch.0.join("ours");
    save(&small(), &folder).unwrap();
    let table: Vec<String> = (0..10).map(|i| format!("{}.5\t{i}\n", i * i)).collect();
    scratch.put("ours/table.tsv", table.concat().as_bytes());
    scratch.put("ours/modalities.csv", b"image\ntable\nsound\n");
    std::fs::remove_file(folder.join("modalities.npy")).unwrap();
    let read = || open(&folder, &OpenOptions::default(), &Limits::default());
    assert_eq!(read().unwrap().modalities().len(), 3);
    let mut n_files = 0;
    for name in scratch.list() {
        // A list of names that is cut between two lines is a shorter list.
        let is_list_of_names = name.ends_with("modalities.csv");
        let bytes = std::fs::read(scratch.0.join(&name)).unwrap();
        for len in 0..bytes.len() {
            scratch.put(&name, &bytes[..len]);
            match read() {
                Err(error) => {
                    assert!(names_file(&error, folder.to_str().unwrap()), "{name} cut at {len}: {error}");
                }
                Ok(_) => assert!(is_list_of_names && bytes[len - 1] == b'\n', "{name} cut at {len} is read"),
            }
        }
        scratch.put(&name, &bytes);
        n_files += 1;
    }
    assert!(read().is_ok() && n_files == 9);
}
