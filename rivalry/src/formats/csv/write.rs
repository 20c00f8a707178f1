//! Tables that read back as the same data set, bit for bit: every number is the
//! shortest text that denotes the double.

use std::io::{self, Write};
use std::path::Path;

use crate::data::{DataError, Dataset, FileError, Split, atomic, shown};
use crate::formats::reading::io_error;
use crate::formats::side::refuse_reserved;

/// Writes a data set as a table: columns `MODALITY.FEATURE`, `y`, and as far as
/// they are needed `class_name`, `groups`, `split`, `fold`.
pub(super) fn write(data: &Dataset, path: &Path) -> Result<(), DataError> {
    refuse_reserved(data)?;
    // A full stop ends the modality in a column's name, and a hash before the
    // first one marks a header.
    if let Some(modality) = data.modalities().iter().find(|m| m.name.contains('.') || m.name.starts_with('#'))
    {
        let what = "the beginning of column names: it holds a full stop, or begins with `#`";
        return Err(FileError::UnfitName { name: shown(&modality.name), what }.into());
    }
    let is_tab =
        path.extension().is_some_and(|s| s.eq_ignore_ascii_case("tsv") || s.eq_ignore_ascii_case("tab"));
    let delimiter = if is_tab { b'\t' } else { b',' };
    atomic::write_atomic_with(path, |out| fill(data, delimiter, out)).map_err(|e| io_error("write", &e))
}

fn fill(data: &Dataset, delimiter: u8, out: &mut dyn Write) -> io::Result<()> {
    let mut table = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    let by_name = reads_back(data.class_names());
    let parts = part_of_rows(data);
    for modality in data.modalities() {
        for c in 0..modality.features.cols() {
            table.write_field(format!("{}.{c}", modality.name))?;
        }
    }
    table.write_field("y")?;
    for (name, is_there) in [
        ("class_name", !by_name),
        ("groups", data.groups().is_some()),
        ("split", parts.is_some()),
        ("fold", matches!(data.split(), Split::GivenFolds { .. })),
    ] {
        if is_there {
            table.write_field(name)?;
        }
    }
    table.write_record(None::<&[u8]>)?;
    let name = |names: &[String], i: u32| names.get(i as usize).cloned().unwrap_or_default();
    for (row, label) in data.labels().iter().enumerate() {
        for modality in data.modalities() {
            for c in 0..modality.features.cols() {
                table.write_field(number_text(modality.features.get(row, c)))?;
            }
        }
        let class = name(data.class_names(), *label);
        if by_name {
            table.write_field(class)?;
        } else {
            table.write_field(label.to_string())?;
            table.write_field(class)?;
        }
        if let Some(group) = data.groups().and_then(|g| g.get(row)) {
            table.write_field(name(data.group_names(), *group))?;
        }
        if let Some(part) = parts.as_ref().and_then(|p| p.get(row)) {
            table.write_field(part)?;
        }
        if let Split::GivenFolds { fold } = data.split() {
            table.write_field(fold.get(row).copied().unwrap_or_default().to_string())?;
        }
        table.write_record(None::<&[u8]>)?;
    }
    table.flush()
}

/// The shortest text that denotes the number.
fn number_text(value: f64) -> String {
    let mut text = format!("{value:?}");
    if text.ends_with(".0") && value != 0.0 {
        text.truncate(text.len() - 2);
    }
    text
}

/// Whether reading the names alone gives the classes in this order.
fn reads_back(names: &[String]) -> bool {
    let integers: Option<Vec<i64>> =
        names.iter().map(|n| n.parse().ok().filter(|i: &i64| i.to_string() == *n)).collect();
    match integers {
        Some(integers) => integers.is_sorted(),
        None => names.is_sorted(),
    }
}

fn part_of_rows(data: &Dataset) -> Option<Vec<&'static str>> {
    let Split::Given { train, valid, test } = data.split() else { return None };
    let mut parts = vec![""; data.n_samples()];
    let valid = valid.as_deref().unwrap_or_default();
    for (name, rows) in [("train", &train[..]), ("valid", valid), ("test", &test[..])] {
        for row in rows {
            if let Some(part) = parts.get_mut(*row as usize) {
                *part = name;
            }
        }
    }
    Some(parts)
}
