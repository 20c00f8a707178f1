//! The full batch tile by tile: products, activation, softmax and gradient of
//! some samples while they are in the cache, for networks whose branches are
//! bare neurons and whose objective is a sum over samples. It knows no epochs,
//! solvers or strategies, and holds no weights.

use crate::encoders::SmoothedRelu;
use crate::num::{MatrixView, Op, Panels, Scalar, vectorised};

use super::loss::{TileScratch, cross_entropy_tile, n_errors_tile};
use super::{Inputs, LateFusion};

/// Samples of a tile: whole panels of every kernel, and few enough that what
/// a tile computes stays in the cache.
const TILE: usize = 240;

/// Packed features of a network's training part and the buffers of a tile.
///
/// A tile lies units x samples, so that everything after the first product
/// runs over neighbouring samples and no operand is packed in a step.
pub struct Tiles<T> {
    branches: Vec<PackedBranch<T>>,
    logits: Vec<T>,
    scratch: TileScratch<T>,
}

struct PackedBranch<T> {
    neurons: SmoothedRelu,
    /// Features x samples, for P = W X^T.
    by_sample: Panels<T>,
    /// Samples x features, for dW = D X.
    by_feature: Panels<T>,
    /// Units x samples of a tile: pre-activations, then slopes, then the
    /// gradient at the pre-activations.
    units: Vec<T>,
}

impl<T: Scalar> Tiles<T> {
    /// Whether every branch of the network is bare neurons.
    pub fn suit(model: &LateFusion<T>) -> bool {
        model.branches.iter().all(|branch| branch.encoder.neurons().is_some())
    }

    /// Packs the features.
    ///
    /// # Panics
    /// Where [`Tiles::suit`] says no.
    pub fn new(model: &LateFusion<T>, inputs: &Inputs<T>) -> Self {
        let packed = model.branches.iter().zip(&inputs.x).map(|(branch, x)| {
            let neurons = branch.encoder.neurons().expect("a branch of bare neurons");
            PackedBranch {
                by_sample: Panels::new(x.view(), Op::Transposed),
                by_feature: Panels::new(x.view(), Op::Plain),
                units: vec![T::ZERO; model.n_classes * neurons.n_neurons * TILE],
                neurons,
            }
        });
        let branches: Vec<_> = packed.collect();
        debug_assert!(branches.iter().all(|b| TILE.is_multiple_of(b.by_sample.width())));
        let logits = vec![T::ZERO; model.n_classes * TILE];
        Self { branches, logits, scratch: TileScratch::default() }
    }

    /// Writes the gradient of the weighted mean cross-entropy of the summed
    /// logits to `grad`; returns that mean, in nats, and where asked the number
    /// of samples that are wrong under the talk's rule. It is what
    /// [`LateFusion::forward`], [`super::loss::cross_entropy`] and
    /// [`LateFusion::backward`] do with the whole batch, up to rounding. Tiles
    /// are added in the order of the samples.
    pub fn evaluate(
        &mut self,
        model: &LateFusion<T>,
        params: &[T],
        labels: &[u32],
        weights: Option<&[T]>,
        frozen: &[bool],
        counts_errors: bool,
        grad: &mut [T],
    ) -> (f64, Option<usize>) {
        let n = labels.len();
        let total = weights.map_or(n as f64, |w| w.iter().map(|w| w.to_f64()).sum());
        // Weights that sum to zero: no loss and no gradient.
        let per_weight = if total > 0.0 { 1.0 / total } else { 0.0 };
        let unit = T::from_f64(per_weight);
        let (mut loss, mut errors) = (0.0, counts_errors.then_some(0));
        for start in (0..n).step_by(TILE) {
            let stop = n.min(start + TILE);
            self.forward(model, params, start, stop);
            let weights = weights.map(|w| &w[start..stop]);
            let labels = &labels[start..stop];
            if let Some(errors) = &mut errors {
                *errors += n_errors_tile(&self.logits, TILE, labels, &mut self.scratch);
            }
            loss += cross_entropy_tile(&mut self.logits, TILE, labels, weights, unit, &mut self.scratch);
            self.backward(model, frozen, start, stop, grad);
        }
        (loss * per_weight, errors)
    }

    /// Slopes of all units and the fused logits of samples `start..stop`.
    fn forward(&mut self, model: &LateFusion<T>, params: &[T], start: usize, stop: usize) {
        self.logits.fill(T::ZERO);
        for (branch, packed) in model.branches.iter().zip(&mut self.branches) {
            let PackedBranch { neurons, by_sample, units, .. } = packed;
            let n_units = neurons.n_neurons * model.n_classes;
            let weight = MatrixView::new(&params[branch.encoder_params.clone()], n_units, branch.n_inputs);
            by_sample.product(units, TILE, weight, 0..branch.n_inputs, start..stop, false);
            let classes = units.chunks_exact_mut(neurons.n_neurons * TILE);
            for (units, logits) in classes.zip(self.logits.chunks_exact_mut(TILE)) {
                for unit in units.chunks_exact_mut(TILE) {
                    neurons.activate(unit, logits);
                }
            }
        }
    }

    /// Adds the gradients of samples `start..stop`; the first tile writes them.
    fn backward(
        &mut self,
        model: &LateFusion<T>,
        frozen: &[bool],
        start: usize,
        stop: usize,
        grad: &mut [T],
    ) {
        for (b, (branch, packed)) in model.branches.iter().zip(&mut self.branches).enumerate() {
            let grad = &mut grad[branch.encoder_params.clone()];
            if frozen.get(b).copied().unwrap_or(false) {
                grad.fill(T::ZERO);
                continue;
            }
            let units = &mut packed.units;
            let n_units = units.len() / TILE;
            let per_class = n_units / model.n_classes;
            let logits = &self.logits;
            vectorised(
                #[inline(always)]
                || {
                    let classes = units.chunks_exact_mut(per_class * TILE);
                    for (units, upstream) in classes.zip(logits.chunks_exact(TILE)) {
                        for unit in units.chunks_exact_mut(TILE) {
                            unit.iter_mut().zip(upstream).for_each(|(slope, g)| *slope *= *g);
                        }
                    }
                },
            );
            let delta = MatrixView::strided(units, n_units, stop - start, TILE);
            packed.by_feature.product(
                grad,
                branch.n_inputs,
                delta,
                start..stop,
                0..branch.n_inputs,
                start > 0,
            );
        }
    }
}
