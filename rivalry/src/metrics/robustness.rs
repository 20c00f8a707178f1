//! What is left when one modality goes missing, little by little, against what is
//! left of the ensemble under the same loss: the relative and effective robustness of
//! `MultiBench` (Liang et al., NeurIPS 2021).
//!
//! Two ways to lose a modality, at levels 0, 0.1, ... 1; nothing is passed through a network
//! again, because late fusion lets logits be replaced:
//!
//! - missing: this share of test rows, chosen at random, has the modality's logits
//!   at their mean over the training rows. Rows are hit independently of what they are, so the expected
//!   accuracy falls on a straight line between its two ends; it is computed from them, not drawn.
//! - fading: in every row the logits are this far on the way to that mean. This is no noise on
//!   features, for which the network would have to be run again.
//!
//! relative = area under the curve (trapezoid over levels). effective = sum over the 11
//! levels of f - beta, beta = the ensemble's accuracy at the level moved so that both curves
//! start together: positive = the joint network bears the loss better. The published numbers are
//! scaled between methods afterwards; these are not.

use crate::metrics::outputs::{self, Cut};
use crate::metrics::{Direction, Metric, Need, Part, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::Matrix;
use crate::registry::Entry;

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "robustness",
    summary: "accuracy as one modality goes missing or fades, alone and against the ensemble",
    cites: &[cites::LIANG2021],
    knobs: &[],
    build: |_| Box::new(Robustness),
};

const QUANTITIES: &[Quantity] = &[
    relative(
        "robustness_missing",
        "area under joint accuracy over the share of test rows (0 to 1) that lack this modality",
    ),
    relative(
        "robustness_fading",
        "area under joint accuracy as this modality's logits fade (0 to 1) to their mean",
    ),
    effective(
        "effective_robustness_missing",
        "sum over shares 0, 0.1 ... 1 of test rows that lack this modality of joint accuracy minus that of the \
         ensemble, the difference at 0 taken off",
    ),
    effective(
        "effective_robustness_fading",
        "sum over the levels 0, 0.1 ... 1 at which this modality's logits fade of joint accuracy minus that of the \
         ensemble, the difference at 0 taken off",
    ),
];

const fn relative(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "accuracy", scale: Scale::Share, direction: Direction::Higher, definition }
}

const fn effective(name: &'static str, definition: &'static str) -> Quantity {
    Quantity { name, unit: "accuracy", scale: Scale::Free, direction: Direction::Higher, definition }
}

/// Steps between nothing and everything lost.
const STEPS: usize = 10;

struct Robustness;

impl Metric for Robustness {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Logits, Need::TrainingOutputs]
    }

    fn cost(&self) -> &'static str {
        "11 softmaxes of every test row per modality"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        let cut = Cut::of(trial);
        // Without the joint network's cut there is nothing to hold the ensemble against.
        let ensemble = cut.as_ref().map_err(Clone::clone).and_then(|_| Ensemble::of(trial));
        for modality in 0..trial.n_modalities() {
            let joint = cut.as_ref().map_err(Clone::clone).map(|cut| faded(cut, modality));
            let late = ensemble.as_ref().map_err(Clone::clone);
            let late = late.map(|ensemble| ensemble.faded(modality, trial.labels(Part::Test)));
            let names = [
                ["robustness_missing", "effective_robustness_missing"],
                ["robustness_fading", "effective_robustness_fading"],
            ];
            for (straight, [relative, effective]) in [true, false].into_iter().zip(names) {
                let line =
                    |levels: &[Vec<f32>]| if straight { straightened(levels) } else { levels.to_vec() };
                let joint = joint.as_ref().map_err(Clone::clone).map(|levels| line(levels));
                let late = late.as_ref().map_err(Clone::clone).map(|levels| line(levels));
                let subject = Subject::Modality(modality);
                let difference = match (&joint, &late) {
                    (Ok(joint), Ok(late)) => Ok(above(joint, late)),
                    (Err(why), _) | (_, Err(why)) => Err(why.clone()),
                };
                sheet.samples_or(effective, subject.clone(), difference);
                sheet.samples_or(relative, subject, joint.map(|levels| area(&levels)));
            }
        }
    }
}

/// What the joint network has right at every level.
fn faded(cut: &Cut<'_>, modality: usize) -> Vec<Vec<f32>> {
    let (own, mean) = (&cut.branches[modality], &cut.means[modality]);
    let at = |level: usize| {
        let lost = level as f64 / STEPS as f64;
        let value = |r: usize, k: usize| cut.fused.row(r)[k] + lost * (mean[k] - own.row(r)[k]);
        outputs::right(&Matrix::from_fn(cut.fused.rows(), cut.fused.cols(), value), cut.labels)
    };
    (0..=STEPS).map(at).collect()
}

/// The networks trained alone: their logits and what stands in for them.
struct Ensemble {
    logits: Vec<Matrix<f64>>,
    means: Vec<Vec<f64>>,
    probabilities: Vec<Matrix<f64>>,
}

impl Ensemble {
    fn of(trial: &Reading<'_>) -> Result<Self, String> {
        let (mut logits, mut means) = (Vec::new(), Vec::new());
        for modality in 0..trial.n_modalities() {
            let model = trial.alone(modality)?;
            logits.push(trial.fused(model, Part::Test)?);
            means.push(outputs::mean_logits(model, 0));
        }
        let probabilities = logits.iter().map(outputs::softmax).collect();
        Ok(Self { logits, means, probabilities })
    }

    fn faded(&self, modality: usize, labels: &[u32]) -> Vec<Vec<f32>> {
        let (own, mean) = (&self.logits[modality], &self.means[modality]);
        let (n, n_classes) = (own.rows(), own.cols());
        let others = |r: usize, k: usize| {
            let rest = self.probabilities.iter().enumerate().filter(|(m, _)| *m != modality);
            rest.map(|(_, p)| p.row(r)[k]).sum::<f64>()
        };
        let others = Matrix::<f64>::from_fn(n, n_classes, others);
        let at = |level: usize| {
            let lost = level as f64 / STEPS as f64;
            let value = |r: usize, k: usize| own.row(r)[k] + lost * (mean[k] - own.row(r)[k]);
            let mut p = outputs::softmax(&Matrix::from_fn(n, n_classes, value));
            p.as_mut_slice().iter_mut().zip(others.as_slice()).for_each(|(p, o)| *p += o);
            outputs::right(&p, labels)
        };
        (0..=STEPS).map(at).collect()
    }
}

/// The straight line between the ends.
fn straightened(levels: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let (first, last) = (&levels[0], &levels[STEPS]);
    let at = |level: usize| {
        let lost = level as f32 / STEPS as f32;
        first.iter().zip(last).map(|(f, l)| f + lost * (l - f)).collect()
    };
    (0..=STEPS).map(at).collect()
}

/// Trapezoid area over levels from 0 to 1, row by row.
fn area(levels: &[Vec<f32>]) -> Vec<f32> {
    let one = |row: usize| {
        let inner: f32 = levels.iter().map(|level| level[row]).sum();
        (inner - 0.5 * (levels[0][row] + levels[STEPS][row])) / STEPS as f32
    };
    (0..levels[0].len()).map(one).collect()
}

/// Sum over levels of f - (late + f_0 - late_0), row by row.
fn above(f: &[Vec<f32>], late: &[Vec<f32>]) -> Vec<f32> {
    let one = |row: usize| {
        let start = f[0][row] - late[0][row];
        f.iter().zip(late).map(|(f, late)| f[row] - late[row] - start).sum()
    };
    (0..f[0].len()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::{Plan, Planted, measured};

    #[test]
    fn areas_by_hand() {
        // Right up to level 5, wrong beyond: 0.55.
        let levels: Vec<Vec<f32>> = (0..=STEPS).map(|l| vec![f32::from(u8::from(l <= 5))]).collect();
        assert!((area(&levels)[0] - 0.55).abs() < 1e-6);
        let line = straightened(&levels);
        assert!((area(&line)[0] - 0.5).abs() < 1e-6 && (line[3][0] - 0.7).abs() < 1e-6);
        // The other is right throughout: five levels are lost.
        let steady: Vec<Vec<f32>> = (0..=STEPS).map(|_| vec![1.0]).collect();
        assert_eq!((above(&levels, &steady)[0], above(&steady, &levels)[0]), (-5.0, 5.0));
        // Only changes count, not where the curves start.
        let wrong: Vec<Vec<f32>> = (0..=STEPS).map(|_| vec![0.0]).collect();
        assert_eq!(above(&wrong, &steady)[0], 0.0);
    }

    #[test]
    fn the_modality_that_speaks_is_missed() {
        let mut plan =
            Plan::new(vec![Planted::new("a", (0.0, 0.1)), Planted::new("b", (0.5, 0.2))], (0.0, 0.1));
        plan.n_seeds = 2;
        let found = measured(&plan.evidence());
        let of = |name: &str, m: usize| found.table.get(name, &Subject::Modality(m)).unwrap().value;
        assert!(of("robustness_missing", 0) < 0.8 && (of("robustness_missing", 1) - 0.9).abs() < 0.01);
        assert!(of("effective_robustness_missing", 1) > 0.0);
        let drop = of("removal_drop", 0);
        // The line: half of what removal costs.
        assert!((of("robustness_missing", 0) - (0.9 - 0.5 * drop)).abs() < 0.01);
    }
}
