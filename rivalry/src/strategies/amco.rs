//! Adaptive mask co-optimisation: where one modality holds most of the softmax mass of all
//! modalities' logits side by side, some of its class logits are masked, the more the longer
//! training has gone on.
//!
//! Masked logits are zero in the joint sum and pass no gradient. The share masked grows over
//! epochs as sin(pi/2 min(1, t / ramp)); a public port counts batches instead and starts anew
//! every epoch.

use crate::model::Workspace;
use crate::num::{Matrix, Purpose, Scalar, special};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{Cut, cross_entropy, given, shares};
use super::{Needs, Objective, On, Step, Strategy, Term};

const MASK: Purpose = Purpose::new("amco mask");

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "amco",
        summary: "mask class logits of a modality that holds most of a sample's softmax mass",
        cites: &[Citation {
            key: "zhou2023amco",
            text: "Y. Zhou, X. Liang, S. Zheng, H. Xuan, T. Kumada. Adaptive Mask Co-optimization for Modal \
                   Dependence in Multimodal Learning. ICASSP 2023",
            url: "https://doi.org/10.1109/ICASSP49357.2023.10096855",
        }],
        knobs: &[
            Knob {
                name: "sigma",
                default: Default::Number(0.5),
                range: Range::Between(0.0, 1.0),
                meaning: "share of the mass above which a modality is masked; 1 is naive joint training",
            },
            Knob {
                name: "ramp",
                default: Default::Whole(20),
                range: Range::Between(1.0, 1e6),
                meaning: "epochs over which the share of masked logits grows to all of them",
            },
            Knob {
                name: "most",
                default: Default::Number(0.5),
                range: Range::Between(0.0, 1.0),
                meaning: "largest share of a modality's logits that is masked",
            },
        ],
        build: |settings| {
            Box::new(Amco {
                sigma: settings.number("sigma"),
                ramp: settings.number("ramp"),
                most: settings.number("most"),
            })
        },
    }
}

struct Amco {
    sigma: f64,
    ramp: f64,
    most: f64,
}

impl Amco {
    /// How many of K logits are masked in an epoch.
    fn masked(&self, index: u32, n_classes: usize) -> usize {
        let progress = (f64::from(index) / self.ramp).min(1.0);
        // sin(x) = cos(pi/2 - x).
        let share = special::cos(std::f64::consts::FRAC_PI_2 * (1.0 - progress)).min(self.most);
        (share * n_classes as f64).round() as usize
    }
}

/// Share of every modality in the softmax over all their logits side by side.
fn masses(rows: &[&[f64]]) -> Vec<f64> {
    let top = rows.iter().flat_map(|row| row.iter()).copied().fold(f64::NEG_INFINITY, f64::max);
    let of = |row: &&[f64]| row.iter().map(|z| special::exp(z - top)).sum::<f64>();
    let all: Vec<f64> = rows.iter().map(of).collect();
    let total: f64 = all.iter().sum();
    all.iter().map(|mass| mass / total).collect()
}

impl<T: Scalar> Strategy<T> for Amco {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let model = at.epoch.model;
        let (n_branches, n_classes) = (model.branches().len(), model.n_classes());
        let n_masked = self.masked(at.epoch.index, n_classes);
        if self.sigma >= 1.0 || n_masked == 0 || n_branches < 2 {
            objective.add(Term::cross_entropy(On::Fused, 1.0));
            return;
        }
        let logits: Vec<Matrix<f64>> = Cut::Raw.logits(at.epoch.model, outputs);
        let mut draws = at.draws(MASK, n_branches * n_classes);
        let mut shown = vec![Matrix::from_fn(at.rows.len(), n_classes, |_, _| 1.0); n_branches];
        for i in 0..at.rows.len() {
            let rows: Vec<&[f64]> = logits.iter().map(|z| z.row(i)).collect();
            for (b, mass) in masses(&rows).into_iter().enumerate() {
                // Drawn in any case, so that every sample uses the same number of draws.
                let order = draws.permutation(n_classes);
                if mass > self.sigma {
                    order[..n_masked].iter().for_each(|k| shown[b].row_mut(i)[*k as usize] = 0.0);
                }
            }
        }
        let fused = Matrix::from_fn(at.rows.len(), n_classes, |i, k| {
            (0..n_branches).map(|b| shown[b].row(i)[k] * logits[b].row(i)[k]).sum()
        });
        let (value, gradient) = cross_entropy(&fused, at.labels, &shares(at));
        for (b, shown) in shown.iter().enumerate() {
            let passed =
                Matrix::from_fn(gradient.rows(), n_classes, |i, k| shown.row(i)[k] * gradient.row(i)[k]);
            objective.add(given(On::Branch(b), if b == 0 { value } else { 0.0 }, &passed));
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/amco.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_grows_to_its_largest_share() {
        let amco = Amco { sigma: 0.5, ramp: 10.0, most: 0.8 };
        let counts: Vec<usize> = [0, 3, 5, 10, 50].map(|epoch| amco.masked(epoch, 10)).to_vec();
        // sin(0.471) = 0.454, sin(0.785) = 0.707, then the largest share.
        assert_eq!(counts, [0, 5, 7, 8, 8]);
    }

    #[test]
    fn masses_are_shares_of_one_softmax() {
        let m = masses(&[&[0.0, 0.0], &[special::ln(3.0), special::ln(3.0)]]);
        assert!((m[0] - 0.25).abs() < 1e-12 && (m[1] - 0.75).abs() < 1e-12);
    }
}
