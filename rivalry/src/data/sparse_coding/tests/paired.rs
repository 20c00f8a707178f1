//! Classes that only all modalities together tell apart.

use super::*;

fn paired(n_classes: usize, n_modalities: usize, share: f64) -> SparseCoding {
    let mut model = model(n_classes, &vec![n_classes; n_modalities]);
    model.paired = share;
    model.off_label_count = 0.0;
    model.modalities.iter_mut().for_each(|modality| modality.mu = 0.0);
    model
}

/// The feature that a code shows.
fn shown(row: &[f64]) -> usize {
    let active: Vec<usize> = (0..row.len()).filter(|j| row[*j] != 0.0).collect();
    assert_eq!(active.len(), 1, "{row:?}");
    active[0]
}

#[test]
fn shares_are_rounded_to_whole_pairs() {
    for (n_classes, share, n_paired) in [
        (8, 0.0, 0),
        (8, 0.25, 2),
        (8, 0.3, 2),
        (8, 0.5, 4),
        (8, 1.0, 8),
        (7, 1.0, 6),
        (2, 0.4, 0),
        (3, 1.0, 2),
    ] {
        assert_eq!(paired(n_classes, 2, share).n_paired(), n_paired, "{n_classes} {share}");
    }
}

/// Given the pair, each modality (and all but one of them) shows either feature as
/// often whatever the label, and all of them together tell it.
#[test]
fn modalities_tell_the_pair_and_all_together_the_class() {
    for n_modalities in [2, 3] {
        let codes = paired(6, n_modalities, 0.7).codes(30_000, 5, 1);
        let mut counts = vec![0; 4 * 2 * (1 << n_modalities)];
        for (i, y) in codes.labels.iter().enumerate() {
            let features: Vec<usize> = codes.z.iter().map(|z| shown(z.row(i))).collect();
            if *y >= 4 {
                assert!(features.iter().all(|j| *j == *y as usize));
                continue;
            }
            assert!(features.iter().all(|j| *j / 2 == *y as usize / 2), "{y}: {features:?}");
            let bits: Vec<usize> = features.iter().map(|j| j % 2).collect();
            assert_eq!(bits.iter().sum::<usize>() % 2, *y as usize % 2);
            let cell = bits.iter().fold(0, |cell, bit| 2 * cell + bit);
            counts[(*y as usize) * (1 << n_modalities) + cell] += 1;
        }
        let used: Vec<usize> = counts.iter().copied().filter(|count| *count > 0).collect();
        // Half of the cells have the label's parity, all equally often.
        assert_eq!(used.len(), 4 * (1 << (n_modalities - 1)));
        let n = codes.labels.len();
        for count in used {
            assert_share(count, n, 1.0 / (6.0 * f64::from(1 << (n_modalities - 1))), "cell");
        }
    }
}

#[test]
fn a_single_modality_shows_the_label() {
    let codes = paired(4, 1, 1.0).codes(200, 2, 0);
    for (i, y) in codes.labels.iter().enumerate() {
        assert_eq!(shown(codes.z[0].row(i)), *y as usize);
    }
}

/// What is drawn for the other classes and of insufficiency does not change.
#[test]
fn pairs_leave_the_other_classes_as_they_are() {
    let mut plain = model(6, &[6, 6]);
    plain.modalities[0].mu = 0.3;
    let with_pairs = SparseCoding { paired: 0.5, ..plain.clone() };
    let (a, b) = (plain.codes(500, 3, 0), with_pairs.codes(500, 3, 0));
    assert_eq!((&a.labels, &a.insufficient), (&b.labels, &b.insufficient));
    let mut differ = 0;
    for (i, y) in a.labels.iter().enumerate() {
        for r in 0..2 {
            let same = a.z[r].row(i) == b.z[r].row(i);
            assert!(same || *y < 4, "class {y}");
            differ += usize::from(!same);
        }
    }
    assert!(differ > 100, "{differ}");
}

#[test]
fn models_without_pairs_keep_their_names() {
    let text = serde_json::to_string(&SparseCoding::default()).unwrap();
    assert!(!text.contains("paired"), "{text}");
    let model = SparseCoding { paired: 0.5, ..SparseCoding::default() };
    let text = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<SparseCoding>(&text).unwrap(), model);
}

/// The modalities side by side are the columns of both, to the bit.
#[test]
fn side_by_side_changes_no_value() {
    let compact = model(3, &[20, 30]).compact::<f32>(30, 4).unwrap();
    let fused = compact.side_by_side("all");
    assert_eq!(fused.labels(), compact.data.labels());
    let [all] = fused.modalities() else { panic!("one modality") };
    let mut at = 0;
    for modality in compact.data.modalities() {
        for c in 0..modality.features.cols() {
            assert!((0..33).all(|i| all.features.get(i, at) == modality.features.get(i, c)));
            at += 1;
        }
    }
    assert_eq!((at, all.features.cols()), (50, 50));
}
