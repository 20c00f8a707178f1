//! NumPy, SciPy and scikit-learn references for the metrics. `reference/metrics`
//! makes them and describes the file.
// promise: P19

use rivalry::metrics::blending::{Window, weights};
use rivalry::metrics::calibration::{classwise_ece, debiased, ece, equal_mass_bins};
use rivalry::metrics::effective_rank::{effective_rank, eigenvalues, singular_values};
use rivalry::metrics::emap::Scores;
use rivalry::metrics::meters;
use rivalry::metrics::pid::{How, Triples, decompose};
use rivalry::metrics::shapley;
use rivalry::num::Matrix;
use rivalry::stats::clusters::purity;
use rivalry::stats::clusters::{k_means, principal_scores};
use serde_json::Value;

use super::{number, numbers};

const METRICS: &str = include_str!("metrics.json");

/// The cases under `key`, never none.
fn cases(key: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(METRICS).unwrap();
    assert!(document["versions"]["numpy"].is_string(), "a reference names its versions");
    let cases = document[key].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{key}");
    cases
}

fn whole(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn wholes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(whole).collect()
}

fn labels(value: &Value) -> Vec<u32> {
    wholes(value).into_iter().map(|y| u32::try_from(y).unwrap()).collect()
}

fn matrix(value: &Value) -> Matrix<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Matrix::from_vec(rows.len(), rows[0].len(), rows.concat())
}

/// Equal to `tolerance`, absolutely.
#[track_caller]
fn close(got: &[f64], reference: &[f64], tolerance: f64) {
    assert_eq!(got.len(), reference.len());
    for (got, reference) in got.iter().zip(reference) {
        assert!((got - reference).abs() <= tolerance, "{got} is not {reference}");
    }
}

#[test]
fn readings_of_branches_agree_with_scipy() {
    for case in cases("meters") {
        let branches: Vec<Matrix<f64>> = case["logits"].as_array().unwrap().iter().map(matrix).collect();
        let views: Vec<_> = branches.iter().map(Matrix::view).collect();
        let y = labels(&case["labels"]);
        let fused = meters::fused(&views);
        let ratios: Vec<f64> =
            views.iter().map(|v| meters::residual_ratio(fused.view(), *v, &y).unwrap()).collect();
        close(&ratios, &numbers(&case["residual_ratio"]), 1e-12);
        for (view, expected) in views.iter().zip(case["class_residual_ratio"].as_array().unwrap()) {
            let found = meters::class_residual_ratios(fused.view(), *view, &y, view.cols());
            close(&found.into_iter().map(Option::unwrap).collect::<Vec<_>>(), &numbers(expected), 1e-12);
        }
        let confidences: Vec<f64> = views.iter().map(|v| meters::confidence(*v, &y)).collect();
        close(&confidences, &numbers(&case["confidence"]), 1e-12);
        let found = meters::discrepancy_ratios(&views, &y).into_iter().map(Option::unwrap);
        close(&found.collect::<Vec<_>>(), &numbers(&case["discrepancy_ratio"]), 1e-12);
        for (cut, expected) in meters::centred(&views).iter().zip(case["centred"].as_array().unwrap()) {
            close(cut.as_slice(), matrix(expected).as_slice(), 1e-12);
        }
    }
}

#[test]
fn shapley_values_are_means_over_all_orders() {
    for case in cases("shapley") {
        close(&shapley::values(&numbers(&case["v"])), &numbers(&case["phi"]), 1e-12);
    }
}

#[test]
fn decompositions_agree_with_a_general_solver() {
    for case in cases("pid") {
        let sizes = wholes(&case["sizes"]);
        let table = Triples::new([sizes[0], sizes[1], sizes[2]], numbers(&case["p"])).unwrap();
        let found = decompose(&table, How::default());
        assert!(found.converged);
        close(&found.information, &numbers(&case["information"]), 1e-12);
        let parts = [found.redundant, found.unique[0], found.unique[1], found.synergy];
        let unique = numbers(&case["unique"]);
        let expected = [number(&case["redundant"]), unique[0], unique[1], number(&case["synergy"])];
        close(&parts, &expected, 2e-6);
    }
}

#[test]
fn information_of_samples_agrees_with_entropies() {
    for case in cases("information") {
        let sizes = wholes(&case["sizes"]);
        let (first, second) = (wholes(&case["first"]), wholes(&case["second"]));
        let y = labels(&case["labels"]);
        let table = Triples::count(&first, &second, &y, [sizes[0], sizes[1], sizes[2]]).unwrap();
        close(&table.information(), &numbers(&case["plain"]), 1e-12);
        close(&table.corrected_information(), &numbers(&case["corrected"]), 1e-12);
    }
}

#[test]
fn calibration_errors_agree_with_scipy() {
    for case in cases("calibration") {
        let (p, y) = (matrix(&case["probabilities"]), labels(&case["labels"]));
        let (confidence, right) = (numbers(&case["confidence"]), numbers(&case["right"]));
        let n_bins = whole(&case["n_bins"]);
        assert_eq!(equal_mass_bins(&confidence, n_bins), wholes(&case["bins"]));
        let found = [
            ece(&confidence, &right, n_bins),
            classwise_ece(p.view(), &y, n_bins),
            debiased(&confidence, &right, n_bins),
        ];
        let expected = ["ece", "classwise_ece", "debiased"].map(|name| number(&case[name]));
        close(&found, &expected, 1e-9);
    }
}

#[test]
fn the_additive_projection_is_the_least_squares_fit() {
    for case in cases("emap") {
        let scores =
            Scores::new(wholes(&case["sizes"]), whole(&case["n_classes"]), numbers(&case["scores"])).unwrap();
        close(scores.additive().values(), &numbers(&case["additive"]), 1e-12);
    }
}

#[test]
fn ranks_agree_with_svd() {
    for case in cases("effective_rank") {
        let x = matrix(&case["x"]);
        let expected = numbers(&case["singular_values"]);
        close(&singular_values(x.view()), &expected, 1e-7 * expected[0]);
        close(&[effective_rank(x.view()).unwrap()], &[number(&case["effective_rank"])], 1e-6);
    }
    for case in cases("eigenvalues") {
        let mut found = eigenvalues(matrix(&case["a"]));
        found.sort_by(f64::total_cmp);
        close(&found, &numbers(&case["eigenvalues"]), 1e-12);
    }
}

#[test]
fn clusters_agree_with_scikit_learn() {
    for case in cases("purity") {
        let found = purity(&wholes(&case["clusters"]), &labels(&case["labels"]));
        close(&[found], &[number(&case["purity"])], 1e-12);
    }
    for case in cases("k_means") {
        let found = k_means(matrix(&case["x"]).view(), whole(&case["k"]), 0).unwrap().within;
        let best = number(&case["within"]);
        // Four starts instead of two hundred: never better, little worse.
        assert!(found >= best * (1.0 - 1e-9) && found <= 1.05 * best, "{found} {best}");
    }
    for case in cases("principal") {
        let x = matrix(&case["x"]);
        let found = principal_scores(x.view(), x.view(), whole(&case["components"]), 1);
        let expected = matrix(&case["scores"]);
        let top = expected.as_slice().iter().fold(0.0, |top: f64, s| top.max(s.abs()));
        for k in 0..expected.cols() {
            let along: f64 = (0..x.rows()).map(|r| found.row(r)[k] * expected.row(r)[k]).sum();
            let sign = if along < 0.0 { -1.0 } else { 1.0 };
            for r in 0..x.rows() {
                let (got, wanted) = (sign * found.row(r)[k], expected.row(r)[k]);
                assert!((got - wanted).abs() < 1e-4 * top, "component {k}: {got} is not {wanted}");
            }
        }
    }
}

#[test]
fn blending_agrees_with_numpy() {
    for case in cases("blending") {
        let (train, valid) = (matrix(&case["train"]), matrix(&case["valid"]));
        let windows: Vec<Window> =
            (0..train.rows()).map(|r| Window::of(train.row(r), valid.row(r)).unwrap()).collect();
        close(&weights(&windows).unwrap(), &numbers(&case["weights"]), 1e-12);
        let ratios: Vec<f64> = windows.iter().map(|w| w.ratio().unwrap()).collect();
        close(&ratios, &numbers(&case["ratios"]), 1e-12);
    }
}
