//! The full batch tile by tile: products, activation, softmax and gradient of
//! some samples while they are in the cache, for networks whose branches are
//! bare neurons and whose objective is a sum over samples. It knows no epochs,
//! solvers or strategies, and holds no weights.

use std::ops::Range;

use crate::encoders::SmoothedRelu;
use crate::num::{MatrixView, Op, Panels, Scalar, vectorised};

use super::loss::{TileScratch, cross_entropy_tile, n_errors_tile};
use super::{Inputs, LateFusion};

/// Most samples of a tile: few enough that what it computes stays in the cache.
const TILE: usize = 288;
/// Tiles begin at multiples of it: whole panels of every kernel.
const GRAIN: usize = 48;
/// A tile is worked in whole vectors; what lies past its samples is never read.
const LANES: usize = 16;

/// Packed features of a network's training part and the buffers of a tile.
///
/// A tile lies units x samples, so that everything after the first product
/// runs over neighbouring samples and no operand is packed in a step.
pub struct Tiles<T> {
    /// Samples of every tile but the last, which may have fewer.
    tile: usize,
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
        let n = inputs.x.first().map_or(0, |x| x.view().rows()).max(1);
        let tile = n.div_ceil(n.div_ceil(TILE)).next_multiple_of(GRAIN);
        let packed = model.branches.iter().zip(&inputs.x).map(|(branch, x)| {
            let neurons = branch.encoder.neurons().expect("a branch of bare neurons");
            PackedBranch {
                by_sample: Panels::new(x.view(), Op::Transposed),
                by_feature: Panels::new(x.view(), Op::Plain),
                units: vec![T::ZERO; model.n_classes * neurons.n_neurons * tile],
                neurons,
            }
        });
        let branches: Vec<_> = packed.collect();
        debug_assert!(branches.iter().all(|b| GRAIN.is_multiple_of(b.by_sample.width())));
        let logits = vec![T::ZERO; model.n_classes * tile];
        Self { tile, branches, logits, scratch: TileScratch::default() }
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
        for start in (0..n).step_by(self.tile) {
            let stop = n.min(start + self.tile);
            let width = (stop - start).next_multiple_of(LANES);
            self.forward(model, params, start..stop, width);
            let weights = weights.map(|w| &w[start..stop]);
            let labels = &labels[start..stop];
            if let Some(errors) = &mut errors {
                *errors +=
                    n_errors_tile(&self.logits[..model.n_classes * width], width, labels, &mut self.scratch);
            }
            let logits = &mut self.logits[..model.n_classes * width];
            loss += cross_entropy_tile(logits, width, labels, weights, unit, &mut self.scratch);
            self.backward(model, frozen, start..stop, width, grad);
        }
        (loss * per_weight, errors)
    }

    /// Slopes of all units and the fused logits of some samples, rows `width`
    /// apart.
    fn forward(&mut self, model: &LateFusion<T>, params: &[T], samples: Range<usize>, width: usize) {
        let logits = &mut self.logits[..model.n_classes * width];
        logits.fill(T::ZERO);
        for (branch, packed) in model.branches.iter().zip(&mut self.branches) {
            let PackedBranch { neurons, by_sample, units, .. } = packed;
            let n_units = neurons.n_neurons * model.n_classes;
            let units = &mut units[..n_units * width];
            let weight = MatrixView::new(&params[branch.encoder_params.clone()], n_units, branch.n_inputs);
            by_sample.product(units, width, weight, 0..branch.n_inputs, samples.clone(), false);
            let classes = units.chunks_exact_mut(neurons.n_neurons * width);
            for (units, logits) in classes.zip(logits.chunks_exact_mut(width)) {
                for unit in units.chunks_exact_mut(width) {
                    neurons.activate(unit, logits);
                }
            }
        }
    }

    /// Adds the gradients of these samples; the first tile writes them.
    fn backward(
        &mut self,
        model: &LateFusion<T>,
        frozen: &[bool],
        samples: Range<usize>,
        width: usize,
        grad: &mut [T],
    ) {
        for (b, (branch, packed)) in model.branches.iter().zip(&mut self.branches).enumerate() {
            let grad = &mut grad[branch.encoder_params.clone()];
            if frozen.get(b).copied().unwrap_or(false) {
                grad.fill(T::ZERO);
                continue;
            }
            let per_class = packed.neurons.n_neurons;
            let n_units = per_class * model.n_classes;
            let units = &mut packed.units[..n_units * width];
            let logits = &self.logits[..model.n_classes * width];
            vectorised(
                #[inline(always)]
                || {
                    let classes = units.chunks_exact_mut(per_class * width);
                    for (units, upstream) in classes.zip(logits.chunks_exact(width)) {
                        for unit in units.chunks_exact_mut(width) {
                            unit.iter_mut().zip(upstream).for_each(|(slope, g)| *slope *= *g);
                        }
                    }
                },
            );
            let delta = MatrixView::strided(units, n_units, samples.len(), width);
            let accumulate = samples.start > 0;
            packed.by_feature.product(
                grad,
                branch.n_inputs,
                delta,
                samples.clone(),
                0..branch.n_inputs,
                accumulate,
            );
        }
    }
}
