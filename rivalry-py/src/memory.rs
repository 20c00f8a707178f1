//! What Python holds and the command shall read: arrays as blocks of bytes, so
//! that any layout is read with one block more than the result in memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::mem;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator};
use rivalry::formats::{Array, Arrays, Limits};
use rivalry_cli::Held;

use crate::failure::{bad_data, guarded};

/// Things in memory by the names that arguments use for them. Used once.
#[pyclass(frozen, module = "rivalry._core")]
#[derive(Default)]
pub(crate) struct Memory(Mutex<BTreeMap<String, Held>>);

impl Memory {
    /// Everything, leaving nothing.
    pub(crate) fn take(&self) -> BTreeMap<String, Held> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl Memory {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// A list or matrix under `key`: its name, NumPy's type (`<f4`), its shape,
    /// and an iterator over the bytes of its values in C order. With `table`
    /// the arrays under the key are the columns of one table.
    #[pyo3(signature = (key, title, name, descr, shape, blocks, table=false))]
    #[allow(clippy::needless_pass_by_value, reason = "Python hands over values")]
    fn array(
        &self,
        key: String,
        title: &str,
        name: &str,
        descr: &str,
        shape: Vec<usize>,
        blocks: &Bound<'_, PyIterator>,
        table: bool,
    ) -> PyResult<()> {
        let mut stream = Blocks { source: blocks, block: None, read: 0, raised: None };
        let array = guarded(|| Array::stream(name, descr, &shape, &mut stream, &Limits::default()));
        if let Some(raised) = stream.raised {
            return Err(raised);
        }
        let array = array?.map_err(|error| bad_data(&error))?;
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = held.entry(key).or_insert_with(|| Held::Arrays {
            name: title.to_owned(),
            arrays: Arrays { arrays: Vec::new(), is_table: table },
        });
        if let Held::Arrays { arrays, .. } = place {
            arrays.arrays.push(array);
        }
        Ok(())
    }

    /// The content of a file under `key`.
    fn bytes(&self, key: String, content: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Held::Bytes(content));
    }
}

/// Bytes that an iterator of Python's hands over block by block.
struct Blocks<'a, 'py> {
    source: &'a Bound<'py, PyIterator>,
    block: Option<Bound<'py, PyBytes>>,
    read: usize,
    /// What the iterator raised.
    raised: Option<PyErr>,
}

impl<'py> Blocks<'_, 'py> {
    fn next(&mut self) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut blocks = self.source.clone();
        blocks.next().transpose()?.map(|block| Ok(block.cast_into::<PyBytes>()?)).transpose()
    }
}

impl Read for Blocks<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(block) = &self.block {
                let left = block.as_bytes().get(self.read..).unwrap_or_default();
                if !left.is_empty() {
                    let count = left.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&left[..count]);
                    self.read += count;
                    return Ok(count);
                }
            }
            match self.next() {
                Ok(Some(block)) => (self.block, self.read) = (Some(block), 0),
                Ok(None) => return Ok(0),
                Err(raised) => {
                    self.raised = Some(raised);
                    return Err(io::Error::other("the array could not be read"));
                }
            }
        }
    }
}
