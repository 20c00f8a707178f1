//! The truth of generated data as arrays. No array is called as a label is, so
//! that nobody trains on the truth by accident.

use crate::data::sparse_coding::Truth;
use crate::num::Matrix;

use super::reading::{Array, Kind, Values};

/// `insufficient` (samples x modalities, truth values); per modality `z_m1`, ...
/// (samples x classes) and `dictionary_m1`, ... (features x classes). Samples are
/// those of the data set in its order: training, then test.
pub(super) fn arrays(truth: &Truth) -> Vec<Array> {
    let n_modalities = truth.dictionaries.len();
    let parts = [&truth.train, &truth.test];
    let n_samples = parts.iter().map(|part| part.labels.len()).sum();
    let mut insufficient = Vec::with_capacity(n_samples * n_modalities);
    for part in parts {
        for i in 0..part.labels.len() {
            let flags = part.insufficient.iter().filter_map(|flags| flags.get(i));
            insufficient.extend(flags.map(|is| f32::from(u8::from(*is))));
        }
    }
    let mut arrays = vec![Array {
        name: "insufficient".to_owned(),
        rows: n_samples,
        cols: Some(n_modalities),
        values: Values::F32(insufficient, Kind::Bool),
    }];
    for (r, dictionary) in truth.dictionaries.iter().enumerate() {
        let z = parts.iter().filter_map(|part| part.z.get(r)).flat_map(Matrix::as_slice).copied().collect();
        arrays.push(doubles(format!("z_m{}", r + 1), n_samples, dictionary.cols(), z));
        let (rows, cols) = (dictionary.rows(), dictionary.cols());
        arrays.push(doubles(format!("dictionary_m{}", r + 1), rows, cols, dictionary.as_slice().to_vec()));
    }
    arrays
}

fn doubles(name: String, rows: usize, cols: usize, values: Vec<f64>) -> Array {
    Array { name, rows, cols: Some(cols), values: Values::F64(values) }
}
