//! Arrays, or the columns of a table, that another program holds in memory:
//! read by the same names, options and rules as files.

use std::io::Read;
use std::path::Path;

use crate::data::{DataError, Dataset, FileError, LayoutError, shown};

use super::reading::{Array, Choose, Kind, Limits, OpenOptions, Pick, Role, Source, Values, wanted, within};
use super::table::{Cell, Column, Columns, Kept, Table};
use super::{Format, npy};

/// Named arrays, or the columns of one table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays {
    /// The arrays, each with its name.
    pub arrays: Vec<Array>,
    /// Whether they are the columns of a table: lists, one value per sample.
    pub is_table: bool,
}

impl Arrays {
    fn names(&self) -> Vec<&str> {
        self.arrays.iter().map(|array| array.name.as_str()).collect()
    }

    /// The number of rows of a table; an error when its columns differ.
    fn n_rows(&self) -> Result<usize, DataError> {
        let Some(first) = self.arrays.first() else { return Err(FileError::Empty.into()) };
        for other in &self.arrays {
            if !matches!(other.cols, None | Some(1)) {
                return Err(LayoutError::NotAList { what: "column", shape: other.shape() }.into());
            }
            if other.rows != first.rows {
                return Err(DataError::RowsDiffer {
                    first: format!("`{}`", shown(&first.name)),
                    first_rows: first.rows,
                    second: format!("`{}`", shown(&other.name)),
                    second_rows: other.rows,
                });
            }
        }
        Ok(first.rows)
    }

    fn column(&self, position: usize, row: usize) -> Cell<'_> {
        self.arrays.get(position).and_then(|array| array.values.cell(row)).unwrap_or(Cell::Null)
    }

    fn table(&self, options: &OpenOptions, limits: &Limits) -> Result<Vec<(Role, Array)>, DataError> {
        let columns = Columns::new(&self.names(), options)?;
        let n_rows = self.n_rows()?;
        let mut table = Table::new(&columns, n_rows);
        for row in 0..n_rows {
            for (position, column) in columns.columns.iter().enumerate() {
                if *column != Column::Ignored {
                    table.push(*column, self.column(position, row), limits).map_err(|error| {
                        let name = self.arrays.get(position).map(|array| shown(&array.name));
                        error.at(&format!("column `{}`, row {row}", name.unwrap_or_default()))
                    })?;
                }
            }
        }
        table.arrays(columns, n_rows, limits)
    }
}

impl Values {
    /// One value as the cell of a table.
    fn cell(&self, row: usize) -> Option<Cell<'_>> {
        match self {
            Self::F32(values, Kind::Bool) => values.get(row).map(|v| Cell::Bool(*v == 1.0)),
            Self::F32(values, _) => values.get(row).map(|v| Cell::Single(*v)),
            Self::F64(values) => values.get(row).map(|v| Cell::Number(*v)),
            Self::Int(values) => values.get(row).map(|v| Cell::Integer(i128::from(*v))),
            Self::Text { codes, distinct, .. } => {
                let text = distinct.get(*codes.get(row)? as usize)?;
                Some(if text.is_empty() { Cell::Null } else { Cell::Text(text) })
            }
        }
    }
}

impl Array {
    /// Decodes the values of an array of NumPy's as they stream by, row by row
    /// and in C order. `descr` is the type as NumPy writes it (`<f4`, `|b1`,
    /// `<U12`); `shape` has one or two sizes.
    ///
    /// # Errors
    /// What `.npy` files of that type and shape meet: a type that is not read,
    /// more than the limits, a stream that ends too early.
    pub fn stream(
        name: &str,
        descr: &str,
        shape: &[usize],
        input: &mut dyn Read,
        limits: &Limits,
    ) -> Result<Self, DataError> {
        npy::stream(name, descr, shape, input, limits)
            .map_err(|error| error.at(&format!("`{}`", shown(name))))
    }
}

/// What [`Source::arrays`] is read by.
pub(super) struct Memory {
    is_table: bool,
}

impl Memory {
    /// For arrays, or for the columns of a table.
    pub(super) fn new(arrays: &Arrays) -> Self {
        Self { is_table: arrays.is_table }
    }

    fn of<'a>(source: &Source<'a>) -> Result<&'a Arrays, DataError> {
        source.in_memory().ok_or_else(|| FileError::Kind { expected: "array in memory" }.into())
    }
}

impl Format for Memory {
    fn suffixes(&self) -> &'static [&'static str] {
        &[]
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &OpenOptions,
        limits: &Limits,
    ) -> Result<Vec<(Role, Array)>, DataError> {
        let memory = Self::of(source)?;
        within("arrays", memory.arrays.len() as u64, limits.max_cols as u64)?;
        if memory.is_table {
            return memory.table(options, limits);
        }
        let taken = |wanted: super::reading::Wanted| {
            let array = memory.arrays.get(wanted.position)?;
            Some((wanted.role, Array { name: wanted.name, ..array.clone() }))
        };
        Ok(wanted(&memory.names(), options)?.into_iter().filter_map(taken).collect())
    }

    fn pick(
        &self,
        source: &Source<'_>,
        _: &OpenOptions,
        limits: &Limits,
        choose: Choose<'_>,
    ) -> Result<Vec<Array>, DataError> {
        let memory = Self::of(source)?;
        let picks = choose(&memory.names())?;
        let picked = |pick: &Pick| match pick {
            Pick::One(position) => {
                memory.arrays.get(*position).cloned().ok_or_else(|| FileError::Empty.into())
            }
            Pick::Numbers(positions) => {
                let n_rows = memory.n_rows()?;
                let mut kept = Kept::new(pick, n_rows);
                for row in 0..n_rows {
                    for position in positions {
                        kept.push(memory.column(*position, row), limits)?;
                    }
                }
                Ok(kept.into_array(n_rows))
            }
        };
        picks.iter().map(picked).collect()
    }

    fn is_table(&self) -> bool {
        self.is_table
    }

    fn write(&self, _: &Dataset, _: &Path) -> Result<(), DataError> {
        Err(FileError::Kind { expected: "file: memory is not written to" }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{ModalityChoice, open_source};

    fn array(name: &str, cols: Option<usize>, values: Values) -> Array {
        Array { name: name.to_owned(), rows: values.count() / cols.unwrap_or(1), cols, values }
    }

    fn texts(texts: &[&str]) -> Values {
        let mut all = crate::formats::reading::Texts::with_capacity(texts.len());
        for text in texts {
            all.push(text, &Limits::default()).unwrap();
        }
        all.into_values(false)
    }

    fn opened(arrays: &Arrays, options: &OpenOptions) -> Result<Dataset, DataError> {
        open_source(&Source::arrays("made.up", arrays), options, &Limits::default())
    }

    #[test]
    fn a_table_in_memory_is_the_same_table_in_a_file() {
        let file = "img_1,img_2,age,sex,split\n0.5,1,30,f,train\n1.5,2,40,m,train\n2.5,3,50,f,test\n3.5,4,60,m,test\n";
        let columns = Arrays {
            arrays: vec![
                array("img_1", None, Values::F64(vec![0.5, 1.5, 2.5, 3.5])),
                array("img_2", None, Values::Int(vec![1, 2, 3, 4])),
                array("age", None, Values::F32(vec![30.0, 40.0, 50.0, 60.0], Kind::Integer)),
                array("sex", None, texts(&["f", "m", "f", "m"])),
                array("split", None, texts(&["train", "train", "test", "test"])),
            ],
            is_table: true,
        };
        let options = OpenOptions {
            label: Some("sex".to_owned()),
            modalities: ["img=img_*", "tab=age"].map(ModalityChoice::parse).to_vec(),
            ..OpenOptions::default()
        };
        let source = Source::bytes("table.csv", file.as_bytes());
        let expected = open_source(&source, &options, &Limits::default()).unwrap();
        let found = opened(&columns, &options).unwrap();
        assert_eq!((found.fingerprint(), found.name()), (expected.fingerprint(), "made.up"));
    }

    #[test]
    fn a_cell_that_is_missing_is_named() {
        let columns = Arrays {
            arrays: vec![
                array("a.1", None, Values::F64(vec![0.5, f64::NAN])),
                array("y", None, texts(&["f", "m"])),
            ],
            is_table: true,
        };
        let error = opened(&columns, &OpenOptions::default()).unwrap_err().to_string();
        assert!(error.contains("column `a.1`, row 1"), "{error}");
        let ragged = Arrays {
            arrays: vec![array("a.1", None, Values::F64(vec![0.5])), array("y", None, texts(&["f", "m"]))],
            is_table: true,
        };
        let error = opened(&ragged, &OpenOptions::default()).unwrap_err();
        assert!(matches!(error.root(), DataError::RowsDiffer { .. }), "{error}");
    }

    #[test]
    fn arrays_stream_by_as_in_files() {
        let stream = |descr: &str, shape: &[usize], bytes: &[u8]| {
            Array::stream("x", descr, shape, &mut &bytes[..], &Limits::default())
        };
        let found = stream(">i2", &[2, 2], &[0, 1, 0, 2, 255, 255, 0, 4]).unwrap();
        assert_eq!(found.values, Values::F32(vec![1.0, 2.0, -1.0, 4.0], Kind::Integer));
        for (descr, shape, bytes) in [
            ("<f4", &[2][..], &[0; 7][..]),
            ("<f4", &[1, 1, 1], &[0; 4]),
            ("<f4", &[], &[0; 4]),
            ("<f4", &[1 << 40], &[]),
            ("<f4", &[usize::MAX, 8], &[]),
            ("|O", &[1], &[0; 8]),
            ("<c8", &[1], &[0; 8]),
        ] {
            assert!(stream(descr, shape, bytes).is_err(), "{descr} {shape:?}");
        }
    }
}
