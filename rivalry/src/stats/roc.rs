//! The area under the ROC curve with DeLong's variance.

/// An area with what every sample contributes to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Auc {
    /// The probability that a positive scores above a negative; ties count
    /// half.
    pub value: f64,
    /// One per sample: how far it moves the area, scaled so that sums of
    /// products of two classifiers' influences are `DeLong`'s covariances. They
    /// sum to zero.
    pub influence: Vec<f64>,
}

impl Auc {
    /// `DeLong`'s variance of the area.
    pub fn variance(&self) -> f64 {
        crate::num::sums::sum_by(self.influence.len(), |i| self.influence[i] * self.influence[i])
    }
}

/// The area under the ROC curve of `scores` for `positive`. The rarer kind is
/// sorted, m samples, and the others are found among them: O(n log m), which for a
/// class of many against the rest is far less than mid-ranks of all (Sun and Xu,
/// IEEE Signal Processing Letters 21, 2014).
///
/// Influences are those of `DeLong`, `DeLong` and Clarke-Pearson, Biometrics 44,
/// 1988: the share of samples of the other kind that a sample beats, less the
/// area, over the number of its own kind, times sqrt(m / (m - 1)). With one
/// sample of a kind its spread is unknown and counts as zero.
///
/// `None` when one kind is missing or a score is not finite.
///
/// # Panics
/// When the lengths differ.
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<Auc> {
    assert_eq!(scores.len(), positive.len(), "one score per sample");
    let n_positive = positive.iter().filter(|p| **p).count();
    let n_negative = scores.len() - n_positive;
    if n_positive == 0 || n_negative == 0 || scores.iter().any(|s| !s.is_finite()) {
        return None;
    }
    let rarer = n_positive <= n_negative;
    let mut order: Vec<u32> = (0..scores.len() as u32).filter(|i| positive[*i as usize] == rarer).collect();
    order.sort_unstable_by(|a, b| scores[*a as usize].total_cmp(&scores[*b as usize]));
    let sorted: Vec<f64> = order.iter().map(|i| scores[*i as usize]).collect();
    // Of the other kind, for every sample: those below plus half of those that tie.
    let mut below = vec![0.0; scores.len()];
    // Others by how many of the sorted are not above them, and those that tie with
    // one of the sorted, by the first such.
    let (mut after, mut tied) = (vec![0_u32; sorted.len() + 1], vec![0_u32; sorted.len()]);
    for (i, score) in scores.iter().enumerate().filter(|(i, _)| positive[*i] != rarer) {
        let low = sorted.partition_point(|s| s < score);
        let mut high = low;
        if sorted.get(low) == Some(score) {
            high += sorted[low..].partition_point(|s| s <= score);
            tied[low] += 1;
        }
        after[high] += 1;
        below[i] = f64::midpoint(low as f64, high as f64);
    }
    let (mut n_after, mut first, mut n_below) = (0, 0, 0);
    for (rank, i) in order.iter().enumerate() {
        n_after += after[rank];
        if rank == 0 || sorted[rank] != sorted[first] {
            (first, n_below) = (rank, n_after);
        }
        below[*i as usize] = f64::from(n_below) + f64::from(tied[first]) / 2.0;
    }
    let beaten: Vec<f64> = (0..scores.len())
        .map(|i| if positive[i] { below[i] / n_negative as f64 } else { 1.0 - below[i] / n_positive as f64 })
        .collect();
    let (m, n) = (n_positive as f64, n_negative as f64);
    let value = crate::num::sums::sum_by(scores.len(), |i| if positive[i] { beaten[i] } else { 0.0 }) / m;
    let widen = |count: f64| if count > 1.0 { (count / (count - 1.0)).sqrt() } else { 0.0 };
    let influence = (0..scores.len()).map(|i| {
        let count = if positive[i] { m } else { n };
        widen(count) * (beaten[i] - value) / count
    });
    Some(Auc { value, influence: influence.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Positives 3, 1; negatives 2, 1, 0: pairs won 3 + 1.5 of 6.
        let found = auc(&[3.0, 1.0, 2.0, 1.0, 0.0], &[true, true, false, false, false]).unwrap();
        assert!((found.value - 0.75).abs() < 1e-15);
        // Placements of positives 1, 1/2: variance 1/8; of negatives 1/2, 3/4, 1: 1/16.
        assert!((found.variance() - (0.125 / 2.0 + 0.0625 / 3.0)).abs() < 1e-15);
        assert!(found.influence.iter().sum::<f64>().abs() < 1e-15);
        assert!(auc(&[1.0, 2.0], &[true, true]).is_none());
        assert!(auc(&[f64::NAN, 2.0], &[true, false]).is_none());
    }

    #[test]
    fn order_is_all_that_counts() {
        let scores: Vec<f64> = (0..40).map(|i| f64::from((i * 17) % 23)).collect();
        let positive: Vec<bool> = (0..40).map(|i| (i * 7) % 5 < 2).collect();
        let plain = auc(&scores, &positive).unwrap();
        let stretched: Vec<f64> = scores.iter().map(|s| s * s * s - 5.0).collect();
        assert_eq!(plain, auc(&stretched, &positive).unwrap());
        let opposite: Vec<f64> = scores.iter().map(|s| -s).collect();
        let other = auc(&opposite, &positive).unwrap();
        assert!((plain.value + other.value - 1.0).abs() < 1e-14);
        assert!((plain.variance() - other.variance()).abs() < 1e-15);
    }
}
