//! Many runs: what is asked, what of it is in the store already, who computes
//! the rest. Running the same sweep again is resuming it.
//!
//! Runs are independent but for the teachers some strategies need; workers
//! take whatever is ready, in order. When the last run of a trial ends, its
//! records are handed on and forgotten, so that memory does not grow with the
//! number of trials. Results depend on none of this.
//!
//! Workers that share no memory compute shares of the list ([`deal()`],
//! [`Plan::part`], [`run_trial_files`]); whoever runs the whole sweep on the
//! same store then finds every run there.

mod deal;
mod diagnosis;
mod plan;
pub mod remedy;
mod replay;
#[cfg(test)]
mod tests;
mod trials;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::data::Dataset;
use crate::num::parallel;
use crate::record::{Checkpoint, Record};
use crate::spec::Job;
use crate::store::{Claim, Lease, Store, StoreError};
use crate::train::{Control, EpochReport, TrainError, Trained, Watch, train};

pub use deal::deal;
pub use diagnosis::{Asked, Budget, DiagnoseError, Diagnosed, diagnose, evidence};
pub use plan::{Plan, PlanError, Subsets, TrialPlan, Unit};
pub use trials::{
    Quiet, TrialFile, TrialSet, TrialWatch, TrialsError, run_trial_files, run_trials, trial_files,
};

/// A checkpoint is written whenever this much work would be lost with it:
/// a few seconds on one core, counted in operations because the library reads
/// no clock.
const FLOPS_PER_CHECKPOINT: f64 = 1e11;

/// How long a worker waits before it looks again for a run that another
/// process is computing.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Where and how a sweep runs.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// Keeps the runs; without it they are computed and forgotten.
    pub store: Option<&'a Store>,
    /// Workers.
    pub threads: usize,
    /// Set from outside to stop at the next epoch, resumably.
    pub stop: &'a AtomicBool,
}

/// Looks on while a sweep runs; called from several threads.
pub trait SweepWatch: Sync {
    /// Before the first run, and whenever the number of runs changes.
    fn begin(&self, _n_runs: usize) {}

    /// Before a worker looks for a run in the store or computes it, on the worker's thread.
    fn run_begins(&self, _job: &Job) {}

    /// After each run.
    fn run_done(&self, _run: &RunDone<'_>) {}
}

/// A run that has just ended, or was found in the store.
#[derive(Clone, Copy, Debug)]
pub struct RunDone<'a> {
    /// Its job.
    pub job: &'a Job,
    /// Its record.
    pub record: &'a Record,
    /// Whether it was in the store already.
    pub reused: bool,
}

/// Why a sweep ended before its last run.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Somebody asked it to stop. What was done is in the store, if there is one.
    #[error("interrupted after {done} of {total} runs")]
    Interrupted {
        /// Runs that have ended.
        done: usize,
        /// Runs asked for.
        total: usize,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run could not start.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A file in the store has the right name and seal but another content.
    #[error("run {run} in the store cannot be read: {why}")]
    Unreadable {
        /// The run's name.
        run: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The jobs of a trial with what each left behind.
pub type Records<'a> = Vec<(&'a Job, Arc<Record>)>;

/// Runs all units; `finish` turns the records of each complete trial (in the
/// order of its units) into what is kept of it. Results come in trial order.
pub fn run<M: Send>(
    units: &[Unit],
    n_trials: usize,
    data: &Dataset,
    engine: Engine<'_>,
    watch: &dyn SweepWatch,
    finish: impl Fn(usize, Records<'_>) -> M + Sync,
) -> Result<Vec<M>, SweepError> {
    let queue = Queue::new(units, n_trials);
    let worker = || {
        while let Some(idx) = queue.next(engine.stop) {
            watch.run_begins(&units[idx].job);
            match attempt(&units[idx].job, data, &queue.needed(units, idx), engine) {
                Ok(Attempt::Done { record, reused }) => {
                    watch.run_done(&RunDone { job: &units[idx].job, record: &record, reused });
                    if let Some((trial, records)) = queue.done(units, idx, record) {
                        let kept = finish(trial, records);
                        queue.lock().kept[trial] = Some(kept);
                    }
                    queue.release();
                }
                Ok(Attempt::Busy) => queue.postpone(idx),
                Ok(Attempt::Interrupted) => {
                    engine.stop.store(true, Ordering::SeqCst);
                    queue.release();
                }
                Err(error) => queue.fail(error),
            }
        }
    };
    parallel::workers(engine.threads.min(units.len()), worker);
    let state = queue.state.into_inner().expect("workers have ended");
    if let Some(error) = state.failed {
        return Err(error);
    }
    let done = units.len() - state.left;
    if state.left > 0 {
        return Err(SweepError::Interrupted { done, total: units.len() });
    }
    Ok(state.kept.into_iter().map(|kept| kept.expect("every trial is complete")).collect())
}

enum Attempt {
    Done { record: Arc<Record>, reused: bool },
    Busy,
    Interrupted,
}

/// Finds a run in the store or computes it.
fn attempt(job: &Job, data: &Dataset, needed: &[Record], engine: Engine<'_>) -> Result<Attempt, SweepError> {
    let Some(store) = engine.store else {
        return compute(job, data, needed, None, engine);
    };
    match store.claim(job.id())? {
        Claim::Busy => Ok(Attempt::Busy),
        Claim::Mine(lease) => compute(job, data, needed, Some((store, lease)), engine),
        Claim::Done => {
            let container = store.read(job.id())?;
            let unreadable = |why: String| SweepError::Unreadable { run: job.id().to_string(), why };
            let container = container.ok_or_else(|| unreadable("it has vanished".to_owned()))?;
            let record = Record::from_container(&container).map_err(|e| unreadable(e.to_string()))?;
            Ok(Attempt::Done { record: Arc::new(record), reused: true })
        }
    }
}

fn compute(
    job: &Job,
    data: &Dataset,
    needed: &[Record],
    home: Option<(&Store, Lease)>,
    engine: Engine<'_>,
) -> Result<Attempt, SweepError> {
    let from = match &home {
        None => None,
        // A checkpoint that cannot be understood costs its work, nothing more.
        Some((store, lease)) => {
            store.latest_checkpoint(lease)?.and_then(|c| Checkpoint::from_container(&c).ok())
        }
    };
    let mut keeper = Keeper {
        home: home.as_ref().map(|(store, lease)| (*store, lease)),
        stop: engine.stop,
        flops_per_epoch: crate::train::flops_per_epoch(job, data),
        unsaved: 0.0,
        trouble: None,
    };
    let trained = match train(job, data, needed, from.as_ref(), &mut keeper) {
        // A checkpoint of an older layout: begin again.
        Err(TrainError::ForeignCheckpoint { .. }) => train(job, data, needed, None, &mut keeper)?,
        other => other?,
    };
    if let Some(error) = keeper.trouble {
        return Err(error.into());
    }
    match trained {
        Trained::Interrupted(checkpoint) => {
            if let Some((store, lease)) = &home {
                store.checkpoint(lease, &checkpoint.to_container())?;
            }
            Ok(Attempt::Interrupted)
        }
        Trained::Done(record) => {
            if let Some((store, lease)) = home {
                store.commit(lease, &record.to_container())?;
            }
            Ok(Attempt::Done { record: Arc::new(*record), reused: false })
        }
    }
}

/// Writes checkpoints and passes on the wish to stop.
struct Keeper<'a> {
    home: Option<(&'a Store, &'a Lease)>,
    stop: &'a AtomicBool,
    flops_per_epoch: f64,
    unsaved: f64,
    trouble: Option<StoreError>,
}

impl Watch for Keeper<'_> {
    fn wants_weights(&mut self) -> bool {
        false
    }

    fn epoch(&mut self, _report: &EpochReport<'_>) -> Control {
        if self.stop.load(Ordering::SeqCst) || self.trouble.is_some() {
            return Control::Stop;
        }
        self.unsaved += self.flops_per_epoch;
        if self.home.is_some() && self.unsaved >= FLOPS_PER_CHECKPOINT {
            self.unsaved = 0.0;
            return Control::Checkpoint;
        }
        Control::Continue
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        if let Some((store, lease)) = self.home {
            self.trouble = store.checkpoint(lease, &checkpoint.to_container()).err();
        }
    }
}

/// Which runs are ready, running and done.
struct Queue<M> {
    state: Mutex<QueueState<M>>,
    changed: Condvar,
}

struct QueueState<M> {
    ready: BTreeSet<usize>,
    /// Runs that another process is computing.
    postponed: Vec<usize>,
    /// Per unit: needed runs that have not ended.
    unmet: Vec<usize>,
    /// Per unit: its record, until its trial is complete.
    records: Vec<Option<Arc<Record>>>,
    /// Per trial: runs that have not ended.
    left_in_trial: Vec<usize>,
    left: usize,
    running: usize,
    kept: Vec<Option<M>>,
    failed: Option<SweepError>,
}

impl<M> Queue<M> {
    fn new(units: &[Unit], n_trials: usize) -> Self {
        let unmet: Vec<usize> = units.iter().map(|unit| unit.needs.len()).collect();
        let mut left_in_trial = vec![0; n_trials];
        for unit in units {
            left_in_trial[unit.trial] += 1;
        }
        let state = QueueState {
            ready: (0..units.len()).filter(|i| unmet[*i] == 0).collect(),
            postponed: Vec::new(),
            unmet,
            records: vec![None; units.len()],
            left_in_trial,
            left: units.len(),
            running: 0,
            kept: (0..n_trials).map(|_| None).collect(),
            failed: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState<M>> {
        self.state.lock().expect("no worker panics while it holds the queue")
    }

    /// The next run to attempt; waits while others may make one ready.
    fn next(&self, stop: &AtomicBool) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.failed.is_some() || stop.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(idx) = state.ready.pop_first() {
                state.running += 1;
                return Some(idx);
            }
            if !state.postponed.is_empty() {
                drop(state);
                std::thread::sleep(BUSY_PAUSE);
                state = self.lock();
                let again = std::mem::take(&mut state.postponed);
                state.ready.extend(again);
            } else if state.running == 0 {
                return None;
            } else {
                state = self.changed.wait(state).expect("as in `lock`");
            }
        }
    }

    /// Records of the runs that a unit builds on.
    fn needed(&self, units: &[Unit], idx: usize) -> Vec<Record> {
        let state = self.lock();
        let record = |i: &usize| state.records[*i].as_deref().cloned();
        units[idx].needs.iter().filter_map(record).collect()
    }

    /// Notes a finished run. When it was the last of its trial: the trial's
    /// records, in the order of its units.
    fn done<'u>(&self, units: &'u [Unit], idx: usize, record: Arc<Record>) -> Option<(usize, Records<'u>)> {
        let mut state = self.lock();
        state.records[idx] = Some(record);
        state.left -= 1;
        let trial = units[idx].trial;
        state.left_in_trial[trial] -= 1;
        for (i, unit) in units.iter().enumerate().filter(|(_, unit)| unit.needs.contains(&idx)) {
            debug_assert_eq!(unit.trial, trial, "needs stay within a trial");
            state.unmet[i] -= 1;
            if state.unmet[i] == 0 {
                state.ready.insert(i);
            }
        }
        self.changed.notify_all();
        if state.left_in_trial[trial] > 0 {
            return None;
        }
        let of_trial = units.iter().enumerate().filter(|(_, unit)| unit.trial == trial);
        let records = of_trial
            .map(|(i, unit)| (&unit.job, state.records[i].take().expect("the trial is complete")))
            .collect();
        Some((trial, records))
    }

    fn postpone(&self, idx: usize) {
        self.lock().postponed.push(idx);
        self.release();
    }

    fn fail(&self, error: SweepError) {
        self.lock().failed.get_or_insert(error);
        self.release();
    }

    /// A worker has nothing in hand.
    fn release(&self) {
        self.lock().running -= 1;
        self.changed.notify_all();
    }
}
