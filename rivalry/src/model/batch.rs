//! Where a pass takes its samples from: a gathered batch, or consecutive rows
//! in place.

use crate::num::{Matrix, MatrixView, Scalar};

/// Prepared features of the modalities of one network, and the labels.
#[derive(Clone, Debug)]
pub struct Inputs<T> {
    /// One n x d matrix per branch.
    pub x: Vec<Matrix<T>>,
    /// n class indices.
    pub y: Vec<u32>,
}

impl<T> Inputs<T> {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }
}

/// The samples of one pass.
pub trait Source<T: Scalar> {
    /// Number of samples.
    fn n_rows(&self) -> usize;
    /// Features of a branch, samples x features.
    fn features(&self, branch: usize) -> MatrixView<'_, T>;
    /// Class indices.
    fn labels(&self) -> &[u32];
}

/// Consecutive rows of inputs, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Slice<'a, T> {
    inputs: &'a Inputs<T>,
    start: usize,
    stop: usize,
}

impl<'a, T: Scalar> Slice<'a, T> {
    /// Rows `start..stop`.
    pub fn new(inputs: &'a Inputs<T>, start: usize, stop: usize) -> Self {
        Self { inputs, start, stop }
    }

    /// All rows.
    pub fn all(inputs: &'a Inputs<T>) -> Self {
        Self::new(inputs, 0, inputs.len())
    }
}

impl<T: Scalar> Source<T> for Slice<'_, T> {
    fn n_rows(&self) -> usize {
        self.stop - self.start
    }

    fn features(&self, branch: usize) -> MatrixView<'_, T> {
        self.inputs.x[branch].view().slice_rows(self.start, self.stop)
    }

    fn labels(&self) -> &[u32] {
        &self.inputs.y[self.start..self.stop]
    }
}

/// Rows gathered in any order into buffers that are reused.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    x: Vec<Matrix<T>>,
    y: Vec<u32>,
    n_rows: usize,
}

impl<T: Scalar> Batch<T> {
    /// Buffers for up to `max_rows` samples.
    pub fn new(inputs: &Inputs<T>, max_rows: usize) -> Self {
        Self {
            x: inputs.x.iter().map(|x| Matrix::zeros(max_rows, x.cols())).collect(),
            y: vec![0; max_rows],
            n_rows: 0,
        }
    }

    /// Copies the given rows.
    pub fn gather(&mut self, inputs: &Inputs<T>, rows: &[u32]) {
        self.n_rows = rows.len();
        for (out, x) in self.x.iter_mut().zip(&inputs.x) {
            let width = x.cols();
            let (target, source) = (out.as_mut_slice(), x.as_slice());
            for (to, row) in target.chunks_exact_mut(width).zip(rows) {
                let start = *row as usize * width;
                to.copy_from_slice(&source[start..start + width]);
            }
        }
        for (to, row) in self.y.iter_mut().zip(rows) {
            *to = inputs.y[*row as usize];
        }
    }

    /// The gathered features of a branch, for strategies that change them.
    pub fn features_mut(&mut self, branch: usize) -> crate::num::MatrixMut<'_, T> {
        self.x[branch].top_mut(self.n_rows)
    }
}

impl<T: Scalar> Source<T> for Batch<T> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn features(&self, branch: usize) -> MatrixView<'_, T> {
        self.x[branch].top(self.n_rows)
    }

    fn labels(&self) -> &[u32] {
        &self.y[..self.n_rows]
    }
}
