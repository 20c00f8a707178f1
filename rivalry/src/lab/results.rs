//! Results of the lab's commands as documents hold them: plain data that a
//! report is drawn from, fresh or kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::claims::{Chosen, Found, remedies};
use super::outcome::{NetworkOutcome, TrialEnd, Winner};
use super::race::{LEVEL, RaceSummary, predicted_winner, summarise};
use super::setting::{Setting, SettingError};
use super::trial::{Moment, Trial};
use crate::data::sparse_coding::modality_name;
use crate::registry::Value;
use crate::stats::{Estimate, wilson};

/// Moments of a curve that a document keeps.
const MOMENTS: usize = 400;

/// One trial in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResults {
    /// Each modality's network alone; empty when only a decision was asked for.
    pub unimodal: Vec<NetworkResult>,
    /// The joint network.
    pub joint: NetworkResult,
    /// Each branch of the joint network by itself, without retraining.
    pub branches: Vec<BranchResult>,
    /// The averaged probabilities of the networks alone.
    pub ensemble: Option<Estimate>,
    /// What happened to each class.
    pub classes: Vec<ClassResult>,
    /// How the joint network was solved.
    pub solver: SolverResult,
    /// Gamma over time in the joint network.
    pub curve: Vec<CurvePoint>,
    /// The same for each modality alone.
    pub alone_curves: Vec<Vec<CurvePoint>>,
}

/// A trained network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkResult {
    /// Modalities joined by `+`.
    pub name: String,
    /// Ties are errors.
    pub train_error: Estimate,
    /// Mean cross-entropy on the training samples, nats.
    pub train_loss: f64,
    /// On fresh samples; ties are errors.
    pub test_error: Estimate,
    /// Share of insufficient data, for a single modality.
    pub mu: Option<f64>,
    /// How training ended.
    pub ended: TrialEnd,
    /// Flow time at the end.
    pub time: f64,
    /// Evaluations of the gradient.
    pub gradient_evaluations: u64,
}

/// A branch of the joint network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchResult {
    /// The modality.
    pub name: String,
    /// Of the branch with its own logits.
    pub test_error: Estimate,
    /// Classes that it did not learn.
    pub classes_lost: usize,
    /// Largest alignment with a training sample's noise.
    pub noise_alignment: f64,
}

/// What happened to a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassResult {
    /// The class.
    pub name: String,
    /// By the winner rule at initialisation, if any neuron correlates.
    pub predicted_winner: Option<String>,
    /// Best score over second best; nothing where there is no second.
    pub margin: Option<f64>,
    /// The modality that alone learned it, `shared` or `nobody`.
    pub winner: String,
    /// Per modality.
    pub gamma_initial: Vec<f64>,
    /// Per modality, jointly.
    pub gamma_final: Vec<f64>,
    /// Per modality, alone.
    pub gamma_alone: Vec<f64>,
    /// d_{j,r}(D) per modality.
    pub strength: Vec<f64>,
    /// Largest alignment with another class's feature, per modality.
    pub off_label: Vec<f64>,
    /// Flow time at which the first modality reached beta.
    pub decided_at: Option<f64>,
    /// What was left to train with at the end: mean of 1 - p_y.
    pub residual: f64,
    /// Test error of each branch on this class.
    pub branch_test_errors: Vec<f64>,
}

/// How the joint network was solved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SolverResult {
    /// Its name.
    pub name: String,
    /// Evaluations of the gradient.
    pub gradient_evaluations: u64,
    /// Accepted steps.
    pub updates: u64,
    /// Flow time, or learning rate times updates.
    pub time: f64,
    /// How it ended.
    pub ended: TrialEnd,
}

/// The alignments at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Flow time.
    pub time: f64,
    /// Mean training loss, nats.
    pub train_loss: f64,
    /// Gamma_{j,r}: per modality, per class.
    pub gamma: Vec<Vec<f64>>,
}

/// A map over settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepResults {
    /// What varies, in the order of the grid, the last fastest.
    pub vary: Vec<Varied>,
    /// Every point of the grid.
    pub points: Vec<GridPoint>,
}

/// One knob that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Varied {
    /// Its name.
    pub key: String,
    /// Its values.
    pub values: Vec<Value>,
}

/// One setting of a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GridPoint {
    /// The varied knobs.
    pub at: BTreeMap<String, Value>,
    /// What its trials say; nothing when none of them converged.
    pub summary: Option<RaceSummary>,
    /// Trials that were run.
    pub n_trials: usize,
}

/// Every claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyResults {
    /// In the order of the talk.
    pub claims: Vec<ClaimResult>,
    /// Trials behind them.
    pub n_trials: u64,
    /// Which remedy restores the losing modality, where the claim `remedies` was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<RemedyResult>,
}

/// What one strategy did to the modalities in the trials of the claim `remedies`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemedyResult {
    /// The strategy.
    pub name: String,
    /// Per modality: share of classes that it alone learned.
    pub p_win: Vec<Estimate>,
    /// Share of classes that more than one modality learned.
    pub shared: Estimate,
    /// Per modality: mean test error of its branch of the joint network.
    pub branch_test_error: Vec<Estimate>,
    /// Mean test error of the joint network.
    pub joint_test_error: Option<Estimate>,
}

/// One line of the verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimResult {
    /// The claim's name, with a number where it has several lines.
    pub id: String,
    /// The statement.
    pub statement: String,
    /// Where it stands.
    pub source: String,
    /// Whether the statement is quoted; otherwise it is our reconstruction.
    pub quoted: bool,
    /// What exactly was compared.
    pub what: String,
    /// What the theory says.
    pub prediction: String,
    /// The number that it predicts, where it is one.
    pub predicted: Option<f64>,
    /// What was measured.
    pub measurement: Option<Estimate>,
    /// The rule, written before anything was measured.
    pub rule: String,
    /// Whether it holds.
    pub passed: bool,
    /// Where it holds and where not, and what was left out.
    pub note: Option<String>,
}

/// The results of one trial.
pub fn run_results(setting: &Setting, trial: &Trial) -> RunResults {
    let outcome = &trial.outcome;
    let n_modalities = setting.n_modalities();
    let names: Vec<String> = (0..n_modalities).map(modality_name).collect();
    let tested = |error: f64| {
        let wrong = (error * setting.n_test as f64).round() as u64;
        wilson(wrong, setting.n_test as u64, LEVEL).expect("there are test samples")
    };
    let network = |name: String, from: &NetworkOutcome, mu: Option<f64>| NetworkResult {
        name,
        train_error: Estimate::without_interval(from.train_error, LEVEL, setting.n, "all training samples"),
        train_loss: from.train_loss,
        test_error: tested(from.test_error),
        mu,
        ended: from.ended,
        time: from.time,
        gradient_evaluations: from.gradient_evaluations,
    };
    RunResults {
        unimodal: outcome
            .unimodal
            .iter()
            .enumerate()
            .map(|(r, from)| network(names[r].clone(), from, Some(setting.data.modalities[r].mu)))
            .collect(),
        joint: network(names.join("+"), &outcome.joint, None),
        branches: (0..n_modalities)
            .map(|r| BranchResult {
                name: names[r].clone(),
                test_error: tested(outcome.branch_test_errors[r]),
                classes_lost: outcome.lost(r, setting.beta),
                noise_alignment: outcome.noise_alignment[r],
            })
            .collect(),
        ensemble: outcome.ensemble_test_error.map(tested),
        classes: outcome
            .classes
            .iter()
            .enumerate()
            .map(|(j, class)| {
                let predicted = predicted_winner(class, setting.q);
                ClassResult {
                    name: j.to_string(),
                    predicted_winner: predicted.map(|(r, _)| names[r].clone()),
                    margin: predicted.map(|(_, margin)| margin).filter(|margin| margin.is_finite()),
                    winner: match class.winner(setting.beta) {
                        Winner::Modality(r) => names[r].clone(),
                        Winner::Shared => "shared".to_owned(),
                        Winner::Nobody => "nobody".to_owned(),
                    },
                    gamma_initial: class.gamma_initial.clone(),
                    gamma_final: class.gamma_final.clone(),
                    gamma_alone: class.gamma_alone.clone(),
                    strength: class.strength.clone(),
                    off_label: class.off_label.clone(),
                    decided_at: class.decided.map(|decided| decided.time),
                    residual: class.residual,
                    branch_test_errors: class.branch_test_errors.clone(),
                }
            })
            .collect(),
        solver: SolverResult {
            name: setting.solver.name.clone(),
            gradient_evaluations: outcome.joint.gradient_evaluations,
            updates: outcome.joint.updates,
            time: outcome.joint.time,
            ended: outcome.joint.ended,
        },
        curve: thinned(&trial.joint_curve),
        alone_curves: trial.alone_curves.iter().map(|curve| thinned(curve)).collect(),
    }
}

/// At most so many moments, evenly over the steps, the last one always: steps
/// are short where something happens.
fn thinned(curve: &[Moment]) -> Vec<CurvePoint> {
    let stride = curve.len().div_ceil(MOMENTS).max(1);
    let last = curve.len().saturating_sub(1);
    curve
        .iter()
        .enumerate()
        .filter(|(i, _)| i % stride == 0 || *i == last)
        .map(|(_, m)| CurvePoint { time: m.time, train_loss: m.train_loss, gamma: m.gamma.clone() })
        .collect()
}

/// What some claims say of what was found for them.
pub fn verify_results(chosen: &[Chosen], found: &Found<'_>) -> VerifyResults {
    let mut claims = Vec::new();
    for (entry, claim) in chosen {
        let lines = claim.judge(found);
        let several = lines.len() > 1;
        for (i, line) in lines.into_iter().enumerate() {
            claims.push(ClaimResult {
                id: if several { format!("{}.{}", entry.name, i + 1) } else { entry.name.to_owned() },
                statement: entry.summary.to_owned(),
                source: claim.source().place.to_owned(),
                quoted: claim.source().quoted,
                what: line.what,
                prediction: line.prediction,
                predicted: line.predicted,
                measurement: line.measurement,
                rule: claim.rule().to_owned(),
                passed: line.passed,
                note: line.note,
            });
        }
    }
    let n_trials = found.experiments.iter().map(|(_, outcomes)| outcomes.len() as u64).sum();
    let remedies = remedies::experiments(found).filter_map(|(strategy, setting, outcomes)| {
        let race = summarise(setting, outcomes)?;
        Some(RemedyResult {
            name: strategy.to_owned(),
            p_win: race.p_win,
            shared: race.shared,
            branch_test_error: race.branch_test_error,
            joint_test_error: race.joint_test_error,
        })
    });
    VerifyResults { claims, n_trials, remedies: remedies.collect() }
}

/// A point of a grid: the varied knobs and the whole setting.
pub type SettingAt = (BTreeMap<String, Value>, Setting);

/// Every combination of the varied knobs, the last fastest, or all that is
/// wrong with their values.
pub fn grid(base: &Setting, vary: &[Varied]) -> Result<Vec<SettingAt>, Vec<SettingError>> {
    let mut points: Vec<SettingAt> = vec![(BTreeMap::new(), base.clone())];
    let mut errors = Vec::new();
    for varied in vary {
        let mut next = Vec::with_capacity(points.len() * varied.values.len());
        for (at, setting) in &points {
            for value in &varied.values {
                let mut setting = setting.clone();
                if let Err(error) = setting.set(&varied.key, value) {
                    if !errors.contains(&error) {
                        errors.push(error);
                    }
                    continue;
                }
                let mut at = at.clone();
                at.insert(varied.key.clone(), value.clone());
                next.push((at, setting));
            }
        }
        points = next;
    }
    for (_, setting) in &points {
        for error in setting.check().err().unwrap_or_default() {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    if errors.is_empty() { Ok(points) } else { Err(errors) }
}
