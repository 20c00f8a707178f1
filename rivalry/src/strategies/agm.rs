//! Adaptive gradient modulation: each modality's share of the joint logits is its Shapley value
//! with absent modalities at zero input; the gradient that enters a share is damped while its
//! modality does better, against the others, than it did on average so far.
//!
//! Late fusion is additive, so with c_m the logits of branch m at zero input the share is
//! phi_m = z_m - c_m + mean of all c, for any number of modalities; the shares sum to the joint
//! logits. Gradients also flow through the c.

use crate::model::{Branch, Inputs, Slice, Upstream, Workspace};
use crate::num::{Matrix, Scalar, special, sums};
use crate::registry::{Citation, Default, Entry, Knob, Range};

use super::parts::{cross_entropy, given, of_labels, shares, softmax};
use super::{Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "agm",
        summary: "damp the gradient of a modality's Shapley share while it does better than its history",
        cites: &[Citation {
            key: "li2023agm",
            text: "H. Li, X. Li, P. Hu, Y. Lei, C. Li, Y. Zhou. Boosting Multi-modal Model Performance with \
                   Adaptive Gradient Modulation. ICCV 2023",
            url: "https://arxiv.org/abs/2308.07686",
        }],
        knobs: &[
            Knob {
                name: "alpha",
                default: Default::Number(1.5),
                range: Range::Between(0.0, 20.0),
                meaning: "how hard it is damped (released code: 2.5 on AV-MNIST, 1.5 on CREMA-D, 4 on UR-Funny)",
            },
            Knob {
                name: "clip",
                default: Default::Number(1.0),
                range: Range::Between(0.0, 1e6),
                meaning: "longest gradient of the joint head; 0 for any (with alpha 0: naive joint training)",
            },
        ],
        build: |settings| Box::new(Agm::new(settings.number("alpha"), settings.number("clip"))),
    }
}

struct Agm<T: Scalar> {
    alpha: f64,
    clip: f64,
    /// Mean cross-entropy of every share over all batches so far, and their number.
    history: Vec<T>,
    /// Of the present step: those of its batch, and the gradients at zero input.
    losses: Vec<f64>,
    at_zero: Vec<Vec<f64>>,
}

impl<T: Scalar> Agm<T> {
    fn new(alpha: f64, clip: f64) -> Self {
        Self { alpha, clip, history: Vec::new(), losses: Vec::new(), at_zero: Vec::new() }
    }

    /// Mean loss of every share so far; `None` before the first step.
    fn so_far(&self) -> Option<Vec<f64>> {
        let (_, means) = self.history.split_last()?;
        Some(means.iter().map(|s| s.to_f64()).collect())
    }
}

/// r_m = exp(M / (M - 1) (mean of all s - s_m)); of two modalities exp(s_other - s_m).
fn responses(losses: &[f64]) -> Vec<f64> {
    let m = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / m;
    losses.iter().map(|s| special::exp(m / (m - 1.0).max(1.0) * (mean - s))).collect()
}

/// The factor on the gradient of every share.
fn factors(losses: &[f64], so_far: &[f64], alpha: f64) -> Vec<f64> {
    let pairs = responses(losses).into_iter().zip(responses(so_far));
    pairs.map(|(now, before)| special::exp(alpha * (before - now).min(10.0))).collect()
}

/// Logits of every branch at zero input.
fn at_zero_input<T: Scalar>(at: &Step<'_, T>) -> (Inputs<T>, Workspace<T>) {
    let model = at.epoch.model;
    let zero = model.branches().iter().map(|b| Matrix::zeros(1, b.n_inputs())).collect();
    let inputs = Inputs { x: zero, y: vec![0] };
    let mut work = Workspace::new(model, 1);
    model.forward(at.params, &Slice::all(&inputs), None, &mut work);
    (inputs, work)
}

impl<T: Scalar> Strategy<T> for Agm<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { modulates: true, stepwise: true, ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        self.at_zero.clear();
        if self.alpha == 0.0 {
            objective.add(Term::cross_entropy(On::Fused, 1.0));
            return;
        }
        let (_, zero) = at_zero_input(at);
        let n_branches = at.epoch.model.branches().len();
        let constant = |b: usize, k: usize| zero.logits(b).row(0)[k].to_f64();
        let mean = |k: usize| (0..n_branches).map(|b| constant(b, k)).sum::<f64>() / n_branches as f64;
        let shares = shares(at);
        self.losses.clear();
        for b in 0..n_branches {
            let z = outputs.logits(b);
            let phi =
                Matrix::from_fn(z.rows(), z.cols(), |i, k| z.row(i)[k].to_f64() - constant(b, k) + mean(k));
            let right = of_labels(&softmax(phi.view()), at.labels);
            self.losses.push(-sums::sum_by(right.len(), |i| shares[i] * special::ln(right[i].max(1e-8))));
        }
        let factors = match self.so_far() {
            Some(so_far) => factors(&self.losses, &so_far, self.alpha),
            None => vec![1.0; n_branches],
        };
        let fused = outputs.fused().to_matrix().map(Scalar::to_f64);
        let (value, gradient) = cross_entropy(&fused, at.labels, &shares);
        let mean_factor = factors.iter().sum::<f64>() / n_branches as f64;
        let of_class = |k: usize| sums::sum_by(gradient.rows(), |i| gradient.row(i)[k]);
        let totals: Vec<f64> = (0..gradient.cols()).map(of_class).collect();
        for (b, factor) in factors.iter().enumerate() {
            // The joint loss is counted once, with the first branch.
            let value = if b == 0 { value } else { 0.0 };
            objective.add(given(On::Branch(b), value, &gradient.map(|g| factor * g)));
            self.at_zero.push(totals.iter().map(|g| (mean_factor - factor) * g).collect());
        }
    }

    fn gradient(&mut self, at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let model = at.epoch.model;
        if !self.at_zero.is_empty() {
            let (inputs, mut work) = at_zero_input(at);
            let mut upstream = Upstream::new(model, 1);
            for (slot, gradient) in upstream.branch.iter_mut().zip(&self.at_zero) {
                let row = gradient.iter().map(|g| T::from_f64(*g)).collect();
                slot.add(Matrix::from_vec(1, gradient.len(), row).view());
            }
            let mut more = vec![T::ZERO; model.n_params()];
            model.backward(at.params, &Slice::all(&inputs), &upstream, &[], &mut work, &mut more);
            groups[0].iter_mut().zip(more).for_each(|(g, more)| *g += more);
            let mut all = self.so_far().unwrap_or_else(|| vec![0.0; self.losses.len()]);
            let n = self.history.last().map_or(0.0, |n| n.to_f64()) + 1.0;
            all.iter_mut().zip(&self.losses).for_each(|(mean, now)| *mean += (now - *mean) / n);
            self.history = all.into_iter().chain([n]).map(T::from_f64).collect();
        }
        if self.clip > 0.0 {
            let heads: Vec<_> = model.branches().iter().filter_map(Branch::head_params).collect();
            let square = |g: &[T]| sums::sum_by(g.len(), |i| g[i].to_f64() * g[i].to_f64());
            let length = heads.iter().map(|head| square(&groups[0][head.clone()])).sum::<f64>().sqrt();
            if length > self.clip {
                let factor = T::from_f64(self.clip / length);
                let heads = heads.into_iter();
                heads.for_each(|head| groups[0][head].iter_mut().for_each(|g| *g *= factor));
            }
        }
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("history", &mut self.history)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/agm.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_and_factors_are_the_published_ones() {
        let r = responses(&[0.5, 1.2]);
        assert!((r[0] - 2.013_753).abs() < 1e-6 && (r[1] - 0.496_585).abs() < 1e-6);
        let kappa = factors(&[0.5, 1.2], &[0.9, 1.0], 1.5);
        assert!((kappa[0] - 0.255_925).abs() < 1e-6 && (kappa[1] - 1.844_813).abs() < 1e-6);
    }
}
