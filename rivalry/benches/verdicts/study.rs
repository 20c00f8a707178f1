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
use rivalry::sweep::{self, Asked, Engine, Subsets, SweepWatch};
use serde::Serialize;

use crate::halves::Cell;
use crate::truth::Truth;

/// Test rows behind what is called true.
const MANY: usize = 20_000;
/// Standard errors of a difference that is found in 80 % of studies.
const DETECT: f64 = 2.80;

struct Quiet;

impl SweepWatch for Quiet {}

/// What came of one data set.
#[derive(Serialize)]
pub(crate) struct Found {
    pub(crate) case: &'static str,
    pub(crate) planted: &'static str,
    pub(crate) knobs: Knobs,
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
    let diagnosis = diagnosed(&planted.data, training, cell);
    let many = many(case, cell);
    let evidence = evidence(&many, &asked(training, cell), training);
    let names = &evidence.study.modality_names;
    let best = diagnosis.results.best_unimodal.as_ref().and_then(|best| names.iter().position(|n| n == best));
    let features = features(&many);
    let effect = effect(case, &Truth::new(&evidence, &features), best.unwrap_or(0));
    let detectable = detectable(&diagnosis.results, effect.quantity);
    let verdict = &diagnosis.verdict;
    let is_right = verdict.code == case.code;
    Found {
        case: case.name,
        planted: case.code,
        knobs: cell.knobs,
        verdict: verdict.code,
        variant: verdict.variant,
        variant_is_right: case.variant.filter(|_| is_right).map(|v| verdict.variant == Some(v)),
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

/// The same training rows with other test rows, and many of them: the first ones repeat
/// noise of the study's test rows and are left out.
fn many(case: &Case, cell: &Cell) -> Dataset {
    let (n_train, n_test) = (cell.knobs.n_train as u32, cell.knobs.n_test as u32);
    let knobs = Knobs { n_test: MANY + cell.knobs.n_test, ..cell.knobs };
    let data = case.plant(&knobs).expect("the knobs are in range").data;
    let end = data.n_samples() as u32;
    let split =
        Split::Given { train: (0..n_train).collect(), valid: None, test: (n_train + n_test..end).collect() };
    data.with_split(split).expect("every row exists")
}

fn asked(training: &Training, cell: &Cell) -> Asked {
    Asked {
        base: Spec { seed: cell.first_seed, ..Spec::from(training) },
        seeds: cell.seeds,
        subsets: Subsets::Default,
        controls: Vec::new(),
        bootstrap: Bootstrap { replicates: 1_000, ..Bootstrap::default() },
    }
}

fn diagnosed(data: &Dataset, training: &Training, cell: &Cell) -> Diagnosis {
    let asked = asked(training, cell);
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

fn features(data: &Dataset) -> Vec<MatrixView<'_, f32>> {
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
        // A baseline is too weak where a linear model beats it and the joint network: a joint
        // network above both is rightly called a gain.
        "V9" => return of("weakness", truth.weakness(best)),
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
    let half_width = |cell: &Estimated| {
        let estimate = cell.0.as_ref().ok()?;
        Some((estimate.value, estimate.interval()?.width() / 2.0))
    };
    let found = match quantity {
        "gap" => half_width(&results.gap),
        "headroom" => half_width(&results.headroom),
        "weakness" => {
            let of = ["weak_baseline", "joint_over_raw_probe"].map(|q| half_width(results.more.get(q)?));
            of.into_iter().flatten().max_by(|a, b| a.1.total_cmp(&b.1))
        }
        // Of the modality that it is largest for.
        _ => {
            let of = results.modalities.iter().filter_map(|m| half_width(m.more.get(quantity)?));
            of.max_by(|a, b| a.0.total_cmp(&b.0))
        }
    };
    found.map_or(f64::INFINITY, |(_, half)| half / 1.96 * DETECT)
}
