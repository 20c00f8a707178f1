//! What a finished run leaves behind: its record, with outputs on the test part,
//! which is read here and nowhere else.

use crate::data::Dataset;
use crate::model::{LateFusion, Outputs};
use crate::num::{Matrix, Scalar};
use crate::record::{Ended, Predictions, Record, TensorInfo};
use crate::spec::{ENGINE, Job};
use crate::strategies::{self, Fusing, Strategy};

use super::prepare::{Prepared, build};
use super::run::State;

/// Outputs beyond this are as bad as infinite ones: their sums over branches,
/// classes and rows must stay finite in single precision.
const LARGEST_OUTPUT: f64 = 1e30;

/// What a finished run leaves behind. The test part is read here, once.
pub(super) fn record<T: Scalar>(
    job: &Job,
    data: &Dataset,
    prepared: &Prepared<T>,
    state: State<T>,
    ended: Ended,
) -> Record {
    let model = &prepared.model;
    let tensors = model
        .tensors()
        .into_iter()
        .map(|t| TensorInfo { name: t.name, rows: t.rows, cols: t.cols })
        .collect();
    let said = match &ended {
        Ended::Diverged { .. } => Err(None),
        _ => predict(model, state.strategy.as_ref(), &state.params, prepared, job.spec().modalities.len())
            .map_err(Some),
    };
    let (ended, predictions) = match said {
        Ok(predictions) => (ended, predictions),
        Err(None) => (ended, Predictions::default()),
        Err(Some(what)) => {
            let epoch = state.cost.epochs.saturating_sub(1);
            (Ended::Diverged { epoch, what: what.to_owned() }, Predictions::default())
        }
    };
    Record {
        id: job.id(),
        spec: job.spec().clone(),
        data: data.fingerprint().to_string(),
        engine: ENGINE.to_owned(),
        ended,
        cost: state.cost,
        trajectory: state.trajectory,
        tensors,
        params: T::into_numbers(state.params),
        predictions,
    }
}

/// Outputs on the test part, or which outputs nobody can compute with.
fn predict<T: Scalar>(
    model: &LateFusion<T>,
    strategy: &dyn Strategy<T>,
    params: &[T],
    prepared: &Prepared<T>,
    n_modalities: usize,
) -> Result<Predictions, &'static str> {
    let test = model.evaluate(params, &prepared.test);
    let train = model.evaluate(params, &prepared.train);
    let valid = (!prepared.valid.is_empty()).then(|| model.evaluate(params, &prepared.valid));
    for (outputs, what) in [
        (Some(&train), "an output on a training sample"),
        (valid.as_ref(), "an output on a validation sample"),
        (Some(&test), "an output on a test sample"),
    ] {
        if outputs.is_some_and(|outputs| !within_reach(outputs)) {
            return Err(what);
        }
    }
    let means = train.mean_logits();
    let valid = valid.as_ref().map(|outputs| (outputs, &prepared.valid.y[..]));
    let fused = strategy.fuse(&Fusing { model, params, valid, outputs: &test });
    let single = |m: &Matrix<T>| m.as_slice().iter().map(|v| v.to_f64() as f32).collect::<Vec<f32>>();
    Ok(Predictions {
        rows: prepared.partition.test.clone(),
        n_classes: model.n_classes(),
        scores: single(fused.as_ref().unwrap_or(&test.fused)),
        // A pseudo-view is no modality.
        branches: test.centred(&means).iter().take(n_modalities).map(single).collect(),
    })
}

/// What a kept network predicts, given its outputs on some part and on the validation part: scores,
/// of which the largest wins, as its strategy makes them.
pub fn fused_scores<T: Scalar>(
    job: &Job,
    model: &LateFusion<T>,
    params: &[T],
    valid: Option<(&Outputs<T>, &[u32])>,
    outputs: &Outputs<T>,
) -> Matrix<T> {
    let strategy = build("strategy", strategies::table::<T>(), &job.spec().strategy);
    let fused = strategy.fuse(&Fusing { model, params, valid, outputs });
    fused.unwrap_or_else(|| outputs.fused.clone())
}

fn within_reach<T: Scalar>(outputs: &Outputs<T>) -> bool {
    let mut parts = outputs.logits.iter().chain(&outputs.embeddings).chain([&outputs.fused]);
    parts.all(|part| part.as_slice().iter().all(|v| v.to_f64().abs() <= LARGEST_OUTPUT))
}
