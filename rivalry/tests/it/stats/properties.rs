//! What holds for all inputs: intervals hold their value and grow with the
//! level, the order of samples and seeds does not matter, threads change no
//! bit, and degenerate input gets an answer in words.
// promise: P19

use proptest::collection::vec;
use proptest::prelude::*;
use rivalry::num::{Draws, Matrix, Purpose};
use rivalry::stats::{
    Bootstrap, Ends, Estimate, FoldDifferences, Interval, PairedCounts, Replicates, benjamini_hochberg,
    bootstrap, bootstrap_replicates, clopper_pearson, crossed, crossed_replicates, crossed_share,
    detectable_difference, detectable_difference_over_seeds, holm, mcnemar_exact, mcnemar_exact_power,
    mcnemar_midp, mcnemar_power, mcnemar_samples, rope, sign_flip, smallest_sign_flip_p, wilson,
};

fn interval(estimate: Option<Estimate>) -> Interval {
    estimate.unwrap().interval().unwrap()
}

/// Whether the first contains the second, up to rounding.
fn holds(outer: Interval, inner: Interval) -> bool {
    outer.low <= inner.low + 1e-12 && inner.high <= outer.high + 1e-12
}

fn small() -> Bootstrap {
    Bootstrap { replicates: 200, ..Bootstrap::default() }
}

prop_compose! {
    /// Differences of right and wrong, -1, 0 or 1, by seed and sample.
    fn differences()(n_seeds in 1_usize..6, n in 1_usize..30)
        (cells in vec(-1_i8..=1, n_seeds * n), n_seeds in Just(n_seeds), n in Just(n)) -> Matrix<f64> {
        Matrix::from_vec(n_seeds, n, cells.into_iter().map(f64::from).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn intervals_of_counts(n in 1_u64..3_000, part in 0.0_f64..=1.0, a in 0.01_f64..0.999, b in 0.01_f64..0.999) {
        let k = (part * n as f64) as u64;
        let (low, high) = (a.min(b), a.max(b));
        for method in [wilson, clopper_pearson] {
            let outer = interval(method(k, n, high));
            prop_assert!(outer.contains(k as f64 / n as f64) && outer.low >= 0.0 && outer.high <= 1.0);
            prop_assert!(holds(outer, interval(method(k, n, low))));
            // Right and wrong swapped: the mirrored interval.
            let mirrored = interval(method(n - k, n, high));
            prop_assert!((outer.low + mirrored.high - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn newcombe_and_mcnemar(both in 0_u64..80, b in 0_u64..40, c in 0_u64..40, neither in 0_u64..40) {
        let counts = PairedCounts { both, first_only: b, second_only: c, neither };
        let swapped = PairedCounts { both, first_only: c, second_only: b, neither };
        if let Some(estimate) = counts.newcombe(0.95) {
            let ends = estimate.interval().unwrap();
            prop_assert!(ends.contains(estimate.value) && ends.low >= -1.0 && ends.high <= 1.0);
            prop_assert!(ends.width() > 0.0);
            let mirror = swapped.newcombe(0.95).unwrap().negated().interval().unwrap();
            prop_assert!((ends.low - mirror.low).abs() < 1e-12 && (ends.high - mirror.high).abs() < 1e-12);
            prop_assert!(holds(interval(counts.newcombe(0.99)), ends));
        } else {
            prop_assert_eq!(counts.n(), 0);
        }
        prop_assert!(mcnemar_midp(b, c) <= mcnemar_exact(b, c));
        prop_assert_eq!(mcnemar_exact(b, c), mcnemar_exact(c, b));
        // One more sample for the majority is never weaker evidence.
        prop_assert!(b > c || mcnemar_exact(b, c + 1) <= mcnemar_exact(b, c) + 1e-12);
    }

    #[test]
    fn adjusted_p_values(p in vec(0.0_f64..=1.0, 0..30)) {
        let (strict, lenient) = (holm(&p), benjamini_hochberg(&p));
        prop_assert_eq!((strict.len(), lenient.len()), (p.len(), p.len()));
        for i in 0..p.len() {
            prop_assert!(strict[i] >= lenient[i] && lenient[i] >= p[i] && strict[i] <= 1.0);
            for j in 0..p.len() {
                prop_assert!(p[i] > p[j] || (strict[i] <= strict[j] && lenient[i] <= lenient[j]));
            }
        }
    }

    #[test]
    fn sign_flips(d in vec(-1.0_f64..1.0, 1..12)) {
        let test = sign_flip(&d, 0).unwrap();
        prop_assert!(test.p_value >= test.minimum && test.p_value <= 1.0);
        let flipped: Vec<f64> = d.iter().rev().map(|x| -x).collect();
        prop_assert_eq!(sign_flip(&flipped, 0).unwrap().p_value, test.p_value);
        // All signs are equally likely, so p is a multiple of 2 / 2^n.
        let patterns = test.p_value / test.minimum;
        prop_assert!((patterns - patterns.round()).abs() < 1e-9);
        let alike: Vec<f64> = d.iter().map(|x| x.abs() + 0.01).collect();
        prop_assert_eq!(sign_flip(&alike, 0).unwrap().p_value, test.minimum);
    }

    #[test]
    fn means_over_seeds_and_samples(values in differences()) {
        let how = Bootstrap { replicates: 400, ..Bootstrap::default() };
        let range = Some((-1.0, 1.0));
        let estimate = crossed(&values, None, None, range, &how).unwrap();
        let mean = values.as_slice().iter().sum::<f64>() / values.as_slice().len() as f64;
        prop_assert!((estimate.value - mean).abs() < 1e-12);
        let ends = estimate.interval().unwrap();
        prop_assert!(ends.width() > 0.0 && ends.low <= mean + 1e-12 && mean <= ends.high + 1e-12);
        let wider = Bootstrap { level: 0.99, ..how };
        prop_assert!(holds(interval(crossed(&values, None, None, range, &wider)), ends));
        // Every sample its own group is no grouping, and one stratum is none: the same numbers,
        // added in another order where they are computed and not drawn.
        let alone: Vec<u32> = (0..values.cols() as u32).collect();
        let one = vec![9; values.cols()];
        let same = crossed(&values, Some(&alone), Some(&one), range, &how).unwrap();
        let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
        prop_assert!(close(same.low, estimate.low) && close(same.high, estimate.high), "{same:?} {estimate:?}");

        let right = values.map(|v| f64::from(u8::from(v >= 0.0)));
        let share = crossed_share(&right, None, None, 0.95).unwrap();
        let ends = share.interval().unwrap();
        prop_assert!(ends.contains(share.value) && ends.width() > 0.0 && ends.low >= 0.0 && ends.high <= 1.0);
        prop_assert!(holds(interval(crossed_share(&right, None, None, 0.99)), ends));
        // Seeds are no samples: never narrower than Wilson with as many samples as there are.
        let n = values.cols() as u64;
        let k = (share.value * n as f64).round() as u64;
        if (share.value * n as f64 - k as f64).abs() < 1e-9 {
            prop_assert!(ends.width() >= interval(wilson(k, n, 0.95)).width() - 1e-9);
        }
    }

    #[test]
    fn order_does_not_matter(values in differences(), seed in 0_u64..1_000) {
        let mut draws = Draws::new(seed, Purpose::new("order"), 0);
        let (rows, cols) = (draws.permutation(values.rows()), draws.permutation(values.cols()));
        let shuffled = Matrix::from_fn(values.rows(), values.cols(), |r, c| values.row(rows[r] as usize)[cols[c] as usize]);
        let how = Bootstrap { replicates: 4_000, ..Bootstrap::default() };
        let a = crossed_replicates(&values, None, None, None, &how).unwrap();
        // Other draws: the same ones in another order may run against each other.
        let b = crossed_replicates(&shuffled, None, None, None, &Bootstrap { seed: 1, ..how }).unwrap();
        prop_assert!((a.value() - b.value()).abs() < 1e-12);
        prop_assert_eq!(a.shares(0.0).is_none(), b.shares(0.0).is_none());
        // The same distribution: two-sample Kolmogorov-Smirnov distance, whose
        // 1e-9 quantile at 4,000 + 4,000 is 0.074.
        prop_assert!(distance(&a, &b) < 0.074, "{}", distance(&a, &b));
        let right = |m: &Matrix<f64>| crossed_share(&m.map(|v| f64::from(u8::from(v > 0.0))), None, None, 0.9).unwrap();
        let (a, b) = (right(&values).interval().unwrap(), right(&shuffled).interval().unwrap());
        prop_assert!((a.low - b.low).abs() < 1e-9 && (a.high - b.high).abs() < 1e-9);
    }

    #[test]
    fn practical_probabilities_sum_to_one(d in vec(-0.1_f64..0.1, 2..30), half in 0.0_f64..0.2) {
        let shares = rope(&d, half).unwrap();
        prop_assert!((shares.p_worse + shares.p_same + shares.p_better - 1.0).abs() < 1e-12);
        if let Some(p) = FoldDifferences::new(&d, 0.25).unwrap().practical(half) {
            prop_assert!((p.p_worse + p.p_same + p.p_better - 1.0).abs() < 1e-12);
            prop_assert!(p.p_worse >= 0.0 && p.p_same >= 0.0 && p.p_better >= 0.0);
        }
    }

    #[test]
    fn power_and_planning(discordance in 0.01_f64..0.9, part in 0.05_f64..=1.0, n in 1_u64..3_000) {
        let difference = discordance * part;
        let power = mcnemar_power(n, difference, discordance, 0.05);
        prop_assert!((0.0..=1.0).contains(&power));
        prop_assert!(mcnemar_power(n + 1, difference, discordance, 0.05) >= power);
        // The planned number reaches the power asked for, one fewer does not.
        let planned = mcnemar_samples(difference, discordance, 0.05, 0.8).unwrap();
        prop_assert!(mcnemar_power(planned, difference, discordance, 0.05) >= 0.8 - 1e-9);
        prop_assert!(planned == 1 || mcnemar_power(planned - 1, difference, discordance, 0.05) < 0.8);
        if let Some(visible) = detectable_difference(n, discordance, 0.05, 0.8) {
            prop_assert!((mcnemar_power(n, visible, discordance, 0.05) - 0.8).abs() < 1e-9 || visible == discordance);
            // Seeds that agree leave the samples' share, which is the conservative one.
            let over_seeds = detectable_difference_over_seeds(n, discordance, 0.0, 10, 0.05, 0.8).unwrap_or(1.0);
            prop_assert!(over_seeds >= visible - 1e-9);
        }
    }
}

/// The largest distance between two distributions of replicates, on a grid.
fn distance(a: &Replicates, b: &Replicates) -> f64 {
    let apart = |x: f64| match (a.shares(x), b.shares(x)) {
        (Some((_, a)), Some((_, b))) => (a - b).abs(),
        _ => 0.0,
    };
    // Between the rounded places that replicates of few values have.
    (-2_000..=2_000).map(|i| apart(f64::from(i) * 1e-3 + 1e-9)).fold(0.0, f64::max)
}

#[test]
fn exact_power_approaches_the_approximation_from_below() {
    for (n, discordance) in [(2_700, 0.05), (5_400, 0.1), (10_900, 0.2)] {
        // The talk's drop of 1.2 points needs so many samples for 80 %.
        let approximate = mcnemar_power(n, -0.012, discordance, 0.05);
        assert!((approximate - 0.8).abs() < 0.005, "{approximate}");
        let exact = mcnemar_exact_power(n, -0.012, discordance, 0.05);
        assert!(exact < approximate && exact > approximate - 0.03, "{exact} against {approximate}");
    }
}

#[test]
fn threads_change_no_bit() {
    let mut draws = Draws::new(3, Purpose::new("threads"), 0);
    let values = Matrix::from_fn(5, 77, |_, _| draws.normal());
    let groups: Vec<u32> = (0..77).map(|i| i / 4).collect();
    let strata: Vec<u32> = (0..77).map(|i| u32::from(i >= 40)).collect();
    let x = values.row(0);
    for ends in [Ends::Percentile, Ends::Bca] {
        let run = |threads| {
            let how = Bootstrap { replicates: 1_001, ends, threads, ..Bootstrap::default() };
            let spread =
                |r: &[u32]| r.iter().map(|i| x[*i as usize]).fold(0.0_f64, |m, v| m.max(v.abs()) * 0.9 + v);
            (
                crossed(&values, Some(&groups), Some(&strata), None, &how),
                bootstrap(77, Some(&groups), None, &how, spread),
            )
        };
        let one = run(1);
        assert!(one.0.is_some() && one.1.is_some());
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one);
        }
    }
}

#[test]
fn strata_groups_and_seeds_move_the_interval_as_they_should() {
    let mut draws = Draws::new(4, Purpose::new("move"), 0);
    let width = |m: &Matrix<f64>, g: Option<&[u32]>, s: Option<&[u32]>| {
        interval(crossed(m, g, s, None, &Bootstrap::default())).width()
    };
    // Samples of a group alike: ten times the samples say nothing new.
    let of_group: Vec<f64> = (0..20).map(|_| draws.normal()).collect();
    let copies = Matrix::from_fn(1, 200, |_, i| of_group[i / 10]);
    let groups: Vec<u32> = (0..200).map(|i| i / 10).collect();
    let once = width(&Matrix::from_vec(1, 20, of_group), None, None);
    assert!((width(&copies, Some(&groups), None) / once - 1.0).abs() < 0.06);
    assert!(width(&copies, None, None) < 0.4 * once);
    // Strata that differ by far more than their samples do.
    let level = Matrix::from_fn(1, 100, |_, i| if i < 50 { 0.0 } else { 10.0 } + draws.normal());
    let strata: Vec<u32> = (0..100).map(|i| i / 50).collect();
    assert!(width(&level, None, Some(&strata)) < 0.3 * width(&level, None, None));
    // Seeds that are copies of one another are one seed.
    let row: Vec<f64> = (0..50).map(|_| draws.normal()).collect();
    let one = width(&Matrix::from_vec(1, 50, row.clone()), None, None);
    let five = width(&Matrix::from_fn(5, 50, |_, i| row[i]), None, None);
    assert!((five / one - 1.0).abs() < 0.06, "{five} {one}");
    // Seeds that differ widen it.
    let apart = Matrix::from_fn(5, 50, |s, i| row[i] + s as f64);
    assert!(width(&apart, None, None) > 1.5 * five);
}

#[test]
fn degenerate_input_is_answered_in_words() {
    let how = small();
    let method = |e: Option<Estimate>| e.unwrap().method;
    assert!(wilson(0, 0, 0.95).is_none() && clopper_pearson(0, 0, 0.95).is_none());
    assert!(
        PairedCounts::default().newcombe(0.95).is_none() && PairedCounts::default().discordance().is_none()
    );
    assert_eq!((mcnemar_exact(0, 0), mcnemar_midp(0, 0)), (1.0, 1.0));
    assert!(sign_flip(&[], 0).is_none() && rope(&[], 0.01).is_none());
    assert_eq!(sign_flip(&[0.0; 50], 0).unwrap().p_value, 1.0);
    assert_eq!(
        (smallest_sign_flip_p(0), smallest_sign_flip_p(3), smallest_sign_flip_p(6)),
        (1.0, 0.25, 0.03125)
    );
    assert!(holm(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
    assert!(mcnemar_samples(0.0, 0.1, 0.05, 0.8).is_none());
    assert_eq!(mcnemar_samples(0.1, 0.1, 0.05, 0.001), Some(1));
    assert!(detectable_difference(0, 0.1, 0.05, 0.8).is_none());
    assert!(detectable_difference(100, 0.0, 0.05, 0.8).is_none());
    assert!(detectable_difference_over_seeds(100, 0.1, 0.9, 2, 0.05, 0.8).is_none());
    assert_eq!((mcnemar_power(0, 0.1, 0.1, 0.05), mcnemar_exact_power(0, 0.1, 0.1, 0.05)), (0.0, 0.0));

    let constant = |rows, cols, v| Matrix::from_vec(rows, cols, vec![v; rows * cols]);
    assert!(crossed(&constant(0, 5, 0.0), None, None, None, &how).is_none());
    assert!(crossed(&constant(5, 0, 0.0), None, None, None, &how).is_none());
    assert!(crossed_share(&constant(3, 0, 0.0), None, None, 0.95).is_none());
    // 0.1 is not a binary fraction: its mean differs from it by rounding.
    let equal = crossed(&constant(3, 7, 0.1), None, None, None, &how);
    assert_eq!(method(equal), "no interval: nothing varies in 3 seeds x 7 samples");
    let same = crossed(&constant(10, 40, 0.0), None, None, Some((-1.0, 1.0)), &how).unwrap();
    assert_eq!(same.method, "nothing varies: Clopper-Pearson bound on what 40 units did not show");
    let unseen = interval(clopper_pearson(0, 40, 0.95)).high;
    assert!((same.high.unwrap() - unseen).abs() < 1e-12 && (same.low.unwrap() + unseen).abs() < 1e-12);
    let perfect = crossed_share(&constant(10, 40, 1.0), None, None, 0.95).unwrap();
    assert_eq!(perfect.interval(), wilson(40, 40, 0.95).unwrap().interval());

    let one_seed = crossed(&Matrix::from_vec(1, 4, vec![0.0, 1.0, 1.0, 0.0]), None, None, None, &how);
    assert_eq!(
        method(one_seed),
        "percentile bootstrap, exact over all resamples of 4 samples, one seed: the spread over seeds is not in it"
    );
    let one_sample = crossed(&Matrix::from_vec(3, 1, vec![0.0, 1.0, 1.0]), None, None, None, &how);
    assert_eq!(
        method(one_sample),
        "percentile bootstrap, 200 replicates of 3 seeds x 1 samples: the spread over samples is not in it"
    );
    // Seeds and samples that differ only in their rest still have a spread.
    let rest = crossed(&Matrix::from_vec(2, 2, vec![1.0, 0.0, 0.0, 1.0]), None, None, None, &how).unwrap();
    assert!(rest.interval().unwrap().width() > 0.5);

    let mean = |r: &[u32]| r.iter().map(|i| f64::from(*i)).sum::<f64>() / r.len() as f64;
    assert!(bootstrap(0, None, None, &how, mean).is_none());
    assert!(bootstrap(5, None, None, &how, |_| f64::NAN).is_none());
    assert_eq!(method(bootstrap(1, None, None, &how, mean)), "no interval: nothing to resample in 1 samples");
    assert_eq!(
        method(bootstrap(3, Some(&[4, 4, 4]), None, &how, mean)),
        "no interval: nothing to resample in 1 groups of 3 samples"
    );
    // A ratio that is undefined where sample 0 is not drawn.
    let ratio = |r: &[u32]| r.len() as f64 / r.iter().filter(|i| **i == 0).count() as f64;
    let undefined = bootstrap_replicates(9, None, None, &how, ratio).unwrap();
    assert!(undefined.practical(0.1).is_none());
    let why = undefined.estimate(Ends::Percentile, 0.95).method;
    assert!(
        why.starts_with("no interval: the statistic is undefined on ") && why.ends_with("of 200 replicates"),
        "{why}"
    );

    assert!(FoldDifferences::new(&[], 0.25).is_none());
    let one = FoldDifferences::new(&[0.1], 0.25).unwrap();
    assert_eq!(one.estimate(0.95).method, "no interval: one fold");
    let equal = FoldDifferences::new(&[0.1, 0.3 - 0.2, 0.1], 0.25).unwrap();
    assert_eq!(equal.estimate(0.95).method, "no interval: all folds show the same difference");
    assert!(equal.p_value().is_none() && equal.practical(0.01).is_none());
}

#[test]
fn many_differences_are_flipped_by_chance_and_close_to_the_exact_answer() {
    // 40 differences are counted; one more of zero changes nothing but the way.
    let mut draws = Draws::new(9, Purpose::new("flips"), 0);
    let mut d: Vec<f64> = (0..40).map(|_| draws.normal() + 0.3).collect();
    let exact = sign_flip(&d, 0).unwrap();
    d.push(0.0);
    let drawn = sign_flip(&d, 0).unwrap();
    assert!(exact.exact && !drawn.exact);
    let error = (exact.p_value * (1.0 - exact.p_value) / 100_000.0).sqrt();
    assert!((exact.p_value - drawn.p_value).abs() < 5.0 * error, "{exact:?} {drawn:?}");
}
