//! A long table of scores.

use std::path::Path;

use super::LogError;
use super::entry::Entry;

const HINT: &str = "the columns are `epoch`, `modality` (empty for the joint network), `metric`, `value`, and `split` if there are several";

/// The rows of a table, with the numbers of their lines.
pub(super) fn read(path: &Path, file: &str) -> Result<Vec<(u64, Entry)>, LogError> {
    let wrong = |line: Option<u64>, what: String| LogError { file: file.to_owned(), line, what, hint: HINT };
    let is_tabs = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
    let mut table = csv::ReaderBuilder::new()
        .delimiter(if is_tabs { b'\t' } else { b',' })
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(None, error.to_string()))?;
    let head = table.headers().map_err(|error| wrong(Some(1), error.to_string()))?.clone();
    let at = |name: &str| head.iter().position(|column| column.eq_ignore_ascii_case(name));
    let needed = |name: &str| at(name).ok_or_else(|| wrong(Some(1), format!("there is no column `{name}`")));
    let (epoch, metric, value) = (needed("epoch")?, needed("metric")?, needed("value")?);
    let (modality, split) = (at("modality"), at("split"));
    let mut entries = Vec::new();
    for row in table.records() {
        let row = row.map_err(|error| {
            let line = error.position().map(csv::Position::line);
            wrong(line, "a row of another length than the head".to_owned())
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |column: usize| row.get(column).unwrap_or_default();
        let epoch: u64 = cell(epoch)
            .parse()
            .map_err(|_| wrong(Some(line), format!("`{}` is no epoch", crate::data::shown(cell(epoch)))))?;
        let number: f64 = cell(value).parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| {
            wrong(Some(line), format!("`{}` is no finite number", crate::data::shown(cell(value))))
        })?;
        let optional = |column: Option<usize>| column.map(cell).filter(|text| !text.is_empty());
        let joint = |name: &&str| !name.eq_ignore_ascii_case("joint");
        let score = (optional(modality).filter(joint).map(str::to_owned), cell(metric).to_owned(), number);
        let split = optional(split).unwrap_or("train").to_owned();
        entries.push((line, Entry::of_table(epoch, split, score)));
    }
    Ok(entries)
}
