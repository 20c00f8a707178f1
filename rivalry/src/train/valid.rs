//! What the validation part says after an epoch, and which epoch was best.

use crate::model::loss;
use crate::num::{MatrixView, Scalar};
use crate::record::{Best, Trajectory};
use crate::strategies::{Fusing, Strategy};

use super::prepare::Prepared;

/// Accuracy and mean loss on the validation part, of what the strategy predicts where it
/// does so itself.
pub(super) fn validate<T: Scalar>(
    prepared: &Prepared<T>,
    params: &[T],
    fuses: Option<&dyn Strategy<T>>,
) -> Option<(f64, f64)> {
    let (model, valid) = (&prepared.model, &prepared.valid);
    if valid.is_empty() {
        return None;
    }
    let (mut right, mut loss) = (0, 0.0);
    let mut read = |start: usize, scores: MatrixView<'_, T>| {
        let labels = &valid.y[start..start + scores.rows()];
        right += labels.iter().enumerate().filter(|(i, y)| loss::is_right(scores.row(*i), **y)).count();
        loss += loss::mean_cross_entropy(scores, labels) * labels.len() as f64;
    };
    let fused = fuses.and_then(|strategy| {
        let outputs = &model.evaluate(params, valid);
        strategy.fuse(&Fusing { model, params, valid: None, outputs })
    });
    match fused {
        Some(scores) => read(0, scores.view()),
        None => model.visit(params, valid, |start, work| read(start, work.fused())),
    }
    Some((right as f64 / valid.len() as f64, loss / valid.len() as f64))
}

/// Validated epochs since the best one: its values stand in the trajectory.
pub(super) fn stale(trajectory: &Trajectory, best: &Best) -> usize {
    let (accuracies, losses) = (trajectory.get("valid_accuracy"), trajectory.get("valid_loss"));
    let mut pairs = accuracies.iter().zip(losses);
    let first = pairs.position(|(a, l)| *a == best.accuracy && *l == best.loss);
    accuracies.len() - 1 - first.expect("the best epoch was validated")
}

/// Higher validation accuracy; at equal accuracy, lower loss.
pub(super) fn better(new: &Best, old: &Best) -> bool {
    new.accuracy > old.accuracy || (new.accuracy == old.accuracy && new.loss < old.loss)
}
