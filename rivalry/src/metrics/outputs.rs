//! Arithmetic on a network's outputs: fused logits, right and wrong, softmax.

use crate::metrics::{ModelOutputs, Part, PartOutputs, Reading};
use crate::model::loss;
use crate::num::{Matrix, sums};
use crate::strategies::ensemble::mean_probabilities;

/// The fused logits, `n_rows x n_classes`: the sum over modalities.
pub(super) fn fused(outputs: &PartOutputs) -> Option<Matrix<f64>> {
    let (first, rest) = outputs.logits.split_first()?;
    let mut sum = first.map(f64::from);
    for logits in rest {
        for (s, z) in sum.as_mut_slice().iter_mut().zip(logits.as_slice()) {
            *s += f64::from(*z);
        }
    }
    Some(sum)
}

/// Why a network has no logits on a part.
pub(super) fn absent(model: &ModelOutputs, part: Part) -> String {
    if model.outputs(part).predicted.is_empty() {
        format!("no outputs on {} rows were kept", part.name())
    } else {
        "only the predicted classes are known, no scores".to_owned()
    }
}

/// Rows handled at a time: their scores in double precision stay in the cache,
/// and all rows of many classes need not be held so.
const TILE: usize = 64;

/// The fused logits of some rows, a few rows at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fused<'a>(&'a [Matrix<f32>]);

impl<'a> Fused<'a> {
    /// Those of a network on a part, or why there are none.
    pub(super) fn of(model: &'a ModelOutputs, part: Part) -> Result<Self, String> {
        let outputs = model.outputs(part);
        if outputs.logits.is_empty() { Err(absent(model, part)) } else { Ok(Self(&outputs.logits)) }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.0[0].rows()
    }

    /// Rows `start..` of the fused logits, at most [`TILE`], into `tile`.
    fn fill(&self, start: usize, tile: &mut Matrix<f64>) {
        let (rows, cols) = (tile.rows(), tile.cols());
        let of = |logits: &'a Matrix<f32>| &logits.as_slice()[start * cols..(start + rows) * cols];
        let (first, rest) = (of(&self.0[0]), &self.0[1..]);
        tile.as_mut_slice().iter_mut().zip(first).for_each(|(s, z)| *s = f64::from(*z));
        for logits in rest {
            tile.as_mut_slice().iter_mut().zip(of(logits)).for_each(|(s, z)| *s += f64::from(*z));
        }
    }

    /// Calls `take` with the number of the first row and a tile of rows, in order.
    pub(super) fn tiles(self, mut take: impl FnMut(usize, &Matrix<f64>)) {
        tiles(&[self], |start, tiles| take(start, &tiles[0]));
    }
}

/// Calls `take` with the number of the first row and a tile of rows of each
/// network, which have equally many.
fn tiles(networks: &[Fused<'_>], mut take: impl FnMut(usize, &[Matrix<f64>])) {
    let Some(n) = networks.first().map(Fused::n_rows) else { return };
    let mut tiles: Vec<Matrix<f64>> = Vec::new();
    for start in (0..n).step_by(TILE) {
        let rows = TILE.min(n - start);
        if tiles.first().is_none_or(|tile| tile.rows() != rows) {
            tiles = networks.iter().map(|of| Matrix::zeros(rows, of.0[0].cols())).collect();
        }
        networks.iter().zip(&mut tiles).for_each(|(of, tile)| of.fill(start, tile));
        take(start, &tiles);
    }
}

/// What probabilities say of every row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// 1 where the right class has the largest probability, else 0.
    pub(super) right: Vec<f32>,
    /// The largest probability.
    pub(super) confidence: Vec<f64>,
}

impl Said {
    /// Of a network's own probabilities.
    pub(super) fn by(network: Fused<'_>, labels: &[u32]) -> Self {
        let mut said = Self::default();
        network.tiles(|start, logits| said.extend(&softmax(logits), &labels[start..]));
        said
    }

    /// Of the mean probabilities of networks, each at its temperature.
    pub(super) fn together(networks: &[Fused<'_>], temperatures: &[f64], labels: &[u32]) -> Self {
        let mut said = Self::default();
        tiles(networks, |start, logits| {
            let views: Vec<_> = logits.iter().map(Matrix::view).collect();
            said.extend(&mean_probabilities(&views, temperatures), &labels[start..]);
        });
        said
    }

    fn extend(&mut self, p: &Matrix<f64>, labels: &[u32]) {
        self.right.extend(right(p, &labels[..p.rows()]));
        self.confidence.extend((0..p.rows()).map(|r| p.row(r).iter().copied().fold(0.0, f64::max)));
    }
}

/// 1 where the right class scores highest, else 0.
pub(super) fn right(scores: &Matrix<f64>, labels: &[u32]) -> Vec<f32> {
    let one = |(i, label): (usize, &u32)| f32::from(u8::from(loss::is_right(scores.row(i), *label)));
    labels.iter().enumerate().map(one).collect()
}

/// The class given to every row: the label where it is right, else the highest
/// scoring other one (a tie with the label is an error).
pub(super) fn predicted(scores: &Matrix<f64>, labels: &[u32]) -> Vec<u32> {
    let one = |(i, label): (usize, &u32)| {
        let row = scores.row(i);
        if loss::is_right(row, *label) {
            return *label;
        }
        let others = (0..row.len()).filter(|k| *k != *label as usize);
        // Of equals the first.
        others.rev().max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0) as u32
    };
    labels.iter().enumerate().map(one).collect()
}

/// Share of ones, or `None` of nothing.
pub(super) fn share(right: &[f32]) -> Option<f64> {
    (!right.is_empty()).then(|| right.iter().map(|r| f64::from(*r)).sum::<f64>() / right.len() as f64)
}

/// Softmax of every row.
pub(super) fn softmax(logits: &Matrix<f64>) -> Matrix<f64> {
    let mut out = Matrix::zeros(logits.rows(), logits.cols());
    loss::softmax(logits.view(), &mut out.view_mut(), &mut vec![0.0; logits.rows()]);
    out
}

/// The joint network's test logits by modality, with what stands in for a
/// modality that is removed: its mean logits over the training rows, or over the
/// test rows where no outputs on training rows were kept.
pub(super) struct Cut<'a> {
    pub(super) labels: &'a [u32],
    pub(super) branches: Vec<Matrix<f64>>,
    pub(super) means: Vec<Vec<f64>>,
    pub(super) fused: Matrix<f64>,
}

impl<'a> Cut<'a> {
    pub(super) fn of(trial: &'a Reading<'a>) -> Result<Self, String> {
        let model = trial.joint_with_cut()?;
        let fused = trial.fused(model, Part::Test)?;
        let branches: Vec<Matrix<f64>> = model.test.logits.iter().map(|z| z.map(f64::from)).collect();
        let means = (0..branches.len()).map(|m| mean_logits(model, m)).collect();
        Ok(Self { labels: trial.labels(Part::Test), branches, means, fused })
    }

    /// The fused logits where a modality is replaced by its mean.
    pub(super) fn without(&self, modality: usize) -> Matrix<f64> {
        let (own, mean) = (&self.branches[modality], &self.means[modality]);
        let value = |r: usize, k: usize| self.fused.row(r)[k] - own.row(r)[k] + mean[k];
        Matrix::from_fn(self.fused.rows(), self.fused.cols(), value)
    }

    /// What the joint network has right.
    pub(super) fn right(&self) -> Vec<f32> {
        right(&self.fused, self.labels)
    }
}

/// A branch's mean logits over the training rows, or else over the test rows.
pub(super) fn mean_logits(model: &ModelOutputs, branch: usize) -> Vec<f64> {
    let kept = [&model.train, &model.test];
    let of = kept.iter().filter_map(|part| part.logits.get(branch)).find(|logits| logits.rows() > 0);
    of.map_or_else(Vec::new, |logits| {
        let n = logits.rows() as f64;
        let mean = |k: usize| sums::sum_by(logits.rows(), |r| f64::from(logits.row(r)[k])) / n;
        (0..logits.cols()).map(mean).collect()
    })
}

/// `first - second`, value by value.
pub(super) fn minus(first: &[f32], second: &[f32]) -> Vec<f32> {
    first.iter().zip(second).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_is_an_error() {
        let scores = Matrix::from_vec(3, 3, vec![1.0, 1.0, 0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(right(&scores, &[0, 0, 2]), [0.0, 1.0, 0.0]);
        assert_eq!(share(&right(&scores, &[0, 0, 2])), Some(1.0 / 3.0));
        assert_eq!(share(&[]), None);
    }

    #[test]
    fn fused_logits_are_the_sum() {
        let outputs = PartOutputs {
            logits: vec![Matrix::from_vec(1, 2, vec![1.0, -2.0]), Matrix::from_vec(1, 2, vec![0.5, 4.0])],
            ..PartOutputs::default()
        };
        assert_eq!(fused(&outputs).unwrap().as_slice(), [1.5, 2.0]);
        assert!(fused(&PartOutputs::default()).is_none());
    }
}
