//! `.mat`: matrices of MATLAB, Octave and SciPy, versions 5 to 7, compressed or
//! not; multi-view sets that keep their views in a cell.
//!
//! Version 7.3 is another format (HDF5) and refused by name. A file that was
//! cut between two variables cannot be told from one that never had the second.

mod matrix;
mod parts;
mod stream;

use std::path::Path;

use crate::data::{DataError, Dataset, FileError, LayoutError, listed, shown};
use crate::registry::{Citation, Entry};

use super::Format;
use super::predictions::{LABELS, is_one_of};
use super::reading::{
    Array, Choose, Limits, ModalityChoice, OpenOptions, Pick, RESERVED, Role, Source, Wanted, wanted, within,
};
use matrix::Form;
use parts::{Part, Parts};

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "mat",
    summary: "MATLAB file, versions 5 to 7: a matrix per modality or a cell of views, labels in `y`, `Y`, `gt` ...",
    cites: &[Citation {
        key: "matlab-mat",
        text: "The MathWorks. MAT-File Format, version 5",
        url: "https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf",
    }],
    knobs: &[],
    build: |_| Box::new(Mat),
};

/// More names that labels have in multi-view sets.
const MORE_LABELS: [&str; 4] = ["gt", "truelabel", "truth", "gnd"];

struct Mat;

impl Format for Mat {
    fn suffixes(&self) -> &'static [&'static str] {
        &["mat"]
    }

    fn recognises(&self, head: &[u8]) -> bool {
        head.starts_with(b"MATLAB 5.0")
            || (head.starts_with(b"MATLAB")
                && matches!(head.get(124..128), Some([0, 1, b'I', b'M'] | [1, 0, b'M', b'I'])))
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let mut parts = Parts::open(source, limits, is_label)?;
        let names: Vec<&str> = parts.list.iter().map(|p| p.name.as_str()).collect();
        let wanted = wanted(&names, &with_label(&names, with_views(&parts.list, options))?)?;
        let n_samples = wanted
            .iter()
            .find(|w| w.role == Role::Label)
            .and_then(|w| parts.list.get(w.position))
            .and_then(|p| p.header.two().ok())
            .map(|(rows, cols)| if rows == 1 { cols } else { rows });
        let form = |w: &Wanted| match (w.role, parts.list.get(w.position).map(|p| p.header.two())) {
            // Samples are rows, or else the columns when only those are as
            // many as there are labels.
            (Role::Modality, Some(Ok((rows, cols)))) => {
                if Some(rows) != n_samples && Some(cols) == n_samples { Form::Columns } else { Form::Rows }
            }
            (Role::Modality, _) => Form::Rows,
            _ => Form::List,
        };
        let chosen: Vec<(usize, Form)> = wanted.iter().map(|w| (w.position, form(w))).collect();
        let arrays = parts.read(&chosen, limits)?;
        let named = |(w, array): (&Wanted, Array)| (w.role, Array { name: w.name.clone(), ..array });
        Ok(wanted.iter().zip(arrays).map(named).collect())
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let mut parts = Parts::open(source, limits, is_label)?;
        let picks = choose(&parts.list.iter().map(|p| p.name.as_str()).collect::<Vec<_>>())?;
        let chosen: Vec<(usize, Form)> =
            picks.iter().flat_map(Pick::positions).map(|i| (*i, Form::List)).collect();
        parts.read(&chosen, limits)
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::ReadOnly { format: ENTRY.name }.into())
    }
}

/// Whether something of that name is usually the labels.
fn is_label(name: &str) -> bool {
    is_one_of(name, &LABELS) || is_one_of(name, &MORE_LABELS)
}

/// The options with the label that such files usually have, unless there is
/// one of a reserved name or one was named.
fn with_label(names: &[&str], options: OpenOptions) -> Result<OpenOptions, DataError> {
    let is_reserved = |name: &&str| RESERVED.iter().any(|(n, role)| n == name && *role == Role::Label);
    if options.label.is_some() || names.iter().any(is_reserved) {
        return Ok(options);
    }
    let asked = |name: &str| options.modalities.iter().any(|choice| choice.pattern == name);
    let mut usual = names.iter().filter(|n| is_label(n) && !asked(n));
    match (usual.next(), usual.next()) {
        (Some(first), Some(second)) => {
            Err(LayoutError::TwoLabels { first: shown(first), second: shown(second) }.into())
        }
        (first, _) => Ok(OpenOptions { label: first.map(|n| (*n).to_owned()), ..options }),
    }
}

/// The options with a cell that is asked for replaced by its views.
fn with_views(list: &[Part], options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    let expand = |choice: ModalityChoice| -> Vec<ModalityChoice> {
        let is_array = list.iter().any(|p| p.name == choice.pattern);
        let views = list.iter().filter(|p| p.cell_name.as_deref() == Some(choice.pattern.as_str()));
        let named = |(i, part): (usize, &Part)| {
            let is_renamed = choice.name != choice.pattern;
            let name = if is_renamed { format!("{}{}", choice.name, i + 1) } else { part.name.clone() };
            ModalityChoice { name, pattern: part.name.clone() }
        };
        let views: Vec<ModalityChoice> = views.enumerate().map(named).collect();
        if is_array || views.is_empty() { vec![choice] } else { views }
    };
    options.modalities = options.modalities.into_iter().flat_map(expand).collect();
    options
}

/// The inflated bytes of all that is read, within the limit.
fn within_inflated(total: u64, most: u64) -> Result<(), DataError> {
    within("bytes after inflating", total, most)
}

/// A variable as messages name it.
fn place(name: &str) -> String {
    format!("variable {}", listed(std::iter::once(name)))
}
