//! Logs of somebody's training: logits per modality, or scores, per epoch.
//!
//! `.jsonl`, an object per line, of three kinds that may be mixed:
//!
//! - `{"epoch": 3, "labels": [0, 2], "logits": {"audio": [[..], [..]], "image": [[..], [..]]}}`: some rows,
//! - `{"epoch": 3, "label": 0, "logits": {"audio": [..], "image": [..]}}`: one row,
//! - `{"epoch": 3, "modality": "audio", "metric": "accuracy", "value": 0.4}`: a score; without
//!   `modality` one of the joint network;
//!
//! or a table (`.csv`, `.tsv`) of scores with the columns `epoch`, `modality`, `metric`, `value`. Both may
//! name a `split`; rows of another split than the one asked for are passed over.

mod csv_table;
mod entry;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::data::shown;
use crate::num::Matrix;

use entry::Entry;

/// Lines longer than this are not read: a batch of a million numbers fits.
const LONGEST_LINE: u64 = 64 << 20;

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {what}", line.map_or_else(String::new, |line| format!(", line {line}")))]
pub struct LogError {
    /// The file.
    pub file: String,
    /// The line, from 1, where it is one line's fault.
    pub line: Option<u64>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// A training log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingLog {
    /// The modalities, in the order in which they were met.
    pub modalities: Vec<String>,
    /// Number of classes; 0 where only scores were logged.
    pub n_classes: usize,
    /// The epochs, ascending.
    pub epochs: Vec<LoggedEpoch>,
    /// The splits that occur, in the order in which they were met.
    pub splits: Vec<String>,
}

/// What was logged of one epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedEpoch {
    /// Its number.
    pub epoch: u64,
    /// The class of every row.
    pub labels: Vec<u32>,
    /// Rows x classes per modality; empty where only scores were logged.
    pub logits: Vec<Matrix<f64>>,
    /// Scores by modality (`None`: the joint network) and metric.
    pub scores: BTreeMap<(Option<usize>, String), f64>,
}

/// Reads a log. Of several splits the one asked for is kept, or else `train`
/// where it occurs, or else the first.
///
/// # Errors
/// Whatever is wrong, with its line and what to do.
pub fn training_log(path: &Path, split: Option<&str>) -> Result<TrainingLog, LogError> {
    let file = path.display().to_string();
    let failed = |what: String, hint| LogError { file: file.clone(), line: None, what, hint };
    let opened = std::fs::File::open(path)
        .map_err(|error| failed(format!("cannot be read: {error}"), "check the path and its permissions"))?;
    let is_table = path
        .extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"));
    let entries =
        if is_table { csv_table::read(path, &file)? } else { lines(BufReader::new(opened), &file)? };
    assemble(entries, split, &file)
}

/// [`training_log`] from the text of JSON lines in memory; `name` is for
/// messages.
pub fn training_log_from(name: &str, text: &[u8], split: Option<&str>) -> Result<TrainingLog, LogError> {
    assemble(lines(text, name)?, split, name)
}

/// The entries of a file of JSON lines, with the numbers of their lines.
fn lines(mut from: impl BufRead, file: &str) -> Result<Vec<(u64, Entry)>, LogError> {
    let mut entries = Vec::new();
    let mut text = Vec::new();
    for line in 1_u64.. {
        text.clear();
        let wrong = |what: String, hint| LogError { file: file.to_owned(), line: Some(line), what, hint };
        let read = (&mut from).take(LONGEST_LINE + 1).read_until(b'\n', &mut text);
        let read = read.map_err(|e| wrong(format!("cannot be read: {e}"), "check the disk"))?;
        if read == 0 {
            break;
        }
        if text.len() as u64 > LONGEST_LINE {
            return Err(wrong("longer than 64 MiB".to_owned(), "log fewer rows per line"));
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let entry = Entry::parse(&text).map_err(|what| {
            wrong(what, "a line is an object such as `{\"epoch\": 1, \"label\": 0, \"logits\": {\"a\": [..], \"b\": [..]}}`")
        })?;
        entries.push((line, entry));
    }
    Ok(entries)
}

fn assemble(entries: Vec<(u64, Entry)>, split: Option<&str>, file: &str) -> Result<TrainingLog, LogError> {
    let mut log = TrainingLog::default();
    for (_, entry) in &entries {
        if !log.splits.contains(&entry.split) {
            log.splits.push(entry.split.clone());
        }
    }
    let has = |name: &str| log.splits.iter().any(|split| split == name);
    let chosen = match split {
        Some(asked) if !has(asked) => {
            let found: Vec<String> = log.splits.iter().map(|split| shown(split)).collect();
            return Err(LogError {
                file: file.to_owned(),
                line: None,
                what: format!("no line of split `{}`; it has {}", shown(asked), found.join(", ")),
                hint: "name a split that was logged with `--split`",
            });
        }
        Some(asked) => asked.to_owned(),
        None if has("train") => "train".to_owned(),
        None => log.splits.first().cloned().unwrap_or_default(),
    };
    let mut epochs: BTreeMap<u64, (LoggedEpoch, Vec<Vec<f64>>)> = BTreeMap::new();
    for (line, entry) in entries.into_iter().filter(|(_, entry)| entry.split == chosen) {
        let wrong = |what: String, hint| LogError { file: file.to_owned(), line: Some(line), what, hint };
        let (epoch, values) = epochs.entry(entry.epoch).or_default();
        epoch.epoch = entry.epoch;
        if let Some((modality, metric, value)) = entry.score {
            let modality = modality.map(|name| position(&mut log.modalities, name));
            epoch.scores.insert((modality, metric), value);
        }
        let Some((labels, logits)) = entry.rows else { continue };
        if log.n_classes == 0 {
            log.n_classes = logits.first().map_or(0, |(_, rows)| rows.cols());
        }
        let mut seen = 0;
        for (name, rows) in logits {
            if (rows.rows(), rows.cols()) != (labels.len(), log.n_classes) {
                let what = format!(
                    "the logits of `{}` are {} x {}; {} x {} are needed",
                    shown(&name),
                    rows.rows(),
                    rows.cols(),
                    labels.len(),
                    log.n_classes
                );
                return Err(wrong(what, "log a row of logits per label, all classes, for every modality"));
            }
            let modality = position(&mut log.modalities, name);
            values.resize_with(values.len().max(modality + 1), Vec::new);
            if let Some(own) = values.get_mut(modality) {
                own.extend_from_slice(rows.as_slice());
            }
            seen += 1;
        }
        if let Some(label) = labels.iter().find(|label| **label as usize >= log.n_classes) {
            let what = format!("label {label} is not below the number of logits, {}", log.n_classes);
            return Err(wrong(what, "labels are numbered from 0"));
        }
        epoch.labels.extend(labels);
        let expected = epoch.labels.len() * log.n_classes;
        if seen < 2 || values.len() != log.modalities.len() || values.iter().any(|v| v.len() != expected) {
            let what = "some modality is missing among its logits".to_owned();
            return Err(wrong(what, "every line needs the logits of every modality, at least two"));
        }
    }
    for (_, (mut epoch, values)) in epochs {
        let n = epoch.labels.len();
        epoch.logits = values.into_iter().map(|v| Matrix::from_vec(n, log.n_classes, v)).collect();
        log.epochs.push(epoch);
    }
    if log.epochs.is_empty() {
        return Err(LogError {
            file: file.to_owned(),
            line: None,
            what: "nothing was logged".to_owned(),
            hint: "`rivalry monitor --help` shows what a log looks like",
        });
    }
    Ok(log)
}

fn position(names: &mut Vec<String>, name: String) -> usize {
    names.iter().position(|other| *other == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TrainingLog, LogError> {
        assemble(lines(text.as_bytes(), "log.jsonl")?, None, "log.jsonl")
    }

    #[test]
    fn rows_batches_and_scores_mix() {
        let log = read(
            "{\"epoch\": 2, \"label\": 1, \"logits\": {\"a\": [0, 1], \"b\": [2, 3]}}\n\n\
             {\"epoch\": 1, \"labels\": [0, 1], \"logits\": {\"a\": [[1, 0], [0, 1]], \"b\": [[5, 6], [7, 8]]}}\n\
             {\"epoch\": 1, \"modality\": \"b\", \"metric\": \"lr\", \"value\": 0.5}\n\
             {\"epoch\": 2, \"label\": 0, \"logits\": {\"b\": [4, 5], \"a\": [9, 1]}, \"split\": \"train\"}\n\
             {\"epoch\": 9, \"label\": 0, \"logits\": {\"b\": [4, 5], \"a\": [9, 1]}, \"split\": \"valid\"}",
        )
        .unwrap();
        assert_eq!((log.modalities.join("+"), log.n_classes, log.epochs.len()), ("a+b".into(), 2, 2));
        assert_eq!(log.epochs[0].scores[&(Some(1), "lr".to_owned())], 0.5);
        assert_eq!(log.epochs[1].labels, [1, 0]);
        assert_eq!(log.epochs[1].logits[0].as_slice(), [0.0, 1.0, 9.0, 1.0]);
        assert_eq!(log.splits, ["train", "valid"]);
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        for (text, expected) in [
            ("", "log.jsonl: nothing was logged"),
            ("{\"epoch\": 1}", "log.jsonl, line 1: neither logits nor a score"),
            ("[1]", "log.jsonl, line 1: not an object"),
            (
                "{\"epoch\": -1, \"metric\": \"a\", \"value\": 1}",
                "log.jsonl, line 1: `epoch` is no whole number",
            ),
            (
                "{\"epoch\": 1, \"label\": 0, \"logits\": {\"a\": [0, 1]}}",
                "log.jsonl, line 1: some modality is missing among its logits",
            ),
            (
                "{\"epoch\": 1, \"label\": 2, \"logits\": {\"a\": [0, 1], \"b\": [0, 1]}}",
                "log.jsonl, line 1: label 2 is not below the number of logits, 2",
            ),
            (
                "{\"epoch\": 1, \"label\": 0, \"logits\": {\"a\": [0, 1], \"b\": [0]}}",
                "log.jsonl, line 1: the logits of `b` are 1 x 1; 1 x 2 are needed",
            ),
            (
                "{\"epoch\": 1, \"label\": 0, \"logits\": {\"a\": [0, \"x\"], \"b\": [0, 1]}}",
                "log.jsonl, line 1: `logits` of `a`: not a list of numbers",
            ),
            (
                "{\"epoch\": 1, \"metric\": \"a\", \"value\": 1}\n{\"epoch\"",
                "log.jsonl, line 2: not JSON: EOF while parsing an object",
            ),
        ] {
            let found = error(text);
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
