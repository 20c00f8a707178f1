//! The same training law in min(d, K + n) columns per modality instead of d.
//!
//! Isotropic noise and isotropic Gaussian initial weights have no favourite
//! directions, so coordinates may be chosen after the data: first the K columns
//! of M, then an orthonormal basis of the span of the training noise outside
//! of them. With D = d - K, sd = nu / sqrt d and i from 0:
//!
//! ```text
//! X = [ Z + Xi | sd A ],  Xi: n x K, independent N(0, sd^2)
//!   D >= n: A: n x n lower triangular; A_ij ~ N(0, 1) below the diagonal,
//!           A_ii ~ chi with D - i degrees of freedom (Bartlett 1933)
//!   D < n:  A: n x D, independent N(0, 1)
//! ```
//!
//! Inner products of samples have exactly the law that they have in d columns,
//! and full-batch training sees nothing else. Weights along the D - n directions
//! that are left out never move. Derivation: `docs/lab-data.md`.

use super::codes::index;
use super::explicit::data_set;
use super::{Codes, SparseCoding, SparseCodingError, TEST, TRAIN, modality};
use crate::data::{Dataset, Features, Modality};
use crate::num::{Draws, Matrix, Purpose, Scalar, special};

pub(super) const INSIDE: Purpose = Purpose::new("sparse coding noise inside");
pub(super) const OUTSIDE: Purpose = Purpose::new("sparse coding noise outside");
pub(super) const LENGTHS: Purpose = Purpose::new("sparse coding noise lengths");

/// Draws that one chi variable may take before the next one's begin.
pub(crate) const DRAWS_PER_LENGTH: u64 = 1 << 16;

/// Data whose training law is that of [`SparseCoding::explicit`].
#[derive(Clone, Debug)]
pub struct Compact {
    /// Modalities `m1`, `m2`, ...: the first K columns are along the features of
    /// the classes, the others along the training noise. The training samples
    /// come first; one test sample per class follows, because a data set tests
    /// something. A test sample has the kept components only: what it has in the
    /// directions that are left out meets weights that are not there.
    pub data: Dataset,
    /// Codes of the training samples.
    pub codes: Codes,
    /// Codes of the test samples.
    pub test_codes: Codes,
    /// Per modality: how many noise directions are kept beside the K features.
    pub kept: Vec<usize>,
    /// Per modality: how many noise directions are left out, d - K - kept.
    pub left_out: Vec<usize>,
    /// Per modality: standard deviation of the noise in one direction.
    pub noise_sd: Vec<f64>,
}

impl Compact {
    /// The same samples with the features of all modalities side by side, as one
    /// modality of this name.
    pub fn side_by_side(&self, name: &str) -> Dataset {
        let of = self.data.modalities();
        let places: Vec<(usize, usize)> =
            (0..of.len()).flat_map(|r| (0..of[r].features.cols()).map(move |c| (r, c))).collect();
        let rows = self.data.n_samples();
        let value = |i: usize, c: usize| of[places[c].0].features.get(i, places[c].1);
        let features = if matches!(of[0].features, Features::F32(_)) {
            // Exact: the values are single precision already.
            Features::F32(Matrix::from_fn(rows, places.len(), |i, c| value(i, c) as f32))
        } else {
            Features::F64(Matrix::from_fn(rows, places.len(), value))
        };
        data_set(
            "sparse coding (compact, side by side)",
            vec![Modality { name: name.to_owned(), features }],
            [&self.codes.labels, &self.test_codes.labels],
            self.data.n_classes(),
        )
    }
}

impl SparseCoding {
    /// `n_train` training samples in the coordinates above, and a test sample
    /// per class; in single or double precision. The codes are those that
    /// [`SparseCoding::explicit`] draws with this seed, the noise is not.
    pub fn compact<T: Scalar>(&self, n_train: usize, seed: u64) -> Result<Compact, Vec<SparseCodingError>> {
        let codes = self.train_codes(n_train, seed)?;
        let test_codes = self.codes_of((0..self.n_classes as u32).collect(), seed, TEST);
        let spare = |r: usize| self.modalities[r].dim - self.n_classes;
        let kept: Vec<usize> = (0..self.modalities.len()).map(|r| spare(r).min(n_train)).collect();
        let modalities = (0..self.modalities.len()).map(|r| {
            let matrix = self.coordinates(r, [&codes.z[r], &test_codes.z[r]], kept[r], seed);
            modality(r, matrix.map(T::from_f64))
        });
        let data = data_set(
            "sparse coding (compact)",
            modalities.collect(),
            [&codes.labels, &test_codes.labels],
            self.n_classes,
        );
        Ok(Compact {
            data,
            codes,
            test_codes,
            left_out: kept.iter().enumerate().map(|(r, kept)| spare(r) - kept).collect(),
            kept,
            noise_sd: self.modalities.iter().map(super::CodedModality::noise_sd).collect(),
        })
    }

    fn coordinates(&self, r: usize, z: [&Matrix<f64>; 2], kept: usize, seed: u64) -> Matrix<f64> {
        let [train, test] = z;
        let (n_train, n_classes) = (train.rows(), self.n_classes);
        let spare = self.modalities[r].dim - n_classes;
        let sd = self.modalities[r].noise_sd();
        let is_triangular = spare >= n_train;
        let mut x = Matrix::zeros(n_train + test.rows(), n_classes + kept);
        for (z, part, first) in [(train, TRAIN, 0), (test, TEST, n_train)] {
            let mut inside = Draws::new(seed, INSIDE, part).at(index(r, 0));
            let mut outside = Draws::new(seed, OUTSIDE, part).at(index(r, 0));
            for i in 0..z.rows() {
                let (features, noise) = x.row_mut(first + i).split_at_mut(n_classes);
                for (x, z) in features.iter_mut().zip(z.row(i)) {
                    *x = z + sd * inside.normal();
                }
                let below = if is_triangular && part == TRAIN { i } else { kept };
                noise[..below].iter_mut().for_each(|x| *x = sd * outside.normal());
                if below < kept {
                    noise[i] = sd
                        * chi(spare - i, Draws::new(seed, LENGTHS, r as u32).at(i as u64 * DRAWS_PER_LENGTH));
                }
            }
        }
        x
    }
}

/// The length of a standard normal vector in `df` >= 1 dimensions. Up to two dimensions from the definition; above, the root
/// of twice a Gamma(df / 2) variable by rejection (Marsaglia and Tsang, ACM
/// Transactions on Mathematical Software 26, 2000), exact in law and accepted
/// at the first attempt in more than 19 of 20 cases.
pub(crate) fn chi(df: usize, mut draws: Draws) -> f64 {
    if df <= 2 {
        return (0..df).map(|_| draws.normal()).map(|x| x * x).sum::<f64>().sqrt();
    }
    // d and c as in the article, for the shape df / 2.
    let d = df as f64 / 2.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let (x, u) = (draws.normal(), draws.uniform());
        let v = 1.0 + c * x;
        let v = v * v * v;
        if v > 0.0 && special::ln(u) < 0.5 * x * x + d - d * v + d * special::ln(v) {
            return (2.0 * d * v).sqrt();
        }
    }
}
