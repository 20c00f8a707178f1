//! One trial: what every row's network gets right, what its encoder of the loser tells a probe,
//! and what it cost.

use std::sync::Arc;

use crate::data::Dataset;
use crate::metrics::probe::{Probe, Rows};
use crate::metrics::{Sheet, TrialMeasures};
use crate::model::loss;
use crate::num::{Matrix, MatrixView, Numbers, Scalar};
use crate::record::{Ended, Record};
use crate::spec::{Job, RunId, Spec};
use crate::sweep::{Plan, TrialPlan, Unit};
use crate::train::{fused_scores, prepare};

use super::arms::Arm;

/// One trial of all rows.
#[derive(Clone, Debug)]
pub(super) struct TrialOutcome {
    pub(super) at: TrialPlan,
    pub(super) n_train: usize,
    pub(super) valid: Vec<u32>,
    pub(super) test: Vec<u32>,
    /// In the order of the arms.
    pub(super) arms: Vec<Outcome>,
}

impl TrialOutcome {
    /// Its rows, for the intervals, without anything measured.
    pub(super) fn sizes(&self) -> TrialMeasures {
        TrialMeasures {
            seed: self.at.seed,
            repeat: self.at.repeat,
            fold: self.at.fold,
            n_train: self.n_train,
            n_valid: self.valid.len(),
            test: self.test.clone(),
            sheet: Sheet::default(),
            curves: Vec::new(),
            diverged: Vec::new(),
        }
    }
}

/// One row in one trial.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// What it says, or why it says nothing.
    pub(super) said: Result<Said, String>,
    /// Samples that went through an encoder in training, the runs it builds on included.
    pub(super) passes: f64,
    /// Weights that were trained.
    pub(super) n_params: usize,
    /// Of the run itself: passes per epoch.
    pub(super) passes_per_epoch: f64,
    /// Of `passes`, those of the runs it builds on.
    pub(super) teacher_passes: f64,
}

/// What a network says.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Right (1) or wrong (0) per test row; a tie is wrong. Empty where only validation was read.
    pub(super) right: Vec<f32>,
    /// The same per validation row.
    pub(super) valid_right: Vec<f32>,
    /// Mean cross-entropy on validation rows; nats.
    pub(super) valid_loss: f64,
    /// What a probe on an encoder has right, by modality of the data; none where it was not asked for.
    pub(super) probes: Vec<Option<Probed>>,
}

/// What a probe gets right.
#[derive(Clone, Debug)]
pub(super) struct Probed {
    pub(super) right: Vec<f32>,
    pub(super) valid_right: Vec<f32>,
}

/// What is read of a network beside its validation outputs.
#[derive(Clone, Copy)]
pub(super) enum Read<'a> {
    /// Nothing: the test part stays unread.
    Validation,
    /// The test part, and probes on the encoders of these modalities.
    All(&'a [usize]),
}

/// The runs of every arm in a trial, in the order of the trial's units.
pub(super) fn read_trial(
    data: &Dataset,
    base: &Spec,
    plan: &Plan,
    trial: usize,
    records: &[(&Job, Arc<Record>)],
    arms: &[Arm],
    read: Read<'_>,
) -> TrialOutcome {
    let at = plan.trials[trial];
    let (first, _) = records.first().expect("a trial has runs");
    let spec = first.spec();
    let partition = data.partition(spec.repeat, spec.fold as usize, spec.seed, spec.valid_share);
    let here = Spec { seed: spec.seed, repeat: spec.repeat, fold: spec.fold, ..base.clone() };
    let offset = plan.units.iter().position(|unit| unit.trial == trial).expect("a trial has runs");
    let units = &plan.units[offset..offset + records.len()];
    let ids: Vec<RunId> = records.iter().map(|(job, _)| job.id()).collect();
    let outcome = |arm: &Arm| {
        let id = arm.job(data, &here).expect("the plan has checked it").id();
        let own = ids.iter().position(|known| *known == id).expect("the plan has every arm");
        let (job, record) = &records[own];
        let own_passes = passes(job, record);
        let teacher_passes: f64 =
            built_on(units, offset, own).into_iter().map(|i| passes(records[i].0, &records[i].1)).sum();
        Outcome {
            said: said(job, data, record, read),
            passes: own_passes + teacher_passes,
            n_params: record.tensors.iter().map(|t| t.rows * t.cols).sum(),
            passes_per_epoch: own_passes / f64::from(record.cost.epochs.max(1)),
            teacher_passes,
        }
    };
    TrialOutcome {
        at,
        n_train: partition.train.len(),
        valid: partition.valid,
        test: partition.test,
        arms: arms.iter().map(outcome).collect(),
    }
}

/// Samples through an encoder: each branch sees each sample, as often as the strategy makes it.
fn passes(job: &Job, record: &Record) -> f64 {
    let needs = job.needs();
    let n_branches = record.spec.modalities.len() + usize::from(needs.pseudo_view);
    record.cost.sample_passes as f64 * n_branches as f64 * (1 + needs.more_passes) as f64
}

/// The runs that a run builds on, each once, in some order.
fn built_on(units: &[Unit], offset: usize, own: usize) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut open = vec![own];
    while let Some(i) = open.pop() {
        for need in units[i].needs.iter().map(|need| need - offset) {
            if !found.contains(&need) {
                found.push(need);
                open.push(need);
            }
        }
    }
    found
}

fn said(job: &Job, data: &Dataset, record: &Record, read: Read<'_>) -> Result<Said, String> {
    match &record.ended {
        Ended::Diverged { epoch, what } => {
            return Err(format!("the network diverged in epoch {}: {what}", epoch + 1));
        }
        Ended::NotConverged { epoch, why } => {
            return Err(format!("the network did not converge by epoch {}: {why}", epoch + 1));
        }
        _ => {}
    }
    Ok(match &record.params {
        Numbers::F32(params) => said_by(job, data, record, params, read),
        Numbers::F64(params) => said_by(job, data, record, params, read),
    })
}

fn said_by<T: Scalar>(job: &Job, data: &Dataset, record: &Record, params: &[T], read: Read<'_>) -> Said {
    let on = prepare::<T>(job, data);
    let mut found = Said { probes: vec![None; data.modalities().len()], ..Said::default() };
    let valid = (!on.valid.is_empty()).then(|| on.model.evaluate(params, &on.valid));
    if let Some(outputs) = &valid {
        let scores = fused_scores(job, &on.model, params, Some((outputs, &on.valid.y)), outputs);
        found.valid_right = right(scores.view(), &on.valid.y);
        found.valid_loss = loss::mean_cross_entropy(scores.view(), &on.valid.y);
    }
    let Read::All(probed) = read else { return found };
    let predictions = &record.predictions;
    let scores = MatrixView::new(&predictions.scores, predictions.rows.len(), predictions.n_classes);
    found.right = right(scores, &on.test.y);
    if !probed.is_empty() {
        let (train, test) = (on.model.evaluate(params, &on.train), on.model.evaluate(params, &on.test));
        let single = |m: &Matrix<T>| m.map(|v| v.to_f64() as f32);
        for (b, branch) in on.model.branches().iter().enumerate() {
            if !probed.contains(&branch.modality()) {
                continue;
            }
            let (fit, check) = (single(&train.embeddings[b]), single(&test.embeddings[b]));
            let choose =
                valid.as_ref().map_or_else(|| Matrix::zeros(0, fit.cols()), |v| single(&v.embeddings[b]));
            let rows = |features, labels| Rows { features, labels };
            let probe = Probe::select(
                rows(fit.view(), &on.train.y),
                rows(choose.view(), &on.valid.y),
                data.n_classes(),
            );
            let valid_right = if on.valid.is_empty() {
                Vec::new()
            } else {
                right(probe.logits(choose.view()).view(), &on.valid.y)
            };
            let right = right(probe.logits(check.view()).view(), &on.test.y);
            found.probes[branch.modality()] = Some(Probed { right, valid_right });
        }
    }
    found
}

fn right<T: Scalar>(scores: MatrixView<'_, T>, labels: &[u32]) -> Vec<f32> {
    let one = |(i, label): (usize, &u32)| f32::from(u8::from(loss::is_right(scores.row(i), *label)));
    labels.iter().enumerate().map(one).collect()
}

/// The mean of some ones and zeros; nothing of none.
pub(super) fn share(right: &[f32]) -> Option<f64> {
    (!right.is_empty()).then(|| right.iter().map(|r| f64::from(*r)).sum::<f64>() / right.len() as f64)
}
