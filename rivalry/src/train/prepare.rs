//! Job + data set -> the matrices that training reads, and the network.

use crate::data::{Dataset, Partition, Scaler};
use crate::encoders;
use crate::model::{BranchPlan, Inputs, LateFusion};
use crate::num::{Matrix, Scalar};
use crate::registry::{Choice, Table, find};
use crate::spec::{ClassWeights, Job, Spec};

/// What [`crate::strategies::Needs::pseudo_view`] is called among the weights: no modality
/// can be, as their names hold no `+`.
const PSEUDO_VIEW: &str = "+";

/// Everything a run computes on.
pub struct Prepared<T: Scalar> {
    /// The network.
    pub model: LateFusion<T>,
    /// Which rows of the data set are in which part.
    pub partition: Partition,
    /// The training part.
    pub train: Inputs<T>,
    /// The validation part, maybe empty.
    pub valid: Inputs<T>,
    /// The test part.
    pub test: Inputs<T>,
    /// One weight per class, where the spec weighs classes.
    pub class_weights: Option<Vec<T>>,
}

/// Cuts, scales and converts the data for a job and lays out its network.
pub fn prepare<T: Scalar>(job: &Job, data: &Dataset) -> Prepared<T> {
    let spec = job.spec();
    let partition = data.partition(spec.repeat, spec.fold as usize, spec.seed, spec.valid_share);
    let part = |rows: &[u32]| Inputs {
        x: Vec::with_capacity(spec.modalities.len()),
        y: rows.iter().map(|row| data.labels()[*row as usize]).collect(),
    };
    let (mut train, mut valid, mut test) =
        (part(&partition.train), part(&partition.valid), part(&partition.test));
    for idx in modality_indices(spec, data) {
        let features = &data.modalities()[idx].features;
        let scaler = spec.standardise.then(|| Scaler::fit(features, &partition.train));
        let cut = |rows: &[u32]| match &scaler {
            Some(scaler) => scaler.apply(features, rows),
            None => Matrix::from_fn(rows.len(), features.cols(), |r, c| {
                T::from_f64(features.get(rows[r] as usize, c))
            }),
        };
        train.x.push(cut(&partition.train));
        valid.x.push(cut(&partition.valid));
        test.x.push(cut(&partition.test));
    }
    if job.needs().pseudo_view {
        for part in [&mut train, &mut valid, &mut test] {
            let all = side_by_side(&part.x, part.y.len());
            part.x.push(all);
        }
    }
    let class_weights = match spec.class_weights {
        ClassWeights::None => None,
        ClassWeights::Balanced => Some(balanced(&train.y, data.n_classes())),
    };
    Prepared { model: network(job, data), partition, train, valid, test, class_weights }
}

/// The network of a job.
pub(crate) fn network<T: Scalar>(job: &Job, data: &Dataset) -> LateFusion<T> {
    let spec = job.spec();
    let encoder = |choice: &Choice| build("encoder", encoders::table::<T>(), choice);
    let width = |modality: usize| data.modalities()[modality].features.cols();
    let mut branches: Vec<_> = modality_indices(spec, data)
        .zip(&spec.modalities)
        .map(|(modality, name)| BranchPlan {
            modality,
            name: name.clone(),
            n_inputs: width(modality),
            encoder: encoder(spec.encoders.get(name).unwrap_or(&spec.encoder)),
        })
        .collect();
    if job.needs().pseudo_view {
        branches.push(BranchPlan {
            modality: data.modalities().len(),
            name: PSEUDO_VIEW.to_owned(),
            n_inputs: modality_indices(spec, data).map(width).sum(),
            encoder: encoder(&spec.encoder),
        });
    }
    LateFusion::new(branches, data.n_classes(), job.needs().own_heads)
}

/// Builds a kind from a choice that [`Spec::check`] has completed.
pub(super) fn build<K: ?Sized>(drawer: &'static str, table: Table<K>, choice: &Choice) -> Box<K> {
    let entry = find(drawer, table, &choice.name).expect("the spec was checked");
    (entry.build)(&entry.settle(choice).expect("the spec was checked"))
}

/// The features of all branches in one matrix.
fn side_by_side<T: Scalar>(x: &[Matrix<T>], n: usize) -> Matrix<T> {
    let mut all = Vec::with_capacity(n * x.iter().map(Matrix::cols).sum::<usize>());
    (0..n).for_each(|r| x.iter().for_each(|x| all.extend_from_slice(x.row(r))));
    Matrix::from_vec(n, x.iter().map(Matrix::cols).sum(), all)
}

fn modality_indices<'a>(spec: &'a Spec, data: &'a Dataset) -> impl Iterator<Item = usize> + 'a {
    spec.modalities.iter().map(|name| data.modality_idx(name).expect("the spec was checked"))
}

/// n / (K n_k); a class without training samples never occurs in a batch.
fn balanced<T: Scalar>(labels: &[u32], n_classes: usize) -> Vec<T> {
    let mut counts = vec![0_usize; n_classes];
    for y in labels {
        counts[*y as usize] += 1;
    }
    let share = labels.len() as f64 / n_classes as f64;
    counts.iter().map(|n| T::from_f64(share / (*n).max(1) as f64)).collect()
}

/// Multiplications and additions of one epoch of a job: the unit of budgets.
pub fn flops_per_epoch(job: &Job, data: &Dataset) -> f64 {
    let spec = job.spec();
    let n = data.partition(spec.repeat, spec.fold as usize, spec.seed, spec.valid_share).train.len();
    network::<f32>(job, data).flops_per_sample() * n as f64
}
