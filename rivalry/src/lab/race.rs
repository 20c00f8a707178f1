//! Many trials of one setting, summed up: who wins, how often that was to be
//! expected, and what it costs. Every number is an estimate.

use serde::{Deserialize, Serialize};

use crate::stats::{Estimate, student_mean, wilson};

use super::outcome::{ClassOutcome, Outcome, Winner};
use super::setting::Setting;
use super::theory::race::{Odds, Runner, odds};
use super::theory::strength::{CodeLaw, Convention, predict_winner, race_strength};

/// Nominal coverage of every interval.
pub const LEVEL: f64 = 0.95;
/// A class lies in the dead zone of the winner rule when its two best scores
/// differ by a smaller factor than this: the 1 + 1/polylog(K) of the theory,
/// whose constant is ours.
pub const MARGIN: f64 = 1.1;

/// What many trials of a setting say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RaceSummary {
    /// Trials that were run.
    pub n_trials: usize,
    /// Trials in which a network did not converge; they are in none of the
    /// numbers below.
    pub n_not_converged: usize,
    /// Per modality: share of classes that it alone learned jointly.
    pub p_win: Vec<Estimate>,
    /// Per modality: the winner rule's probability in closed form, for the
    /// strengths that the data model has on average, without a dead zone.
    pub closed_form: Vec<f64>,
    /// The same with the dead zone of the winner rule: per modality.
    pub closed_form_with_margin: Vec<f64>,
    /// Share of classes that no modality learned, or more than one.
    pub undecided: Estimate,
    /// Share of classes that more than one modality learned.
    pub shared: Estimate,
    /// Share of classes that no modality learned.
    pub nobody: Estimate,
    /// Share of classes outside the dead zone whose winner was the predicted
    /// one; of those that one modality alone learned.
    pub predicted_right: Option<Estimate>,
    /// The same by how clear the prediction was.
    pub predicted_right_by_margin: Vec<ByMargin>,
    /// How many classes modality 1 won: share of trials for each count, beside
    /// the binomial law.
    pub classes_won: Vec<ClassesWon>,
    /// Per modality: mean test error of its network alone.
    pub unimodal_test_error: Vec<Estimate>,
    /// Share of trials in which all networks alone had training error zero.
    pub unimodal_train_zero: Option<Estimate>,
    /// Mean test error of the joint network.
    pub joint_test_error: Option<Estimate>,
    /// Share of trials in which the joint network had training error zero.
    pub joint_train_zero: Option<Estimate>,
    /// Per modality: mean test error of its branch of the joint network.
    pub branch_test_error: Vec<Estimate>,
    /// Mean of joint test error minus the best uni-modal one of the trial:
    /// above zero, joint training is worse.
    pub joint_minus_best: Option<Estimate>,
    /// Mean test error of the ensemble of the networks trained alone.
    pub ensemble_test_error: Option<Estimate>,
    /// Mean time at which classes were decided.
    pub time_to_win: Option<Estimate>,
    /// Mean evaluations of the gradient of a joint training.
    pub gradient_evaluations: Option<Estimate>,
}

/// How good the prediction is at a distance from the dead heat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ByMargin {
    /// The best score over the second, from ...
    pub from: f64,
    /// ... to; nothing for no bound.
    pub to: Option<f64>,
    /// Share predicted right among the classes in this range that one modality
    /// alone learned.
    pub right: Option<Estimate>,
}

/// How often modality 1 won so many classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassesWon {
    /// So many classes.
    pub count: usize,
    /// Share of trials.
    pub share: Estimate,
    /// Binomial(K, p) with the measured p.
    pub binomial: f64,
}

/// The winner rule for one class: the modality with the largest
/// Gamma_{j,r}(0) d_{j,r}^{1/(q-2)}, and its score over the second best (infinite
/// without one). Nothing when no modality has a neuron that correlates with its
/// feature.
pub fn predicted_winner(class: &ClassOutcome, q: u32) -> Option<(usize, f64)> {
    let rule = predict_winner(&class.gamma_initial, &class.strength, q as i32, 0.0);
    let leads = class.gamma_initial[rule.leader] > 0.0 && class.strength[rule.leader] > 0.0;
    leads.then_some((rule.leader, rule.lead))
}

/// The odds of the setting's race by the winner rule, with the strengths that
/// its data model has on average and a dead zone of a factor `1 + margin`.
pub(super) fn expected_odds(setting: &Setting, margin: f64) -> Odds {
    let runner = |r: usize| {
        let law = code_law(setting, r);
        let q = setting.q as i32;
        Runner {
            n_neurons: setting.neurons(r) as f64,
            strength: race_strength(law.expected_strength(q, true, Convention::Plain), setting.sigma0(r), q),
        }
    };
    odds(&(0..setting.n_modalities()).map(runner).collect::<Vec<_>>(), margin)
}

/// What the setting's data model says of one modality's codes.
pub(super) fn code_law(setting: &Setting, r: usize) -> CodeLaw {
    let (data, modality) = (&setting.data, &setting.data.modalities[r]);
    CodeLaw {
        n_classes: data.n_classes,
        label: (modality.strength * data.label_low, modality.strength * data.label_high),
        mu: modality.mu,
        gamma: modality.gamma,
        rho: modality.rho,
        off_label_count: data.off_label_count,
        off_label: (data.off_label_low, data.off_label_high),
    }
}

/// Sums up trials; nothing without any that converged.
pub fn summarise(setting: &Setting, outcomes: &[Outcome]) -> Option<RaceSummary> {
    let complete: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.is_complete()).collect();
    if complete.is_empty() {
        return None;
    }
    let n_modalities = setting.n_modalities();
    let beta = setting.beta;
    let classes: Vec<&ClassOutcome> = complete.iter().flat_map(|outcome| &outcome.classes).collect();
    let share = |count: usize, of: usize| wilson(count as u64, of as u64, LEVEL);
    let of_classes = |holds: &dyn Fn(&ClassOutcome) -> bool| {
        share(classes.iter().filter(|class| holds(class)).count(), classes.len()).expect("there are classes")
    };
    let p_win: Vec<Estimate> =
        (0..n_modalities).map(|r| of_classes(&|class| class.winner(beta) == Winner::Modality(r))).collect();
    let mean = |value: &dyn Fn(&Outcome) -> Option<f64>| {
        let values: Option<Vec<f64>> = complete.iter().map(|outcome| value(outcome)).collect();
        student_mean(&values?, LEVEL)
    };
    let of_trials = |holds: &dyn Fn(&Outcome) -> bool| {
        share(complete.iter().filter(|outcome| holds(outcome)).count(), complete.len())
    };
    let has_alone = complete.iter().all(|outcome| outcome.unimodal.len() == n_modalities);
    let alone = |r: usize| mean(&move |outcome: &Outcome| outcome.unimodal.get(r).map(|n| n.test_error));
    let times: Vec<f64> = classes.iter().filter_map(|class| class.decided.map(|d| d.time)).collect();
    Some(RaceSummary {
        n_trials: outcomes.len(),
        n_not_converged: outcomes.len() - complete.len(),
        closed_form: expected_odds(setting, 0.0).win,
        closed_form_with_margin: expected_odds(setting, MARGIN - 1.0).win,
        undecided: of_classes(&|class| !matches!(class.winner(beta), Winner::Modality(_))),
        shared: of_classes(&|class| class.winner(beta) == Winner::Shared),
        nobody: of_classes(&|class| class.winner(beta) == Winner::Nobody),
        predicted_right: right(setting, &classes, MARGIN, f64::INFINITY),
        predicted_right_by_margin: by_margin(setting, &classes),
        classes_won: classes_won(setting, &complete, p_win[0].value),
        p_win,
        unimodal_test_error: (0..n_modalities).filter_map(alone).collect(),
        unimodal_train_zero: if has_alone {
            of_trials(&|outcome| outcome.unimodal.iter().all(|n| n.train_error == 0.0))
        } else {
            None
        },
        joint_test_error: mean(&|outcome| Some(outcome.joint.test_error)),
        joint_train_zero: of_trials(&|outcome| outcome.joint.train_error == 0.0),
        branch_test_error: (0..n_modalities)
            .filter_map(|r| mean(&move |outcome: &Outcome| Some(outcome.branch_test_errors[r])))
            .collect(),
        joint_minus_best: mean(&|outcome| {
            let best = outcome.unimodal.iter().map(|n| n.test_error).reduce(f64::min)?;
            Some(outcome.joint.test_error - best)
        }),
        ensemble_test_error: mean(&|outcome| outcome.ensemble_test_error),
        time_to_win: student_mean(&times, LEVEL),
        gradient_evaluations: mean(&|outcome| Some(outcome.joint.gradient_evaluations as f64)),
    })
}

/// Share of winners predicted right among the classes that one modality alone
/// learned and whose scores differ by a factor from `from` to `to`.
fn right(setting: &Setting, classes: &[&ClassOutcome], from: f64, to: f64) -> Option<Estimate> {
    let (mut right, mut all) = (0_u64, 0_u64);
    for class in classes {
        let (Some((predicted, margin)), Winner::Modality(winner)) =
            (predicted_winner(class, setting.q), class.winner(setting.beta))
        else {
            continue;
        };
        if (from..to).contains(&margin) || (to.is_infinite() && margin >= from) {
            all += 1;
            right += u64::from(predicted == winner);
        }
    }
    wilson(right, all, LEVEL)
}

fn by_margin(setting: &Setting, classes: &[&ClassOutcome]) -> Vec<ByMargin> {
    let edges = [1.0, MARGIN, 1.25, 1.5, 2.0, f64::INFINITY];
    edges
        .windows(2)
        .map(|pair| ByMargin {
            from: pair[0],
            to: pair[1].is_finite().then_some(pair[1]),
            right: right(setting, classes, pair[0], pair[1]),
        })
        .collect()
}

fn classes_won(setting: &Setting, outcomes: &[&Outcome], p: f64) -> Vec<ClassesWon> {
    let n_classes = setting.n_classes();
    let won = |outcome: &Outcome| {
        outcome.classes.iter().filter(|class| class.winner(setting.beta) == Winner::Modality(0)).count()
    };
    let counts: Vec<usize> = outcomes.iter().map(|outcome| won(outcome)).collect();
    (0..=n_classes)
        .map(|count| {
            let hits = counts.iter().filter(|c| **c == count).count() as u64;
            ClassesWon {
                count,
                share: wilson(hits, outcomes.len() as u64, LEVEL).expect("there are trials"),
                binomial: crate::stats::distributions::binomial_pmf(count as u64, n_classes as u64, p),
            }
        })
        .collect()
}
