//! The choice of one row, on validation rows alone. The rule is that of `docs/remedy.md`, written there first.

use crate::num::Matrix;
use crate::stats::{Bootstrap, FoldDifferences, crossed_replicates};

use super::measure::{TrialOutcome, share};

/// Replicates of a standard error.
const REPLICATES: usize = 1_000;

/// What validation says of some arms.
pub(super) struct Standing {
    /// The arm with the highest mean validation accuracy: of all arms it is the chosen one.
    pub(super) best: usize,
    /// The arms within one standard error of it, itself included.
    pub(super) near: Vec<usize>,
}

/// Mean validation accuracy and minus the mean loss over trials; `None` where some trial has none.
pub(super) fn score(trials: &[TrialOutcome], arm: usize) -> Option<[f64; 2]> {
    let (mut accuracy, mut loss) = (0.0, 0.0);
    for trial in trials {
        let said = trial.arms[arm].said.as_ref().ok()?;
        accuracy += share(&said.valid_right)?;
        loss += said.valid_loss;
    }
    let n = trials.len() as f64;
    (n > 0.0).then(|| [accuracy / n, -loss / n])
}

/// The best of some arms; of equals the first.
pub(super) fn best(trials: &[TrialOutcome], arms: &[usize]) -> Option<usize> {
    let mut top: Option<(usize, [f64; 2])> = None;
    for arm in arms {
        if let Some(score) = score(trials, *arm).filter(|score| top.is_none_or(|(_, best)| *score > best)) {
            top = Some((*arm, score));
        }
    }
    top.map(|(arm, _)| arm)
}

/// Where arms stand that are given in the order of simplicity: of equals the simplest is best. `groups` holds one number
/// per sample of the data set. `None` where no arm has validation rows in every trial.
pub(super) fn standing(trials: &[TrialOutcome], groups: Option<&[u32]>, arms: &[usize]) -> Option<Standing> {
    let best = best(trials, arms)?;
    let is_near = |arm: &usize| {
        *arm == best
            || score(trials, *arm).is_some() && {
                let (difference, error) = behind(trials, groups, best, *arm);
                difference <= error
            }
    };
    Some(Standing { best, near: arms.iter().copied().filter(is_near).collect() })
}

/// How far an arm is behind the best on validation rows, and the standard error of that paired difference.
/// Both arms have validation rows in every trial.
fn behind(trials: &[TrialOutcome], groups: Option<&[u32]>, best: usize, arm: usize) -> (f64, f64) {
    let right = |trial: &TrialOutcome, arm: usize| {
        trial.arms[arm].said.as_ref().map(|said| said.valid_right.clone()).unwrap_or_default()
    };
    let differences: Vec<Vec<f64>> = trials
        .iter()
        .map(|trial| {
            let (a, b) = (right(trial, best), right(trial, arm));
            a.iter().zip(&b).map(|(a, b)| f64::from(a - b)).collect()
        })
        .collect();
    let means: Vec<f64> = differences.iter().map(|d| d.iter().sum::<f64>() / d.len() as f64).collect();
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    // Validation rows that all trials share are samples like any others; rows drawn anew for every
    // trial come with overlapping training rows, as folds do.
    if trials.iter().all(|trial| trial.valid == trials[0].valid) {
        let values = Matrix::from_fn(differences.len(), trials[0].valid.len(), |r, c| differences[r][c]);
        let groups: Option<Vec<u32>> =
            groups.map(|groups| trials[0].valid.iter().map(|row| groups[*row as usize]).collect());
        let how = Bootstrap { replicates: REPLICATES, ..Bootstrap::default() };
        let found = crossed_replicates(&values, groups.as_deref(), None, Some((-1.0, 1.0)), &how);
        return (mean, found.and_then(|found| found.standard_error()).unwrap_or(0.0));
    }
    let total = |size: fn(&TrialOutcome) -> usize| trials.iter().map(size).sum::<usize>() as f64;
    let ratio = total(|t| t.valid.len()) / total(|t| t.n_train).max(1.0);
    (mean, FoldDifferences::new(&means, ratio).map_or(0.0, |found| found.standard_error()))
}
