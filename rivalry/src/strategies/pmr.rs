//! Prototypical modal rebalance: a loss on each embedding's distance to the class prototypes
//! speeds up the modality that is behind, and early in training an entropy term (PER) holds
//! back the one that is ahead.
//!
//! Which is behind is read from the same distances: p_m = softmax(-|f_m - c_k|), and a
//! modality's discrepancy ratio is its mean probability of the right class over that of the
//! others.

use crate::model::{Inputs, Workspace, meters};
use crate::num::{Matrix, MatrixView, Purpose, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{entropy, given, of_labels, shares, softmax};
use super::{Epoch, Needs, Objective, On, Plan, Step, Strategy, Term};

const PROTOTYPES: Purpose = Purpose::new("prototype samples");

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "pmr",
        summary: "a prototype loss for the modality behind, an entropy term against the one ahead",
        cites: &[Citation {
            key: "fan2023pmr",
            text: "Y. Fan, W. Xu, H. Wang, J. Wang, S. Guo. PMR: Prototypical Modal Rebalance for Multimodal \
                   Learning. CVPR 2023",
            url: "https://arxiv.org/abs/2211.07089",
        }],
        knobs: &[
            Knob {
                name: "alpha",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 100.0),
                meaning: "factor on the prototype losses (paper: 1 to 3)",
            },
            Knob {
                name: "mu",
                default: Default::Number(0.01),
                range: Range::Between(0.0, 10.0),
                meaning: "factor on the entropy of the modality ahead (paper: 0.01 or 0.001; the released code has \
                          none)",
            },
            Knob {
                name: "epochs",
                default: Default::Whole(70),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs with prototypes, from the first; 0 is naive joint training",
            },
            Knob {
                name: "entropy_epochs",
                default: Default::Whole(10),
                range: Range::Between(0.0, 1e6),
                meaning: "epochs with the entropy term, from the first (the paper says: early ones)",
            },
            Knob {
                name: "share",
                default: Default::Number(0.1),
                range: Range::Between(0.001, 1.0),
                meaning: "share of the training samples from which an epoch's prototypes are made",
            },
            Knob {
                name: "keep",
                default: Default::Number(0.5),
                range: Range::Between(0.0, 0.99),
                meaning: "weight of the last epoch's prototypes in this epoch's (paper: 0 to 0.5)",
            },
            Knob {
                name: "variant",
                default: Default::Word("paper"),
                range: Range::OneOf(&["paper", "reference"]),
                meaning: "weight of a modality behind: clip(1/ratio - 1, 0, 1), or 1 as in the released code",
            },
        ],
        build: |settings| {
            Box::new(Pmr {
                alpha: settings.number("alpha"),
                mu: settings.number("mu"),
                epochs: settings.number("epochs"),
                entropy_epochs: settings.number("entropy_epochs"),
                share: settings.number("share"),
                keep: settings.number("keep"),
                steep: settings.word("variant") == "reference",
                prototypes: Vec::new(),
            })
        },
    }
}

struct Pmr<T> {
    alpha: f64,
    mu: f64,
    epochs: f64,
    entropy_epochs: f64,
    share: f64,
    keep: f64,
    steep: bool,
    /// Branch after branch, K x width: the mean embedding of every class.
    prototypes: Vec<T>,
}

/// How far a modality is behind (or, of 1 / ratio, ahead): 0 to 1.
fn behind(ratio: f64, steep: bool) -> f64 {
    let lag = 1.0 / ratio.max(1e-12) - 1.0;
    if steep { f64::from(u8::from(lag > 0.0)) } else { lag.clamp(0.0, 1.0) }
}

/// Distances of every row to every prototype.
fn distances<T: Scalar>(embedding: MatrixView<'_, T>, prototypes: &[T]) -> Matrix<f64> {
    let width = embedding.cols();
    Matrix::from_fn(embedding.rows(), prototypes.len() / width, |i, k| {
        let pairs = embedding.row(i).iter().zip(&prototypes[k * width..(k + 1) * width]);
        pairs.map(|(f, c)| (f.to_f64() - c.to_f64()) * (f.to_f64() - c.to_f64())).sum::<f64>().sqrt()
    })
}

impl<T: Scalar> Pmr<T> {
    fn active(&self, epoch: u32) -> bool {
        f64::from(epoch) < self.epochs && (self.alpha > 0.0 || self.mu > 0.0)
    }

    /// The prototypes of one epoch: class means over some training samples; a class that has
    /// none among them keeps its last one, or takes all its samples.
    fn learn(&mut self, at: &Epoch<'_, T>) {
        let n = at.train.len();
        let order = at.draws(PROTOTYPES).permutation(n);
        let some = ((n as f64 * self.share).ceil() as usize).clamp(1, n);
        let first = self.prototypes.is_empty();
        let n_classes = at.model.n_classes();
        let mut rows: Vec<u32> = order[..some].to_vec();
        let seen = |rows: &[u32], k: usize| rows.iter().any(|r| at.train.y[*r as usize] as usize == k);
        if first {
            let missing: Vec<usize> = (0..n_classes).filter(|k| !seen(&rows, *k)).collect();
            rows.extend((0..n as u32).filter(|r| missing.contains(&(at.train.y[*r as usize] as usize))));
        }
        let part = Inputs {
            x: at.train.x.iter().map(|x| x.gather(&rows)).collect(),
            y: rows.iter().map(|r| at.train.y[*r as usize]).collect(),
        };
        let mut next = Vec::new();
        for embedding in at.model.evaluate(at.params, &part).embeddings {
            for k in 0..n_classes {
                let of_class: Vec<usize> = (0..part.len()).filter(|i| part.y[*i] as usize == k).collect();
                for c in 0..embedding.cols() {
                    let mean = sums::sum_by(of_class.len(), |i| embedding.row(of_class[i])[c].to_f64());
                    next.push((!of_class.is_empty()).then(|| mean / of_class.len() as f64));
                }
            }
        }
        if first {
            self.prototypes = next.iter().map(|mean| T::from_f64(mean.unwrap_or(0.0))).collect();
            return;
        }
        for (old, new) in self.prototypes.iter_mut().zip(next) {
            let before = old.to_f64();
            *old = T::from_f64(new.map_or(before, |new| self.keep * before + (1.0 - self.keep) * new));
        }
    }
}

impl<T: Scalar> Strategy<T> for Pmr<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if self.active(at.index) {
            self.learn(at);
        }
        Plan::default()
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        if !self.active(at.epoch.index) {
            return;
        }
        let mut rest = &self.prototypes[..];
        let (mut all, mut probabilities) = (Vec::new(), Vec::new());
        for (b, branch) in at.epoch.model.branches().iter().enumerate() {
            let (own, more) = rest.split_at(branch.n_outputs() * at.epoch.model.n_classes());
            rest = more;
            let distances = distances(outputs.embedding(b), own);
            probabilities.push(softmax(distances.map(|d| -d).view()));
            all.push((own, distances));
        }
        let confidence = |p: &Matrix<f64>| sums::sum(&of_labels(p, at.labels)) / at.labels.len() as f64;
        let ratios = meters::discrepancy_of(&probabilities.iter().map(confidence).collect::<Vec<_>>());
        let early = f64::from(at.epoch.index) < self.entropy_epochs;
        let shares = shares(at);
        for (b, ((prototypes, distances), p)) in all.iter().zip(&probabilities).enumerate() {
            let ratio = ratios[b].unwrap_or(1.0);
            let pull = self.alpha * behind(ratio, self.steep);
            let hold = if early { self.mu * behind(1.0 / ratio, self.steep) } else { 0.0 };
            if pull == 0.0 && hold == 0.0 {
                continue;
            }
            let embedding = outputs.embedding(b);
            let width = embedding.cols();
            let mut gradient = Matrix::zeros(embedding.rows(), width);
            let mut value = 0.0;
            for (i, (label, share)) in at.labels.iter().zip(&shares).enumerate() {
                let (p, entropy) = (p.row(i), entropy(p.row(i)));
                value -= share * (pull * special::ln(p[*label as usize].max(1e-300)) + hold * entropy);
                for (k, p) in p.iter().enumerate() {
                    let right = f64::from(u8::from(k == *label as usize));
                    // With respect to the score -d_k: of the loss, and of minus the entropy.
                    let at_score = pull * (p - right) + hold * p * (special::ln(p.max(1e-300)) + entropy);
                    let d = distances.row(i)[k];
                    if d > 0.0 {
                        let prototype = &prototypes[k * width..(k + 1) * width];
                        for ((g, f), c) in gradient.row_mut(i).iter_mut().zip(embedding.row(i)).zip(prototype)
                        {
                            *g -= share * at_score * (f.to_f64() - c.to_f64()) / d;
                        }
                    }
                }
            }
            objective.add(given(On::Embedding(b), value, &gradient));
        }
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("prototypes", &mut self.prototypes)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/pmr.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_weights_are_the_published_ones() {
        let origin = Matrix::from_vec(1, 2, vec![0.0_f64, 0.0]);
        let d = distances(origin.view(), &[1.0, 0.0, 0.0, 2.0]);
        let p = softmax(d.map(|d| -d).view());
        assert!((p.row(0)[0] - 0.731_059).abs() < 1e-6 && (p.row(0)[1] - 0.268_941).abs() < 1e-6);
        assert_eq!(behind(0.5, false), 1.0);
        assert!((behind(0.8, false) - 0.25).abs() < 1e-12 && behind(0.8, true) == 1.0);
        assert_eq!((behind(1.25, false), behind(1.25, true)), (0.0, 0.0));
    }
}
