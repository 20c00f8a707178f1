//! The verdict on planted causes, small: the whole count is in
//! `docs/verdict-accuracy.md` and takes minutes.

use std::sync::atomic::AtomicBool;

use rivalry::data::planted::{Knobs, find};
use rivalry::diagnose::{Thresholds, Verdict, diagnose};
use rivalry::metrics::Metrics;
use rivalry::num::parallel;
use rivalry::registry::Choice;
use rivalry::spec::Spec;
use rivalry::stats::Bootstrap;
use rivalry::sweep::{self, Asked, Engine, Subsets, SweepWatch};

struct Quiet;

impl SweepWatch for Quiet {}

fn verdict(name: &str, knobs: Knobs) -> Verdict {
    let planted = find(name).unwrap().plant(&knobs).unwrap();
    let asked = Asked {
        base: Spec { seed: knobs.seed, ..Spec::from(&planted.truth.recipe.training) },
        seeds: 3,
        subsets: Subsets::Default,
        controls: Vec::new(),
        bootstrap: Bootstrap { replicates: 500, ..Bootstrap::default() },
    };
    let metrics = Metrics::with(&[Choice::new("permutation").with("donors", 20_i64)]).unwrap();
    let stop = AtomicBool::new(false);
    let engine = Engine { store: None, threads: 1, stop: &stop };
    let found = sweep::diagnose(&planted.data, &asked, &metrics, engine, None, &Quiet).unwrap();
    diagnose(&found.study, &found.measurements, &metrics, Thresholds::default()).verdict
}

/// The rule was written before it was run: each of these causes, at full strength, is the
/// verdict in at least four of five data sets; and where there is nothing to find, no
/// cause is named in at least four of five. The numbers of rows were then raised to those that
/// show wrong pairs and chance accuracy.
#[test]
fn strong_causes_are_named_and_nothing_is_named_without_one() {
    let base = Knobs { n_test: 1200, n_classes: 4, dim: 60, ..Knobs::default() };
    let causes = ["mispaired", "scales", "noise", "shortcut", "weak_baseline"];
    let asked: Vec<(&str, u64)> =
        causes.iter().chain(&["no_effect"]).flat_map(|name| (0..5).map(move |seed| (*name, seed))).collect();
    let found = parallel::map(parallel::available(), &asked, |_, (name, seed)| {
        // Odd seeds, far from those that rules were set or scored on.
        // A wide noise is harmless where rows are many, and a proof of wrong pairs needs them.
        let n_train = if *name == "noise" { 300 } else { 700 };
        verdict(name, Knobs { seed: 7_000_001 + 100 * seed, n_train, ..base })
    });
    for (name, found) in causes.iter().chain(&["no_effect"]).zip(found.chunks(5)) {
        let case = find(name).unwrap();
        let is_right = |v: &&Verdict| {
            if case.code == "V0" { ["V0", "V1", "V4"].contains(&v.code) } else { v.code == case.code }
        };
        let told: Vec<&str> = found.iter().map(|v| v.code).collect();
        assert!(found.iter().filter(is_right).count() >= 4, "{name}: {told:?}");
        if let Some(loser) = case.loser {
            let loser = ["a", "b", "c"][loser];
            let right = found.iter().filter(is_right);
            assert!(right.clone().all(|v| v.loser.as_deref() == Some(loser)), "{name}: {found:#?}");
            assert!(right.clone().all(|v| v.variant == case.variant), "{name}: {found:#?}");
        }
    }
}
