//! Diagnosing and re-learning: now and then each encoder is moved back towards its initial
//! weights, the further the better its embeddings separate classes on training rows than on
//! held-out ones, by the purity of k-means clusters.

use crate::num::{Draws, Matrix, Purpose, Scalar, special};
use crate::registry::{Default, Entry, Knob, Range};
use crate::stats::clusters::{ColumnEnds, k_means, purity};
use crate::works;

use super::{Epoch, Needs, Settle, Strategy};

const ROWS: Purpose = Purpose::new("re-learning rows");
/// Rows of either part that are clustered at most.
const MOST: usize = 512;

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "relearn",
        summary: "move over-fitted encoders back towards their initial weights now and then",
        cites: &[works::WEI2024RELEARNING],
        knobs: &[
            Knob {
                name: "every",
                default: Default::Whole(20),
                range: Range::Between(1.0, 1e6),
                meaning: "epochs between two diagnoses",
            },
            Knob {
                name: "times",
                default: Default::Whole(3),
                range: Range::Between(0.0, 1e6),
                meaning: "diagnoses at most; 0 is naive joint training",
            },
            Knob {
                name: "strength",
                default: Default::Number(3.0),
                range: Range::Between(0.0, 100.0),
                meaning: "an encoder goes back by tanh(strength x gap of purities)",
            },
        ],
        build: |settings| {
            Box::new(Relearn {
                every: settings.whole("every") as u32,
                times: settings.whole("times") as u32,
                strength: settings.number("strength"),
            })
        },
    }
}

struct Relearn {
    every: u32,
    times: u32,
    strength: f64,
}

/// How far an encoder goes back, 0 to 1, given its purity on training less on held-out rows.
fn back(gap: f64, strength: f64) -> f64 {
    special::tanh(strength * gap.abs())
}

/// Purity of clusters of an encoder's embeddings on training rows less on held-out ones, both
/// scaled to the training rows' range; 0 where there is nothing to cluster.
fn purity_gap<T: Scalar>(at: &Epoch<'_, T>, train: &Matrix<T>, valid: &Matrix<T>) -> f64 {
    let ends = ColumnEnds::of(train);
    let n = train.rows().min(valid.rows()).min(MOST);
    let on = |embeddings: &Matrix<T>, labels: &[u32], part: u32| {
        let mut rows = Draws::new(at.seed, ROWS, part).permutation(embeddings.rows());
        rows.truncate(n);
        let labels: Vec<u32> = rows.iter().map(|row| labels[*row as usize]).collect();
        let value = |r: usize, k: usize| ends.scale(k, embeddings.row(rows[r] as usize)[k].to_f64());
        let scaled = Matrix::from_fn(n, embeddings.cols(), value);
        k_means(scaled.view(), at.model.n_classes(), at.seed).map(|found| purity(&found.of, &labels))
    };
    let pair = on(train, &at.train.y, 0).zip(on(valid, &at.valid.y, 1));
    pair.map_or(0.0, |(train, valid)| train - valid)
}

impl<T: Scalar> Strategy<T> for Relearn {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { stepwise: true, ..Needs::default() }
    }

    fn settle(&mut self, at: &Epoch<'_, T>, params: &mut [T]) -> Settle {
        let due = at.index > 0 && at.index.is_multiple_of(self.every) && at.index / self.every <= self.times;
        if !due || at.valid.is_empty() {
            return Settle::Go;
        }
        let (train, valid) = (at.train_outputs(), at.valid_outputs());
        let first = at.model.init(at.seed);
        for (b, branch) in at.model.branches().iter().enumerate() {
            let gap = purity_gap(at, &train.embeddings[b], &valid.embeddings[b]);
            let share = back(gap, self.strength);
            for i in branch.encoder_params() {
                params[i] = T::from_f64(share * first[i].to_f64() + (1.0 - share) * params[i].to_f64());
            }
        }
        Settle::Go
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/relearn.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_goes_back_as_published() {
        assert!((back(0.2, 3.0) - 0.537_050).abs() < 1e-6 && (back(-0.2, 3.0) - 0.537_050).abs() < 1e-6);
        assert_eq!(back(0.0, 3.0), 0.0);
    }
}
