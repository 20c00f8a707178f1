//! Submits what is neither done nor queued, and follows it to the end.

use std::time::Duration;

use rivalry::spec::RunId;

use super::hyperqueue::HyperQueue;
use super::slurm::Slurm;
use super::{EngineKind, Order, Queue, Queued, Worker};
use crate::clock::Stopwatch;
use crate::commands::store;
use crate::exit::{Failure, Status};
use crate::progress::Progress;
use crate::signals;

/// Between two looks at the store, at least.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two questions to the batch system, which serves others too: from this ...
const SOONEST: Duration = Duration::from_secs(1);
/// ... to this, the longer the work has taken so far.
const LATEST: Duration = Duration::from_secs(15);
/// A batch system that restarts does not answer for a while.
const DEAF: u32 = 20;

/// A shard under way.
#[derive(Clone, Debug, Default)]
struct Shard {
    /// Runs that are not known to be done.
    open: Vec<RunId>,
    /// Whether it was not in the queue at the last look; an ended shard's last files may be seen late.
    missed: bool,
    /// How often in a row it has ended without having finished a run; nothing before it was first submitted.
    tries: Option<u32>,
    /// Its open runs when it was last submitted.
    had: usize,
}

/// Submits the shards of a plan and returns when all of its runs are in the store.
pub(crate) fn drive(
    order: &Order<'_>,
    n_shards: u32,
    shares: &dyn Fn(u32) -> Vec<Vec<RunId>>,
) -> Result<(), Failure> {
    // What is done needs no batch system.
    if is_complete(order, &shares(n_shards).concat())? {
        return Ok(());
    }
    let worker = Worker::new(order)?;
    let queue: Box<dyn Queue + '_> = match order.args.engine {
        EngineKind::Hyperqueue => Box::new(HyperQueue(&worker)),
        _ => Box::new(Slurm(&worker)),
    };
    let progress = Progress::new(order.quiet);
    let first = queue.queued().map_err(|why| refused(&why))?;
    // Jobs of a driver before this one say into how many shards it had cut the plan.
    let of = first.of.unwrap_or(n_shards);
    if !first.shards.is_empty() {
        let n = first.shards.len();
        progress.note(&format!("{n} of {of} shards are queued already: going on with them"));
    }
    let shards = shares(of).into_iter().map(|open| Shard { open, ..Shard::default() }).collect();
    let words = (order.continuation.clone(), queue.cancel(of));
    let stop = signals::watch(move || let_go(&words.0, &words.1));
    let mut driver = Driver { order, worker: &worker, queue: &*queue, progress, of, shards, pause: PAUSE };
    let total = driver.shards.iter().map(|shard| shard.open.len()).sum();
    driver.progress.begin("runs", total);
    let done = driver.follow(&first, &|| stop.load(std::sync::atomic::Ordering::SeqCst));
    driver.progress.end();
    done
}

fn is_complete(order: &Order<'_>, runs: &[RunId]) -> Result<bool, Failure> {
    for run in runs {
        if !order.store.is_done(*run).map_err(|error| store::failed(&error))? {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Driver<'a> {
    order: &'a Order<'a>,
    worker: &'a Worker,
    queue: &'a dyn Queue,
    progress: Progress,
    of: u32,
    shards: Vec<Shard>,
    pause: Duration,
}

impl Driver<'_> {
    fn follow(&mut self, first: &Queued, stopped: &dyn Fn() -> bool) -> Result<(), Failure> {
        let begun = Stopwatch::start();
        self.look()?;
        self.submit_dead(first, true)?;
        let (mut asked, mut deaf) = (Stopwatch::start(), 0);
        while self.shards.iter().any(|shard| !shard.open.is_empty()) {
            if stopped() {
                return Err(let_go(&self.order.continuation, &self.queue.cancel(self.of)));
            }
            std::thread::sleep(self.pause);
            if asked.elapsed() < (begun.elapsed() / 20).clamp(SOONEST, LATEST) {
                self.look()?;
                continue;
            }
            asked = Stopwatch::start();
            // The queue before the store: what ends between the two looks is done, not dead.
            let queued = self.queue.queued();
            self.look()?;
            match queued {
                Ok(queued) => {
                    deaf = 0;
                    self.submit_dead(&queued, false)?;
                }
                Err(why) => {
                    deaf += 1;
                    if deaf == DEAF {
                        return Err(refused(&why));
                    }
                    self.progress.note(&why);
                }
            }
        }
        Ok(())
    }

    /// Looks for runs that have been finished since the last look, and says how long to wait: on a slow file system longer.
    fn look(&mut self) -> Result<(), Failure> {
        let since = Stopwatch::start();
        for shard in &mut self.shards {
            let mut open = Vec::new();
            for run in std::mem::take(&mut shard.open) {
                if self.order.store.is_done(run).map_err(|error| store::failed(&error))? {
                    self.progress.step("");
                } else {
                    open.push(run);
                }
            }
            shard.open = open;
        }
        self.pause = PAUSE.max(since.elapsed() * 4);
        Ok(())
    }

    /// Submits what has work left and is not queued.
    fn submit_dead(&mut self, queued: &Queued, at_once: bool) -> Result<(), Failure> {
        let mut dead = Vec::new();
        for (number, shard) in (1..).zip(&mut self.shards) {
            if shard.open.is_empty() || queued.shards.contains(&number) {
                shard.missed = false;
                // Somebody else submitted it.
                shard.tries = shard.tries.or(queued.shards.contains(&number).then_some(0));
                continue;
            }
            if !std::mem::replace(&mut shard.missed, true) && !at_once {
                continue;
            }
            shard.missed = false;
            let tries = match shard.tries {
                None => 0,
                Some(_) if shard.open.len() < shard.had => 0,
                Some(tries) => tries + 1,
            };
            let said = self.worker.last_words(number);
            if tries > self.order.args.retries {
                return Err(self.given_up(number, said));
            }
            if shard.tries.is_some() {
                let said = said.map_or_else(String::new, |said| format!(" (last it printed: {said})"));
                let (of, left) = (self.of, shard.open.len());
                self.progress
                    .note(&format!("shard {number}/{of} ended with {left} runs left: submitted again{said}"));
            }
            (shard.tries, shard.had) = (Some(tries), shard.open.len());
            dead.push(number);
        }
        if dead.is_empty() {
            return Ok(());
        }
        self.queue.submit(&dead, self.of).map_err(|why| refused(&why))?;
        if at_once {
            self.progress.note(&format!("{} of {} shards submitted", dead.len(), self.of));
        }
        Ok(())
    }

    fn given_up(&self, number: u32, said: Option<String>) -> Failure {
        let said = said.map_or_else(|| "nothing".to_owned(), |said| format!("`{said}`"));
        let log = self.worker.log(&number.to_string());
        let attempts = self.order.args.retries + 1;
        Failure::one(
            Status::Failed,
            format!(
                "shard {number}/{} ended {attempts} times without having finished a run; the last that it printed is {said}",
                self.of
            ),
            Some(format!(
                "{} has what it printed; to take back what is queued: {}",
                log.display(),
                self.queue.cancel(self.of)
            )),
        )
    }
}

/// The driver goes, the jobs stay.
fn let_go(continuation: &str, cancel: &str) -> Failure {
    let hint = format!("{continuation} continues; to take back what is queued: {cancel}");
    Failure::one(Status::Interrupted, "interrupted; what is queued goes on", Some(hint))
}

/// The batch system does not do what it is asked.
fn refused(why: &str) -> Failure {
    Failure::usage(
        why,
        "submit from a machine where the batch system's commands work; options go through `--engine-option KEY=VALUE`",
    )
}
