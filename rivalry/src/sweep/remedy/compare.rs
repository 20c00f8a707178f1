//! All trials -> the table, and the answer.

use crate::data::Dataset;
use crate::diagnose::Cell;
use crate::metrics::{Cells, Measured, Scale, Series, Study};
use crate::num::parallel;
use crate::stats::{Estimate, holm};

use super::arms::{Arm, Kind};
use super::choice::{self, Standing};
use super::measure::{Outcome, Said, TrialOutcome, share};
use super::results::{Answer, Refused, RelativeCost, Remedies, RemedyRow, Search};

/// All that the comparison is made of.
pub(super) struct Facts<'a> {
    pub(super) data: &'a Dataset,
    pub(super) study: &'a Study,
    pub(super) series: Series<'a>,
    pub(super) arms: &'a [Arm],
    pub(super) trials: &'a [TrialOutcome],
    pub(super) loser: Option<usize>,
    /// Half the width of the region of practical equivalence, a fraction.
    pub(super) rope: f64,
}

/// One arm minus another.
pub(super) struct Gain {
    pub(super) estimate: Estimate,
    /// Two-sided.
    p: f64,
}

impl Gain {
    /// The p value of "it is ahead": a loss is no evidence of a gain.
    pub(super) fn p_ahead(&self) -> f64 {
        if self.estimate.value > 0.0 { self.p } else { 1.0 }
    }
}

/// A row's test against the controls.
struct Against {
    /// Smallest gain, and the arm that it is over.
    smallest: Option<(Measured, usize)>,
    /// Largest p value of the gains.
    p: f64,
    p_over_joint: f64,
}

/// The modality whose encoder loses most in the joint network, on validation rows; the first arms are
/// the modalities alone, then the joint network.
pub(super) fn loser(trials: &[TrialOutcome], n_modalities: usize) -> Option<usize> {
    let deficit = |m: usize| {
        let mut sum = 0.0;
        for trial in trials {
            let probed =
                |arm: usize| share(&trial.arms[arm].said.as_ref().ok()?.probes[m].as_ref()?.valid_right);
            sum += probed(m)? - probed(n_modalities)?;
        }
        Some(sum)
    };
    let found = (0..n_modalities).filter_map(|m| Some((m, deficit(m)?)));
    // Of equals the first.
    found.rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(m, _)| m)
}

impl Facts<'_> {
    pub(super) fn compare(&self, refused: Vec<Refused>, search: Search) -> (Remedies, Answer) {
        let alone = self.of_kind(Kind::Alone);
        // Without validation rows the choice falls on test rows, as everywhere; a note says so.
        let best_alone = choice::best(self.trials, &alone).unwrap_or_else(|| self.best_on_test(&alone));
        let joint = self.of_kind(Kind::Joint)[0];
        let controls: Vec<usize> =
            [best_alone, joint].into_iter().chain(self.of_kind(Kind::Control)).collect();
        let methods = self.of_kind(Kind::Method);
        let classes = self.loser_classes(&alone);

        let against =
            parallel::map(self.series.threads, &methods, |_, arm| self.against(*arm, &controls, joint));
        let adjusted = holm(&against.iter().map(|a| a.p).collect::<Vec<_>>());
        let over_joint = holm(&against.iter().map(|a| a.p_over_joint).collect::<Vec<_>>());
        let groups = self.study.groups.as_deref();
        let all = self.by_simplicity(controls.iter().chain(&methods).copied().collect());
        let standing = choice::standing(self.trials, groups, &all);

        let all_arms: Vec<usize> = (0..self.arms.len()).collect();
        let mut rows = parallel::map(self.series.threads, &all_arms, |_, arm| {
            self.row(*arm, best_alone, joint, &classes, standing.as_ref())
        });
        for ((arm, against), (p, q)) in methods.iter().zip(against).zip(adjusted.into_iter().zip(over_joint))
        {
            let row = &mut rows[*arm];
            row.adjusted_p = Some(p);
            row.adjusted_p_over_joint = Some(q);
            if let Some((gain, over)) = against.smallest {
                row.gain_over_controls = Cell(gain);
                row.hardest_control = Some(self.arms[over].name.clone());
            }
        }
        let answer = self.answer(&rows, &methods, &controls, standing.as_ref().map(|standing| standing.best));
        let name = |arm: usize| self.arms[arm].name.clone();
        let remedies = Remedies {
            best_unimodal: self.modality(self.arms[best_alone].modalities[0]),
            weakest_modality: self.loser.map(|m| self.modality(m)),
            weakest_classes: classes.iter().map(|c| self.study.class_names[*c].clone()).collect(),
            chosen: standing.as_ref().map(|standing| name(standing.best)),
            remedies: rows,
            refused,
            search,
        };
        (remedies, answer)
    }

    fn of_kind(&self, kind: Kind) -> Vec<usize> {
        (0..self.arms.len()).filter(|arm| self.arms[*arm].kind == kind).collect()
    }

    fn modality(&self, m: usize) -> String {
        self.data.modalities()[m].name.clone()
    }

    /// Controls before methods, then the fewest passes; equals keep their order.
    fn simplicity(&self, arm: usize) -> (bool, f64) {
        (!self.arms[arm].is_control(), self.mean(arm, |outcome| outcome.passes))
    }

    fn by_simplicity(&self, mut arms: Vec<usize>) -> Vec<usize> {
        arms.sort_by(|a, b| self.simplicity(*a).partial_cmp(&self.simplicity(*b)).expect("costs are finite"));
        arms
    }

    /// The arm that is best on validation rows; of equals the simplest.
    pub(super) fn best_on_validation(&self, arms: &[usize]) -> Option<usize> {
        choice::best(self.trials, &self.by_simplicity(arms.to_vec()))
    }

    fn mean(&self, arm: usize, of: impl Fn(&Outcome) -> f64) -> f64 {
        self.trials.iter().map(|trial| of(&trial.arms[arm])).sum::<f64>() / self.trials.len() as f64
    }

    /// Values per test row of every trial.
    fn cells(&self, arm: usize, of: impl Fn(&Said) -> Result<Vec<f32>, String>) -> Cells {
        let one = |trial: &TrialOutcome| trial.arms[arm].said.as_ref().map_err(Clone::clone).and_then(&of);
        Cells::of_trials(self.trials.iter().map(one).collect())
    }

    fn right(&self, arm: usize) -> Cells {
        self.cells(arm, |said| Ok(said.right.clone()))
    }

    fn best_on_test(&self, arms: &[usize]) -> usize {
        let accuracy =
            |arm: &usize| self.series.estimate(&self.right(*arm), Scale::Share).map_or(-1.0, |e| e.value);
        arms.iter().copied().rev().max_by(|a, b| accuracy(a).total_cmp(&accuracy(b))).unwrap_or(0)
    }

    /// Accuracy of an arm minus that of another on test rows; `None` where they have no values.
    pub(super) fn gain(&self, arm: usize, over: usize) -> Option<Gain> {
        let gain = self.right(arm).minus(&self.right(over));
        let estimate = self.series.estimate(&gain, Scale::Difference(1.0)).ok()?;
        Some(Gain { estimate, p: self.series.p_value(&gain).unwrap_or(1.0).clamp(0.0, 1.0) })
    }

    /// A method against every control that has values.
    fn against(&self, arm: usize, controls: &[usize], joint: usize) -> Against {
        let mut found = Against { smallest: None, p: 1.0, p_over_joint: 1.0 };
        let mut largest: f64 = 0.0;
        for control in controls {
            let Some(gain) = self.gain(arm, *control) else { continue };
            largest = largest.max(gain.p_ahead());
            if *control == joint {
                found.p_over_joint = gain.p;
            }
            let is_smaller = |(so_far, _): &(Measured, usize)| {
                so_far.as_ref().is_ok_and(|so_far| gain.estimate.value < so_far.value)
            };
            if found.smallest.as_ref().is_none_or(is_smaller) {
                found.smallest = Some((Ok(gain.estimate), *control));
            }
        }
        if found.smallest.is_some() {
            found.p = largest;
        }
        found
    }

    /// The classes that the loser alone tells better than the others do, on average over them, by more than it does
    /// over all classes; accuracies on validation rows.
    fn loser_classes(&self, alone: &[usize]) -> Vec<usize> {
        let Some(loser) = self.loser else { return Vec::new() };
        let n_classes = self.study.n_classes();
        let (mut advantage, mut counts) = (vec![0.0; n_classes], vec![0.0; n_classes]);
        for trial in self.trials {
            let said: Option<Vec<&Said>> =
                alone.iter().map(|arm| trial.arms[*arm].said.as_ref().ok()).collect();
            let Some(said) = said else { continue };
            for (i, row) in trial.valid.iter().enumerate() {
                let right: Vec<f64> = said.iter().map(|said| f64::from(said.valid_right[i])).collect();
                let others = (right.iter().sum::<f64>() - right[loser]) / (right.len() - 1) as f64;
                let class = self.study.labels[*row as usize] as usize;
                advantage[class] += right[loser] - others;
                counts[class] += 1.0;
            }
        }
        let total: f64 = counts.iter().sum();
        let mean = advantage.iter().sum::<f64>() / f64::max(total, 1.0);
        (0..n_classes).filter(|c| counts[*c] > 0.0 && advantage[*c] / counts[*c] > mean).collect()
    }

    fn row(
        &self,
        arm: usize,
        best_alone: usize,
        joint: usize,
        classes: &[usize],
        standing: Option<&Standing>,
    ) -> RemedyRow {
        let of = &self.arms[arm];
        let right = self.right(arm);
        let gain = |over: Option<usize>| match over {
            None => Cell(Err("there is no such control".to_owned())),
            Some(over) if over == arm => Cell(Err("it is the control itself".to_owned())),
            Some(over) => Cell(self.series.estimate(&right.minus(&self.right(over)), Scale::Difference(1.0))),
        };
        let ensemble = self.arms.iter().position(|a| a.kind == Kind::Control && a.choice.name == "ensemble");
        let relative = |value: fn(&Outcome) -> f64| {
            let base = self.mean(joint, value);
            (base > 0.0).then(|| self.mean(arm, value) / base)
        };
        let excluded = self.trials.iter().filter_map(|trial| {
            let why = trial.arms[arm].said.as_ref().err()?;
            Some(format!("seed {}, fold {}: {why}", trial.at.seed, trial.at.fold))
        });
        RemedyRow {
            name: of.name.clone(),
            kind: if of.is_control() { "control" } else { "remedy" },
            strategy: of.choice.name.clone(),
            modalities: of.modalities.iter().map(|m| self.modality(*m)).collect(),
            summary: of.summary.to_owned(),
            settings: of.choice.set.clone(),
            accuracy: Cell(self.series.estimate(&right, Scale::Share)),
            valid_accuracy: choice::score(self.trials, arm).map(|score| score[0]),
            gain_over_joint: gain(Some(joint)),
            gain_over_best_unimodal: gain(Some(best_alone)),
            gain_over_ensemble: gain(ensemble),
            gain_over_controls: Cell(Err("it is a control".to_owned())),
            hardest_control: None,
            adjusted_p: None,
            adjusted_p_over_joint: None,
            weakest_modality_probe: Cell(self.probe_effect(arm, joint)),
            weakest_modality_classes: Cell(self.class_effect(arm, joint, classes)),
            relative_cost: RelativeCost {
                passes: relative(|outcome| outcome.passes),
                parameters: relative(|outcome| outcome.n_params as f64),
            },
            within_one_standard_error: standing.is_some_and(|standing| standing.near.contains(&arm)),
            chosen: standing.is_some_and(|standing| standing.best == arm),
            excluded: excluded.collect(),
            warnings: of.warnings.clone(),
        }
    }

    /// The probe on the loser's encoder, here less in the joint network.
    fn probe_effect(&self, arm: usize, joint: usize) -> Measured {
        let loser = self.loser.ok_or("it is not known which modality lost")?;
        if arm == joint {
            return Err("it is what the others are compared with".to_owned());
        }
        let probe = |arm: usize| {
            self.cells(arm, |said| match &said.probes[loser] {
                Some(probed) => Ok(probed.right.clone()),
                None => Err("it has no encoder of the weakest modality".to_owned()),
            })
        };
        self.series.estimate(&probe(arm).minus(&probe(joint)), Scale::Difference(1.0))
    }

    /// Accuracy on the loser's classes, here less of the joint network: the difference of every test
    /// row, weighed by whether its class is meant over the share of such rows.
    fn class_effect(&self, arm: usize, joint: usize, classes: &[usize]) -> Measured {
        if classes.is_empty() {
            return Err("the weakest modality tells no class better than the rest".to_owned());
        }
        if arm == joint {
            return Err("it is what the others are compared with".to_owned());
        }
        let one = |trial: &TrialOutcome| {
            let said = |arm: usize| trial.arms[arm].said.as_ref().map_err(Clone::clone);
            let (a, b) = (said(arm)?, said(joint)?);
            let is_meant = |row: &u32| classes.contains(&(self.study.labels[*row as usize] as usize));
            let n_meant = trial.test.iter().filter(|row| is_meant(row)).count();
            if n_meant == 0 {
                return Err("its classes are not among the test rows".to_owned());
            }
            let factor = trial.test.len() as f32 / n_meant as f32;
            let weigh =
                |(row, (a, b)): (&u32, (&f32, &f32))| if is_meant(row) { factor * (a - b) } else { 0.0 };
            Ok(trial.test.iter().zip(a.right.iter().zip(&b.right)).map(weigh).collect())
        };
        self.series.estimate(&Cells::of_trials(self.trials.iter().map(one).collect()), Scale::Free)
    }
}
