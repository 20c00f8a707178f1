//! The network: late fusion over any number of modalities. Each modality has
//! its own encoder and its own linear head; the heads' logits are summed. The
//! same type with one branch is the uni-modal network.
//!
//! The model owns no parameters: they lie in one flat vector, branch after
//! branch, so that solvers, checkpoints and gradient-modifying strategies see
//! plain slices. It knows nothing of epochs, solvers or strategies.

mod batch;
pub mod loss;
pub mod meters;
mod outputs;
mod pass;
mod tiles;

use std::ops::Range;

use crate::encoders::{Encoder, Shape, SmoothedRelu, layer};
use crate::num::{Draws, Purpose, Scalar};

pub use batch::{Batch, Inputs, Slice, Source};
pub use outputs::Outputs;
pub use pass::{Noise, Slot, Upstream, Workspace};
pub use tiles::Tiles;

const INIT_ENCODER: Purpose = Purpose::new("init encoder");
const INIT_HEAD: Purpose = Purpose::new("init head");
const INIT_OWN_HEAD: Purpose = Purpose::new("init own head");

/// A late-fusion network: sum over modalities of head(encoder(features)).
pub struct LateFusion<T: Scalar> {
    branches: Vec<Branch<T>>,
    n_classes: usize,
    n_params: usize,
}

/// A modality's part of the network.
pub struct Branch<T: Scalar> {
    modality: usize,
    name: String,
    encoder: Box<dyn Encoder<T>>,
    shape: Shape,
    n_inputs: usize,
    encoder_params: Range<usize>,
    head: Option<Range<usize>>,
    own_head: Option<Range<usize>>,
    /// Own logits are asked for, and the encoder emits them itself.
    own_is_joint: bool,
}

/// What a branch is made from.
pub struct BranchPlan<T: Scalar> {
    /// Index of the modality in the data set; it also names the branch's
    /// stream of initial draws, so that a modality starts from the same
    /// weights alone and jointly.
    pub modality: usize,
    /// The modality's name.
    pub name: String,
    /// Number of features.
    pub n_inputs: usize,
    /// The encoder.
    pub encoder: Box<dyn Encoder<T>>,
}

/// The role of a parameter tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of a modality's encoder.
    Encoder,
    /// A modality's slice of the joint head.
    Head,
    /// A modality's own classifier, used by auxiliary losses only.
    OwnHead,
}

/// A named parameter tensor and where it lies in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTensor {
    /// `modality.encoder.0.weight`, `modality.head.bias`, ...
    pub name: String,
    /// Index of the branch.
    pub branch: usize,
    /// What it is for.
    pub role: Role,
    /// Outputs (1 for a bias).
    pub rows: usize,
    /// Inputs (the length of a bias).
    pub cols: usize,
    /// Place in the flat vector.
    pub range: Range<usize>,
}

impl<T: Scalar> LateFusion<T> {
    /// Lays out a network. With `own_heads` every branch also has a classifier
    /// of its own, beside its part of the joint head; where the encoder emits
    /// logits itself, these are the branch's own logits and there is no head.
    ///
    /// # Panics
    /// Without branches or with fewer than two classes.
    pub fn new(branches: Vec<BranchPlan<T>>, n_classes: usize, own_heads: bool) -> Self {
        assert!(!branches.is_empty() && n_classes >= 2, "a network needs a branch and two classes");
        let mut next = 0;
        let mut take = |n: usize| {
            let range = next..next + n;
            next += n;
            range
        };
        let mut laid: Vec<Branch<T>> = branches
            .into_iter()
            .map(|plan| {
                let shape = plan.encoder.shape(plan.n_inputs, n_classes);
                let encoder_params = take(shape.n_params());
                let head = (!shape.emits_logits).then(|| take(layer::n_params(shape.n_outputs, n_classes)));
                Branch {
                    modality: plan.modality,
                    name: plan.name,
                    encoder: plan.encoder,
                    n_inputs: plan.n_inputs,
                    encoder_params,
                    head,
                    own_head: None,
                    own_is_joint: own_heads && shape.emits_logits,
                    shape,
                }
            })
            .collect();
        // Behind everything else, so that switching them on moves nothing.
        if own_heads {
            for branch in laid.iter_mut().filter(|branch| branch.head.is_some()) {
                branch.own_head = Some(take(layer::n_params(branch.shape.n_outputs, n_classes)));
            }
        }
        Self { branches: laid, n_classes, n_params: next }
    }

    /// The branches, in the order of the modalities asked for.
    pub fn branches(&self) -> &[Branch<T>] {
        &self.branches
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Length of the flat parameter vector.
    pub fn n_params(&self) -> usize {
        self.n_params
    }

    /// Draws initial parameters: a function of the seed and of each modality's
    /// index, not of which other modalities are trained.
    pub fn init(&self, seed: u64) -> Vec<T> {
        let mut params = vec![T::ZERO; self.n_params];
        for branch in &self.branches {
            let stream = |purpose| Draws::new(seed, purpose, branch.modality as u32);
            branch.encoder.init(
                branch.n_inputs,
                self.n_classes,
                &mut stream(INIT_ENCODER),
                &mut params[branch.encoder_params.clone()],
            );
            for (range, purpose) in [(&branch.head, INIT_HEAD), (&branch.own_head, INIT_OWN_HEAD)] {
                if let Some(range) = range {
                    layer::init(branch.shape.n_outputs, &mut stream(purpose), &mut params[range.clone()]);
                }
            }
        }
        params
    }

    /// Every parameter tensor with its name and place.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let mut named = Vec::new();
        let mut add = |prefix: String, branch, role, tensors: &[crate::encoders::Tensor], start: usize| {
            let mut start = start;
            for tensor in tensors {
                named.push(NamedTensor {
                    name: format!("{prefix}.{}", tensor.name),
                    branch,
                    role,
                    rows: tensor.rows,
                    cols: tensor.cols,
                    range: start..start + tensor.len(),
                });
                start += tensor.len();
            }
        };
        for (b, branch) in self.branches.iter().enumerate() {
            let prefix = format!("{}.encoder", branch.name);
            add(prefix, b, Role::Encoder, &branch.shape.tensors, branch.encoder_params.start);
            let heads = [("head", Role::Head, &branch.head), ("own_head", Role::OwnHead, &branch.own_head)];
            for (name, role, range) in heads {
                if let Some(range) = range {
                    let tensors = layer::tensors(name, branch.shape.n_outputs, self.n_classes);
                    add(branch.name.clone(), b, role, &tensors, range.start);
                }
            }
        }
        named
    }

    /// Multiplications and additions of one training step per sample: the unit
    /// in which budgets and relative costs are counted.
    pub fn flops_per_sample(&self) -> f64 {
        // Forward and both gradients, less the first layer's input gradient.
        self.branches
            .iter()
            .map(|branch| {
                let first = branch.shape.tensors.first().map_or(0, crate::encoders::Tensor::len);
                let all = branch.encoder_params.len()
                    + branch.head.as_ref().map_or(0, Range::len)
                    + branch.own_head.as_ref().map_or(0, Range::len);
                6.0 * all as f64 - 2.0 * first as f64
            })
            .sum()
    }
}

impl<T: Scalar> Branch<T> {
    /// Index of the modality in the data set.
    pub fn modality(&self) -> usize {
        self.modality
    }

    /// The modality's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Width of the embedding.
    pub fn n_outputs(&self) -> usize {
        self.shape.n_outputs
    }

    /// Number of features.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Where the encoder's parameters lie.
    pub fn encoder_params(&self) -> Range<usize> {
        self.encoder_params.clone()
    }

    /// Where its part of the joint head lies; `None` when the encoder emits
    /// logits itself.
    pub fn head_params(&self) -> Option<Range<usize>> {
        self.head.clone()
    }

    /// The activation, where the branch's logits are plain sums of neurons.
    pub fn neurons(&self) -> Option<SmoothedRelu> {
        self.encoder.neurons()
    }

    /// Where its own classifier lies, if there is one.
    pub fn own_head_params(&self) -> Option<Range<usize>> {
        self.own_head.clone()
    }
}
