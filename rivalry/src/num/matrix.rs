//! Dense row-major matrices: owned, borrowed, and borrowed for writing.

use super::Scalar;

/// An owned matrix, row-major and contiguous.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
}

/// A borrowed matrix; rows may be further apart than they are long.
#[derive(Clone, Copy, Debug)]
pub struct MatrixView<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    stride: usize,
}

/// A contiguous matrix borrowed for writing.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
}

impl<T: Scalar> Matrix<T> {
    /// All zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self { data: vec![T::ZERO; rows * cols], rows, cols }
    }

    /// Takes row-major values.
    ///
    /// # Panics
    /// When the number of values is not `rows * cols`.
    pub fn from_vec(rows: usize, cols: usize, data: Vec<T>) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix needs {} values", rows * cols);
        Self { data, rows, cols }
    }

    /// The value of each cell by its row and column.
    pub fn from_fn(rows: usize, cols: usize, mut value: impl FnMut(usize, usize) -> T) -> Self {
        let mut data = Vec::with_capacity(rows * cols);
        for r in 0..rows {
            for c in 0..cols {
                data.push(value(r, c));
            }
        }
        Self { data, rows, cols }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// One row.
    pub fn row(&self, r: usize) -> &[T] {
        &self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// One row for writing.
    pub fn row_mut(&mut self, r: usize) -> &mut [T] {
        &mut self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// All values, row-major.
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All values, row-major, for writing.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The values, row-major.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The whole matrix, borrowed.
    pub fn view(&self) -> MatrixView<'_, T> {
        MatrixView { data: &self.data, rows: self.rows, cols: self.cols, stride: self.cols }
    }

    /// The whole matrix, borrowed for writing.
    pub fn view_mut(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { data: &mut self.data, rows: self.rows, cols: self.cols }
    }

    /// The first `rows` rows, borrowed for writing (short last batches).
    pub fn top_mut(&mut self, rows: usize) -> MatrixMut<'_, T> {
        MatrixMut { data: &mut self.data[..rows * self.cols], rows, cols: self.cols }
    }

    /// The first `rows` rows, borrowed.
    pub fn top(&self, rows: usize) -> MatrixView<'_, T> {
        MatrixView::new(&self.data[..rows * self.cols], rows, self.cols)
    }

    /// A copy with every value converted.
    pub fn map<U: Scalar>(&self, f: impl Fn(T) -> U) -> Matrix<U> {
        Matrix { data: self.data.iter().map(|v| f(*v)).collect(), rows: self.rows, cols: self.cols }
    }

    /// A copy of the given rows, in the given order.
    pub fn gather(&self, rows: &[u32]) -> Self {
        let mut data = Vec::with_capacity(rows.len() * self.cols);
        for r in rows {
            data.extend_from_slice(self.row(*r as usize));
        }
        Self { data, rows: rows.len(), cols: self.cols }
    }
}

impl<'a, T: Scalar> MatrixView<'a, T> {
    /// Borrows contiguous row-major values.
    ///
    /// # Panics
    /// When the number of values is not `rows * cols`.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix needs {} values", rows * cols);
        Self { data, rows, cols, stride: cols }
    }

    /// Borrows the first `cols` of every `stride` values as a row.
    ///
    /// # Panics
    /// When rows overlap or there are not enough values.
    pub fn strided(data: &'a [T], rows: usize, cols: usize, stride: usize) -> Self {
        assert!(cols <= stride, "rows of {cols} values are {stride} apart");
        assert!(
            rows == 0 || (rows - 1) * stride + cols <= data.len(),
            "a {rows} x {cols} matrix of rows {stride} apart does not fit in {} values",
            data.len()
        );
        Self { data, rows, cols, stride }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Distance between the starts of two rows.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// One row.
    pub fn row(&self, r: usize) -> &'a [T] {
        &self.data[r * self.stride..r * self.stride + self.cols]
    }

    /// Rows `start..stop`.
    pub fn slice_rows(&self, start: usize, stop: usize) -> Self {
        assert!(start <= stop && stop <= self.rows, "rows {start}..{stop} of {}", self.rows);
        let data = if start == stop { &[] } else { &self.data[start * self.stride..] };
        Self { data, rows: stop - start, ..*self }
    }

    /// All values, when the rows follow each other without gaps.
    pub fn contiguous(&self) -> Option<&'a [T]> {
        (self.stride == self.cols || self.rows <= 1).then(|| &self.data[..self.rows * self.cols])
    }

    /// A contiguous copy.
    pub fn to_matrix(&self) -> Matrix<T> {
        Matrix::from_fn(self.rows, self.cols, |r, c| self.row(r)[c])
    }

    pub(super) fn as_ptr(&self) -> *const T {
        self.data.as_ptr()
    }
}

impl<'a, T: Scalar> MatrixMut<'a, T> {
    /// Borrows contiguous row-major values for writing.
    ///
    /// # Panics
    /// When the number of values is not `rows * cols`.
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "a {rows} x {cols} matrix needs {} values", rows * cols);
        Self { data, rows, cols }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// One row.
    pub fn row(&self, r: usize) -> &[T] {
        &self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// One row for writing.
    pub fn row_mut(&mut self, r: usize) -> &mut [T] {
        &mut self.data[r * self.cols..(r + 1) * self.cols]
    }

    /// All values, row-major.
    pub fn as_slice(&self) -> &[T] {
        self.data
    }

    /// All values, row-major, for writing.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.data
    }

    /// The same matrix, borrowed for reading.
    pub fn as_view(&self) -> MatrixView<'_, T> {
        MatrixView::new(self.data, self.rows, self.cols)
    }

    /// The same matrix, borrowed again for a shorter time.
    pub fn reborrow(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { data: self.data, rows: self.rows, cols: self.cols }
    }
}
