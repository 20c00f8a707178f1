//! scikit-learn and NumPy references for scores that are no means, and for the
//! null band of class changes. `reference/stats/scores.py` makes them.
// promise: P19

use rivalry::metrics::{Answers, Given, Metrics, ModelKey, Subject, measure};
use rivalry::num::Matrix;
use rivalry::stats::{Bootstrap, ClassDifferences, auc, null_band};
use serde_json::Value;

use super::numbers;

const SCORES: &str = include_str!("stats/scores.json");

fn document() -> Value {
    let document: Value = serde_json::from_str(SCORES).unwrap();
    assert!(document["versions"]["scikit-learn"].is_string(), "a reference names its versions");
    document
}

#[test]
fn areas_and_covariances_are_those_of_delong() {
    let document = document();
    for case in document["areas"].as_array().unwrap() {
        let positive: Vec<bool> = numbers(&case["positive"]).iter().map(|p| *p > 0.5).collect();
        let found = ["first", "second"].map(|name| auc(&numbers(&case[name]), &positive).unwrap());
        let areas = numbers(&case["areas"]);
        for (i, area) in found.iter().enumerate() {
            assert!((area.value - areas[i]).abs() < 1e-12, "{} {}", area.value, areas[i]);
            for (j, other) in found.iter().enumerate() {
                let covariance: f64 = area.influence.iter().zip(&other.influence).map(|(a, b)| a * b).sum();
                let expected = numbers(&case["covariance"][i])[j];
                assert!((covariance - expected).abs() < 1e-12, "{covariance} {expected}");
            }
        }
    }
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let document = document();
    for case in document["labels"].as_array().unwrap() {
        let labels: Vec<u32> = numbers(&case["labels"]).iter().map(|l| *l as u32).collect();
        let rows: Vec<Vec<f64>> = case["scores"].as_array().unwrap().iter().map(numbers).collect();
        let scores = Matrix::from_fn(rows.len(), rows[0].len(), |i, k| rows[i][k]);
        let (answers, probabilities) = Answers::from_scores(&scores);
        assert!(!probabilities);
        let given = Given {
            modality_names: vec!["a".into(), "b".into()],
            class_names: (0..scores.cols()).map(|k| k.to_string()).collect(),
            labels,
            groups: None,
            joint: vec![answers.clone()],
            alone: vec![vec![answers], vec![]],
            branches: vec![],
            train: vec![],
            joint_embeddings: vec![],
            alone_embeddings: vec![],
        };
        let evidence = given.into_evidence().unwrap();
        let found =
            measure(&evidence, &Metrics::all(), Bootstrap { replicates: 200, ..Bootstrap::default() });
        let subject = Subject::Model(ModelKey::alone(0));
        for name in ["balanced_accuracy", "macro_f1", "auc"] {
            let Some(expected) = case[name].as_f64() else { continue };
            let estimate = found.table.get(name, &subject).unwrap();
            // Pseudo-values are kept in single precision.
            assert!((estimate.value - expected).abs() < 1e-5, "{name}: {} {expected}", estimate.value);
            assert!(estimate.interval().is_some_and(|i| i.low < expected && expected < i.high), "{name}");
            let drop = found.table.get(&format!("{name}_drop"), &subject).unwrap();
            assert_eq!(drop.value, 0.0);
        }
    }
}

#[test]
fn the_null_band_is_that_of_all_flips() {
    let band = &document()["band"];
    let sizes = numbers(&band["sizes"]);
    let classes: Vec<ClassDifferences> = band["differences"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&sizes)
        .map(|(units, size)| ClassDifferences { size: *size as usize, units: numbers(units) })
        .collect();
    let top = band["top"].as_u64().unwrap() as usize;
    let replicates = 40_000;
    let found = null_band(&classes, top, replicates, 0.95, 3, 2).unwrap();
    let sd = band["worst_sd"].as_f64().unwrap();
    // Five standard errors of 40,000 replicates.
    let near = 5.0 * sd / (replicates as f64).sqrt();
    assert!((found.worst.mean - band["worst"].as_f64().unwrap()).abs() < near, "{found:?}");
    for (rank, expected) in found.ranks.iter().zip(numbers(&band["ranks"])) {
        assert!((rank.mean - expected).abs() < 2.0 * near, "{rank:?} {expected}");
    }
    let ends = numbers(&band["worst_ends"]);
    assert!((found.worst.range.low - ends[0]).abs() < 0.02 * ends[0].abs().max(0.1), "{found:?} {ends:?}");
    assert!((found.worst.range.high - ends[1]).abs() < 0.02 * ends[1].abs().max(0.1), "{found:?} {ends:?}");
    let p = band["p_worst"].as_f64().unwrap();
    assert!((found.p_worst - p).abs() < 5.0 * (p * (1.0 - p) / replicates as f64).sqrt() + 1e-4);
}
