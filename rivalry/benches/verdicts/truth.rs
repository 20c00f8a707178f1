//! What is true of the networks of a study: the same trainings, read off many
//! more test rows than a study has. Values without intervals: nothing is concluded here.

use rivalry::metrics::probe::{Probe, Rows};
use rivalry::metrics::{Evidence, ModelOutputs, NAIVE, Trial, UNIMODAL};
use rivalry::num::{Matrix, MatrixView, special};

/// Means over trainings and test rows.
pub(crate) struct Truth<'a> {
    evidence: &'a Evidence,
    features: &'a [MatrixView<'a, f32>],
}

impl<'a> Truth<'a> {
    /// `features` holds every sample of every modality.
    pub(crate) fn new(evidence: &'a Evidence, features: &'a [MatrixView<'a, f32>]) -> Self {
        Self { evidence, features }
    }

    /// Joint minus this modality alone.
    pub(crate) fn gap(&self, best: usize) -> f64 {
        self.mean(|t| self.joint(t) - self.alone(t, best))
    }

    /// Ensemble of the networks trained alone minus joint.
    pub(crate) fn headroom(&self) -> f64 {
        self.mean(|trial| {
            let labels = self.labels(&trial.test);
            let mut shares = Matrix::<f64>::zeros(labels.len(), self.evidence.study.n_classes());
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
            share_right(&shares, &labels) - self.joint(trial)
        })
    }

    /// The most that leaving a modality out in training wins.
    pub(crate) fn left_out_gain(&self) -> f64 {
        let all: Vec<usize> = (0..self.n_modalities()).collect();
        let gain = |left_out: usize| {
            let rest: Vec<usize> = all.iter().copied().filter(|m| *m != left_out).collect();
            self.mean(|t| self.accuracy(t, &rest) - self.joint(t))
        };
        all.iter().map(|m| gain(*m)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The largest encoder deficit.
    pub(crate) fn encoder_deficit(&self) -> f64 {
        let all: Vec<usize> = (0..self.n_modalities()).collect();
        let deficit = |m: usize| {
            self.mean(|trial| {
                let (alone, joint) = (model(trial, &[m]), model(trial, &all));
                self.probed(trial, alone, 0) - self.probed(trial, joint, m)
            })
        };
        all.iter().map(|m| deficit(*m)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// The best probe on raw features minus this modality alone or the joint network,
    /// whichever is better.
    pub(crate) fn weakness(&self, best: usize) -> f64 {
        let reached = self.mean(|t| self.alone(t, best)).max(self.mean(|t| self.joint(t)));
        let raw = |m: usize| {
            self.mean(|trial| {
                let of = |rows: &[u32]| gathered(&self.features[m], rows);
                self.probe([of(&trial.train), of(&trial.valid), of(&trial.test)], trial)
            })
        };
        (0..self.n_modalities()).map(raw).fold(f64::NEG_INFINITY, f64::max) - reached
    }

    fn n_modalities(&self) -> usize {
        self.evidence.study.modality_names.len()
    }

    fn labels(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|row| self.evidence.study.labels[*row as usize]).collect()
    }

    fn mean(&self, of: impl Fn(&Trial) -> f64) -> f64 {
        let trials = &self.evidence.trials;
        trials.iter().map(of).sum::<f64>() / trials.len() as f64
    }

    fn accuracy(&self, trial: &Trial, modalities: &[usize]) -> f64 {
        share_right(&fused(model(trial, modalities)), &self.labels(&trial.test))
    }

    fn alone(&self, trial: &Trial, modality: usize) -> f64 {
        self.accuracy(trial, &[modality])
    }

    fn joint(&self, trial: &Trial) -> f64 {
        self.accuracy(trial, &(0..self.n_modalities()).collect::<Vec<_>>())
    }

    fn probed(&self, trial: &Trial, model: &ModelOutputs, position: usize) -> f64 {
        let of = |part: &rivalry::metrics::PartOutputs| part.embeddings[position].clone();
        self.probe([of(&model.train), of(&model.valid), of(&model.test)], trial)
    }

    fn probe(&self, [train, valid, test]: [Matrix<f32>; 3], trial: &Trial) -> f64 {
        let (train_labels, valid_labels) = (self.labels(&trial.train), self.labels(&trial.valid));
        let probe = Probe::select(
            Rows { features: train.view(), labels: &train_labels },
            Rows { features: valid.view(), labels: &valid_labels },
            self.evidence.study.n_classes(),
        );
        share_right(&probe.logits(test.view()), &self.labels(&trial.test))
    }
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
