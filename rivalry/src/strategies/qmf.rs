//! Quality-aware multimodal fusion: each sample weighs a modality's logits by the modality's
//! energy, and the energies are made to follow how well the sample was learned so far.
//!
//! The joint logits are sum_m E_m z_m with E_m = logsumexp(z_m) / 10, held constant in the
//! gradient; every modality has a loss of its own; and of two samples the one with the larger
//! mean loss over past epochs should have the smaller energy, by a margin that is the
//! difference of their normalised mean losses.

use crate::model::Workspace;
use crate::num::{Matrix, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, cross_entropy, given, shares, softmax};
use super::{Fusing, Needs, Objective, On, Step, Strategy};

/// What energies are divided by.
const TEMPERATURE: f64 = 10.0;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "qmf",
        summary: "weigh modalities by sample, by energies that follow how well a sample was learned",
        cites: &[Citation {
            key: "zhang2023qmf",
            text: "Q. Zhang, H. Wu, C. Zhang, Q. Hu, H. Fu, J. T. Zhou, X. Peng. Provable Dynamic Fusion for \
                   Low-Quality Multimodal Data. ICML 2023",
            url: "https://arxiv.org/abs/2306.02050",
        }],
        knobs: &[
            Knob {
                name: "auxiliary",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the loss of each modality's logits",
            },
            Knob {
                name: "rank",
                default: Default::Number(0.1),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on the ranking of energies",
            },
        ],
        build: |settings| {
            Box::new(Qmf {
                auxiliary: settings.number("auxiliary"),
                rank: settings.number("rank"),
                history: Vec::new(),
                losses: Vec::new(),
            })
        },
    }
}

struct Qmf<T> {
    auxiliary: f64,
    rank: f64,
    /// Per training row: times seen, then the sum of its losses by branch.
    history: Vec<T>,
    /// Of the present step, sample after sample: its loss by branch.
    losses: Vec<f64>,
}

fn log_sum_exp(row: &[f64]) -> f64 {
    let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + special::ln(row.iter().map(|z| special::exp(z - top)).sum())
}

impl<T: Scalar> Qmf<T> {
    /// Mean losses of the batch's samples so far, scaled to 0..1 over the batch; `None` before
    /// all of them were seen.
    fn mean_losses(&self, rows: &[u32], branch: usize, n_branches: usize) -> Option<Vec<f64>> {
        let kept = |row: &u32| self.history.get(*row as usize * (n_branches + 1)..)?.get(..=n_branches);
        let mean = |row: &u32| {
            let kept = kept(row)?;
            (kept[0] > T::ZERO).then(|| kept[branch + 1].to_f64() / kept[0].to_f64())
        };
        let means: Vec<f64> = rows.iter().map(mean).collect::<Option<_>>()?;
        let low = means.iter().copied().fold(f64::INFINITY, f64::min);
        let high = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (high > low).then(|| means.iter().map(|m| (m - low) / (high - low)).collect())
    }
}

impl<T: Scalar> Strategy<T> for Qmf<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, fuses: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let n_branches = at.epoch.model.branches().len();
        let shares = shares(at);
        let logits: Vec<Matrix<f64>> = Cut::Raw.logits(at.epoch.model, outputs);
        let energies: Vec<Vec<f64>> = logits
            .iter()
            .map(|z| (0..z.rows()).map(|i| log_sum_exp(z.row(i)) / TEMPERATURE).collect())
            .collect();
        let fused = Matrix::from_fn(at.rows.len(), at.epoch.model.n_classes(), |i, k| {
            (0..n_branches).map(|b| energies[b][i] * logits[b].row(i)[k]).sum()
        });
        let (joint, at_fused) = cross_entropy(&fused, at.labels, &shares);
        self.losses = vec![0.0; at.rows.len() * n_branches];
        for (b, z) in logits.iter().enumerate() {
            let (own, mut gradient) = cross_entropy(z, at.labels, &shares);
            for i in 0..z.rows() {
                self.losses[i * n_branches + b] = log_sum_exp(z.row(i)) - z.row(i)[at.labels[i] as usize];
                for (g, of_fused) in gradient.row_mut(i).iter_mut().zip(at_fused.row(i)) {
                    *g = self.auxiliary * *g + energies[b][i] * of_fused;
                }
            }
            let mut value = self.auxiliary * own + if b == 0 { joint } else { 0.0 };
            if let Some(losses) = self.mean_losses(at.rows, b, n_branches).filter(|_| self.rank > 0.0) {
                let (ranked, at_energy) = rank_loss(&energies[b], &losses);
                value += self.rank * ranked;
                let p = softmax(z.view());
                for (i, slope) in at_energy.iter().enumerate() {
                    let pairs = gradient.row_mut(i).iter_mut().zip(p.row(i));
                    pairs.for_each(|(g, p)| *g += self.rank * slope * p / TEMPERATURE);
                }
            }
            objective.add(given(On::Branch(b), value, &gradient));
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        debug_assert_eq!(groups.len(), 1, "no term is kept apart");
        let n_branches = at.epoch.model.branches().len();
        self.history.resize(at.epoch.train.len() * (n_branches + 1), T::ZERO);
        for (row, losses) in at.rows.iter().zip(self.losses.chunks_exact(n_branches)) {
            let kept = &mut self.history[*row as usize * (n_branches + 1)..][..=n_branches];
            kept[0] += T::ONE;
            kept[1..].iter_mut().zip(losses).for_each(|(sum, loss)| *sum += T::from_f64(*loss));
        }
    }

    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let fused = &at.outputs.fused;
        let mut scores = Matrix::zeros(fused.rows(), fused.cols());
        for z in &at.outputs.logits {
            for i in 0..z.rows() {
                let row: Vec<f64> = z.row(i).iter().map(|z| z.to_f64()).collect();
                let energy = log_sum_exp(&row) / TEMPERATURE;
                scores.row_mut(i).iter_mut().zip(row).for_each(|(s, z)| *s += T::from_f64(energy * z));
            }
        }
        Some(scores)
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("history", &mut self.history)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/qmf.py")
    }
}

/// Every sample against the next of the batch, the last against the first: with d the
/// difference of energies of the better learned one and the other and m that of their mean
/// losses, the mean of max(0, m - d); and its slope at every energy.
fn rank_loss(energies: &[f64], losses: &[f64]) -> (f64, Vec<f64>) {
    let n = energies.len();
    let (mut value, mut slopes) = (0.0, vec![0.0; n]);
    for i in 0..n {
        let j = (i + 1) % n;
        let (well, badly) = if losses[i] < losses[j] { (i, j) } else { (j, i) };
        let short = (losses[badly] - losses[well]) - (energies[well] - energies[badly]);
        if losses[i] != losses[j] && short > 0.0 {
            value += short / n as f64;
            slopes[well] -= 1.0 / n as f64;
            slopes[badly] += 1.0 / n as f64;
        }
    }
    (value, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_are_ranked_against_losses_by_a_margin() {
        // Pairs (0, 1), (1, 2), (2, 0), each by loss margin less energy lead.
        let (value, slopes) = rank_loss(&[0.5, 0.3, 0.2], &[0.0, 0.5, 1.0]);
        let short = [0.5 - 0.2, 0.5 - 0.1, 1.0 - 0.3];
        assert!((value - short.iter().sum::<f64>() / 3.0).abs() < 1e-12);
        assert!(slopes.iter().zip([-2.0, 0.0, 2.0]).all(|(s, e)| (s - e / 3.0).abs() < 1e-12), "{slopes:?}");
        assert_eq!(rank_loss(&[2.0, 0.0], &[0.0, 1.0]).0, 0.0);
    }
}
