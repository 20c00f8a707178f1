//! Labels, insufficiency and codes against the formulas of the model.

use super::*;

#[test]
fn labels_are_uniform() {
    let labels = model(6, &[6]).codes(60_000, 1, 3).labels;
    for class in 0..6 {
        let count = labels.iter().filter(|y| **y == class).count();
        assert_share(count, labels.len(), 1.0 / 6.0, "class");
    }
}

/// Training labels are uniform given that every class occurs: with 4 samples
/// of 3 classes, each of the 36 ways to use them all is equally likely.
#[test]
fn training_labels_are_uniform_given_that_all_classes_occur() {
    let model = model(3, &[3]);
    let mut counts = [0; 81];
    let n_seeds = 36_000;
    for seed in 0..n_seeds {
        let labels = model.train_codes(4, seed).unwrap().labels;
        counts[labels.iter().fold(0, |at, y| 3 * at + *y as usize)] += 1;
    }
    let used: Vec<usize> = counts.iter().copied().filter(|count| *count > 0).collect();
    assert_eq!(used.len(), 36);
    for count in used {
        assert_share(count, n_seeds as usize, 1.0 / 36.0, "labels");
    }
}

#[test]
fn sufficient_codes_follow_their_law() {
    let mut model = model(5, &[5, 5]);
    (model.modalities[1].mu, model.modalities[1].strength) = (0.0, 0.7);
    let codes = model.codes(40_000, 2, 0);
    let (n, n_classes) = (codes.labels.len(), 5);
    assert!(codes.insufficient[1].iter().all(|i| !i));
    let (mut label, mut active, mut n_off) = (Vec::new(), Vec::new(), 0);
    for i in 0..n {
        for (j, z) in codes.z[1].row(i).iter().enumerate() {
            if j == codes.labels[i] as usize {
                label.push(*z);
            } else {
                n_off += 1;
                active.extend((*z != 0.0).then_some(*z));
            }
        }
    }
    assert_eq!(n_off, n * (n_classes - 1));
    assert_share(active.len(), n_off, 2.0 / 5.0, "active");
    assert_uniform(&active, 0.2, 0.4, "off-label");
    assert_uniform(&label, 0.7, 0.7 * 1.4, "label");
}

#[test]
fn insufficient_codes_follow_their_law() {
    for n_classes in [2, 3, 8] {
        let mut model = model(n_classes, &[n_classes]);
        let modality = &mut model.modalities[0];
        (modality.mu, modality.rho, modality.gamma, modality.strength) = (1.0, 0.55, 0.04, 3.0);
        let codes = model.codes(30_000, 3, 0);
        assert!(codes.insufficient[0].iter().all(|i| *i));
        let mut chosen = vec![0; n_classes];
        let (mut n_others, mut n_active) = (0, 0);
        for (i, y) in codes.labels.iter().enumerate() {
            let row = codes.z[0].row(i);
            assert_eq!(row[*y as usize], 0.04);
            let wrong: Vec<usize> = (0..n_classes).filter(|j| row[*j] == 0.55).collect();
            assert_eq!(wrong.len(), 1, "one wrong class, and never the label");
            // The position of the wrong class when counting starts at the label.
            chosen[(wrong[0] + n_classes - *y as usize) % n_classes] += 1;
            for (j, z) in row.iter().enumerate().filter(|(j, _)| *j != *y as usize && *j != wrong[0]) {
                n_others += 1;
                n_active += usize::from(*z != 0.0);
                assert!(*z == 0.0 || (0.2..=0.4).contains(z), "{j}: {z}");
            }
        }
        assert_eq!(chosen[0], 0);
        for count in &chosen[1..] {
            assert_share(*count, codes.labels.len(), 1.0 / (n_classes as f64 - 1.0), "wrong class");
        }
        if n_others > 0 {
            assert_share(n_active, n_others, 2.0 / n_classes as f64, "the rest");
        }
    }
}

#[test]
fn with_two_classes_and_s_2_the_other_feature_is_always_active() {
    let codes = model(2, &[2]).codes(500, 1, 0);
    for (i, y) in codes.labels.iter().enumerate() {
        assert!(codes.z[0].row(i)[1 - *y as usize] >= 0.2);
    }
}

/// Shares and joint law of insufficiency, for R = 2, 3 and 5 and the whole
/// range of the dependence c: with probability |c| nested (c > 0) or exclusive
/// (c < 0), else independent.
#[test]
fn insufficiency_has_its_shares_and_its_joint_law() {
    let n = 40_000;
    let shares = [&[0.3, 0.2][..], &[0.02, 0.06], &[0.5, 0.5], &[0.1, 0.4, 0.25], &[0.2, 0.2, 0.2, 0.2, 0.2]];
    for (seed, mu) in shares.iter().enumerate() {
        for c in [-1.0, -0.6, 0.0, 0.35, 1.0] {
            let mut model = model(2, &vec![2; mu.len()]);
            model.dependence = c;
            model.modalities.iter_mut().zip(*mu).for_each(|(modality, mu)| modality.mu = *mu);
            let flags = model.codes(n, seed as u64, 0).insufficient;
            for (r, mu_r) in mu.iter().enumerate() {
                let share = |of: &dyn Fn(usize) -> bool| (0..n).filter(|i| of(*i)).count();
                assert_share(share(&|i| flags[r][i]), n, *mu_r, &format!("mu of {mu:?}, c = {c}"));
                for (s, mu_s) in mu.iter().enumerate().skip(r + 1) {
                    let together = if c > 0.0 { mu_r.min(*mu_s) } else { 0.0 };
                    let p = f64::abs(c) * together + (1.0 - f64::abs(c)) * mu_r * mu_s;
                    assert_share(share(&|i| flags[r][i] && flags[s][i]), n, p, &format!("{mu:?}, c = {c}"));
                    let (rare, frequent) = if mu_r <= mu_s { (r, s) } else { (s, r) };
                    assert!(c < 1.0 || (0..n).all(|i| !flags[rare][i] || flags[frequent][i]), "nested");
                    assert!(c > -1.0 || (0..n).all(|i| !flags[r][i] || !flags[s][i]), "exclusive");
                }
            }
        }
    }
}

/// Which modalities are insufficient tells nothing of the label or of the sizes
/// of other features.
#[test]
fn insufficiency_is_independent_of_the_label() {
    let mut model = model(4, &[4, 4]);
    model.modalities[0].mu = 0.4;
    let codes = model.codes(40_000, 5, 0);
    for class in 0..4 {
        let of_class: Vec<usize> = (0..40_000).filter(|i| codes.labels[*i] == class).collect();
        let count = of_class.iter().filter(|i| codes.insufficient[0][**i]).count();
        assert_share(count, of_class.len(), 0.4, "insufficient given the class");
    }
}

/// Range, mean and second moment of a uniform law.
fn assert_uniform(values: &[f64], low: f64, high: f64, what: &str) {
    assert!(values.iter().all(|v| (low..=high).contains(v)), "{what}");
    assert_mean(values, f64::midpoint(low, high), what);
    let squares: Vec<f64> = values.iter().map(|v| v * v).collect();
    assert_mean(&squares, (low * low + low * high + high * high) / 3.0, what);
}
