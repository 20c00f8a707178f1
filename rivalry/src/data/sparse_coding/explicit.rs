//! The model as it stands: dictionaries, noise, d features per modality.

use super::codes::index;
use super::{Codes, SparseCoding, SparseCodingError, TEST, TRAIN, class_names, modality};
use crate::data::{Dataset, Labels, Split};
use crate::num::{Draws, Matrix, Purpose};

pub(super) const DICTIONARIES: Purpose = Purpose::new("sparse coding dictionaries");
pub(super) const NOISE: Purpose = Purpose::new("sparse coding noise");

/// Data of the model, and how they came about.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Modalities `m1`, `m2`, ... in single precision; the training samples come
    /// first, and the split is given.
    pub data: Dataset,
    /// What the data do not tell.
    pub truth: Truth,
}

/// What generated data were made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Of the training samples, in their order.
    pub train: Codes,
    /// Of the test samples, in their order.
    pub test: Codes,
    /// Per modality: M, features x classes, with orthonormal columns.
    pub dictionaries: Vec<Matrix<f64>>,
}

impl SparseCoding {
    /// Training and test samples. Training labels are uniform given that every
    /// class occurs ([`SparseCoding::train_codes`]), test labels are uniform.
    pub fn explicit(
        &self,
        n_train: usize,
        n_test: usize,
        seed: u64,
    ) -> Result<Generated, Vec<SparseCodingError>> {
        let train = self.train_codes(n_train, seed)?;
        let n_samples = n_train.saturating_add(n_test);
        if n_test == 0 {
            return Err(vec![SparseCodingError::NoTest]);
        }
        if n_samples > u32::MAX as usize {
            return Err(vec![SparseCodingError::TooManySamples { n_samples }]);
        }
        let test = self.codes(n_test, seed, TEST);
        let dictionaries: Vec<Matrix<f64>> =
            (0..self.modalities.len()).map(|r| self.dictionary(r, seed)).collect();
        let modalities = dictionaries.iter().enumerate().map(|(r, dictionary)| {
            let mut values = Vec::with_capacity(n_samples * dictionary.rows());
            for (codes, part) in [(&train, TRAIN), (&test, TEST)] {
                let features = self.features(r, &codes.z[r], dictionary, seed, part);
                values.extend(features.as_slice().iter().map(|x| *x as f32));
            }
            modality(r, Matrix::from_vec(n_samples, dictionary.rows(), values))
        });
        let data =
            data_set("sparse coding", modalities.collect(), [&train.labels, &test.labels], self.n_classes);
        Ok(Generated { data, truth: Truth { train, test, dictionaries } })
    }

    /// M^r of a seed: features x classes, uniform (Haar) among the matrices with
    /// orthonormal columns.
    ///
    /// # Panics
    /// When there is no such modality or no room for orthonormal columns.
    pub fn dictionary(&self, r: usize, seed: u64) -> Matrix<f64> {
        let (dim, n_classes) = (self.modalities[r].dim, self.n_classes);
        let mut draws = Draws::new(seed, DICTIONARIES, 0).at(index(r, 0));
        orthonormal(dim, n_classes, || draws.normal())
    }

    /// M^r z + xi for every row of `z`: samples x features, unrounded. The noise
    /// is that of `part`, the same for the same sample whatever its code.
    pub fn features(
        &self,
        r: usize,
        z: &Matrix<f64>,
        dictionary: &Matrix<f64>,
        seed: u64,
        part: u32,
    ) -> Matrix<f64> {
        let sd = self.modalities[r].noise_sd();
        let mut draws = Draws::new(seed, NOISE, part).at(index(r, 0));
        Matrix::from_fn(z.rows(), dictionary.rows(), |i, c| {
            let mut signal = 0.0;
            for (code, feature) in z.row(i).iter().zip(dictionary.row(c)) {
                signal += code * feature;
            }
            signal + sd * draws.normal()
        })
    }
}

/// The data set of the training rows followed by the test rows.
pub(super) fn data_set(
    name: &str,
    modalities: Vec<crate::data::Modality>,
    labels: [&[u32]; 2],
    n_classes: usize,
) -> Dataset {
    let [train, test] = labels;
    let n_train = train.len() as u32;
    let n_samples = n_train + test.len() as u32;
    let split =
        Split::Given { train: (0..n_train).collect(), valid: None, test: (n_train..n_samples).collect() };
    let made = Labels::from_codes([train, test].concat(), class_names(n_classes))
        .and_then(|labels| Dataset::new(name, modalities, labels, None, Some(split)));
    match made {
        Ok(data) => data,
        Err(error) => panic!("a data set of a checked model is valid: {error}"),
    }
}

/// A `rows` x `cols` matrix with orthonormal columns from independent normals:
/// the Q of the QR decomposition whose R has a positive diagonal, which is
/// uniform (Stewart, SIAM Journal on Numerical Analysis 17, 1980). Modified
/// Gram-Schmidt, twice, so that columns are orthogonal to the last few bits.
pub(in crate::data) fn orthonormal(rows: usize, cols: usize, mut normal: impl FnMut() -> f64) -> Matrix<f64> {
    assert!(cols <= rows, "{cols} orthonormal columns of length {rows}");
    let mut q: Matrix<f64> = Matrix::zeros(cols, rows);
    for k in 0..cols {
        let mut column: Vec<f64> = (0..rows).map(|_| normal()).collect();
        for _ in 0..2 {
            for j in 0..k {
                let along = dot(q.row(j), &column);
                for (x, e) in column.iter_mut().zip(q.row(j)) {
                    *x -= along * e;
                }
            }
            let length = dot(&column, &column).sqrt();
            for x in &mut column {
                *x /= length;
            }
        }
        q.row_mut(k).copy_from_slice(&column);
    }
    Matrix::from_fn(rows, cols, |r, c| q.row(c)[r])
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    crate::num::sums::sum_by(a.len(), |i| a[i] * b[i])
}
