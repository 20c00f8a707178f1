//! Gradient-Blending: the joint loss and a loss of each modality's own head, weighted by how
//! much each head generalises per how much it over-fits.
//!
//! Over a stretch of training a head's validation loss falls by G and the gap between its
//! validation and training loss grows by O; its weight is G / O^2, all weights summing to one.
//! Changes are measured, as in the paper's algorithm 1, not end values; a head whose validation
//! loss rose gets the weight 0, and O counts at least `floor` of the validation loss at the
//! start: the paper has no rule for either. If no head improved, all weigh the same.
//!
//! Offline, the heads are the networks trained alone and the naive joint network, from their
//! initial to their final weights, measured once. Online, every `super_epoch` epochs the
//! network as it stands is put aside, each head trains on for `stretch` epochs alone and is
//! measured, and the network comes back; epochs spent so count as epochs.

use crate::model::{Inputs, Outputs, Workspace, loss};
use crate::num::Scalar;
use crate::registry::{Choice, Citation, Default, Entry, Knob, Range, Settings};
use crate::works;

use super::{Epoch, NeededRun, Needs, Objective, On, Plan, Settle, Step, Strategy, Teacher, Term};

const CITES: &[Citation] = &[works::WANG2020];

const FLOOR: Knob = Knob {
    name: "floor",
    default: Default::Number(0.001),
    range: Range::Between(1e-9, 1.0),
    meaning: "least over-fitting that is divided by, as a share of the validation loss at the start",
};

/// Registration of the weights measured once.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "gradient_blending",
        summary: "losses of all heads weighted by generalisation over over-fitting, measured once (offline)",
        cites: CITES,
        knobs: &[FLOOR],
        build: |settings| Box::new(Offline { floor: settings.number("floor"), weights: Vec::new() }),
    }
}

/// Registration of the weights measured again and again.
pub(super) const fn online<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "gradient_blending_online",
        summary: "the same, measured again every few epochs from the network as it stands",
        cites: CITES,
        knobs: &[
            FLOOR,
            Knob {
                name: "super_epoch",
                default: Default::Whole(10),
                range: Range::Between(1.0, 1e6),
                meaning: "epochs trained with the same weights",
            },
            Knob {
                name: "stretch",
                default: Default::Whole(1),
                range: Range::Between(1.0, 1e6),
                meaning: "epochs that each head trains alone to be measured (paper: as long as a super-epoch)",
            },
        ],
        build: |settings| Box::new(Online::new(settings)),
    }
}

/// Mean losses of a head before and after a stretch of training.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    valid: (f64, f64),
    train: (f64, f64),
}

/// Weights of the heads: G / O^2, summing to one.
fn weigh(heads: &[Stretch], floor: f64) -> Vec<f64> {
    let raw: Vec<f64> = heads
        .iter()
        .map(|head| {
            let gain = (head.valid.0 - head.valid.1).max(0.0);
            let over_fitting = (head.valid.1 - head.train.1) - (head.valid.0 - head.train.0);
            let o = over_fitting.abs().max(floor * head.valid.0);
            gain / (o * o)
        })
        .collect();
    let total: f64 = raw.iter().sum();
    let equal = 1.0 / heads.len() as f64;
    raw.iter().map(|w| if total > 0.0 { w / total } else { equal }).collect()
}

/// A sum of cross-entropies on each own head and, last, on the fused logits.
fn blend<T: Scalar>(weights: &[T], objective: &mut Objective<T>) {
    let (joint, own) = weights.split_last().expect("there is a joint head");
    objective.add(Term::cross_entropy(On::Fused, joint.to_f64()));
    for (branch, weight) in own.iter().enumerate() {
        objective.add(Term::cross_entropy(On::Own(branch), weight.to_f64()));
    }
}

struct Offline<T> {
    floor: f64,
    /// Of each modality's own head, and last of the joint one.
    weights: Vec<T>,
}

impl<T: Scalar> Strategy<T> for Offline<T> {
    fn needs(&self, modalities: &[String]) -> Needs {
        let mut runs = NeededRun::each_alone(modalities);
        let joint = Choice::new("naive");
        runs.push(NeededRun { modalities: modalities.to_vec(), strategy: joint, epochs: None });
        Needs { own_heads: true, runs, ..Needs::default() }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        if self.weights.is_empty() {
            let mean = |outputs: &Outputs<T>, part: &Inputs<T>| {
                loss::mean_cross_entropy(outputs.fused.view(), &part.y)
            };
            let stretch = |teacher: &Teacher<'_, T>| {
                let first = teacher.model.init(at.seed);
                let at_weights = |params: &[T], part| mean(&at.outputs_of(teacher, params, part), part);
                let losses = |part| (at_weights(&first, part), at_weights(teacher.params, part));
                Stretch { valid: losses(at.valid), train: losses(at.train) }
            };
            // Without validation rows nothing can be measured: equal weights.
            let equal = vec![1.0 / at.needed.len() as f64; at.needed.len()];
            let measured = || weigh(&at.needed.iter().map(stretch).collect::<Vec<_>>(), self.floor);
            let weights = if at.valid.is_empty() { equal } else { measured() };
            self.weights = weights.into_iter().map(T::from_f64).collect();
        }
        Plan::default()
    }

    fn objective(&mut self, _at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        blend(&self.weights, objective);
    }

    fn readings(&self) -> Vec<(&'static str, Vec<f64>)> {
        vec![("blend_weight", self.weights.iter().map(|w| w.to_f64()).collect())]
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("weights", &mut self.weights)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/gradient_blending.py")
    }
}

struct Online<T> {
    floor: f64,
    super_epoch: u32,
    stretch: u32,
    weights: Vec<T>,
    /// Validation and training loss of every head where this round of measuring began, and
    /// then of each head measured so far at its end.
    losses: Vec<T>,
}

/// What an epoch of the online form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Trains one head alone; `first` when its stretch begins here.
    Measure { head: usize, first: bool },
    /// Trains all with the weights; `first` when measuring has just ended.
    Train { first: bool },
}

impl<T: Scalar> Online<T> {
    fn new(settings: &Settings) -> Self {
        Self {
            floor: settings.number("floor"),
            super_epoch: settings.whole("super_epoch") as u32,
            stretch: settings.whole("stretch") as u32,
            weights: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// An epoch's phase; a round that would leave no epoch to train does not begin.
    fn phase(&self, index: u32, n_epochs: u32, n_branches: usize, no_valid: bool) -> Phase {
        let measuring = (n_branches as u32 + 1) * self.stretch;
        let (round, place) = (index / (measuring + self.super_epoch), index % (measuring + self.super_epoch));
        if no_valid || round * (measuring + self.super_epoch) + measuring >= n_epochs {
            Phase::Train { first: false }
        } else if place < measuring {
            Phase::Measure { head: (place / self.stretch) as usize, first: place % self.stretch == 0 }
        } else {
            Phase::Train { first: place == measuring }
        }
    }

    fn phase_of(&self, at: &Epoch<'_, T>) -> Phase {
        self.phase(at.index, at.n_epochs, at.model.branches().len(), at.valid.is_empty())
    }

    /// Writes down how far the head measured last has come.
    fn close(&mut self, at: &Epoch<'_, T>, head: usize) {
        for part in [at.valid, at.train] {
            self.losses.push(T::from_f64(head_losses(at, part)[head]));
        }
    }
}

/// Mean loss of each own head, and last of the fused logits.
fn head_losses<T: Scalar>(at: &Epoch<'_, T>, part: &Inputs<T>) -> Vec<f64> {
    let n_branches = at.model.branches().len();
    let mut losses = vec![0.0; n_branches + 1];
    at.model.visit(at.params, part, |start, work| {
        let n_rows = work.fused().rows();
        let (labels, share) = (&part.y[start..start + n_rows], n_rows as f64 / part.len() as f64);
        for (b, loss) in losses.iter_mut().enumerate() {
            let logits = if b < n_branches { work.own_logits(b) } else { work.fused() };
            *loss += share * loss::mean_cross_entropy(logits, labels);
        }
    });
    losses
}

impl<T: Scalar> Strategy<T> for Online<T> {
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs { own_heads: true, stepwise: true, ..Needs::default() }
    }

    fn settle(&mut self, at: &Epoch<'_, T>, _params: &mut [T]) -> Settle {
        let n_heads = at.model.branches().len() + 1;
        match self.phase_of(at) {
            Phase::Measure { head: 0, first: true } => {
                let (valid, train) = (head_losses(at, at.valid), head_losses(at, at.train));
                self.losses =
                    valid.into_iter().zip(train).flat_map(|(v, t)| [v, t]).map(T::from_f64).collect();
                Settle::Keep
            }
            Phase::Measure { head, first: true } => {
                self.close(at, head - 1);
                Settle::Restore
            }
            Phase::Train { first: true } => {
                self.close(at, n_heads - 1);
                let losses: Vec<f64> = self.losses.iter().map(|l| l.to_f64()).collect();
                let (before, after) = losses.split_at(2 * n_heads);
                let pairs = before.chunks_exact(2).zip(after.chunks_exact(2));
                let heads: Vec<Stretch> =
                    pairs.map(|(b, a)| Stretch { valid: (b[0], a[0]), train: (b[1], a[1]) }).collect();
                self.weights = weigh(&heads, self.floor).into_iter().map(T::from_f64).collect();
                Settle::Restore
            }
            _ => Settle::Go,
        }
    }

    fn plan(&mut self, at: &Epoch<'_, T>) -> Plan {
        let n_branches = at.model.branches().len();
        if self.weights.is_empty() {
            self.weights = vec![T::from_f64(1.0 / (n_branches + 1) as f64); n_branches + 1];
        }
        match self.phase_of(at) {
            Phase::Measure { head, .. } => {
                let rate = |b: usize| if head == n_branches || head == b { 1.0 } else { 0.0 };
                let rates: Vec<f64> = (0..n_branches).map(rate).collect();
                Plan { aside: true, ..Plan::branches(rates) }
            }
            Phase::Train { .. } => Plan::default(),
        }
    }

    fn objective(&mut self, at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        let n_branches = at.epoch.model.branches().len();
        match self.phase_of(at.epoch) {
            Phase::Measure { head, .. } => {
                let on = if head < n_branches { On::Own(head) } else { On::Fused };
                objective.add(Term::cross_entropy(on, 1.0));
            }
            Phase::Train { .. } => blend(&self.weights, objective),
        }
    }

    fn readings(&self) -> Vec<(&'static str, Vec<f64>)> {
        vec![("blend_weight", self.weights.iter().map(|w| w.to_f64()).collect())]
    }

    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        vec![("weights", &mut self.weights), ("losses", &mut self.losses)]
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/gradient_blending.py")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_generalisation_over_squared_over_fitting() {
        let head = |valid: f64, train: f64| Stretch { valid: (2.3, valid), train: (2.3, train) };
        let found = weigh(&[head(1.8, 1.5), head(1.5, 0.9), head(1.4, 0.5)], 1e-3);
        for (w, expected) in found.iter().zip([0.625, 0.25, 0.125]) {
            assert!((w - expected).abs() < 1e-12, "{w}");
        }
        // One head got worse, one did not over-fit at all.
        let found = weigh(&[head(2.5, 1.0), head(2.0, 2.0)], 0.1);
        assert_eq!(found, [0.0, 1.0]);
        assert_eq!(weigh(&[head(2.5, 1.0), head(2.4, 1.0)], 0.1), [0.5, 0.5]);
    }

    #[test]
    fn rounds_of_measuring_and_training_take_turns_and_end_in_training() {
        let online =
            Online::<f64> { floor: 0.1, super_epoch: 3, stretch: 2, weights: vec![], losses: vec![] };
        let phases: Vec<_> = (0..20).map(|i| online.phase(i, 20, 1, false)).collect();
        let measure = |head, first| Phase::Measure { head, first };
        let train = |first| Phase::Train { first };
        let round = [
            measure(0, true),
            measure(0, false),
            measure(1, true),
            measure(1, false),
            train(true),
            train(false),
            train(false),
        ];
        assert_eq!(phases[..7], round);
        assert_eq!(phases[7..14], round);
        assert_eq!(phases[14..18], round[..4]);
        // Of the last round there are only six epochs: four measure, two train.
        assert_eq!(phases[18..], [train(true), train(false)]);
        assert!(
            (14..18).all(|i| online.phase(i, 18, 1, false) == train(false)),
            "nothing would be left to train"
        );
    }
}
