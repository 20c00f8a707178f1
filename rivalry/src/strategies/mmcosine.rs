//! MMCosine: each modality's logits are cosines between its embedding and its class vectors, so
//! that no modality gains by longer embeddings or weights; their sum times a scale is trained.
//!
//! Biases of the head have no part; they keep their initial values.

use crate::model::{Branch, Workspace};
use crate::num::{Matrix, MatrixView, Scalar, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{cross_entropy, given, shares};
use super::{Fusing, Needs, Objective, On, Step, Strategy};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mmcosine",
        summary: "logits from cosines between embeddings and class vectors, without lengths or biases",
        cites: &[Citation {
            key: "xu2023mmcosine",
            text: "R. Xu, R. Feng, S.-X. Zhang, D. Hu. MMCosine: Multi-Modal Cosine Loss Towards Balanced \
                   Audio-Visual Fine-Grained Learning. ICASSP 2023",
            url: "https://arxiv.org/abs/2303.05338",
        }],
        knobs: &[Knob {
            name: "scale",
            default: Default::Number(10.0),
            range: Range::Between(0.1, 1e3),
            meaning: "factor on the summed cosines (paper: 10 to 15)",
        }],
        build: |settings| Box::new(MmCosine { scale: settings.number("scale"), at_head: Vec::new() }),
    }
}

struct MmCosine {
    scale: f64,
    /// Of the present step: the gradient at every branch's head weights.
    at_head: Vec<Vec<f64>>,
}

/// What a branch's cosines are made of: class vectors as rows, where it has a head; an encoder
/// that emits logits is compared with the unit vectors.
fn class_vectors<T: Scalar>(branch: &Branch<T>, params: &[T], n_classes: usize) -> Matrix<f64> {
    let width = branch.n_outputs();
    match branch.head_params() {
        Some(head) => Matrix::from_fn(n_classes, width, |k, c| params[head.start + k * width + c].to_f64()),
        None => Matrix::from_fn(n_classes, width, |k, c| f64::from(u8::from(k == c))),
    }
}

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt().max(1e-12)
}

/// Cosines of every embedding with every class vector, and the lengths of both.
fn cosines<T: Scalar>(
    embedding: MatrixView<'_, T>,
    vectors: &Matrix<f64>,
) -> (Matrix<f64>, Vec<f64>, Vec<f64>) {
    let of_rows: Vec<f64> =
        (0..embedding.rows()).map(|i| length(embedding.row(i).iter().map(|f| f.to_f64()))).collect();
    let of_vectors: Vec<f64> = (0..vectors.rows()).map(|k| length(vectors.row(k).iter().copied())).collect();
    let cosine = |i: usize, k: usize| {
        let (f, w) = (embedding.row(i), vectors.row(k));
        sums::sum_by(f.len(), |c| f[c].to_f64() * w[c]) / (of_rows[i] * of_vectors[k])
    };
    (Matrix::from_fn(embedding.rows(), vectors.rows(), cosine), of_rows, of_vectors)
}

impl<T: Scalar> Strategy<T> for MmCosine {
    fn needs(&self, _modalities: &[String]) -> Needs {
        // The objective is on cosines, whose gradient at the head is added by hand.
        Needs { modulates: true, fuses: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let model = at.epoch.model;
        let all: Vec<_> = model
            .branches()
            .iter()
            .enumerate()
            .map(|(b, branch)| {
                let vectors = class_vectors(branch, at.params, model.n_classes());
                (cosines(outputs.embedding(b), &vectors), vectors)
            })
            .collect();
        let fused = Matrix::from_fn(at.labels.len(), model.n_classes(), |i, k| {
            self.scale * all.iter().map(|((cosines, ..), _)| cosines.row(i)[k]).sum::<f64>()
        });
        let (value, gradient) = cross_entropy(&fused, at.labels, &shares(at));
        self.at_head.clear();
        for (b, ((cosines, of_rows, of_vectors), vectors)) in all.iter().enumerate() {
            let embedding = outputs.embedding(b);
            let width = embedding.cols();
            let mut at_embedding = Matrix::zeros(embedding.rows(), width);
            let mut at_vectors = vec![0.0; vectors.rows() * width];
            for i in 0..embedding.rows() {
                for k in 0..vectors.rows() {
                    let (g, cosine) = (self.scale * gradient.row(i)[k], cosines.row(i)[k]);
                    for c in 0..width {
                        let f = embedding.row(i)[c].to_f64() / of_rows[i];
                        let w = vectors.row(k)[c] / of_vectors[k];
                        at_embedding.row_mut(i)[c] += g * (w - cosine * f) / of_rows[i];
                        at_vectors[k * width + c] += g * (f - cosine * w) / of_vectors[k];
                    }
                }
            }
            objective.add(given(On::Embedding(b), if b == 0 { value } else { 0.0 }, &at_embedding));
            self.at_head.push(at_vectors);
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        for (branch, more) in at.epoch.model.branches().iter().zip(&self.at_head) {
            if let Some(head) = branch.head_params() {
                let weights = &mut groups[0][head.start..head.start + more.len()];
                weights.iter_mut().zip(more).for_each(|(g, more)| *g = T::from_f64(*more));
            }
        }
    }

    fn fuse(&self, at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        let n_classes = at.model.n_classes();
        let all: Vec<_> = at
            .model
            .branches()
            .iter()
            .zip(&at.outputs.embeddings)
            .map(|(branch, f)| cosines(f.view(), &class_vectors(branch, at.params, n_classes)).0)
            .collect();
        Some(Matrix::from_fn(at.outputs.fused.rows(), n_classes, |i, k| {
            T::from_f64(self.scale * all.iter().map(|cosines| cosines.row(i)[k]).sum::<f64>())
        }))
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mmcosine.py")
    }
}
