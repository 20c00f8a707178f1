//! The neuron form of a step's objective: Gram matrices, softmax over classes,
//! and the way back to the weights. Knows no time.

use crate::model::LateFusion;
use crate::num::{
    Matrix, MatrixMut, MatrixView, Op, Panels, Scalar, product, product_into, sums, vectorised,
};
use crate::solvers::Reading;
use crate::solvers::neurons::{Layout, NeuronBranch, Neurons};
use crate::strategies::{On, Strategy};

use super::prepare::Prepared;

/// A Gram matrix pays when n < 2 d, and is not made beyond this many samples.
const MAX_GRAM: usize = 16_384;

/// What a run's neuron form needs over and over; made once.
pub(super) struct NeuronTables<T: Scalar> {
    layout: Layout,
    terms: Vec<(On, f64)>,
    branches: Vec<Table<T>>,
    /// One weight per sample; they sum to one.
    shares: Vec<T>,
    counts_errors: bool,
    fused: Vec<T>,
    probabilities: Vec<T>,
    log_norm: Vec<T>,
    between: Vec<T>,
}

struct Table<T> {
    first_param: usize,
    n_inputs: usize,
    uses_gram: bool,
    /// Made when first asked for.
    packed: Option<Packed<T>>,
}

/// The samples as [`Neurons::spread`] multiplies with them: it is called with
/// few neurons and many times, so nothing is packed in a call.
enum Packed<T> {
    /// X X^T, where it is smaller than X twice.
    Gram(Panels<T>),
    /// X and X^T.
    Features(Panels<T>, Panels<T>),
}

impl<T: Scalar> Packed<T> {
    fn new(x: MatrixView<'_, T>, uses_gram: bool) -> Self {
        if uses_gram {
            Self::Gram(Panels::new(product(x, Op::Plain, x, Op::Transposed).view(), Op::Plain))
        } else {
            Self::Features(Panels::new(x, Op::Plain), Panels::new(x, Op::Transposed))
        }
    }
}

/// The tables with the samples that they are about.
pub(super) struct NeuronForm<'a, T: Scalar> {
    pub tables: &'a mut NeuronTables<T>,
    pub x: &'a [Matrix<T>],
    pub y: &'a [u32],
}

impl<T: Scalar> NeuronTables<T> {
    /// Tables for a run whose network and strategy allow the neuron form.
    pub(super) fn new(
        prepared: &Prepared<T>,
        strategy: &dyn Strategy<T>,
        counts_errors: bool,
    ) -> Option<Self> {
        let model: &LateFusion<T> = &prepared.model;
        let terms = strategy.terms(model.branches().len())?;
        let n = prepared.train.len();
        let fused_only = terms.iter().all(|(on, _)| *on == On::Fused);
        let (mut branches, mut tables) = (Vec::new(), Vec::new());
        for (b, branch) in model.branches().iter().enumerate() {
            let d = branch.n_inputs();
            let uses_gram = n < 2 * d && n <= MAX_GRAM;
            branches.push(NeuronBranch {
                sigma: branch.neurons()?,
                channel: if fused_only { 0 } else { b },
                spread: (n * if uses_gram { n } else { 2 * d }) as f64,
            });
            let first_param = branch.encoder_params().start;
            tables.push(Table { first_param, n_inputs: d, uses_gram, packed: None });
        }
        let weights: Vec<f64> = match &prepared.class_weights {
            Some(weights) => prepared.train.y.iter().map(|y| weights[*y as usize].to_f64()).collect(),
            None => vec![1.0; n],
        };
        let total = sums::sum(&weights);
        let n_channels = if fused_only { 1 } else { branches.len() };
        let layout = Layout { n_samples: n, n_classes: model.n_classes(), n_channels, branches };
        let plane = layout.n_classes * n;
        Some(Self {
            terms,
            branches: tables,
            shares: weights.iter().map(|w| T::from_f64(w / total)).collect(),
            counts_errors,
            fused: vec![T::ZERO; plane],
            probabilities: vec![T::ZERO; plane],
            log_norm: vec![T::ZERO; n],
            between: Vec::new(),
            layout,
        })
    }
}

impl<T: Scalar> Neurons<T> for NeuronForm<'_, T> {
    fn layout(&self) -> &Layout {
        &self.tables.layout
    }

    fn pre_activations(&mut self, params: &[T], out: &mut Vec<T>) {
        let n = self.y.len();
        out.resize(self.tables.layout.n_neurons() * n, T::ZERO);
        let mut rest = &mut out[..];
        for ((table, branch), x) in self.tables.branches.iter().zip(&self.tables.layout.branches).zip(self.x)
        {
            let rows = branch.sigma.n_neurons * self.tables.layout.n_classes;
            let (rows_out, after) = rest.split_at_mut(rows * n);
            let weights = &params[table.first_param..table.first_param + rows * table.n_inputs];
            let weights = MatrixView::new(weights, rows, table.n_inputs);
            let mut target = MatrixMut::new(rows_out, rows, n);
            product_into(&mut target, weights, Op::Plain, x.view(), Op::Transposed, false);
            rest = after;
        }
    }

    fn add_pull(&mut self, pull: &[T], params: &mut [T]) {
        let n = self.y.len();
        let mut rest = pull;
        for ((table, branch), x) in self.tables.branches.iter().zip(&self.tables.layout.branches).zip(self.x)
        {
            let rows = branch.sigma.n_neurons * self.tables.layout.n_classes;
            let (own, after) = rest.split_at(rows * n);
            let weights = &mut params[table.first_param..table.first_param + rows * table.n_inputs];
            let mut weights = MatrixMut::new(weights, rows, table.n_inputs);
            product_into(&mut weights, MatrixView::new(own, rows, n), Op::Plain, x.view(), Op::Plain, true);
            rest = after;
        }
    }

    fn spread(&mut self, branch: usize, c: &[T], out: &mut [T]) {
        let n = self.y.len();
        let rows = c.len() / n;
        let (x, table) = (&self.x[branch], &mut self.tables.branches[branch]);
        let c = MatrixView::new(c, rows, n);
        match table.packed.get_or_insert_with(|| Packed::new(x.view(), table.uses_gram)) {
            Packed::Gram(gram) => gram.product(out, n, c, 0..n, 0..n, false),
            Packed::Features(by_feature, by_sample) => {
                let (between, d) = (&mut self.tables.between, table.n_inputs);
                between.resize(rows * d, T::ZERO);
                by_feature.product(between, d, c, 0..n, 0..d, false);
                by_sample.product(out, n, MatrixView::new(between, rows, d), 0..d, 0..n, false);
            }
        }
    }

    fn upstream(&mut self, logits: &[T], out: &mut [T]) {
        let tables = &mut *self.tables;
        let plane = tables.fused.len();
        out.fill(T::ZERO);
        for (on, factor) in &tables.terms {
            let factor = T::from_f64(*factor);
            match on {
                On::Fused => {
                    let fused = fuse(logits, plane, &mut tables.fused);
                    softmax(fused, &mut tables.probabilities, &mut tables.log_norm);
                    for channel in out.chunks_exact_mut(plane) {
                        let p = &tables.probabilities;
                        add_gradient(p, self.y, &tables.shares, factor, channel);
                    }
                }
                On::Branch(b) | On::Own(b) | On::Embedding(b) => {
                    let place = b * plane..(b + 1) * plane;
                    softmax(&logits[place.clone()], &mut tables.probabilities, &mut tables.log_norm);
                    let p = &tables.probabilities;
                    add_gradient(p, self.y, &tables.shares, factor, &mut out[place]);
                }
            }
        }
    }

    fn read(&mut self, logits: &[T]) -> Reading {
        let tables = &mut *self.tables;
        let (plane, n) = (tables.fused.len(), self.y.len());
        let fused = fuse(logits, plane, &mut tables.fused);
        softmax(fused, &mut tables.probabilities, &mut tables.log_norm);
        let loss = sums::sum_by(n, |i| {
            let own = fused[self.y[i] as usize * n + i];
            tables.shares[i].to_f64() * (tables.log_norm[i] - own).to_f64()
        });
        let wrong = |i: usize| {
            let own = fused[self.y[i] as usize * n + i];
            !(0..tables.layout.n_classes).all(|j| j == self.y[i] as usize || fused[j * n + i] < own)
        };
        let errors = tables.counts_errors.then(|| (0..n).filter(|i| wrong(*i)).count());
        Reading { loss, errors }
    }
}

/// The sum over channels; a single channel as it is.
fn fuse<'a, T: Scalar>(logits: &'a [T], plane: usize, buffer: &'a mut [T]) -> &'a [T] {
    if logits.len() == plane {
        return logits;
    }
    buffer.copy_from_slice(&logits[..plane]);
    for channel in logits[plane..].chunks_exact(plane) {
        vectorised(
            #[inline(always)]
            || buffer.iter_mut().zip(channel).for_each(|(f, z)| *f += *z),
        );
    }
    buffer
}

/// softmax over classes of classes x samples values, and the logarithm of each
/// sample's normaliser.
fn softmax<T: Scalar>(logits: &[T], out: &mut [T], log_norm: &mut [T]) {
    let n = log_norm.len();
    vectorised(
        #[inline(always)]
        || {
            log_norm.copy_from_slice(&logits[..n]);
            for row in logits[n..].chunks_exact(n) {
                for (top, z) in log_norm.iter_mut().zip(row) {
                    *top = if *z > *top { *z } else { *top };
                }
            }
            for (p, z) in out.chunks_exact_mut(n).zip(logits.chunks_exact(n)) {
                for ((p, z), top) in p.iter_mut().zip(z).zip(log_norm.iter()) {
                    *p = (*z - *top).exp();
                }
            }
        },
    );
    // Sums in the first rows' order, whatever the number of classes.
    let (first, rest) = out.split_at_mut(n);
    let mut sums = first.to_vec();
    vectorised(
        #[inline(always)]
        || {
            for row in rest.chunks_exact(n) {
                sums.iter_mut().zip(row).for_each(|(sum, p)| *sum += *p);
            }
        },
    );
    for (norm, sum) in log_norm.iter_mut().zip(&mut sums) {
        *norm += sum.ln();
        *sum = T::ONE / *sum;
    }
    vectorised(
        #[inline(always)]
        || {
            for row in out.chunks_exact_mut(n) {
                row.iter_mut().zip(&sums).for_each(|(p, inverse)| *p *= *inverse);
            }
        },
    );
}

/// out += factor u_i (p_i - e_{y_i}).
fn add_gradient<T: Scalar>(p: &[T], y: &[u32], shares: &[T], factor: T, out: &mut [T]) {
    let n = y.len();
    vectorised(
        #[inline(always)]
        || {
            for (out, p) in out.chunks_exact_mut(n).zip(p.chunks_exact(n)) {
                for ((o, p), u) in out.iter_mut().zip(p).zip(shares) {
                    *o += factor * *u * *p;
                }
            }
        },
    );
    for (i, label) in y.iter().enumerate() {
        out[*label as usize * n + i] -= factor * shares[i];
    }
}
