//! The generator: its laws against exact formulas, its reduction against the
//! data that it stands for, and every way to be wrong.

use super::*;
use crate::num::{Op, product};

fn small() -> SparseCoding {
    let mut model = SparseCoding { n_classes: 4, ..SparseCoding::default() };
    model.modalities.iter_mut().for_each(|modality| modality.dim = 60);
    model
}

#[test]
fn dictionaries_are_orthonormal() {
    for (dim, n_classes) in [(60, 4), (7, 7), (2000, 10), (300, 100)] {
        let mut model = SparseCoding { n_classes, ..SparseCoding::default() };
        model.modalities[1].dim = dim;
        let m = model.dictionary(1, 3);
        let gram = product(m.view(), Op::Transposed, m.view(), Op::Plain);
        for i in 0..n_classes {
            for j in 0..n_classes {
                let expected = f64::from(u8::from(i == j));
                assert!((gram.row(i)[j] - expected).abs() < 1e-12, "{dim} x {n_classes}: {i}, {j}");
            }
        }
    }
}

#[test]
fn shapes_and_parts_are_as_documented() {
    let model = small();
    let made = model.explicit(40, 10, 1).unwrap();
    assert_eq!((made.data.n_samples(), made.data.n_classes()), (50, 4));
    assert_eq!(made.data.modalities()[1].name, "m2");
    let compact = model.compact::<f64>(40, 1).unwrap();
    assert_eq!(compact.codes, made.truth.train);
    assert_eq!((&compact.kept[..], &compact.left_out[..]), (&[40, 40][..], &[16, 16][..]));
    assert_eq!(compact.data.modalities()[0].features.cols(), 4 + 40);
    let few = model.compact::<f32>(80, 1).unwrap();
    assert_eq!((&few.kept[..], &few.left_out[..]), (&[56, 56][..], &[0, 0][..]));
}
