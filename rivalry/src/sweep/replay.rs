//! Records -> evidence: runs the kept networks forward once more on every
//! part, without noise.

use crate::data::Dataset;
use crate::metrics::{BranchCurves, Curves, Ending, FeatureFacts, ModelOutputs, PartOutputs};
use crate::model::Outputs;
use crate::num::{Matrix, Numbers, Scalar, sums};
use crate::record::{Ended, Record, branch_reading};
use crate::spec::Job;
use crate::train::{Prepared, prepare};

/// What a record's network says about every part of its data; the embeddings
/// too where `embeddings` asks for them. A run that diverged or did not
/// converge says nothing.
pub(super) fn replay(job: &Job, data: &Dataset, record: &Record, embeddings: bool) -> ModelOutputs {
    let spec = job.spec();
    let modalities = spec.modalities.iter().filter_map(|name| data.modality_idx(name)).collect();
    let mut outputs = ModelOutputs {
        modalities,
        strategy: spec.strategy.name.clone(),
        ended: Ending::Completed,
        train: PartOutputs::default(),
        valid: PartOutputs::default(),
        test: PartOutputs::default(),
        curves: Curves {
            train_loss: record.trajectory.get("train_loss").to_vec(),
            valid_loss: record.trajectory.get("valid_loss").to_vec(),
            valid_accuracy: record.trajectory.get("valid_accuracy").to_vec(),
            branches: readings(record),
        },
    };
    if let Ended::Diverged { epoch, what } = &record.ended {
        outputs.ended = Ending::Diverged { epoch: *epoch, what: what.clone() };
        return outputs;
    }
    if let Ended::NotConverged { epoch, why } = &record.ended {
        outputs.ended = Ending::NotConverged { epoch: *epoch, why: why.to_string() };
        return outputs;
    }
    match &record.params {
        Numbers::F32(params) => fill(&mut outputs, &prepare::<f32>(job, data), params, embeddings),
        Numbers::F64(params) => fill(&mut outputs, &prepare::<f64>(job, data), params, embeddings),
    }
    outputs
}

/// What [`crate::spec::Spec::meters`] kept.
fn readings(record: &Record) -> Vec<BranchCurves> {
    let of = |branch: usize, name: &str| record.trajectory.get(&branch_reading(name, branch)).to_vec();
    let one = |b: usize| BranchCurves {
        residual_ratio: of(b, "residual_ratio"),
        discrepancy_ratio: of(b, "discrepancy_ratio"),
        train_accuracy: of(b, "branch_train_accuracy"),
        gradient_cosine: of(b, "gradient_cosine"),
        gradient_ratio: of(b, "gradient_ratio"),
        fisher_trace: of(b, "fisher_trace"),
    };
    let n_branches = if record.spec.meters { record.spec.modalities.len() } else { 0 };
    (0..n_branches).map(one).collect()
}

fn fill<T: Scalar>(outputs: &mut ModelOutputs, on: &Prepared<T>, params: &[T], embeddings: bool) {
    let train = on.model.evaluate(params, &on.train);
    let means = train.mean_logits();
    let single = |m: &Matrix<T>| m.map(|v| v.to_f64() as f32);
    // A pseudo-view is no modality.
    let n = outputs.modalities.len();
    let part = |said: &Outputs<T>| PartOutputs {
        logits: said.centred(&means).iter().take(n).map(single).collect(),
        embeddings: if embeddings {
            said.embeddings.iter().take(n).map(single).collect()
        } else {
            Vec::new()
        },
        predicted: Vec::new(),
    };
    outputs.train = part(&train);
    outputs.valid = part(&on.model.evaluate(params, &on.valid));
    outputs.test = part(&on.model.evaluate(params, &on.test));
}

/// Scale and constancy of every modality's features, as given and as the
/// networks see them.
pub(super) fn feature_facts(data: &Dataset, standardised: bool) -> Vec<FeatureFacts> {
    data.modalities()
        .iter()
        .map(|modality| {
            let features = &modality.features;
            let (n, d) = (features.rows(), features.cols());
            let n_constant =
                (0..d).filter(|c| (1..n).all(|r| features.get(r, *c) == features.get(0, *c))).count();
            let total: f64 =
                (0..d).map(|c| sums::sum_by(n, |r| features.get(r, c) * features.get(r, c))).sum();
            let mut rms_given = (total / (n * d) as f64).sqrt();
            if !total.is_normal() {
                // Squares of values beyond 1e150 or below 1e-150 leave the range.
                let largest = (0..n)
                    .flat_map(|r| (0..d).map(move |c| (r, c)))
                    .fold(0.0, |largest: f64, (r, c)| largest.max(features.get(r, c).abs()));
                if largest > 0.0 {
                    let ratio = |r, c| features.get(r, c) / largest;
                    let total: f64 = (0..d).map(|c| sums::sum_by(n, |r| ratio(r, c) * ratio(r, c))).sum();
                    rms_given = largest * (total / (n * d) as f64).sqrt();
                }
            }
            // Standardised features have mean square one, constant ones zero.
            let rms_seen = if standardised { ((d - n_constant) as f64 / d as f64).sqrt() } else { rms_given };
            FeatureFacts { n_features: d, n_constant, rms_given, rms_seen }
        })
        .collect()
}
