//! How often intervals cover, against the bands and figures of
//! `docs/statistics.md`.
// promise: P19

use rivalry::num::special::{ln, normal_cdf};
use rivalry::num::{Draws, Matrix, Purpose, parallel};
use rivalry::stats::distributions::binomial_pmf;
use rivalry::stats::{
    Auc, Bootstrap, Ends, Estimate, FoldDifferences, Interval, PairedCounts, auc, bootstrap, clopper_pearson,
    crossed, crossed_linear, crossed_share, pseudo_values, wilson,
};

const PAGE: &str = include_str!("../../../../docs/statistics.md");
const SIMULATION: Purpose = Purpose::new("coverage simulation");
const LEVEL: f64 = 0.95;
/// With (B + 1) * 0.025 whole, few replicates do not bias the coverage.
const REPLICATES: usize = 199;

#[expect(clippy::disallowed_methods, reason = "the long variant of a test is switched on from outside")]
fn soak() -> bool {
    std::env::var("RIVALRY_SOAK").is_ok()
}

fn repetitions() -> usize {
    if soak() { 100_000 } else { 4_000 }
}

/// The share of repetitions whose interval holds `truth`. A missing interval
/// fails the test: these data always allow one.
fn coverage(truth: f64, study: impl Fn(&mut Draws, u64) -> Estimate + Sync) -> f64 {
    let all: Vec<u64> = (0..repetitions() as u64).collect();
    let covers = parallel::map(parallel::available(), &all, |_, r| {
        let estimate = study(&mut Draws::new(*r, SIMULATION, 0), *r);
        estimate.interval().unwrap_or_else(|| panic!("{}", estimate.method)).contains(truth)
    });
    covers.iter().filter(|c| **c).count() as f64 / all.len() as f64
}

/// Rows of the page's tables that have `width` cells, without the heads.
fn rows(width: usize) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect()
    };
    let table = PAGE.lines().filter(|l| l.starts_with('|') && !l.contains("---"));
    table.map(cells).filter(|c| c.len() == width && c[width - 1] != "measured" && c[0] != "n").collect()
}

/// Fails when the page's figures are not those just measured; a soak run has
/// its own.
fn compare_with_page(measured: &[String], page: &[String]) {
    assert!(soak() || measured == page, "docs/statistics.md should say:\n{}", measured.join("\n"));
}

#[test]
fn shares_are_covered_as_the_page_says() {
    let page = rows(6);
    let mut measured = Vec::new();
    for row in &page {
        let (n, p): (u64, f64) = (row[0].parse().unwrap(), row[1].parse().unwrap());
        let draw = |draws: &mut Draws| -> Vec<f64> {
            (0..n).map(|_| f64::from(u8::from(draws.bernoulli(p)))).collect()
        };
        let right = |values: &[f64]| values.iter().sum::<f64>() as u64;
        let score = coverage(p, |draws, _| wilson(right(&draw(draws)), n, LEVEL).unwrap());
        let exact = coverage(p, |draws, _| clopper_pearson(right(&draw(draws)), n, LEVEL).unwrap());
        let matrix = |draws: &mut Draws| Matrix::from_vec(1, n as usize, draw(draws));
        let effective = coverage(p, |draws, _| crossed_share(&matrix(draws), None, None, LEVEL).unwrap());
        let resampled = coverage(p, |draws, seed| {
            crossed(&matrix(draws), None, None, Some((0.0, 1.0)), &how(Ends::Percentile, seed)).unwrap()
        });
        // Three standard errors of a simulation around the exact coverage.
        let close = |c: f64, exact: f64| {
            (c - exact).abs() <= 3.0 * (exact * (1.0 - exact) / repetitions() as f64).sqrt() + 1e-12
        };
        let error = 3.0 * (LEVEL * (1.0 - LEVEL) / repetitions() as f64).sqrt();
        assert!(close(score, exact_coverage(p, &outcomes(n, wilson))), "Wilson {score} at {row:?}");
        assert!(
            close(exact, exact_coverage(p, &outcomes(n, clopper_pearson))),
            "Clopper-Pearson {exact} at {row:?}"
        );
        assert!(exact >= LEVEL - error, "Clopper-Pearson {exact} at {row:?}");
        assert!(effective >= score - error, "effective {effective} at {row:?}");
        measured.push(format!("| {n} | {p} | {score:.3} | {exact:.3} | {effective:.3} | {resampled:.3} |"));
    }
    assert_eq!(page.len(), 9);
    let page: Vec<String> = page.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    compare_with_page(&measured, &page);
}

/// The coverage at `p` of an interval per outcome, summed over all outcomes.
fn exact_coverage(p: f64, intervals: &[Interval]) -> f64 {
    let n = intervals.len() as u64 - 1;
    let covered = (0..=n).filter(|k| intervals[*k as usize].contains(p));
    covered.map(|k| binomial_pmf(k, n, p)).sum()
}

/// The intervals of all outcomes of `n` samples.
fn outcomes(n: u64, interval: fn(u64, u64, f64) -> Option<Estimate>) -> Vec<Interval> {
    (0..=n).map(|k| interval(k, n, LEVEL).unwrap().interval().unwrap()).collect()
}

#[test]
fn wilson_covers_on_average_and_clopper_pearson_everywhere() {
    for n in [10, 30, 100] {
        let grid: Vec<f64> = (0..1_000).map(|i| (f64::from(i) + 0.5) / 1_000.0).collect();
        let (score, exact) = (outcomes(n, wilson), outcomes(n, clopper_pearson));
        let mean = grid.iter().map(|p| exact_coverage(*p, &score)).sum::<f64>() / grid.len() as f64;
        assert!((mean - LEVEL).abs() < 0.01, "Wilson covers {mean} on average at n = {n}");
        for p in grid {
            let covered = exact_coverage(p, &exact);
            assert!(covered >= LEVEL - 1e-12, "Clopper-Pearson covers {covered} at n = {n}, p = {p}");
        }
    }
}

#[test]
fn means_differences_and_folds_are_covered_within_the_pages_bands() {
    let (mut measured, mut page, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(4) {
        let covered = scenario(&row[0], &row[1]);
        let ends: Vec<f64> = row[2].split(" to ").map(|e| e.parse().unwrap()).collect();
        if covered < ends[0] || covered > ends[1] {
            outside.push(format!("{row:?}: {covered}"));
        }
        measured.push(format!("| {} | {} | {} | {covered:.3} |", row[0], row[1], row[2]));
        page.push(format!("| {} |", row.join(" | ")));
    }
    assert_eq!(page.len(), 35);
    assert!(outside.is_empty(), "outside their bands:\n{}", outside.join("\n"));
    compare_with_page(&measured, &page);
}

/// The coverage in the simulation that a row of the page names.
fn scenario(method: &str, data: &str) -> f64 {
    let ends = if method.contains("BCa") { Ends::Bca } else { Ends::Percentile };
    let words: Vec<&str> = data.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let counts: Vec<usize> = words.iter().filter_map(|w| w.parse().ok()).collect();
    match (method, words[0]) {
        ("crossed" | "crossed, BCa", "normal" | "exponential") => {
            let spread = Spread::named(data, counts[0], counts[1]);
            let skewed = words[0] == "exponential";
            coverage(0.0, |draws, seed| {
                let values = spread.table(draws, counts[0], counts[1], skewed);
                crossed(&values, None, None, None, &how(ends, seed)).unwrap()
            })
        }
        ("crossed", _) if data.contains("groups") => {
            let (n_seeds, n_groups, size) = (counts[0], counts[1], counts[2]);
            let groups: Vec<u32> = (0..n_groups * size).map(|i| (i / size) as u32).collect();
            coverage(0.0, |draws, seed| {
                let of_group: Vec<f64> = (0..n_groups).map(|_| draws.normal()).collect();
                let spread = Spread { seeds: 0.2, samples: 0.7, rest: 0.5 };
                let mut values = spread.table(draws, n_seeds, groups.len(), false);
                for s in 0..n_seeds {
                    for (v, g) in values.row_mut(s).iter_mut().zip(&groups) {
                        *v += of_group[*g as usize];
                    }
                }
                crossed(&values, Some(&groups), None, None, &how(ends, seed)).unwrap()
            })
        }
        ("crossed", "difference") => {
            // One seed says nothing of the others: they only matter where the page says so.
            let seeds = if counts[0] == 1 && !data.contains("others differ") { 0.0 } else { 0.1 };
            let first = Accuracy { margin: 1.5, spread: Spread { seeds, samples: 1.0, rest: 0.5 } };
            let second = Accuracy { margin: 1.2, ..first };
            coverage(first.truth() - second.truth(), |draws, seed| {
                let difficulty: Vec<f64> = (0..counts[1]).map(|_| draws.normal()).collect();
                let a = first.table(draws, counts[0], &difficulty);
                let b = second.table(draws, counts[0], &difficulty);
                let values = Matrix::from_fn(counts[0], counts[1], |s, i| a.row(s)[i] - b.row(s)[i]);
                crossed(&values, None, None, Some((-1.0, 1.0)), &how(ends, seed)).unwrap()
            })
        }
        ("effective Wilson", "accuracy") => {
            let seeds = if data.contains("dominate") { 1.0 } else { 0.1 };
            let network = Accuracy { margin: 1.8, spread: Spread { seeds, samples: 1.0, rest: 0.5 } };
            coverage(network.truth(), |draws, _| {
                let difficulty: Vec<f64> = (0..counts[1]).map(|_| draws.normal()).collect();
                let right = network.table(draws, counts[0], &difficulty);
                crossed_share(&right, None, None, LEVEL).unwrap()
            })
        }
        ("Newcombe", "difference") => coverage(0.2 - 0.1, |draws, _| {
            let mut counts_of = PairedCounts::default();
            for _ in 0..counts[0] {
                let u = draws.uniform();
                let cell = match u {
                    u if u < 0.6 => &mut counts_of.both,
                    u if u < 0.8 => &mut counts_of.first_only,
                    u if u < 0.9 => &mut counts_of.second_only,
                    _ => &mut counts_of.neither,
                };
                *cell += 1;
            }
            counts_of.newcombe(LEVEL).unwrap()
        }),
        ("linearised", kind @ ("area" | "difference")) => {
            let second = kind == "difference";
            // Two normals one standard deviation apart: Phi(1 / sqrt 2).
            let truth = if second { 0.0 } else { normal_cdf(0.5_f64.sqrt()) };
            coverage(truth, |draws, _| {
                loop {
                    let positive: Vec<bool> = (0..counts[0]).map(|_| draws.bernoulli(0.4)).collect();
                    let scores = |draws: &mut Draws, shared: &[f64]| -> Vec<f64> {
                        let own = |(shared, positive): (&f64, &bool)| {
                            0.6_f64.sqrt() * shared
                                + 0.4_f64.sqrt() * draws.normal()
                                + f64::from(u8::from(*positive))
                        };
                        shared.iter().zip(&positive).map(own).collect()
                    };
                    let shared: Vec<f64> = positive.iter().map(|_| draws.normal()).collect();
                    let areas =
                        [auc(&scores(draws, &shared), &positive), auc(&scores(draws, &shared), &positive)];
                    // Nothing can be said of samples of one kind.
                    let [Some(a), Some(b)] = areas else { continue };
                    let values = |area: &Auc| pseudo_values(area.value, &area.influence);
                    let mut row = values(&a);
                    if second {
                        row.iter_mut().zip(values(&b)).for_each(|(a, b)| *a -= b);
                    }
                    let found = crossed_linear(&Matrix::from_vec(1, row.len(), row), None, LEVEL).unwrap();
                    // Kinds that scores separate wholly give no interval to count.
                    if found.interval().is_some() {
                        break found;
                    }
                }
            })
        }
        ("percentile bootstrap" | "BCa bootstrap", "mean") => {
            let (n, skewed) = (counts[0], data.contains("exponential"));
            coverage(0.0, |draws, seed| {
                let values: Vec<f64> =
                    (0..n).map(|_| if skewed { exponential(draws) } else { draws.normal() }).collect();
                let mean = |r: &[u32]| r.iter().map(|i| values[*i as usize]).sum::<f64>() / r.len() as f64;
                bootstrap(n, None, None, &how(ends, seed), mean).unwrap()
            })
        }
        ("corrected t", _) if data.contains("model") => {
            let ratio: f64 = 1.0 / 9.0;
            coverage(0.0, |draws, _| {
                // Differences correlate by n_test / n, as the correction assumes.
                let shared = ratio.sqrt() * draws.normal();
                let folds: Vec<f64> = (0..counts[0]).map(|_| shared + draws.normal()).collect();
                FoldDifferences::new(&folds, ratio).unwrap().estimate(LEVEL)
            })
        }
        ("corrected t", _) => {
            let truth = centroid_accuracy(0.8) - centroid_accuracy(0.5);
            coverage(truth, |draws, _| cross_validated(draws, counts[0]).estimate(LEVEL))
        }
        _ => panic!("no simulation for {method}: {data}"),
    }
}

fn how(ends: Ends, seed: u64) -> Bootstrap {
    Bootstrap { replicates: REPLICATES, level: LEVEL, ends, seed, threads: 1 }
}

/// Exponential with mean 0 and variance 1.
fn exponential(draws: &mut Draws) -> f64 {
    -ln(draws.uniform()) - 1.0
}

/// Standard deviations of the parts of a value.
#[derive(Clone, Copy)]
struct Spread {
    seeds: f64,
    samples: f64,
    rest: f64,
}

impl Spread {
    fn named(data: &str, n_seeds: usize, n: usize) -> Self {
        if data.contains("seeds dominate") {
            Self { seeds: 1.0, samples: 0.3, rest: 0.3 }
        } else if data.contains("only the rest") {
            Self { seeds: 0.0, samples: 0.0, rest: 1.0 }
        } else if data.contains("equal parts") {
            // Seeds and samples give the mean the same variance.
            Self { seeds: (n_seeds as f64 / n as f64).sqrt(), samples: 1.0, rest: 1.0 }
        } else {
            // One seed says nothing of the spread over seeds: here there is none.
            Self { seeds: 0.0, samples: 1.0, rest: 0.5 }
        }
    }

    /// Values with mean zero; `skewed` makes the samples' part exponential.
    fn table(&self, draws: &mut Draws, n_seeds: usize, n: usize, skewed: bool) -> Matrix<f64> {
        let of_sample: Vec<f64> =
            (0..n).map(|_| self.samples * if skewed { exponential(draws) } else { draws.normal() }).collect();
        let of_seed: Vec<f64> = (0..n_seeds).map(|_| self.seeds * draws.normal()).collect();
        let rest = if skewed { 0.0 } else { self.rest };
        Matrix::from_fn(n_seeds, n, |s, i| of_seed[s] + of_sample[i] + rest * draws.normal())
    }
}

/// A network that is right where margin + difficulty + seed + rest is positive.
#[derive(Clone, Copy)]
struct Accuracy {
    margin: f64,
    spread: Spread,
}

impl Accuracy {
    fn truth(&self) -> f64 {
        let Spread { seeds, samples, rest } = self.spread;
        normal_cdf(self.margin / (seeds * seeds + samples * samples + rest * rest).sqrt())
    }

    /// Right (1) or wrong (0) for every seed and sample.
    fn table(&self, draws: &mut Draws, n_seeds: usize, difficulty: &[f64]) -> Matrix<f64> {
        let Spread { seeds, samples, rest } = self.spread;
        let of_seed: Vec<f64> = (0..n_seeds).map(|_| seeds * draws.normal()).collect();
        Matrix::from_fn(n_seeds, difficulty.len(), |s, i| {
            let value = self.margin + samples * difficulty[i] + of_seed[s] + rest * draws.normal();
            f64::from(u8::from(value > 0.0))
        })
    }
}

/// Two nearest-mean classifiers, one per feature, on 20 + 20 samples: 5-fold
/// cross-validation, repeated. Feature means are +-0.5 and +-0.8, variance 1.
fn cross_validated(draws: &mut Draws, repeats: usize) -> FoldDifferences {
    let features: Vec<[f64; 2]> = (0..40)
        .map(|i| {
            let side = if i < 20 { -1.0 } else { 1.0 };
            [side * 0.5 + draws.normal(), side * 0.8 + draws.normal()]
        })
        .collect();
    let mut differences = Vec::new();
    for _ in 0..repeats {
        let mut fold = [0_usize; 40];
        for class in 0..2 {
            for (place, i) in draws.permutation(20).iter().enumerate() {
                fold[class * 20 + *i as usize] = place % 5;
            }
        }
        for tested in 0..5 {
            let accuracy = |f: usize| {
                let mean = |class: usize| {
                    let rows = (class * 20..class * 20 + 20).filter(|i| fold[*i] != tested);
                    rows.map(|i| features[i][f]).sum::<f64>() / 16.0
                };
                let (low, high) = (mean(0), mean(1));
                let is_right = |i: &usize| {
                    let x = features[*i][f];
                    ((x - high).abs() < (x - low).abs()) == (*i >= 20)
                };
                (0..40).filter(|i| fold[*i] == tested).filter(is_right).count() as f64 / 8.0
            };
            differences.push(accuracy(1) - accuracy(0));
        }
    }
    FoldDifferences::new(&differences, 0.25).unwrap()
}

/// The expected accuracy of the nearest-mean classifier trained on 16 + 16
/// samples of means +-d: the midpoint has variance 1/32, and with probability
/// Phi(-2d / sqrt(1/8)) the means come out the wrong way round.
fn centroid_accuracy(d: f64) -> f64 {
    let upright = normal_cdf(d / (1.0 + 1.0 / 32.0_f64).sqrt());
    let reversed = normal_cdf(-2.0 * d / (1.0 / 8.0_f64).sqrt());
    upright * (1.0 - reversed) + (1.0 - upright) * reversed
}
