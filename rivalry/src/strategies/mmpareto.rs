//! MMPareto: each encoder follows a direction that lowers both the joint loss and its own
//! modality's loss. Where the two gradients agree they are added; where they conflict, the
//! vector of least length between them is taken. The result is at least as long as the sum of
//! both, times a factor that keeps the noise that generalisation is said to need.

use crate::model::Workspace;
use crate::num::{Scalar, sums};
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "mmpareto",
        summary: "auxiliary losses, each encoder on a direction that lowers the joint loss and its own",
        cites: &[works::WEI2024PARETO],
        knobs: &[
            Knob {
                name: "weight",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e3),
                meaning: "factor on each modality's own loss; 0 is naive joint training",
            },
            Knob {
                name: "gamma",
                default: Default::Number(1.5),
                range: Range::Between(0.1, 10.0),
                meaning: "factor on every encoder's direction (compare with `auxiliary` at encoder_rate 1.5)",
            },
        ],
        build: |settings| {
            Box::new(MmPareto { weight: settings.number("weight"), gamma: settings.number("gamma") })
        },
    }
}

struct MmPareto {
    weight: f64,
    gamma: f64,
}

impl<T: Scalar> Strategy<T> for MmPareto {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, modulates: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        if self.weight > 0.0 {
            for branch in 0..at.epoch.model.branches().len() {
                objective.add(Term::cross_entropy(On::Own(branch), self.weight).apart());
            }
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let (joint, own) = groups.split_at_mut(1);
        let tensors = at.epoch.model.tensors();
        for (b, (branch, own)) in at.epoch.model.branches().iter().zip(own).enumerate() {
            let encoder = branch.encoder_params();
            let (w_joint, w_own) = weights(&joint[0][encoder.clone()], &own[encoder.clone()]);
            if let Some(head) = branch.own_head_params() {
                joint[0][head.clone()].copy_from_slice(&own[head]);
            }
            let inside =
                |range: &std::ops::Range<usize>| encoder.start <= range.start && range.end <= encoder.end;
            for tensor in tensors.iter().filter(|t| t.branch == b && inside(&t.range)) {
                let (g1, g2) = (&mut joint[0][tensor.range.clone()], &own[tensor.range.clone()]);
                let mixed = |i: usize| 2.0 * (w_joint * g1[i].to_f64() + w_own * g2[i].to_f64());
                let summed = |i: usize| g1[i].to_f64() + g2[i].to_f64();
                let square = |f: &dyn Fn(usize) -> f64| sums::sum_by(tensor.range.len(), |i| f(i) * f(i));
                let (of_sum, of_mixed) = (square(&summed).sqrt(), square(&mixed).sqrt());
                // A direction of length zero stays where it is.
                let longer = if of_mixed > 0.0 { (of_sum / of_mixed).max(1.0) } else { 1.0 };
                for (i, g) in (0..g2.len()).map(|i| (i, self.gamma * longer * mixed(i))).collect::<Vec<_>>() {
                    g1[i] = T::from_f64(g);
                }
            }
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/mmpareto.py")
    }
}

/// Weights of the joint gradient and a modality's own in an encoder's direction: one half each
/// where they do not conflict, else those of the shortest vector between the two.
fn weights<T: Scalar>(joint: &[T], own: &[T]) -> (f64, f64) {
    let dot = |a: &[T], b: &[T]| sums::sum_by(a.len(), |i| a[i].to_f64() * b[i].to_f64());
    let (jj, oo, jo) = (dot(joint, joint), dot(own, own), dot(joint, own));
    if jo > 0.0 || jj == 0.0 || oo == 0.0 {
        return (0.5, 0.5);
    }
    // With jo at most zero the shortest vector lies strictly between the two.
    let w = (oo - jo) / (jj + oo - 2.0 * jo);
    (w, 1.0 - w)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    #[test]
    fn conflicting_gradients_meet_at_the_shortest_vector_between_them() {
        let (g1, g2) = ([1.0_f64, 0.0], [-0.5, 1.0]);
        let (w1, w2) = weights(&g1, &g2);
        assert!((w1 - 7.0 / 13.0).abs() < 1e-12);
        let h = [2.0 * (w1 * g1[0] + w2 * g2[0]), 2.0 * (w1 * g1[1] + w2 * g2[1])];
        assert!((h[0] - 0.615_385).abs() < 1e-6 && (h[1] - 0.923_077).abs() < 1e-6);
        assert!((h[0] - (-0.5 * h[0] + h[1])).abs() < 1e-12, "both losses fall at the same rate");
        assert_eq!(weights(&[1.0_f64, 0.0], &[1.0, 1.0]), (0.5, 0.5));
        assert_eq!(weights(&[0.0_f64, 0.0], &[1.0, 1.0]), (0.5, 0.5));
    }

    #[test]
    fn the_weights_are_those_of_a_search() {
        let mut draws = Draws::new(1, Purpose::new("min norm test"), 0);
        let mut conflicts = 0;
        for _ in 0..200 {
            let g: Vec<Vec<f64>> = (0..2).map(|_| (0..3).map(|_| draws.normal()).collect()).collect();
            let length = |w: f64| (0..3).map(|i| (w * g[0][i] + (1.0 - w) * g[1][i]).powi(2)).sum::<f64>();
            if (0..3).map(|i| g[0][i] * g[1][i]).sum::<f64>() > 0.0 {
                continue;
            }
            conflicts += 1;
            let best = (0..=10_000)
                .map(|i| f64::from(i) / 10_000.0)
                .min_by(|a, b| length(*a).total_cmp(&length(*b)));
            assert!((weights(&g[0], &g[1]).0 - best.unwrap()).abs() <= 1e-4);
        }
        assert!(conflicts > 50);
    }
}
