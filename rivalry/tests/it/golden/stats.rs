//! SciPy, statsmodels and baycomp references for the statistics.
//! `reference/stats` makes them and describes the files.
// promise: P19

use rivalry::num::Matrix;
use rivalry::stats::distributions::{
    beta_cdf, beta_quantile, binomial_cdf, binomial_pmf, gamma_cdf, student_t_cdf, student_t_quantile,
};
use rivalry::stats::{
    Bootstrap, Ends, Estimate, FoldDifferences, PairedCounts, benjamini_hochberg, bootstrap, clopper_pearson,
    crossed, crossed_replicates, crossed_share, detectable_difference, detectable_difference_over_seeds,
    holm, mcnemar_exact, mcnemar_exact_power, mcnemar_midp, mcnemar_power, mcnemar_samples, sign_flip,
    wilson,
};
use serde_json::Value;

use super::{number, numbers};

const DISTRIBUTIONS: &str = include_str!("stats/distributions.json");
const COUNTS: &str = include_str!("stats/counts.json");
const RESAMPLING: &str = include_str!("stats/resampling.json");
const FOLDS: &str = include_str!("stats/folds.json");
const PLANNING: &str = include_str!("stats/planning.json");
const EXACT: &str = include_str!("stats/exact.json");

/// The cases under `key`, never none.
fn cases(text: &str, key: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).unwrap();
    assert!(document["versions"]["scipy"].is_string(), "a reference names its versions");
    let cases = document[key].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{key}");
    cases
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Equal to `tolerance`, relative to the reference.
#[track_caller]
fn close(got: f64, reference: &Value, tolerance: f64, case: &Value) {
    let reference = number(reference);
    assert!((got - reference).abs() <= tolerance * reference.abs(), "{got} is not {reference}: {case}");
}

/// Both ends equal to 1e-10, absolutely: they are shares or differences of shares.
#[track_caller]
fn same_ends(estimate: &Estimate, reference: &Value, case: &Value) {
    let ends = estimate.interval().unwrap();
    for (got, reference) in [ends.low, ends.high].into_iter().zip(numbers(reference)) {
        assert!((got - reference).abs() <= 1e-10, "{got} is not {reference}: {case}");
    }
}

#[test]
fn distributions_agree_with_scipy() {
    for case in cases(DISTRIBUTIONS, "binomial") {
        let (k, n, p) = (count(&case["k"]), count(&case["n"]), number(&case["p"]));
        close(binomial_pmf(k, n, p), &case["pmf"], 1e-11, &case);
        close(binomial_cdf(k, n, p), &case["cdf"], 1e-11, &case);
    }
    for case in cases(DISTRIBUTIONS, "beta") {
        close(beta_cdf(number(&case["a"]), number(&case["b"]), number(&case["x"])), &case["p"], 1e-11, &case);
    }
    for case in cases(DISTRIBUTIONS, "beta_quantiles") {
        let got = beta_quantile(number(&case["a"]), number(&case["b"]), number(&case["p"]));
        close(got, &case["x"], 1e-11, &case);
    }
    for case in cases(DISTRIBUTIONS, "student") {
        close(student_t_cdf(number(&case["t"]), number(&case["df"])), &case["p"], 1e-11, &case);
    }
    for case in cases(DISTRIBUTIONS, "student_quantiles") {
        close(student_t_quantile(number(&case["p"]), number(&case["df"])), &case["t"], 1e-11, &case);
    }
}

#[test]
fn exact_bootstraps_agree_with_convolutions() {
    for case in cases(EXACT, "gamma") {
        close(gamma_cdf(number(&case["a"]), number(&case["x"])), &case["p"], 1e-11, &case);
    }
    for case in cases(EXACT, "exact") {
        let kinds = numbers(&case["values"]).into_iter().zip(numbers(&case["counts"]));
        let row: Vec<f64> = kinds.flat_map(|(value, count)| vec![value; count as usize]).collect();
        let values = Matrix::from_vec(1, row.len(), row);
        let found = crossed_replicates(&values, None, None, None, &Bootstrap::default()).unwrap();
        let near = |got: f64, expected: f64| {
            assert!((got - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{got} {expected}: {case}");
        };
        for (level, expected) in numbers(&case["levels"]).into_iter().zip(numbers(&case["quantiles"])) {
            let (below, not_above) = found.shares(expected).unwrap();
            // At an atom the level lies between the two.
            assert!(
                below <= level + 1e-9 && level <= not_above + 1e-9,
                "{level} {below} {not_above}: {case}"
            );
        }
        let ends = found.estimate(Ends::Bca, 0.95).interval().unwrap();
        for (got, expected) in [ends.low, ends.high].into_iter().zip(numbers(&case["bca"])) {
            near(got, expected);
        }
        let three = found.practical(number(&case["rope"])).unwrap();
        for (got, expected) in
            [three.p_worse, three.p_same, three.p_better].into_iter().zip(numbers(&case["practical"]))
        {
            assert!((got - expected).abs() < 1e-11, "{got} {expected}: {case}");
        }
    }
}

#[test]
fn intervals_of_shares_agree_with_scipy_and_statsmodels() {
    for case in cases(COUNTS, "shares") {
        let (k, n, level) = (count(&case["k"]), count(&case["n"]), number(&case["level"]));
        same_ends(&wilson(k, n, level).unwrap(), &case["wilson"], &case);
        same_ends(&clopper_pearson(k, n, level).unwrap(), &case["exact"], &case);
    }
}

#[test]
fn newcombe_agrees_with_the_paper() {
    for case in cases(COUNTS, "paired") {
        let table: Vec<u64> = case["table"].as_array().unwrap().iter().map(count).collect();
        let counts =
            PairedCounts { both: table[0], first_only: table[1], second_only: table[2], neither: table[3] };
        same_ends(&counts.newcombe(number(&case["level"])).unwrap(), &case["ends"], &case);
    }
}

#[test]
fn tests_of_no_difference_agree_with_statsmodels_and_scipy() {
    for case in cases(COUNTS, "mcnemar") {
        let (b, c) = (count(&case["b"]), count(&case["c"]));
        close(mcnemar_exact(b, c), &case["exact"], 1e-10, &case);
        close(mcnemar_midp(b, c), &case["midp"], 1e-10, &case);
    }
    assert_eq!(format!("{:.4} {:.4}", mcnemar_exact(5, 15), mcnemar_midp(15, 5)), "0.0414 0.0266");
    for case in cases(COUNTS, "sign_flips") {
        let test = sign_flip(&numbers(&case["differences"]), 0).unwrap();
        assert!(test.exact);
        close(test.p_value, &case["p"], 1e-12, &case);
    }
    for case in cases(COUNTS, "families") {
        let p = numbers(&case["p"]);
        for (name, adjusted) in [("holm", holm(&p)), ("benjamini_hochberg", benjamini_hochberg(&p))] {
            for (got, reference) in adjusted.iter().zip(case[name].as_array().unwrap()) {
                close(*got, reference, 1e-12, &case);
            }
        }
    }
}

/// Ends within five standard errors of a Monte-Carlo reference; ours has the
/// error of `replicates` replicates, scaled from the reference's 240,000.
#[track_caller]
fn near_ends(estimate: &Estimate, replicates: usize, step: f64, case: &Value) {
    let ends = estimate.interval().unwrap();
    let errors = numbers(&case["standard_errors"]);
    for ((got, reference), error) in [ends.low, ends.high].iter().zip(numbers(&case["ends"])).zip(errors) {
        let allowed = 5.0 * error * (1.0 + 240_000.0 / replicates as f64).sqrt() + step;
        assert!((got - reference).abs() <= allowed, "{got} is not {reference} +- {allowed}: {case}");
    }
}

#[test]
fn bootstrap_intervals_agree_with_scipy() {
    for case in cases(RESAMPLING, "general") {
        let bca = case["method"] == "bca";
        let ends = if bca { Ends::Bca } else { Ends::Percentile };
        let how = Bootstrap { replicates: 40_000, ends, seed: 1, threads: 2, ..Bootstrap::default() };
        let x = numbers(&case["x"]);
        let y = case.get("y").map_or_else(Vec::new, numbers);
        let at = |values: &[f64], resample: &[u32]| -> Vec<f64> {
            resample.iter().map(|i| values[*i as usize]).collect()
        };
        let estimate = match case["statistic"].as_str().unwrap() {
            "mean" => bootstrap(x.len(), None, None, &how, |r| mean(&at(&x, r))),
            "correlation" => bootstrap(x.len(), None, None, &how, |r| correlation(&at(&x, r), &at(&y, r))),
            "strata" => {
                let both: Vec<f64> = x.iter().chain(&y).copied().collect();
                let strata: Vec<u32> = (0..both.len()).map(|i| u32::from(i >= x.len())).collect();
                bootstrap(both.len(), None, Some(&strata), &how, |r| {
                    let part = |s| -> Vec<f64> {
                        r.iter().filter(|i| strata[**i as usize] == s).map(|i| both[*i as usize]).collect()
                    };
                    libm::log(mean(&part(0))) + libm::log(mean(&part(1)))
                })
            }
            other => panic!("no statistic `{other}`"),
        };
        // Means of right and wrong answers move in steps.
        let is_binary = x.iter().all(|v| *v == 0.0 || *v == 1.0);
        let step = if is_binary { 1.0 / x.len() as f64 } else { 0.0 };
        near_ends(&estimate.unwrap(), how.replicates, step, &case);
    }
    let document: Value = serde_json::from_str(RESAMPLING).unwrap();
    let case = &document["grouped"];
    let (values, groups) = (numbers(&case["values"]), indices(&case["groups"]));
    let how = Bootstrap { replicates: 40_000, ..Bootstrap::default() };
    let grouped = bootstrap(values.len(), Some(&groups), None, &how, |r| {
        r.iter().map(|i| values[*i as usize]).sum::<f64>() / r.len() as f64
    });
    near_ends(&grouped.unwrap(), how.replicates, 0.0, case);
}

#[test]
fn means_over_seeds_and_samples_agree_with_mean_squares() {
    for case in cases(RESAMPLING, "crossed") {
        let rows = case["values"].as_array().unwrap();
        let cells: Vec<f64> = rows.iter().flat_map(numbers).collect();
        let values = Matrix::from_vec(rows.len(), cells.len() / rows.len(), cells);
        let groups = case["groups"].is_array().then(|| indices(&case["groups"]));
        let level = number(&case["level"]);
        let share = crossed_share(&values, groups.as_deref(), None, level).unwrap();
        let effective = format!("Wilson, {:.1} effective of ", number(&case["effective"]));
        assert!(share.method.starts_with(&effective), "{} {case}", share.method);
        same_ends(&share, &case["share"], &case);
        let how = Bootstrap { replicates: 40_000, level, seed: 2, threads: 2, ..Bootstrap::default() };
        let estimate = crossed(&values, groups.as_deref(), None, Some((0.0, 1.0)), &how).unwrap();
        near_ends(&estimate, how.replicates, 0.0, &case);
    }
}

#[test]
fn differences_on_folds_agree_with_baycomp_and_scipy() {
    for case in cases(FOLDS, "cases") {
        let folds = FoldDifferences::new(&numbers(&case["differences"]), number(&case["test_over_train"]));
        let folds = folds.unwrap();
        same_ends(&folds.estimate(0.95), &case["ends"], &case);
        close(folds.p_value().unwrap(), &case["p"], 1e-10, &case);
        for (rope, reference) in case["practical"].as_object().unwrap() {
            let got = folds.practical(rope.parse().unwrap()).unwrap();
            for (got, reference) in
                [got.p_worse, got.p_same, got.p_better].into_iter().zip(numbers(reference))
            {
                assert!((got - reference).abs() <= 1e-10, "{got} is not {reference}: {case}");
            }
        }
    }
}

#[test]
fn power_agrees_with_its_formula_and_with_enumeration() {
    for case in cases(PLANNING, "powers") {
        let (n, d) = (count(&case["n"]), number(&case["difference"]));
        let (s, alpha) = (number(&case["discordance"]), number(&case["alpha"]));
        close(mcnemar_power(n, d, s, alpha), &case["approximate"], 1e-10, &case);
        close(mcnemar_exact_power(n, -d, s, alpha), &case["exact"], 1e-9, &case);
    }
    for case in cases(PLANNING, "plans") {
        let (d, s) = (number(&case["difference"]), number(&case["discordance"]));
        let n = mcnemar_samples(d, s, 0.05, number(&case["power"])).unwrap();
        assert_eq!(n, count(&case["samples"]), "{case}");
    }
    for case in cases(PLANNING, "detectable") {
        let got = detectable_difference(count(&case["n"]), number(&case["discordance"]), 0.05, 0.8);
        match got {
            Some(difference) => close(difference, &case["difference"], 1e-10, &case),
            None => assert!(case["difference"].is_null(), "{case}"),
        }
    }
    for case in cases(PLANNING, "over_seeds") {
        let (n, n_seeds) = (count(&case["n"]), count(&case["n_seeds"]));
        let (s, sd) = (number(&case["discordance"]), number(&case["seed_sd"]));
        let got = detectable_difference_over_seeds(n, s, sd, n_seeds, 0.05, 0.8).unwrap();
        close(got, &case["difference"], 1e-10, &case);
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let product = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum()
    };
    product(x, mx, y, my) / (product(x, mx, x, mx) * product(y, my, y, my)).sqrt()
}

fn indices(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|v| u32::try_from(count(v)).unwrap()).collect()
}
