//! Predictions, labels, groups and identifiers: read from every kind of file as
//! the values that numpy and pandas wrote, and what is refused.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use rivalry::data::{DataError, LayoutError, PredictionError};
use rivalry::formats::predictions::{
    Identified, Predicted, Scores, groups_from, labels_from, predictions_from,
};
use rivalry::formats::{Limits, PickOptions, Source, labels, predictions};

use super::memory::peak_of;
use super::{Scratch, corpus, is, make};

#[derive(Deserialize)]
struct Golden {
    ids: Vec<String>,
    class_names: Vec<String>,
    labels: Vec<usize>,
    predicted: Vec<usize>,
    scores: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/formats/predictions.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn read(name: &str, bytes: &[u8]) -> Result<Identified<Predicted>, DataError> {
    predictions_from(&Source::bytes(name, bytes), &PickOptions::default(), &Limits::default())
}

fn read_named(name: &str, bytes: &[u8], picked: &str) -> Result<Identified<Predicted>, DataError> {
    let options = PickOptions { name: Some(picked.to_owned()), ..PickOptions::default() };
    predictions_from(&Source::bytes(name, bytes), &options, &Limits::default())
}

fn scores(read: Identified<Predicted>) -> Scores {
    match read.values {
        Predicted::Scores(scores) => scores,
        Predicted::Classes(labels) => panic!("{labels:?}"),
    }
}

/// The names of the predicted classes, row by row.
fn words(read: &Identified<Predicted>) -> Vec<&str> {
    let Predicted::Classes(labels) = &read.values else { panic!("{read:?}") };
    labels.codes().iter().map(|c| labels.class_names()[*c as usize].as_str()).collect()
}

// promise: P15
#[test]
fn predictions_of_other_programs_are_read_to_the_bit() {
    let golden = golden();
    let files: BTreeMap<String, Vec<u8>> =
        corpus().into_iter().filter(|(name, _)| name.starts_with("pred_")).collect();
    assert!(files.len() >= 10);
    for (name, bytes) in &files {
        let found = read(name, bytes).unwrap();
        assert_eq!(found.values.n_rows(), golden.ids.len(), "{name}");
        let has_ids = ["npz", "csv", "jsonl", "mat"].iter().any(|suffix| is(name, suffix));
        let ids = found.ids.as_ref().map(|ids| ids.texts().to_vec());
        assert_eq!(ids, has_ids.then(|| golden.ids.clone()), "{name}");
        if name.contains("scores") || name.contains("single") {
            let scores = scores(found);
            let classes = scores.classes(&golden.class_names).unwrap();
            let column = |class: &String| classes.iter().position(|c| c == class).unwrap();
            for (row, expected) in golden.scores.iter().enumerate() {
                for (class, value) in golden.class_names.iter().zip(expected) {
                    let value = if name.contains("single") { f64::from(*value as f32) } else { *value };
                    assert_eq!(scores.at(row, column(class)).to_bits(), value.to_bits(), "{name}");
                }
            }
        } else {
            let are_numbers = is(name, "npy") && name.contains("classes");
            let expected: Vec<String> = golden
                .predicted
                .iter()
                .map(|i| if are_numbers { i.to_string() } else { golden.class_names[*i].clone() })
                .collect();
            assert_eq!(words(&found), expected, "{name}");
        }
    }
    let options = PickOptions::default();
    for name in ["pred_scores.npz", "pred_scores.csv", "pred_scores.jsonl"] {
        let source = Source::bytes(name, &files[name]);
        let truth = labels_from(&source, &options, &Limits::default()).unwrap();
        let codes: Vec<usize> = truth.values.codes().iter().map(|c| *c as usize).collect();
        assert_eq!(codes, golden.labels, "{name}");
        assert_eq!(truth.ids.unwrap().texts(), golden.ids, "{name}");
    }
}

#[test]
fn labels_and_groups_come_from_lists_and_columns() {
    let of = |name: &str, bytes: &[u8], column: Option<&str>| {
        let options = PickOptions { name: column.map(str::to_owned), ..PickOptions::default() };
        labels_from(&Source::bytes(name, bytes), &options, &Limits::default()).unwrap().values
    };
    for (name, text) in [
        ("y.csv", "label\n2\n10\n2\n"),
        ("y.txt", "2\n10\n2\n"),
        ("y.csv", "id,age,y\na,1,2\nb,2,10\nc,5,2\n"),
        ("y.jsonl", "{\"y\": 2}\n{\"y\": 10}\n\n{\"y\": 2.0}\n"),
        ("y.ndjson", "{\"y\": \"2\"}\n{\"y\": \"10\"}\n{\"y\": \"2\"}"),
    ] {
        let labels = of(name, text.as_bytes(), None);
        let names: Vec<&str> =
            labels.codes().iter().map(|c| labels.class_names()[*c as usize].as_str()).collect();
        assert_eq!(names, ["2", "10", "2"], "{name} {text}");
    }
    assert_eq!(of("d.csv", b"species,y\ncat,1\ndog,2\n", Some("species")).class_names(), ["cat", "dog"]);
    assert_eq!(of("y.npy", &make::integers(&[3, -1, 3]), None).codes(), [1, 0, 1]);
    assert_eq!(of("d.npz", &make::ten(&[]), None).codes().len(), 10);
    let groups = |name: &str, bytes: &[u8]| {
        groups_from(&Source::bytes(name, bytes), &PickOptions::default(), &Limits::default()).unwrap()
    };
    let found = groups("g.csv", b"id,group\na,s10\nb,s9\nc,s10\n");
    assert_eq!((found.values.ids(), found.ids.unwrap().texts().len()), (&[0, 1, 0][..], 3));
    assert_eq!(groups("g.npy", &make::integers(&[10, 9, 10])).values.ids(), [1, 0, 1]);
    assert_eq!(groups("g.txt", b"group\n7\n8\n").values.names(), ["7", "8"]);
}

#[test]
fn arrays_and_columns_are_named_after_a_colon() {
    let scratch = Scratch::new();
    let path = scratch.put("d.npz", &make::ten(&[]));
    let (file, options) = PickOptions::parse(&format!("{}:image", path.display()));
    assert_eq!((&file, options.name.as_deref()), (&path, Some("image")));
    assert_eq!(scores(predictions(&file, &options, &Limits::default()).unwrap()).n_columns(), 2);
    // What is there is a path, whatever its name.
    let odd = scratch.put("d:y.npy", &make::integers(&[0, 1]));
    let (file, options) = PickOptions::parse(odd.to_str().unwrap());
    assert_eq!((&file, options.name), (&odd, None));
    let table = b"id,m1_a,m1_b,m2_a,m2_b\nx,1,2,3,4\ny,5,6,7,8\n";
    let found = scores(read_named("d.csv", table, "m2_*").unwrap());
    assert_eq!([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(r, k)| found.at(r, k)), [3.0, 4.0, 7.0, 8.0]);
    assert_eq!(found.classes(&["a".to_owned(), "b".to_owned()]).unwrap(), ["a", "b"]);
    assert_eq!(scores(read("d.csv", table).unwrap()).names().unwrap().len(), 4);
    assert!(labels(&scratch.0, &PickOptions::default(), &Limits::default()).is_err());
}

#[test]
fn identifiers_put_files_in_one_order() {
    let one = read("a.csv", b"id,p0,p1\nu,1,2\nv,3,4\nw,5,6\n").unwrap();
    let other = read("b.jsonl", b"{\"pred\": 1, \"id\": \"w\"}\n{\"pred\": 0, \"id\": \"u\"}\n").unwrap();
    assert_eq!(one.ids.unwrap().rows_of(other.ids.as_ref().unwrap()).unwrap(), [2, 0]);
}

/// Each way to be wrong, with its message; all of them have a hint.
// promise: P14
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let nan = make::floats(2, &[0.5, 1.0, f32::NAN, 2.0]);
    let text = make::npy("<U1", "(1, 2)", &[b'a', 0, 0, 0, b'b', 0, 0, 0]);
    let two = |id: Vec<u8>| make::npz(&[("p", make::integers(&[0, 1])), ("id", id)]);
    for (name, bytes, says) in [
        ("p.npy", nan, "p.npy: scores, row 1, column 0: expected a finite number, found NaN"),
        ("p.npy", text, "p.npy: scores: expected numbers, found text"),
        (
            "p.npy",
            make::floats(2, &[0.25, 1.0]),
            "p.npy: predictions, entry 0: expected a whole number or a text, found 0.25",
        ),
        (
            "p.csv",
            b"p\n1\n0.25\n".to_vec(),
            "p.csv: predictions, entry 1: expected a whole number or a text, found 0.25",
        ),
        ("p.npy", make::integers(&[]), "p.npy: expected at least one row of predictions, found none"),
        ("p.npy", make::npy("<f4", "(2, 0)", &[]), "p.npy: 0 columns of scores for 2 classes"),
        ("p.npz", make::ten(&[]), "p.npz: expected one array of predictions, found `image`, `sound`"),
        ("p.npz", two(make::texts(&["a"])), "p.npz: 1 identifiers for 2 rows"),
        ("p.npz", two(make::integers(&[4, 4])), "p.npz: identifier `4` is there twice (rows 0 and 1)"),
        (
            "p.csv",
            b"id,pred,y_pred,b\n1,a,1,2\n".to_vec(),
            "p.csv, line 1: expected one column of predictions, found `pred`, `y_pred`",
        ),
        ("p.csv", b"id,a,b\n1,1,x\n".to_vec(), "p.csv, line 2, column 3: expected a number, found \"x\""),
        ("p.csv", b"id,a,b\n1,1\n".to_vec(), "p.csv, line 2: expected 3 cells, found 2"),
        (
            "p.csv",
            b"id,pred\n1,\n".to_vec(),
            "p.csv, line 2, column 2: expected a value, found an empty cell",
        ),
        ("p.csv", b"1,2\n3,4\n".to_vec(), "p.csv, line 1: expected column names, found only numbers"),
        ("p.csv", b"a,a\n3,4\n".to_vec(), "p.csv, line 1: column `a` is there twice (columns 1 and 2)"),
        ("p.jsonl", b"".to_vec(), "p.jsonl: the file is empty"),
        ("p.jsonl", b"\n\n".to_vec(), "p.jsonl: expected at least one row of values, found none"),
        (
            "p.jsonl",
            b"[1, 2]\n".to_vec(),
            "p.jsonl, line 1: character 0: invalid type: sequence, expected an object",
        ),
        (
            "p.jsonl",
            b"{\"pred\": 1}\n{\"prod\": 1}\n".to_vec(),
            "p.jsonl, line 2: expected a value for `pred`, found none",
        ),
        (
            "p.jsonl",
            b"{\"pred\": 1}\n{\"pred\": null}\n".to_vec(),
            "p.jsonl, line 2: expected a value for `pred`, found none",
        ),
        (
            "p.jsonl",
            b"{\"pred\": 1}\n{\"pred\": \"a\"}\n".to_vec(),
            "p.jsonl, line 2: `pred`: expected a number, found a text",
        ),
        (
            "p.jsonl",
            b"{\"pred\": {}}\n".to_vec(),
            "p.jsonl, line 1: `pred`: expected a number, found an object",
        ),
        (
            "p.jsonl",
            b"{\"s\": [1, 2]}\n{\"s\": [1]}\n".to_vec(),
            "p.jsonl, line 2: `s`: expected a list of 2, found a list of 1",
        ),
        ("p.jsonl", b"{\"s\": [1, NaN]}\n".to_vec(), "p.jsonl, line 1: character 11: expected value"),
        (
            "p.jsonl",
            b"{\"s\": 1, \"s\": 2}\n".to_vec(),
            "p.jsonl, line 1: character 12: key `s` is there twice",
        ),
        ("p.jsonl", b"{\n\"s\": 1}\n".to_vec(), "p.jsonl, line 1: character 1: EOF while parsing an object"),
        (
            "p.jsonl",
            b"{\"s\": 18446744073709551615}\n".to_vec(),
            "p.jsonl, line 1: character 26: 18446744073709551615 is above 9223372036854775807",
        ),
        ("p.jsonl", b"{\"s\": 1} {\n".to_vec(), "p.jsonl, line 1: character 10: trailing characters"),
    ] {
        let error = read(name, &bytes).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert!(error.hint().is_some(), "{error}");
    }
    let error = read_named("p.csv", b"id,dog,cat\n1,1,2\n", "p_*").unwrap_err();
    assert_eq!(error.to_string(), "p.csv, line 1: modality `scores`: no column fits `p_*`");
    let one_hot = make::floats(2, &[0.0, 1.0, 1.0, 0.0]);
    let found = labels_from(&Source::bytes("y.npy", &one_hot), &PickOptions::default(), &Limits::default());
    assert!(matches!(found.unwrap_err().root(), DataError::Layout(LayoutError::NotAList { .. })));
    let error = read("p.npz", &two(make::integers(&[4, 4]))).unwrap_err();
    assert!(matches!(
        error.root(),
        DataError::Prediction(PredictionError::IdTwice { first: 0, second: 1, .. })
    ));
}

/// The only damage that lines hide is lines missing as a whole.
// promise: P13
#[test]
fn lines_cut_within_an_object_are_errors() {
    for (name, bytes) in corpus().iter().filter(|(name, _)| is(name, "jsonl")) {
        for len in 0..bytes.len() {
            let cut = &bytes[..len];
            let n_whole = cut.split(|b| *b == b'\n').count() - 1;
            match read(name, cut) {
                Err(error) => {
                    assert!(
                        error.to_string().starts_with(name.as_str()) && error.hint().is_some(),
                        "{error}"
                    );
                }
                Ok(found) => {
                    let is_at_end = matches!(cut.last(), Some(b'\n' | b'}'));
                    let n_rows = n_whole + usize::from(cut.last() == Some(&b'}'));
                    assert!(is_at_end && found.values.n_rows() == n_rows, "{name} cut at {len}");
                }
            }
        }
    }
}

/// Honest and lying lines stay within the memory that their bytes warrant.
// promise: P12
#[test]
fn lines_take_no_more_memory_than_their_bytes_warrant() {
    const OVERHEAD: usize = 1 << 20;
    // A list of the most columns, as it grows.
    const LIST: usize = 12 << 20;
    let deep = format!("{{\"x\": {}\n", "[".repeat(200_000)).into_bytes();
    let wide = format!("{{\"pred\": [{}1]}}\n", "1,".repeat(1 << 20)).into_bytes();
    let keys: Vec<String> = (0..5000).map(|i| format!("\"{i}\": 1,")).collect();
    let keys = format!("{{{}\"pred\": 1}}\n", keys.concat()).into_bytes();
    let long = vec![b' '; (1 << 25) + 1];
    let dropped = format!("{{\"x\": [{}1], \"pred\": 1}}\n", "{},".repeat(300_000)).into_bytes();
    for (bytes, says) in [
        (deep, Some("EOF while parsing a list")),
        (wide, Some("a list of more than 1048576")),
        (keys, Some("more than 1024 keys")),
        (long, Some("too many bytes in a line")),
        (dropped, None),
    ] {
        let (found, peak) = peak_of(|| read_named("p.jsonl", &bytes, "pred"));
        match (found, says) {
            (Err(error), Some(says)) => assert!(error.to_string().contains(says), "{error}"),
            (found, says) => assert!(found.is_ok() && says.is_none(), "{found:?}, not {says:?}"),
        }
        assert!(peak <= OVERHEAD + LIST + 4 * bytes.len(), "{peak} for {}", bytes.len());
    }
    let rows = "{\"id\":1,\"s\":[0,1,2,3,4,5]}\n".replace("1,\"s\"", "0000000,\"s\"");
    let lines: String = (0..20_000).map(|i| rows.replace("0000000", &(1_000_000 + i).to_string())).collect();
    let (found, peak) = peak_of(|| read("p.jsonl", lines.as_bytes()).unwrap());
    assert_eq!(found.values.n_rows(), 20_000);
    // Identifiers are texts of their own, with their rows.
    assert!(peak <= OVERHEAD + 6 * lines.len(), "{peak} for {}", lines.len());
}
