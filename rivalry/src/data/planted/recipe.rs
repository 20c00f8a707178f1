//! What a planted data set is made of: one law for every modality of every
//! case, and the draws. It knows no case and no cause.

use serde::{Deserialize, Serialize};

use crate::data::sparse_coding::orthonormal;
use crate::data::{Features, Modality};
use crate::num::{Draws, Matrix, Purpose};

const LABELS: Purpose = Purpose::new("planted labels");
const ROTATION: Purpose = Purpose::new("planted rotation");
const SIGNAL: Purpose = Purpose::new("planted signal");
const SHARED: Purpose = Purpose::new("planted shared noise");

/// Training rows are part 0, test rows part 1.
pub(super) const TEST: u32 = 1;

/// How a modality tells the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Along the class's own direction: a linear model reads it.
    Linear,
    /// Along the class's own direction or against it, each with probability
    /// 1/2: all class means are zero, so a linear model reads nothing and an
    /// encoder has to learn it.
    Folded,
}

/// The law of one modality. In coordinates (one per class, then the rest)
///
/// ```text
/// v_k = delta sign [k = told] + own e_k + shared u_k    k = 1 .. K
/// v_j = background e_j                                  the other features
/// x   = scale Q v,  Q Haar among rotations,  e, u ~ N(0, 1)
/// ```
///
/// where u belongs to the sample and is the same in every modality, and `told`
/// is the sample's class but for what the fields below say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// d, the number of features; at least the number of classes.
    pub dim: usize,
    /// How the class is told.
    pub code: Code,
    /// How loudly.
    pub delta: f64,
    /// Probability that a sample of this modality tells nothing.
    pub insufficient: f64,
    /// Standard deviation of the modality's own noise on the class coordinates.
    pub own: f64,
    /// Standard deviation of the noise that it shares with other modalities.
    pub shared: f64,
    /// Standard deviation of all other coordinates.
    pub background: f64,
    /// Factor on all features.
    pub scale: f64,
    /// Test rows tell a class drawn at random: what was learned does not hold.
    pub is_shortcut: bool,
    /// Test rows are those of another test sample of the same class.
    pub is_mispaired: bool,
}

impl Default for Source {
    /// A clean modality of 20 features without a class.
    fn default() -> Self {
        Self {
            dim: 20,
            code: Code::Linear,
            delta: 0.0,
            insufficient: 0.0,
            own: 1.0,
            shared: 0.0,
            background: 1.0,
            scale: 1.0,
            is_shortcut: false,
            is_mispaired: false,
        }
    }
}

/// Labels of a part: as many of each class as of any other (up to one), in a
/// random order.
pub(super) fn labels(n: usize, n_classes: usize, seed: u64, part: u32) -> Vec<u32> {
    let order = Draws::new(seed, LABELS, part).permutation(n);
    order.into_iter().map(|i| i % n_classes as u32).collect()
}

/// Features of the training rows, then of the test rows.
pub(super) fn modality(
    r: usize,
    source: &Source,
    labels: [&[u32]; 2],
    n_classes: usize,
    seed: u64,
) -> Modality {
    let stream = (r as u64) << 40;
    let mut draws = Draws::new(seed, ROTATION, 0).at(stream);
    let rotation = orthonormal(source.dim, source.dim, || draws.normal());
    let mut values: Vec<f32> = Vec::with_capacity((labels[0].len() + labels[1].len()) * source.dim);
    for (part, labels) in labels.into_iter().enumerate() {
        let is_test = part as u32 == TEST;
        let v = coordinates(stream, source, labels, n_classes, seed, part as u32);
        let donor = if is_test && source.is_mispaired { donors(labels, n_classes) } else { Vec::new() };
        for i in 0..labels.len() {
            let row = v.row(donor.get(i).map_or(i, |d| *d as usize));
            values.extend((0..source.dim).map(|c| {
                let rotated: f64 = rotation.row(c).iter().zip(row).map(|(q, v)| q * v).sum();
                (source.scale * rotated) as f32
            }));
        }
    }
    let n_rows = values.len() / source.dim;
    let features = Features::F32(Matrix::from_vec(n_rows, source.dim, values));
    Modality { name: name(r), features }
}

/// The name of the modality at position `r`: `a`, `b`, `c`.
pub(super) fn name(r: usize) -> String {
    char::from(b'a' + r as u8).to_string()
}

/// v of every sample of a part.
pub(super) fn coordinates(
    stream: u64,
    source: &Source,
    labels: &[u32],
    n_classes: usize,
    seed: u64,
    part: u32,
) -> Matrix<f64> {
    let mut draws = Draws::new(seed, SIGNAL, part).at(stream);
    let mut shared = Draws::new(seed, SHARED, part);
    let mut v = Matrix::zeros(labels.len(), source.dim);
    for (i, label) in labels.iter().enumerate() {
        let row = v.row_mut(i);
        // Every sample takes the same number of draws, whatever comes of them.
        let is_told = !draws.bernoulli(source.insufficient);
        let sign = if draws.bernoulli(0.5) { -1.0 } else { 1.0 };
        let other = draws.below(n_classes);
        let told = if part == TEST && source.is_shortcut { other } else { *label as usize };
        for (k, value) in row.iter_mut().enumerate() {
            let own = draws.normal();
            *value = if k < n_classes {
                source.own * own + source.shared * shared.normal()
            } else {
                source.background * own
            };
        }
        if is_told {
            row[told] += source.delta * if source.code == Code::Folded { sign } else { 1.0 };
        }
    }
    v
}

/// For every sample the next one of its class, the last one's being the first.
pub(super) fn donors(labels: &[u32], n_classes: usize) -> Vec<u32> {
    let mut donor: Vec<u32> = (0..labels.len() as u32).collect();
    for class in 0..n_classes as u32 {
        let members: Vec<u32> = (0..labels.len() as u32).filter(|i| labels[*i as usize] == class).collect();
        for (place, i) in members.iter().enumerate() {
            donor[*i as usize] = members[(place + 1) % members.len()];
        }
    }
    donor
}
