//! `.safetensors`: named tensors behind a header of JSON, as PyTorch programs
//! save embeddings and logits.
//!
//! The tensors fill the file after the header without gaps and in any order;
//! a file that does not is refused, so that no byte is read twice and none is
//! hidden. Texts are not part of the format: labels are numbers.

mod header;

use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::data::{DataError, Dataset, FileError, NpyError, shown};
use crate::registry::{Citation, Entry};

use super::Format;
use super::reading::{
    Array, Choose, Input, Limits, OpenOptions, Pick, Raw, Role, Source, io_error, wanted, within,
};
use header::Tensor;

/// The table entry.
pub(super) const ENTRY: Entry<dyn Format> = Entry {
    name: "safetensors",
    summary: "tensors of PyTorch programs: a 2-D one per modality, `y`, and what else has a reserved name",
    cites: &[Citation {
        key: "safetensors",
        text: "Hugging Face. Safetensors: a simple, safe way to store and distribute tensors. Format, 2022",
        url: "https://github.com/huggingface/safetensors#format",
    }],
    knobs: &[],
    build: |_| Box::new(Safetensors),
};

struct Safetensors;

impl Format for Safetensors {
    fn suffixes(&self) -> &'static [&'static str] {
        &["safetensors"]
    }

    /// A length below 4 GB, then an object.
    fn recognises(&self, head: &[u8]) -> bool {
        matches!(head, [_, _, _, _, 0, 0, 0, 0, b'{', ..])
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let mut input = source.open()?;
        let tensors = header::tensors(&mut input, limits)?;
        let names: Vec<&str> = tensors.iter().map(|t| t.name.as_str()).collect();
        let mut arrays = Vec::new();
        for wanted in wanted(&names, options)? {
            if let Some(tensor) = tensors.get(wanted.position) {
                arrays.push((wanted.role, read_tensor(&mut input, tensor, &wanted.name, limits)?));
            }
        }
        Ok(arrays)
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let mut input = source.open()?;
        let tensors = header::tensors(&mut input, limits)?;
        let picks = choose(&tensors.iter().map(|t| t.name.as_str()).collect::<Vec<_>>())?;
        let chosen = picks.iter().flat_map(Pick::positions).filter_map(|i| tensors.get(*i));
        chosen.map(|tensor| read_tensor(&mut input, tensor, &tensor.name, limits)).collect()
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::ReadOnly { format: ENTRY.name }.into())
    }
}

fn read_tensor(
    input: &mut Input<'_>,
    tensor: &Tensor,
    name: &str,
    limits: &Limits,
) -> Result<Array, DataError> {
    let mut read = || {
        let dtype = tensor.dtype()?;
        let (rows, cols) = match tensor.shape[..] {
            [rows] => (rows, None),
            [rows, cols] => (rows, Some(cols)),
            _ => return Err(NpyError::Dimensions { shape: tensor.python_shape() }.into()),
        };
        within("rows", rows as u64, limits.max_rows as u64)?;
        within("columns", cols.unwrap_or(1) as u64, limits.max_cols as u64)?;
        input.seek(SeekFrom::Start(tensor.at)).map_err(|e| io_error("read", &e))?;
        let raw = Raw { dtype, fortran_order: false, rows, cols, at: tensor.at };
        let values = raw.read_values(input, limits)?;
        Ok(Array { name: name.to_owned(), rows, cols, values })
    };
    read().map_err(|e: DataError| e.at(&format!("tensor `{}`", shown(&tensor.name))))
}
