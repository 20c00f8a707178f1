//! Tables of pandas and pyarrow, read to the bit; what is refused, with its
//! message; files that were cut, damaged, or lie; and what the renderer writes,
//! read back.

use std::collections::BTreeMap;
use std::path::Path;

use rivalry::data::{DataError, Dataset, Split};
use rivalry::formats::predictions::{Predicted, labels_from, predictions_from};
use rivalry::formats::{Limits, ModalityChoice, OpenOptions, PickOptions, Source, open_source};
use rivalry::registry::Choice;
use rivalry::render::renderer;
use rivalry::report::{Block, DataCell, DataTable};
use serde::Deserialize;

use super::memory::peak_of;
use super::open_bytes;
use crate::specimen;

#[derive(Deserialize)]
struct Golden {
    modalities: BTreeMap<String, Matrix>,
    labels: Vec<String>,
    groups: Vec<String>,
    ids: Vec<String>,
    truth: Vec<String>,
    columns: Vec<String>,
    scores: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Matrix {
    cols: usize,
    values: Vec<f64>,
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/formats/parquet.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/parquet").join(name)).unwrap()
}

fn chosen(name: &str, modalities: &[&str]) -> Result<Dataset, DataError> {
    let modalities = modalities.iter().map(|m| ModalityChoice::parse(m)).collect();
    let options = OpenOptions { modalities, ..OpenOptions::default() };
    open_source(&Source::bytes(name, &file(name)), &options, &Limits::default())
}

fn is_golden(data: &Dataset, golden: &Golden, name: &str) {
    assert_eq!(data.modalities().len(), 2, "{name}");
    for modality in data.modalities() {
        let expected = &golden.modalities[&modality.name];
        let features = &modality.features;
        assert_eq!((features.rows(), features.cols()), (12, expected.cols), "{name}");
        for (at, value) in expected.values.iter().enumerate() {
            let found = features.get(at / expected.cols, at % expected.cols);
            assert_eq!(found.to_bits(), value.to_bits(), "{name}, {}, value {at}", modality.name);
        }
    }
    let labels: Vec<&str> = data.labels().iter().map(|c| data.class_names()[*c as usize].as_str()).collect();
    assert_eq!(labels, golden.labels, "{name}");
    let groups: Vec<&str> =
        data.groups().unwrap().iter().map(|g| data.group_names()[*g as usize].as_str()).collect();
    assert_eq!(groups, golden.groups, "{name}");
    // The last row belongs to no part.
    let split = Split::Given { train: (0..9).collect(), valid: None, test: vec![9, 10] };
    assert_eq!(*data.split(), split, "{name}");
}

// promise: P15
#[test]
fn tables_of_pandas_and_pyarrow_are_read_to_the_bit() {
    let golden = golden();
    for name in ["plain.parquet", "pages2.parquet", "old.parquet"] {
        is_golden(&open_bytes(name, &file(name)).unwrap(), &golden, name);
    }
    // A column of dates is no obstacle when nobody asks for it.
    let data = chosen("pandas.parquet", &["image=image.*", "sound=sound.*"]).unwrap();
    is_golden(&data, &golden, "pandas.parquet");
    let data = open_bytes("constant.parquet", &file("constant.parquet")).unwrap();
    assert_eq!((data.n_samples(), data.modalities()[0].features.get(19_999, 0)), (20_000, 0.25));
}

// promise: P15
#[test]
fn predictions_and_labels_are_picked_by_name() {
    let golden = golden();
    let bytes = file("pred.parquet");
    let source = Source::bytes("pred.parquet", &bytes);
    let options = PickOptions::default();
    let found = predictions_from(&source, &options, &Limits::default()).unwrap();
    assert_eq!(found.ids.unwrap().texts(), golden.ids);
    let Predicted::Scores(scores) = found.values else { panic!("expected scores") };
    assert_eq!(scores.names().unwrap(), golden.columns);
    for (row, expected) in golden.scores.iter().enumerate() {
        for (column, value) in expected.iter().enumerate() {
            assert_eq!(scores.at(row, column).to_bits(), value.to_bits());
        }
    }
    let labels = labels_from(&source, &options, &Limits::default()).unwrap();
    let names: Vec<&str> =
        labels.values.codes().iter().map(|c| labels.values.class_names()[*c as usize].as_str()).collect();
    assert_eq!(names, golden.truth);
    // Columns may be named by numbers here.
    let bytes = file("numbers.parquet");
    let source = Source::bytes("numbers.parquet", &bytes);
    let Predicted::Classes(classes) = predictions_from(&source, &options, &Limits::default()).unwrap().values
    else {
        panic!("expected classes")
    };
    assert_eq!(
        (classes.class_names(), classes.codes()),
        (&["0", "1", "2"].map(str::to_owned)[..], &[0, 2, 1][..])
    );
}

// promise: P14
#[test]
fn what_is_not_read_is_named() {
    for (name, says) in [
        ("bad_list", "column `a.x`: list values are not read"),
        ("bad_struct", "column `a.x`: nested values are not read"),
        ("bad_map", "column `a.x`: map values are not read"),
        ("bad_decimal", "column `a.x`: decimal values are not read"),
        ("bad_timestamp", "column `a.x`: timestamp values are not read"),
        ("bad_date", "column `a.x`: date values are not read"),
        ("bad_time", "column `a.x`: time values are not read"),
        ("bad_half", "column `a.x`: half-precision values are not read"),
        ("bad_binary", "column `a.x`: binary values are not read"),
        ("bad_nulls", "row 1, column `a.x`: expected a number, found \"null\""),
        ("bad_nan", "row 1, column `a.x`: expected a number, found \"NaN\""),
        ("bad_infinite", "row 1, column `a.x`: expected a finite number, found \"-inf\""),
        ("bad_words", "row 1, column `a.x`: expected a number, found \"loud\""),
        ("bad_huge", "row 1, column `a.x`: the integer 9007199254740993 is beyond 2^53 and would be rounded"),
        ("gzip", "column `image.single`: the compression GZIP is not read"),
        ("zstd", "column `image.single`: the compression ZSTD is not read"),
        ("delta_binary_packed", "column `a.x`: the encoding DELTA_BINARY_PACKED is not read"),
        ("byte_stream_split", "column `a.x`: the encoding BYTE_STREAM_SPLIT is not read"),
        ("pandas", "column 11 (`when`) belongs to no modality"),
        ("indexed", "column 9 (`__index_level_0__`) belongs to no modality"),
    ] {
        let name = format!("{name}.parquet");
        let error = open_bytes(&name, &file(&name)).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&name), "{text}");
        assert!(text.contains(says), "{text}");
        assert!(error.hint().is_some(), "{text}");
    }
    let limits = |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        let bytes = file("constant.parquet");
        let source = Source::bytes("d.parquet", &bytes);
        open_source(&source, &OpenOptions::default(), &limits).unwrap_err().to_string()
    };
    let rows = limits(&|l| l.max_rows = 19_999);
    assert_eq!(rows, "d.parquet: too many rows: 20000, at most 19999 are read");
    let columns = limits(&|l| l.max_cols = 1);
    assert_eq!(columns, "d.parquet: too many columns: 2, at most 1 are read");
    let bytes = limits(&|l| l.max_inflated_bytes = 1000);
    assert!(bytes.starts_with("d.parquet: too many bytes after unpacking: 320000"), "{bytes}");
}

/// What a damaged file may make the reader hold: the file, what Snappy makes of
/// it, and the decoder's buffers.
fn bound(bytes: &[u8]) -> usize {
    (1 << 20) + 64 * bytes.len()
}

fn is_refused(name: &str, bytes: &[u8], how: &str) {
    let (result, peak) = peak_of(|| open_bytes(name, bytes));
    let error = result.expect_err(how);
    assert!(error.to_string().starts_with(name) && error.hint().is_some(), "{how}: {error}");
    assert!(!error.to_string().chars().any(char::is_control), "{how}: {error:?}");
    assert!(peak <= bound(bytes), "{how}: {peak}");
}

// promise: P13
#[test]
fn tables_cut_anywhere_are_errors() {
    for name in ["plain.parquet", "pages2.parquet", "old.parquet"] {
        let bytes = file(name);
        for len in 0..bytes.len() {
            is_refused(name, &bytes[..len], &format!("{name} cut at {len}"));
        }
    }
}

// promise: P11
#[test]
fn damage_is_an_error_or_another_table_within_bounds() {
    let (mut n_read, mut n_refused) = (0, 0);
    for name in ["plain.parquet", "pages2.parquet", "old.parquet", "bad_nan.parquet"] {
        let whole = file(name);
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] ^= change;
                let (result, peak) = peak_of(|| open_bytes(name, &bytes));
                // What the decoder's panic prints is the test's own memory.
                let gave_up = result.as_ref().is_err_and(|e| e.to_string().ends_with("gave up"));
                assert!(gave_up || peak <= bound(&bytes), "{name}, byte {at}: {peak}");
                match result {
                    Ok(_) => n_read += 1,
                    Err(error) => {
                        let text = error.to_string();
                        assert!(text.starts_with(name) && error.hint().is_some(), "{text}");
                        assert!(!text.chars().any(char::is_control), "{text:?}");
                        n_refused += 1;
                    }
                }
            }
        }
    }
    assert!(n_read > 500 && n_refused > 2_000, "{n_read} read, {n_refused} refused");
}

/// A file with this footer.
fn with_footer(footer: &[u8]) -> Vec<u8> {
    [b"PAR1", footer, &(footer.len() as u32).to_le_bytes(), b"PAR1"].concat()
}

/// An element of the schema with the name `a`: a column, or a group.
fn element(children: Option<u32>) -> Vec<u8> {
    let mut bytes = match children {
        None => vec![0x15, 10, 0x25, 0, 0x18, 1, b'a'],
        Some(_) => vec![0x35, 0, 0x18, 1, b'a'],
    };
    if let Some(children) = children {
        bytes.push(0x15);
        let mut zigzag = u64::from(children) * 2;
        while zigzag >= 0x80 {
            bytes.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        bytes.push(zigzag as u8);
    }
    bytes.push(0);
    bytes
}

/// A footer with this schema, `rows` and no row groups.
fn footer(elements: &[Vec<u8>], rows: u8) -> Vec<u8> {
    let count = elements.len();
    let mut list = vec![0xFC];
    let mut left = count;
    while left >= 0x80 {
        list.push(left as u8 | 0x80);
        left >>= 7;
    }
    list.push(left as u8);
    [&[0x15, 2, 0x19][..], &list, &elements.concat(), &[0x16, rows * 2, 0x19, 0x0C, 0]].concat()
}

// promise: P11
#[test]
fn footers_that_lie_are_refused() {
    let honest = footer(&[element(Some(1)), element(None)], 0);
    let error = open_bytes("d.parquet", &with_footer(&honest)).unwrap_err().to_string();
    assert!(error.starts_with("d.parquet: no label column") || error.contains("at least one row"), "{error}");
    let deep: Vec<Vec<u8>> =
        (0..50_000).map(|_| element(Some(1))).chain(std::iter::once(element(None))).collect();
    let mut long = with_footer(&honest);
    let at = long.len() - 8;
    long[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    for (bytes, says) in [
        (b"PAR1".to_vec(), "byte 4: expected the end of a parquet file"),
        (b"PAR1PAR1".to_vec(), "byte 8: expected the end of a parquet file"),
        (long, "the footer is damaged: it promises 4294967295 bytes, more than there are"),
        (
            with_footer(&footer(&[element(Some(i32::MAX as u32)), element(None)], 0)),
            "its columns are no tree",
        ),
        (with_footer(&footer(&[element(Some(2)), element(None)], 0)), "its columns are no tree"),
        (with_footer(&footer(&deep, 0)), "its columns are no tree"),
        (with_footer(&[0x15, 2, 0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0]), "a part of it is cut"),
        (with_footer(&[0x15, 2, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0]), "a part of it is cut"),
        (with_footer(&vec![0x1C; 100_000]), "a part of it is cut, or lies too deep"),
        (with_footer(&footer(&[element(Some(1)), element(None)], 5)), "it promises 5 rows, its row groups 0"),
        (with_footer(&[0]), "the footer is damaged"),
    ] {
        let (result, peak) = peak_of(|| open_bytes("d.parquet", &bytes));
        let error = result.unwrap_err().to_string();
        assert!(error.contains(says), "{error}, not {says}");
        assert!(peak <= bound(&bytes), "{peak} for {says}");
    }
}

// promise: P15
#[test]
fn what_the_renderer_writes_is_read_back() {
    let values = [0.1, -0.0, 5e-324, 1e300];
    let table = |name: &str, extra: Option<f64>| DataTable {
        name: name.to_owned(),
        columns: ["a.number", "a.whole", "y", "note"].map(str::to_owned).to_vec(),
        rows: values
            .iter()
            .enumerate()
            .map(|(i, value)| {
                vec![
                    DataCell::Number(*value),
                    DataCell::Whole(1 << (53 * (i / 2))),
                    DataCell::Text(["=cmd", "\u{1b}[2J, \"x\"\n"][i % 2].to_owned()),
                    extra.filter(|_| i == 1).map_or(DataCell::Empty, DataCell::Number),
                ]
            })
            .collect(),
    };
    let mut report = specimen::report(&str::to_owned);
    report.blocks = vec![Block::Data(table("one", Some(0.5))), Block::Data(table("two", None))];
    let render = |report: &rivalry::report::Report, table: u64| {
        let mut out = Vec::new();
        let choice = Choice::new("parquet").with("table", table as i64);
        renderer(&choice).unwrap().render(report, &mut out).unwrap();
        out
    };
    let one = render(&report, 1);
    assert_eq!(one, render(&report.clone(), 1), "output is a function of the report");
    let options = OpenOptions {
        modalities: vec![ModalityChoice::parse("a=a.*")],
        label: Some("a.whole".to_owned()),
        ..OpenOptions::default()
    };
    let read = |bytes: &[u8], options: &OpenOptions| {
        open_source(&Source::bytes("r.parquet", bytes), options, &Limits::default())
    };
    let data = read(&one, &options).unwrap();
    for (row, value) in values.iter().enumerate() {
        assert_eq!(data.modalities()[0].features.get(row, 0).to_bits(), value.to_bits());
    }
    assert_eq!(data.class_names(), ["1", "9007199254740992"]);
    // Texts keep every character, so that the reader of names refuses them.
    let error = read(&one, &OpenOptions { label: None, ..options.clone() }).unwrap_err().to_string();
    assert!(error.contains("U+001B") && !error.contains('\u{1b}'), "{error}");
    let error = read(&one, &OpenOptions { label: Some("note".to_owned()), ..options.clone() }).unwrap_err();
    assert_eq!(error.to_string(), "r.parquet, row 0, column `note`: expected a label, found \"null\"");
    // Both tables, told apart.
    let both = render(&report, 0);
    let data = read(&both, &OpenOptions { label: Some("table".to_owned()), ..options }).unwrap();
    assert_eq!((data.n_samples(), data.class_names()), (8, &["one", "two"].map(str::to_owned)[..]));
    // A report without tables for programs gives what people read.
    report.blocks = specimen::report(&str::to_owned).blocks;
    report.blocks.retain(|block| !matches!(block, Block::Data(_)));
    let error = read(&render(&report, 0), &OpenOptions::default()).unwrap_err().to_string();
    assert!(error.contains("no label column"), "{error}");
    let missing = renderer(&Choice::new("parquet").with("table", 3)).unwrap();
    report.blocks.clear();
    assert!(missing.render(&report, &mut Vec::new()).is_err());
}
