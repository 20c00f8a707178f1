//! The race run: one class against a softmax whose other logits stay zero, one
//! feature per modality, m neurons each, gradient flow to a given loss.
//!
//! The smallest system in which modalities compete as in the talk: what a winner
//! explains is missing from the others' gradient. Equations (our reconstruction of
//! the talk's network, reduced to one class and to a constant code z_r):
//!
//! ```text
//! f = sum over r, l of sigma(z_r gamma_{r,l}),   p = e^f / (e^f + K - 1)
//! gamma_{r,l}' = (1 - p) z_r sigma'(z_r gamma_{r,l}),   gamma_{r,l}(0) ~ N(0, sigma_0^2)
//! ```
//!
//! It trains no network of [`crate::model`] and knows nothing of data sets.

use std::ops::ControlFlow;

use crate::encoders::SmoothedRelu;
use crate::num::special::{exp, ln};
use crate::num::{Draws, Purpose, parallel};

use super::ode::{Ended, Tolerance, follow};
use super::race::{Runner, odds};
use super::strength::{predict_winner, race_strength};
use crate::num::Scalar;

const START: Purpose = Purpose::new("theory: simulated race");

/// One class, any number of modalities.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedRace {
    /// m, q, beta and sigma_0 of every modality's neurons.
    pub neurons: SmoothedRelu,
    /// z_r: the size of the class's feature in each modality.
    pub sizes: Vec<f64>,
    /// K: classes in the softmax.
    pub n_classes: usize,
    /// The loss -ln p at which a trial ends.
    pub final_loss: f64,
}

/// How one trial ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The modality with the largest strength at initialisation; none when no neuron
    /// is positive.
    pub predicted: Option<usize>,
    /// The modality with the largest part of the final logit; none when the class is
    /// dead or time ran out.
    pub winner: Option<usize>,
    /// The winner's part of the final logit; 0 without a winner.
    pub share: f64,
    /// How many times stronger the predicted winner was than the next.
    pub lead: f64,
    /// The time at which the loss was reached, in units of gradient flow.
    pub time: f64,
    /// Whether the loss was reached. A dead class never does, and is no failure.
    pub converged: bool,
}

/// What many trials say.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Trials.
    pub n_trials: usize,
    /// Trials that each modality won.
    pub wins: Vec<usize>,
    /// The closed form of the probability that each wins.
    pub closed_form: Vec<f64>,
    /// Trials with a winner in which it was the predicted one.
    pub predicted_right: usize,
    /// Trials without a winner: dead classes, and trials that did not converge.
    pub without_winner: usize,
    /// Trials that ran out of steps.
    pub not_converged: usize,
    /// Median over trials with a winner of its part of the final logit; NaN without
    /// any.
    pub median_share: f64,
}

impl SimulatedRace {
    /// One strength per modality, up to a common factor: sigma_0 (z^q)^(1/(q-2)).
    pub fn strengths(&self) -> Vec<f64> {
        let q = self.neurons.power;
        self.sizes.iter().map(|z| race_strength(Scalar::powi(*z, q), self.neurons.sigma0, q)).collect()
    }

    /// The initial alignments of one trial: modalities x m.
    pub fn start(&self, seed: u64, trial: u32) -> Vec<Vec<f64>> {
        let m = self.neurons.n_neurons;
        let stream = Draws::new(seed, START, trial);
        let modality = |r: usize| {
            let mut draws = stream.clone().at((r * m) as u64);
            (0..m).map(|_| self.neurons.sigma0 * draws.normal()).collect()
        };
        (0..self.sizes.len()).map(modality).collect()
    }

    /// Follows the flow from given alignments.
    ///
    /// # Panics
    /// When the start has another shape, or K is below 2, or a number not positive.
    pub fn run(&self, start: &[Vec<f64>]) -> Trial {
        self.check();
        let m = self.neurons.n_neurons;
        assert!(start.len() == self.sizes.len() && start.iter().all(|g| g.len() == m), "modalities x m");
        let q = self.neurons.power;
        let gammas: Vec<f64> = start.iter().map(|g| g.iter().copied().fold(0.0, f64::max)).collect();
        let d: Vec<f64> = self.sizes.iter().map(|z| Scalar::powi(*z, q)).collect();
        let predicted = predict_winner(&gammas, &d, q, 0.0);
        if gammas.iter().all(|g| *g <= 0.0) {
            return Trial {
                predicted: None,
                winner: None,
                share: 0.0,
                lead: 1.0,
                time: f64::INFINITY,
                converged: false,
            };
        }
        let numbers: Vec<f64> = start.iter().flatten().copied().collect();
        let target = self.final_logit();
        // Neurons matter from a thousandth of sigma_0 on.
        let tolerance = Tolerance { relative: 1e-9, absolute: 1e-12 * self.neurons.sigma0 };
        let (last, time, ended) = follow(
            &numbers,
            f64::MAX,
            200_000,
            tolerance,
            |now, slopes| self.slopes(now, slopes),
            |step| {
                let done = self.parts(step.last).iter().sum::<f64>() >= target;
                if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        let parts = self.parts(&last);
        let winner = (1..parts.len()).fold(0, |best, r| if parts[r] > parts[best] { r } else { best });
        let converged = ended == Ended::Stopped;
        Trial {
            predicted: Some(predicted.leader),
            winner: converged.then_some(winner),
            share: if converged { parts[winner] / parts.iter().sum::<f64>() } else { 0.0 },
            lead: predicted.lead,
            time,
            converged,
        }
    }

    /// Trials 0..`n_trials` on `threads` threads; the number of threads changes time
    /// only.
    pub fn trials(&self, n_trials: u32, seed: u64, threads: usize) -> Vec<Trial> {
        let numbers: Vec<u32> = (0..n_trials).collect();
        parallel::map(threads, &numbers, |_, trial| self.run(&self.start(seed, *trial)))
    }

    /// What trials say, beside the closed form.
    pub fn summary(&self, trials: &[Trial]) -> Summary {
        let n_neurons = self.neurons.n_neurons as f64;
        let runners: Vec<Runner> =
            self.strengths().into_iter().map(|strength| Runner { n_neurons, strength }).collect();
        let mut wins = vec![0; self.sizes.len()];
        let mut shares = Vec::new();
        let (mut predicted_right, mut not_converged) = (0, 0);
        for trial in trials {
            not_converged += usize::from(trial.predicted.is_some() && !trial.converged);
            let Some(winner) = trial.winner else { continue };
            wins[winner] += 1;
            predicted_right += usize::from(trial.predicted == Some(winner));
            shares.push(trial.share);
        }
        shares.sort_unstable_by(f64::total_cmp);
        let median_share = if shares.is_empty() {
            f64::NAN
        } else {
            0.5 * (shares[(shares.len() - 1) / 2] + shares[shares.len() / 2])
        };
        Summary {
            n_trials: trials.len(),
            closed_form: odds(&runners, 0.0).win,
            without_winner: trials.len() - wins.iter().sum::<usize>(),
            wins,
            predicted_right,
            not_converged,
            median_share,
        }
    }

    /// The logit at which -ln p is the final loss: p = e^f / (e^f + K - 1).
    fn final_logit(&self) -> f64 {
        let p = exp(-self.final_loss);
        ln(p / (1.0 - p) * (self.n_classes - 1) as f64)
    }

    /// Each modality's part of the logit.
    fn parts(&self, now: &[f64]) -> Vec<f64> {
        let per_modality = now.chunks_exact(self.neurons.n_neurons).zip(&self.sizes);
        per_modality.map(|(gammas, z)| gammas.iter().map(|g| self.neurons.sigma(z * g)).sum()).collect()
    }

    fn slopes(&self, now: &[f64], slopes: &mut [f64]) {
        let logit: f64 = self.parts(now).iter().sum();
        let others = (self.n_classes - 1) as f64;
        let residual = others / (exp(logit) + others);
        let m = self.neurons.n_neurons;
        for (i, (slope, gamma)) in slopes.iter_mut().zip(now).enumerate() {
            let z = self.sizes[i / m];
            *slope = residual * z * self.neurons.slope(z * gamma);
        }
    }

    fn check(&self) {
        assert!(self.n_classes >= 2, "a softmax over one class has nothing to learn");
        let start = -ln(1.0 / self.n_classes as f64);
        let fine = self.final_loss > 0.0 && self.final_loss < start;
        assert!(
            fine,
            "the final loss lies below the first, {start}, and above 0, not at {}",
            self.final_loss
        );
        let SmoothedRelu { n_neurons, beta, sigma0, .. } = self.neurons;
        assert!(n_neurons > 0 && beta > 0.0 && sigma0 > 0.0, "neurons, beta and sigma_0 are positive");
        assert!(self.sizes.iter().all(|z| *z > 0.0), "sizes are positive: {:?}", self.sizes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::powf;

    fn race(q: i32, sizes: &[f64]) -> SimulatedRace {
        let neurons = SmoothedRelu { n_neurons: 5, power: q, beta: 0.2, sigma0: 1e-3 };
        SimulatedRace { neurons, sizes: sizes.to_vec(), n_classes: 10, final_loss: 0.01 }
    }

    /// In the time tau with dtau = (1 - p) dt every neuron is an equation of its own
    /// with a solution: a power law up to beta, then a line.
    fn exact_parts(race: &SimulatedRace, start: &[Vec<f64>]) -> Vec<f64> {
        let SmoothedRelu { power: q, beta, .. } = race.neurons;
        let k = f64::from(q - 2);
        let neuron = |gamma: f64, z: f64, tau: f64| {
            if gamma <= 0.0 {
                return gamma;
            }
            let rate = k * Scalar::powi(z, q) / Scalar::powi(beta, q - 1);
            let (from, to) = (powf(gamma, -k), powf(beta / z, -k));
            let burst = ((from - to) / rate).max(0.0);
            if tau < burst {
                powf(from - rate * tau, -1.0 / k)
            } else {
                gamma.max(beta / z) + z * (tau - burst)
            }
        };
        let parts = |tau: f64| -> Vec<f64> {
            let now: Vec<f64> = start
                .iter()
                .zip(&race.sizes)
                .flat_map(|(gammas, z)| gammas.iter().map(|g| neuron(*g, *z, tau)))
                .collect();
            race.parts(&now)
        };
        let (mut low, mut high) = (0.0, 1e9);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if parts(middle).iter().sum::<f64>() < race.final_logit() { low = middle } else { high = middle }
        }
        parts(high)
    }

    #[test]
    fn the_flow_ends_where_the_exact_solution_ends() {
        for (q, sizes) in [(3, vec![1.0, 1.0]), (4, vec![1.1, 1.0, 1.05]), (3, vec![1.0, 1.3])] {
            let race = race(q, &sizes);
            for trial in 0..8 {
                let start = race.start(4, trial);
                let found = race.run(&start);
                let parts = exact_parts(&race, &start);
                let share = parts.iter().copied().fold(0.0, f64::max) / parts.iter().sum::<f64>();
                assert!(found.converged && found.winner.is_some());
                // The last step passes the final loss by a little.
                assert!((found.share - share).abs() < 0.02, "q {q} trial {trial}: {} {share}", found.share);
                assert_eq!(parts[found.winner.unwrap()], parts.iter().copied().fold(0.0, f64::max));
            }
        }
    }

    #[test]
    fn threads_change_nothing_and_dead_classes_are_counted() {
        let mut race = race(3, &[1.0, 1.0]);
        race.neurons.n_neurons = 1;
        let trials = race.trials(60, 1, 1);
        assert_eq!(trials, race.trials(60, 1, 3));
        let summary = race.summary(&trials);
        assert_eq!(summary.wins.iter().sum::<usize>() + summary.without_winner, 60);
        // A quarter of the classes is dead for one neuron each.
        assert!((5..27).contains(&summary.without_winner), "{summary:?}");
        assert_eq!(summary.not_converged, 0);
        let total: f64 = summary.closed_form.iter().sum();
        assert!((total - 0.75).abs() < 1e-12);
    }
}
