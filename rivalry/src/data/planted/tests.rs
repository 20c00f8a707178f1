//! The generators: their laws against closed forms, those against `SciPy`, their
//! sizes, and every way to be wrong.

use super::*;
use crate::num::Matrix;

const GOLDEN: &str = include_str!("../../../tests/it/golden/planted.json");

/// Five standard errors: a right generator misses one such bound in two million.
fn assert_share(share: f64, expected: f64, n: usize, what: &str) {
    let bound = 5.0 * (expected * (1.0 - expected) / n as f64).sqrt();
    assert!((share - expected).abs() <= bound, "{what}: {share}, expected {expected} within {bound}");
}

/// Share of rows whose own score is the largest.
fn share_right(scores: &Matrix<f64>, labels: &[u32]) -> f64 {
    let is_right = |(i, label): (usize, &u32)| {
        let row = scores.row(i);
        row.iter().enumerate().all(|(k, z)| k == *label as usize || *z < row[*label as usize])
    };
    labels.iter().enumerate().filter(|of| is_right(*of)).count() as f64 / labels.len() as f64
}

#[test]
fn bayes_accuracies_agree_with_adaptive_quadrature() {
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let numbers = |v: &serde_json::Value| -> Vec<f64> {
        v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    for of in golden["alone"].as_array().unwrap() {
        let source = Source {
            code: serde_json::from_value(of["code"].clone()).unwrap(),
            delta: of["d"].as_f64().unwrap(),
            ..Source::default()
        };
        let found = bayes::alone(&source, of["classes"].as_u64().unwrap() as usize);
        // The fold has a kink, which a fixed grid rounds off.
        let tolerance = if source.code == Code::Linear { 1e-10 } else { 2e-5 };
        assert!((found - of["accuracy"].as_f64().unwrap()).abs() < tolerance, "{of}: {found}");
    }
    for of in golden["together"].as_array().unwrap() {
        let [own, shared, delta] = ["own", "shared", "delta"].map(|key| numbers(&of[key]));
        let source =
            |r: usize| Source { own: own[r], shared: shared[r], delta: delta[r], ..Source::default() };
        let sources: Vec<Source> = (0..own.len()).map(source).collect();
        let found = bayes::together(&sources, of["classes"].as_u64().unwrap() as usize).unwrap();
        assert!((found - of["accuracy"].as_f64().unwrap()).abs() < 1e-10, "{of}: {found}");
    }
}

#[test]
fn samples_follow_their_law() {
    let (n, n_classes) = (20_000, 5);
    let labels = recipe::labels(n, n_classes, 3, recipe::TEST);
    let of = |source: &Source| recipe::coordinates(7, source, &labels, n_classes, 3, recipe::TEST);
    let plain = Source { delta: 2.0, ..Source::default() };
    let folded = Source { code: Code::Folded, delta: 3.0, insufficient: 0.2, ..plain };
    let shortcut = Source { is_shortcut: true, ..plain };
    let noisy = Source { own: 0.7, shared: 1.5, ..plain };
    for source in [plain, folded, shortcut, noisy] {
        let v = of(&source);
        let read = if source.code == Code::Folded { v.map(f64::abs) } else { v };
        let scores = Matrix::from_fn(n, n_classes, |i, k| read.row(i)[k]);
        let expected = bayes::alone(&source, n_classes);
        assert_share(share_right(&scores, &labels), expected, n, &format!("{source:?}"));
    }
    // A linear reader of a fold is at chance.
    let v = of(&Source { insufficient: 0.0, ..folded });
    let scores = Matrix::from_fn(n, n_classes, |i, k| v.row(i)[k]);
    let linear = share_right(&scores, &labels);
    assert!((0.4..0.6).contains(&linear), "half of the samples point the other way: {linear}");
}

#[test]
fn shared_noise_cancels_where_rows_belong_together_and_only_there() {
    let (n, n_classes) = (20_000, 4);
    let a = Source { delta: 3.0, own: 0.7, shared: 1.5, ..Source::default() };
    let labels = recipe::labels(n, n_classes, 5, recipe::TEST);
    let donors = recipe::donors(&labels, n_classes);
    let of =
        |stream: u64, s: &Source| recipe::coordinates(stream << 40, s, &labels, n_classes, 5, recipe::TEST);
    let mut reached = Vec::new();
    for is_mispaired in [false, true] {
        let b = Source { delta: 1.2, is_mispaired, ..a };
        let (x, y) = (of(0, &a), of(1, &b));
        // The best weights are proportional to S^-1 delta.
        let (own, joint) = (0.49 + 2.25, if is_mispaired { 0.0 } else { 2.25 });
        let weights = [own * 3.0 - joint * 1.2, own * 1.2 - joint * 3.0];
        let scores = Matrix::from_fn(n, n_classes, |i, k| {
            let row = if is_mispaired { donors[i] as usize } else { i };
            weights[0] * x.row(i)[k] + weights[1] * y.row(row)[k]
        });
        let expected = bayes::together(&[a, b], n_classes).unwrap();
        let share = share_right(&scores, &labels);
        assert_share(share, expected, n, "both");
        reached.push(share);
    }
    assert!(reached[0] > reached[1] + 0.03, "{reached:?}");
    for (i, donor) in donors.iter().enumerate() {
        assert!(*donor as usize != i && labels[i] == labels[*donor as usize]);
    }
}

#[test]
fn every_case_has_the_sizes_asked_for_and_tells_its_truth() {
    for case in CASES {
        for (n_modalities, n_classes) in [(2, 3), (3, 7)] {
            let knobs =
                Knobs { n_train: 60, n_test: 45, n_classes, n_modalities, dim: 30, strength: 0.7, seed: 4 };
            let made = case.plant(&knobs).unwrap();
            let sources = &made.truth.recipe.sources;
            assert_eq!(
                (made.data.n_samples(), made.data.n_classes(), sources.len()),
                (105, n_classes, n_modalities)
            );
            for (r, (modality, source)) in made.data.modalities().iter().zip(sources).enumerate() {
                assert_eq!(
                    (modality.name.as_str(), modality.features.cols()),
                    (["a", "b", "c"][r], source.dim)
                );
                assert!(source.dim <= 30.max(2 * n_classes + 10), "{}", case.name);
            }
            let parts = made.data.partition(0, 0, 0, 0.0);
            assert_eq!((parts.train.len(), parts.test.len()), (60, 45));
            let (first, last) = (&made.data.labels()[..60], &made.data.labels()[60..]);
            for part in [first, last] {
                let counts: Vec<usize> =
                    (0..n_classes as u32).map(|k| part.iter().filter(|l| **l == k).count()).collect();
                assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
            }
            let chance = 1.0 / n_classes as f64;
            assert!(
                made.truth.bayes_alone.iter().all(|p| (chance - 1e-9..=1.0).contains(p)),
                "{:?}",
                made.truth
            );
            assert!(made.truth.bayes_together.is_none_or(|p| p <= 1.0));
            assert_eq!((made.truth.case, made.truth.code), (case.name, case.code));
            let text = serde_json::to_string(&made.truth).unwrap();
            assert!(text.contains("\"training\""));
        }
    }
}

#[test]
fn equal_knobs_give_equal_data_and_training_rows_do_not_depend_on_test_rows() {
    let case = find("competition").unwrap();
    let knobs = Knobs { n_train: 50, n_test: 20, dim: 20, ..Knobs::default() };
    let made = case.plant(&knobs).unwrap().data;
    assert_eq!(made.fingerprint(), case.plant(&knobs).unwrap().data.fingerprint());
    assert_ne!(made.fingerprint(), case.plant(&Knobs { seed: 1, ..knobs }).unwrap().data.fingerprint());
    let longer = case.plant(&Knobs { n_test: 40, ..knobs }).unwrap().data;
    assert_eq!(made.labels()[..50], longer.labels()[..50]);
    for (a, b) in made.modalities().iter().zip(longer.modalities()) {
        assert!(
            (0..50).all(|i| (0..a.features.cols()).all(|c| a.features.get(i, c) == b.features.get(i, c)))
        );
    }
}

#[test]
fn the_dose_is_in_the_bayes_accuracies() {
    let bayes = |name: &str, strength: f64| {
        let knobs = Knobs { strength, ..Knobs::default() };
        let truth = find(name).unwrap().plant(&Knobs { n_train: 20, n_test: 20, ..knobs }).unwrap().truth;
        (truth.bayes_alone, truth.bayes_together)
    };
    // Noise and shortcuts tell nothing on test rows; copies add nothing, partners do.
    for name in ["noise", "shortcut"] {
        assert!((bayes(name, 1.0).0[1] - 0.2).abs() < 1e-9, "{name}");
    }
    let (alone, together) = bayes("redundancy", 1.0);
    assert!(together.unwrap() - alone[0] < 0.01, "{alone:?} {together:?}");
    let (alone, together) = bayes("benefit", 1.0);
    assert!(together.unwrap() - alone[0] > 0.1, "{alone:?} {together:?}");
    assert!(bayes("competition", 1.0).0[0] < bayes("competition", 0.2).0[0]);
}

#[test]
fn wrong_names_and_knobs_are_told() {
    let error = find("competitoin").err().unwrap();
    assert!(error.to_string().contains("competition"), "{error}");
    let knobs =
        Knobs { n_train: 3, n_test: 3, n_classes: 1, n_modalities: 4, dim: 900, strength: f64::NAN, seed: 0 };
    let errors = knobs.check().unwrap_err();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "`classes` must be from 2 to 50, not 1",
            "`modalities` must be from 2 to 3, not 4",
            "`dim` must be from 1 to 500, not 900",
            "`strength` must be from 0 to 1, not NaN",
        ]
    );
    assert!(Knobs { n_train: 9, ..Knobs::default() }.check().is_err());
}
