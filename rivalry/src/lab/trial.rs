//! One trial: data and initial weights are drawn, every network is trained on
//! them in the one training loop, and what the theory speaks of is read off.
//! Opens no file; its result is a function of setting and seed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::Dataset;
use crate::data::sparse_coding::{Compact, modality_name};
use crate::num::{Numbers, Scalar, Values};
use crate::record::{Ended, Record};
use crate::registry::Choice;
use crate::registry::Value;
use crate::spec::{Job, Precision, Spec};
use crate::train::{Control, EpochReport, Trained, Watch, network, train};

use super::observe::{self, Fresh, Neurons};
use super::outcome::{ClassOutcome, Decision, NetworkOutcome, Outcome, TrialEnd};
use super::setting::{Fusion, Setting};

/// The name of all modalities side by side.
const FUSED: &str = "all";

/// A trial, and the way there where that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// What it left behind.
    pub outcome: Outcome,
    /// Gamma over time in the joint network; empty unless asked for.
    pub joint_curve: Vec<Moment>,
    /// The same for each modality alone.
    pub alone_curves: Vec<Vec<Moment>>,
}

/// The alignments at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Flow time, or learning rate times updates.
    pub time: f64,
    /// Mean training loss of the step that led here, nats.
    pub train_loss: f64,
    /// Gamma_{j,r}, one row per modality of the network, one entry per class.
    pub gamma: Vec<Vec<f64>>,
}

/// Why a trial has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrialError {
    /// Somebody asked it to stop.
    #[error("interrupted")]
    Interrupted,
    /// The data cannot be drawn.
    #[error("{0}")]
    Data(String),
    /// The networks cannot be trained as asked.
    #[error("{0}")]
    Spec(String),
}

/// Runs a trial. `curves` keeps the alignments after every update; `stop` may
/// be set from outside.
pub fn run(setting: &Setting, seed: u64, curves: bool, stop: &AtomicBool) -> Result<Trial, TrialError> {
    run_on(&Drawn::new(setting, seed)?, setting, seed, curves, stop)
}

/// Runs a trial on data that are drawn already: those of its seed, or of all seeds
/// where the setting has a [`Setting::data_seed`].
pub(crate) fn run_on(
    drawn: &Drawn,
    setting: &Setting,
    seed: u64,
    curves: bool,
    stop: &AtomicBool,
) -> Result<Trial, TrialError> {
    let bench = Bench { setting, compact: &drawn.compact, drawn, seed, curves, stop };
    let all: Vec<usize> = (0..setting.n_modalities()).collect();
    let alone = if setting.until_decided {
        Vec::new()
    } else {
        all.iter()
            .map(|r| bench.train(&[*r], &Choice::new("unimodal"), &[]))
            .collect::<Result<Vec<_>, _>>()?
    };
    let joint = match &drawn.fused {
        None => bench.train(&all, &setting.strategy, &alone)?,
        Some(_) => bench.train(&all, &Choice::new("unimodal"), &[])?,
    };
    let outcome = bench.outcome(&joint, &alone);
    let alone_curves = alone.into_iter().map(|network| network.curve).collect();
    Ok(Trial { outcome, joint_curve: joint.curve, alone_curves })
}

/// What does not depend on a trial's initial weights.
pub(crate) struct Drawn {
    compact: Compact,
    /// The same samples with their modalities side by side, for early fusion.
    fused: Option<Dataset>,
    fresh: Fresh,
}

impl Drawn {
    /// Draws the data of a trial.
    pub(crate) fn new(setting: &Setting, seed: u64) -> Result<Self, TrialError> {
        let seed = setting.data_seed.unwrap_or(seed);
        let compact = match setting.precision {
            Precision::F32 => setting.data.compact::<f32>(setting.n, seed),
            Precision::F64 => setting.data.compact::<f64>(setting.n, seed),
        };
        let compact = compact.map_err(|errors| TrialError::Data(listed(&errors)))?;
        let fused = (setting.fusion == Fusion::Early).then(|| compact.side_by_side(FUSED));
        Ok(Self { compact, fused, fresh: Fresh::new(setting, seed) })
    }
}

fn listed<E: ToString>(errors: &[E]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What all networks of a trial share.
struct Bench<'a> {
    setting: &'a Setting,
    compact: &'a Compact,
    drawn: &'a Drawn,
    seed: u64,
    curves: bool,
    stop: &'a AtomicBool,
}

/// A trained network.
struct Network {
    /// Its modalities.
    modalities: Vec<usize>,
    /// Per modality, the neurons at the start ...
    initial: Vec<Neurons>,
    /// ... and at the end.
    last: Vec<Neurons>,
    summary: NetworkOutcome,
    /// Per class, the mean of 1 - p_y over its training samples at the end.
    residual: Vec<f64>,
    decided: Vec<Option<Decision>>,
    curve: Vec<Moment>,
    record: Record,
}

impl Bench<'_> {
    fn train(
        &self,
        modalities: &[usize],
        strategy: &Choice,
        alone: &[Network],
    ) -> Result<Network, TrialError> {
        let fused = self.drawn.fused.as_ref().filter(|_| modalities.len() > 1);
        let data = fused.unwrap_or(&self.compact.data);
        let mut spec = Spec { strategy: strategy.clone(), ..self.setting.spec(self.seed) };
        if fused.is_some() {
            spec.modalities = vec![FUSED.to_owned()];
            spec.encoders.clear();
        } else {
            spec.modalities = modalities.iter().map(|r| modality_name(*r)).collect();
        }
        let job = spec.check(data).map_err(|errors| TrialError::Spec(listed(&errors)))?;
        let needed = self.teachers(&job, alone)?;
        let shapes = self.shapes(modalities);
        let mut observer = Observer {
            shapes: &shapes,
            beta: self.setting.beta,
            until_decided: self.setting.until_decided,
            stop: self.stop,
            decided: vec![None; self.setting.n_classes()],
            curve: self.curves.then(Vec::new),
            rate: rate(&job),
        };
        let trained = train(&job, data, &needed, None, &mut observer)
            .map_err(|error| TrialError::Spec(error.to_string()))?;
        let Trained::Done(record) = trained else { return Err(TrialError::Interrupted) };
        let (decided, curve) = (observer.decided, observer.curve.unwrap_or_default());
        let initial = match self.setting.precision {
            Precision::F32 => f32::into_numbers(network::<f32>(&job, data).init(self.seed)),
            Precision::F64 => f64::into_numbers(network::<f64>(&job, data).init(self.seed)),
        };
        let neurons =
            |params: &Numbers| -> Vec<Neurons> { shapes.iter().map(|shape| shape.cut(params)).collect() };
        let last = neurons(&record.params);
        let fit = observe::fit(self.setting, self.compact, modalities, &last);
        let summary = summary(&record, &fit, rate(&job));
        let (residual, initial, modalities) = (fit.residual, neurons(&initial), modalities.to_vec());
        let record = *record;
        Ok(Network { modalities, initial, last, summary, residual, decided, curve, record })
    }

    /// The runs that a strategy builds on: those of the networks alone, where
    /// they are what it asks for.
    fn teachers(&self, job: &Job, alone: &[Network]) -> Result<Vec<Record>, TrialError> {
        let data = &self.compact.data;
        job.needed_specs()
            .iter()
            .map(|spec| {
                let job = spec.check(data).map_err(|errors| TrialError::Spec(listed(&errors)))?;
                if let Some(network) = alone.iter().find(|network| network.record.id == job.id()) {
                    return Ok(network.record.clone());
                }
                let mut patient = Patient { stop: self.stop };
                match train(&job, data, &[], None, &mut patient) {
                    Ok(Trained::Done(record)) => Ok(*record),
                    Ok(Trained::Interrupted(_)) => Err(TrialError::Interrupted),
                    Err(error) => Err(TrialError::Spec(error.to_string())),
                }
            })
            .collect()
    }

    fn shapes(&self, modalities: &[usize]) -> Vec<Shape> {
        let dim = |r: usize| self.compact.data.modalities()[r].features.cols();
        let side_by_side = self.drawn.fused.is_some() && modalities.len() > 1;
        let all: usize = modalities.iter().map(|r| dim(*r)).sum();
        let mut first = 0;
        modalities
            .iter()
            .map(|r| {
                let (n_classes, per_class, dim) =
                    (self.setting.n_classes(), self.setting.neurons(*r), dim(*r));
                let stride = if side_by_side { all } else { dim };
                let shape = Shape { n_classes, per_class, dim, first, stride };
                first += if side_by_side { dim } else { n_classes * per_class * dim };
                shape
            })
            .collect()
    }

    fn outcome(&self, joint: &Network, alone: &[Network]) -> Outcome {
        let (setting, compact) = (self.setting, self.compact);
        let tested = observe::test_errors(
            setting,
            compact,
            self.seed,
            &self.drawn.fresh,
            &joint.last,
            &alone.iter().map(|network| &network.last[0]).collect::<Vec<_>>(),
        );
        let with_error =
            |network: &Network, test_error: f64| NetworkOutcome { test_error, ..network.summary.clone() };
        let strengths: Vec<Vec<f64>> =
            joint.modalities.iter().map(|r| observe::strengths(setting, &compact.codes, *r)).collect();
        let classes = (0..setting.n_classes())
            .map(|j| ClassOutcome {
                strength: strengths.iter().map(|of_modality| of_modality[j]).collect(),
                gamma_initial: joint.initial.iter().map(|neurons| neurons.gamma(j)).collect(),
                gamma_final: joint.last.iter().map(|neurons| neurons.gamma(j)).collect(),
                gamma_alone: alone.iter().map(|network| network.last[0].gamma(j)).collect(),
                off_label: joint.last.iter().map(|neurons| neurons.off_label(j)).collect(),
                decided: joint.decided[j],
                residual: joint.residual[j],
                branch_test_errors: tested.branch_by_class.iter().map(|by_class| by_class[j]).collect(),
            })
            .collect();
        Outcome {
            seed: self.seed,
            unimodal: alone
                .iter()
                .zip(&tested.unimodal)
                .map(|(network, error)| with_error(network, *error))
                .collect(),
            joint: with_error(joint, tested.joint),
            branch_test_errors: tested.branch,
            ensemble_test_error: tested.ensemble,
            classes,
            noise_alignment: joint
                .modalities
                .iter()
                .zip(&joint.last)
                .map(|(r, neurons)| observe::noise_alignment(compact, *r, neurons))
                .collect(),
        }
    }
}

/// How a network's training ended.
fn summary(record: &Record, fit: &observe::Fit, rate: f64) -> NetworkOutcome {
    let ended = match &record.ended {
        Ended::Converged { .. } => TrialEnd::Converged,
        Ended::Stopped { .. } => TrialEnd::Decided,
        Ended::Diverged { .. } => TrialEnd::Diverged,
        Ended::Finished | Ended::EarlyStop { .. } | Ended::NotConverged { .. } => TrialEnd::NotConverged,
    };
    let flow_time = record.trajectory.get("time").last().copied();
    NetworkOutcome {
        train_error: fit.error,
        train_loss: fit.loss,
        // Known when all networks have met the same test samples.
        test_error: 0.0,
        ended,
        time: flow_time.unwrap_or(rate * record.cost.updates as f64),
        updates: record.cost.updates,
        gradient_evaluations: record.cost.gradient_evaluations,
    }
}

/// The learning rate of solvers that have one: time passes by it.
fn rate(job: &Job) -> f64 {
    match job.spec().solver.set.get("lr") {
        Some(Value::Number(rate)) => *rate,
        Some(Value::Whole(rate)) => *rate as f64,
        _ => 1.0,
    }
}

/// Where the weights of one modality lie in the flat weights: a row per neuron,
/// `stride` apart.
struct Shape {
    n_classes: usize,
    per_class: usize,
    dim: usize,
    first: usize,
    stride: usize,
}

impl Shape {
    fn cut(&self, params: &Numbers) -> Neurons {
        let rows = (0..self.n_classes * self.per_class).map(|row| self.first + row * self.stride);
        let values = match params {
            Numbers::F32(all) => {
                rows.flat_map(|at| all[at..at + self.dim].iter().map(|w| f64::from(*w))).collect()
            }
            Numbers::F64(all) => rows.flat_map(|at| all[at..at + self.dim].iter().copied()).collect(),
        };
        Neurons::new(self.n_classes, self.per_class, self.dim, values)
    }

    /// Gamma_j from weights in place: in the coordinates of the compact law the
    /// feature of class j is the j-th axis.
    fn gamma(&self, weights: &Values<'_>, j: usize) -> f64 {
        let at = |l: usize| self.first + (j * self.per_class + l) * self.stride + j;
        (0..self.per_class).map(|l| weights.get(at(l))).fold(0.0, f64::max)
    }
}

/// Watches the alignments of a network while it trains.
struct Observer<'a> {
    shapes: &'a [Shape],
    beta: f64,
    until_decided: bool,
    stop: &'a AtomicBool,
    decided: Vec<Option<Decision>>,
    curve: Option<Vec<Moment>>,
    /// Time per update, for solvers without a time of their own.
    rate: f64,
}

impl Watch for Observer<'_> {
    fn epoch(&mut self, report: &EpochReport<'_>) -> Control {
        if self.stop.load(Ordering::Relaxed) {
            return Control::Stop;
        }
        let time = report.time.unwrap_or(self.rate * f64::from(report.done));
        let Some(weights) = &report.weights else { return Control::Continue };
        let of = |shape: &Shape| (0..shape.n_classes).map(|j| shape.gamma(weights, j)).collect();
        let gamma: Vec<Vec<f64>> = self.shapes.iter().map(of).collect();
        for (j, decided) in self.decided.iter_mut().enumerate() {
            if decided.is_none() {
                let best =
                    (0..gamma.len()).fold(0, |best, r| if gamma[r][j] > gamma[best][j] { r } else { best });
                if gamma[best][j] >= self.beta {
                    *decided = Some(Decision { time, modality: best });
                }
            }
        }
        if let Some(curve) = &mut self.curve {
            curve.push(Moment { time, train_loss: report.train_loss, gamma });
        }
        if self.until_decided && self.decided.iter().all(Option::is_some) {
            return Control::Finish;
        }
        Control::Continue
    }
}

/// Waits for a teacher unless somebody asks to stop.
struct Patient<'a> {
    stop: &'a AtomicBool,
}

impl Watch for Patient<'_> {
    fn epoch(&mut self, _report: &EpochReport<'_>) -> Control {
        if self.stop.load(Ordering::Relaxed) { Control::Stop } else { Control::Continue }
    }
}
