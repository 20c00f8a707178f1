//! Trusted multi-view classification: each modality's logits are evidence for the classes, its
//! opinion a Dirichlet distribution that knows how uncertain it is; opinions are combined by the
//! reduced rule of Dempster and Shafer. No sum of logits anywhere: the fused opinion and every
//! single one have a loss of their own.
//!
//! With evidence e = softplus(z), alpha = e + 1, S = sum alpha, the combination of any number of
//! views has the closed form 1 + e_k / K = prod_v (1 + e_k^v / K) (derived for this project;
//! equal to the published fold, which divides by one minus the conflict). The extended form
//! (ETMC) adds a pseudo-view: an opinion formed from all features side by side.

use crate::model::Workspace;
use crate::num::{Matrix, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, given, shares, sigmoid};
use super::{Fusing, Needs, Objective, On, Step, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "tmc",
        summary: "trusted multi-view classification: evidence per modality, combined by Dempster and Shafer",
        cites: &[TMC],
        knobs: &[ANNEAL],
        build: |settings| Box::new(Tmc { anneal: settings.number("anneal"), extended: false }),
    }
}

/// Registration of the extended form.
pub(super) const fn extended<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "etmc",
        summary: "the same with one more view: all modalities' features side by side",
        cites: &[
            TMC,
            Citation {
                key: "han2022etmc",
                text: "Z. Han, C. Zhang, H. Fu, J. T. Zhou. Trusted Multi-View Classification with Dynamic \
                       Evidential Fusion. IEEE TPAMI 45(2), 2023",
                url: "https://arxiv.org/abs/2204.11423",
            },
        ],
        knobs: &[ANNEAL],
        build: |settings| Box::new(Tmc { anneal: settings.number("anneal"), extended: true }),
    }
}

const TMC: Citation = Citation {
    key: "han2021tmc",
    text: "Z. Han, C. Zhang, H. Fu, J. T. Zhou. Trusted Multi-View Classification. ICLR 2021",
    url: "https://arxiv.org/abs/2102.02051",
};

const ANNEAL: Knob = Knob {
    name: "anneal",
    default: Default::Whole(50),
    range: Range::Between(0.0, 1e6),
    meaning: "epochs over which the penalty on evidence for wrong classes grows to its full weight",
};

struct Tmc {
    anneal: f64,
    extended: bool,
}

impl<T: Scalar> Strategy<T> for Tmc {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { fuses: true, pseudo_view: self.extended, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let n_branches = at.epoch.model.branches().len();
        let logits: Vec<Matrix<f64>> = Cut::Raw.logits(at.epoch.model, outputs);
        let penalty = (f64::from(at.epoch.index + 1) / self.anneal.max(1.0)).min(1.0);
        let mut values = vec![0.0; n_branches];
        let mut gradients: Vec<_> = logits.iter().map(|z| Matrix::zeros(z.rows(), z.cols())).collect();
        for (i, (label, share)) in at.labels.iter().zip(shares(at)).enumerate() {
            let views: Vec<Vec<f64>> =
                logits.iter().map(|z| z.row(i).iter().map(|z| softplus(*z)).collect()).collect();
            let fused = combine(&views);
            let (of_fused, at_fused) = opinion_loss(&fused, *label as usize, penalty);
            for (b, view) in views.iter().enumerate() {
                let (own, at_own) = opinion_loss(view, *label as usize, penalty);
                // The fused loss is counted once, with the first branch.
                values[b] += share * (own + if b == 0 { of_fused } else { 0.0 });
                for (k, g) in gradients[b].row_mut(i).iter_mut().enumerate() {
                    let others = views.iter().enumerate().filter(|(v, _)| *v != b);
                    let passed: f64 = others.map(|(_, e)| 1.0 + e[k] / e.len() as f64).product();
                    *g = share * (at_own[k] + at_fused[k] * passed) * sigmoid(logits[b].row(i)[k]);
                }
            }
        }
        for (b, (value, gradient)) in values.into_iter().zip(&gradients).enumerate() {
            objective.add(given(On::Branch(b), value, gradient));
        }
    }

    /// ln alpha of the fused opinion: its softmax is the expected distribution, alpha / S.
    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let fused = &at.outputs.fused;
        let mut scores = Matrix::zeros(fused.rows(), fused.cols());
        for i in 0..fused.rows() {
            let evidence = |z: &Matrix<T>| z.row(i).iter().map(|z| softplus(z.to_f64())).collect();
            let views: Vec<Vec<f64>> = at.outputs.logits.iter().map(evidence).collect();
            let alpha = combine(&views).into_iter().map(|e| T::from_f64(special::ln(e + 1.0)));
            scores.row_mut(i).iter_mut().zip(alpha).for_each(|(score, alpha)| *score = alpha);
        }
        Some(scores)
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/tmc.py")
    }
}

/// ln(1 + e^z) without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + special::ln_1p(special::exp(-z.abs()))
}

/// The evidence of the combined opinion.
fn combine(views: &[Vec<f64>]) -> Vec<f64> {
    let n_classes = views[0].len() as f64;
    let of_class = |k: usize| {
        // The product less one, without cancelling where evidence is small.
        views.iter().fold(0.0, |more, e| more + e[k] / n_classes + more * e[k] / n_classes) * n_classes
    };
    (0..views[0].len()).map(of_class).collect()
}

/// The loss of one opinion and its gradient at the evidence: the expected cross-entropy under
/// the Dirichlet distribution, psi(S) - psi(alpha_y), plus `penalty` times the divergence from
/// the uniform Dirichlet once the evidence for the right class is taken away.
fn opinion_loss(evidence: &[f64], label: usize, penalty: f64) -> (f64, Vec<f64>) {
    let n_classes = evidence.len() as f64;
    let alpha: Vec<f64> = evidence.iter().map(|e| e + 1.0).collect();
    let total: f64 = alpha.iter().sum();
    let wrong: Vec<f64> = (0..alpha.len()).map(|k| if k == label { 1.0 } else { alpha[k] }).collect();
    let wrong_total: f64 = wrong.iter().sum();
    let psi_wrong = special::digamma(wrong_total);
    let divergence = special::ln_gamma(wrong_total)
        - wrong.iter().map(|a| special::ln_gamma(*a)).sum::<f64>()
        - special::ln_gamma(n_classes)
        + wrong.iter().map(|a| (a - 1.0) * (special::digamma(*a) - psi_wrong)).sum::<f64>();
    let expected = special::digamma(total) - special::digamma(alpha[label]);
    let (slope, wrong_slope) = (special::trigamma(total), special::trigamma(wrong_total));
    let gradient = (0..alpha.len()).map(|k| {
        if k == label {
            slope - special::trigamma(alpha[k])
        } else {
            slope
                + penalty
                    * ((alpha[k] - 1.0) * special::trigamma(alpha[k])
                        - wrong_slope * (wrong_total - n_classes))
        }
    });
    (expected + penalty * divergence, gradient.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    /// The published rule for two opinions: beliefs b and uncertainty u of each.
    fn dempster_shafer(a: &[f64], b: &[f64]) -> Vec<f64> {
        let n_classes = a.len() as f64;
        let opinion = |e: &[f64]| {
            let s = e.iter().sum::<f64>() + n_classes;
            (e.iter().map(|e| e / s).collect::<Vec<f64>>(), n_classes / s)
        };
        let ((b1, u1), (b2, u2)) = (opinion(a), opinion(b));
        let agree: f64 = b1.iter().zip(&b2).map(|(x, y)| x * y).sum();
        let conflict = b1.iter().sum::<f64>() * b2.iter().sum::<f64>() - agree;
        let u = u1 * u2 / (1.0 - conflict);
        let s = n_classes / u;
        b1.iter().zip(&b2).map(|(x, y)| (x * y + x * u2 + y * u1) / (1.0 - conflict) * s).collect()
    }

    #[test]
    fn the_closed_form_is_the_published_combination() {
        assert!(combine(&[vec![4.0, 1.0], vec![0.0, 2.0]]).iter().all(|e| (e - 4.0).abs() < 1e-12));
        let mut draws = Draws::new(3, Purpose::new("opinion test"), 0);
        for _ in 0..200 {
            let n_classes = 2 + draws.below(8);
            let views: Vec<Vec<f64>> = (0..4)
                .map(|_| (0..n_classes).map(|_| -4.0 * special::ln(draws.uniform())).collect())
                .collect();
            let folded =
                views[1..].iter().fold(views[0].clone(), |so_far, view| dempster_shafer(&so_far, view));
            for (closed, fold) in combine(&views).iter().zip(folded) {
                assert!((closed - fold).abs() <= 1e-12 * fold.max(1.0), "{closed} {fold}");
            }
        }
    }

    #[test]
    fn the_loss_of_an_opinion_is_as_computed_by_hand() {
        let (data, _) = opinion_loss(&[4.0, 1.0], 0, 0.0);
        let (with, _) = opinion_loss(&[4.0, 1.0], 0, 1.0);
        // psi(7) - psi(5) = 1/5 + 1/6; KL(Dir(1, 2) || Dir(1, 1)) = ln 2 - 1/2.
        assert!((data - (0.2 + 1.0 / 6.0)).abs() < 1e-12);
        assert!((with - data - (std::f64::consts::LN_2 - 0.5)).abs() < 1e-12);
    }
}
