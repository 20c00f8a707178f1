//! One planted data set: the diagnosis that a user would get, and what is true
//! of the very same networks, measured on many test rows.

use std::sync::atomic::AtomicBool;

use rivalry::data::planted::{Case, Knobs, Training};
use rivalry::data::{Dataset, Features, Modality, Split};
use rivalry::diagnose::{Cell as Estimated, Diagnosis, Results, Thresholds, diagnose};
use rivalry::metrics::{Evidence, Metrics, NAIVE, aggregate, measure_trial};
use rivalry::num::MatrixView;
use rivalry::registry::Choice;
use rivalry::spec::Spec;
use rivalry::stats::Bootstrap;
use rivalry::stats::distributions::student_t_quantile;
use rivalry::sweep::{self, Asked, Engine, Subsets, SweepWatch};
use serde::Serialize;

use crate::halves::{Cell, Evaluation};
use crate::truth::{Networks, Truth};

/// Test rows behind what is called true.
const MANY: usize = 20_000;
/// Under folds and hold-outs an accuracy is that of training on other rows of the same law: so many draws of
/// training rows stand for them, each with so many seeds.
const DRAWS: u64 = 4;
const SEEDS_PER_DRAW: u32 = 2;
/// Standard errors between an interval that just excludes zero and a difference that is found in 80 % of studies.
const POWER: f64 = 0.84;

struct Quiet;

impl SweepWatch for Quiet {}

/// What came of one data set.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) case: &'static str,
    pub(crate) planted: &'static str,
    pub(crate) knobs: Knobs,
    pub(crate) evaluation: Evaluation,
    pub(crate) verdict: &'static str,
    pub(crate) variant: Option<&'static str>,
    pub(crate) variant_is_right: Option<bool>,
    pub(crate) is_settled: bool,
    pub(crate) loser_is_right: Option<bool>,
    /// The effect of the planted cause on these networks, on many test rows.
    pub(crate) effect: Effect,
    /// The smallest effect of this kind that a study of this size finds in 80 % of cases.
    pub(crate) detectable: f64,
    /// Bayes accuracies of the modalities.
    pub(crate) bayes_alone: Vec<f64>,
    pub(crate) sentence: String,
}

/// What a planted cause does, and how it is measured.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Effect {
    pub(crate) quantity: &'static str,
    pub(crate) size: f64,
}

/// Plants, diagnoses, and measures what is true.
pub(crate) fn run(case: &'static Case, cell: &Cell) -> Found {
    let planted = case.plant(&cell.knobs).expect("the knobs are in range");
    let training = &planted.truth.recipe.training;
    let data = match cell.evaluation.split() {
        Some(split) => planted.data.with_split(split).expect("the pool can be split"),
        None => planted.data,
    };
    let diagnosis = diagnosed(&data, training, cell);
    let networks: Vec<Networks> = many(case, cell).into_iter().map(|of| networks(of, training)).collect();
    let mut modalities = diagnosis.results.modalities.iter();
    let best = modalities.position(|m| Some(&m.name) == diagnosis.results.best_unimodal.as_ref());
    let truth = Truth::new(&networks);
    let effect = effect(case, &truth, best.unwrap_or(0));
    let mut detectable = detectable(&diagnosis.results, effect.quantity);
    // That the joint network is not ahead of the probe has to be seen too.
    let room = Thresholds::default().rope - truth.joint_over_raw_probe();
    if case.code == "V9" && room < self::detectable(&diagnosis.results, "joint_over_raw_probe") {
        detectable = f64::INFINITY;
    }
    let verdict = &diagnosis.verdict;
    let is_right = verdict.code == case.code;
    Found {
        case: case.name,
        planted: case.code,
        knobs: cell.knobs,
        evaluation: cell.evaluation,
        verdict: verdict.code,
        variant: verdict.variant,
        // Two repeats of folds are too few trainings to speak of luck.
        variant_is_right: case
            .variant
            .filter(|_| is_right && !(case.code == "V2" && cell.evaluation == Evaluation::Folds))
            .map(|v| verdict.variant == Some(v)),
        is_settled: verdict.settled,
        loser_is_right: planted
            .truth
            .loser
            .as_ref()
            .filter(|_| is_right)
            .map(|m| verdict.loser.as_ref() == Some(m)),
        effect,
        detectable,
        bayes_alone: planted.truth.bayes_alone,
        sentence: verdict.sentence.clone(),
    }
}

/// Data with many test rows, and the first seed and number of seeds of networks to train on them. With a
/// given split, the study's own training rows and seeds; the first test rows repeat noise of the study's and are left
/// out. Else rows drawn anew.
fn many(case: &Case, cell: &Cell) -> Vec<(Dataset, u64, u32)> {
    let (n_train, n_test) = (cell.knobs.n_train as u32, cell.knobs.n_test as u32);
    let draw = |seed: u64, n_many: usize| {
        let knobs = Knobs { n_test: n_many + cell.knobs.n_test, seed, ..cell.knobs };
        let data = case.plant(&knobs).expect("the knobs are in range").data;
        let end = data.n_samples() as u32;
        let test = (n_train + n_test..end).collect();
        let split = Split::Given { train: (0..n_train).collect(), valid: None, test };
        data.with_split(split).expect("every row exists")
    };
    if cell.evaluation == Evaluation::Given {
        return vec![(draw(cell.knobs.seed, MANY), cell.first_seed, cell.seeds)];
    }
    // A study has sixteen seeds to itself and uses at most ten.
    let seeds = (1..=DRAWS).map(|at| cell.knobs.seed + 16 - at);
    seeds.map(|seed| (draw(seed, MANY / DRAWS as usize), seed, SEEDS_PER_DRAW)).collect()
}

fn networks((data, first_seed, seeds): (Dataset, u64, u32), training: &Training) -> Networks {
    let evidence = evidence(&data, &asked(training, first_seed, seeds), training);
    Networks { evidence, data }
}

fn asked(training: &Training, first_seed: u64, seeds: u32) -> Asked {
    Asked {
        base: Spec { seed: first_seed, ..Spec::from(training) },
        seeds,
        subsets: Subsets::Default,
        controls: Vec::new(),
        bootstrap: Bootstrap { replicates: 1_000, ..Bootstrap::default() },
    }
}

fn diagnosed(data: &Dataset, training: &Training, cell: &Cell) -> Diagnosis {
    let asked = asked(training, cell.first_seed, cell.seeds);
    let donors = Choice::new("permutation").with("donors", 100_i64);
    let metrics = Metrics::with(&[donors]).expect("100 donors are allowed");
    let (study, measured) = if training.head_gain.is_empty() {
        let stop = AtomicBool::new(false);
        let engine = Engine { store: None, threads: 1, stop: &stop };
        let found = sweep::diagnose(data, &asked, &metrics, engine, None, &Quiet);
        let found = found.expect("planted data can be trained on");
        (found.study, found.measurements)
    } else {
        let evidence = evidence(data, &asked, training);
        let features = features(data);
        let measured = |trial| measure_trial(&evidence.study, trial, &features, &metrics);
        let trials = evidence.trials.iter().map(measured).collect();
        let measured = aggregate(&evidence.study, trials, &metrics, asked.bootstrap);
        (evidence.study, measured)
    };
    diagnose(&study, &measured, &metrics, Thresholds::default())
}

/// What the networks say, after what the recipe does to their heads.
fn evidence(data: &Dataset, asked: &Asked, training: &Training) -> Evidence {
    let stop = AtomicBool::new(false);
    let engine = Engine { store: None, threads: 1, stop: &stop };
    let evidence = sweep::evidence(data, asked, engine, &Quiet);
    with_gain(evidence.expect("planted data can be trained on"), &training.head_gain)
}

pub(crate) fn features(data: &Dataset) -> Vec<MatrixView<'_, f32>> {
    data.modalities().iter().map(single).collect()
}

fn single(modality: &Modality) -> MatrixView<'_, f32> {
    match &modality.features {
        Features::F32(matrix) => matrix.view(),
        Features::F64(_) => unreachable!("planted data are in single precision"),
    }
}

/// Multiplies the parts of the joint head: late fusion is linear in them.
fn with_gain(mut evidence: Evidence, gain: &[f64]) -> Evidence {
    let n_modalities = evidence.study.modality_names.len();
    for trial in &mut evidence.trials {
        for model in trial.models.iter_mut().filter(|m| m.modalities.len() == n_modalities) {
            if model.strategy != NAIVE {
                continue;
            }
            for part in [&mut model.train, &mut model.valid, &mut model.test] {
                for (logits, gain) in part.logits.iter_mut().zip(gain) {
                    logits.as_mut_slice().iter_mut().for_each(|z| *z *= *gain as f32);
                }
            }
        }
    }
    evidence
}

/// What the planted cause does: the largest of the differences that it can show in.
fn effect(case: &Case, truth: &Truth<'_>, best: usize) -> Effect {
    let of = |quantity, size| Effect { quantity, size };
    let mut found = match case.code {
        // A baseline is too weak where a linear model beats it and the joint network is no better than that:
        // a joint network above both is rightly called a gain.
        "V9" => {
            let lead = truth.joint_over_raw_probe();
            let is_empty = lead < Thresholds::default().rope;
            return of("weak_baseline", if is_empty { truth.weak_baseline(best) } else { -lead });
        }
        "V1" => return of("gap", truth.gap(best)),
        _ => vec![of("gap", -truth.gap(best)), of("headroom", truth.headroom())],
    };
    if case.code == "V8" {
        found.push(of("left_out_gain", truth.left_out_gain()));
    }
    let harm = found.into_iter().max_by(|a, b| a.size.total_cmp(&b.size)).expect("there are two");
    // Competition is harm to encoders: without a deficit there was none, whatever else was lost.
    if case.code != "V2" {
        return harm;
    }
    let deficit = of("encoder_deficit", truth.encoder_deficit());
    if deficit.size < harm.size { deficit } else { harm }
}

/// The smallest effect that an interval of this width finds in 80 % of cases.
fn detectable(results: &Results, quantity: &str) -> f64 {
    let n_modalities = results.modalities.len();
    let of_study = |cell: Option<&Estimated>| cell?.0.clone().ok();
    // As many looks as the rules take (docs/verdicts.md).
    let (estimate, looks) = match quantity {
        "gap" => (of_study(Some(&results.gap)), 2),
        "headroom" => (of_study(Some(&results.headroom)), 2),
        "weak_baseline" | "joint_over_raw_probe" => (of_study(results.more.get(quantity)), 1),
        // Of the modality that it is largest for.
        _ => {
            let of = results.modalities.iter().filter_map(|m| of_study(m.more.get(quantity)));
            let ways = if quantity == "left_out_gain" { 2 } else { 1 };
            (of.max_by(|a, b| a.value.total_cmp(&b.value)), ways * n_modalities)
        }
    };
    let sizes = estimate.and_then(|e| {
        let df = e.n.max(2) as f64 - 1.0;
        let tail = (1.0 - e.level) / 2.0;
        let [one, all] = [tail, tail / looks as f64].map(|tail| -student_t_quantile(tail, df));
        Some(e.interval()?.width() / 2.0 / one * (all + POWER))
    });
    sizes.unwrap_or(f64::INFINITY)
}
