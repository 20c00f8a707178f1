//! What must survive: states put aside by a strategy, and checkpoints.

use crate::num::{Numbers, Scalar};
use crate::record::Checkpoint;
use crate::spec::RunId;

use super::run::State;
use super::{TrainError, find_vector};

/// The state that [`crate::strategies::Settle::Keep`] put aside.
#[derive(Clone)]
pub(super) struct Kept<T> {
    params: Vec<T>,
    n_steps: u64,
    slots: Vec<Vec<T>>,
    scalars: Vec<f64>,
}

/// Puts the present state aside.
pub(super) fn keep<T: Scalar>(state: &mut State<T>) {
    let solver = state.solver.state();
    let slots = solver.slots.iter().map(|(_, slot)| (*slot).clone()).collect();
    let scalars = solver.scalars.iter().map(|(_, scalar)| **scalar).collect();
    state.kept = Some(Kept { params: state.params.clone(), n_steps: *solver.n_steps, slots, scalars });
}

/// Returns to it.
pub(super) fn bring_back<T: Scalar>(state: &mut State<T>) {
    let kept = state.kept.as_ref().expect("a strategy restores only what it kept");
    state.params.clone_from(&kept.params);
    let solver = state.solver.state();
    *solver.n_steps = kept.n_steps;
    for ((_, slot), kept) in solver.slots.into_iter().zip(&kept.slots) {
        slot.clone_from(kept);
    }
    for ((_, scalar), kept) in solver.scalars.into_iter().zip(&kept.scalars) {
        *scalar = *kept;
    }
}

/// All that a run needs to go on.
pub(super) fn checkpoint<T: Scalar>(id: RunId, epoch: u32, state: &mut State<T>) -> Checkpoint {
    let mut vectors = vec![
        ("params".to_owned(), T::into_numbers(state.params.clone())),
        ("best_params".to_owned(), T::into_numbers(state.best_params.clone())),
    ];
    let solver = state.solver.state();
    let mut solver_steps = vec![*solver.n_steps];
    for (name, slot) in solver.slots {
        vectors.push((format!("solver.{name}"), T::into_numbers(slot.clone())));
    }
    for (name, scalar) in solver.scalars {
        vectors.push((format!("solver.{name}"), Numbers::F64(vec![*scalar])));
    }
    for (name, slot) in state.strategy.memory() {
        vectors.push((format!("strategy.{name}"), T::into_numbers(slot.clone())));
    }
    if let Some(kept) = &state.kept {
        solver_steps.push(kept.n_steps);
        vectors.push(("kept.params".to_owned(), T::into_numbers(kept.params.clone())));
        for (i, slot) in kept.slots.iter().enumerate() {
            vectors.push((format!("kept.{i}"), T::into_numbers(slot.clone())));
        }
        if !kept.scalars.is_empty() {
            vectors.push(("kept.scalars".to_owned(), Numbers::F64(kept.scalars.clone())));
        }
    }
    let (cost, trajectory) = (state.cost, state.trajectory.clone());
    Checkpoint { id, epoch, best: state.best, cost, trajectory, vectors, solver_steps }
}

/// Puts a checkpoint's state in place; the next epoch's number.
pub(super) fn restore<T: Scalar>(
    id: RunId,
    from: &Checkpoint,
    state: &mut State<T>,
) -> Result<u32, TrainError> {
    let foreign = |why: &str| TrainError::ForeignCheckpoint { run: id.to_string(), why: why.to_owned() };
    if from.id != id {
        return Err(foreign("it names another run"));
    }
    let vector = |name: &str| {
        let numbers: &Numbers =
            find_vector(&from.vectors, name).ok_or_else(|| foreign(&format!("`{name}` is missing")))?;
        let values = T::from_numbers(numbers).ok_or_else(|| foreign("it has another precision"))?;
        Ok::<Vec<T>, TrainError>(values.to_vec())
    };
    let scalars = |name: &str, n: usize| match find_vector(&from.vectors, name) {
        Some(Numbers::F64(values)) if values.len() == n => Ok(values.clone()),
        _ => Err(foreign(&format!("`{name}` is missing"))),
    };
    let params = vector("params")?;
    if params.len() != state.params.len() {
        return Err(foreign("it has another number of weights"));
    }
    state.params = params;
    state.best_params = vector("best_params")?;
    let solver = state.solver.state();
    *solver.n_steps = *from.solver_steps.first().ok_or_else(|| foreign("the solver's count is missing"))?;
    let (n_slots, n_scalars) = (solver.slots.len(), solver.scalars.len());
    for (name, scalar) in solver.scalars {
        *scalar = scalars(&format!("solver.{name}"), 1)?[0];
    }
    for (name, slot) in solver.slots {
        *slot = vector(&format!("solver.{name}"))?;
    }
    for (name, slot) in state.strategy.memory() {
        *slot = vector(&format!("strategy.{name}"))?;
    }
    if let Some(n_steps) = from.solver_steps.get(1) {
        let slots = (0..n_slots).map(|i| vector(&format!("kept.{i}"))).collect::<Result<_, _>>()?;
        let scalars = if n_scalars > 0 { scalars("kept.scalars", n_scalars)? } else { Vec::new() };
        state.kept = Some(Kept { params: vector("kept.params")?, n_steps: *n_steps, slots, scalars });
    }
    state.best = from.best;
    state.cost = from.cost;
    state.trajectory = from.trajectory.clone();
    Ok(from.epoch)
}
