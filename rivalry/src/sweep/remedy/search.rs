//! The settings of every method, by successive halving on validation rows (Jamieson and Talwalkar, AISTATS 2016):
//! all candidates train for a share of the epochs, the best third of them three times as long, and so on.
//!
//! Every method may spend the same number of passes. One whose epoch costs more passes, or that builds on networks
//! trained before, gets fewer candidates. The defaults are always one of them.

use std::collections::BTreeMap;

use crate::data::Dataset;
use crate::registry::{Choice, Value};
use crate::spec::Spec;
use crate::sweep::{Engine, Plan, SweepWatch, run};

use super::RemedyError;
use super::arms::Arm;
use super::choice::score;
use super::knobs::{candidates, log_range, searched};
use super::measure::{Outcome, Read, TrialOutcome, read_trial};
use super::results::{Candidate, Rated, Rung, Search, SearchTrial, SearchedKnob, SearchedMethod};

/// A rung keeps one in so many of its candidates and trains them so many times as long.
const ETA: usize = 3;
/// Trials whose validation rows decide.
const TRIALS: usize = 2;

/// Epochs by which shares of a training are reckoned beforehand.
const FULL: u32 = 243;

/// What a search works with.
pub(super) struct Bench<'a> {
    pub(super) data: &'a Dataset,
    pub(super) base: &'a Spec,
    pub(super) seeds: u32,
    pub(super) engine: Engine<'a>,
    pub(super) watch: &'a dyn SweepWatch,
}

/// A method under way.
struct State {
    arm: Arm,
    choices: Vec<Choice>,
    /// By candidate, what each rung said.
    rated: Vec<Vec<Rated>>,
    /// Candidates still in the race, the best first.
    alive: Vec<usize>,
    /// Passes spent.
    spent: f64,
    /// The rung whose networks built on are in `spent`.
    charged: Option<u32>,
}

/// What a run of a candidate says of its method's cost, mean over trials.
#[derive(Clone, Copy)]
struct Cost {
    per_epoch: f64,
    teachers: f64,
}

/// The rungs for `n` candidates: the last one trains in full, and at least two.
fn rungs(full: u32, n: usize) -> Vec<Rung> {
    let mut steps = 0_u32;
    while n / ETA.pow(steps + 1) >= 2 {
        steps += 1;
    }
    let one =
        |k: u32| Rung { epochs: (full / (ETA as u32).pow(steps - k)).max(1), candidates: n / ETA.pow(k) };
    (0..=steps).map(one).collect()
}

/// Epochs that `n` candidates train in all.
fn planned(rungs: &[Rung], n: usize) -> f64 {
    let mut left = n;
    let mut total = 0.0;
    for rung in rungs {
        if left < 2 {
            break;
        }
        total += left as f64 * f64::from(rung.epochs);
        left /= ETA;
    }
    total
}

/// About how many whole trainings a search of one method costs over the trials that it uses.
pub(super) fn trainings(configurations: usize, n_trials: usize) -> f64 {
    if configurations < 2 {
        return 0.0;
    }
    planned(&rungs(FULL, configurations), configurations) / f64::from(FULL) * n_trials.min(TRIALS) as f64
}

/// Searches the knobs of all arms that have any; `configurations` counts the candidates of a method with the passes of
/// naive joint training, `full` the epochs of a whole training. Gives back each arm with its settings.
pub(super) fn search(
    bench: &Bench<'_>,
    arms: Vec<Arm>,
    configurations: usize,
    full: u32,
) -> Result<(Vec<Arm>, Search), RemedyError> {
    if configurations < 2 {
        return Ok((arms, Search { configurations: 1, ..Search::default() }));
    }
    let rungs = rungs(full, configurations);
    let budget = planned(&rungs, configurations);
    let mut states: Vec<State> = arms.into_iter().map(|arm| State::new(bench, arm, configurations)).collect();
    // The defaults first: what they cost says how many more candidates there can be.
    let defaults: Vec<(usize, usize)> =
        (0..states.len()).filter(|i| states[*i].choices.len() > 1).map(|i| (i, 0)).collect();
    let (costs, trials) = climb(bench, &mut states, &defaults, rungs[0], full)?;
    let n_trials = trials.len().max(1) as f64;
    let rows = trials.iter().map(|trial| trial.n_train).sum::<usize>() as f64 / n_trials;
    // Passes of one epoch of naive joint training.
    let epoch = rows * bench.data.modalities().len() as f64;
    for ((i, _), cost) in defaults.iter().zip(&costs) {
        let stretches: f64 = rungs.iter().map(|rung| f64::from(rung.epochs)).sum();
        let teachers = cost.teachers / epoch * stretches / f64::from(rungs[0].epochs);
        let fits =
            |n: &usize| cost.per_epoch / epoch * planned(&rungs, *n) + teachers <= budget * (1.0 + 1e-9);
        let n = (2..=states[*i].choices.len()).rev().find(fits).unwrap_or(1);
        states[*i].admit(n);
    }
    for (k, rung) in rungs.iter().enumerate() {
        let in_race = |state: &State| state.alive.len() > 1;
        let todo: Vec<(usize, usize)> = states
            .iter()
            .enumerate()
            .filter(|(_, state)| in_race(state))
            .flat_map(|(i, state)| state.alive.iter().map(move |c| (i, *c)))
            .filter(|(i, c)| states[*i].rated[*c].len() <= k)
            .collect();
        climb(bench, &mut states, &todo, *rung, full)?;
        for state in states.iter_mut().filter(|state| in_race(state)) {
            state.rank();
            if k + 1 < rungs.len() {
                state.alive.truncate((state.alive.len() / ETA).max(1));
            }
        }
    }
    let told = states.iter().filter(|state| state.choices.len() > 1 || !state.rated[0].is_empty());
    let search = Search {
        configurations,
        trials: trials.iter().map(|trial| SearchTrial { seed: trial.at.seed, fold: trial.at.fold }).collect(),
        budget_epochs: budget * n_trials,
        methods: told.map(|state| state.told(epoch)).collect(),
        rungs,
    };
    let arms = states.into_iter().map(|state| {
        let choice = state.choices[state.alive[0]].clone();
        state.arm.with(choice)
    });
    Ok((arms.collect(), search))
}

/// Trains candidates (method, candidate) for a rung's epochs and notes what validation says.
fn climb(
    bench: &Bench<'_>,
    states: &mut [State],
    todo: &[(usize, usize)],
    rung: Rung,
    full: u32,
) -> Result<(Vec<Cost>, Vec<TrialOutcome>), RemedyError> {
    if todo.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    // A whole training is asked for in the words of the comparison, which then finds it in the store.
    let epochs = if rung.epochs == full { bench.base.epochs } else { Some(rung.epochs) };
    let base = Spec { epochs, ..bench.base.clone() };
    let arms: Vec<Arm> =
        todo.iter().map(|(i, c)| states[*i].arm.with(states[*i].choices[*c].clone())).collect();
    let networks: Vec<_> = arms.iter().map(Arm::network).collect();
    let seeds = bench.seeds.min(TRIALS as u32);
    let plan = Plan::of_networks(bench.data, &base, seeds, &networks)?.first(TRIALS);
    bench.watch.begin(plan.units.len());
    let trials =
        run(&plan.units, plan.trials.len(), bench.data, bench.engine, bench.watch, |trial, records| {
            read_trial(bench.data, &base, &plan, trial, &records, &arms, Read::Validation)
        })?;
    let mut costs = Vec::new();
    for (at, (i, c)) in todo.iter().enumerate() {
        let said = score(&trials, at);
        let rated = Rated {
            epochs: rung.epochs,
            valid_accuracy: said.map(|said| said[0]),
            valid_loss: said.map(|said| -said[1]),
        };
        let mean = |of: fn(&Outcome) -> f64| {
            trials.iter().map(|trial| of(&trial.arms[at])).sum::<f64>() / trials.len() as f64
        };
        let cost = Cost { per_epoch: mean(|o| o.passes_per_epoch), teachers: mean(|o| o.teacher_passes) };
        let total: f64 =
            trials.iter().map(|trial| trial.arms[at].passes - trial.arms[at].teacher_passes).sum();
        let state = &mut states[*i];
        state.rated[*c].push(rated);
        state.spent += total;
        if state.charged != Some(rung.epochs) {
            state.charged = Some(rung.epochs);
            state.spent += cost.teachers * trials.len() as f64;
        }
        costs.push(cost);
    }
    Ok((costs, trials))
}

impl State {
    fn new(bench: &Bench<'_>, arm: Arm, configurations: usize) -> Self {
        let mut choices = candidates(&arm, configurations, bench.base.seed);
        choices.retain(|choice| arm.with(choice.clone()).job(bench.data, bench.base).is_ok());
        Self {
            rated: vec![Vec::new(); choices.len()],
            alive: vec![0],
            spent: 0.0,
            charged: None,
            arm,
            choices,
        }
    }

    /// Lets the first `n` candidates race.
    fn admit(&mut self, n: usize) {
        self.choices.truncate(n);
        self.rated.truncate(n);
        self.alive = (0..n).collect();
    }

    /// The best first, by accuracy, then loss, then the order in which they were drawn; what diverged is last.
    fn rank(&mut self) {
        let rated = &self.rated;
        let key = |c: usize| {
            let last = rated[c].last();
            let value = |of: fn(&Rated) -> Option<f64>| last.and_then(of);
            (
                value(|r| r.valid_accuracy).unwrap_or(f64::NEG_INFINITY),
                -value(|r| r.valid_loss).unwrap_or(f64::INFINITY),
            )
        };
        self.alive.sort_by(|a, b| {
            let (a, b) = (key(*a), key(*b));
            b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
        });
    }

    fn told(&self, epoch: f64) -> SearchedMethod {
        let knobs = searched(&self.arm);
        let settings = |choice: &Choice| -> BTreeMap<String, Value> {
            let of = |name: &str| choice.set.get(name).cloned().map(|value| (name.to_owned(), value));
            knobs.iter().filter_map(|knob| of(knob.name)).collect()
        };
        let candidates = self.choices.iter().zip(&self.rated);
        SearchedMethod {
            name: self.arm.name.clone(),
            spent_epochs: self.spent / epoch,
            candidates: candidates
                .map(|(choice, rungs)| Candidate { settings: settings(choice), rungs: rungs.clone() })
                .collect(),
            chosen: self.alive[0],
            knobs: knobs
                .iter()
                .map(|knob| SearchedKnob {
                    name: knob.name.to_owned(),
                    default: knob.default.into(),
                    log: log_range(knob).is_some(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rung_trains_in_full_and_has_two_candidates() {
        let told = |full, n| rungs(full, n).iter().map(|r| (r.candidates, r.epochs)).collect::<Vec<_>>();
        assert_eq!(told(60, 8), [(8, 20), (2, 60)]);
        assert_eq!(told(60, 2), [(2, 60)]);
        assert_eq!(told(90, 20), [(20, 10), (6, 30), (2, 90)]);
        assert_eq!(told(1, 9), [(9, 1), (3, 1)]);
        assert_eq!(planned(&rungs(60, 8), 8), 280.0);
        // Five candidates: the best one of the first rung is kept as it is.
        assert_eq!(planned(&rungs(60, 8), 5), 100.0);
        assert_eq!(planned(&rungs(60, 8), 1), 0.0);
    }
}
