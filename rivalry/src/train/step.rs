//! One evaluation of the objective and its gradient on one batch.

#[cfg(test)]
mod tests;

use crate::model::{LateFusion, Noise, Slot, Source, Tiles, Upstream, Workspace, loss};
use crate::num::{Matrix, MatrixView, Scalar};
use crate::strategies::{Epoch, Loss, Objective, On, Step, Strategy, Term};

/// Buffers that every step reuses.
pub(super) struct Buffers<T: Scalar> {
    pub work: Workspace<T>,
    upstream: Upstream<T>,
    objective: Objective<T>,
    groups: Vec<Vec<T>>,
    term_grad: Matrix<T>,
    log_norm: Vec<T>,
    weights: Vec<T>,
    /// A full batch is worked tile by tile; packed when first asked for.
    tiled: bool,
    tiles: Option<Tiles<T>>,
}

impl<T: Scalar> Buffers<T> {
    pub(super) fn new(model: &LateFusion<T>, max_rows: usize) -> Self {
        Self {
            work: Workspace::new(model, max_rows),
            upstream: Upstream::new(model, max_rows),
            objective: Objective::new(),
            groups: Vec::new(),
            term_grad: Matrix::zeros(max_rows, model.n_classes()),
            log_norm: vec![T::ZERO; max_rows],
            weights: Vec::with_capacity(max_rows),
            tiled: false,
            tiles: None,
        }
    }

    /// For a full batch that is worked tile by tile.
    pub(super) fn tiled(model: &LateFusion<T>) -> Self {
        Self { tiled: true, ..Self::new(model, 0) }
    }
}

/// What weighs the samples of a batch.
#[derive(Clone, Copy)]
pub(super) struct Weighting<'a, T> {
    pub classes: Option<&'a [T]>,
    pub samples: Option<&'a [T]>,
}

impl<T: Scalar> Weighting<'_, T> {
    /// One weight per sample, or nothing when all are one.
    fn fill<'b>(&self, labels: &[u32], buffer: &'b mut Vec<T>) -> Option<&'b [T]> {
        if self.classes.is_none() && self.samples.is_none() {
            return None;
        }
        buffer.clear();
        buffer.extend(labels.iter().enumerate().map(|(i, y)| {
            let class = self.classes.map_or(T::ONE, |w| w[*y as usize]);
            class * self.samples.map_or(T::ONE, |w| w[i])
        }));
        Some(buffer)
    }
}

/// Forward, objective, backward: writes the direction that the solver will see
/// and returns the batch's fused cross-entropy (in nats).
pub(super) fn evaluate<T: Scalar>(
    at: &Step<'_, T>,
    strategy: &mut dyn Strategy<T>,
    source: &impl Source<T>,
    weighting: Weighting<'_, T>,
    frozen: &[bool],
    params: &[T],
    buffers: &mut Buffers<T>,
    direction: &mut Vec<T>,
) -> f64 {
    let model = at.epoch.model;
    let Buffers { work, upstream, objective, groups, term_grad, log_norm, weights, .. } = buffers;
    let weights = weighting.fill(at.labels, weights);
    let at = &Step { params, weights, ..*at };
    strategy.batch(at, work);
    let noise = Noise { seed: at.epoch.seed, epoch: at.epoch.index, position: at.position };
    model.forward(params, source, Some(noise), work);
    objective.clear();
    strategy.objective(at, work, objective);

    let mut fused_loss = None;
    groups.resize_with(objective.n_groups(), Vec::new);
    // The first group is what the solver takes: its own buffer, step after step.
    std::mem::swap(direction, &mut groups[0]);
    for group in groups.iter_mut() {
        group.resize(model.n_params(), T::ZERO);
    }
    for (g, grad) in groups.iter_mut().enumerate() {
        upstream.clear();
        for term in objective.group(g) {
            let value = place(term, at.labels, weights, work, term_grad, log_norm, upstream);
            if term.on == On::Fused && matches!(term.loss, Loss::CrossEntropy { .. }) {
                fused_loss = Some(value);
            }
        }
        model.backward(params, source, upstream, frozen, work, grad);
    }
    strategy.gradient(at, groups);
    std::mem::swap(direction, &mut groups[0]);
    fused_loss.unwrap_or_else(|| loss::mean_cross_entropy(work.fused(), at.labels))
}

/// [`evaluate`] for a full batch of fused cross-entropy and nothing else, where
/// the buffers are made for it: the loss, and the number of errors if wanted.
pub(super) fn evaluate_tiled<T: Scalar>(
    at: &Step<'_, T>,
    weighting: Weighting<'_, T>,
    frozen: &[bool],
    params: &[T],
    counts_errors: bool,
    buffers: &mut Buffers<T>,
    direction: &mut Vec<T>,
) -> Option<(f64, Option<usize>)> {
    if !buffers.tiled {
        return None;
    }
    let Epoch { model, train, .. } = at.epoch;
    let tiles = buffers.tiles.get_or_insert_with(|| Tiles::new(model, train));
    direction.resize(model.n_params(), T::ZERO);
    let weights = weighting.fill(at.labels, &mut buffers.weights);
    Some(tiles.evaluate(model, params, at.labels, weights, frozen, counts_errors, direction))
}

/// Adds a term's gradient to the slot it belongs to; returns its value.
fn place<T: Scalar>(
    term: &Term<T>,
    labels: &[u32],
    weights: Option<&[T]>,
    work: &Workspace<T>,
    term_grad: &mut Matrix<T>,
    log_norm: &mut [T],
    upstream: &mut Upstream<T>,
) -> f64 {
    let slot: &mut Slot<T> = match (term.on, term.stopped) {
        (On::Fused, false) => &mut upstream.fused,
        (On::Fused, true) => &mut upstream.fused_stopped,
        (On::Branch(b), _) => &mut upstream.branch[b],
        (On::Own(b), false) => &mut upstream.own[b],
        (On::Own(b), true) => &mut upstream.own_stopped[b],
        (On::Embedding(b), _) => &mut upstream.embedding[b],
    };
    match &term.loss {
        Loss::Given { value, gradient } => {
            slot.add(gradient.view());
            *value
        }
        Loss::CrossEntropy { factor } => {
            let logits: MatrixView<'_, T> = match term.on {
                On::Fused => work.fused(),
                On::Branch(b) => work.logits(b),
                On::Own(b) => work.own_logits(b),
                On::Embedding(_) => panic!("cross-entropy needs logits, not an embedding"),
            };
            let factor = T::from_f64(*factor);
            if slot.active {
                let mut grad = term_grad.top_mut(labels.len());
                let value = loss::cross_entropy(logits, labels, weights, factor, &mut grad, log_norm);
                slot.add(grad.as_view());
                value
            } else {
                slot.active = true;
                let mut grad = slot.value.top_mut(labels.len());
                loss::cross_entropy(logits, labels, weights, factor, &mut grad, log_norm)
            }
        }
    }
}
