//! What is true of the networks of a study, read off many more test rows than a study
//! has: with a given split of the same trainings, else of others on rows of the same law. Values
//! without intervals: nothing is concluded here.

use rivalry::data::Dataset;
use rivalry::metrics::probe::{Probe, Rows};
use rivalry::metrics::{Evidence, ModelOutputs, NAIVE, Trial, UNIMODAL};
use rivalry::num::{Matrix, MatrixView, special};

use crate::study::features;

/// What networks say about the test rows of the data that they were trained on.
pub(crate) struct Networks {
    pub(crate) evidence: Evidence,
    pub(crate) data: Dataset,
}

/// Means over trainings and test rows.
pub(crate) struct Truth<'a> {
    networks: &'a [Networks],
}

impl<'a> Truth<'a> {
    pub(crate) fn new(networks: &'a [Networks]) -> Self {
        Self { networks }
    }

    /// Joint minus this modality alone.
    pub(crate) fn gap(&self, best: usize) -> f64 {
        self.mean(|of, t| self.joint(of, t) - accuracy(of, t, &[best]))
    }

    /// Ensemble of the networks trained alone minus joint.
    pub(crate) fn headroom(&self) -> f64 {
        self.mean(|of, trial| {
            let labels = labels(of, &trial.test);
            let mut shares = Matrix::<f64>::zeros(labels.len(), of.evidence.study.n_classes());
            for model in (0..self.n_modalities()).map(|m| model(trial, &[m])) {
                let logits = fused(model);
                for i in 0..labels.len() {
                    let row = logits.row(i);
                    let top = row.iter().fold(f64::NEG_INFINITY, |a, z| a.max(*z));
                    let sum: f64 = row.iter().map(|z| special::exp(z - top)).sum();
                    for (share, z) in shares.row_mut(i).iter_mut().zip(row) {
                        *share += special::exp(z - top) / sum;
                    }
                }
            }
            share_right(&shares, &labels) - self.joint(of, trial)
        })
    }

    /// The most that leaving a modality out in training wins.
    pub(crate) fn left_out_gain(&self) -> f64 {
        let all: Vec<usize> = (0..self.n_modalities()).collect();
        let gain = |left_out: usize| {
            let rest: Vec<usize> = all.iter().copied().filter(|m| *m != left_out).collect();
            self.mean(|of, t| accuracy(of, t, &rest) - self.joint(of, t))
        };
        all.iter().map(|m| gain(*m)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The largest encoder deficit.
    pub(crate) fn encoder_deficit(&self) -> f64 {
        let all: Vec<usize> = (0..self.n_modalities()).collect();
        let deficit = |m: usize| {
            self.mean(|of, trial| {
                let (alone, joint) = (model(trial, &[m]), model(trial, &all));
                probed(of, trial, alone, 0) - probed(of, trial, joint, m)
            })
        };
        all.iter().map(|m| deficit(*m)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The best probe on raw features minus this modality alone.
    pub(crate) fn weak_baseline(&self, best: usize) -> f64 {
        self.raw_probe() - self.mean(|of, t| accuracy(of, t, &[best]))
    }

    /// The joint network minus the best probe on raw features.
    pub(crate) fn joint_over_raw_probe(&self) -> f64 {
        self.mean(|of, t| self.joint(of, t)) - self.raw_probe()
    }

    /// Accuracy of the best probe on raw features.
    fn raw_probe(&self) -> f64 {
        let raw = |m: usize| {
            self.mean(|of, trial| {
                let features = features(&of.data);
                let gather = |rows: &[u32]| gathered(&features[m], rows);
                probe(of, [gather(&trial.train), gather(&trial.valid), gather(&trial.test)], trial)
            })
        };
        (0..self.n_modalities()).map(raw).fold(f64::NEG_INFINITY, f64::max)
    }

    fn n_modalities(&self) -> usize {
        self.networks.first().map_or(0, |of| of.evidence.study.modality_names.len())
    }

    /// Every training counts the same: all data sets have as many.
    fn mean(&self, value: impl Fn(&Networks, &Trial) -> f64) -> f64 {
        let each = self.networks.iter().flat_map(|of| of.evidence.trials.iter().map(move |t| (of, t)));
        let values: Vec<f64> = each.map(|(of, trial)| value(of, trial)).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn joint(&self, of: &Networks, trial: &Trial) -> f64 {
        accuracy(of, trial, &(0..self.n_modalities()).collect::<Vec<_>>())
    }
}

fn labels(of: &Networks, rows: &[u32]) -> Vec<u32> {
    rows.iter().map(|row| of.evidence.study.labels[*row as usize]).collect()
}

fn accuracy(of: &Networks, trial: &Trial, modalities: &[usize]) -> f64 {
    share_right(&fused(model(trial, modalities)), &labels(of, &trial.test))
}

fn probed(of: &Networks, trial: &Trial, model: &ModelOutputs, position: usize) -> f64 {
    let part = |part: &rivalry::metrics::PartOutputs| part.embeddings[position].clone();
    probe(of, [part(&model.train), part(&model.valid), part(&model.test)], trial)
}

fn probe(of: &Networks, [train, valid, test]: [Matrix<f32>; 3], trial: &Trial) -> f64 {
    let (train_labels, valid_labels) = (labels(of, &trial.train), labels(of, &trial.valid));
    let probe = Probe::select(
        Rows { features: train.view(), labels: &train_labels },
        Rows { features: valid.view(), labels: &valid_labels },
        of.evidence.study.n_classes(),
    );
    share_right(&probe.logits(test.view()), &labels(of, &trial.test))
}

fn model<'t>(trial: &'t Trial, modalities: &[usize]) -> &'t ModelOutputs {
    let strategy = if modalities.len() == 1 { UNIMODAL } else { NAIVE };
    let found = trial.models.iter().find(|m| m.modalities == modalities && m.strategy == strategy);
    found.expect("every combination was trained")
}

/// The sum of the logits of a model's modalities on test rows.
fn fused(model: &ModelOutputs) -> Matrix<f64> {
    let parts = &model.test.logits;
    let (rows, cols) = (parts[0].rows(), parts[0].cols());
    Matrix::from_fn(rows, cols, |r, c| parts.iter().map(|part| f64::from(part.row(r)[c])).sum())
}

fn gathered(features: &MatrixView<'_, f32>, rows: &[u32]) -> Matrix<f32> {
    let values = rows.iter().flat_map(|row| features.row(*row as usize)).copied().collect();
    Matrix::from_vec(rows.len(), features.cols(), values)
}

/// A tie of the right class with another is an error.
fn share_right(scores: &Matrix<f64>, labels: &[u32]) -> f64 {
    let is_right = |(i, label): (usize, &u32)| {
        let row = scores.row(i);
        let own = row[*label as usize];
        row.iter().enumerate().all(|(k, z)| k == *label as usize || *z < own)
    };
    labels.iter().enumerate().filter(|of| is_right(*of)).count() as f64 / labels.len() as f64
}
