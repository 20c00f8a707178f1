//! The whole step's gradient against central differences of the objective.

use super::*;
use crate::data::{Dataset, Labels, Modality, Split};
use crate::model::{Inputs, Slice};
use crate::num::{Draws, Purpose};
use crate::registry::{Choice, Entry, find};
use crate::solvers::{Field, Reading};
use crate::spec::{ClassWeights, Job, Spec, Until};
use crate::strategies::{self, Epoch, Teacher};
use crate::train::field::StepField;
use crate::train::tests::{small_data, small_spec};
use crate::train::{network, prepare};

/// A strategy's objective at given weights, from its terms.
fn objective(
    strategy: &mut dyn Strategy<f64>,
    at: &Step<'_, f64>,
    source: &Slice<'_, f64>,
    weights: Option<&[f64]>,
    params: &[f64],
    work: &mut Workspace<f64>,
) -> f64 {
    strategy.batch(&Step { params, weights, ..*at }, work);
    at.epoch.model.forward(params, source, None, work);
    let mut objective = Objective::new();
    let at = &Step { params, weights, ..*at };
    strategy.objective(at, work, &mut objective);
    let n = at.labels.len();
    let mut grad = Matrix::zeros(n, at.epoch.model.n_classes());
    let mut log_norm = vec![0.0; n];
    let mut value = |logits, factor: f64| {
        factor * loss::cross_entropy(logits, at.labels, weights, 1.0, &mut grad.view_mut(), &mut log_norm)
    };
    (0..objective.n_groups())
        .flat_map(|group| objective.group(group).collect::<Vec<_>>())
        .map(|term| match (&term.loss, term.on) {
            (Loss::Given { value, .. }, _) => *value,
            (Loss::CrossEntropy { factor }, On::Fused) => value(work.fused(), *factor),
            (Loss::CrossEntropy { factor }, On::Branch(b)) => value(work.logits(b), *factor),
            (Loss::CrossEntropy { factor }, On::Own(b)) => value(work.own_logits(b), *factor),
            (Loss::CrossEntropy { .. }, On::Embedding(_)) => panic!("cross-entropy needs logits"),
        })
        .sum()
}

/// A step at the epoch's weights on these rows, which are all training rows in order.
fn whole<'a, T: crate::num::Scalar>(epoch: &'a Epoch<'a, T>, rows: &'a [u32]) -> Step<'a, T> {
    let labels = &epoch.train.y;
    Step { epoch, sub_step: 0, position: 0, params: epoch.params, rows, picks: rows, labels, weights: None }
}

fn job(strategy: &str, class_weights: ClassWeights) -> (Job, Dataset) {
    // A smooth activation: no kinks to step over.
    let encoder = Choice::new("mlp").with("width", 4_i64).with("activation", "tanh");
    job_on(small_data(40), strategy, class_weights, encoder)
}

fn job_on(data: Dataset, strategy: &str, class_weights: ClassWeights, encoder: Choice) -> (Job, Dataset) {
    let mut spec = Spec { encoder, class_weights, ..small_spec(strategy) };
    if strategy == "unimodal" {
        spec.modalities = vec![data.modalities()[0].name.clone()];
    }
    (spec.check(&data).unwrap(), data)
}

/// One to three modalities of 1 to 17 features, 2 to 6 classes, 12 to 40 samples.
fn random_data(draws: &mut Draws) -> Dataset {
    let (n, n_classes) = (12 + draws.below(29), 2 + draws.below(5));
    let labels: Vec<i64> = (0..n).map(|i| (i % n_classes) as i64).collect();
    let modalities = ["a", "b", "c"][..=draws.below(3)]
        .iter()
        .map(|name| {
            let width = 1 + draws.below(17);
            Modality::new(name, Matrix::from_fn(n, width, |_, _| draws.normal()))
        })
        .collect();
    let split = Split::Given {
        train: (0..n as u32).filter(|i| i % 7 != 6).collect(),
        valid: None,
        test: (0..n as u32).filter(|i| i % 7 == 6).collect(),
    };
    Dataset::new("random", modalities, Labels::from_integers(&labels), None, Some(split)).unwrap()
}

/// The networks that a strategy builds on, at some weights or other.
fn teachers(job: &Job, data: &Dataset) -> Vec<Teacher<'static, f64>> {
    let teacher = |(i, spec): (usize, &Spec)| {
        let model = network::<f64>(&spec.check(data).unwrap(), data);
        let params: &'static [f64] = model.init(77 + i as u64).leak();
        Teacher { model, params }
    };
    job.needed_specs().iter().enumerate().map(teacher).collect()
}

// promise: P17
#[test]
fn the_direction_of_a_step_is_the_gradient_of_the_objective() {
    let plain = |entry: &&Entry<dyn Strategy<f64>>| {
        let build = (entry.build)(&entry.settle(&Choice::new(entry.name)).unwrap());
        !build.needs(&["a".into(), "b".into()]).modulates
    };
    for entry in strategies::table::<f64>().iter().filter(plain) {
        for trial in 0..500 {
            let mut draws = Draws::new(9, Purpose::new("step test"), trial);
            let data = random_data(&mut draws);
            let encoder = match trial % 3 {
                0 => Choice::new("linear").with("width", 1 + draws.below(17) as i64),
                _ => Choice::new("mlp")
                    .with("width", 1 + draws.below(17) as i64)
                    .with("depth", 1 + draws.below(2) as i64)
                    // A smooth activation: no kinks to step over.
                    .with("activation", if trial % 3 == 1 { "tanh" } else { "gelu" }),
            };
            let class_weights = if trial % 2 == 0 { ClassWeights::None } else { ClassWeights::Balanced };
            let (job, data) = job_on(data, entry.name, class_weights, encoder);
            let on = prepare::<f64>(&job, &data);
            let params = on.model.init(u64::from(trial));
            let none = Inputs { x: Vec::new(), y: Vec::new() };
            let needed = teachers(&job, &data);
            let epoch = Epoch {
                index: 0,
                n_epochs: 1,
                seed: 0,
                model: &on.model,
                params: &params,
                train: &on.train,
                valid: &none,
                needed: &needed,
            };
            let rows: Vec<u32> = (0..on.train.len() as u32).collect();
            let at = whole(&epoch, &rows);
            let source = Slice::all(&on.train);
            let entry = find("strategy", strategies::table::<f64>(), entry.name).unwrap();
            let mut strategy = (entry.build)(&entry.settle(&Choice::new(entry.name)).unwrap());
            let mut buffers = Buffers::new(&on.model, rows.len());
            let weighting = Weighting { classes: on.class_weights.as_deref(), samples: None };
            let mut direction = Vec::new();
            let strategy = strategy.as_mut();
            strategy.plan(&epoch);
            evaluate(&at, strategy, &source, weighting, &[], &params, &mut buffers, &mut direction);

            let mut kept = Vec::new();
            let weights = weighting.fill(&on.train.y, &mut kept).map(<[f64]>::to_vec);
            // Some parameters of each: all of 500 networks are millions.
            for _ in 0..25 {
                let i = draws.below(params.len());
                let h = f64::EPSILON.cbrt() * params[i].abs().max(1.0);
                let mut at_shifted = |shift: f64| {
                    let mut params = params.clone();
                    params[i] += shift;
                    let work = &mut buffers.work;
                    objective(strategy, &at, &source, weights.as_deref(), &params, work)
                };
                let numeric = (at_shifted(h) - at_shifted(-h)) / (2.0 * h);
                let exact = direction[i];
                let error = (exact - numeric).abs() / exact.abs().max(numeric.abs()).max(1e-2);
                assert!(error <= 1e-7, "{} {trial}, parameter {i}: {exact} against {numeric}", entry.name);
            }
        }
    }
}

#[test]
fn terms_kept_apart_and_stopped_terms_add_up_as_they_should() {
    /// The fused loss twice: once into the heads only, once kept apart.
    struct Twice;
    impl Strategy<f64> for Twice {
        fn objective(&mut self, _: &Step<'_, f64>, _: &Workspace<f64>, objective: &mut Objective<f64>) {
            objective.add(Term::cross_entropy(On::Fused, 1.0).stopped());
            objective.add(Term::cross_entropy(On::Fused, 1.0).apart());
        }
        fn pytorch(&self) -> &'static str {
            ""
        }
    }
    struct Once;
    impl Strategy<f64> for Once {
        fn pytorch(&self) -> &'static str {
            ""
        }
    }
    let (job, data) = job("naive", ClassWeights::None);
    let on = prepare::<f64>(&job, &data);
    let params = on.model.init(4);
    let rows: Vec<u32> = (0..on.train.len() as u32).collect();
    let (model, train) = (&on.model, &on.train);
    let epoch =
        Epoch { index: 0, n_epochs: 1, seed: 0, model, params: &params, train, valid: train, needed: &[] };
    let at = whole(&epoch, &rows);
    let gradient = |strategy: &mut dyn Strategy<f64>| {
        let mut buffers = Buffers::new(model, rows.len());
        let weighting = Weighting { classes: None, samples: None };
        let mut direction = Vec::new();
        let source = Slice::all(train);
        evaluate(&at, strategy, &source, weighting, &[], &params, &mut buffers, &mut direction);
        direction
    };
    let (once, twice) = (gradient(&mut Once), gradient(&mut Twice));
    for tensor in model.tensors() {
        let factor = if tensor.role == crate::model::Role::Head { 2.0 } else { 1.0 };
        for i in tensor.range {
            assert!((twice[i] - factor * once[i]).abs() < 1e-14, "{}", tensor.name);
        }
    }
}

#[test]
fn factors_on_embeddings_reach_the_gradient() {
    /// Scales every sample's embedding of branch 1 by a factor of its own.
    struct Scaled;
    fn factors(n: usize) -> Vec<f64> {
        (0..n).map(|i| 0.5 * (i % 4) as f64 - 0.5).collect()
    }
    impl Strategy<f64> for Scaled {
        fn batch(&mut self, at: &Step<'_, f64>, work: &mut Workspace<f64>) {
            work.scale_embedding(1, Some(factors(at.rows.len())));
        }
        fn pytorch(&self) -> &'static str {
            ""
        }
    }
    let (job, data) = job("naive", ClassWeights::None);
    let on = prepare::<f64>(&job, &data);
    let (model, train) = (&on.model, &on.train);
    let params = model.init(4);
    let rows: Vec<u32> = (0..train.len() as u32).collect();
    let epoch =
        Epoch { index: 0, n_epochs: 1, seed: 0, model, params: &params, train, valid: train, needed: &[] };
    let at = whole(&epoch, &rows);
    let (mut buffers, mut direction) = (Buffers::new(model, rows.len()), Vec::new());
    let weighting = Weighting { classes: None, samples: None };
    let source = Slice::all(train);
    evaluate(&at, &mut Scaled, &source, weighting, &[], &params, &mut buffers, &mut direction);
    for i in (0..params.len()).step_by(3) {
        let mut at_shifted = |shift: f64| {
            let mut params = params.clone();
            params[i] += shift;
            objective(&mut Scaled, &at, &source, None, &params, &mut buffers.work)
        };
        let numeric = (at_shifted(1e-5) - at_shifted(-1e-5)) / 2e-5;
        assert!((numeric - direction[i]).abs() < 1e-8, "parameter {i}: {} {numeric}", direction[i]);
    }
}

#[test]
fn own_logits_of_the_talks_encoder_are_its_logits() {
    let data = small_data(40);
    let job = |strategy: &str| {
        let mut spec = small_spec(strategy);
        spec.encoder = Choice::new("smoothed_relu").with("m", 2_i64).with("sigma0", 0.2);
        spec.check(&data).unwrap()
    };
    let (naive, auxiliary) = (job("naive"), job("auxiliary"));
    let on = prepare::<f64>(&auxiliary, &data);
    let params = on.model.init(4);
    assert_eq!(params, prepare::<f64>(&naive, &data).model.init(4), "no further weights");
    let train = &on.train;
    let mut work = Workspace::new(&on.model, train.len());
    on.model.forward(&params, &Slice::all(train), None, &mut work);
    for b in 0..on.model.branches().len() {
        assert_eq!(work.own_logits(b).contiguous(), work.logits(b).contiguous());
    }
    // The gradient of L(f) + sum_r L(f^r) by central differences.
    let (model, rows) = (&on.model, (0..train.len() as u32).collect::<Vec<u32>>());
    let epoch =
        Epoch { index: 0, n_epochs: 1, seed: 0, model, params: &params, train, valid: train, needed: &[] };
    let at = whole(&epoch, &rows);
    let choice = &auxiliary.spec().strategy;
    let entry = find("strategy", strategies::table::<f64>(), &choice.name).unwrap();
    let mut strategy = (entry.build)(&entry.settle(choice).unwrap());
    let (mut buffers, mut direction) = (Buffers::new(model, rows.len()), Vec::new());
    let weighting = Weighting { classes: None, samples: None };
    let source = Slice::all(train);
    evaluate(&at, strategy.as_mut(), &source, weighting, &[], &params, &mut buffers, &mut direction);
    let total = |params: &[f64], work: &mut Workspace<f64>| {
        model.forward(params, &source, None, work);
        let fused = loss::mean_cross_entropy(work.fused(), &train.y);
        (0..3).map(|b| loss::mean_cross_entropy(work.logits(b), &train.y)).sum::<f64>() + fused
    };
    for i in 0..params.len() {
        let mut shifted = params.clone();
        shifted[i] += 1e-6;
        let up = total(&shifted, &mut work);
        shifted[i] -= 2e-6;
        let numeric = (up - total(&shifted, &mut work)) / 2e-6;
        assert!((numeric - direction[i]).abs() < 1e-8, "parameter {i}: {} {numeric}", direction[i]);
    }
}

/// The full batch of a network of bare neurons, tile by tile and as a whole.
fn tiled_and_whole<T: Scalar>(
    class_weights: ClassWeights,
    samples: bool,
    frozen: &[bool],
) -> [(Reading, Vec<T>); 2] {
    let data = small_data(600);
    let spec = Spec {
        class_weights,
        encoder: Choice::new("smoothed_relu").with("m", 5_i64).with("q", 4_i64).with("sigma0", 0.5),
        solver: Choice::new("gradient_descent"),
        ..small_spec("naive")
    };
    let on = prepare::<T>(&spec.check(&data).unwrap(), &data);
    let params = on.model.init(4);
    let entry = find("strategy", strategies::table::<T>(), "naive").unwrap();
    let mut strategy = (entry.build)(&entry.settle(&Choice::new("naive")).unwrap());
    let epoch = Epoch {
        index: 0,
        n_epochs: 1,
        seed: 0,
        model: &on.model,
        params: &params,
        train: &on.train,
        valid: &on.valid,
        needed: &[],
    };
    let n = on.train.len();
    assert!(n > 240 && !n.is_multiple_of(240), "several tiles, the last one short: {n}");
    let rows: Vec<u32> = (0..n as u32).collect();
    let at = whole(&epoch, &rows);
    let samples: Option<Vec<T>> = samples.then(|| (0..n).map(|i| T::from_f64((i % 7) as f64)).collect());
    let weighting = Weighting { classes: on.class_weights.as_deref(), samples: samples.as_deref() };
    assert!(Tiles::suit(&on.model));
    [Buffers::tiled(&on.model), Buffers::new(&on.model, n)].map(|mut buffers| {
        let mut grad = vec![T::from_f64(f64::NAN); params.len()];
        let mut field = StepField {
            step: &at,
            strategy: strategy.as_mut(),
            source: &Slice::all(&on.train),
            weighting,
            frozen,
            buffers: &mut buffers,
            until: Some(Until { train_loss: 0.1 }),
            neurons: None,
        };
        (field.gradient(&params, &mut grad), grad)
    })
}

#[test]
fn tiles_add_up_to_the_batch() {
    fn compare<T: Scalar>(tolerance: f64) {
        for class_weights in [ClassWeights::None, ClassWeights::Balanced] {
            for samples in [false, true] {
                for frozen in [&[][..], &[false, true, false]] {
                    let [tiled, whole] = tiled_and_whole::<T>(class_weights, samples, frozen);
                    assert!(
                        (tiled.0.loss - whole.0.loss).abs() < tolerance,
                        "{:?} for {:?}",
                        tiled.0,
                        whole.0
                    );
                    assert_eq!(tiled.0.errors, whole.0.errors);
                    assert!(tiled.0.errors.is_some_and(|n| n > 0));
                    assert!(whole.1.iter().any(|g| *g != T::ZERO));
                    for (got, expected) in tiled.1.iter().zip(&whole.1) {
                        assert!((*got - *expected).abs().to_f64() < tolerance, "{got} for {expected}");
                    }
                }
            }
        }
    }
    compare::<f64>(1e-13);
    compare::<f32>(1e-5);
}
