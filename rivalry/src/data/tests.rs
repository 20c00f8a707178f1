use super::*;
use crate::num::Matrix;

fn features(n: usize) -> Vec<Modality> {
    vec![Modality::new("a", Matrix::from_fn(n, 2, |r, c| (r * 2 + c) as f64))]
}

fn labelled(labels: &[i64], groups: Option<&[i64]>, split: Option<Split>) -> Result<Dataset, DataError> {
    let groups = groups.map(Groups::from_integers);
    Dataset::new("test", features(labels.len()), Labels::from_integers(labels), groups, split)
}

#[test]
fn folds_cover_every_sample_once_and_keep_classes_in_train() {
    let labels: Vec<i64> = (0..103).map(|i| if i == 7 { 3 } else { i % 3 }).collect();
    let data = labelled(&labels, None, Some(Split::Folds { k: 4 })).unwrap();
    for repeat in 0..20 {
        let mut tested = vec![0; 103];
        for fold in 0..data.n_folds() {
            let Partition { train, valid, test } = data.partition(repeat, fold, 1, 0.25);
            let mut all = [train.clone(), valid.clone(), test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..103).collect::<Vec<u32>>());
            for i in &test {
                tested[*i as usize] += 1;
            }
            for c in 0..4 {
                assert!(train.iter().any(|i| data.labels()[*i as usize] == c));
            }
        }
        // The only sample of class 3 is never tested.
        assert!(tested.iter().enumerate().all(|(i, n)| *n == u32::from(i != 7)));
    }
}
