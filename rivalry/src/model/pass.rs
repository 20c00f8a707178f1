//! Forward and backward through the network, over buffers that are reused.

use crate::encoders::layer;
use crate::num::{Draws, Matrix, MatrixView, Purpose, Scalar, vectorised};

use super::{Inputs, LateFusion, Outputs, Slice, Source};

const DROPOUT: Purpose = Purpose::new("encoder dropout");

/// Rows per chunk in evaluation: fills the products, stays in the cache.
const CHUNK_ROWS: usize = 256;

/// Buffers of one pass over up to a given number of rows.
pub struct Workspace<T> {
    n_rows: usize,
    kept: Vec<Vec<T>>,
    embeddings: Vec<Matrix<T>>,
    /// Per branch and sample: the factor on the embedding (1 when absent).
    scales: Vec<Option<Vec<T>>>,
    /// Where a branch has factors: the embedding before them, which is what
    /// the encoder's backward pass needs.
    unscaled: Vec<Matrix<T>>,
    logits: Vec<Matrix<T>>,
    own_logits: Vec<Matrix<T>>,
    fused: Matrix<T>,
    d_embedding: Vec<Matrix<T>>,
    d_logits: Matrix<T>,
}

/// Where the encoders' noise (dropout) comes from while training.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// The run's seed.
    pub seed: u64,
    /// Number of the epoch.
    pub epoch: u32,
    /// First sample's position within the epoch: what makes steps differ.
    pub position: usize,
}

/// A gradient that arrives at some output of the network.
#[derive(Clone, Debug, Default)]
pub struct Slot<T> {
    /// Samples x width, its first rows in use.
    pub value: Matrix<T>,
    /// Whether anything arrived.
    pub active: bool,
}

/// Gradients of the objective at the network's outputs. `stopped` ones train
/// the heads and stop there; the others flow on into the encoders.
#[derive(Clone, Debug)]
pub struct Upstream<T> {
    /// At the fused logits.
    pub fused: Slot<T>,
    /// At the fused logits, not passed to the encoders.
    pub fused_stopped: Slot<T>,
    /// At a branch's logits.
    pub branch: Vec<Slot<T>>,
    /// At the logits of a branch's own head.
    pub own: Vec<Slot<T>>,
    /// At the logits of a branch's own head, not passed to the encoder.
    pub own_stopped: Vec<Slot<T>>,
    /// At a branch's embedding.
    pub embedding: Vec<Slot<T>>,
}

impl<T: Scalar> Upstream<T> {
    /// Empty slots for a network and up to `max_rows` samples.
    pub fn new(model: &LateFusion<T>, max_rows: usize) -> Self {
        let slot = |width| Slot { value: Matrix::zeros(max_rows, width), active: false };
        let per_class = || model.branches.iter().map(|_| slot(model.n_classes)).collect();
        Self {
            fused: slot(model.n_classes),
            fused_stopped: slot(model.n_classes),
            branch: per_class(),
            own: per_class(),
            own_stopped: per_class(),
            embedding: model.branches.iter().map(|b| slot(b.shape.n_outputs)).collect(),
        }
    }

    /// Marks all slots as empty.
    pub fn clear(&mut self) {
        self.fused.active = false;
        self.fused_stopped.active = false;
        let lists = [&mut self.branch, &mut self.own, &mut self.own_stopped, &mut self.embedding];
        lists.into_iter().flatten().for_each(|slot| slot.active = false);
    }
}

impl<T: Scalar> Slot<T> {
    /// Adds a gradient.
    pub fn add(&mut self, gradient: MatrixView<'_, T>) {
        let n_rows = gradient.rows();
        for r in 0..n_rows {
            let target = self.value.row_mut(r);
            if self.active {
                target.iter_mut().zip(gradient.row(r)).for_each(|(t, g)| *t += *g);
            } else {
                target.copy_from_slice(gradient.row(r));
            }
        }
        self.active = true;
    }

    fn view(&self, n_rows: usize) -> Option<MatrixView<'_, T>> {
        self.active.then(|| self.value.top(n_rows))
    }
}

impl<T: Scalar> Workspace<T> {
    /// Buffers for a network and up to `max_rows` samples at once.
    pub fn new(model: &LateFusion<T>, max_rows: usize) -> Self {
        let per_class = || -> Vec<_> {
            model.branches.iter().map(|_| Matrix::zeros(max_rows, model.n_classes)).collect()
        };
        let per_width = || -> Vec<_> {
            model.branches.iter().map(|b| Matrix::zeros(max_rows, b.shape.n_outputs)).collect()
        };
        Self {
            n_rows: 0,
            kept: model.branches.iter().map(|b| vec![T::ZERO; b.shape.n_kept * max_rows]).collect(),
            embeddings: per_width(),
            scales: model.branches.iter().map(|_| None).collect(),
            unscaled: model.branches.iter().map(|_| Matrix::default()).collect(),
            logits: per_class(),
            own_logits: per_class(),
            fused: Matrix::zeros(max_rows, model.n_classes),
            d_embedding: per_width(),
            d_logits: Matrix::zeros(max_rows, model.n_classes),
        }
    }

    /// A branch's embeddings of the last pass, samples x width.
    pub fn embedding(&self, branch: usize) -> MatrixView<'_, T> {
        self.embeddings[branch].top(self.n_rows)
    }

    /// A branch's logits of the last pass, samples x classes (the raw cut).
    pub fn logits(&self, branch: usize) -> MatrixView<'_, T> {
        self.logits[branch].top(self.n_rows)
    }

    /// The logits of a branch's own head, samples x classes; the branch's
    /// logits themselves where the encoder emits them.
    pub fn own_logits(&self, branch: usize) -> MatrixView<'_, T> {
        self.own_logits[branch].top(self.n_rows)
    }

    /// The fused logits of the last pass, samples x classes.
    pub fn fused(&self) -> MatrixView<'_, T> {
        self.fused.top(self.n_rows)
    }

    /// Sets the factors on a branch's embeddings in the coming pass, one per
    /// sample; `None` for all ones.
    pub fn scale_embedding(&mut self, branch: usize, factors: Option<Vec<T>>) {
        self.scales[branch] = factors;
    }
}

impl<T: Scalar> LateFusion<T> {
    /// Runs the network forward; the results are in the workspace.
    pub fn forward(
        &self,
        params: &[T],
        source: &impl Source<T>,
        noise: Option<Noise>,
        work: &mut Workspace<T>,
    ) {
        let n_rows = source.n_rows();
        work.n_rows = n_rows;
        for (b, branch) in self.branches.iter().enumerate() {
            let mut draws = noise.map(|n| {
                // One draw per sample and unit at most: steps never overlap.
                let first = (n.position * branch.shape.n_kept) as u64;
                let stream = n.epoch.wrapping_mul(1 << 10).wrapping_add(branch.modality as u32);
                Draws::new(n.seed, DROPOUT, stream).at(first)
            });
            branch.encoder.forward(
                &params[branch.encoder_params.clone()],
                source.features(b),
                &mut work.embeddings[b].top_mut(n_rows),
                &mut work.kept[b],
                draws.as_mut(),
            );
            if let Some(factors) = &work.scales[b] {
                work.unscaled[b].clone_from(&work.embeddings[b]);
                scale_rows(&mut work.embeddings[b], factors);
            }
            let embedding = work.embeddings[b].top(n_rows);
            match &branch.head {
                Some(head) => {
                    layer::forward(&params[head.clone()], embedding, &mut work.logits[b].top_mut(n_rows));
                }
                None => {
                    work.logits[b]
                        .top_mut(n_rows)
                        .as_mut_slice()
                        .copy_from_slice(embedding.contiguous().expect("the top of a matrix is contiguous"));
                }
            }
            if let Some(own) = &branch.own_head {
                layer::forward(&params[own.clone()], embedding, &mut work.own_logits[b].top_mut(n_rows));
            } else if branch.own_is_joint {
                let own = &mut work.own_logits[b].as_mut_slice()[..n_rows * self.n_classes];
                own.copy_from_slice(&work.logits[b].as_slice()[..n_rows * self.n_classes]);
            }
        }
        let (fused, logits) = (&mut work.fused, &work.logits);
        vectorised(
            #[inline(always)]
            || {
                let n = n_rows * self.n_classes;
                let fused = &mut fused.as_mut_slice()[..n];
                fused.copy_from_slice(&logits[0].as_slice()[..n]);
                for branch in &logits[1..] {
                    for (f, z) in fused.iter_mut().zip(&branch.as_slice()[..n]) {
                        *f += *z;
                    }
                }
            },
        );
    }

    /// Writes the gradient of every parameter to `grad`, given the gradients at
    /// the outputs of the pass that is in the workspace. Encoders of branches
    /// where `frozen` says so get zeros and cost nothing.
    pub fn backward(
        &self,
        params: &[T],
        source: &impl Source<T>,
        upstream: &Upstream<T>,
        frozen: &[bool],
        work: &mut Workspace<T>,
        grad: &mut [T],
    ) {
        self.pass_back(params, source, upstream, frozen, work, grad, None);
    }

    /// [`LateFusion::backward`] that also writes the gradient of every branch's features,
    /// samples x features.
    pub fn backward_to_features(
        &self,
        params: &[T],
        source: &impl Source<T>,
        upstream: &Upstream<T>,
        work: &mut Workspace<T>,
        grad: &mut [T],
        features: &mut [Matrix<T>],
    ) {
        self.pass_back(params, source, upstream, &[], work, grad, Some(features));
    }

    fn pass_back(
        &self,
        params: &[T],
        source: &impl Source<T>,
        upstream: &Upstream<T>,
        frozen: &[bool],
        work: &mut Workspace<T>,
        grad: &mut [T],
        mut features: Option<&mut [Matrix<T>]>,
    ) {
        let n_rows = work.n_rows;
        for (b, branch) in self.branches.iter().enumerate() {
            let mut arrived = false;
            let frozen = frozen.get(b).copied().unwrap_or(false);
            let embedding = work.embeddings[b].top(n_rows);
            let (joint, own) = ([&upstream.fused, &upstream.branch[b]], [&upstream.own[b]]);
            let heads: [(_, &[&Slot<T>], _); 2] = [
                (&branch.head, &joint, &upstream.fused_stopped),
                (&branch.own_head, &own, &upstream.own_stopped[b]),
            ];
            for (head, flowing, stopped) in heads {
                let views: Vec<_> = flowing.iter().filter_map(|slot| slot.view(n_rows)).collect();
                let Some(head) = head else {
                    // The embedding is the logits, joint and own.
                    for view in views {
                        add_into(&mut work.d_embedding[b], view, &mut arrived);
                    }
                    continue;
                };
                let weight_grad = &mut grad[head.clone()];
                let stopped = stopped.view(n_rows);
                let d_logits = match (&views[..], stopped) {
                    ([], None) => {
                        weight_grad.fill(T::ZERO);
                        continue;
                    }
                    ([one], None) => *one,
                    _ => {
                        let mut any = false;
                        for view in &views {
                            add_into(&mut work.d_logits, *view, &mut any);
                        }
                        if !any {
                            work.d_logits.as_mut_slice().fill(T::ZERO);
                        }
                        work.d_logits.top(n_rows)
                    }
                };
                let flows = !frozen && !views.is_empty();
                if flows && !arrived {
                    let mut d_embedding = work.d_embedding[b].top_mut(n_rows);
                    layer::backward(
                        &params[head.clone()],
                        embedding,
                        d_logits,
                        false,
                        weight_grad,
                        Some(&mut d_embedding),
                    );
                    arrived = true;
                } else if flows {
                    let mut more = Matrix::zeros(n_rows, branch.shape.n_outputs);
                    let d_more = Some(&mut more.view_mut());
                    layer::backward(&params[head.clone()], embedding, d_logits, false, weight_grad, d_more);
                    add_into(&mut work.d_embedding[b], more.view(), &mut arrived);
                } else {
                    layer::backward(&params[head.clone()], embedding, d_logits, false, weight_grad, None);
                }
                if let Some(stopped) = stopped {
                    layer::backward(&params[head.clone()], embedding, stopped, true, weight_grad, None);
                }
            }
            if let Some(view) = upstream.embedding[b].view(n_rows) {
                add_into(&mut work.d_embedding[b], view, &mut arrived);
            }
            let encoder_grad = &mut grad[branch.encoder_params.clone()];
            if frozen || !arrived {
                encoder_grad.fill(T::ZERO);
                continue;
            }
            let mut out = embedding;
            if let Some(factors) = &work.scales[b] {
                scale_rows(&mut work.d_embedding[b], factors);
                out = work.unscaled[b].top(n_rows);
            }
            branch.encoder.backward(
                &params[branch.encoder_params.clone()],
                source.features(b),
                out,
                &mut work.kept[b],
                work.d_embedding[b].top(n_rows),
                false,
                encoder_grad,
                features.as_deref_mut().map(|features| features[b].top_mut(n_rows)).as_mut(),
            );
        }
    }

    /// Runs the network over all samples without noise, chunk by chunk, and
    /// hands each chunk's first row and the workspace to `visit`.
    pub fn visit(&self, params: &[T], inputs: &Inputs<T>, mut visit: impl FnMut(usize, &Workspace<T>)) {
        let mut work = Workspace::new(self, CHUNK_ROWS.min(inputs.len()));
        let mut start = 0;
        while start < inputs.len() {
            let stop = inputs.len().min(start + CHUNK_ROWS);
            self.forward(params, &Slice::new(inputs, start, stop), None, &mut work);
            visit(start, &work);
            start = stop;
        }
    }

    /// Everything the network says about all samples, without noise.
    pub fn evaluate(&self, params: &[T], inputs: &Inputs<T>) -> Outputs<T> {
        let n = inputs.len();
        let per = |width: &dyn Fn(usize) -> usize| -> Vec<Matrix<T>> {
            (0..self.branches.len()).map(|b| Matrix::zeros(n, width(b))).collect()
        };
        let mut outputs = Outputs {
            logits: per(&|_| self.n_classes),
            embeddings: per(&|b| self.branches[b].shape.n_outputs),
            fused: Matrix::zeros(n, self.n_classes),
        };
        self.visit(params, inputs, |start, work| {
            let copy = |to: &mut Matrix<T>, from: MatrixView<'_, T>| {
                for r in 0..from.rows() {
                    to.row_mut(start + r).copy_from_slice(from.row(r));
                }
            };
            for b in 0..self.branches.len() {
                copy(&mut outputs.logits[b], work.logits(b));
                copy(&mut outputs.embeddings[b], work.embedding(b));
            }
            copy(&mut outputs.fused, work.fused());
        });
        outputs
    }
}

fn add_into<T: Scalar>(target: &mut Matrix<T>, value: MatrixView<'_, T>, arrived: &mut bool) {
    for r in 0..value.rows() {
        let row = target.row_mut(r);
        if *arrived {
            row.iter_mut().zip(value.row(r)).for_each(|(t, v)| *t += *v);
        } else {
            row.copy_from_slice(value.row(r));
        }
    }
    *arrived = true;
}

fn scale_rows<T: Scalar>(matrix: &mut Matrix<T>, factors: &[T]) {
    for (r, factor) in factors.iter().enumerate() {
        matrix.row_mut(r).iter_mut().for_each(|v| *v *= *factor);
    }
}
