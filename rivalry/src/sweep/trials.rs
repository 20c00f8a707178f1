//! Many small trials of the lab: a range of seeds a file. A file that is in the
//! store is read, any other is computed; asking for more trials of the same
//! setting reuses those that are there.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::Engine;
use crate::lab::{Drawn, Outcome, Setting, TrialError, run_on, run_trial};
use crate::num::parallel;
use crate::record::file::{Container, FileError};
use crate::spec::{ENGINE, RunId};
use crate::store::{Claim, Store, StoreError};

/// Trials per file: what a kill costs at most, per worker.
const PER_FILE: u64 = 8;
const KIND: &str = "rivalry.trials";
const CONTENT_VERSION: u32 = 1;
/// How long a worker waits before it looks again for a file that another
/// process is computing.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Trials of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialSet {
    /// What is tried.
    pub setting: Setting,
    /// The first seed.
    pub first_seed: u64,
    /// Number of trials; their seeds follow each other.
    pub trials: u64,
}

/// Looks on while trials run; called from several threads.
pub trait TrialWatch: Sync {
    /// After each trial of each set, or when `n` of them were found in the store.
    fn trials_done(&self, _set: usize, _n: u64) {}
}

/// A watch that does nothing.
pub struct Quiet;

impl TrialWatch for Quiet {}

/// Why trials ended early.
#[derive(Debug, thiserror::Error)]
pub enum TrialsError {
    /// Somebody asked to stop. What was done is in the store, if there is one.
    #[error("interrupted after {done} of {total} trials")]
    Interrupted {
        /// Trials that have ended.
        done: u64,
        /// Trials asked for.
        total: u64,
    },
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A trial cannot be run as asked.
    #[error(transparent)]
    Trial(TrialError),
    /// A file in the store has the right name and seal but another content.
    #[error("trials {run} in the store cannot be read: {why}")]
    Unreadable {
        /// The name of their file.
        run: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Seeds of one set that lie in one file.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialFile {
    /// Position of the set.
    pub set: usize,
    /// The seeds of its trials.
    pub seeds: Range<u64>,
}

impl TrialFile {
    /// The name of the file: a hash of what is asked.
    pub fn run(&self, sets: &[TrialSet]) -> RunId {
        let setting = &sets[self.set].setting;
        let (first, end) = (self.seeds.start, self.seeds.end);
        RunId::of_question(&json!({ "kind": KIND, "setting": setting, "first": first, "end": end }))
    }
}

impl TrialSet {
    /// Number of files that its trials lie in.
    pub fn n_files(&self) -> u64 {
        let end = self.first_seed.saturating_add(self.trials);
        end.div_ceil(PER_FILE) - self.first_seed.min(end) / PER_FILE
    }
}

/// Runs all sets; for each its outcomes in the order of the seeds.
///
/// Files are aligned to multiples of their size, whatever the first seed, so
/// that overlapping requests share files. Nothing that is returned depends on
/// the number of workers, on their order or on what was in the store.
pub fn run_trials(
    sets: &[TrialSet],
    engine: Engine<'_>,
    watch: &dyn TrialWatch,
) -> Result<Vec<Vec<Outcome>>, TrialsError> {
    let files = trial_files(sets);
    let computed = attempt_all(sets, &files, engine, watch, |outcomes| outcomes)?;
    let mut results: Vec<Vec<Outcome>> = sets.iter().map(|_| Vec::new()).collect();
    for (file, outcomes) in files.iter().zip(computed) {
        let of = &sets[file.set];
        let wanted = of.first_seed..of.first_seed + of.trials;
        results[file.set].extend(outcomes.into_iter().filter(|outcome| wanted.contains(&outcome.seed)));
    }
    Ok(results)
}

/// Sees to it that these files of some sets are in the store, and keeps no outcome in memory: the share of a worker
/// that does not know of the others.
pub fn run_trial_files(
    sets: &[TrialSet],
    files: &[TrialFile],
    engine: Engine<'_>,
    watch: &dyn TrialWatch,
) -> Result<(), TrialsError> {
    attempt_all(sets, files, engine, watch, |_| ()).map(|_| ())
}

/// Finds every file in the store or computes it; what is kept of each, in their order.
fn attempt_all<K: Send>(
    sets: &[TrialSet],
    files: &[TrialFile],
    engine: Engine<'_>,
    watch: &dyn TrialWatch,
    keep: impl Fn(Vec<Outcome>) -> K + Sync,
) -> Result<Vec<K>, TrialsError> {
    let failed: Mutex<Option<TrialsError>> = Mutex::new(None);
    let computed = parallel::map(engine.threads, files, |_, file| {
        if engine.stop.load(Ordering::SeqCst) || failed.lock().expect("no panic inside").is_some() {
            return None;
        }
        match outcomes(sets, file, engine, watch) {
            Ok(outcomes) => Some((outcomes.len() as u64, keep(outcomes))),
            Err(TrialsError::Trial(TrialError::Interrupted)) => {
                engine.stop.store(true, Ordering::SeqCst);
                None
            }
            Err(error) => {
                failed.lock().expect("no panic inside").get_or_insert(error);
                None
            }
        }
    });
    if let Some(error) = failed.into_inner().expect("no panic inside") {
        return Err(error);
    }
    let total = files.iter().map(|file| file.seeds.end - file.seeds.start).sum();
    let done = computed.iter().flatten().map(|(count, _)| count).sum();
    let kept: Option<Vec<K>> = computed.into_iter().map(|found| found.map(|(_, kept)| kept)).collect();
    kept.ok_or(TrialsError::Interrupted { done, total })
}

/// The files that the trials of these sets lie in, in the order of the sets and seeds.
pub fn trial_files(sets: &[TrialSet]) -> Vec<TrialFile> {
    sets.iter().enumerate().flat_map(|(set, of)| files_of(set, of)).collect()
}

fn files_of(set: usize, of: &TrialSet) -> Vec<TrialFile> {
    let end = of.first_seed.saturating_add(of.trials);
    let mut start = of.first_seed;
    let mut files = Vec::new();
    while start < end {
        let next = (start / PER_FILE + 1).saturating_mul(PER_FILE).min(end);
        files.push(TrialFile { set, seeds: start..next });
        start = next;
    }
    files
}

fn outcomes(
    sets: &[TrialSet],
    file: &TrialFile,
    engine: Engine<'_>,
    watch: &dyn TrialWatch,
) -> Result<Vec<Outcome>, TrialsError> {
    let (run, of) = (file.run(sets), &sets[file.set]);
    let count = file.seeds.end - file.seeds.start;
    let Some(store) = engine.store else { return compute(of, file, engine.stop, watch) };
    loop {
        match store.claim(run)? {
            Claim::Done => {
                let outcomes = read(store, run, &file.seeds)?;
                watch.trials_done(file.set, count);
                return Ok(outcomes);
            }
            Claim::Mine(lease) => {
                let outcomes = compute(of, file, engine.stop, watch)?;
                store.commit(lease, &container(run, &of.setting, &file.seeds, &outcomes))?;
                return Ok(outcomes);
            }
            Claim::Busy => std::thread::sleep(BUSY_PAUSE),
        }
        if engine.stop.load(Ordering::SeqCst) {
            return Err(TrialsError::Trial(TrialError::Interrupted));
        }
    }
}

fn compute(
    of: &TrialSet,
    file: &TrialFile,
    stop: &AtomicBool,
    watch: &dyn TrialWatch,
) -> Result<Vec<Outcome>, TrialsError> {
    let mut outcomes = Vec::new();
    // Data that all trials share are drawn once a file.
    let shared = of.setting.data_seed.map(|_| Drawn::new(&of.setting, file.seeds.start)).transpose();
    let shared = shared.map_err(TrialsError::Trial)?;
    for seed in file.seeds.clone() {
        let trial = match &shared {
            Some(drawn) => run_on(drawn, &of.setting, seed, false, stop),
            None => run_trial(&of.setting, seed, false, stop),
        };
        outcomes.push(trial.map_err(TrialsError::Trial)?.outcome);
        watch.trials_done(file.set, 1);
    }
    Ok(outcomes)
}

fn container(run: RunId, setting: &Setting, seeds: &Range<u64>, outcomes: &[Outcome]) -> Container {
    let sound = "the header and the array are ours";
    let text = serde_json::to_vec(outcomes).expect("outcomes are plain data");
    Container::new(json!({
        "kind": KIND,
        "content_version": CONTENT_VERSION,
        "run": run.to_string(),
        "engine": ENGINE,
        "setting": setting,
        "first_seed": seeds.start,
        "trials": seeds.end - seeds.start,
    }))
    .and_then(|container| container.with("outcomes.json", &[text.len()], text))
    .expect(sound)
}

fn read(store: &Store, run: RunId, seeds: &Range<u64>) -> Result<Vec<Outcome>, TrialsError> {
    let unreadable = |why: String| TrialsError::Unreadable { run: run.to_string(), why };
    let container = store.read(run)?.ok_or_else(|| unreadable("it has vanished".to_owned()))?;
    let text =
        container.get::<u8>("outcomes.json").map_err(|error: FileError| unreadable(error.to_string()))?;
    let outcomes: Vec<Outcome> =
        serde_json::from_slice(text.1).map_err(|error| unreadable(error.to_string()))?;
    if !outcomes.iter().map(|outcome| outcome.seed).eq(seeds.clone()) {
        let (first, last) = (seeds.start, seeds.end - 1);
        return Err(unreadable(format!("its trials are not those of the seeds {first} to {last}")));
    }
    Ok(outcomes)
}
